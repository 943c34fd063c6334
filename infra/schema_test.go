package infra

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

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
