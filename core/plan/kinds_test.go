package plan

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestKinds: each kind of instances of a region is a scope of its own, and an id of one kind is none of another.
func TestKinds(t *testing.T) {
	t.Parallel()
	const light = beijing + ".swas"
	both := func(w *world) {
		w.rules.Accounts[prod] = Account{Type: "阿里云", Enabled: true, Regions: []string{beijing, light}}
	}
	server := func(edits ...func(*inventory.Instance)) inventory.Instance {
		return instanceInProd("ace0", "light", "172.16.0.1", append(edits, func(i *inventory.Instance) {
			i.Scope, i.PublicIPs = scopeOf(prod, light), []string{"198.18.0.1"}
		})...)
	}
	runPlanRows(t, []planRow{
		{"made at its public address", func(w *world) { both(w); w.addListing(scopeOf(prod, light), owner, server()) }, []string{`create ace0 new_instance name="light" 198.18.0.1 Linux`},
			func(t *testing.T, a Approved) {
				for c := range a.Changes() {
					if c.Address != "198.18.0.1" || c.AssetID != inventory.AssetID(inventory.Alibaba, light, "ace0") {
						t.Errorf("%+v", c)
					}
				}
			}},
		{"gone, from a complete listing of its kind", func(w *world) { both(w); w.addListing(scopeOf(prod, light), owner); w.addAssets(hostOf(server())) },
			[]string{"deactivate ace0 instance_gone"}, nil},
		{"a failed listing of its kind", func(w *world) {
			both(w)
			w.addFailedListing(scopeOf(prod, light), owner)
			w.addAssets(hostOf(server()))
		},
			[]string{"keep ace0 scope_failed"}, nil},
		{"a failed listing of another kind holds nothing", func(w *world) {
			both(w)
			w.addFailedListing(scopeOf(prod, light), owner)
			w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1")))
		}, []string{"deactivate i-1 instance_gone"}, nil},
		{"failed regions of another kind hold nothing", func(w *world) {
			w.rules.Accounts[prod] = Account{Type: "阿里云", Enabled: true, Kinds: []string{"", "swas"}}
			w.addFailedListing(scopeOf(prod, "*.swas"), owner)
			w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1")))
		}, []string{"deactivate i-1 instance_gone"}, nil},
		{"an id of one kind is none of another", func(w *world) {
			both(w)
			w.addListing(scopeOf(prod, light), owner)
			w.addAssets(hostOf(server()))
			w.addInstances(instanceInProd("ace0", "other", "10.0.0.9"))
		}, []string{`create ace0 new_instance name="other" 10.0.0.9 Linux`, "deactivate ace0 instance_gone"}, nil},
	})
}
