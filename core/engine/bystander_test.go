package engine_test

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
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// quiet is a JumpServer whose search, as the real one, shows every asset that mentions a text.
type quiet struct {
	assets  map[string]inventory.Asset
	writes  []string
	created []inventory.NewAsset
}

func (q *quiet) Node(context.Context, string, string) (inventory.Node, error) {
	return inventory.Node{ID: "n-1"}, nil
}
func (q *quiet) Lacking(context.Context, []string) ([]string, error) { return nil, nil }
func (q *quiet) Prove(context.Context) error                         { return nil }
func (q *quiet) Narrow(context.Context) (bool, error)                { return false, nil }
func (q *quiet) Platforms(context.Context) (map[string]inventory.Platform, error) {
	return map[string]inventory.Platform{"Linux": {Zones: true}}, nil
}

func (q *quiet) Deactivated(context.Context, string, time.Time) ([]inventory.Asset, bool, error) {
	return nil, true, nil
}
func (q *quiet) CountActive(context.Context, []inventory.Label) (int, error) { return 0, nil }
func (q *quiet) UpdateBatch(context.Context, bool) int                       { return 10 }
func (q *quiet) RemoveBatch(context.Context) int                             { return 10 }

func (q *quiet) Create(_ context.Context, a inventory.NewAsset) (bool, error) {
	q.created = append(q.created, a)
	return false, nil
}

func (q *quiet) Update(_ context.Context, patches []inventory.Patch, _ func([]int) []int) []error {
	for _, p := range patches {
		q.writes = append(q.writes, q.assets[p.ID].Name)
	}
	return make([]error, len(patches))
}

func (q *quiet) Remove(_ context.Context, ids []string, _ func(inventory.Asset) bool) []error {
	for _, id := range ids {
		q.writes = append(q.writes, q.assets[id].Name)
	}
	return make([]error, len(ids))
}

func (q *quiet) Assets(_ context.Context, ids []string) ([]inventory.Asset, error) {
	var out []inventory.Asset
	for _, id := range ids {
		if a, ok := q.assets[id]; ok {
			out = append(out, a)
		}
	}
	return out, nil
}

func (q *quiet) Naming(_ context.Context, instance string) ([]inventory.Asset, error) {
	var out []inventory.Asset
	for _, a := range q.assets {
		if strings.Contains(a.Comment, instance) {
			out = append(out, a)
		}
	}
	return out, nil
}

func (q *quiet) Marked(_ context.Context, instances []string) ([]inventory.Asset, error) {
	var out []inventory.Asset
	for _, a := range q.assets {
		if id, ok := a.Label(inventory.LabelInstance); ok && slices.Contains(instances, id) {
			out = append(out, a)
		}
	}
	return out, nil
}

// oneInstance is a cloud in which only the instances of the map exist.
type oneInstance map[string]inventory.Instance

func (o oneInstance) Resolve(context.Context, cloud.Hint) ([]inventory.Scope, error) {
	return []inventory.Scope{{Cloud: inventory.Alibaba, Account: "prod", Region: "cn-beijing"}}, nil
}

func (o oneInstance) Glance(_ context.Context, _ inventory.Scope, ids []string) ([]inventory.Instance, error) {
	var out []inventory.Instance
	for _, id := range ids {
		if i, ok := o[id]; ok {
			out = append(out, i)
		}
	}
	return out, nil
}

func (o oneInstance) Lookup(ctx context.Context, s inventory.Scope, ids []string) (inventory.Found, error) {
	list, err := o.Glance(ctx, s, ids)
	return inventory.Found{Instances: list}, err
}

func marked(id, name, comment string) inventory.Asset {
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
			living := marked("i-2", "living", "replaces instance_id: i-1")
			subject := marked("i-1", "subject", "instance_id: i-1")
			bastion := &quiet{assets: map[string]inventory.Asset{living.ID: living, subject.ID: subject}}
			clouds := oneInstance{}
			if !gone {
				clouds["i-1"] = inventory.Instance{
					Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "prod", Region: "cn-beijing"},
					Owner: "1001", ID: "i-1", Name: "renamed", PrivateIPs: []string{"10.0.0.1"},
				}
			}
			now := time.Now()
			v := engine.Events{
				Engine: engine.Engine{
					Rules:   plan.Rules{Accounts: map[string]plan.Account{"prod": {Type: "阿里云"}}, Mode: plan.ModeDelete},
					Limits:  plan.Limits{Percent: 20, Min: 3, PerRun: 50},
					Writing: apply.Options{Writers: 2, Now: time.Now, Log: slog.New(slog.DiscardHandler)},
					Now:     func() time.Time { return now }, Log: slog.New(slog.DiscardHandler),
				},
				Clouds: clouds, Bastion: bastion,
				Sleep: func(_ context.Context, d time.Duration) error { now = now.Add(d); return nil },
			}
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			answer := v.Run(ctx, []cloud.Heard{{ID: "e", Hint: cloud.Hint{
				Cloud: inventory.Alibaba, AccountID: "1001", Region: "cn-beijing", Instances: []string{"i-1"}, Gone: gone,
			}}})
			if len(bastion.writes) != 1 || bastion.writes[0] != "subject" || len(bastion.created) != 0 {
				t.Errorf("written: %v, created %v", bastion.writes, bastion.created)
			}
			if answer.Events[0].Outcome != engine.EventDone || answer.Deactivated > 1 || answer.Held > 0 {
				t.Errorf("answer: %+v", answer)
			}
		})
	}
}
