package config_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
)

// TestReference keeps the tables in the documents equal to the code; -update rewrites them.
func TestReference(t *testing.T) {
	t.Parallel()
	zh, en := config.RenderReference()
	for name, want := range map[string]string{"configuration.md": zh, "configuration.en.md": en} {
		const begin, end = "<!-- settings -->\n", "<!-- /settings -->"
		name = filepath.Join("..", "..", "docs", name)
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		before, rest, opened := strings.Cut(string(text), begin)
		table, after, closed := strings.Cut(rest, end)
		switch {
		case !opened || !closed:
			t.Errorf("%s lacks its markers", name)
		case table == want:
		case !*update:
			t.Errorf("%s is not what the code says; run go test ./core/config -update", name)
		default:
			if err := os.WriteFile(name, []byte(before+begin+want+end+after), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func TestSettingsAreDescribed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range config.Settings() {
		if s.Path == "" || s.Type == "" || s.TypeEN == "" || s.DocZH == "" || s.DocEN == "" {
			t.Errorf("not described: %+v", s)
		}
		if seen[s.Env] || seen[s.Path] {
			t.Errorf("%s is there twice", s.Path)
		}
		seen[s.Env], seen[s.Path] = true, true
		if strings.Contains(s.DocZH+s.DocEN+s.Type+s.TypeEN+s.Default, "|") {
			t.Errorf("%s would break the table", s.Path)
		}
	}
	for _, path := range []string{"stale_after", "clouds[].type", "sync.guard.per_run", "notification.dingtalk.style", "proxy"} {
		if !seen[path] {
			t.Errorf("%s is missing", path)
		}
	}
}

func TestLocation(t *testing.T) {
	t.Parallel()
	at := time.Date(2023, 12, 15, 1, 30, 25, 0, time.UTC)
	if got := at.In(config.Default().Location()).Format(time.TimeOnly); got != "09:30:25" {
		t.Errorf("got %s", got)
	}
	if (config.Config{Timezone: "Asia/Atlantis"}).Location() != time.UTC {
		t.Error("an unknown zone is not UTC")
	}
}
