// Package browsertest promises tests a real browser, Chromium without a window, in which pages are opened, looked at and
// used by keyboard. It speaks the browser's debugging protocol: https://chromedevtools.github.io/devtools-protocol/
package browsertest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/websocket"
)

// The variables of make test-page and make pictures.
const (
	chromium  = "JMS_SYNC_TEST_CHROMIUM"  // the browser
	axe       = "JMS_SYNC_TEST_AXE"       // axe.min.js of axe-core; "" = pages are not checked by it
	pictures  = "JMS_SYNC_TEST_PICTURES"  // a folder for pictures of all that is looked at; "" = none are kept
	documents = "JMS_SYNC_TEST_DOCUMENTS" // the folder of the documents, whose pictures are drawn anew; "" = they are not
)

// Browser is a browser with one page.
type Browser struct {
	t      *testing.T
	socket *websocket.Conn
	id     int
	asked  []string // what pages asked for
}

// Start starts a browser that shows nothing yet. It ends with the test, which is skipped where make test-page did not say
// which browser.
func Start(t *testing.T) *Browser {
	t.Helper()
	program := os.Getenv(chromium)
	if program == "" {
		t.Skip("skipped: make test-page")
	}
	profile, err := os.MkdirTemp("", "jms-sync-page-")
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--hide-scrollbars", "--disable-lcd-text", "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
		"--lang=en", "--remote-debugging-port=0", "--remote-allow-origins=http://127.0.0.1", "--user-data-dir="+profile, "about:blank")
	command.WaitDelay = 5 * time.Second
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = command.Wait() // it is killed at the end
		close(ended)
	}()
	t.Cleanup(func() {
		_ = command.Process.Kill()
		<-ended
		removeProfile(profile)
	})
	b := &Browser{t: t, socket: dialBrowser(t, profile, ended)}
	t.Cleanup(func() { _ = b.socket.Close() })
	b.Call("Network.enable", nil, nil)
	return b
}

