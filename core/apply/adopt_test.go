package apply_test

import (
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// TestAdoptKeepsAPersonsComment: a comment that a person edits while adopt runs is kept; otherwise adopt adds its
// lines.
func TestAdoptKeepsAPersonsComment(t *testing.T) {
	t.Parallel()
	for meanwhile, state := range map[string]string{"rack 7": "update done", "rack 8, move it on Monday": "update kept"} {
		w := newWorld()
		i := instance("i-1", "web", "10.0.0.1")
		const id = "5d3a3f8e-0d0f-4c7f-9a55-0c1f1f0c9a11"
		a := inventory.Asset{ID: id, Name: "web", Address: "10.0.0.1", Platform: "Linux", Comment: "rack 7", Active: true, Host: true}
		w.bastion.assets[id] = a
		w.bastion.onRead = func(b *fakeBastion) {
			now := b.assets[id]
			now.Comment = meanwhile
			b.assets[id] = now
		}
		in := plan.Input{
			Current:  inventory.JumpServerAssets{Assets: []inventory.Asset{a}, Platforms: map[string]inventory.Platform{"Linux": {SupportsZones: true}}},
			Listings: []inventory.Listing{{Scope: i.Scope, Owner: i.Owner, Instances: []inventory.Instance{i}}},
		}
		approved := plan.Adopt(in, plan.Rules{Accounts: map[string]plan.Account{"prod": {}}}, true).ApproveLabelWrites()
		want(t, apply.Run(t.Context(), w.bastion, approved, options()), map[string]int{state: 1})
		now := w.bastion.assets[id]
		if !strings.HasPrefix(now.Comment, meanwhile) || plan.IsOurs(now) != (state == "update done") {
			t.Errorf("%s: %+v", meanwhile, now)
		}
	}
}
