package config_test

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/config"
)

var update = flag.Bool("update", false, "write golden files anew")

// sourceOf reads a file of testdata. Lines "# env: NAME=value" at its top are the environment.
func sourceOf(t *testing.T, file string) config.Source {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	from := config.Source{File: "config.yaml", Clouds: testClouds()}
	from.ReadFile = func(string) ([]byte, error) { return data, nil }
	for line := range strings.Lines(string(data)) {
		rest, found := strings.CutPrefix(line, "# env: ")
		if !found {
			break
		}
		from.Env = append(from.Env, strings.TrimSuffix(rest, "\n"))
	}
	return from
}

func goldenFiles(t testing.TB, pattern string) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(found) == 0 {
		t.Fatalf("no %s in testdata: %v", pattern, err)
	}
	return found
}

// compareGolden compares with a file of testdata, or writes it.
func compareGolden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got:\n%s\nwant:\n%s", file, got, want)
	}
}

func TestGoodFiles(t *testing.T) {
	t.Parallel()
	for _, file := range goldenFiles(t, "*.good.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			c, err := config.Load(t.Context(), sourceOf(t, file))
			if err != nil {
				t.Fatal(err)
			}
			shown, err := json.MarshalIndent(c, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			compareGolden(t, strings.TrimSuffix(file, ".yaml")+".json", string(shown)+"\n")
		})
	}
}

func TestBadFiles(t *testing.T) {
	t.Parallel()
	for _, file := range goldenFiles(t, "*.bad.yaml") {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			_, err := config.Load(t.Context(), sourceOf(t, file))
			var bad *config.Error
			if !errors.As(err, &bad) {
				t.Fatalf("want *config.Error, got %v", err)
			}
			text := bad.Text("zh") + "\n\n" + bad.Text("en") + "\n"
			if strings.Contains(text, "SECRET-") {
				t.Errorf("a secret is told:\n%s", text)
			}
			if bad.Error() != bad.Text(bad.Lang) {
				t.Error("Error is not Text in the language chosen")
			}
			compareGolden(t, strings.TrimSuffix(file, ".yaml")+".txt", text)
		})
	}
}

func TestLanguageOfMistakes(t *testing.T) {
	t.Parallel()
	_, err := config.Load(t.Context(), sourceOf(t, "testdata/english.bad.yaml"))
	if err == nil || !strings.Contains(err.Error(), "is no cloud known") {
		t.Errorf("want English, got %v", err)
	}
	_, err = config.Load(t.Context(), sourceOf(t, "testdata/cloud-type-far.bad.yaml"))
	if err == nil || !strings.Contains(err.Error(), "不认识的云") {
		t.Errorf("want Chinese, got %v", err)
	}
}
