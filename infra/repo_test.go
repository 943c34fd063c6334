package infra

import (
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the generated policies")

// root is the root of the repository, seen from this folder.
const root = ".."

func readRepoFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decodeStrictJSON decodes JSON, or fails the test.
func decodeStrictJSON(t testing.TB, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
}

// schemaFile returns the file of fc3's own schema, which is not ours and therefore not in the repository:
// JMS_SYNC_TEST_FC3_SCHEMA names it. Without one the test is skipped.
func schemaFile(t testing.TB) string {
	t.Helper()
	file := os.Getenv("JMS_SYNC_TEST_FC3_SCHEMA")
	if file == "" {
		t.Skip("fc3's schema is not in this repository: name src/schema.json of github.com/devsapp/fc3 in JMS_SYNC_TEST_FC3_SCHEMA")
	}
	return file
}
