package reconcile_test

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

const org = jumpservertest.DefaultOrg

// simulation is one interleaving: a small world, and what happens in it at once. Everything random
// comes from its seed, and time is that of the bubble in which it plays.
type simulation struct {
	t               *testing.T
	rand            *rand.Rand
	clouds          *modelClouds
	scheduler       *turnScheduler
	server          *jumpservertest.Server
	version         jumpservertest.Version
	rules           plan.Rules
	lossy           bool // requests to JumpServer, or their answers, may get lost
	healed          bool // no more of that
	remainingLosses int  // how many more may get lost; negative = any number

	store         *state.Store // of timer runs; nil = they remember nothing
	timer, events *jumpserver.Client
	identities    *cloud.OwnerCache

	undelivered  []cloud.ParsedEvent // events that were not delivered yet, and old ones
	machineCount int                 // machines so far
	running      sync.WaitGroup
	active       int // runs under way, under mu
	runNumber    int // of the last run
	seen         *counters

	*enginetest.Diary
	watch *enginetest.HostWatch

	mu sync.Mutex
}

func newSimulation(t *testing.T, seed uint64, seen *counters) *simulation {
	t.Helper()
	s := &simulation{t: t, rand: rand.New(rand.NewPCG(seed, 0)), scheduler: &turnScheduler{}, seen: seen, identities: cloud.NewOwnerCache(), Diary: &enginetest.Diary{}}
	s.version = jumpservertest.Versions()[s.rand.IntN(3)]
	s.server = jumpservertest.New(jumpservertest.Options{Version: s.version, TB: t})
	s.watch = enginetest.NewHostWatch(s.Diary, s.server)
	s.lossy = s.rand.IntN(4) == 0
	s.rules = plan.Rules{
		Accounts: map[string]plan.Account{"one": {Type: "阿里云"}, "two": {Type: "阿里云"}, "part": {Type: "阿里云"}}, Lang: language.English,
	}
	enginetest.PickRemoval(s.rand, &s.rules)
	s.clouds = &modelClouds{scheduler: s.scheduler, regions: []*modelRegion{
		{Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "one", Region: "cn-a"}, owner: "1111"},
		{Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "one", Region: "cn-b"}, owner: "1111"},
		{Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "two", Region: "cn-a"}, owner: "2222"},
		// another key of the first owner, which sees other instances
		{Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "part", Region: "cn-a"}, owner: "1111"},
	}}
	began := time.Now()
	s.timer = s.newClient(began)
	s.events = s.timer // what clients know is dear to learn
	if s.rand.IntN(4) == 0 {
		s.events = s.newClient(began)
	}
	for range 3 + s.rand.IntN(4) {
		s.createInstance(0)
	}
	for _, at := range s.clouds.regions {
		at.blindChangedAt = time.Now().Add(-time.Hour)
	}
	s.watch.AddForeign(jumpservertest.Host{Name: "web", Address: "10.0.0.1", Active: true, Labels: []string{"team:shop"}})
	s.maybeOpenStore()
	if s.store == nil || s.rand.IntN(8) == 0 { // an instance that is skipped keeps its scope open for ever
		mentioned := s.clouds.machines[0].ID
		s.watch.AddForeign(jumpservertest.Host{Name: "old", Address: "10.0.0.2", Active: true, Comment: "instance_id: " + mentioned}, mentioned)
	}
	s.server.SeedOther(org, "db", "database")
	s.seedAdopted()
	return s
}

// seedAdopted lets some instances have assets that people made, and that were adopted before the story begins.
func (s *simulation) seedAdopted() {
	for n, m := range s.clouds.machines {
		if n == 0 || s.rand.IntN(3) > 0 {
			continue
		}
		id := uuid.NewString()
		owner := s.clouds.regions[slices.IndexFunc(s.clouds.regions, func(r *modelRegion) bool { return r.Scope == m.Scope })].owner
		m.watched.Adopted = id
		s.server.Seed(org, jumpservertest.Host{
			ID: id, Name: "hand-" + strings.TrimPrefix(m.ID, "i-"), Address: m.PrivateIPs[0], Active: true, Nodes: []string{"/DEFAULT/hand"},
			Comment: "rack 7\ninstance_id: " + m.ID,
			Labels: []string{
				"jms-cloud:" + string(m.Cloud), "jms-account:" + m.Account, "jms-owner:" + owner, "jms-region:" + m.Region,
				"jms-instance:" + m.ID, "jms-asset:" + id,
			},
		})
	}
}

// maybeOpenStore returns half of the stories a state store, of any kind.
func (s *simulation) maybeOpenStore() {
	if s.rand.IntN(2) == 0 {
		return
	}
	var err error
	s.store, err = state.New(storagetest.NewMemoryBucket(enginetest.PickCapabilities(s.rand)), "", state.Options{})
	if err != nil {
		s.t.Fatal(err)
	}
}

