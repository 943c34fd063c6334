package engine_test

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage/dir"
)

// remembering is a world whose engine has a state store in a folder.
type remembering struct {
	*world
	store *state.Store
	salt  string
}

func newRemembering(t *testing.T) *remembering {
	t.Helper()
	w := newWorld(t, scenario{}, jumpservertest.V410)
	for n := range 20 {
		w.accounts[0].cloud.Put("cn-beijing", alibabatest.Sample(n))
		w.accounts[0].cloud.Put("cn-shanghai", alibabatest.Sample(100+n))
	}
	store, err := state.New(dir.Open(t.TempDir()), "", state.Options{Now: w.run.now})
	if err != nil {
		t.Fatal(err)
	}
	return &remembering{world: w, store: store, salt: "one"}
}

// once makes a run and gives its report and how often it asked JumpServer.
func (r *remembering) once() (report.Report, int) {
	r.t.Helper()
	r.jumpserver.ResetCounts()
	e := r.engine()
	e.Increment = &engine.Increment{Store: r.store, Salt: r.salt, FullEvery: time.Hour}
	out := e.Run(r.t.Context(), engine.Request{})
	if out.Report.Outcome == report.Failed {
		r.t.Fatalf("failed: %+v", out.Report.Errors)
	}
	return out.Report, r.jumpserver.Requests()
}

func (r *remembering) quietRun(why string) {
	r.t.Helper()
	if rep, calls := r.once(); calls != 0 || rep.Unchanged != rep.Total || rep.Outcome != report.OK {
		r.t.Errorf("%s: %d calls, %+v", why, calls, rep)
	}
}

func TestRunWithoutChangesAsksNothing(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	if rep, _ := r.once(); rep.Created != 40 {
		t.Fatalf("%+v", rep)
	}
	r.quietRun("nothing changed")
	r.run.advance(59 * time.Minute)
	r.quietRun("within the hour")

	host := r.jumpserver.Hosts(jumpservertest.DefaultOrg)[0]
	r.jumpserver.Edit(jumpservertest.DefaultOrg, host.ID, func(h *jumpservertest.Host) { h.Address = "10.99.99.99" })
	r.quietRun("a person's change is for the full reconcile")
	r.run.advance(2 * time.Minute)
	if rep, calls := r.once(); rep.Updated != 1 || calls == 0 {
		t.Errorf("the full reconcile: %d calls, %+v", calls, rep)
	}
	r.quietRun("reconciled")

	r.salt = "two"
	if _, calls := r.once(); calls == 0 {
		t.Error("another configuration takes no full path")
	}
	r.quietRun("that configuration again")
}

func TestChangesAreNeverMissed(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	r.once()
	renamed := alibabatest.Sample(3)
	renamed.Name = "renamed"
	r.accounts[0].cloud.Put("cn-beijing", renamed)
	if rep, _ := r.once(); rep.Updated+rep.Created == 0 {
		t.Errorf("a change: %+v", rep)
	}
	r.quietRun("applied")
}

func TestOpenWorkIsNeverUnchanged(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	r.once()
	r.quietRun("applied")
	// A region that fails: not unchanged, before and after it heals.
	repair := r.cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: "cn-shanghai"})
	for range 2 {
		if rep, calls := r.once(); rep.Outcome != report.Partial || calls == 0 || rep.Deactivated+rep.Deleted > 0 {
			t.Errorf("a failed region: %d calls, %+v", calls, rep)
		}
	}
	repair()
	if _, calls := r.once(); calls == 0 {
		t.Error("after a failure no full path is taken")
	}
	r.quietRun("healed")
	// Everything is released: held, again and again.
	r.accounts[0].cloud.Remove("cn-shanghai")
	for range 2 {
		if rep, calls := r.once(); rep.Held != 20 || calls == 0 {
			t.Errorf("held: %d calls, %+v", calls, rep)
		}
	}
}

// TestKilledInTheMiddle: a run that began to write and never came to its end.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	r.once()
	r.quietRun("applied")
	listings := r.engine().Clouds.List(t.Context(), allOf())
	view := r.store.Load(t.Context(), scopesOf(listings))
	if err := view.Begin(t.Context(), listings[0].Scope); err != nil {
		t.Fatal(err)
	}
	if _, calls := r.once(); calls == 0 {
		t.Error("a scope whose run was killed looks applied")
	}
	r.quietRun("finished")
}

func allOf() cloud.Narrow { return cloud.Narrow{} }

func scopesOf(listings []inventory.Listing) []inventory.Scope {
	var scopes []inventory.Scope
	for _, l := range listings {
		scopes = append(scopes, l.Scope)
	}
	return scopes
}
