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
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// slowWorld is a JumpServer whose writes take their time, one account with instances, a store and a robot, all in
// memory: a minute of waiting costs nothing in a bubble of synctest.
type slowWorld struct {
	t         *testing.T
	server    *jumpservertest.Server
	bucket    storage.Bucket
	store     *state.Store // nil = none is named
	robot     *fakeNotifier
	transport *slowTransport
	instances map[string]inventory.Instance
	client    *jumpserver.Client
	request   time.Duration // time-out of one try, as configured
	reserve   time.Duration
	notifyOn  delivery.NotifyOn
	outbox    *delivery.Outbox // of events, in place of the shared window
	grace     time.Duration
	log       bytes.Buffer
}

var slowScope = inventory.Scope{Cloud: inventory.Alibaba, Account: "one", Region: "cn-a"}

const slowOwner = "1111"

func newSlowWorld(t *testing.T, instances int) *slowWorld {
	t.Helper()
	w := &slowWorld{t: t, robot: &fakeNotifier{}, instances: map[string]inventory.Instance{}, request: 10 * time.Second, notifyOn: delivery.NotifyAlways, grace: 168 * time.Hour}
	w.server = jumpservertest.New(jumpservertest.Options{Version: jumpservertest.V41019, TB: t})
	w.transport = &slowTransport{handler: w.server, rows: map[string][]int{}}
	w.bucket = killableBucket{storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true}), w.transport}
	w.newStore()
	for n := range instances {
		w.instances[slowID(n)] = inventory.Instance{
			Scope: slowScope, Owner: slowOwner, ID: slowID(n), Name: fmt.Sprintf("web-%03d", n), OSType: "linux", PrivateIPs: []string{fmt.Sprintf("10.0.%d.%d", n/250, n%250)},
		}
	}
	w.expectOK(w.run())
	w.transport.reset()
	w.robot.cards = nil
	w.waitForServer(time.Hour)
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

// waitForServer lets time pass between two runs, and ends what still goes on in JumpServer.
func (w *slowWorld) waitForServer(d time.Duration) {
	time.Sleep(d)
	w.transport.working.Wait()
	w.server.WaitForBackground()
}

// release ends instances.
func (w *slowWorld) release(from, to int) {
	for n := from; n < to; n++ {
		delete(w.instances, slowID(n))
	}
}

