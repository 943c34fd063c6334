package config_test

import (
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
)

func TestSettingsAreDescribed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, s := range config.Settings(testClouds()) {
		if s.Path == "" || s.Type == "" || s.TypeEN == "" || s.DocZH == "" || s.DocEN == "" {
			t.Errorf("not described: %+v", s)
		}
		if seen[s.Env] || seen[s.Path] {
			t.Errorf("%s is there twice", s.Path)
		}
		seen[s.Env], seen[s.Path] = true, true
		if strings.ContainsAny(s.DocZH+s.DocEN+s.Type+s.TypeEN+s.Default, "|{}") {
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
