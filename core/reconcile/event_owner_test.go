package reconcile_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// twoAccounts is a cloud account that two configured accounts open, each seeing a part of it.
type twoAccounts struct {
	sees    map[string]fakeCloud // by configured account
	failing string               // the account whose questions fail
	weak    string               // the account in which one kind of question alone shows absences
	// unsure is what Resolve says beside the scopes: one more account may be of this owner.
	unsure error
}

func accountScope(account string) inventory.Scope {
	return inventory.Scope{Cloud: inventory.Alibaba, Account: account, Region: "cn-beijing"}
}

func (k twoAccounts) ResolveScopes(context.Context, cloud.EventTarget) ([]inventory.Scope, error) {
	return []inventory.Scope{accountScope("prod"), accountScope("spare")}, k.unsure
}

func (k twoAccounts) Find(ctx context.Context, s inventory.Scope, ids []string) ([]inventory.Instance, error) {
	if s.Account == k.failing {
		return nil, &inventory.Error{Kind: inventory.Denied, Message: "no right", Err: errors.New(s.Account)}
	}
	return k.sees[s.Account].Find(ctx, s, ids)
}

func (twoAccounts) VerifyOwner(context.Context, inventory.Scope, string) error { return nil }

func (k twoAccounts) FindVerified(ctx context.Context, s inventory.Scope, ids []string) (inventory.FindResult, error) {
	list, err := k.Find(ctx, s, ids)
	found := inventory.FindResult{Instances: list}
	if s.Account == k.weak {
		found.Weak = map[string]error{ids[0]: errors.New("no right")}
	}
	return found, err
}

// TestAllAccountsOfAnOwnerAreAsked: what one of its keys does not see is released only if no
// other key of the owner sees it, and can say so.
func TestAllAccountsOfAnOwnerAreAsked(t *testing.T) {
	t.Parallel()
	living := inventory.Instance{Scope: accountScope("spare"), Owner: "1001", ID: "i-1", Name: "subject", PrivateIPs: []string{"10.0.0.1"}}
	unasked := &inventory.Error{Kind: inventory.Temporary, Message: "who is it", Err: errors.New("third")}
	seen := twoAccounts{sees: map[string]fakeCloud{"spare": {"i-1": living}}}
	seenAndUnasked := seen
	seenAndUnasked.unsure = unasked
	for name, c := range map[string]struct {
		clouds twoAccounts
		label  string
		gone   bool // whether the event says released
		writes int
		want   reconcile.EventOutcome
	}{
		"the other sees it":                             {seen, "prod", false, 0, reconcile.EventDone},
		"the other still sees it":                       {seen, "prod", true, 0, reconcile.EventLater},
		"the other sees it, and a third is unasked":     {seenAndUnasked, "prod", false, 0, reconcile.EventDone},
		"the other cannot say":                          {twoAccounts{failing: "spare"}, "prod", false, 0, reconcile.EventFailed},
		"the other cannot say whether it is released":   {twoAccounts{failing: "spare"}, "prod", true, 0, reconcile.EventFailed},
		"none sees it":                                  {twoAccounts{}, "prod", true, 1, reconcile.EventDone},
		"none sees it, the other only by its list":      {twoAccounts{weak: "spare"}, "prod", true, 0, reconcile.EventLater},
		"none sees it, but a third is unasked":          {twoAccounts{unsure: unasked}, "prod", true, 0, reconcile.EventFailed},
		"none sees it, labelled spare":                  {twoAccounts{}, "spare", true, 1, reconcile.EventDone},
		"the labelled one has lost the right":           {twoAccounts{failing: "prod"}, "prod", false, 0, reconcile.EventFailed},
		"the labelled one has lost the right: released": {twoAccounts{failing: "prod"}, "prod", true, 0, reconcile.EventFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asset := ownedAsset("i-1", "subject", "")
			for n := range asset.Labels {
				if asset.Labels[n].Name == inventory.LabelAccount {
					asset.Labels[n].Value = c.label
				}
			}
			bastion := &fakeBastion{assets: map[string]inventory.Asset{asset.ID: asset}}
			v := newFakeHandler(c.clouds, bastion, new(enginetest.Clock), map[string]plan.Account{"prod": {}, "spare": {}})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			answer := v.Run(ctx, []cloud.ParsedEvent{{ID: "e", Target: cloud.EventTarget{
				Cloud: inventory.Alibaba, AccountID: "1001", Region: "cn-beijing", InstanceIDs: []string{"i-1"}, IsReleased: c.gone,
			}}})
			if len(bastion.writes) != c.writes || answer.Results[0].Outcome != c.want {
				t.Errorf("written %v, %+v", bastion.writes, answer.Results)
			}
		})
	}
}

// TestEventOfAStranger: what events say of a cloud account is none of a configured account that is remembered to be
// another's, though its key opens the former; nothing is asked, nothing written.
func TestEventOfAStranger(t *testing.T) {
	t.Parallel()
	for remembered, want := range map[string]reconcile.EventOutcome{"1002": reconcile.EventFailed, "1001": reconcile.EventDone, "": reconcile.EventDone} {
		store, err := state.New(storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true}), "", state.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if remembered != "" {
			was := state.Owner{Cloud: inventory.Alibaba, Account: "prod", Owner: remembered}
			if err := store.SaveOwner(t.Context(), state.Owner{}, was); err != nil {
				t.Fatal(err)
			}
		}
		bastion := &fakeBastion{assets: map[string]inventory.Asset{}}
		living := inventory.Instance{Scope: accountScope("prod"), Owner: "1001", ID: "i-1", Name: "subject", PrivateIPs: []string{"10.0.0.1"}}
		clouds := twoAccounts{sees: map[string]fakeCloud{"prod": {"i-1": living}}}
		v := newFakeHandler(clouds, bastion, new(enginetest.Clock), map[string]plan.Account{"prod": {}, "spare": {}})
		v.Engine.Memory.Owners = store
		answer := v.Run(t.Context(), []cloud.ParsedEvent{{ID: "e", Target: cloud.EventTarget{
			Cloud: inventory.Alibaba, AccountID: "1001", Region: "cn-beijing", InstanceIDs: []string{"i-1"},
		}}})
		if got := answer.Results[0]; got.Outcome != want || (want == reconcile.EventDone) != (answer.Created == 1) {
			t.Errorf("remembered %q: %+v, %d made", remembered, got, answer.Created)
		}
	}
}

// TestEventWithTheWrongAccount: an event whose account is not that of the instance, as a bus delivers it that drops the
// envelope, closes nothing: another account does not see the instance, and that is no proof.
func TestEventWithTheWrongAccount(t *testing.T) {
	t.Parallel()
	h := enginetest.NewEventWorld(t, nil)
	h.Accounts[1].Regions = []string{"cn-hangzhou", "cn-beijing"}
	answer := h.HandleEvents(enginetest.StateEventIn(enginetest.TestOwner, "cn-beijing", "i-b1 Deleted"))
	h.ExpectHost("i-b1", "web-1 10.0.0.1 on -")
	if answer.Deactivated != 0 {
		t.Errorf("%+v", answer.Results)
	}
	h.Close()
}
