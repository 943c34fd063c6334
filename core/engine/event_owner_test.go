package engine_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// twoKeys is a cloud account that two configured accounts open, each seeing a part of it.
type twoKeys struct {
	sees map[string]oneInstance // by configured account
	fail string                 // the account whose questions fail
	weak string                 // the account in which one kind of question alone shows absences
	// unsure is what Resolve says beside the scopes: one more account may be of this owner.
	unsure error
}

func scopeOf(account string) inventory.Scope {
	return inventory.Scope{Cloud: inventory.Alibaba, Account: account, Region: "cn-beijing"}
}

func (k twoKeys) Resolve(context.Context, cloud.Hint) ([]inventory.Scope, error) {
	return []inventory.Scope{scopeOf("prod"), scopeOf("spare")}, k.unsure
}

func (k twoKeys) Glance(ctx context.Context, s inventory.Scope, ids []string) ([]inventory.Instance, error) {
	if s.Account == k.fail {
		return nil, &inventory.Error{Kind: inventory.Denied, Message: "no right", Err: errors.New(s.Account)}
	}
	return k.sees[s.Account].Glance(ctx, s, ids)
}

func (k twoKeys) Lookup(ctx context.Context, s inventory.Scope, ids []string) (inventory.Found, error) {
	list, err := k.Glance(ctx, s, ids)
	found := inventory.Found{Instances: list}
	if s.Account == k.weak {
		found.Weak = map[string]error{ids[0]: errors.New("no right")}
	}
	return found, err
}

// TestAllAccountsOfAnOwnerAreAsked: what one of its keys does not see is released only if no
// other key of the owner sees it, and can say so.
func TestAllAccountsOfAnOwnerAreAsked(t *testing.T) {
	t.Parallel()
	living := inventory.Instance{Scope: scopeOf("spare"), Owner: "1001", ID: "i-1", Name: "subject", PrivateIPs: []string{"10.0.0.1"}}
	unasked := &inventory.Error{Kind: inventory.Temporary, Message: "who is it", Err: errors.New("third")}
	seen := twoKeys{sees: map[string]oneInstance{"spare": {"i-1": living}}}
	seenAndUnasked := seen
	seenAndUnasked.unsure = unasked
	for name, c := range map[string]struct {
		clouds twoKeys
		label  string
		gone   bool // whether the event says released
		writes int
		want   engine.EventOutcome
	}{
		"the other sees it":                             {seen, "prod", false, 0, engine.EventDone},
		"the other still sees it":                       {seen, "prod", true, 0, engine.EventLater},
		"the other sees it, and a third is unasked":     {seenAndUnasked, "prod", false, 0, engine.EventDone},
		"the other cannot say":                          {twoKeys{fail: "spare"}, "prod", false, 0, engine.EventFailed},
		"the other cannot say whether it is released":   {twoKeys{fail: "spare"}, "prod", true, 0, engine.EventFailed},
		"none sees it":                                  {twoKeys{}, "prod", true, 1, engine.EventDone},
		"none sees it, the other only by its list":      {twoKeys{weak: "spare"}, "prod", true, 0, engine.EventLater},
		"none sees it, but a third is unasked":          {twoKeys{unsure: unasked}, "prod", true, 0, engine.EventFailed},
		"none sees it, labelled spare":                  {twoKeys{}, "spare", true, 1, engine.EventDone},
		"the labelled one has lost the right":           {twoKeys{fail: "prod"}, "prod", false, 0, engine.EventFailed},
		"the labelled one has lost the right: released": {twoKeys{fail: "prod"}, "prod", true, 0, engine.EventFailed},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			asset := marked("i-1", "subject", "")
			for n := range asset.Labels {
				if asset.Labels[n].Name == inventory.LabelAccount {
					asset.Labels[n].Value = c.label
				}
			}
			bastion := &quiet{assets: map[string]inventory.Asset{asset.ID: asset}}
			now := time.Now()
			log := slog.New(slog.DiscardHandler)
			v := engine.Events{
				Engine: engine.Engine{
					Rules:   plan.Rules{Accounts: map[string]plan.Account{"prod": {}, "spare": {}}, Mode: plan.ModeDelete},
					Limits:  plan.Limits{Percent: 20, Min: 3, PerRun: 50},
					Writing: apply.Options{Writers: 2, Now: time.Now, Log: log},
					Now:     func() time.Time { return now }, Log: log,
				},
				Clouds: c.clouds, Bastion: bastion,
				Sleep: func(_ context.Context, d time.Duration) error { now = now.Add(d); return nil },
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			answer := v.Run(ctx, []cloud.Heard{{ID: "e", Hint: cloud.Hint{
				Cloud: inventory.Alibaba, AccountID: "1001", Region: "cn-beijing", Instances: []string{"i-1"}, Gone: c.gone,
			}}})
			if len(bastion.writes) != c.writes || answer.Events[0].Outcome != c.want {
				t.Errorf("written %v, %+v", bastion.writes, answer.Events)
			}
		})
	}
}
