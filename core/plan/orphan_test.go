package plan

import (
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const left = "left" // an account that the configuration no longer has

// TestOrphans: said in every run, never removed by one.
func TestOrphans(t *testing.T) {
	t.Parallel()
	of := func(account, region string) inventory.Instance {
		return vm("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.Account, i.Region = account, region })
	}
	region := func(w *world) {
		w.rules.Accounts[prod] = Account{Type: "阿里云", Enabled: true, Regions: []string{beijing}}
	}
	runRows(t, []row{
		{"account taken out", func(w *world) { w.holds(host(of(left, beijing))) }, []string{"orphan i-1 not_configured"}, nil},
		{"account switched off", func(w *world) { w.rules.Accounts[left] = Account{}; w.holds(host(of(left, beijing))) },
			[]string{"orphan i-1 switched_off_account"}, nil},
		{"region taken out", func(w *world) { region(w); w.holds(host(of(prod, shanghai))) }, []string{"orphan i-1 region_not_configured"}, nil},
		{"a region that was not asked for is none", func(w *world) { w.holds(host(of(prod, shanghai))) }, []string{"keep i-1 scope_not_asked"}, nil},
		{"an account that was not asked for is none", func(w *world) {
			w.rules.Accounts[second] = Account{Enabled: true}
			w.holds(host(of(second, beijing)))
		}, []string{"keep i-1 scope_not_asked"}, nil},
		{"deactivated: it only waits", func(w *world) { w.holds(host(of(left, beijing), gone(time.Hour))) }, []string{"keep i-1 in_grace"},
			func(t *testing.T, a Approved) {
				if !a.Notes()[0].Due.IsZero() {
					t.Error("no run will do anything at that time")
				}
			}},
		{"deactivated, and the grace is over: nobody deletes it", func(w *world) { w.holds(host(of(left, beijing), gone(8*24*time.Hour))) },
			[]string{"orphan i-1 not_configured"}, nil},
		{"deactivated, never deleted", func(w *world) {
			w.rules.Mode = ModeDeactivate
			w.holds(host(of(left, beijing), gone(8*24*time.Hour)))
		}, []string{"keep i-1 stays_deactivated"}, nil},
		{"a person keeps it", func(w *world) { w.holds(host(of(left, beijing), labelled(inventory.LabelKeep, "x"))) },
			[]string{"skip i-1 kept_by_label"}, nil},
		{"renamed in the configuration: no orphan", func(w *world) { w.holds(host(of(left, beijing))); w.lists(of(prod, beijing)) },
			[]string{"update i-1 follows_cloud labels"}, nil},
	})
}

// TestRetire: the one way by which orphans end.
func TestRetire(t *testing.T) {
	t.Parallel()
	what := Retirement{Account: left}
	of := func(id, region string, edits ...func(*inventory.Asset)) inventory.Asset {
		return host(vm(id, id, "10.0.0.1", func(i *inventory.Instance) { i.Account, i.Region = left, region }), edits...)
	}
	for _, c := range []struct {
		name  string
		what  Retirement
		setup func(w *world)
		want  []string
	}{
		{"deactivated", what, func(*world) {}, []string{"deactivate i-1 retired", "deactivate i-2 retired"}},
		{"one region", Retirement{left, shanghai}, func(*world) {}, []string{"deactivate i-2 retired"}},
		{"another account", Retirement{Account: "x"}, func(*world) {}, nil},
		{"without grace", what, func(w *world) { w.rules.Grace = 0 }, []string{"delete i-1 retired", "delete i-2 retired"}},
		{"grace over", what, func(w *world) { w.assets[0] = of("i-1", beijing, gone(8*24*time.Hour)) },
			[]string{"delete i-1 grace_over", "deactivate i-2 retired"}},
		{"in the grace", what, func(w *world) { w.assets[0] = of("i-1", beijing, gone(time.Hour)) },
			[]string{"deactivate i-2 retired", "keep i-1 in_grace"}},
		{"told to be deleted later", what, func(w *world) { w.assets[0] = of("i-1", beijing, gone(8*24*time.Hour), due(time.Hour)) },
			[]string{"update i-1 remembers labels", "deactivate i-2 retired", "hold i-1 guard_early"}},
		{"spared", what, func(w *world) {
			w.assets[0] = of("i-1", beijing, labelled(inventory.LabelKeep, "x"))
			w.rules.ProtectedNames = []string{"i-2"}
		}, []string{"skip i-1 kept_by_label", "skip i-2 is_protected_name"}},
		{"an instance that another account lists", what, func(w *world) { w.lists(vm("i-1", "x", "10.0.0.9")) },
			[]string{"deactivate i-2 retired"}},
		{"an instance in another region's listing", what, func(w *world) { w.read(scope(prod, "cn-x"), owner, vm("i-1", "x", "10.0.0.9")) },
			[]string{"deactivate i-2 retired", "keep i-1 seen_elsewhere"}},
		{"a listing of the owner that failed", what, func(w *world) { w.listings = nil; w.fails(scope(prod, beijing), owner) },
			[]string{"deactivate i-2 retired", "keep i-1 scope_failed"}},
		{"an account that is asked for", Retirement{Account: prod}, func(w *world) { w.holds(host(vm("i-3", "db", "10.0.0.3"))) }, nil},
		{"a region that is asked for", Retirement{prod, beijing}, func(w *world) { w.holds(host(vm("i-3", "db", "10.0.0.3"))) }, nil},
		{"a region that is asked for no more", Retirement{prod, shanghai}, func(w *world) {
			w.rules.Accounts[prod] = Account{Enabled: true, Regions: []string{beijing}}
			w.holds(host(vm("i-3", "db", "10.0.0.3", func(i *inventory.Instance) { i.Region = shanghai })), host(vm("i-4", "x", "10.0.0.4")))
		}, []string{"deactivate i-3 retired"}},
		{"an account that is switched off", Retirement{Account: second}, func(w *world) {
			w.rules.Accounts[second] = Account{}
			w.holds(host(vm("i-3", "db", "10.0.0.3", func(i *inventory.Instance) { i.Account = second })))
		}, []string{"deactivate i-3 retired"}},
		{"foreign assets and new instances", what, func(w *world) {
			w.assets = []inventory.Asset{foreign("x", "i-1", "instance_id: i-1", true)}
			w.lists(vm("i-new", "new", "10.0.0.5"))
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.holds(of("i-1", beijing), of("i-2", shanghai))
			c.setup(w)
			p := Retire(Input{Bastion: inventory.Bastion{Assets: w.assets}, Listings: w.listings}, w.rules, c.what)
			a := p.ApproveRetirement()
			if got := lines(a); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			checkWords(t, a)
			if got := p.Approve(Limits{PerRun: 99, Percent: 100}, nil); len(got.Removals()) > 0 {
				t.Errorf("without an approval %q", lines(got))
			}
		})
	}
	if got := newWorld().plan().ApproveRetirement(); len(lines(got)) > 0 {
		t.Error("of another plan", lines(got))
	}
}

// TestRetireOnlyOrphans: in any world, what Retire removes is of that account, ours, and seen nowhere.
func TestRetireOnlyOrphans(t *testing.T) {
	t.Parallel()
	everyWorld(t, func(t *testing.T, w *world) {
		for _, account := range []string{former, narrowed, "one"} {
			for _, region := range []string{"", beijing} {
				in := Input{Bastion: inventory.Bastion{Assets: w.assets}, Listings: w.listings}
				for _, c := range writes(Retire(in, w.rules, Retirement{account, region}).ApproveRetirement()) {
					m, ours := readMark(w.byID()[c.AssetID])
					if !ours || m.account != account || region != "" && m.region != region || w.rules.Accounts[account].Enabled {
						t.Errorf("%s of %+v", c.Action, m)
					}
					for _, l := range w.listings {
						if slices.ContainsFunc(l.Instances, func(i inventory.Instance) bool { return i.ID == m.instance }) {
							t.Errorf("%s is present in %s", m.instance, l.Scope)
						}
					}
				}
			}
		}
	})
}
