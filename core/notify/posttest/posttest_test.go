package posttest_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/notify/posttest"
)

// TestRobot: a robot accepts, refuses, plays faults and counts, and reports what no correct client sends.
func TestRobot(t *testing.T) {
	t.Parallel()
	now := time.Now()
	var unexpected []string
	r := &posttest.Robot[string]{
		Accepted: posttest.Answer{Body: `{"ok":1}`}, TooFast: posttest.Answer{Status: 429, Header: map[string]string{"Retry-After": "3"}}, PerMinute: 2,
		Now: func() time.Time { return now }, ReportUnexpected: func(format string, args ...any) {
			unexpected = append(unexpected, fmt.Sprintf(format, args...))
		},
		Check: func(_ *http.Request, body []byte) (string, *posttest.Answer) {
			if string(body) == "bad" {
				return "", &posttest.Answer{Status: 400, Body: "no"}
			}
			return string(body), nil
		},
	}
	server := httptest.NewServer(r)
	t.Cleanup(server.Close)
	ask := func(method, kind, body string) string {
		request, err := http.NewRequestWithContext(t.Context(), method, server.URL, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", kind)
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			return "broken"
		}
		defer func() { _ = answer.Body.Close() }()
		text, err := io.ReadAll(answer.Body)
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Error(err)
		}
		return fmt.Sprint(answer.StatusCode, " ", string(text), answer.Header.Get("Retry-After"))
	}
	r.QueueFaults(append(posttest.Repeat(2, posttest.Answer{Drop: true}), posttest.Answer{Status: 502})...)
	var got []string
	for _, body := range []string{"x", "x", "x", "bad", "a", "b", "c"} {
		got = append(got, ask(http.MethodPost, "application/json", body))
	}
	now = now.Add(time.Minute)
	got = append(got, ask(http.MethodPost, "application/json", "d"))
	if text := strings.Join(got, "; "); text != `broken; broken; 502 ; 400 no; 200 {"ok":1}; 200 {"ok":1}; 429 3; 200 {"ok":1}` {
		t.Error(text)
	}
	if text := strings.Join(r.Messages(), ""); text != "abd" || r.Calls() != 8 || len(unexpected) != 0 {
		t.Errorf("%q, %d calls, %q", text, r.Calls(), unexpected)
	}
	ask(http.MethodGet, "application/json", "")
	ask(http.MethodPost, "text/plain", "e")
	ask(http.MethodPost, "application/json", "\xff")
	if len(unexpected) != 3 {
		t.Errorf("%q", unexpected)
	}
}
