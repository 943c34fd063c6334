package infra

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	cloudlist "github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/config"
)

// TestPublishedSchema keeps docs/config.schema.json equal to what jms-sync config schema prints; -update writes it.
func TestPublishedSchema(t *testing.T) {
	t.Parallel()
	want, err := config.RenderSchema(cloudlist.Clouds())
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(root, "docs", "config.schema.json")
	if *update {
		err := os.WriteFile(file, want, 0o644)
		if err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(readRepoFile(t, file), want) {
		t.Error("docs/config.schema.json is not what the code says; run go test ./infra -update")
	}
}

// TestSchemaTakesSamples: the published schema takes every sample of settings in a document.
func TestSchemaTakesSamples(t *testing.T) {
	t.Parallel()
	schema, err := jsonschema.NewCompiler().Compile(filepath.Join(root, "docs", "config.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	checked := 0
	for name, document := range readDocuments(t) {
		for _, m := range fence.FindAllStringSubmatch(document, -1) {
			if m[1] != "yaml" || strings.HasPrefix(m[2], "# s.yaml") || strings.HasPrefix(m[2], "# expect.yaml") {
				continue
			}
			var sample any
			if err := yaml.Unmarshal([]byte(m[2]), &sample); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			if err := schema.Validate(toJSONTypes(t, sample)); err != nil {
				t.Errorf("%s:\n%s%v", name, m[2], err)
			}
			checked++
		}
	}
	if checked < 10 {
		t.Errorf("only %d samples were found: the search is broken", checked)
	}
}