func (w *slowWorld) newEngine() engine.Engine {
	w.t.Helper()
	log := slog.New(slog.NewTextHandler(&w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if w.client == nil {
		var err error
		w.client, err = jumpserver.New(jumpserver.Options{
			URL: "http://jumpserver", KeyID: secret.New(jumpservertest.KeyID), Secret: secret.New(jumpservertest.KeySecret),
			RequestTimeout: w.request, Log: log, Transport: w.transport,
		})
		if err != nil {
			w.t.Fatal(err)
		}
	}
	e := engine.Engine{
		Clouds: w, Bastion: w.client, Log: log, Now: time.Now, Reserve: w.reserve,
		Rules: plan.Rules{
			Accounts: map[string]plan.Account{"one": {Type: "阿里云", Enabled: true, Cloud: inventory.Alibaba}}, Mode: plan.ModeDelete, Grace: w.grace, Lang: plan.English,
		},
		Limits:       plan.Limits{Percent: 100, Min: 1000, PerRun: 1000, AllowEmpty: true},
		ApplyOptions: apply.Options{Writers: 4, Now: time.Now, Log: log},
	}
	e.Cards = delivery.Cards{Options: report.Options{Lang: plan.English, Location: time.UTC}, Notifiers: []notify.Notifier{w.robot}, NotifyOn: w.notifyOn, Now: time.Now, Log: log}
	if w.store != nil {
		e.Incremental = &engine.Incremental{Store: w.store, FullInterval: 24 * time.Hour, SyncChanges: reconcile.SyncChanges}
		e.RemovalTracking = &engine.RemovalTracking{Store: w.store, ShardKey: "run", Exclusive: true}
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
	out := w.newEngine().Run(ctx, engine.Request{})
	if limit > 0 && ctx.Err() != nil {
		w.t.Errorf("the run took longer than %v", limit)
	}
	return out.Report
}

// handleEvents lets an event say that instances were released.
func (w *slowWorld) handleEvents(limit time.Duration, ids ...string) reconcile.EventReport {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), limit)
	defer cancel()
	e := w.newEngine()
	v := reconcile.EventHandler{Engine: e, Clouds: w, Bastion: w.client, Sleep: sleepSeconds}
	if w.store != nil {
		v.Engine.RemovalTracking = &engine.RemovalTracking{Store: w.store, ShardKey: "events"}
		v.Engine.Cards.Outbox = w.outbox
		if w.outbox == nil {
			v.Engine.Cards.Queue = w.store.ReportQueue("events", 30*time.Second)
		}
		v.BeforeWrite = func(ctx context.Context, scopes []inventory.Scope) {
			_ = w.store.LoadSnapshot(ctx, scopes).MarkDirty(ctx, scopes...)
		}
	}
	var heard []cloud.ParsedEvent
	for _, id := range ids {
		heard = append(heard, cloud.ParsedEvent{ID: "event of " + id, Description: "Deleted", Target: cloud.EventTarget{
			Cloud: inventory.Alibaba, AccountID: slowOwner, Region: "cn-a", InstanceIDs: []string{id}, IsReleased: true,
		}})
	}
	return v.Run(ctx, heard)
}

// runKilled makes a run whose process is killed right after its first write of hosts was sent: nothing of it reaches
// anybody any more. The next run is that of a new process.
func (w *slowWorld) runKilled(run func()) {
	w.t.Helper()
	w.transport.set(true, false)
	run()
	if !w.transport.isDead() {
		w.t.Error("the process was not killed")
	}
	w.transport.set(false, false)
	w.client = nil
	w.robot.cards = nil
}

// killableBucket is a store that a dead process does not reach.
type killableBucket struct {
	storage.Bucket
	transport *slowTransport
}

// Put implements storage.Bucket.
func (m killableBucket) Put(ctx context.Context, key string, data []byte, c storage.Condition) (string, error) {
	if m.transport.isDead() {
		return "", errDead
	}
	return m.Bucket.Put(ctx, key, data, c)
}

// Delete implements storage.Bucket.
func (m killableBucket) Delete(ctx context.Context, key string) error {
	if m.transport.isDead() {
		return errDead
	}
	return m.Bucket.Delete(ctx, key)
}

func (w *slowWorld) expectOK(r report.Report) {
	w.t.Helper()
	if r.Outcome != report.OK {
		w.t.Fatalf("%s: %+v\n%s", r.Outcome, r.Errors, lastLines(w.log.String(), 8))
	}
}

// notified counts the cards since the last look, and adds up their deactivations and deletions.
func (w *slowWorld) notified() (cards, deactivated, deleted int, text string) {
	for _, c := range w.robot.cards {
		text += c.Markdown
		deactivated += cardNumber(w.t, c.Markdown, "Deactivated")
		deleted += cardNumber(w.t, c.Markdown, "Deleted")
	}
	cards = len(w.robot.cards)
	w.robot.cards = nil
	return cards, deactivated, deleted, text
}

func cardNumber(t *testing.T, card, row string) (n int) {
	t.Helper()
	_, after, found := strings.Cut(card, "| "+row+" | ")
	if _, err := fmt.Sscan(after, &n); !found || err != nil {
		t.Fatalf("the card has no row %s: %s", row, card)
	}
	return n
}

func (w *slowWorld) hostOf(n int) (jumpservertest.Host, bool) {
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

func (w *slowWorld) List(context.Context, cloud.Filter) []inventory.Listing {
	l := inventory.Listing{Scope: slowScope, Owner: slowOwner}
	for _, id := range slices.Sorted(func(yield func(string) bool) {
		for id := range w.instances {
			if !yield(id) {
				return
			}
		}
	}) {
		l.Instances = append(l.Instances, w.instances[id])
	}
	return []inventory.Listing{l}
}

func (w *slowWorld) ListScopes(context.Context, cloud.Filter) ([]inventory.Scope, bool) {
	return []inventory.Scope{slowScope}, true
}

func (w *slowWorld) Find(_ context.Context, _ inventory.Scope, ids []string) ([]inventory.Instance, error) {
	var found []inventory.Instance
	for _, id := range ids {
		if i, there := w.instances[id]; there {
			found = append(found, i)
		}
	}
	return found, nil
}

func (w *slowWorld) FindVerified(ctx context.Context, at inventory.Scope, ids []string) (inventory.FindResult, error) {
	found, err := w.Find(ctx, at, ids)
	return inventory.FindResult{Instances: found}, err
}

func (w *slowWorld) ResolveScopes(context.Context, cloud.EventTarget) ([]inventory.Scope, error) {
	return []inventory.Scope{slowScope}, nil
}
func (w *slowWorld) VerifyOwner(context.Context, inventory.Scope, string) error { return nil }
func (w *slowWorld) UnknownAccounts(cloud.Filter) []string                      { return nil }

// slowTransport is the way to JumpServer, in memory: a request goes on there although its client has gone.
type slowTransport struct {
	handler http.Handler
	working sync.WaitGroup

	mu             sync.Mutex
	rows           map[string][]int           // of each write, by method
	durations      map[string][]time.Duration // that were answered
	killAfterWrite bool                       // the process dies when the next write of hosts has been sent
	dead           bool
}

var errDead = errors.New("the process is no more")

func (l *slowTransport) isDead() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.dead
}

func (l *slowTransport) set(kill, dead bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.killAfterWrite, l.dead = kill, dead
}

func (l *slowTransport) reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows, l.durations = map[string][]int{}, map[string][]time.Duration{}
}

// RoundTrip implements http.RoundTripper.
func (l *slowTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Context().Err() != nil {
		return nil, r.Context().Err()
	}
	write := r.Method != http.MethodGet && r.Method != http.MethodOptions && strings.Contains(r.URL.Path, "/assets/hosts/")
	l.mu.Lock()
	if l.dead {
		l.mu.Unlock()
		return nil, errDead
	}
	dies := l.killAfterWrite && write
	if dies {
		l.dead = true
	}
	l.mu.Unlock()
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	if write {
		l.recordWrite(r.Method, countRows(body))
	}
	return l.serve(r, body, dies)
}

func countRows(body []byte) int {
	var rows []json.RawMessage
	if json.Unmarshal(body, &rows) != nil {
		return 1
	}
	return len(rows)
}

func (l *slowTransport) recordWrite(method string, rows int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rows[method] = append(l.rows[method], rows)
}

// serve lets the handler work, and waits for it as long as the client does.
func (l *slowTransport) serve(r *http.Request, body []byte, dies bool) (*http.Response, error) {
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
	if l.durations == nil {
		l.durations = map[string][]time.Duration{}
	}
	l.durations[r.Method] = append(l.durations[r.Method], time.Since(begun))
	return answer.Result(), nil
}
