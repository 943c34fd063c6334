package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// hand is a host that a person made.
func hand(id, name, address string, edits ...func(*inventory.Asset)) inventory.Asset {
	a := foreign(id, name, "", true)
	a.Address = address
	for _, edit := range edits {
		edit(&a)
	}
	return a
}

func comment(text string) func(*inventory.Asset) {
	return func(a *inventory.Asset) { a.Comment = text }
}

func inZone(zone string) func(*inventory.Asset) { return func(a *inventory.Asset) { a.Zone = zone } }

// TestAdopt: what is found, and what is too uncertain to be taken.
func TestAdopt(t *testing.T) {
	t.Parallel()
	i1, i2 := vm("i-1", "web", "10.0.0.1"), vm("i-2", "db", "10.0.0.2")
	const python = "由JMS-Sync同步于 2025-05-07 10:00:00\ninstance_id: i-1\nregion: cn-beijing"
	for _, c := range []struct {
		name  string
		setup func(w *world)
		want  []string
	}{
		{"the Python tool's", func(w *world) { w.holds(hand("h", "old", "10.9.9.9", comment(python))) }, []string{"update i-1 adopted_by_name labels"}},
		{"made by hand: zone and address", func(w *world) { w.holds(hand("h", "old", "10.0.0.1")) }, []string{"update i-1 adopted_by_address labels"}},
		{"by a public address", func(w *world) {
			w.listings[0].Instances[0].PublicIPs = []string{"47.0.0.1"}
			w.holds(hand("h", "old", "47.0.0.1"))
		}, []string{"update i-1 adopted_by_address labels"}},
		{"marks taken off", func(w *world) { w.holds(host(i1, stripped(inventory.LabelOwner), comment(""))) }, []string{"update i-1 adopted_by_id labels"}},
		{"released before", func(w *world) { w.holds(hand("h", "old", "10.7.7.7", labelled(inventory.LabelInstance, "i-1"))) },
			[]string{"update i-1 adopted_by_name labels"}},
		{"both have ours", func(w *world) { w.holds(host(i1), host(i2), hand("h", "old", "10.0.0.1", comment(python))) }, nil},
		{"ours under another region", func(w *world) {
			w.holds(host(vm("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.Region = shanghai })), hand("h", "old", "10.0.0.1"))
		}, nil},
		{"nothing fits", func(w *world) { w.holds(hand("h", "old", "10.9.9.9", comment("instance_id: i-gone"))) }, nil},
		{"another zone", func(w *world) { w.holds(hand("h", "old", "10.0.0.1", inZone("z-1"))) }, nil},
		{"the account's zone", func(w *world) {
			w.rules.Accounts[prod] = Account{Enabled: true, Zone: "z-1"}
			w.holds(hand("h", "old", "10.0.0.1", inZone("z-1")), hand("g", "other", "10.0.0.1"))
		}, []string{"update i-1 adopted_by_address labels"}},
		{"two assets name it", func(w *world) {
			w.holds(hand("h", "old", "10.0.0.1", comment(python)), hand("g", "older", "10.0.0.9", comment(python)))
		}, []string{"skip i-1 ambiguous"}},
		{"two assets have the address", func(w *world) { w.holds(hand("h", "old", "10.0.0.1"), hand("g", "older", "10.0.0.1")) },
			[]string{"skip i-1 ambiguous"}},
		{"one of the two is ours", func(w *world) {
			w.holds(hand("h", "old", "10.0.0.1"), host(i2, func(a *inventory.Asset) { a.Address = "10.0.0.1" }))
		},
			[]string{"skip i-1 ambiguous"}},
		{"two instances have the address", func(w *world) {
			w.listings[0].Instances[1].PrivateIPs = []string{"10.0.0.1"}
			w.holds(hand("h", "old", "10.0.0.1"))
		}, []string{"skip i-1 ambiguous", "skip i-2 ambiguous"}},
		{"an instance with an asset of ours has the address too", func(w *world) {
			w.listings[0].Instances[1].PrivateIPs = []string{"10.0.0.1"}
			w.holds(hand("h", "old", "10.0.0.1"), host(i2))
		}, []string{"skip i-1 ambiguous"}},
		{"one asset names two instances", func(w *world) { w.holds(hand("h", "old", "10.9.9.9", comment("instance_id: i-1\ninstance_id: i-2"))) },
			[]string{"skip i-1 ambiguous_instances", "skip i-2 ambiguous_instances"}},
		{"two addresses, two assets", func(w *world) {
			w.listings[0].Instances[0].PublicIPs = []string{"47.0.0.1"}
			w.holds(hand("h", "old", "10.0.0.1"), hand("g", "older", "47.0.0.1"))
		}, []string{"skip i-1 ambiguous"}},
		{"the address was used again", func(w *world) { w.holds(hand("h", "old", "10.0.0.1", comment("instance_id: i-gone"))) },
			[]string{"skip i-1 names_another"}},
		{"the address of another asset of ours", func(w *world) {
			w.holds(host(vm("i-gone", "x", "10.0.0.1")))
		}, nil},
		{"a region that was not read", func(w *world) { w.fails(scope(prod, shanghai), owner); w.holds(hand("h", "old", "10.0.0.1")) },
			[]string{"skip i-1 ambiguous_unread"}},
		{"a region that was not read: an id is enough", func(w *world) {
			w.fails(scope(prod, shanghai), owner)
			w.holds(hand("h", "old", "10.0.0.1", comment(python)))
		}, []string{"update i-1 adopted_by_name labels"}},
		{"another system", func(w *world) { w.holds(hand("h", "old", "10.0.0.1", onPlatform("Windows"))) }, []string{"skip i-1 other_type"}},
		{"another platform of the same type", func(w *world) { w.holds(hand("h", "old", "10.0.0.1", onPlatform("Rocky"))) },
			[]string{"update i-1 adopted_by_address labels"}},
		{"a gateway", func(w *world) { w.holds(hand("h", "old", "10.0.0.1", onPlatform("Gateway"))) }, []string{"skip i-1 is_gateway"}},
		{"a protected name", func(w *world) { w.rules.ProtectedNames = []string{"ol?"}; w.holds(hand("h", "old", "10.0.0.1")) },
			[]string{"skip i-1 is_protected_name"}},
		{"outside the whitelist", func(w *world) { w.rules.Whitelist = prefixes("10.1.0.0/16"); w.holds(hand("h", "old", "10.0.0.1")) },
			[]string{"skip i-1 not_whitelisted"}},
		{"cannot be marked", func(w *world) {
			w.listings[0].Instances[0].Owner = ""
			w.holds(hand("h", "old", "10.0.0.1"))
		}, []string{"skip i-1 not_markable"}},
		{"no host", func(w *world) { w.holds(hand("h", "old", "10.0.0.1", func(a *inventory.Asset) { a.Host = false })) }, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.lists(i1, i2)
			c.setup(w)
			p := Adopt(w.input(), w.rules)
			a := p.ApproveMarks()
			if got := lines(a); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			checkWords(t, a)
			for _, u := range a.Updates() {
				if u.Patch.Name != nil || u.Patch.Address != nil || u.Patch.Active != nil || u.Patch.Zone != nil {
					t.Errorf("more than labels: %+v", u.Patch)
				}
			}
		})
	}
	if got := newWorld().plan().ApproveMarks(); len(lines(got)) > 0 {
		t.Error("of another plan", lines(got))
	}
}

// TestAdoptedFollows: after adoption all rules hold for the asset under its own id; its name is people's.
func TestAdoptedFollows(t *testing.T) {
	t.Parallel()
	i1 := vm("i-1", "web", "10.0.0.1")
	take := func(edits ...func(*inventory.Asset)) inventory.Asset {
		return host(i1, append([]func(*inventory.Asset){called("old"), adoptedAs("own")}, edits...)...)
	}
	own := func(t *testing.T, a Approved) {
		t.Helper()
		for _, c := range writes(a) {
			if c.AssetID != "own" || c.Patch != nil && c.Patch.ID != "own" {
				t.Errorf("%+v", c)
			}
		}
	}
	runRows(t, []row{
		{"keeps its name", func(w *world) { w.lists(i1); w.holds(take()) }, []string{"drift i-1 differs", "unchanged 1"}, nil},
		{"unless it is managed", func(w *world) { w.lists(i1); w.holds(take()); w.rules.Manage.AdoptedName = Always },
			[]string{`update i-1 follows_cloud name="web"`}, own},
		{"follows the address", func(w *world) { w.lists(vm("i-1", "old", "10.0.0.2")); w.holds(take()) },
			[]string{"update i-1 follows_cloud address=10.0.0.2"}, own},
		{"an address that a person chose among several", func(w *world) {
			w.lists(vm("i-1", "old", "10.0.0.2", func(i *inventory.Instance) { i.PublicIPs = []string{"10.0.0.1"} }))
			w.holds(take())
		}, []string{"drift i-1 differs", "unchanged 1"}, nil},
		{"follows labels, and keeps jms-asset", func(w *world) {
			w.lists(vm("i-1", "old", "10.0.0.1"))
			w.holds(take(stripped(inventory.LabelAccount), labelled(inventory.LabelAccount, "before")))
		}, []string{"update i-1 follows_cloud labels"}, func(t *testing.T, a Approved) {
			own(t, a)
			if got, _ := (inventory.Asset{Labels: a.Updates()[0].Patch.Labels}).Label(inventory.LabelAsset); got != "own" {
				t.Error(a.Updates()[0].Patch.Labels)
			}
		}},
		{"deactivated", func(w *world) { w.holds(take()) }, []string{"deactivate i-1 instance_gone"}, own},
		{"deleted", func(w *world) { w.holds(take(gone(8 * 24 * time.Hour))) }, []string{"delete i-1 grace_over"}, own},
		{"returned", func(w *world) { w.lists(vm("i-1", "old", "10.0.0.1")); w.holds(take(gone(time.Hour))) },
			[]string{"update i-1 returned labels active=true"}, own},
		{"deactivated, it gives no name away", func(w *world) { w.lists(vm("i-2", "old", "10.0.0.2")); w.holds(take(gone(time.Hour))) },
			[]string{`create i-2 new_instance name="old-i-2" 10.0.0.2 Linux`, "keep i-1 in_grace"}, nil},
		{"an event closes it", func(w *world) { w.rules.Partial = true; w.holds(take()) }, []string{"deactivate i-1 instance_released"}, own},
		{"a copy of it is not ours", func(w *world) {
			w.lists(vm("i-1", "old", "10.0.0.1"))
			w.holds(take(), take(func(a *inventory.Asset) { a.ID, a.Name = "copy", "old copy" }))
		}, []string{"skip i-1 is_copy", "unchanged 1"}, nil},
		{"a copy that is left alone is not ours, and not doubled", func(w *world) {
			w.lists(vm("i-1", "old", "10.0.0.1"))
			w.holds(take(func(a *inventory.Asset) { a.ID = "copy" }))
		}, []string{"skip i-1 named_in_comment", "skip i-1 is_copy"}, nil},
		{"two are ours: that of our id follows, the other is told", func(w *world) {
			w.lists(i1)
			w.holds(take(), host(i1))
		}, []string{"skip i-1 doubled", "unchanged 1"}, nil},
		{"two are ours, and the instance is gone", func(w *world) { w.holds(take(), host(i1)) },
			[]string{"deactivate i-1 instance_gone", "deactivate i-1 instance_gone"}, nil},
		{"marks taken off our id, another was adopted", func(w *world) {
			w.lists(vm("i-1", "old", "10.0.0.1"))
			w.holds(take(), host(i1, stripped(inventory.LabelOwner)))
		}, []string{"unchanged 1"}, nil},
		{"listed by two accounts", func(w *world) {
			w.lists(vm("i-1", "old", "10.0.0.1"))
			w.read(scope(second, beijing), owner, vm("i-1", "old", "10.0.0.1"))
			w.holds(take())
		}, []string{"unchanged 1"}, nil},
	})
}

// TestManage: fields that are people's are written on new assets only; what differs is told.
func TestManage(t *testing.T) {
	t.Parallel()
	i1 := vm("i-1", "web", "10.0.0.1")
	moved := vm("i-1", "new", "10.0.0.2")
	zoned := func(w *world, m Manage) {
		w.rules.Accounts[prod] = Account{Type: "阿里云", Enabled: true, Zone: "z-1"}
		w.rules.Manage = m
	}
	named := func(w *world, p Platforms) {
		w.rules.Accounts[prod] = Account{Type: "阿里云", Enabled: true, Platforms: p}
	}
	says := func(words string) func(*testing.T, Approved) {
		return func(t *testing.T, a Approved) {
			t.Helper()
			if n := a.Notes(); len(n) != 1 || !strings.Contains(n[0].Reason.Text(English), words) || n[0].Patch != nil {
				t.Errorf("%+v, want %q", n, words)
			}
		}
	}
	runRows(t, []row{
		{"name: create", func(w *world) { w.rules.Manage.Name = OnCreate; w.holds(host(i1)); w.lists(moved) },
			[]string{"update i-1 follows_cloud address=10.0.0.2", "drift i-1 differs"}, says("name web ≠ new")},
		{"name: create, and another wants it", func(w *world) {
			w.rules.Manage.Name = OnCreate
			w.holds(host(vm("i-2", "web", "10.0.0.2"), off))
			w.lists(i1, vm("i-2", "db", "10.0.0.2"))
		}, []string{`create i-1 new_instance name="web-i-1" 10.0.0.1 Linux`, "drift i-2 differs", "unchanged 1"}, nil},
		{"name: create, suffixed is no drift", func(w *world) { w.rules.Manage.Name = OnCreate; w.holds(host(i1, called("web-i-1"))); w.lists(i1) },
			[]string{"unchanged 1"}, nil},
		{"address: create", func(w *world) { w.rules.Manage.Address = OnCreate; w.holds(host(i1)); w.lists(moved) },
			[]string{`update i-1 follows_cloud name="new"`, "drift i-1 differs"}, says("address 10.0.0.1 ≠ 10.0.0.2")},
		{"zone: missing", func(w *world) { zoned(w, Manage{}); w.holds(host(i1)); w.lists(i1) }, []string{"update i-1 follows_cloud zone=z-1"}, nil},
		{"zone: create", func(w *world) { zoned(w, Manage{Zone: OnCreate}); w.holds(host(i1)); w.lists(i1) },
			[]string{"drift i-1 differs", "unchanged 1"}, nil},
		{"zone: create, new", func(w *world) { zoned(w, Manage{Zone: OnCreate}); w.lists(i1) },
			[]string{`create i-1 new_instance name="web" 10.0.0.1 Linux zone=z-1`}, nil},
		{"zone: always", func(w *world) { zoned(w, Manage{Zone: Always}); w.holds(host(i1, inZone("z-9"))); w.lists(i1) },
			[]string{"update i-1 follows_cloud zone=z-1"}, nil},
		{"zone: always, none configured", func(w *world) { w.rules.Manage.Zone = Always; w.holds(host(i1, inZone("z-9"))); w.lists(i1) },
			[]string{"unchanged 1"}, nil},
		{"another type of platform is told, never changed", func(w *world) { w.holds(host(i1, onPlatform("Windows"))); w.lists(i1) },
			[]string{"drift i-1 differs", "unchanged 1"}, says("platform Windows ≠ Linux")},
		{"new assets have the platform that is configured", func(w *world) { named(w, Platforms{Linux: "Rocky", Windows: "Rocky", Other: "BSD"}); w.lists(i1) },
			[]string{`create i-1 new_instance name="web" 10.0.0.1 Rocky`}, nil},
		{"likewise of an unknown system", func(w *world) {
			named(w, Platforms{Other: "BSD"})
			w.lists(vm("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.OSType = "" }))
		}, []string{`create i-1 new_instance name="web" 10.0.0.1 BSD`}, nil},
		{"existing assets keep theirs", func(w *world) { named(w, Platforms{Linux: "Rocky"}); w.holds(host(i1)); w.lists(i1) }, []string{"unchanged 1"}, nil},
		{"drift is against the configured platform's type", func(w *world) { named(w, Platforms{Linux: "BSD"}); w.holds(host(i1)); w.lists(i1) },
			[]string{"drift i-1 differs", "unchanged 1"}, says("platform Linux ≠ BSD")},
		{"none against one that is missing", func(w *world) {
			named(w, Platforms{Linux: "missing"})
			w.holds(host(i1, onPlatform("Windows")))
			w.lists(i1)
		},
			[]string{"unchanged 1"}, nil},
		{"another platform of the type is no drift", func(w *world) { w.holds(host(i1, onPlatform("Rocky"))); w.lists(i1) }, []string{"unchanged 1"}, nil},
		{"a platform that is not known is no drift", func(w *world) { w.holds(host(i1, onPlatform("gone"))); w.lists(i1) }, []string{"unchanged 1"}, nil},
		{"a system that the cloud does not name is no drift", func(w *world) {
			w.holds(host(i1, onPlatform("Windows")))
			w.lists(vm("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.OSType = "" }))
		}, []string{"unchanged 1"}, nil},
		{"events tell nothing of it", func(w *world) { w.rules.Partial = true; w.holds(host(i1, onPlatform("Windows"))); w.lists(i1) },
			[]string{"unchanged 1"}, nil},
	})
}

// TestRelease: the way back. Nothing is deleted, and no later run makes an asset anew.
func TestRelease(t *testing.T) {
	t.Parallel()
	i1, i2, i3 := vm("i-1", "web", "10.0.0.1"), vm("i-2", "db", "10.0.0.2"), vm("i-3", "app", "10.0.0.3")
	w := newWorld()
	w.lists(i1, i2, i3)
	w.holds(
		host(i1, labelled("team", "a"), labelled(inventory.LabelKeep, "x"), gone(time.Hour), due(time.Hour), missing(time.Hour), comment("")),
		host(i2, adoptedAs("two")), host(i3, adoptedAs("three"), comment("mine")), hand("h", "hand", "10.5.5.5", labelled("jms-account", prod)))
	released := Release(w.input(), "", "").ApproveMarks()
	if got, want := lines(released), []string{"update i-1 released labels", "update i-2 released labels", "update i-3 released labels"}; !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
	checkWords(t, released)
	j := newJumpServer(t, w)
	j.apply(released)
	for id, want := range map[string]string{
		inventory.AssetID(inventory.Alibaba, beijing, "i-1"): "[team:a jms-keep:x]", "two": "[]", "three": "[jms-instance:i-3]", "h": "[jms-account:aliyun-prod]",
	} {
		if got := fmt.Sprint(j.assets[id].Labels); got != want {
			t.Errorf("%s has %s, want %s", id, got, want)
		}
	}
	after := j.world(w)
	if got, want := lines(after.approve()), []string{"skip i-1 marks_taken_off", "skip i-2 named_in_comment", "skip i-3 named_in_comment"}; !slices.Equal(got, want) {
		t.Errorf("the next run: %q", got)
	}
	again := Adopt(after.input(), after.rules).ApproveMarks()
	if got, want := lines(again), []string{"update i-1 adopted_by_id labels", "update i-2 adopted_by_name labels", "update i-3 adopted_by_name labels"}; !slices.Equal(got, want) {
		t.Errorf("adopted again: %q", got)
	}
	j.apply(again)
	if got := writes(j.world(w).approve()); len(got) > 0 {
		t.Errorf("after that: %+v", got)
	}
	for _, c := range []struct {
		account, region string
		want            int
	}{{prod, "", 3}, {prod, beijing, 3}, {"", shanghai, 0}, {"other", "", 0}} {
		if got := len(Release(w.input(), c.account, c.region).ApproveMarks().Updates()); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

// TestErrandsOnlyMark: in any world, Adopt and Release write nothing but labels, and leave people's; Adopt
// takes what is not ours, Release what is. After Adopt a run makes the same or fewer assets, and after Release none
// for an instance that had one. (An instance that two regions list, which no cloud has, may get one in the
// other: what was released is known by the id that its own region makes.)
func TestErrandsOnlyMark(t *testing.T) {
	t.Parallel()
	everyWorld(t, func(t *testing.T, w *world) {
		for name, p := range map[string]Plan{"adopt": Adopt(w.input(), w.rules), "release": Release(w.input(), "", "")} {
			a := p.ApproveMarks()
			j := newJumpServer(t, w)
			j.apply(a)
			for _, c := range writes(a) {
				before := w.byID()[c.AssetID]
				if Ours(before) != (name == "release") || Ours(j.assets[c.AssetID]) != (name == "adopt") {
					t.Errorf("%s of %+v: %+v", name, before, j.assets[c.AssetID])
				}
				after := j.assets[c.AssetID]
				if !slices.Equal(peoples(after), peoples(before)) {
					t.Errorf("%s: labels %v became %v", name, before.Labels, after.Labels)
				}
				if after.Labels = before.Labels; fmt.Sprint(after) != fmt.Sprint(before) {
					t.Errorf("%s: %+v became %+v", name, before, after)
				}
			}
			next := j.world(w).approve()
			if had, has := w.creates(w.approve()), w.creates(next); has > had {
				t.Errorf("%s: %d creates, %d before", name, has, had)
			}
		}
	})
}

// creates counts the assets to be made of instances that one listing holds.
func (w *world) creates(a Approved) int {
	n := 0
	for _, c := range a.Creates() {
		if w.once(c.InstanceID) {
			n++
		}
	}
	return n
}
