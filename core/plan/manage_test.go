package plan

import (
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// TestManage: fields that are people's are written on new assets only; differences are reported.
func TestManage(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	moved := instanceInProd("i-1", "new", "10.0.0.2")
	zoned := func(w *world, m FieldPolicies) {
		w.rules.Accounts[prod] = Account{Type: "阿里云", Enabled: true, Zone: "z-1"}
		w.rules.Manage = m
	}
	named := func(w *world, p Platforms) {
		w.rules.Accounts[prod] = Account{Type: "阿里云", Enabled: true, Platforms: p}
	}
	says := func(words string) func(*testing.T, Approved) {
		return func(t *testing.T, a Approved) {
			t.Helper()
			if n := a.Notes(); len(n) != 1 || !strings.Contains(n[0].Reason.Text(language.English), words) || n[0].Patch != nil {
				t.Errorf("%+v, want %q", n, words)
			}
		}
	}
	runPlanRows(t, []planRow{
		{"name: create", func(w *world) { w.rules.Manage.Name = WriteOnCreate; w.addAssets(hostOf(i1)); w.addInstances(moved) },
			[]string{"update i-1 follows_cloud address=10.0.0.2", "drift i-1 differs"}, says("name web ≠ new")},
		{"name: create, and another wants it", func(w *world) {
			w.rules.Manage.Name = WriteOnCreate
			w.addAssets(hostOf(instanceInProd("i-2", "web", "10.0.0.2"), switchedOff))
			w.addInstances(i1, instanceInProd("i-2", "db", "10.0.0.2"))
		}, []string{`create i-1 new_instance name="web-i-1" 10.0.0.1 Linux`, "drift i-2 differs", "unchanged 1"}, nil},
		{"name: create, suffixed is no drift", func(w *world) {
			w.rules.Manage.Name = WriteOnCreate
			w.addAssets(hostOf(i1, withName("web-i-1")))
			w.addInstances(i1)
		},
			[]string{"unchanged 1"}, nil},
		{"address: create", func(w *world) { w.rules.Manage.Address = WriteOnCreate; w.addAssets(hostOf(i1)); w.addInstances(moved) },
			[]string{`update i-1 follows_cloud name="new"`, "drift i-1 differs"}, says("address 10.0.0.1 ≠ 10.0.0.2")},
		{"zone: missing", func(w *world) { zoned(w, FieldPolicies{}); w.addAssets(hostOf(i1)); w.addInstances(i1) }, []string{"update i-1 follows_cloud zone=z-1"}, nil},
		{"zone: create", func(w *world) {
			zoned(w, FieldPolicies{Zone: WriteOnCreate})
			w.addAssets(hostOf(i1))
			w.addInstances(i1)
		},
			[]string{"drift i-1 differs", "unchanged 1"}, nil},
		{"zone: create, new", func(w *world) { zoned(w, FieldPolicies{Zone: WriteOnCreate}); w.addInstances(i1) },
			[]string{`create i-1 new_instance name="web" 10.0.0.1 Linux zone=z-1`}, nil},
		{"zone: always", func(w *world) {
			zoned(w, FieldPolicies{Zone: WriteAlways})
			w.addAssets(hostOf(i1, inZone("z-9")))
			w.addInstances(i1)
		},
			[]string{"update i-1 follows_cloud zone=z-1"}, nil},
		{"zone: always, none configured", func(w *world) {
			w.rules.Manage.Zone = WriteAlways
			w.addAssets(hostOf(i1, inZone("z-9")))
			w.addInstances(i1)
		},
			[]string{"unchanged 1"}, nil},
		{"another type of platform is told, never changed", func(w *world) { w.addAssets(hostOf(i1, onPlatform("Windows"))); w.addInstances(i1) },
			[]string{"drift i-1 differs", "unchanged 1"}, says("platform Windows ≠ Linux")},
		{"new assets have the platform that is configured", func(w *world) {
			named(w, Platforms{Linux: "Rocky", Windows: "Rocky", Other: "BSD"})
			w.addInstances(i1)
		},
			[]string{`create i-1 new_instance name="web" 10.0.0.1 Rocky`}, nil},
		{"likewise of an unknown system", func(w *world) {
			named(w, Platforms{Other: "BSD"})
			w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.OSType = "" }))
		}, []string{`create i-1 new_instance name="web" 10.0.0.1 BSD`}, nil},
		{"existing assets keep theirs", func(w *world) { named(w, Platforms{Linux: "Rocky"}); w.addAssets(hostOf(i1)); w.addInstances(i1) }, []string{"unchanged 1"}, nil},
		{"drift is against the configured platform's type", func(w *world) { named(w, Platforms{Linux: "BSD"}); w.addAssets(hostOf(i1)); w.addInstances(i1) },
			[]string{"drift i-1 differs", "unchanged 1"}, says("platform Linux ≠ BSD")},
		{"none against one that is missing", func(w *world) {
			named(w, Platforms{Linux: "missing"})
			w.addAssets(hostOf(i1, onPlatform("Windows")))
			w.addInstances(i1)
		},
			[]string{"unchanged 1"}, nil},
		{"another platform of the type is no drift", func(w *world) { w.addAssets(hostOf(i1, onPlatform("Rocky"))); w.addInstances(i1) }, []string{"unchanged 1"}, nil},
		{"a platform that is not known is no drift", func(w *world) { w.addAssets(hostOf(i1, onPlatform("gone"))); w.addInstances(i1) }, []string{"unchanged 1"}, nil},
		{"a system that the cloud does not name is no drift", func(w *world) {
			w.addAssets(hostOf(i1, onPlatform("Windows")))
			w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.OSType = "" }))
		}, []string{"unchanged 1"}, nil},
		{"events tell nothing of it", func(w *world) {
			w.rules.Partial = true
			w.addAssets(hostOf(i1, onPlatform("Windows")))
			w.addInstances(i1)
		},
			[]string{"unchanged 1"}, nil},
	})
}
