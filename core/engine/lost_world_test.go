package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// slowWorld is a JumpServer whose writes take their time, one account with instances, a store and a robot, all in
// memory: a minute of waiting costs nothing in a bubble of synctest.
type slowWorld struct {
	t       *testing.T
	server  *jumpservertest.Server
	bucket  storage.Bucket
	store   *state.Store // nil = none is named
	robot   *robots
	line    *slowLine
	sky     map[string]inventory.Instance
	client  *jumpserver.Client
	request time.Duration // time-out of one try, as configured
	reserve time.Duration
	on      engine.NotifyOn
	outbox  *engine.Outbox // of events, in place of the shared window
	grace   time.Duration
	log     bytes.Buffer
}

var slowScope = inventory.Scope{Cloud: inventory.Alibaba, Account: "one", Region: "cn-a"}

const slowOwner = "1111"

func newSlowWorld(t *testing.T, instances int) *slowWorld {
	t.Helper()
	w := &slowWorld{t: t, robot: &robots{}, sky: map[string]inventory.Instance{}, request: 10 * time.Second, on: engine.Always, grace: 168 * time.Hour}
	w.server = jumpservertest.New(jumpservertest.Options{Version: jumpservertest.V41019, TB: t})
	w.line = &slowLine{handler: w.server, rows: map[string][]int{}}
	w.bucket = mortal{storagetest.Memory(storage.Abilities{CreateOnly: true, IfMatch: true}), w.line}
	w.newStore()
	for n := range instances {
		w.sky[slowID(n)] = inventory.Instance{
			Scope: slowScope, Owner: slowOwner, ID: slowID(n), Name: fmt.Sprintf("web-%03d", n), OSType: "linux", PrivateIPs: []string{fmt.Sprintf("10.0.%d.%d", n/250, n%250)},
		}
	}
	w.ok(w.run())
	w.line.reset()
	w.robot.cards = nil
	w.later(time.Hour)
	return w
}

func slowID(n int) string    { return fmt.Sprintf("i-%04d", n) }
func slowAsset(n int) string { return inventory.AssetID(inventory.Alibaba, "cn-a", slowID(n)) }

func (w *slowWorld) newStore() {
	w.t.Helper()
	var err error
	if w.store, err = state.New(w.bucket, "", state.Options{}); err != nil {
		w.t.Fatal(err)
	}
}

// later lets time pass between two runs, and ends what still goes on in JumpServer.
func (w *slowWorld) later(d time.Duration) {
	time.Sleep(d)
	w.line.working.Wait()
	w.server.Settle()
}

// release ends instances.
func (w *slowWorld) release(from, to int) {
	for n := from; n < to; n++ {
		delete(w.sky, slowID(n))
	}
}

