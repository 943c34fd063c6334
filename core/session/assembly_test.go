package session

import (
	"context"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/operator"
	"github.com/jms-sync/jms-sync/core/secret"
)

// newWholeSession opens a session whose configuration leaves nothing out, and a context with a deadline.
func newWholeSession(t *testing.T) (*Session, context.Context) {
	t.Helper()
	cfg := config.Default()
	cfg.Sync.Removal.Grace, cfg.Sync.Guard.PerRun = time.Hour, 1
	cfg.Notification.Window, cfg.Mapping = time.Minute, &mapping.Set{}
	d := &cfg.Notification.DingTalk
	d.Enabled, d.Webhook = true, secret.New("http://robot.invalid/?access_token=x")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	s := newStoreSession(t, cfg, "test")
	s.engine.OnStage = func(string) {}
	s.engine.Cards.OnSend = func() {}
	return s, ctx
}

// expectWhole checks that every field of a struct is set but these, which must not be.
func expectWhole(t *testing.T, name string, of any, but ...string) {
	t.Helper()
	v := reflect.ValueOf(of)
	for n := range v.NumField() {
		field := v.Type().Field(n)
		if field.IsExported() && v.Field(n).IsZero() != slices.Contains(but, field.Name) {
			t.Errorf("%s.%s is set: %t", name, field.Name, !v.Field(n).IsZero())
		}
	}
}

// TestEveryRunIsWhole: whatever starts a run, no part of the engine is missing. A part that is new has to be assembled,
// or named here.
func TestEveryRunIsWhole(t *testing.T) {
	t.Parallel()
	s, ctx := newWholeSession(t)
	for name, c := range map[string]struct {
		run       fullRun
		exclusive bool
		but       []string // of the engine
	}{
		"sync":    {fullRun{}, true, []string{"ShardGroup"}},
		"shard":   {fullRun{request: engine.Request{Shard: inventory.Shard{Number: 1, Count: 2}}}, true, nil},
		"dry run": {fullRun{request: engine.Request{DryRun: true}}, false, []string{"ShardGroup", "Incremental", "RemovalTracking"}},
	} {
		e := s.fullEngine(ctx, c.run, c.exclusive)
		expectWhole(t, name, e, c.but...)
		expectWhole(t, name+": memory", e.Memory)
		var without []string
		if c.run.request.DryRun {
			without = []string{"Conditions"}
		}
		expectWhole(t, name+": cards", e.Cards, without...)
		if _, quarantines := e.Clouds.(*cloud.QuarantinedFleet); quarantines == c.run.request.DryRun {
			t.Errorf("%s has quarantine: %t", name, quarantines)
		}
		if c.run.request.DryRun {
			continue
		}
		expectWhole(t, name+": incremental", *e.Incremental)
		if e.RemovalTracking.ShardKey != "run" || !e.RemovalTracking.Exclusive {
			t.Errorf("%s: %+v", name, e.RemovalTracking)
		}
	}
	if e := s.fullEngine(ctx, fullRun{}, false); e.RemovalTracking.Exclusive {
		t.Error("a run without the lease takes itself for the only one")
	}
	if e := s.fullEngine(ctx, fullRun{silent: true}, true); e.Cards.HasChannel() {
		t.Error("a silent run notifies people")
	}
}

// TestEventsAndOperatorActionsAreWhole: so are those that are no full runs.
func TestEventsAndOperatorActionsAreWhole(t *testing.T) {
	t.Parallel()
	s, ctx := newWholeSession(t)
	v := s.eventHandler(ctx, Events{Redelivers: true})
	expectWhole(t, "events", v)
	expectWhole(t, "events: engine", v.Engine, "ShardGroup", "Incremental")
	expectWhole(t, "events: memory", v.Engine.Memory)
	expectWhole(t, "events: cards", v.Engine.Cards, "Conditions")
	if v.Engine.RemovalTracking.ShardKey != "events" || v.Engine.RemovalTracking.Exclusive {
		t.Errorf("events: %+v", v.Engine.RemovalTracking)
	}
	if s.eventHandler(ctx, Events{}).Redelivers {
		t.Error("events that nobody delivers again are left to be")
	}
	o := s.operatorAction(operator.Action{Account: "a"})
	if o.BeforeWrite == nil || o.OpenClouds == nil {
		t.Errorf("operator action: %+v", o)
	}
	expectWhole(t, "operator action: engine", s.operatorEngine(ctx), "ShardGroup", "Incremental", "RemovalTracking")
}

// TestStoreThatCannotBeOpened: a person's command ends with the error; a function goes on, and what may be paused is.
func TestStoreThatCannotBeOpened(t *testing.T) {
	t.Parallel()
	cfg := config.Default()
	cfg.JumpServer.URL, cfg.JumpServer.AccessKeyID, cfg.JumpServer.AccessKeySecret = "http://jumpserver.invalid", secret.New(jumpservertest.KeyID), secret.New("word")
	o := Options{Config: cfg, Environ: []string{config.EnvState + "=nothing://is/this"}, RequireState: true}
	if _, err := Open(o); err == nil {
		t.Error("a session was opened without the store that is named")
	}
	o.RequireState = false
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if !s.engine.Paused(t.Context()).Stands() {
		t.Error("nobody knows what is paused, and yet removals are not")
	}
}

// TestAccessIsAskedWithRulesAlone: without mapping rules no run asks JumpServer who reaches hosts.
func TestAccessIsAskedWithRulesAlone(t *testing.T) {
	t.Parallel()
	for _, rules := range []*mapping.Set{nil, {}} {
		cfg := config.Default()
		cfg.Mapping = rules
		s := newStoreSession(t, cfg, "test")
		if asks := s.engine.Access != nil; asks != (rules != nil) {
			t.Errorf("rules %t: asks %t", rules != nil, asks)
		}
	}
}
