package jumpserver

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// TestEchoIsScrubbed: a server that repeats the request, headers and all, reveals nothing through us.
func TestEchoIsScrubbed(t *testing.T) {
	t.Parallel()
	s := newStub(t)
	sent := ""
	s.on("GET "+apiCurrent, func(w http.ResponseWriter, r *http.Request) {
		sent = r.Header.Get("Authorization")
		reply(w, 400, `{"detail":"`+strings.ReplaceAll(sent, `"`, `\"`)+` Proxy-Authorization: Basic dTpwYXNzLW9mLXByb3h5 pass-of-proxy `+testSecret+`"}`)
	})
	_, _, err := s.client(func(o *Options) { o.Proxy = "http://u:pass-of-proxy@proxy:1" }).Organisation(t.Context())
	if inventory.KindOf(err) != inventory.Invalid || !strings.Contains(err.Error(), "answered 400") || !strings.Contains(err.Error(), secret.Redacted) {
		t.Fatal(err)
	}
	_, signature, _ := strings.Cut(sent, `signature="`)
	for _, word := range []string{"pass-of-proxy", "dTpwYXNzLW9mLXByb3h5", testKey, testSecret, strings.TrimSuffix(signature, `"`)} {
		if strings.Contains(err.Error(), word) {
			t.Errorf("%q is told: %v", word, err)
		}
	}
}
