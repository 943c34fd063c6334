package engine_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

const org = jumpservertest.DefaultOrg

// story is one interleaving: a small world, and what happens in it at once. Everything random
// comes from its seed, and time is that of the bubble in which it plays.
type story struct {
	t       *testing.T
	rand    *rand.Rand
	skies   *skies
	turns   *turns
	server  *jumpservertest.Server
	version jumpservertest.Version
	rules   plan.Rules
	lossy   bool // requests to JumpServer, or their answers, may get lost
	calm    bool // no more of that
	spare   int  // how many more may get lost; negative = any number

	store         *state.Store // of timer runs; nil = they remember nothing
	timer, events *jumpserver.Client
	identities    *cloud.Identities

	post    []cloud.Heard // events that were not delivered yet, and old ones
	made    int           // machines so far
	running sync.WaitGroup
	active  int // runs under way, under mu
	number  int // of the last run
	seen    *tally
	diary   []string

	mu      sync.Mutex
	last    []jumpservertest.Host // hosts before the request that is under way
	foreign []jumpservertest.Host
	// mentioned is an instance that another asset names in its comment; "" = none
	mentioned string
	adopted   map[string]string // ids of the assets that were adopted, by instance
	kept      map[string]bool   // assets that a person labelled jms-keep
	off       map[string]bool   // assets that a person switched off
	labels    map[string]bool   // assets with a person's label
}

func newStory(t *testing.T, seed uint64, seen *tally) *story {
	t.Helper()
	s := &story{t: t, rand: rand.New(rand.NewPCG(seed, 0)), turns: &turns{}, seen: seen, off: map[string]bool{}, kept: map[string]bool{}, adopted: map[string]string{}, labels: map[string]bool{}, identities: cloud.NewIdentities()}
	s.version = jumpservertest.Versions()[s.rand.IntN(3)]
	s.server = jumpservertest.New(jumpservertest.Options{Version: s.version, TB: t})
	s.lossy = s.rand.IntN(4) == 0
	s.rules = plan.Rules{
		Accounts: map[string]plan.Account{"one": {Type: "阿里云"}, "two": {Type: "阿里云"}, "part": {Type: "阿里云"}}, Lang: plan.English,
		Mode:  []plan.Mode{plan.ModeDelete, plan.ModeDelete, plan.ModeDeactivate}[s.rand.IntN(3)],
		Grace: []time.Duration{0, 10 * time.Minute, 168 * time.Hour}[s.rand.IntN(3)],
	}
	s.skies = &skies{turns: s.turns, regions: []*region{
		{Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "one", Region: "cn-a"}, owner: "1111"},
		{Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "one", Region: "cn-b"}, owner: "1111"},
		{Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "two", Region: "cn-a"}, owner: "2222"},
		// another key of the first owner, which sees other instances
		{Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "part", Region: "cn-a"}, owner: "1111"},
	}}
	began := time.Now()
	s.timer = s.client(began)
	s.events = s.timer // what clients know is dear to learn
	if s.rand.IntN(4) == 0 {
		s.events = s.client(began)
	}
	for range 3 + s.rand.IntN(4) {
		s.create(0)
	}
	for _, at := range s.skies.regions {
		at.turned = time.Now().Add(-time.Hour)
	}
	s.server.Seed(org, jumpservertest.Host{Name: "web", Address: "10.0.0.1", Active: true, Labels: []string{"team:shop"}})
	s.remembers()
	if s.store == nil || s.rand.IntN(8) == 0 { // an instance that is skipped keeps its scope open for ever
		s.mentioned = s.skies.machines[0].ID
		s.server.Seed(org, jumpservertest.Host{Name: "old", Address: "10.0.0.2", Active: true, Comment: "instance_id: " + s.mentioned})
	}
	s.server.SeedOther(org, "db", "database")
	s.foreign = s.server.Hosts(org)
	s.adopts()
	return s
}