// newClient makes a client. Its clock stands still, so that what it knows never ages.
func (s *simulation) newClient(now time.Time) *jumpserver.Client {
	s.t.Helper()
	c, err := jumpserver.New(jumpserver.Options{
		URL: "http://jumpserver", KeyID: secret.New(jumpservertest.KeyID), Secret: secret.New(jumpservertest.KeySecret),
		BatchSize: 3, Sleep: enginetest.SleepSeconds, Now: func() time.Time { return now },
		Transport: &scheduledTransport{scheduler: s.scheduler, handler: s.server, serve: s.serve, loses: s.losesRequest, version: string(s.version), answers: &s.seen.answers},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

func (s *simulation) losesRequest(*http.Request) (before, after bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.lossy || s.healed {
		return false, false
	}
	n := s.rand.IntN(40) // one request at a time gets here
	if n > 1 || s.remainingLosses == 0 {
		return false, false
	}
	s.remainingLosses--
	return n == 0, n == 1
}

func (s *simulation) newEngine(client *jumpserver.Client) engine.Engine {
	var nodes *state.NodeIDs
	if s.store != nil {
		nodes = s.store.ForInstallation("jumpserver", org).NodeIDs()
	}
	return enginetest.StoryEngine{
		Clouds: s.newFleet(), Bastion: client, Rules: s.rules, Limits: plan.Limits{Percent: 50, Min: 2, Fleet: plan.Share{Percent: 50, Min: 4}, PerRun: 6}, Writers: 2, Nodes: nodes,
		NotifyOn: delivery.NotifyOnFailure, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}.Engine()
}

func (s *simulation) newFleet() cloud.Fleet {
	target := func(name, owner string, regions ...string) cloud.OpenedAccount {
		return cloud.OpenedAccount{
			Account: cloud.Account{Cloud: inventory.Alibaba, Name: name, AccessKeyID: secret.New(name), AccountID: owner, Regions: regions},
			Lister:  modelLister{clouds: s.clouds, name: name, owner: owner},
		}
	}
	return cloud.NewFleet([]cloud.OpenedAccount{target("one", "1111", "cn-a", "cn-b"), target("two", "2222", "cn-a"), target("part", "1111", "cn-a")})
}

// fullRun makes a timer run.
func (s *simulation) fullRun(ctx context.Context) engine.RunResult {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	e := s.newEngine(s.timer)
	if s.store != nil {
		e.Incremental = enginetest.IncrementalEvery(s.store, "", fullEvery)
	}
	stages := map[string]bool{}
	e.OnStage = func(name string) {
		stages[name] = true
	}
	out := e.Run(ctx, engine.Request{})
	switch {
	case s.store == nil || stages["plan"]:
	case stages["apply"]:
		s.seen.changedOnly.Add(1)
	case stages["clouds"] && out.Err == nil:
		s.seen.unchanged.Add(1)
	}
	return out
}

// fullEvery is when a run with state finds what people changed.
const fullEvery = time.Hour

// handleEvents runs on some events. Those that failed come again.
func (s *simulation) handleEvents(ctx context.Context, heard []cloud.ParsedEvent, limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, eventKey{}, true), limit)
	defer cancel()
	v := reconcile.EventHandler{
		Engine: s.newEngine(s.events), Clouds: s.newFleet().WithOwnerCache(s.identities), Bastion: s.events, Sleep: enginetest.SleepSeconds,
	}
	if s.store != nil {
		v.BeforeWrite = func(ctx context.Context, scopes []inventory.Scope) {
			_ = s.store.LoadSnapshot(ctx, scopes).MarkDirty(ctx, scopes...)
		}
	}
	answer := v.Run(ctx, heard)
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, e := range answer.Results {
		if e.Outcome == "" || e.Reason == "" {
			s.Errorf("event %s %v has the outcome %q: %q", e.Description, heard[n].Target, e.Outcome, e.Reason)
		}
		if e.Outcome == reconcile.EventFailed {
			s.undelivered = append(s.undelivered, heard[n])
		}
	}
	if answer.Deleted > 0 {
		s.Errorf("events deleted %d assets", answer.Deleted)
	}
}

// startRun lets something run beside the rest.
func (s *simulation) startRun(what string, run func(ctx context.Context)) {
	s.runNumber++
	s.Note("run %d: %s", s.runNumber, what)
	ctx := context.WithValue(s.t.Context(), runKey{}, s.runNumber)
	s.mu.Lock()
	s.active++
	s.mu.Unlock()
	s.running.Go(func() {
		run(ctx)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.active--
	})
}

func (s *simulation) activeRuns() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active
}
