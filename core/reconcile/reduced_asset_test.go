package reconcile_test

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reconcile"
)

// fakeBastion is a JumpServer whose search, as the real one, shows every asset that mentions a text.
type fakeBastion struct {
	assets  map[string]inventory.Asset
	writes  []string
	created []inventory.NewAsset
}

func (q *fakeBastion) EnsureNode(context.Context, string, string) (inventory.Node, error) {
	return inventory.Node{ID: "n-1"}, nil
}
func (q *fakeBastion) MissingPlatforms(context.Context, []string) ([]string, error) { return nil, nil }
func (q *fakeBastion) VerifyOrganisation(context.Context) error                     { return nil }
func (q *fakeBastion) UsesUTF8MB3(context.Context) (bool, error)                    { return false, nil }
func (q *fakeBastion) ListPlatforms(context.Context) (map[string]inventory.Platform, error) {
	return map[string]inventory.Platform{"Linux": {SupportsZones: true}}, nil
}

func (q *fakeBastion) ListZones(context.Context, ...string) ([]inventory.Zone, bool, error) {
	return nil, false, nil
}

func (q *fakeBastion) ListTemplates(context.Context, ...string) ([]inventory.AccountTemplate, bool, error) {
	return nil, false, nil
}
func (q *fakeBastion) ListNodes(context.Context) ([]inventory.Node, error) { return nil, nil }

func (q *fakeBastion) AccountsOf(context.Context, []string) (map[string][]inventory.Account, bool, error) {
	return nil, false, nil
}

func (q *fakeBastion) AttachAccounts(_ context.Context, accounts []inventory.NewAccount) []error {
	return make([]error, len(accounts))
}

func (q *fakeBastion) ListDeactivated(context.Context, time.Time) ([]inventory.Asset, bool, error) {
	return nil, true, nil
}
func (q *fakeBastion) CountActive(context.Context, []inventory.Label) (int, error) { return 0, nil }
func (q *fakeBastion) UpdateBatchSize(context.Context, bool) int                   { return 10 }
func (q *fakeBastion) RemoveBatchSize(context.Context) int                         { return 10 }

func (q *fakeBastion) Create(_ context.Context, a inventory.NewAsset) (bool, error) {
	q.created = append(q.created, a)
	return false, nil
}

func (q *fakeBastion) Update(_ context.Context, patches []inventory.Patch, _ func([]int) []int) []error {
	for _, p := range patches {
		q.writes = append(q.writes, q.assets[p.ID].Name)
	}
	return make([]error, len(patches))
}

func (q *fakeBastion) Remove(_ context.Context, ids []string, _ func(inventory.Asset) bool) []error {
	for _, id := range ids {
		q.writes = append(q.writes, q.assets[id].Name)
	}
	return make([]error, len(ids))
}

func (q *fakeBastion) AssetsByID(_ context.Context, ids []string) ([]inventory.Asset, error) {
	var out []inventory.Asset
	for _, id := range ids {
		if a, ok := q.assets[id]; ok {
			out = append(out, a)
		}
	}
	return out, nil
}

func (q *fakeBastion) AssetsMentioning(_ context.Context, instance string) ([]inventory.Asset, error) {
	var out []inventory.Asset
	for _, a := range q.assets {
		if strings.Contains(a.Comment, instance) {
			out = append(out, a)
		}
	}
	return out, nil
}

func (q *fakeBastion) AssetsByInstance(_ context.Context, instances []string) ([]inventory.Asset, error) {
	var out []inventory.Asset
	for _, a := range q.assets {
		if id, ok := a.Label(inventory.LabelInstance); ok && slices.Contains(instances, id) {
			out = append(out, a)
		}
	}
	return out, nil
}

// fakeCloud is a cloud in which only the instances of the map exist.
type fakeCloud map[string]inventory.Instance

func (o fakeCloud) ResolveScopes(context.Context, cloud.EventTarget) ([]inventory.Scope, error) {
	return []inventory.Scope{{Cloud: inventory.Alibaba, Account: "prod", Region: "cn-beijing"}}, nil
}