// adopts lets some instances have assets that people made, and that were adopted before the story begins.
func (s *story) adopts() {
	for n, m := range s.skies.machines {
		if n == 0 || s.rand.IntN(3) > 0 {
			continue
		}
		id := uuid.NewString()
		owner := s.skies.regions[slices.IndexFunc(s.skies.regions, func(r *region) bool { return r.Scope == m.Scope })].owner
		s.adopted[m.ID] = id
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

// remembers gives half of the stories a state store, of any kind.
func (s *story) remembers() {
	if s.rand.IntN(2) == 0 {
		return
	}
	able := []storage.Abilities{{}, {CreateOnly: true}, {CreateOnly: true, IfMatch: true}}[s.rand.IntN(3)]
	var err error
	if s.store, err = state.New(storagetest.Memory(able), "", state.Options{}); err != nil {
		s.t.Fatal(err)
	}
}

// client makes a client. Its clock stands still, so that what it knows never ages.
func (s *story) client(now time.Time) *jumpserver.Client {
	s.t.Helper()
	c, err := jumpserver.New(jumpserver.Options{
		URL: "http://jumpserver", KeyID: secret.New(jumpservertest.KeyID), Secret: secret.New(jumpservertest.KeySecret),
		BatchSize: 3, Sleep: sleepSeconds, Now: func() time.Time { return now },
		HTTP: &wire{turns: s.turns, handler: s.server, before: s.look, after: s.inspect, lost: s.loses, version: string(s.version), same: &s.seen.same},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	return c
}

// sleepSeconds sleeps whole seconds, so that no jitter decides who comes first.
func sleepSeconds(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d.Truncate(time.Second) + time.Second):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *story) loses(*http.Request) (before, after bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.lossy || s.calm {
		return false, false
	}
	n := s.rand.IntN(40) // one request at a time gets here
	if n > 1 || s.spare == 0 {
		return false, false
	}
	s.spare--
	return n == 0, n == 1
}

func (s *story) engine(client *jumpserver.Client) engine.Engine {
	quiet := slog.New(slog.DiscardHandler)
	var nodes *state.Nodes
	if s.store != nil {
		nodes = s.store.Of("jumpserver", org).Nodes()
	}
	return engine.Engine{
		Nodes:  nodes,
		Clouds: s.fleet(), Bastion: client, Rules: s.rules, Log: quiet, Now: time.Now, NotifyOn: engine.OnFailure,
		Limits:  plan.Limits{Percent: 50, Min: 2, PerRun: 6},
		Writing: apply.Options{Writers: 2, Now: time.Now, Log: quiet},
		Wording: report.Options{Lang: plan.English, Location: time.UTC},
	}
}

func (s *story) fleet() cloud.Fleet {
	target := func(name, owner string, regions ...string) cloud.Target {
		return cloud.Target{
			Account: cloud.Account{Cloud: inventory.Alibaba, Name: name, AccessKeyID: secret.New(name), AccountID: owner, Regions: regions},
			Lister:  view{skies: s.skies, name: name, owner: owner},
		}
	}
	return cloud.NewFleet([]cloud.Target{target("one", "1111", "cn-a", "cn-b"), target("two", "2222", "cn-a"), target("part", "1111", "cn-a")})
}

// fullRun makes a timer run.
func (s *story) fullRun(ctx context.Context) engine.Outcome {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	e := s.engine(s.timer)
	if s.store != nil {
		e.Increment = &engine.Increment{Store: s.store, FullEvery: fullEvery}
	}
	stages := map[string]bool{}
	e.Stage = func(name string) { stages[name] = true }
	out := e.Run(ctx, engine.Request{})
	switch {
	case s.store == nil || stages["plan"]:
	case stages["apply"]:
		s.seen.few.Add(1)
	case stages["clouds"] && !stages["jumpserver"]:
		s.seen.none.Add(1)
	}
	return out
}

// fullEvery is when a run with state finds what people changed.
const fullEvery = time.Hour

// hear runs on some events. Those that failed come again.
func (s *story) hear(ctx context.Context, heard []cloud.Heard, limit time.Duration) {
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, eventKey{}, true), limit)
	defer cancel()
	v := engine.Events{
		Engine: s.engine(s.events), Clouds: s.fleet().WithIdentities(s.identities), Bastion: s.events, Sleep: sleepSeconds,
	}
	if s.store != nil {
		v.Begin = func(ctx context.Context, scopes []inventory.Scope) {
			_ = s.store.Load(ctx, scopes).Begin(ctx, scopes...)
		}
	}
	answer := v.Run(ctx, heard)
	s.mu.Lock()
	defer s.mu.Unlock()
	for n, e := range answer.Events {
		if e.Outcome == "" || e.Reason == "" {
			s.t.Errorf("event %s %v has the outcome %q: %q", e.What, heard[n].Hint, e.Outcome, e.Reason)
		}
		if e.Outcome == engine.EventFailed {
			s.post = append(s.post, heard[n])
		}
	}
	if answer.Deleted > 0 {
		s.t.Errorf("events deleted %d assets", answer.Deleted)
	}
}

// start lets something run beside the rest.
func (s *story) start(what string, run func(ctx context.Context)) {
	s.number++
	s.note("run %d: %s", s.number, what)
	ctx := context.WithValue(s.t.Context(), runKey{}, s.number)
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

func (s *story) busy() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.active
}

// note writes the story down, for the case that it ends badly.
func (s *story) note(format string, args ...any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.diary = append(s.diary, time.Now().Format("15:04:05.0 ")+fmt.Sprintf(format, args...))
}

func (s *story) told() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return strings.Join(s.diary, "\n")
}
