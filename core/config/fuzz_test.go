package config_test

import (
	"errors"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/config"
)

// FuzzSchema: whatever a file holds, Load returns a configuration or mistakes with words in both languages; and
// what it takes of a document without variables, the schema takes.
func FuzzSchema(f *testing.F) {
	for _, pattern := range []string{"*.good.yaml", "*.bad.yaml"} {
		for _, file := range goldenFiles(f, pattern) {
			text, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(text)
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		_, err := config.Load(t.Context(), config.Source{Clouds: testClouds(), File: "a.yaml", ReadFile: func(string) ([]byte, error) { return slices.Clone(text), nil }})
		var wrong *config.Error
		switch {
		case errors.As(err, &wrong):
			for _, m := range wrong.Mistakes {
				if m.ZH == "" || m.EN == "" || m.Path == "" || strings.Contains(m.Diagnostic("en"), "\n") {
					t.Errorf("%q: %+v", text, m)
				}
			}
		case err != nil:
			t.Errorf("%q: %v", text, err)
		case !strings.Contains(string(text), "${"):
			value, readable := toJSON(t, text)
			if refused := compileSchema(t).Validate(value); readable && refused != nil {
				t.Errorf("Load takes %q, the schema does not: %v", text, refused)
			}
		}
	})
}
