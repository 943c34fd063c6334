package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/report"
)

// screenText is what a command that goes on prints.
type screenText struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *screenText) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screenText) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// links returns the links that sign in, which serve prints.
func (s *screenText) links() []string {
	return regexp.MustCompile(`http://[0-9.:]+/#/login/\w+`).FindAllString(s.String(), -1)
}

// TestServe: the printed link signs in once, the console answers with what the store has and without any secret, and the
// command ends when it is told to.
func TestServe(t *testing.T) {
	d := newDeskWithState(t)
	d.fillInstances(20, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.releaseInstances(0, 15)
	d.runSync(exitPartial, report.Held)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, problems screenText
	ended := make(chan int, 1)
	go func() {
		ended <- runCommandLine(ctx, []string{"-c", d.writeConfig(), "serve", "--listen", "127.0.0.1:0"}, strings.NewReader(""), &out, &problems)
	}()
	for len(out.links()) == 0 {
		select {
		case code := <-ended:
			t.Fatalf("ended with %d: %s%s", code, out.String(), problems.String())
		case <-time.After(time.Millisecond):
		}
	}
	base, token, _ := strings.Cut(out.links()[0], "/#/login/")
	jar, _ := cookiejar.New(nil)
	browser := http.Client{Jar: jar}
	post := func(path, csrf, body string, status int, into any) {
		t.Helper()
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, base+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", base)
		r.Header.Set("X-CSRF-Token", csrf)
		answer, err := browser.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		text, _ := io.ReadAll(answer.Body)
		if answer.StatusCode != status || json.Unmarshal(text, into) != nil {
			t.Fatalf("%s: %d %s", path, answer.StatusCode, text)
		}
		d.WantNoSecrets(path, string(text))
	}
	var me console.Me
	post("/login/token", "", `{"token":"`+token+`"}`, 200, &me)
	post("/login/token", "", `{"token":"`+token+`"}`, 403, &console.Problem{})
	if me.Role != console.Approver || len(out.links()) != 2 || out.links()[0] == out.links()[1] {
		t.Errorf("%+v %v", me, out.links())
	}
	var held console.Held
	for _, path := range []string{"/api/overview", "/api/runs", "/api/config", "/api/held"} {
		answer, err := browser.Get(base + path)
		if err != nil {
			t.Fatal(err)
		}
		text, _ := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		d.WantNoSecrets(path, string(text))
		if answer.StatusCode != 200 {
			t.Errorf("%s: %d %s", path, answer.StatusCode, text)
		}
		if path == "/api/held" && json.Unmarshal(text, &held) != nil {
			t.Errorf("%s", text)
		}
	}
	if len(held.Sets) != 1 || held.Sets[0].Assets != 15 {
		t.Fatalf("%+v", held)
	}
	post("/api/held/"+held.Sets[0].Hash+"/approve", me.CSRF, `{"assets":15}`, 200, &console.HeldResult{})
	stop()
	if code := <-ended; code != exitDone {
		t.Errorf("exit code %d: %s", code, problems.String())
	}
	r := d.runSync(exitDone, report.OK)
	if r.Deactivated != 15 {
		t.Errorf("%+v", r)
	}
	d.WantNoSecrets("what serve prints", out.String()+problems.String())
}

// TestServeElsewhere: beyond loopback nothing is served without a console in the configuration.
func TestServeElsewhere(t *testing.T) {
	d := newDeskWithState(t)
	for _, at := range []string{"0.0.0.0:0", "[::]:0", ":0"} {
		d.run(exitUsage, "serve", "--listen", at)
		if !strings.Contains(d.stderr.String(), "console") {
			t.Errorf("%s: %s", at, d.stderr.String())
		}
	}
	d.run(exitFailed, "serve", "--listen", "127.0.0.1:99999")
}
