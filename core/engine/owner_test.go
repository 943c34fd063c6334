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
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// owned is a world with a state store, in which an account may get another key.
type owned struct {
	*world
	store *state.Store
}

func newOwned(t *testing.T) *owned {
	t.Helper()
	w := newWorld(t, scenario{}, jumpservertest.V410)
	store, err := state.New(storagetest.Memory(storage.Abilities{CreateOnly: true, IfMatch: true}), "", state.Options{Now: w.run.now})
	if err != nil {
		t.Fatal(err)
	}
	return &owned{world: w, store: store.Of("jms", "org")}
}

func (o *owned) sync() report.Report {
	o.t.Helper()
	e := o.engine()
	e.Owners = o.store
	e.Increment = &engine.Increment{Store: o.store, Salt: "one", FullEvery: time.Hour}
	return e.Run(o.t.Context(), engine.Request{}).Report
}

func (o *owned) hosts() int { return len(o.jumpserver.Hosts(jumpservertest.DefaultOrg)) }

// swap returns the account the key of another cloud account, in which one host runs.
func (o *owned) swap(owner string) {
	o.t.Helper()
	o.accounts[0].cloud = o.cloud.AddAccount(alibabatest.Key{AccountID: owner, AccessKeyID: keyOf(o.accounts[0].Name), AccessKeySecret: cloudSecret})
	o.accounts[0].cloud.Put("cn-beijing", alibabatest.Sample(900))
	o.client = nil // as a new process would
}

// TestAnotherKeyOfAnEmptyAccount: no asset vouches for an account without instances, and a run that asks JumpServer only
// about what is new would make the other account's host.
func TestAnotherKeyOfAnEmptyAccount(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	o.accounts[0].Regions = []string{"cn-beijing"} // else the other, empty one leads to the full path
	if rep := o.sync(); rep.Outcome != report.OK {
		t.Fatalf("%+v", rep)
	}
	o.swap("1690700000000099")
	for range 2 {
		rep := o.sync()
		if rep.Outcome != report.Failed || rep.Created != 0 || o.hosts() != 0 || rep.Scopes[0].Error.Kind != inventory.OtherAccount {
			t.Fatalf("%+v", rep)
		}
	}
}

// TestOwnerByAccountID: account_id is a person's word, is remembered, and outlasts its being taken out again.
func TestOwnerByAccountID(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	o.accounts[0].cloud.Put("cn-beijing", alibabatest.Sample(1))
	o.sync()
	o.swap("1690700000000099")
	if rep := o.sync(); rep.Outcome != report.Failed || o.hosts() != 1 {
		t.Fatalf("%+v", rep)
	}
	o.accounts[0].Account = "1690700000000099"
	if rep := o.sync(); rep.Created != 1 || rep.Deactivated+rep.Deleted+rep.Held != 0 || o.hosts() != 2 {
		t.Fatalf("%+v", rep)
	}
	o.accounts[0].Account = ""
	o.run.advance(2 * time.Hour)
	if rep := o.sync(); rep.Outcome != report.OK || o.hosts() != 2 {
		t.Fatalf("%+v", rep)
	}
}

// TestEventOfAStranger: what events say of a cloud account is none of a configured account that is remembered to be
// another's, though its key opens the former; nothing is asked, nothing written.
func TestEventOfAStranger(t *testing.T) {
	t.Parallel()
	for remembered, want := range map[string]engine.EventOutcome{"1002": engine.EventFailed, "1001": engine.EventDone, "": engine.EventDone} {
		o := newOwned(t)
		if remembered != "" {
			was := state.Owner{Cloud: inventory.Alibaba, Account: "prod", Owner: remembered}
			if err := o.store.KeepOwner(t.Context(), state.Owner{}, was); err != nil {
				t.Fatal(err)
			}
		}
		log := slog.New(slog.DiscardHandler)
		bastion := &quiet{assets: map[string]inventory.Asset{}}
		living := inventory.Instance{Scope: scopeOf("prod"), Owner: "1001", ID: "i-1", Name: "subject", PrivateIPs: []string{"10.0.0.1"}}
		v := engine.Events{
			Engine: engine.Engine{
				Rules:   plan.Rules{Accounts: map[string]plan.Account{"prod": {}, "spare": {}}, Mode: plan.ModeDelete},
				Writing: apply.Options{Writers: 2, Now: time.Now, Log: log}, Now: time.Now, Log: log, Owners: o.store,
			},
			Clouds: twoKeys{sees: map[string]oneInstance{"prod": {"i-1": living}}}, Bastion: bastion, Sleep: (&clock{}).sleep,
		}
		answer := v.Run(t.Context(), []cloud.Heard{{ID: "e", Hint: cloud.Hint{
			Cloud: inventory.Alibaba, AccountID: "1001", Region: "cn-beijing", Instances: []string{"i-1"},
		}}})
		if got := answer.Events[0]; got.Outcome != want || (want == engine.EventDone) != (answer.Created == 1) {
			t.Errorf("remembered %q: %+v, %d made", remembered, got, answer.Created)
		}
	}
}

// changedKey is a cloud account whose key opens another account from the moment on at which proofs are asked for.
type changedKey struct {
	engine.Clouds
	change func()
}

func (c changedKey) Lookup(ctx context.Context, at inventory.Scope, ids []string) (inventory.Found, error) {
	c.change()
	return c.Clouds.Lookup(ctx, at, ids)
}

// TestWhoseKeyProves: the list was read with the account's own key, and the proof of absence with another's: that sees
// nothing of the account. Whose key it is is asked again after each proof.
func TestWhoseKeyProves(t *testing.T) {
	t.Parallel()
	o := newOwned(t)
	o.accounts[0].Regions = []string{"cn-beijing"}
	o.editCloud(cloudEdit{Put: []instance{{ID: "i-1", Name: "a", IP: "10.0.0.1"}, {ID: "i-2", Name: "b", IP: "10.0.0.2"}}})
	if out, _ := o.runs(engine.Request{}, 0); out.Report.Created != 2 {
		t.Fatalf("%+v", out.Report)
	}
	o.accounts[0].cloud.Hide("cn-beijing", "i-1") // the list lacks it, and it runs
	e := o.engine()
	e.Clouds = changedKey{e.Clouds, func() {
		o.cloud.AddAccount(alibabatest.Key{AccountID: "1690700000000099", AccessKeyID: keyOf(o.accounts[0].Name), AccessKeySecret: cloudSecret})
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