func (w *slowWorld) engine() engine.Engine {
	w.t.Helper()
	log := slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if w.client == nil {
		var err error
		w.client, err = jumpserver.New(jumpserver.Options{
			URL: "http://jumpserver", KeyID: secret.New(jumpservertest.KeyID), Secret: secret.New(jumpservertest.KeySecret),
			RequestTimeout: w.request, Log: log, HTTP: w.line,
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	e := engine.Engine{
		Clouds: w, Bastion: w.client, Log: log, Now: time.Now, NotifyOn: w.on, Notifiers: []notify.Notifier{w.robot}, Reserve: w.reserve,
		Rules: plan.Rules{
			Accounts: map[string]plan.Account{"one": {Type: "阿里云", Enabled: true, Cloud: inventory.Alibaba}}, Mode: plan.ModeDelete, Grace: w.grace, Lang: plan.English,
		},
		Limits:  plan.Limits{Percent: 100, Min: 1000, PerRun: 1000, AllowEmpty: true},
		Writing: apply.Options{Writers: 4, Now: time.Now, Log: log},
		Wording: report.Options{Lang: plan.English, Location: time.UTC},
	}
	if w.store != nil {
		e.Increment = &engine.Increment{Store: w.store, FullEvery: 24 * time.Hour}
		e.Intents = &engine.Intents{Store: w.store, Slice: "run", Alone: true}
	}
	return e
}

// run makes a run with no limit of time.
func (w *slowWorld) run() report.Report { return w.runFor(0) }

func (w *slowWorld) runFor(limit time.Duration) report.Report {
	w.t.Helper()
	ctx, cancel := context.WithCancel(w.t.Context())
	if limit > 0 {
		ctx, cancel = context.WithTimeout(w.t.Context(), limit)
	}
	defer cancel()
	out := w.engine().Run(ctx, engine.Request{})
	if limit > 0 && ctx.Err() != nil {
		w.t.Errorf("the run took longer than %v", limit)
	}
	return out.Report
}

// hear lets an event say that instances were released.
func (w *slowWorld) hear(limit time.Duration, ids ...string) engine.EventAnswer {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), limit)
	defer cancel()
	e := w.engine()
	v := engine.Events{Engine: e, Clouds: w, Bastion: w.client, Sleep: sleepSeconds}
	if w.store != nil {
		v.Engine.Intents = &engine.Intents{Store: w.store, Slice: "events"}
		v.Engine.Outbox = w.outbox
		if w.outbox == nil {
			v.Engine.Window = w.store.Window("events", 30*time.Second)
		}
		v.Begin = func(ctx context.Context, scopes []inventory.Scope) {
			_ = w.store.Load(ctx, scopes).Begin(ctx, scopes...)
		}
	}
	var heard []cloud.Heard
	for _, id := range ids {
		heard = append(heard, cloud.Heard{ID: "event of " + id, What: "Deleted", Hint: cloud.Hint{
			Cloud: inventory.Alibaba, AccountID: slowOwner, Region: "cn-a", Instances: []string{id}, Gone: true,
		}})
	}
	return v.Run(ctx, heard)
}

// killed makes a run whose process is killed right after its first write of hosts was sent: nothing of it reaches
// anybody any more. The next run is that of a new process.
func (w *slowWorld) killed(run func()) {
	w.t.Helper()
	w.line.set(true, false)
	run()
	if !w.line.isDead() {
		w.t.Error("the process was not killed")
	}
	w.line.set(false, false)
	w.client = nil
	w.robot.cards = nil
}

// mortal is a store that a dead process does not reach.
type mortal struct {
	storage.Bucket
	line *slowLine
}

// Put implements storage.Bucket.
func (m mortal) Put(ctx context.Context, key string, data []byte, c storage.Condition) (string, error) {
	if m.line.isDead() {
		return "", errDead
	}
	return m.Bucket.Put(ctx, key, data, c)
}

// Delete implements storage.Bucket.
func (m mortal) Delete(ctx context.Context, key string) error {
	if m.line.isDead() {
		return errDead
	}
	return m.Bucket.Delete(ctx, key)
}

func (w *slowWorld) ok(r report.Report) {
	w.t.Helper()
	if r.Outcome != report.OK {
		w.t.Fatalf("%s: %+v\n%s", r.Outcome, r.Errors, tail(w.log.String(), 8))
	}
}

// told counts the cards since the last look, and adds up their deactivations and deletions.
func (w *slowWorld) told() (cards, deactivated, deleted int, text string) {
	for _, c := range w.robot.cards {
		text += c.Markdown
		deactivated += number(w.t, c.Markdown, "Deactivated")
		deleted += number(w.t, c.Markdown, "Deleted")
	}
	cards = len(w.robot.cards)
	w.robot.cards = nil
	return cards, deactivated, deleted, text
}

func number(t *testing.T, card, row string) (n int) {
	t.Helper()
	_, after, found := strings.Cut(card, "| "+row+" | ")
	if _, err := fmt.Sscan(after, &n); !found || err != nil {
		t.Fatalf("the card has no row %s: %s", row, card)
	}
	return n
}

func (w *slowWorld) host(n int) (jumpservertest.Host, bool) {
	for _, h := range w.server.Hosts(org) {
		if h.ID == slowAsset(n) {
			return h, true
		}
	}
	return jumpservertest.Host{}, false
}

// objects lists what is left in the store of what was to be removed.
func (w *slowWorld) objects() []string {
	keys, err := w.bucket.List(w.t.Context(), "intents/")
	if err != nil {
		w.t.Fatal(err)
	}
	return keys
}

// The world is its own cloud, which says the truth at once.

func (w *slowWorld) List(context.Context, cloud.Narrow) []inventory.Listing {
	l := inventory.Listing{Scope: slowScope, Owner: slowOwner}
	for _, id := range slices.Sorted(func(yield func(string) bool) {
		for id := range w.sky {
			if !yield(id) {
				return
			}
		}
	}) {
		l.Instances = append(l.Instances, w.sky[id])
	}
	return []inventory.Listing{l}
}

func (w *slowWorld) Scopes(context.Context, cloud.Narrow) ([]inventory.Scope, bool) {
	return []inventory.Scope{slowScope}, true
}

func (w *slowWorld) Glance(_ context.Context, _ inventory.Scope, ids []string) ([]inventory.Instance, error) {
	var found []inventory.Instance
	for _, id := range ids {
		if i, there := w.sky[id]; there {
			found = append(found, i)
		}
	}
	return found, nil
}

func (w *slowWorld) Lookup(ctx context.Context, at inventory.Scope, ids []string) (inventory.Found, error) {
	found, err := w.Glance(ctx, at, ids)
	return inventory.Found{Instances: found}, err
}

func (w *slowWorld) Resolve(context.Context, cloud.Hint) ([]inventory.Scope, error) {
	return []inventory.Scope{slowScope}, nil
}
func (w *slowWorld) Confirm(context.Context, inventory.Scope, string) error { return nil }
func (w *slowWorld) Unknown(cloud.Narrow) []string                          { return nil }

// slowLine is the way to JumpServer, in memory: a request goes on there although its client has gone.
type slowLine struct {
	handler http.Handler
	working sync.WaitGroup

	mu   sync.Mutex
	rows map[string][]int           // of each write, by method
	took map[string][]time.Duration // that were answered
	kill bool                       // the process dies when the next write of hosts has been sent
	dead bool
}

var errDead = errors.New("the process is no more")

func (l *slowLine) isDead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

func (l *slowLine) set(kill, dead bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.kill, l.dead = kill, dead
}

func (l *slowLine) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows, l.took = map[string][]int{}, map[string][]time.Duration{}
}

