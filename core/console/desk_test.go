package console

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/console/login"
)

const (
	origin   = "https://console.example.com"
	goodHash = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	secret   = "a-secret-that-nobody-sees"
)

// fakeBackend notes what was done, in its order. Everything else of a Backend is played by core/console/backend's tests.
type fakeBackend struct {
	Backend
	mu       sync.Mutex
	did      []string
	auditErr error
	approved map[string]bool
	slow     chan struct{} // closed = a plan may end; nil = it ends at once
}

func (b *fakeBackend) note(what string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.did = append(b.did, what)
}

func (b *fakeBackend) acts() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return strings.Join(b.did, " ")
}

func (b *fakeBackend) About(context.Context) About {
	return About{Server: "jms.example.com", Language: "zh", Store: true}
}

func (b *fakeBackend) Overview(context.Context) (Overview, error) { return Overview{}, nil }

func (b *fakeBackend) Config(context.Context) (Config, error) {
	return Config{Settings: []Setting{{Path: "x", Value: secret}}}, nil
}

func (b *fakeBackend) Doctor(context.Context) (Doctor, error) { return Doctor{}, errors.New(secret) }

func (b *fakeBackend) HeldSet(_ context.Context, hash string) (HeldDetail, error) {
	return HeldDetail{HeldSet: HeldSet{Hash: hash, Assets: 3}}, nil
}

func (b *fakeBackend) Approve(_ context.Context, by Person, hash string, o HeldOrder) (HeldResult, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.approved[hash] || o.Assets != 3 {
		return HeldResult{}, &Failure{Problem: Problem{Code: CodeChanged}, Status: http.StatusConflict}
	}
	b.approved[hash] = true
	b.did = append(b.did, "approve:"+by.ID)
	return HeldResult{Hash: hash, Assets: 3}, nil
}

func (b *fakeBackend) Resume(_ context.Context, by Person) (PauseState, error) {
	b.note("resume:" + by.ID)
	return PauseState{}, nil
}

func (b *fakeBackend) SetPause(_ context.Context, by Person, o PauseOrder) (PauseState, error) {
	b.note("pause:" + by.ID + ":" + o.Reason)
	return PauseState{}, nil
}

func (b *fakeBackend) Plan(ctx context.Context, _ PlanOrder, w Watch) (PlanResult, error) {
	w.Stage(Stage{Name: "clouds"})
	if b.slow != nil {
		select {
		case <-b.slow:
		case <-ctx.Done():
			return PlanResult{}, ctx.Err()
		}
	}
	return PlanResult{ID: "p"}, nil
}

func (b *fakeBackend) Apply(_ context.Context, by Person, id string, _ ApplyOrder, _ Watch) (ApplyResult, error) {
	b.note("apply:" + by.ID + ":" + id)
	return ApplyResult{}, nil
}

func (b *fakeBackend) RecordAudit(_ context.Context, e AuditEntry) error {
	if b.auditErr != nil {
		return b.auditErr
	}
	b.note("audit:" + e.Action + ":" + e.Outcome)
	return nil
}

// fakeProvider says that the code is the person.
type fakeProvider struct{}

func (fakeProvider) AuthURL(_ context.Context, f login.Flow) (string, error) {
	return "https://login.example.com/auth?state=" + f.State, nil
}

func (fakeProvider) Identify(_ context.Context, code string, _ login.Flow) (login.Identity, error) {
	if code == "broken" {
		return login.Identity{}, errors.New("refused " + secret)
	}
	return login.Identity{ID: code, Name: code, Names: []string{code}}, nil
}

// desk is a console and what browsers send to it.
type desk struct {
	testing.TB
	backend  *fakeBackend
	sessions *login.Sessions
	settings Settings
	handler  http.Handler
	now      time.Time
}

func newDesk(t testing.TB, edit func(*Settings)) *desk {
	t.Helper()
	d := &desk{TB: t, backend: &fakeBackend{approved: map[string]bool{}}, now: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return d.now }
	d.sessions = login.NewSessions([]byte(strings.Repeat("k", login.MinKey)), 8*time.Hour, true, clock)
	d.settings = Settings{
		Origins: []string{origin}, Sessions: d.sessions, Login: ByOIDC, Provider: fakeProvider{}, Viewers: login.Patterns{"view@example.com"},
		Approvers: login.Patterns{"anna@example.com"}, Now: clock, Scrub: func(s string) string { return strings.ReplaceAll(s, secret, "***") },
	}
	if edit != nil {
		edit(&d.settings)
	}
	d.handler = New(d.settings, d.backend)
	return d
}

// session returns the cookie and the token of a person who signed in.
func (d *desk) session(email string) (cookie, csrf string) {
	d.Helper()
	w := httptest.NewRecorder()
	s := d.sessions.Begin(w, login.Identity{ID: email, Name: email, Names: []string{email}}, login.Patterns{email})
	c := w.Result().Cookies()[0]
	return c.Name + "=" + c.Value, d.sessions.CSRF(s)
}

// request is what a browser sends: by default a good order of the approver.
type request struct {
	method, path, body      string
	host, origin, site      string
	kind, cookie, csrf, who string
}

func (d *desk) send(q request) *httptest.ResponseRecorder {
	d.Helper()
	if q.who != "" {
		q.cookie, q.csrf = d.session(q.who)
	}
	r := httptest.NewRequestWithContext(d.Context(), q.method, "https://"+q.host+"/", strings.NewReader(q.body))
	path, query, _ := strings.Cut(q.path, "?")
	r.URL.Path, r.URL.RawQuery, r.RequestURI = path, query, q.path
	for name, value := range map[string]string{"Origin": q.origin, "Sec-Fetch-Site": q.site, "Content-Type": q.kind, "Cookie": q.cookie, "X-Csrf-Token": q.csrf} {
		if value != "" {
			r.Header.Set(name, value)
		}
	}
	w := httptest.NewRecorder()
	d.handler.ServeHTTP(w, r)
	text, _ := io.ReadAll(w.Result().Body)
	if strings.Contains(string(text)+w.Result().Header.Get("Location"), secret) {
		d.Errorf("%s %s tells a secret: %s", q.method, q.path, text)
	}
	return w
}

// order returns a good order of the approver.
func order(path, body string) request {
	return request{
		method: http.MethodPost, path: path, body: body, host: "console.example.com", origin: origin, site: "same-origin", kind: "application/json", who: "anna@example.com",
	}
}
