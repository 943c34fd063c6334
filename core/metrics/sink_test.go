package metrics

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"

	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/state"
)

// received is a request as the other side sees it.
type received struct {
	method, path string
	header       http.Header
	body         []byte
}

// receiver answers with these statuses, one after the other, the last one again and again.
type receiver struct {
	*httptest.Server
	mu       sync.Mutex
	got      []received
	statuses []int
}

func newReceiver(t *testing.T, statuses ...int) *receiver {
	t.Helper()
	r := &receiver{statuses: statuses}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		status := r.statuses[min(len(r.got), len(r.statuses)-1)]
		r.got = append(r.got, received{req.Method, req.URL.EscapedPath(), req.Header, body})
		w.WriteHeader(status)
		_, _ = io.WriteString(w, "it says: "+req.Header.Get("Authorization")+" hush-of-the-world "+req.URL.RawQuery)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) address(user string) secret.Value {
	return secret.New(strings.Replace(r.URL, "http://", "http://"+user, 1))
}

func newSinks(t *testing.T, s Settings) *Sinks {
	t.Helper()
	s.Job, s.Server, s.Organisation = "jms-sync", "jms.example.com/jms", "DEFAULT"
	k, err := NewSinks(s, Options{Now: noon})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// TestFile: the file is replaced as a whole, readable for others, and nothing is left beside it.
func TestFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "jms-sync.prom")
	k := newSinks(t, Settings{File: file})
	for range 2 {
		if err := k.Push(t.Context(), All(sample())); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(file)
	info, err2 := os.Stat(file)
	entries, err3 := os.ReadDir(dir)
	if err != nil || err2 != nil || err3 != nil || len(entries) != 1 || info.Mode().Perm() != 0o644 ||
		!strings.Contains(string(text), `jms_sync_runs_total{outcome="ok",jumpserver="jms.example.com/jms",organisation="DEFAULT"} 1`) {
		t.Errorf("%v %v %v, %d entries, %v\n%s", err, err2, err3, len(entries), info.Mode(), text)
	}
	k = newSinks(t, Settings{File: filepath.Join(dir, "absent", "jms-sync.prom")})
	if err := k.Push(t.Context(), nil); err == nil || !strings.Contains(err.Error(), "metrics.file") {
		t.Errorf("no folder: %v", err)
	}
}

// TestPushgateway: one PUT replaces the group that the installation's labels name, also where one holds a slash.
func TestPushgateway(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, http.StatusOK)
	if err := newSinks(t, Settings{Pushgateway: r.address("push:hush-of-the-world@")}).Push(t.Context(), All(sample())); err != nil {
		t.Fatal(err)
	}
	server := base64.RawURLEncoding.EncodeToString([]byte("jms.example.com/jms"))
	got := r.got[0]
	if len(r.got) != 1 || got.method != http.MethodPut || got.path != "/metrics/job/jms-sync/jumpserver@base64/"+server+"/organisation/DEFAULT" ||
		!strings.HasPrefix(got.header.Get("Authorization"), "Basic ") || !strings.Contains(string(got.body), "# TYPE jms_sync_runs_total counter\n") {
		t.Errorf("%s %s %v\n%s", got.method, got.path, got.header, got.body)
	}
	if path := groupPath("jms sync", []string{"a", "", "b", "c"}); path != "/metrics/job/jms%20sync/a@base64/=/b/c" {
		t.Error(path)
	}
}

// TestRemoteWrite: series go in requests of bounded size; what may pass is sent once more, a refusal is not.
func TestRemoteWrite(t *testing.T) {
	t.Parallel()
	many := make([]state.Series, maxSamples+1)
	for n := range many {
		many[n] = state.Series{Name: runs, Labels: []string{"outcome", strings.Repeat("x", n%100)}, Value: float64(n)}
	}
	for name, c := range map[string]struct {
		statuses []int
		requests int
		want     string // in the error
	}{
		"accepted":      {[]int{204}, 2, ""},
		"busy once":     {[]int{503, 204}, 3, ""},
		"too many once": {[]int{429, 204}, 3, ""},
		"busy for long": {[]int{503}, 2, "HTTP 503"},
		"refused":       {[]int{400}, 1, "HTTP 400: it says"},
		"wrong token":   {[]int{401}, 1, "HTTP 401: it says: Bearer ****** "},
	} {
		r := newReceiver(t, c.statuses...)
		err := newSinks(t, Settings{RemoteWrite: r.address(""), RemoteWriteToken: secret.New("bearer-of-the-world")}).Push(t.Context(), many)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) || len(r.got) != c.requests {
			t.Errorf("%s: %v, %d requests", name, err, len(r.got))
		}
		got := r.got[0]
		body, err := s2.Decode(nil, got.body)
		if err != nil || !strings.Contains(string(body), "__name__") || got.header.Get("Authorization") != "Bearer bearer-of-the-world" ||
			got.header.Get("Content-Encoding") != "snappy" || got.header.Get("X-Prometheus-Remote-Write-Version") != "0.1.0" {
			t.Errorf("%s: %v, %v", name, err, got.header)
		}
	}
}

// TestOneDeadPlace: a place that does not answer delays no other, and no error shows a password.
func TestOneDeadPlace(t *testing.T) {
	t.Parallel()
	over := make(chan struct{})
	hung := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-over }))
	defer hung.Close()
	defer close(over)
	file := filepath.Join(t.TempDir(), "jms-sync.prom")
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := newSinks(t, Settings{
		File: file, Pushgateway: secret.New(strings.Replace(hung.URL, "http://", "http://user:hush-of-the-world@", 1)),
		RemoteWrite: secret.New("http://user:hush-of-the-world@127.0.0.1:1/api/v1/write"),
	}).Push(ctx, All(sample()))
	if err == nil || !strings.Contains(err.Error(), "metrics.pushgateway") || !strings.Contains(err.Error(), "metrics.remote_write") || strings.Contains(err.Error(), "hush-of-the-world") {
		t.Error(err)
	}
	if _, err := os.Stat(file); err != nil {
		t.Error(err)
	}
}

// TestRefusalQuotesNoSecret: what a receiver repeats of a request shows neither its password nor the header made of it, nor
// a token in the address.
func TestRefusalQuotesNoSecret(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, http.StatusForbidden)
	address := secret.New(r.address("push:hush-of-the-world@").Reveal() + "/write?token=token-of-the-world&x=1")
	err := newSinks(t, Settings{RemoteWrite: address}).Push(t.Context(), All(sample()))
	credentials := base64.StdEncoding.EncodeToString([]byte("push:hush-of-the-world"))
	if err == nil || !strings.Contains(err.Error(), "HTTP 403: it says: Basic ******") || strings.Contains(err.Error(), "-of-the-world") || strings.Contains(err.Error(), credentials) {
		t.Error(err)
	}
}
