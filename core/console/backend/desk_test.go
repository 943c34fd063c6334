package backend

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/console/login"
	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
	"github.com/jms-sync/jms-sync/core/session/sessiontest"
)

// desk is a console over real sessions, a real store and the emulators, and a browser that uses it.
type desk struct {
	testing.TB
	emulators *sessiontest.Emulators
	server    *httptest.Server
	cfg       config.Config
	environ   []string
	folder    string // of the state store
	browser   *http.Client
	me        console.Me
}

func newDesk(t testing.TB, edit func(env map[string]string)) *desk {
	t.Helper()
	world := sessiontest.World{Hosts: 40, Regions: 2, Accounts: 1, Version: jumpservertest.V47, Database: "postgresql"}
	e, err := world.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	d := &desk{TB: t, emulators: e, folder: t.TempDir()}
	env := e.Announced.Environment
	env["JMS_SYNC_JUMPSERVER_ID"] = "jms.example.com"
	env["JMS_SYNC_STATE"] = "file://" + d.folder
	if edit != nil {
		edit(env)
	}
	d.environ = e.Announced.Environ()
	d.cfg, err = e.Announced.Config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	d.startServer()
	return d
}

// startServer serves a console whose token signs in the person "anna".
func (d *desk) startServer() {
	d.Helper()
	token := login.NewToken(nil)
	d.server = httptest.NewUnstartedServer(nil)
	d.server.Start()
	d.Cleanup(d.server.Close)
	key := bytes.Repeat([]byte("k"), login.MinKey)
	d.server.Config.Handler = console.New(console.Settings{
		Origins: []string{d.server.URL}, Sessions: login.NewSessions(key, time.Hour, false, time.Now), Login: console.ByToken, Token: token,
		Operator: login.Identity{ID: "anna", Name: "Anna"}, Version: "dev",
	}, New(d.options()))
	jar, err := cookiejar.New(nil)
	if err != nil {
		d.Fatal(err)
	}
	d.browser = &http.Client{Jar: jar}
	var me console.Me
	d.post("/login/token", map[string]string{"token": token.Text()}, &me)
	d.me = me
}

func (d *desk) options() Options {
	return Options{
		Open: func(_ context.Context, hooks session.Hooks) (*session.Session, error) {
			return session.Open(session.Options{Config: d.cfg, Environ: d.environ, RequireState: true, Hooks: hooks, Holder: "console"})
		},
		Check: func(context.Context) (config.Checked, error) { return config.Checked{Config: d.cfg}, nil },
		Examine: func(context.Context) ([]doctor.Check, error) {
			return session.DoctorChecks(session.Examination{Config: d.cfg, Environ: d.environ})
		},
	}
}

// sync makes a run as the timer does.
func (d *desk) sync(want report.Outcome) report.Report {
	d.Helper()
	s, err := session.Open(session.Options{Config: d.cfg, Environ: d.environ, RequireState: true})
	if err != nil {
		d.Fatal(err)
	}
	defer s.Close()
	out := s.Sync(d.Context(), session.Request{})
	if out.Report.Outcome != want {
		d.Fatalf("outcome %s, want %s: %v", out.Report.Outcome, want, out.Report.Errors)
	}
	return out.Report
}

// get fills a document from the answer of a GET.
func (d *desk) get(path string, into any) []byte {
	d.Helper()
	r, err := d.browser.Get(d.server.URL + path)
	if err != nil {
		d.Fatal(err)
	}
	return d.read(r, path, http.StatusOK, into)
}

// post sends an order as the page does, and fills a document from its answer.
func (d *desk) post(path string, body, into any) []byte {
	d.Helper()
	return d.postWant(path, body, http.StatusOK, into)
}

func (d *desk) postWant(path string, body any, status int, into any) []byte {
	d.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		d.Fatal(err)
	}
	r, err := http.NewRequestWithContext(d.Context(), http.MethodPost, d.server.URL+path, bytes.NewReader(text))
	if err != nil {
		d.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Origin", d.server.URL)
	r.Header.Set("X-CSRF-Token", d.me.CSRF)
	answer, err := d.browser.Do(r)
	if err != nil {
		d.Fatal(err)
	}
	return d.read(answer, path, status, into)
}

func (d *desk) read(r *http.Response, path string, status int, into any) []byte {
	d.Helper()
	defer r.Body.Close()
	text, err := io.ReadAll(r.Body)
	if err != nil {
		d.Fatal(err)
	}
	if r.StatusCode != status {
		d.Fatalf("%s: status %d, want %d: %s", path, r.StatusCode, status, text)
	}
	for name, value := range d.emulators.Announced.Environment {
		if strings.HasSuffix(name, "_SECRET") && strings.Contains(string(text), value) {
			d.Errorf("%s tells %s", path, name)
		}
	}
	if into != nil && strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
		decode := json.NewDecoder(bytes.NewReader(text))
		decode.DisallowUnknownFields()
		if err := decode.Decode(into); err != nil {
			d.Fatalf("%s: %v: %s", path, err, text)
		}
	}
	return text
}

// event is one of a stream.
type event struct{ name, data string }

// stream sends an order whose answer is events, and returns them.
func (d *desk) stream(path string, body any) []event {
	d.Helper()
	var all []event
	for block := range strings.SplitSeq(string(d.post(path, body, nil)), "\n\n") {
		name, data, is := strings.Cut(block, "\ndata: ")
		if is {
			all = append(all, event{strings.TrimPrefix(name, "event: "), data})
		}
	}
	return all
}

// last fills a document from the last event, which must have a name.
func last(t testing.TB, all []event, name string, into any) {
	t.Helper()
	if len(all) == 0 || all[len(all)-1].name != name {
		t.Fatalf("the events are %v", all)
	}
	if err := json.Unmarshal([]byte(all[len(all)-1].data), into); err != nil {
		t.Fatal(err)
	}
}

// rowsOf returns all rows of a stream, and the texts of their reasons.
func rowsOf(t testing.TB, all []event) (rows []console.PlanRow, texts []console.Text) {
	t.Helper()
	for _, e := range all {
		if e.name != "rows" {
			continue
		}
		var some console.PlanRows
		if err := json.Unmarshal([]byte(e.data), &some); err != nil {
			t.Fatal(err)
		}
		rows, texts = slices.Concat(rows, some.Rows), slices.Concat(texts, some.Texts)
	}
	return rows, texts
}

// removeHosts takes instances of the first region away.
func (d *desk) removeHosts(from, to int) {
	d.Helper()
	var ids []string
	for n := from; n < to; n++ {
		ids = append(ids, alibabatest.SampleInstance(n).ID)
	}
	d.emulators.Account().Remove("cn-region-1", ids...)
}

func sample(n int) alibabatest.Instance { return alibabatest.SampleInstance(n) }

// first returns the id of an instance that is there.
func first(t testing.TB, d *desk) string {
	t.Helper()
	return sample(35).ID
}