// removeProfile removes the profile of a browser, whose helpers may still write into it for a moment.
func removeProfile(profile string) {
	for range 50 {
		if os.RemoveAll(profile) == nil {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// dialBrowser connects to the one page of a browser that has just been started.
func dialBrowser(t *testing.T, profile string, ended <-chan struct{}) *websocket.Conn {
	t.Helper()
	for range 300 {
		select {
		case <-ended:
			t.Fatal("the browser has ended")
		case <-time.After(100 * time.Millisecond):
		}
		text, err := os.ReadFile(filepath.Join(profile, "DevToolsActivePort"))
		port, path, whole := strings.Cut(strings.TrimSpace(string(text)), "\n")
		if err != nil || !whole {
			continue
		}
		browser, err := websocket.Dial("ws://127.0.0.1:"+port+path, "", "http://127.0.0.1")
		if err != nil {
			continue
		}
		b := &Browser{t: t, socket: browser}
		var targets struct {
			TargetInfos []struct{ TargetID, Type string }
		}
		b.Call("Target.getTargets", nil, &targets)
		_ = browser.Close()
		for _, target := range targets.TargetInfos {
			if target.Type == "page" {
				page, err := websocket.Dial("ws://127.0.0.1:"+port+"/devtools/page/"+target.TargetID, "", "http://127.0.0.1")
				if err == nil {
					return page
				}
			}
		}
	}
	t.Fatal("the browser does not answer")
	return nil
}

// On returns the browser for a part of the test.
func (b *Browser) On(t *testing.T) *Browser {
	b.t = t
	return b
}

// Call makes one call, and decodes its result unless that is nil.
func (b *Browser) Call(method string, params map[string]any, result any) {
	b.t.Helper()
	b.id++
	if err := websocket.JSON.Send(b.socket, map[string]any{"id": b.id, "method": method, "params": params}); err != nil {
		b.t.Fatal(err)
	}
	for {
		_ = b.socket.SetReadDeadline(time.Now().Add(time.Minute))
		var answer struct {
			ID     int
			Method string
			Params struct{ Request struct{ URL string } }
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := websocket.JSON.Receive(b.socket, &answer); err != nil {
			b.t.Fatalf("%s: %v", method, err)
		}
		if answer.Method == "Network.requestWillBeSent" {
			b.asked = append(b.asked, answer.Params.Request.URL)
		}
		if answer.ID != b.id {
			continue
		}
		if answer.Error != nil {
			b.t.Fatalf("%s: %s", method, answer.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(answer.Result, result); err != nil {
				b.t.Fatal(err)
			}
		}
		return
	}
}

// Eval returns the value of an expression in the page. A promise is waited for.
func Eval[T any](b *Browser, expression string) (value T) {
	b.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	b.Call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true}, &answer)
	if answer.ExceptionDetails != nil {
		b.t.Fatalf("%s: %s %s", expression, answer.ExceptionDetails.Text, answer.ExceptionDetails.Exception.Description)
	}
	if len(answer.Result.Value) > 0 {
		if err := json.Unmarshal(answer.Result.Value, &value); err != nil {
			b.t.Fatalf("%s: %v", expression, err)
		}
	}
	return value
}

// Open shows what an address has, in a window of this size and a colour scheme. A window of less than 500 is a phone's.
func (b *Browser) Open(address string, width, height int, scheme string) {
	b.t.Helper()
	b.Call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}, nil)
	b.Call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	b.Call("Page.navigate", map[string]any{"url": address}, nil)
	for range 600 {
		if Eval[string](b, `document.readyState + " " + location.href`) == "complete "+address {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	b.t.Fatal("the page does not come up")
}

// OpenFile shows a file.
func (b *Browser) OpenFile(file string, width, height int, scheme string) {
	b.t.Helper()
	b.Open((&url.URL{Scheme: "file", Path: file}).String(), width, height, scheme)
}

// Asked returns the addresses that pages asked for since the browser began, the pages' own among them.
func (b *Browser) Asked() []string { return b.asked }

// Press presses and releases a key.
func (b *Browser) Press(key string) {
	b.t.Helper()
	codes := map[string]int{"Enter": 13, "Escape": 27, "ArrowDown": 40, "End": 35, "Tab": 9}
	for _, kind := range []string{"keyDown", "keyUp"} {
		params := map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": codes[key]}
		if key == "Enter" && kind == "keyDown" {
			params["text"] = "\r" // what works elements that have no handler of their own
		}
		b.Call("Input.dispatchKeyEvent", params, nil)
	}
}

// Picture writes a picture of what is seen, or of the whole page.
func (b *Browser) Picture(file string, whole bool) {
	b.t.Helper()
	var shot struct{ Data string }
	params := map[string]any{"format": "png", "captureBeyondViewport": whole}
	if whole {
		height := Eval[int](b, "document.documentElement.scrollHeight")
		width := Eval[int](b, "document.documentElement.clientWidth")
		params["clip"] = map[string]any{"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
	}
	b.Call("Page.captureScreenshot", params, &shot)
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(file, data, 0o644)
	}
	if err != nil {
		b.t.Fatal(err)
	}
}

// Keep keeps pictures of the page where make test-page was asked for them.
func (b *Browser) Keep(name string) {
	b.t.Helper()
	if folder := os.Getenv(pictures); folder != "" {
		b.Picture(filepath.Join(folder, name+".png"), false)
		b.Picture(filepath.Join(folder, name+"-whole.png"), true)
	}
}

// Document writes a picture of what is seen, or of the whole page, into the documents where make pictures asks for it. It
// has the most frequent colours only, which nobody sees and takes a third of the bytes.
func (b *Browser) Document(name string, whole bool) {
	b.t.Helper()
	folder := os.Getenv(documents)
	if folder == "" {
		return
	}
	file := filepath.Join(folder, name)
	b.Picture(file, whole)
	if err := reduceColors(file); err != nil {
		b.t.Fatal(err)
	}
}

// CheckAccess has axe-core look at the page: what keeps people out who use a keyboard or a screen reader, or see little.
func (b *Browser) CheckAccess(name string) {
	b.t.Helper()
	file := os.Getenv(axe)
	if file == "" {
		return
	}
	script, err := os.ReadFile(file)
	if err != nil {
		b.t.Fatal(err)
	}
	Eval[any](b, string(script)+"; 0")
	type result struct {
		ID, Help string
		Nodes    []struct{ HTML, FailureSummary string }
	}
	found := Eval[struct {
		Violations []result
		Passes     int
	}](b, `axe.run().then((r) => ({ violations: r.violations.map((v) => ({ id: v.id, help: v.help, nodes: v.nodes.map((n) => ({ html: n.html, failureSummary: n.failureSummary })) })), passes: r.passes.length }))`)
	if found.Passes < 10 {
		b.t.Errorf("%s: axe-core checked %d rules only", name, found.Passes)
	}
	for _, v := range found.Violations {
		b.t.Errorf("%s: %s: %s: %d times, as %+v", name, v.ID, v.Help, len(v.Nodes), v.Nodes[0])
	}
}

// Milliseconds returns how long an expression takes, until it is drawn.
func (b *Browser) Milliseconds(expression string) float64 {
	b.t.Helper()
	return Eval[float64](b, fmt.Sprintf(`new Promise((done) => {
		const start = performance.now();
		%s;
		requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
	})`, expression))
}