func (o fakeCloud) Find(_ context.Context, _ inventory.Scope, ids []string) ([]inventory.Instance, error) {
	var out []inventory.Instance
	for _, id := range ids {
		if i, ok := o[id]; ok {
			out = append(out, i)
		}
	}
	return out, nil
}

func (fakeCloud) VerifyOwner(context.Context, inventory.Scope, string) error { return nil }

func (o fakeCloud) FindVerified(ctx context.Context, s inventory.Scope, ids []string) (inventory.FindResult, error) {
	list, err := o.Find(ctx, s, ids)
	return inventory.FindResult{Instances: list}, err
}

// newFakeHandler returns a handler of events that works with a fake JumpServer, and whose waits pass at once.
func newFakeHandler(clouds engine.EventClouds, bastion *fakeBastion, clock *enginetest.Clock, accounts map[string]plan.Account) reconcile.EventHandler {
	log := slog.New(slog.DiscardHandler)
	return reconcile.EventHandler{
		Engine: engine.Engine{
			Rules:        plan.Rules{Accounts: accounts, Mode: plan.ModeDelete},
			Limits:       plan.Limits{Percent: 20, Min: 3, Fleet: plan.Share{Percent: 20, Min: 10}, PerRun: 50},
			ApplyOptions: apply.Options{Writers: 2, Now: time.Now, Log: log},
			Now:          clock.Now, Log: log,
		},
		Clouds: clouds, Bastion: bastion, Sleep: clock.Sleep,
	}
}

func ownedAsset(id, name, comment string) inventory.Asset {
	return inventory.Asset{
		ID: inventory.AssetID(inventory.Alibaba, "cn-beijing", id), Name: name, Address: "10.0.0.1", Platform: "Linux",
		Active: true, Host: true, Comment: comment, Labels: []inventory.Label{
			{Name: inventory.LabelCloud, Value: "alibaba"}, {Name: inventory.LabelAccount, Value: "prod"},
			{Name: inventory.LabelOwner, Value: "1001"}, {Name: inventory.LabelRegion, Value: "cn-beijing"},
			{Name: inventory.LabelInstance, Value: id},
		},
	}
}

// TestSearchNeverCondemnsABystander: an event of one instance reads, by its search, a living asset
// of ours whose comment mentions that instance. Nothing may happen to it, whether the event's
// instance exists, is new, or is proved released.
func TestSearchNeverCondemnsABystander(t *testing.T) {
	t.Parallel()
	for name, gone := range map[string]bool{"running": false, "released": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			living := ownedAsset("i-2", "living", "replaces instance_id: i-1")
			subject := ownedAsset("i-1", "subject", "instance_id: i-1")
			bastion := &fakeBastion{assets: map[string]inventory.Asset{living.ID: living, subject.ID: subject}}
			clouds := fakeCloud{}
			if !gone {
				clouds["i-1"] = inventory.Instance{
					Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "prod", Region: "cn-beijing"},
					Owner: "1001", ID: "i-1", Name: "renamed", PrivateIPs: []string{"10.0.0.1"},
				}
			}
			v := newFakeHandler(clouds, bastion, new(enginetest.Clock), map[string]plan.Account{"prod": {Type: "阿里云"}})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			answer := v.Run(ctx, []cloud.ParsedEvent{{ID: "e", Target: cloud.EventTarget{
				Cloud: inventory.Alibaba, AccountID: "1001", Region: "cn-beijing", InstanceIDs: []string{"i-1"}, IsReleased: gone,
			}}})
			if len(bastion.writes) != 1 || bastion.writes[0] != "subject" || len(bastion.created) != 0 {
				t.Errorf("written: %v, created %v", bastion.writes, bastion.created)
			}
			if answer.Results[0].Outcome != reconcile.EventDone || answer.Deactivated > 1 || answer.Held > 0 {
				t.Errorf("answer: %+v", answer)
			}
		})
	}
}
