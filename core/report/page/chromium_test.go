package page_test

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

// chromium is a headless browser with one page, which is asked by its debugging protocol:
// https://chromedevtools.github.io/devtools-protocol/
type chromium struct {
	t      *testing.T
	socket *websocket.Conn
	id     int
}

// startChromium starts a browser that shows nothing yet. It ends with the test.
func startChromium(t *testing.T, program string) *chromium {
	t.Helper()
	profile, err := os.MkdirTemp("", "jms-sync-page-")
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), program, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
		"--hide-scrollbars", "--disable-background-networking", "--disable-component-update", "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
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
	c := &chromium{t: t, socket: dialBrowser(t, profile, ended)}
	t.Cleanup(func() { _ = c.socket.Close() })
	return c
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
		c := &chromium{t: t, socket: browser}
		var targets struct {
			TargetInfos []struct{ TargetID, Type string }
		}
		c.call("Target.getTargets", nil, &targets)
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

// call makes one call, and decodes its result unless that is nil.
func (c *chromium) call(method string, params map[string]any, result any) {
	c.t.Helper()
	c.id++
	if err := websocket.JSON.Send(c.socket, map[string]any{"id": c.id, "method": method, "params": params}); err != nil {
		c.t.Fatal(err)
	}
	for {
		_ = c.socket.SetReadDeadline(time.Now().Add(time.Minute))
		var answer struct {
			ID     int
			Result json.RawMessage
			Error  *struct{ Message string }
		}
		if err := websocket.JSON.Receive(c.socket, &answer); err != nil {
			c.t.Fatalf("%s: %v", method, err)
		}
		if answer.ID != c.id {
			continue // an event
		}
		if answer.Error != nil {
			c.t.Fatalf("%s: %s", method, answer.Error.Message)
		}
		if result != nil {
			if err := json.Unmarshal(answer.Result, result); err != nil {
				c.t.Fatal(err)
			}
		}
		return
	}
}

// eval returns the value of an expression in the page. A promise is waited for.
func eval[T any](c *chromium, expression string) (value T) {
	c.t.Helper()
	var answer struct {
		Result           struct{ Value json.RawMessage }
		ExceptionDetails *struct {
			Text      string
			Exception struct{ Description string }
		}
	}
	c.call("Runtime.evaluate", map[string]any{"expression": expression, "returnByValue": true, "awaitPromise": true, "userGesture": true}, &answer)
	if answer.ExceptionDetails != nil {
		c.t.Fatalf("%s: %s %s", expression, answer.ExceptionDetails.Text, answer.ExceptionDetails.Exception.Description)
	}
	if len(answer.Result.Value) > 0 {
		if err := json.Unmarshal(answer.Result.Value, &value); err != nil {
			c.t.Fatalf("%s: %v", expression, err)
		}
	}
	return value
}

// open shows a file in a window of this size, in a colour scheme.
func (c *chromium) open(file string, width, height int, scheme string) {
	c.t.Helper()
	c.call("Emulation.setDeviceMetricsOverride", map[string]any{"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}, nil)
	c.call("Emulation.setEmulatedMedia", map[string]any{"features": []map[string]string{{"name": "prefers-color-scheme", "value": scheme}}}, nil)
	c.call("Page.navigate", map[string]any{"url": (&url.URL{Scheme: "file", Path: file}).String()}, nil)
	for range 600 {
		if eval[bool](c, `document.readyState === "complete" && document.querySelector("#outcome") !== null`) {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	c.t.Fatal("the page does not come up")
}

// press presses and releases a key.
func (c *chromium) press(key string) {
	c.t.Helper()
	codes := map[string]int{"Enter": 13, "Escape": 27, "ArrowDown": 40, "End": 35, "Tab": 9}
	for _, kind := range []string{"rawKeyDown", "keyUp"} {
		c.call("Input.dispatchKeyEvent", map[string]any{"type": kind, "key": key, "code": key, "windowsVirtualKeyCode": codes[key]}, nil)
	}
}

// picture writes a picture of what is seen, or of the whole page.
func (c *chromium) picture(file string, whole bool) {
	c.t.Helper()
	var shot struct{ Data string }
	params := map[string]any{"format": "png", "captureBeyondViewport": whole}
	if whole {
		height := eval[int](c, "document.documentElement.scrollHeight")
		width := eval[int](c, "document.documentElement.clientWidth")
		params["clip"] = map[string]any{"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
	}
	c.call("Page.captureScreenshot", params, &shot)
	data, err := base64.StdEncoding.DecodeString(shot.Data)
	if err == nil {
		err = os.WriteFile(file, data, 0o644)
	}
	if err != nil {
		c.t.Fatal(err)
	}
}

// milliseconds returns how long an expression takes, until it is drawn.
func (c *chromium) milliseconds(expression string) float64 {
	c.t.Helper()
	return eval[float64](c, fmt.Sprintf(`new Promise((done) => {
		const start = performance.now();
		%s;
		requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - start)));
	})`, expression))
}
