package storage

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// TestHTTPClient: the proxy is used, and what it carries is whole, at most 16 MiB, and never from elsewhere.
func TestHTTPClient(t *testing.T) {
	t.Setenv("NO_PROXY", "")
	t.Setenv("no_proxy", "")
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.String() {
		case "http://store.invalid/whole":
			_, _ = io.WriteString(w, "whole")
		case "http://store.invalid/large":
			_, _ = w.Write(bytes.Repeat([]byte("x"), MaxObjectSize+1))
		case "http://store.invalid/elsewhere":
			http.Redirect(w, r, "/followed", http.StatusTemporaryRedirect)
		case "http://store.invalid/broken":
			panic(http.ErrAbortHandler)
		default:
			t.Errorf("unexpected: %s", r.URL)
		}
	}))
	defer proxy.Close()
	client, err := NewHTTPClient(Network{Proxy: secret.New(proxy.URL)})
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]struct {
		kind inventory.Kind
		says string
	}{
		"whole": {"", ""}, "large": {inventory.Invalid, "larger than 16 MiB"}, "elsewhere": {inventory.Invalid, "not followed"},
		"broken": {inventory.Temporary, "get: "},
	} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://store.invalid/"+path, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := client.Do(req)
		err = classifyError(t.Context(), "get", err)
		if inventory.KindOf(err) != want.kind || err != nil && !strings.Contains(err.Error(), want.says) {
			t.Errorf("%s: %v", path, err)
		}
		if err == nil {
			_ = resp.Body.Close()
		}
	}
}
