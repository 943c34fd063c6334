package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/console/login"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// product links main, and with it the whole program, into the test's binary. The tests build the program themselves, so
// without this go test would not notice a change and would report cached results.
var product = main

const (
	origin    = "https://console.example.com"
	cookieKey = "0123456789012345678901234567890123456789"
)

// TestFunction drives the built program as Function Compute and Lambda do.
func TestFunction(t *testing.T) {
	t.Parallel()
	runtime.KeepAlive(product)
	program := functiontest.Build(t)
	for name, scenario := range map[string]func(*testing.T, functiontest.Program){
		"Function Compute": testFC, "not enabled": testNotEnabled, "Lambda": testLambda,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario(t, program)
		})
	}
}

// variables returns the environment of a function with a console.
func variables(t *testing.T, enabled bool) []string {
	t.Helper()
	s := functiontest.NewServices(t, "1234567890123456")
	s.FillInstances(0, 3, "cn-beijing")
	return []string{
		"JMS_SYNC_JUMPSERVER_URL=" + s.JumpServerURL, "JMS_SYNC_JUMPSERVER_ACCESS_KEY_ID=11111111-2222-3333-4444-555555555555",
		"JMS_SYNC_JUMPSERVER_ACCESS_KEY_SECRET=emulated-secret-0123456789", "JMS_SYNC_CLOUDS_0_TYPE=阿里云", "JMS_SYNC_CLOUDS_0_NAME=aliyun-prod",
		"JMS_SYNC_CLOUDS_0_ACCESS_KEY_ID=" + functiontest.CloudKey, "JMS_SYNC_CLOUDS_0_ACCESS_KEY_SECRET=" + functiontest.CloudSecret,
		"JMS_SYNC_CLOUDS_0_REGIONS=cn-beijing", "JMS_SYNC_CLOUDS_0_ENDPOINT=" + s.CloudURL, "JMS_SYNC_STATE=file://" + t.TempDir(),
		fmt.Sprintf("JMS_SYNC_CONSOLE_ENABLED=%v", enabled), "JMS_SYNC_CONSOLE_URL=" + origin, "JMS_SYNC_CONSOLE_APPROVERS=anna@example.com",
		"JMS_SYNC_CONSOLE_COOKIE_KEY=" + cookieKey, "JMS_SYNC_CONSOLE_LOGIN_ISSUER=http://127.0.0.1:1", "JMS_SYNC_CONSOLE_LOGIN_CLIENT_ID=jms",
		"JMS_SYNC_CONSOLE_LOGIN_CLIENT_SECRET=word-of-the-client",
	}
}

// startFC starts the program as the custom runtime does, and returns its address and how long it took to listen.
func startFC(t *testing.T, program functiontest.Program, env []string) (address string, took time.Duration) {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = free.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	_ = free.Close()
	var output bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program.File())
	cmd.Env, cmd.Stdout, cmd.Stderr = append(env, "FC_SERVER_PORT="+port), &output, &output
	started := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		for _, word := range []string{cookieKey, functiontest.CloudSecret, "word-of-the-client", "emulated-secret-0123456789"} {
			if strings.Contains(output.String(), word) {
				t.Errorf("the output tells a secret: %s", output.String())
			}
		}
	})
	for time.Since(started) < 10*time.Second {
		c, err := net.Dial("tcp", address)
		if err == nil {
			_ = c.Close()
			return address, time.Since(started)
		}
		time.Sleep(time.Millisecond)
	}
	t.Fatal("nobody listens: " + output.String())
	return "", 0
}

func send(t *testing.T, r *http.Request, status int, into any) []byte {
	t.Helper()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != status {
		t.Fatalf("%s: %d, want %d: %s %v", r.URL.Path, answer.StatusCode, status, text, err)
	}
	if into != nil && json.Unmarshal(text, into) != nil {
		t.Fatalf("%s: %s", r.URL.Path, text)
	}
	return text
}

// signedIn returns what a person who signed in sends.
func signedIn() (cookie, csrf string) {
	s := login.NewSessions([]byte(cookieKey), time.Hour, true, time.Now)
	w := httptest.NewRecorder()
	opened := s.Begin(w, login.Identity{ID: "anna@example.com", Names: []string{"anna@example.com"}}, login.Patterns{"*"})
	c := w.Result().Cookies()[0]
	return c.Name + "=" + c.Value, s.CSRF(opened)
}

