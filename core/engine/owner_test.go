package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// ownerWorld is a world with a state store, in which an account may get another key.
type ownerWorld struct {
	*enginetest.World
	store *state.Store
}

func newOwnerWorld(t *testing.T) *ownerWorld {
	t.Helper()
	w := enginetest.NewWorld(t, enginetest.Setup{}, jumpservertest.V410)
	return &ownerWorld{World: w, store: w.NewStore()}
}

func (o *ownerWorld) runFull() report.Report {
	o.T.Helper()
	e := o.NewEngine()
	e.Memory.Owners = o.store
	e.Incremental = enginetest.Incremental(o.store, "one")
	return e.Run(o.T.Context(), engine.Request{}).Report
}

func (o *ownerWorld) countHosts() int { return len(o.JumpServer.Hosts(jumpservertest.DefaultOrg)) }

// swapKey returns the account the key of another cloud account, in which one host runs.
func (o *ownerWorld) swapKey(owner string) {
	o.T.Helper()
	o.Accounts[0].Cloud = o.Cloud.AddAccount(alibabatest.Key{AccountID: owner, AccessKeyID: enginetest.AccessKeyOf(o.Accounts[0].Name), AccessKeySecret: enginetest.CloudSecret})
	o.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(900))
	o.Client = nil // as a new process would
}

// TestAnotherKeyOfAnEmptyAccount: no asset vouches for an account without instances, and a run that asks JumpServer only
// about what is new would make the other account's host.
func TestAnotherKeyOfAnEmptyAccount(t *testing.T) {
	t.Parallel()
	o := newOwnerWorld(t)
	o.Accounts[0].Regions = []string{"cn-beijing"} // else the other, empty one leads to the full path
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
	o.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(1))
	o.runFull()
	o.swapKey("1690700000000099")
	if rep := o.runFull(); rep.Outcome != report.Failed || o.countHosts() != 1 {
		t.Fatalf("%+v", rep)
	}
	o.Accounts[0].Account = "1690700000000099"
	if rep := o.runFull(); rep.Created != 1 || rep.Deactivated+rep.Deleted+rep.Held != 0 || o.countHosts() != 2 {
		t.Fatalf("%+v", rep)
	}
	o.Accounts[0].Account = ""
	o.RunClock.Advance(2 * time.Hour)
	if rep := o.runFull(); rep.Outcome != report.OK || o.countHosts() != 2 {
		t.Fatalf("%+v", rep)
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
	o.Accounts[0].Regions = []string{"cn-beijing"}
	o.EditCloud(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-1", Name: "a", IP: "10.0.0.1"}, {ID: "i-2", Name: "b", IP: "10.0.0.2"}}})
	if out, _ := runTimed(o.World, engine.Request{}, 0); out.Report.Created != 2 {
		t.Fatalf("%+v", out.Report)
	}
	o.Accounts[0].Cloud.Hide("cn-beijing", "i-1") // the list lacks it, and it runs
	e := o.NewEngine()
	e.Clouds = keyChangingClouds{e.Clouds, func() {
		o.Cloud.AddAccount(alibabatest.Key{AccountID: "1690700000000099", AccessKeyID: enginetest.AccessKeyOf(o.Accounts[0].Name), AccessKeySecret: enginetest.CloudSecret})
	}}
	rep := e.Run(t.Context(), engine.Request{}).Report
	if rep.Deactivated+rep.Deleted != 0 || rep.Held != 1 {
		t.Errorf("%d deactivated, %d deleted, %d held: %+v", rep.Deactivated, rep.Deleted, rep.Held, rep.Changes)
	}
	if n := o.CountInactive(); n > 0 {
		t.Errorf("%d are closed", n)
	}
}

// unreachedClouds are clouds whose API that tells whose key it is cannot be reached: account_id alone says it.
type unreachedClouds struct{ engine.Clouds }

func (c unreachedClouds) List(ctx context.Context, f cloud.Filter) []inventory.Listing {
	listings := c.Clouds.List(ctx, f)
	for i := range listings {
		listings[i].OwnerUnreached = true
	}
	return listings
}

func (c unreachedClouds) VerifyOwner(context.Context, inventory.Scope, string) error {
	return &inventory.Error{Kind: inventory.Denied, Err: inventory.ErrOwnerUnknown}
}

// TestUncheckedKey: where nobody can be asked whose key it is, a key that shows none of our hosts makes and removes
// nothing, be it once or twice; one that shows some of them proves the others' absence.
func TestUncheckedKey(t *testing.T) {
	t.Parallel()
	o := newOwnerWorld(t)
	o.Accounts[0].Regions = []string{"cn-beijing"}
	o.Accounts[0].Account = "1690700000000030"
	o.EditCloud(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-1", Name: "a", IP: "10.0.0.1"}, {ID: "i-2", Name: "b", IP: "10.0.0.2"}}})
	run := func() report.Report {
		e := o.NewEngine()
		e.Memory.Owners, e.Incremental = o.store, enginetest.Incremental(o.store, "one")
		e.Clouds = unreachedClouds{e.Clouds}
		return e.Run(t.Context(), engine.Request{}).Report
	}
	if rep := run(); rep.Created != 2 {
		t.Fatalf("%+v", rep)
	}
	mine := o.Accounts[0].Cloud
	o.Accounts[0].Cloud = o.Cloud.AddAccount(alibabatest.Key{AccountID: "1690700000000030", AccessKeyID: enginetest.AccessKeyOf(o.Accounts[0].Name), AccessKeySecret: enginetest.CloudSecret})
	o.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(900)) // another account's, which calls itself the same here
	for range 3 {                                                          // the first ones would look at what changed only
		rep := run()
		o.RunClock.Advance(40 * time.Minute)
		if rep.Outcome != report.Failed || rep.Created+rep.Deactivated+rep.Deleted != 0 || o.countHosts() != 2 || rep.Scopes[0].Error.Kind != inventory.OtherAccount {
			t.Fatalf("%+v", rep)
		}
	}
	for _, i := range mine.All("cn-beijing") {
		if i.ID != "i-2" {
			o.Accounts[0].Cloud.Put("cn-beijing", i)
		}
	}
	if rep := run(); rep.Created != 1 || rep.Deactivated != 1 {
		t.Errorf("%+v", rep)
	}
}
