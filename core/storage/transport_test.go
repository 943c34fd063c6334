package storage

import (
	"bytes"
	"io"
	"net"
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
		"broken": {inventory.Temporary, "get: the connection broke"},
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

// TestNoWordsOfTheServer: an answer that is no HTTP is not quoted, for it may repeat what the request held.
func TestNoWordsOfTheServer(t *testing.T) {
	t.Parallel()
	const signature = "OSS4-HMAC-SHA256 Credential=key-id"
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			_, _ = conn.Read(make([]byte, 1))
			_, _ = io.WriteString(conn, signature+"\r\n\r\n")
			_ = conn.Close()
		}
	}()
	client, err := NewHTTPClient(Network{})
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+listener.Addr().String()+"/key", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(req)
	if err == nil {
		_ = resp.Body.Close()
	}
	err = classifyError(t.Context(), "get", err)
	if inventory.KindOf(err) != inventory.Temporary || !strings.Contains(err.Error(), "the connection broke") || strings.Contains(err.Error(), "Credential") {
		t.Errorf("the error is %v", err)
	}
}
