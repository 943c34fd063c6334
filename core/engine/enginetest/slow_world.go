package enginetest

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// SlowWorld is a JumpServer whose writes take their time, one account with instances, a store and a robot, all in
// memory: a minute of waiting costs nothing in a bubble of synctest.
type SlowWorld struct {
	T         *testing.T
	Server    *jumpservertest.Server
	bucket    storage.Bucket
	Store     *state.Store // nil = none is named
	Robot     *FakeNotifier
	Transport *slowTransport
	Instances map[string]inventory.Instance
	Client    *jumpserver.Client
	Request   time.Duration // time-out of one try, as configured
	Reserve   time.Duration
	NotifyOn  delivery.NotifyOn
	Outbox    *delivery.Outbox // of events, in place of the shared window
	Grace     time.Duration
	Mapping   *mapping.Set
	Log       bytes.Buffer
}

// SlowScope is the only scope of a SlowWorld.
func SlowScope() inventory.Scope {
	return inventory.Scope{Cloud: inventory.Alibaba, Account: "one", Region: "cn-a"}
}

const SlowOwner = "1111"

// NewSlowWorld makes a world in which these instances were synced by a full run.
func NewSlowWorld(t *testing.T, instances int) *SlowWorld {
	t.Helper()
	w := &SlowWorld{T: t, Robot: &FakeNotifier{}, Instances: map[string]inventory.Instance{}, Request: 10 * time.Second, NotifyOn: delivery.NotifyAlways, Grace: 168 * time.Hour}
	w.Server = jumpservertest.New(jumpservertest.Options{Version: jumpservertest.V41019, TB: t})
	w.Transport = &slowTransport{handler: w.Server, Rows: map[string][]int{}}
	w.bucket = killableBucket{storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true}), w.Transport}
	w.newStore()
	for n := range instances {
		w.Instances[SlowID(n)] = inventory.Instance{
			Scope: SlowScope(), Owner: SlowOwner, ID: SlowID(n), Name: fmt.Sprintf("web-%03d", n), OSType: "linux", PrivateIPs: []string{fmt.Sprintf("10.0.%d.%d", n/250, n%250)},
		}
	}
	w.ExpectOK(w.Run())
	w.Transport.Reset()
	w.Robot.Cards = nil
	w.WaitForServer(time.Hour)
	return w
}

// SlowID returns the id of the nth instance.
func SlowID(n int) string { return fmt.Sprintf("i-%04d", n) }

// SlowAsset returns the asset id of the nth instance.
func SlowAsset(n int) string { return inventory.AssetID(inventory.Alibaba, "cn-a", SlowID(n)) }

func (w *SlowWorld) newStore() {
	w.T.Helper()
	var err error
	w.Store, err = state.New(w.bucket, "", state.Options{})
	if err != nil {
		w.T.Fatal(err)
	}
}

// WaitForServer lets time pass between two runs, and ends what still goes on in JumpServer.
func (w *SlowWorld) WaitForServer(d time.Duration) {
	time.Sleep(d)
	w.Transport.working.Wait()
	w.Server.WaitForBackground()
}

// Release ends instances.
func (w *SlowWorld) Release(from, to int) {
	for n := from; n < to; n++ {
		delete(w.Instances, SlowID(n))
	}
}

