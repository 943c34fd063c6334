package chaos

import (
	"context"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/state"
)

// site is one installation of the program: a configuration, and an organisation of a JumpServer.
type site struct {
	world    *world
	name     string // of its JumpServer, in the store
	org      string
	server   *jumpservertest.Server
	watch    *enginetest.HostWatch
	accounts []*account
	store    *state.Store // nil = runs remember nothing
	client   *jumpserver.Client
	owners   *cloud.OwnerCache // of a warm process

	removed  []enginetest.Removal // in the run under way
	approved map[string]bool      // assets whose removal a person has approved
	open     map[string]int       // of assets whose instance is gone, in how many compared runs they were open
}

// otherOrg is the second organisation of a JumpServer.
const otherOrg = "11111111-2222-4333-8444-000000000002"

// makeSites makes the installations: most worlds have one.
func (w *world) makeSites() {
	first := w.newSite("jumpserver", w.newJumpServer(), org, w.accounts)
	rest, k := w.withoutOwner(), w.rand.IntN(12)
	switch {
	case k == 0: // two JumpServers, of which the store keeps the state apart
		w.newSite("jumpserver-two", w.newJumpServer(), org, w.accounts)
	case k == 1 && len(rest) > 0: // two organisations of one
		first.server.SetEnterprise(true)
		first.server.AddOrg(otherOrg, "second")
		first.accounts = w.accounts[:1]
		w.newSite("jumpserver", first.server, otherOrg, rest)
	case k == 2 && len(rest) > 0: // two configurations for one organisation
		first.accounts = w.accounts[:1]
		second := w.newSite("jumpserver", first.server, org, rest)
		second.watch = first.watch
	}
}

// withoutOwner returns the accounts that are none of the first one's cloud account: one asset cannot be in two places.
func (w *world) withoutOwner() (rest []*account) {
	for _, a := range w.accounts[1:] {
		if a.own != w.accounts[0].own {
			rest = append(rest, a)
		}
	}
	return rest
}

func (w *world) newJumpServer() *jumpservertest.Server {
	return jumpservertest.New(jumpservertest.Options{
		Version: w.version, KeyID: jumpKey, KeySecret: jumpSecret, PageCap: w.pageCap, TB: w,
		Database: w.database, Deadlocks: w.rand.IntN(3),
	})
}

func (w *world) newSite(name string, server *jumpservertest.Server, organisation string, accounts []*account) *site {
	s := &site{world: w, name: name, org: organisation, server: server, accounts: accounts, owners: cloud.NewOwnerCache(), open: map[string]int{}, approved: map[string]bool{}}
	s.watch = enginetest.NewHostWatch(w.Diary, server)
	s.watch.Org = organisation
	s.watch.Machines = w.watched
	if w.root != nil && w.rand.IntN(4) > 0 {
		s.store = w.root.ForInstallation(name, organisation)
	}
	w.sites = append(w.sites, s)
	return s
}

// forgetClients makes the next run that of a new process.
func (w *world) forgetClients() {
	for _, s := range w.sites {
		s.client, s.owners = nil, cloud.NewOwnerCache()
	}
}

func (s *site) openClient() *jumpserver.Client {
	w := s.world
	if s.client != nil {
		return s.client
	}
	c, err := jumpserver.New(jumpserver.Options{
		URL: "http://" + s.name, KeyID: secret.New(jumpKey), Secret: secret.New(jumpSecret), OrgID: s.org, BatchSize: 3, Needs: w.rules.Needs(), Log: w.Logger(), Now: w.now,
		Transport: w.transport(s.name+s.org, s.server, func(*http.Request) string { return jumpServer }),
	})
	if err != nil {
		w.Errorf("client: %v", err)
	}
	s.client = c
	return c
}

// newEngine assembles what core/session does.
func (s *site) newEngine() engine.Engine {
	w := s.world
	rules := w.rules
	rules.Accounts = s.planAccounts()
	e := enginetest.StoryEngine{
		Clouds: s.newFleet(), Bastion: s.openClient(), Rules: rules, Limits: w.limits, Writers: w.writers, Now: w.now, Log: w.Logger(),
		Notifiers: []notify.Notifier{w.newNotifier()}, NotifyOn: delivery.NotifyAlways, AssetURL: "http://jumpserver/ui/", Reserve: 30 * time.Second,
	}.Engine()
	e.SkewClock = w.now
	if s.store != nil {
		e.Memory = engine.Memory{Held: s.store.HeldStore(), Nodes: s.store.NodeIDs(), Owners: s.store, Pauses: s.store, Announced: s.store}
	}
	return e
}

func (s *site) newFullEngine() engine.Engine {
	e := s.newEngine()
	if s.store != nil {
		e.Incremental = enginetest.Incremental(s.store, s.world.salt(e.Rules))
		e.RemovalTracking = &engine.RemovalTracking{Store: s.store, ShardKey: "run", Exclusive: true}
	}
	return e
}

func (s *site) newEventHandler() reconcile.EventHandler {
	e := s.newEngine()
	h := reconcile.EventHandler{
		Engine: e, Clouds: s.newFleet().WithOwnerCache(s.owners), Bastion: s.openClient(), Sleep: enginetest.SleepSeconds, Redelivers: s.world.seed%2 == 0,
	}
	if s.store != nil {
		h.Engine.RemovalTracking = &engine.RemovalTracking{Store: s.store, ShardKey: "events"}
		h.BeforeWrite = func(ctx context.Context, scopes []inventory.Scope) {
			_ = s.store.LoadSnapshot(ctx, scopes).MarkDirty(ctx, scopes...)
		}
	}
	return h
}

// savePause lets a person pause removals, or all writes, for some hours; 0 = the pause ends.
func (s *site) savePause(removals bool, d time.Duration) error {
	s.world.quiet(true)
	defer s.world.quiet(false)
	if d == 0 {
		return s.store.Resume(context.Background())
	}
	return s.store.SavePause(context.Background(), state.Pause{Removals: removals, Since: time.Now(), Until: time.Now().Add(d), By: "a person", Reason: "campaign"})
}

// approveHeld lets a person approve all removals that are held.
func (s *site) approveHeld() {
	s.world.quiet(true)
	defer s.world.quiet(false)
	held := s.store.HeldStore()
	sets, err := held.List(context.Background(), time.Now())
	for _, set := range sets {
		for _, r := range set.Removals {
			s.approved[r.Asset] = true
		}
		_, refused := held.Approve(context.Background(), set, time.Now())
		s.world.Note("a person approves %d held removals: %v", len(set.Removals), refused)
		s.world.counters.approvals.Add(1)
	}
	if err != nil {
		s.world.Note("what is held cannot be read: %v", err)
	}
}
