package engine_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// TestMappingScenarios: every file of testdata/mapping is a configuration with rules, instances, assets, and the assets
// that come of it, on both versions of JumpServer; one more run writes nothing.
func TestMappingScenarios(t *testing.T) {
	t.Parallel()
	for name, s := range mappingScenarios(t) {
		playEverywhere(t, s, name)
	}
}

// mappingScenarios returns the scenarios of testdata/mapping by name.
func mappingScenarios(t *testing.T) map[string]scenario {
	t.Helper()
	files, err := filepath.Glob("testdata/mapping/*.yaml")
	if err != nil || len(files) < 20 {
		t.Fatalf("%d scenarios: %v", len(files), err)
	}
	all := map[string]scenario{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var document any
		if err := yaml.Unmarshal(text, &document); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		asJSON, err := json.Marshal(document)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		all[strings.TrimSuffix(filepath.Base(file), ".yaml")] = decodeScenario(t, file, asJSON)
	}
	return all
}