func newRequest(t *testing.T, method, address, path, body string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	cookie, csrf := signedIn()
	for name, value := range map[string]string{
		"Cookie": cookie, "X-CSRF-Token": csrf, "Content-Type": "application/json", "Origin": origin, "X-Forwarded-For": "6.6.6.6, 10.1.2.3",
		"X-Fc-Request-Id": "rid-1", "X-Fc-Access-Key-Id": "STS.key", "X-Fc-Access-Key-Secret": "role-secret", "X-Fc-Security-Token": "role-token",
	} {
		r.Header.Set(name, value)
	}
	return r
}

func testFC(t *testing.T, program functiontest.Program) {
	address, took := startFC(t, program, variables(t, true))
	t.Logf("listens after %v", took)
	var me console.Me
	send(t, newRequest(t, "GET", address, "/api/me", ""), 200, &me)
	if me.Role != console.Approver || !me.Store || me.Login != console.ByOIDC {
		t.Errorf("%+v", me)
	}
	if page := send(t, newRequest(t, "GET", address, "/", ""), 200, nil); !bytes.Contains(page, []byte("<!doctype html>")) {
		t.Errorf("%s", page)
	}
	plan := send(t, newRequest(t, "POST", address, "/api/plan", "{}"), 200, nil)
	if !bytes.Contains(plan, []byte("event: result")) || !bytes.Contains(plan, []byte(`"created":3`)) {
		t.Errorf("%s", plan)
	}
	send(t, newRequest(t, "POST", address, "/api/pause", `{"removals":true,"reason":"x"}`), 200, &console.PauseState{})
	var audit console.Audit
	send(t, newRequest(t, "GET", address, "/api/audit", ""), 200, &audit)
	if len(audit.Entries) != 1 || audit.Entries[0].From != "10.1.2.3" || audit.Entries[0].Outcome != "done" {
		t.Errorf("%+v", audit)
	}
	send(t, newRequest(t, "POST", address, "/login/start", "{}"), 502, &console.Problem{})
	foreign := newRequest(t, "POST", address, "/api/resume", "{}")
	foreign.Header.Set("Origin", "https://evil.example.com")
	send(t, foreign, 403, &console.Problem{})
}

func testNotEnabled(t *testing.T, program functiontest.Program) {
	address, _ := startFC(t, program, variables(t, false))
	for _, path := range []string{"/", "/api/me", "/api/overview"} {
		send(t, newRequest(t, "GET", address, path, ""), 503, &console.Problem{})
	}
}

func testLambda(t *testing.T, program functiontest.Program) {
	api, err := runtimetest.NewLambda(t)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(api.Close)
	process, err := api.Start(t.Context(), program.File(), variables(t, true))
	if err != nil {
		t.Fatal(err)
	}
	cookie, csrf := signedIn()
	event := func(method, path, body string) []byte {
		text, _ := json.Marshal(map[string]any{
			"version": "2.0", "rawPath": path, "rawQueryString": "", "cookies": []string{cookie}, "body": body, "isBase64Encoded": false,
			"headers":        map[string]string{"content-type": "application/json", "origin": origin, "x-csrf-token": csrf},
			"requestContext": map[string]any{"domainName": "abc.lambda-url.us-east-1.on.aws", "http": map[string]string{"method": method, "path": path, "sourceIp": "10.9.9.9"}},
		})
		return text
	}
	invoke := func(event []byte) (head struct {
		StatusCode int
		Headers    map[string]string
		Cookies    []string
	}, body string) {
		t.Helper()
		answer, err := api.Invoke(t.Context(), event, runtimetest.Options{Timeout: time.Minute})
		if err != nil {
			t.Fatal(err, process.Output())
		}
		prelude, rest, found := bytes.Cut(answer.Body, make([]byte, 8))
		if !answer.OK || !found || json.Unmarshal(prelude, &head) != nil {
			t.Fatalf("%s %s", answer.Body, process.Output())
		}
		return head, string(rest)
	}
	head, body := invoke(event("GET", "/api/me", ""))
	if head.StatusCode != 200 || !strings.Contains(body, `"role":"approver"`) || head.Headers["X-Frame-Options"] != "DENY" {
		t.Errorf("%+v %s", head, body)
	}
	head, body = invoke(event("POST", "/api/plan", "{}"))
	if head.StatusCode != 200 || !strings.Contains(body, "event: result") || !strings.Contains(head.Headers["Content-Type"], "text/event-stream") {
		t.Errorf("%+v %s", head, body)
	}
	head, body = invoke(event("POST", "/logout", "{}"))
	if head.StatusCode != 200 || len(head.Cookies) != 1 || !strings.Contains(body, `"signed_in":false`) {
		t.Errorf("%+v %s", head, body)
	}
	first, err := process.FirstPoll(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("asks for its first event after %v", first)
}
