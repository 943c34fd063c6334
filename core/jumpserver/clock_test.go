package jumpserver

import (
	"net/http"
	"testing"
	"time"
)

// TestSkew: how far this machine's clock is from JumpServer's, by the Date of its answers.
func TestSkew(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		date string
		want time.Duration
	}{
		"right":  {time.Now().UTC().Format(http.TimeFormat), 0},
		"ahead":  {time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat), time.Hour},
		"behind": {time.Now().Add(time.Hour).UTC().Format(http.TimeFormat), -time.Hour},
		"none":   {"", 0},
		"odd":    {"yesterday", 0},
	} {
		s := newStub(t)
		s.on("GET "+apiOrgs, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Date", c.date)
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write([]byte("[]"))
		})
		client := s.client()
		if _, err := client.Organisations(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := client.Skew(); (got - c.want).Abs() > 3*time.Second {
			t.Errorf("%s: %s ahead, want %s", name, got, c.want)
		}
	}
}