// RoundTrip implements http.RoundTripper.
func (l *slowLine) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	write := r.Method != http.MethodGet && r.Method != http.MethodOptions && strings.Contains(r.URL.Path, "/assets/hosts/")
	l.mu.Lock()
	if l.dead {
		l.mu.Unlock()
		return nil, errDead
	}
	dies := l.kill && write
	if dies {
		l.dead = true
	}
	l.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if write {
		l.note(r.Method, rowsOf(body))
	}
	return l.serve(r, body, dies)
}

func rowsOf(body []byte) int {
	var rows []json.RawMessage
	if json.Unmarshal(body, &rows) != nil {
		return 1
	}
	return len(rows)
}

func (l *slowLine) note(method string, rows int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows[method] = append(l.rows[method], rows)
}

// serve lets the handler work, and waits for it as long as the client does.
func (l *slowLine) serve(r *http.Request, body []byte, dies bool) (*http.Response, error) {
	served := r.Clone(r.Context())
	served.Body, served.Host = io.NopCloser(bytes.NewReader(body)), r.URL.Host
	answer := httptest.NewRecorder()
	done, cut := make(chan struct{}), false
	begun := time.Now()
	l.working.Go(func() {
		defer close(done)
		defer func() { cut = recover() != nil }() // http.ErrAbortHandler: the connection is closed
		l.handler.ServeHTTP(answer, served)
	})
	if dies {
		return nil, errDead
	}
	select {
	case <-done:
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
	if cut {
		return nil, io.ErrUnexpectedEOF
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.took == nil {
		l.took = map[string][]time.Duration{}
	}
	l.took[r.Method] = append(l.took[r.Method], time.Since(begun))
	return answer.Result(), nil
}
