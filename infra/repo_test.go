package infra

import (
	"encoding/json"
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

var update = flag.Bool("update", false, "write the generated policies")

// root is the repository's, seen from this folder.
const root = ".."

func readRepoFile(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.FromSlash(name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// decodeStrictJSON reads JSON into what it is asked for, and knows no other fields.
func decodeStrictJSON(t testing.TB, data []byte, into any) {
	t.Helper()
	if err := json.Unmarshal(data, into); err != nil {
		t.Fatalf("%v in %s", err, data)
	}
}

// schemaFile finds fc3's own schema, which is not ours and therefore not in the repository: where
// JMS_SYNC_TEST_FC3_SCHEMA says, else in the folder shared beside the checkout.
func schemaFile(t testing.TB) string {
	t.Helper()
	if named := os.Getenv("JMS_SYNC_TEST_FC3_SCHEMA"); named != "" {
		return named
	}
	const beside = root + "/../shared/fc3-schema.json"
	if _, err := os.Stat(beside); errors.Is(err, fs.ErrNotExist) {
		t.Skip("fc3's schema is not ours to keep: put src/schema.json of github.com/devsapp/fc3 to ../shared/fc3-schema.json " +
			"beside the checkout, or name it in JMS_SYNC_TEST_FC3_SCHEMA")
	}
	return beside
}