// NewEngine returns an engine of the process that runs now.
func (w *SlowWorld) NewEngine() engine.Engine {
	w.T.Helper()
	log := slog.New(slog.NewTextHandler(&w.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if w.Client == nil {
		var err error
		w.Client, err = jumpserver.New(jumpserver.Options{
			URL: "http://jumpserver", KeyID: secret.New(jumpservertest.KeyID), Secret: secret.New(jumpservertest.KeySecret),
			RequestTimeout: w.Request, Log: log, Transport: w.Transport,
		})
		if err != nil {
			w.T.Fatal(err)
		}
	}
	e := StoryEngine{
		Clouds: w, Bastion: w.Client, Log: log, Now: time.Now, Reserve: w.Reserve, Writers: 4,
		Rules: plan.Rules{
			Accounts: map[string]plan.Account{"one": {Type: "阿里云", Enabled: true, Cloud: inventory.Alibaba}}, Mode: plan.ModeDelete, Grace: w.Grace, Lang: language.English,
			Mapping: w.Mapping,
		},
		Limits:    plan.Limits{Percent: 100, Min: 1000, Fleet: plan.Share{Percent: 100}, PerRun: 1000, AllowEmpty: true},
		Notifiers: []notify.Notifier{w.Robot}, NotifyOn: w.NotifyOn,
	}.Engine()
	if w.Store != nil {
		e.Incremental = IncrementalEvery(w.Store, "", 24*time.Hour)
		e.RemovalTracking = &engine.RemovalTracking{Store: w.Store, ShardKey: "run", Exclusive: true}
	}
	return e
}

// Run makes a run with no limit of time.
func (w *SlowWorld) Run() report.Report { return w.RunFor(0) }

// RunFor makes a run with this time; 0 = no limit.
func (w *SlowWorld) RunFor(limit time.Duration) report.Report {
	w.T.Helper()
	ctx, cancel := context.WithCancel(w.T.Context())
	if limit > 0 {
		ctx, cancel = context.WithTimeout(w.T.Context(), limit)
	}
	defer cancel()
	out := w.NewEngine().Run(ctx, engine.Request{})
	if limit > 0 && ctx.Err() != nil {
		w.T.Errorf("the run took longer than %v", limit)
	}
	return out.Report
}

// HandleEvents lets an event say that instances were released.
func (w *SlowWorld) HandleEvents(limit time.Duration, ids ...string) reconcile.EventReport {
	w.T.Helper()
	ctx, cancel := context.WithTimeout(w.T.Context(), limit)
	defer cancel()
	e := w.NewEngine()
	v := reconcile.EventHandler{Engine: e, Clouds: w, Bastion: w.Client, Sleep: SleepSeconds}
	if w.Store != nil {
		v.Engine.RemovalTracking = &engine.RemovalTracking{Store: w.Store, ShardKey: "events"}
		v.Engine.Cards.Outbox = w.Outbox
		if w.Outbox == nil {
			v.Engine.Cards.Queue = w.Store.ReportQueue("events", 30*time.Second)
		}
		v.BeforeWrite = func(ctx context.Context, scopes []inventory.Scope) {
			_ = w.Store.LoadSnapshot(ctx, scopes).MarkDirty(ctx, scopes...)
		}
	}
	var events []cloud.ParsedEvent
	for _, id := range ids {
		events = append(events, cloud.ParsedEvent{ID: "event of " + id, Description: "Deleted", Target: cloud.EventTarget{
			Cloud: inventory.Alibaba, AccountID: SlowOwner, Region: "cn-a", InstanceIDs: []string{id}, IsReleased: true,
		}})
	}
	return v.Run(ctx, events)
}

// RunKilled makes a run whose process is killed right after its first write of hosts was sent: nothing of it reaches
// anybody any more. The next run is that of a new process.
func (w *SlowWorld) RunKilled(run func()) {
	w.T.Helper()
	w.Transport.set(true, false)
	run()
	if !w.Transport.isDead() {
		w.T.Error("the process was not killed")
	}
	w.Transport.set(false, false)
	w.Client = nil
	w.Robot.Cards = nil
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

// ExpectOK ends the test unless a run did all its work.
func (w *SlowWorld) ExpectOK(r report.Report) {
	w.T.Helper()
	if r.Outcome != report.OK {
		w.T.Fatalf("%s: %+v\n%s", r.Outcome, r.Errors, LastLines(w.Log.String(), 8))
	}
}

// Notified counts the cards since the last look, and adds up their deactivations and deletions.
func (w *SlowWorld) Notified() (cards, deactivated, deleted int, text string) {
	for _, c := range w.Robot.Cards {
		text += c.Markdown
		deactivated += cardNumber(w.T, c.Markdown, "Deactivated")
		deleted += cardNumber(w.T, c.Markdown, "Deleted")
	}
	cards = len(w.Robot.Cards)
	w.Robot.Cards = nil
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

// HostOf returns the host of the nth instance.
func (w *SlowWorld) HostOf(n int) (jumpservertest.Host, bool) {
	for _, h := range w.Server.Hosts(jumpservertest.DefaultOrg) {
		if h.ID == SlowAsset(n) {
			return h, true
		}
	}
	return jumpservertest.Host{}, false
}

// Objects lists what is left in the store of what was to be removed.
func (w *SlowWorld) Objects() []string {
	keys, err := w.bucket.List(w.T.Context(), "intents/")
	if err != nil {
		w.T.Fatal(err)
	}
	return keys
}

// The world is its own cloud, which says the truth at once.

// List implements engine.Clouds.
func (w *SlowWorld) List(context.Context, cloud.Filter) []inventory.Listing {
	l := inventory.Listing{Scope: SlowScope(), Owner: SlowOwner}
	for _, id := range slices.Sorted(func(yield func(string) bool) {
		for id := range w.Instances {
			if !yield(id) {
				return
			}
		}
	}) {
		l.Instances = append(l.Instances, w.Instances[id])
	}
	return []inventory.Listing{l}
}

// ListScopes implements engine.Clouds.
func (w *SlowWorld) ListScopes(context.Context, cloud.Filter) ([]inventory.Scope, bool) {
	return []inventory.Scope{SlowScope()}, true
}

// Find implements engine.EventClouds.
func (w *SlowWorld) Find(_ context.Context, _ inventory.Scope, ids []string) ([]inventory.Instance, error) {
	var found []inventory.Instance
	for _, id := range ids {
		if i, there := w.Instances[id]; there {
			found = append(found, i)
		}
	}
	return found, nil
}

// FindVerified implements engine.EventClouds.
func (w *SlowWorld) FindVerified(ctx context.Context, at inventory.Scope, ids []string) (inventory.FindResult, error) {
	found, err := w.Find(ctx, at, ids)
	return inventory.FindResult{Instances: found}, err
}

// ResolveScopes implements engine.EventClouds.
func (w *SlowWorld) ResolveScopes(context.Context, cloud.EventTarget) ([]inventory.Scope, error) {
	return []inventory.Scope{SlowScope()}, nil
}

// VerifyOwner implements engine.Clouds.
func (w *SlowWorld) VerifyOwner(context.Context, inventory.Scope, string) error { return nil }

// UnknownAccounts implements engine.Clouds.
func (w *SlowWorld) UnknownAccounts(cloud.Filter) []string { return nil }

// SetRowCost makes list PATCHes and deletions of hosts take so long for each row.
func (w *SlowWorld) SetRowCost(d time.Duration) {
	w.Server.SetWriteTimes(jumpservertest.WriteTimes{Update: d, Delete: d})
}

// CountClosed checks that the hosts from … to are deactivated, and returns how many are.
func (w *SlowWorld) CountClosed(from, to int) (n int) {
	for at := from; at < to; at++ {
		if h, there := w.HostOf(at); !there || !h.Active && HasGoneLabel(h) {
			n++
		}
	}
	return n
}

// ExpectQuietRun makes a run that writes nothing and tells of nothing.
func (w *SlowWorld) ExpectQuietRun() {
	w.T.Helper()
	w.Transport.Reset()
	w.Server.ResetCounts()
	r := w.Run()
	if _, off, deleted, _ := w.Notified(); w.Server.Writes() > 0 || off+deleted > 0 || r.Outcome != report.OK {
		w.T.Errorf("one more run: %d writes, %d and %d told, %s %+v", w.Server.Writes(), off, deleted, r.Outcome, r.Errors)
	}
	if left := w.Objects(); len(left) > 0 {
		w.T.Errorf("left in the store: %v", left)
	}
}

// HasGoneLabel reports whether a host is marked as gone.
func HasGoneLabel(h jumpservertest.Host) bool {
	return slices.ContainsFunc(h.Labels, func(l string) bool { return strings.HasPrefix(l, inventory.LabelGone+":") })
}
