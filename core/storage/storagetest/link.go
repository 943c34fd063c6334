package storagetest

import (
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// signedURL is the signature in the URL of a request.
type signedURL struct {
	id, token string
	lifetime  time.Duration
}

// signedURL returns the signature in the URL of a request, if there is one.
func (s *Server) signedURL(r *http.Request) (signed signedURL, is bool) {
	q := r.URL.Query()
	prefix := map[Dialect]string{S3: "X-Amz-", OSS: "x-oss-"}[s.dialect]
	if s.dialect == OBS {
		until, err := strconv.ParseInt(q.Get("Expires"), 10, 64)
		signed = signedURL{id: q.Get("AWSAccessKeyId"), token: q.Get("x-amz-security-token"), lifetime: time.Until(time.Unix(until, 0))}
		return signed, err == nil && q.Get("Signature") != ""
	}
	name := func(text string) string {
		if s.dialect == OSS {
			return prefix + strings.ToLower(text)
		}
		return prefix + text
	}
	seconds, err := strconv.Atoi(q.Get(name("Expires")))
	signed.id, _, _ = strings.Cut(q.Get(name("Credential")), "/")
	signed.token, signed.lifetime = q.Get(name("Security-Token")), time.Duration(seconds)*time.Second
	return signed, err == nil && q.Get(name("Signature")) != ""
}

// checkLink checks a signed URL: nobody has to be known to use it, only to have made it.
func (s *Server) checkLink(w http.ResponseWriter, r *http.Request, signed signedURL) bool {
	if r.Method != http.MethodGet || r.Header.Get("Authorization") != "" || signed.id != GoodID || signed.token != s.token ||
		signed.lifetime <= 0 || signed.lifetime > storage.MaxLinkLifetime {
		s.t.Errorf("%s refuses the link %s", s.dialect, r.URL.Redacted())
		s.writeError(w, http.StatusForbidden, "AccessDenied", "a link")
		return false
	}
	return true
}

// testLink: by a link anybody reads the object as a page of a browser; a store without links says so.
func testLink(t *testing.T, h Harness) {
	w := h.New(t)
	b := w.Open(t, InstantRetries())
	mustPut(t, b, "pages/a b+c é.html", "<p>值", storage.Always())
	for _, lifetime := range []time.Duration{time.Minute, 30 * 24 * time.Hour, -1} {
		url, err := storage.Link(t.Context(), b, "pages/a b+c é.html", lifetime)
		if !h.Links {
			WantKind(t, err, "", inventory.Unsupported)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(url, GoodSecret) {
			t.Error("the link holds the secret key")
		}
		wantBrowserShows(t, url, "<p>值")
	}
	if _, err := storage.Link(t.Context(), b, "../x", time.Minute); err == nil {
		t.Error("there is a link to what is no key")
	}
}

func wantBrowserShows(t *testing.T, url, want string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(resp.Body)
	if err := errors.Join(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || string(text) != want || resp.Header.Get("Content-Type") != storage.LinkContentType ||
		resp.Header.Get("Content-Disposition") != storage.LinkContentDisposition {
		t.Errorf("a browser sees %s, %q, %v", resp.Status, text, resp.Header)
	}
}
