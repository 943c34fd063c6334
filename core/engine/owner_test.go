package engine_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// ownerWorld is a world with a state store, in which an account may get another key.
type ownerWorld struct {
	*world
	store *state.Store
}

func newOwnerWorld(t *testing.T) *ownerWorld {
	t.Helper()
	w := newWorld(t, scenario{}, jumpservertest.V410)
	store, err := state.New(storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true}), "", state.Options{Now: w.runClock.now})
	if err != nil {
		t.Fatal(err)
	}
	return &ownerWorld{world: w, store: store.ForInstallation("jms", "org")}
}

func (o *ownerWorld) runFull() report.Report {
	o.t.Helper()
	e := o.newEngine()
	e.OwnerStore = o.store
	e.Incremental = &engine.Incremental{Store: o.store, Salt: "one", FullInterval: time.Hour, SyncChanges: reconcile.SyncChanges}
	return e.Run(o.t.Context(), engine.Request{}).Report
}

func (o *ownerWorld) countHosts() int { return len(o.jumpserver.Hosts(jumpservertest.DefaultOrg)) }

// swapKey returns the account the key of another cloud account, in which one host runs.
func (o *ownerWorld) swapKey(owner string) {
	o.t.Helper()
	o.accounts[0].cloud = o.cloud.AddAccount(alibabatest.Key{AccountID: owner, AccessKeyID: accessKeyOf(o.accounts[0].Name), AccessKeySecret: cloudSecret})
	o.accounts[0].cloud.Put("cn-beijing", alibabatest.SampleInstance(900))
	o.client = nil // as a new process would
}

// TestAnotherKeyOfAnEmptyAccount: no asset vouches for an account without instances, and a run that asks JumpServer only
// about what is new would make the other account's host.
func TestAnotherKeyOfAnEmptyAccount(t *testing.T) {
	t.Parallel()
	o := newOwnerWorld(t)
	o.accounts[0].Regions = []string{"cn-beijing"} // else the other, empty one leads to the full path
	if rep := o.runFull(); rep.Outcome != report.OK {
		t.Fatalf("%+v", rep)
	}
	o.swapKey("1690700000000099")
	for range 2 {
		rep := o.runFull()
		if rep.Outcome != report.Failed || rep.Created != 0 || o.countHosts() != 0 || rep.Scopes[0].Error.Kind != inventory.OtherAccount {
			t.Fatalf("%+v", rep)
		}
	}
}

// TestOwnerByAccountID: account_id is a person's word, is remembered, and outlasts its being taken out again.
func TestOwnerByAccountID(t *testing.T) {
	t.Parallel()
	o := newOwnerWorld(t)
	o.accounts[0].cloud.Put("cn-beijing", alibabatest.SampleInstance(1))
	o.runFull()
	o.swapKey("1690700000000099")
	if rep := o.runFull(); rep.Outcome != report.Failed || o.countHosts() != 1 {
		t.Fatalf("%+v", rep)
	}
	o.accounts[0].Account = "1690700000000099"
	if rep := o.runFull(); rep.Created != 1 || rep.Deactivated+rep.Deleted+rep.Held != 0 || o.countHosts() != 2 {
		t.Fatalf("%+v", rep)
	}
	o.accounts[0].Account = ""
	o.runClock.advance(2 * time.Hour)
	if rep := o.runFull(); rep.Outcome != report.OK || o.countHosts() != 2 {
		t.Fatalf("%+v", rep)
	}
}

// TestEventOfAStranger: what events say of a cloud account is none of a configured account that is remembered to be
// another's, though its key opens the former; nothing is asked, nothing written.
func TestEventOfAStranger(t *testing.T) {
	t.Parallel()
	for remembered, want := range map[string]reconcile.EventOutcome{"1002": reconcile.EventFailed, "1001": reconcile.EventDone, "": reconcile.EventDone} {
		o := newOwnerWorld(t)
		if remembered != "" {
			was := state.Owner{Cloud: inventory.Alibaba, Account: "prod", Owner: remembered}
			if err := o.store.SaveOwner(t.Context(), state.Owner{}, was); err != nil {
				t.Fatal(err)
			}
		}
		log := slog.New(slog.DiscardHandler)
		bastion := &fakeBastion{assets: map[string]inventory.Asset{}}
		living := inventory.Instance{Scope: accountScope("prod"), Owner: "1001", ID: "i-1", Name: "subject", PrivateIPs: []string{"10.0.0.1"}}
		v := reconcile.EventHandler{
			Engine: engine.Engine{
				Rules:        plan.Rules{Accounts: map[string]plan.Account{"prod": {}, "spare": {}}, Mode: plan.ModeDelete},
				ApplyOptions: apply.Options{Writers: 2, Now: time.Now, Log: log}, Now: time.Now, Log: log, OwnerStore: o.store,
			},
			Clouds: twoAccounts{sees: map[string]fakeCloud{"prod": {"i-1": living}}}, Bastion: bastion, Sleep: (&clock{}).sleep,
		}
		answer := v.Run(t.Context(), []cloud.ParsedEvent{{ID: "e", Target: cloud.EventTarget{
			Cloud: inventory.Alibaba, AccountID: "1001", Region: "cn-beijing", InstanceIDs: []string{"i-1"},
		}}})
		if got := answer.Results[0]; got.Outcome != want || (want == reconcile.EventDone) != (answer.Created == 1) {
			t.Errorf("remembered %q: %+v, %d made", remembered, got, answer.Created)
		}
	}
}

// keyChangingClouds is a cloud account whose key opens another account from the moment on at which proofs are asked for.
type keyChangingClouds struct {
	engine.Clouds
	change func()
}

func (c keyChangingClouds) FindVerified(ctx context.Context, at inventory.Scope, ids []string) (inventory.FindResult, error) {
	c.change()
	return c.Clouds.FindVerified(ctx, at, ids)
}

// TestWhoseKeyProves: the list was read with the account's own key, and the proof of absence with another's: that sees
// nothing of the account. Whose key it is is asked again after each proof.
func TestWhoseKeyProves(t *testing.T) {
	t.Parallel()
	o := newOwnerWorld(t)
	o.accounts[0].Regions = []string{"cn-beijing"}
	o.editCloud(cloudEdit{Put: []instance{{ID: "i-1", Name: "a", IP: "10.0.0.1"}, {ID: "i-2", Name: "b", IP: "10.0.0.2"}}})
	if out, _ := o.runTimed(engine.Request{}, 0); out.Report.Created != 2 {
		t.Fatalf("%+v", out.Report)
	}
	o.accounts[0].cloud.Hide("cn-beijing", "i-1") // the list lacks it, and it runs
	e := o.newEngine()
	e.Clouds = keyChangingClouds{e.Clouds, func() {
		o.cloud.AddAccount(alibabatest.Key{AccountID: "1690700000000099", AccessKeyID: accessKeyOf(o.accounts[0].Name), AccessKeySecret: cloudSecret})
	}}
	rep := e.Run(t.Context(), engine.Request{}).Report
	if rep.Deactivated+rep.Deleted != 0 || rep.Held != 1 {
		t.Errorf("%d deactivated, %d deleted, %d held: %+v", rep.Deactivated, rep.Deleted, rep.Held, rep.Changes)
	}
	for _, h := range o.jumpserver.Hosts(jumpservertest.DefaultOrg) {
		if !h.Active {
			t.Errorf("%s is closed", h.Name)
		}
	}
}
