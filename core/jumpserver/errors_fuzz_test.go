package jumpserver

import (
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// FuzzRefusal: every refusal by JumpServer, or by a gateway in front of it, has a kind, is short, and
// does not repeat our secret.
func FuzzRefusal(f *testing.F) {
	f.Add(400, "application/json", `{"name":["Host with this name already exists."]}`, "")
	f.Add(429, "application/json", `{"detail":"throttled","code":"throttled"}`, "52")
	f.Add(502, "text/html", "<html>", "soon")
	f.Add(302, "", "", "")
	f.Add(401, "application/json", `{"detail":"`+testSecret+`"}`, "-1")
	f.Add(400, "", "\xff\xfe[1,2", "99999999999999999999")
	s := newStub(f)
	c := s.client()
	f.Fuzz(func(t *testing.T, status int, kind, body, after string) {
		err := c.readAPIError("make a host", &http.Response{
			StatusCode: status, Header: http.Header{"Content-Type": {kind}, "Retry-After": {after}},
			Body: io.NopCloser(strings.NewReader(body)), Request: &http.Request{Method: http.MethodPost},
		})
		var fault *inventory.Error
		if !errors.As(err, &fault) || fault.Kind == "" || fault.RetryAfter < 0 {
			t.Fatalf("%d: %v", status, err)
		}
		if text := err.Error(); len([]rune(text)) > 600 || strings.Contains(text, testSecret) || !utf8.ValidString(text) {
			t.Fatalf("%q", text)
		}
	})
}
