package plan

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// handmadeHost returns a host that a person made.
func handmadeHost(id, name, address string, edits ...func(*inventory.Asset)) inventory.Asset {
	a := foreignHost(id, name, "", true)
	a.Address = address
	for _, edit := range edits {
		edit(&a)
	}
	return a
}

func withComment(text string) func(*inventory.Asset) {
	return func(a *inventory.Asset) { a.Comment = text }
}

func inZone(zone string) func(*inventory.Asset) { return func(a *inventory.Asset) { a.Zone = zone } }

// TestAdopt: what is adopted, and what is too uncertain.
func TestAdopt(t *testing.T) {
	t.Parallel()
	i1, i2 := instanceInProd("i-1", "web", "10.0.0.1"), instanceInProd("i-2", "db", "10.0.0.2")
	const python = "由JMS-Sync同步于 2025-05-07 10:00:00\ninstance_id: i-1\nregion: cn-beijing"
	for _, c := range []struct {
		name  string
		setup func(w *world)
		want  []string
	}{
		{"the Python tool's", func(w *world) { w.addAssets(handmadeHost("h", "old", "10.9.9.9", withComment(python))) }, []string{"update i-1 adopted_by_name labels comment"}},
		{"made by hand: zone and address", func(w *world) { w.addAssets(handmadeHost("h", "web", "10.0.0.1")) }, []string{"update i-1 adopted_by_address labels comment"}},
		{"by a public address", func(w *world) {
			w.listings[0].Instances[0].PublicIPs = []string{"47.0.0.1"}
			w.addAssets(handmadeHost("h", "web", "47.0.0.1"))
		}, []string{"update i-1 adopted_by_address labels comment"}},
		{"marks taken off", func(w *world) { w.addAssets(hostOf(i1, withoutLabel(inventory.LabelOwner), withComment(""))) }, []string{"update i-1 adopted_by_id labels"}},
		{"released before", func(w *world) {
			w.addAssets(handmadeHost("h", "web", "10.0.0.1", withExtraLabel(inventory.LabelInstance, "i-1")))
		},
			[]string{"update i-1 adopted_by_address labels comment"}},
		{"just a label names it", func(w *world) {
			w.addAssets(handmadeHost("h", "old", "10.7.7.7", withExtraLabel(inventory.LabelInstance, "i-1")))
		},
			[]string{"skip i-1 only_by_label"}},
		{"just a label names it, at the address of another asset of ours", func(w *world) {
			w.addAssets(hostOf(instanceInProd("i-gone", "x", "10.0.0.1")), handmadeHost("h", "old", "10.7.7.7", withExtraLabel(inventory.LabelInstance, "i-1")))
		}, []string{"skip i-1 only_by_label"}},
		{"a label names another", func(w *world) {
			w.addAssets(handmadeHost("h", "web", "10.0.0.1", withExtraLabel(inventory.LabelInstance, "i-gone")))
		},
			[]string{"skip i-1 names_another"}},
		{"no room in its comment", func(w *world) {
			w.addAssets(handmadeHost("h", "web", "10.0.0.1", withComment(strings.Repeat("汉", 4990))))
		},
			[]string{"skip i-1 comment_full"}},
		{"both have ours", func(w *world) {
			w.addAssets(hostOf(i1), hostOf(i2), handmadeHost("h", "web", "10.0.0.1", withComment(python)))
		}, nil},
		{"ours under another region", func(w *world) {
			w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.Region = shanghai })), handmadeHost("h", "web", "10.0.0.1"))
		}, nil},
		{"nothing fits", func(w *world) { w.addAssets(handmadeHost("h", "old", "10.9.9.9", withComment("instance_id: i-gone"))) }, nil},
		{"another zone", func(w *world) { w.addAssets(handmadeHost("h", "web", "10.0.0.1", inZone("z-1"))) }, nil},
		{"the account's zone", func(w *world) {
			w.rules.Accounts[prod] = Account{Enabled: true, Zone: "z-1"}
			w.addAssets(handmadeHost("h", "web", "10.0.0.1", inZone("z-1")), handmadeHost("g", "other", "10.0.0.1"))
		}, []string{"update i-1 adopted_by_address labels comment"}},
		{"two assets name it", func(w *world) {
			w.addAssets(handmadeHost("h", "web", "10.0.0.1", withComment(python)), handmadeHost("g", "older", "10.0.0.9", withComment(python)))
		}, []string{"skip i-1 ambiguous"}},
		{"two assets have the address", func(w *world) {
			w.addAssets(handmadeHost("h", "web", "10.0.0.1"), handmadeHost("g", "older", "10.0.0.1"))
		},
			[]string{"skip i-1 ambiguous"}},
		{"one of the two is ours", func(w *world) {
			w.addAssets(handmadeHost("h", "web", "10.0.0.1"), hostOf(i2, func(a *inventory.Asset) { a.Address = "10.0.0.1" }))
		},
			[]string{"skip i-1 ambiguous"}},
		{"two instances have the address", func(w *world) {
			w.listings[0].Instances[1].PrivateIPs = []string{"10.0.0.1"}
			w.addAssets(handmadeHost("h", "web", "10.0.0.1"))
		}, []string{"skip i-1 ambiguous", "skip i-2 ambiguous"}},
		{"an instance with an asset of ours has the address too", func(w *world) {
			w.listings[0].Instances[1].PrivateIPs = []string{"10.0.0.1"}
			w.addAssets(handmadeHost("h", "web", "10.0.0.1"), hostOf(i2))
		}, []string{"skip i-1 ambiguous"}},
		{"one asset names two instances", func(w *world) {
			w.addAssets(handmadeHost("h", "old", "10.9.9.9", withComment("instance_id: i-1\ninstance_id: i-2")))
		},
			[]string{"skip i-1 ambiguous_instances", "skip i-2 ambiguous_instances"}},
		{"two addresses, two assets", func(w *world) {
			w.listings[0].Instances[0].PublicIPs = []string{"47.0.0.1"}
			w.addAssets(handmadeHost("h", "web", "10.0.0.1"), handmadeHost("g", "older", "47.0.0.1"))
		}, []string{"skip i-1 ambiguous"}},
		{"the address was used again", func(w *world) { w.addAssets(handmadeHost("h", "web", "10.0.0.1", withComment("instance_id: i-gone"))) },
			[]string{"skip i-1 names_another"}},
		{"the address of another asset of ours", func(w *world) {
			w.addAssets(hostOf(instanceInProd("i-gone", "x", "10.0.0.1")))
		}, nil},
		{"a region that was not read", func(w *world) {
			w.addFailedListing(scopeOf(prod, shanghai), owner)
			w.addAssets(handmadeHost("h", "web", "10.0.0.1"))
		},
			[]string{"skip i-1 ambiguous_unread"}},
		{"a region that was not read: an id is enough", func(w *world) {
			w.addFailedListing(scopeOf(prod, shanghai), owner)
			w.addAssets(handmadeHost("h", "web", "10.0.0.1", withComment(python)))
		}, []string{"update i-1 adopted_by_name labels comment"}},
		{"another system", func(w *world) { w.addAssets(handmadeHost("h", "web", "10.0.0.1", onPlatform("Windows"))) }, []string{"skip i-1 other_type"}},
		{"another platform of the same type", func(w *world) { w.addAssets(handmadeHost("h", "web", "10.0.0.1", onPlatform("Rocky"))) },
			[]string{"update i-1 adopted_by_address labels comment"}},
		{"a gateway", func(w *world) { w.addAssets(handmadeHost("h", "web", "10.0.0.1", onPlatform("Gateway"))) }, []string{"skip i-1 is_gateway"}},
		{"a protected name", func(w *world) {
			w.rules.ProtectedNames = []string{"we?"}
			w.addAssets(handmadeHost("h", "web", "10.0.0.1"))
		},
			[]string{"skip i-1 is_protected_name"}},
		{"outside the whitelist", func(w *world) {
			w.rules.Whitelist = parsePrefixes("10.1.0.0/16")
			w.addAssets(handmadeHost("h", "web", "10.0.0.1"))
		},
			[]string{"skip i-1 not_whitelisted"}},
		{"cannot be marked", func(w *world) {
			w.listings[0].Instances[0].Owner = ""
			w.addAssets(handmadeHost("h", "web", "10.0.0.1"))
		}, []string{"skip i-1 not_markable"}},
		{"another name", func(w *world) { w.addAssets(handmadeHost("h", "idc-oracle-db01", "10.0.0.1")) }, []string{"skip i-1 other_name"}},
		{"another name, by a public address", func(w *world) {
			w.listings[0].Instances[0].PublicIPs = []string{"47.0.0.1"}
			w.addAssets(handmadeHost("h", "web-2", "47.0.0.1"))
		}, []string{"skip i-1 other_name"}},
		{"the name of its host", func(w *world) {
			w.listings[0].Instances[0].HostName = "WEB01"
			w.addAssets(handmadeHost("h", "web01", "10.0.0.1"))
		}, []string{"update i-1 adopted_by_address labels comment"}},
		{"an instance without a name", func(w *world) {
			w.listings[0].Instances[0].Name = ""
			w.addAssets(handmadeHost("h", "i-1", "10.0.0.1"), handmadeHost("g", "", "10.0.0.8"))
		}, []string{"skip i-1 other_name"}},
		{"no host", func(w *world) {
			w.addAssets(handmadeHost("h", "web", "10.0.0.1", func(a *inventory.Asset) { a.Host = false }))
		}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.addInstances(i1, i2)
			c.setup(w)
			p := Adopt(w.input(), w.rules, true)
			a := p.ApproveLabelWrites()
			if got := renderLines(a); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			checkTexts(t, a)
			for _, u := range a.Updates() {
				if u.Patch.Name != nil || u.Patch.Address != nil || u.Patch.Active != nil || u.Patch.Zone != nil {
					t.Errorf("more than labels: %+v", u.Patch)
				}
			}
		})
	}
	if got := newWorld().plan().ApproveLabelWrites(); len(renderLines(got)) > 0 {
		t.Error("of another plan", renderLines(got))
	}
}

// TestAdoptByAddressOnlyIfAsked: an address is no identity. Each line has the names of both.
func TestAdoptByAddressOnlyIfAsked(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.addInstances(instanceInProd("i-1", "web", "10.0.0.1"), instanceInProd("i-2", "app", "10.0.0.2"), instanceInProd("i-3", "db", "10.0.0.3"))
	w.addAssets(handmadeHost("h", "web", "10.0.0.1"), handmadeHost("g", "idc-oracle-db01", "10.0.0.2"), handmadeHost("f", "old", "10.9.9.9", withComment("instance_id: i-3")))
	for byAddress, want := range map[bool][]string{
		false: {"update i-3 adopted_by_name labels comment", "skip i-1 only_by_address", "skip i-2 other_name"},
		true:  {"update i-1 adopted_by_address labels comment", "update i-3 adopted_by_name labels comment", "skip i-2 other_name"},
	} {
		a := Adopt(w.input(), w.rules, byAddress).ApproveLabelWrites()
		if got := renderLines(a); !slices.Equal(got, want) {
			t.Errorf("%v: %q, want %q", byAddress, got, want)
		}
		checkTexts(t, a)
		cloudNames := map[string]string{"i-1": "web", "i-2": "app", "i-3": "db"}
		names := map[string]string{"i-1": "web", "i-2": "idc-oracle-db01", "i-3": "old"}
		for _, c := range slices.Concat(a.Updates(), a.Notes()) {
			if c.CloudName != cloudNames[c.InstanceID] || c.Name != names[c.InstanceID] {
				t.Errorf("%s: %q and %q", c.InstanceID, c.CloudName, c.Name)
			}
		}
	}
}

// TestAdoptedFollows: after adoption all rules apply to the asset under its own id; its name is people's.
func TestAdoptedFollows(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	take := func(edits ...func(*inventory.Asset)) inventory.Asset {
		return hostOf(i1, append([]func(*inventory.Asset){withName("old"), adoptedAs("own")}, edits...)...)
	}
	own := func(t *testing.T, a Approved) {
		t.Helper()
		for _, c := range allWrites(a) {
			if c.AssetID != "own" || c.Patch != nil && c.Patch.ID != "own" {
				t.Errorf("%+v", c)
			}
		}
	}
	runPlanRows(t, []planRow{
		{"keeps its name", func(w *world) { w.addInstances(i1); w.addAssets(take()) }, []string{"drift i-1 differs", "unchanged 1"}, nil},
		{"unless it is managed", func(w *world) { w.addInstances(i1); w.addAssets(take()); w.rules.Manage.AdoptedName = WriteAlways },
			[]string{`update i-1 follows_cloud name="web"`}, own},
		{"follows the address", func(w *world) { w.addInstances(instanceInProd("i-1", "old", "10.0.0.2")); w.addAssets(take()) },
			[]string{"update i-1 follows_cloud address=10.0.0.2"}, own},
		{"an address that a person chose among several", func(w *world) {
			w.addInstances(instanceInProd("i-1", "old", "10.0.0.2", func(i *inventory.Instance) { i.PublicIPs = []string{"10.0.0.1"} }))
			w.addAssets(take())
		}, []string{"drift i-1 differs", "unchanged 1"}, nil},
		{"follows labels, and keeps jms-asset", func(w *world) {
			w.addInstances(instanceInProd("i-1", "old", "10.0.0.1"))
			w.addAssets(take(withoutLabel(inventory.LabelAccount), withExtraLabel(inventory.LabelAccount, "before")))
		}, []string{"update i-1 follows_cloud labels"}, func(t *testing.T, a Approved) {
			own(t, a)
			if got, _ := (inventory.Asset{Labels: a.Updates()[0].Patch.Labels}).Label(inventory.LabelAsset); got != "own" {
				t.Error(a.Updates()[0].Patch.Labels)
			}
		}},
		{"deactivated", func(w *world) { w.addAssets(take()) }, []string{"deactivate i-1 instance_gone"}, own},
		{"deactivated for good, and says so", func(w *world) { w.addAssets(take()) }, []string{"deactivate i-1 instance_gone"},
			func(t *testing.T, a Approved) {
				got, _ := (inventory.Asset{Labels: a.Removals()[0].Patch.Labels}).Label(inventory.LabelDue)
				if got != inventory.DueNever {
					t.Errorf("jms-due:%s", got)
				}
			}},
		{"deactivated at once where nothing has a grace", func(w *world) { w.rules.Grace = 0; w.addAssets(take()) },
			[]string{"deactivate i-1 instance_gone"}, own},
		{"never deleted", func(w *world) { w.addAssets(take(deactivatedFor(8 * 24 * time.Hour))) }, []string{"keep i-1 adopted_stays"}, nil},
		{"a promise to delete it is taken back", func(w *world) { w.addAssets(take(deactivatedFor(8*24*time.Hour), dueAfter(time.Hour))) },
			[]string{"update i-1 remembers labels", "keep i-1 adopted_stays"}, func(t *testing.T, a Approved) {
				got, _ := (inventory.Asset{Labels: a.Updates()[0].Patch.Labels}).Label(inventory.LabelDue)
				if got != inventory.DueNever {
					t.Errorf("jms-due:%s", got)
				}
			}},
		{"deleted, if the configuration says so", func(w *world) {
			w.rules.DeleteAdopted = true
			w.addAssets(take(deactivatedFor(8 * 24 * time.Hour)))
		}, []string{"delete i-1 grace_over"}, own},
		{"not on the day that the configuration begins to say so", func(w *world) {
			w.rules.DeleteAdopted = true
			w.addAssets(take(deactivatedFor(8*24*time.Hour), withExtraLabel(inventory.LabelDue, inventory.DueNever)))
		}, []string{"update i-1 remembers labels", "hold i-1 guard_early"}, own},
		{"the id that we made proves it, whatever jms-asset says", func(w *world) {
			w.addAssets(hostOf(i1, deactivatedFor(8*24*time.Hour), withExtraLabel(inventory.LabelAsset, inventory.AssetID(inventory.Alibaba, beijing, "i-1"))))
		}, []string{"delete i-1 grace_over"}, nil},
		{"returned", func(w *world) {
			w.addInstances(instanceInProd("i-1", "old", "10.0.0.1"))
			w.addAssets(take(deactivatedFor(time.Hour), dueAfter(time.Hour)))
		},
			[]string{"update i-1 returned labels active=true"}, own},
		{"returned, with half of our marks: nothing shows that we switched it off", func(w *world) {
			w.addInstances(instanceInProd("i-1", "old", "10.0.0.1"))
			w.addAssets(take(deactivatedFor(time.Hour)))
		}, []string{"update i-1 returned_unproved labels"}, own},
		{"returned, with a time that nobody can read", func(w *world) {
			w.addInstances(instanceInProd("i-1", "old", "10.0.0.1"))
			w.addAssets(take(switchedOff, withExtraLabel(inventory.LabelGone, "yesterday"), dueAfter(time.Hour)))
		}, []string{"update i-1 returned_unproved labels"}, own},
		{"switched off without our marks", func(w *world) {
			w.addInstances(instanceInProd("i-1", "old", "10.0.0.1"))
			w.addAssets(take(switchedOff))
		},
			[]string{"unchanged 1"}, nil},
		{"deactivated, it gives no name away", func(w *world) {
			w.addInstances(instanceInProd("i-2", "old", "10.0.0.2"))
			w.addAssets(take(deactivatedFor(time.Hour)))
		},
			[]string{`create i-2 new_instance name="old-i-2" 10.0.0.2 Linux`, "keep i-1 adopted_stays"}, nil},
		{"an event closes it", func(w *world) { w.rules.Partial = true; w.addAssets(take()) }, []string{"deactivate i-1 instance_released"}, own},
		{"a copy of it is not ours", func(w *world) {
			w.addInstances(instanceInProd("i-1", "old", "10.0.0.1"))
			w.addAssets(take(), take(func(a *inventory.Asset) { a.ID, a.Name = "copy", "old copy" }))
		}, []string{"skip i-1 is_copy", "unchanged 1"}, nil},
		{"a copy that is left alone is not ours, and not doubled", func(w *world) {
			w.addInstances(instanceInProd("i-1", "old", "10.0.0.1"))
			w.addAssets(take(func(a *inventory.Asset) { a.ID = "copy" }))
		}, []string{"skip i-1 named_in_comment", "skip i-1 is_copy"}, nil},
		{"two are ours: that of our id follows, the other is told", func(w *world) {
			w.addInstances(i1)
			w.addAssets(take(), hostOf(i1))
		}, []string{"skip i-1 doubled", "unchanged 1"}, nil},
		{"two are ours, and the instance is gone", func(w *world) { w.addAssets(take(), hostOf(i1)) },
			[]string{"deactivate i-1 instance_gone", "deactivate i-1 instance_gone"}, nil},
		{"marks taken off our id, another was adopted", func(w *world) {
			w.addInstances(instanceInProd("i-1", "old", "10.0.0.1"))
			w.addAssets(take(), hostOf(i1, withoutLabel(inventory.LabelOwner)))
		}, []string{"unchanged 1"}, nil},
		{"listed by two accounts", func(w *world) {
			w.addInstances(instanceInProd("i-1", "old", "10.0.0.1"))
			w.addListing(scopeOf(secondAccount, beijing), owner, instanceInProd("i-1", "old", "10.0.0.1"))
			w.addAssets(take())
		}, []string{"unchanged 1"}, nil},
	})
}

// TestDisown: nothing is deleted, and no later run creates an asset anew.
func TestDisown(t *testing.T) {
	t.Parallel()
	i1, i2, i3 := instanceInProd("i-1", "web", "10.0.0.1"), instanceInProd("i-2", "db", "10.0.0.2"), instanceInProd("i-3", "app", "10.0.0.3")
	w := newWorld()
	w.addInstances(i1, i2, i3)
	w.addAssets(
		hostOf(i1, withExtraLabel("team", "a"), withExtraLabel(inventory.LabelKeep, "x"), deactivatedFor(time.Hour), dueAfter(time.Hour), missingFor(time.Hour), withComment("")),
		hostOf(i2, adoptedAs("two")), hostOf(i3, adoptedAs("three"), withComment("mine")), handmadeHost("h", "hand", "10.5.5.5", withExtraLabel("jms-account", prod)))
	released := Disown(w.input(), "", "").ApproveLabelWrites()
	if got, want := renderLines(released), []string{"update i-1 released labels", "update i-2 released labels", "update i-3 released labels"}; !slices.Equal(got, want) {
		t.Fatalf("%q", got)
	}
	checkTexts(t, released)
	j := newFakeJumpServer(t, w)
	j.apply(released)
	for id, want := range map[string]string{
		inventory.AssetID(inventory.Alibaba, beijing, "i-1"): "[team:a jms-keep:x jms-released:person]", "two": "[jms-released:person]", "three": "[jms-instance:i-3 jms-released:person]", "h": "[jms-account:aliyun-prod]",
	} {
		if got := fmt.Sprint(j.assets[id].Labels); got != want {
			t.Errorf("%s has %s, want %s", id, got, want)
		}
	}
	after := j.world(w)
	if got, want := renderLines(after.approve()), []string{"skip i-1 marks_taken_off", "skip i-2 named_in_comment", "skip i-3 named_by_label"}; !slices.Equal(got, want) {
		t.Errorf("the next run: %q", got)
	}
	again := Adopt(after.input(), after.rules, true).ApproveLabelWrites()
	if got, want := renderLines(again), []string{"update i-1 adopted_by_id labels", "update i-2 adopted_by_name labels comment", "update i-3 adopted_by_address labels comment"}; !slices.Equal(got, want) {
		t.Errorf("adopted again: %q", got)
	}
	j.apply(again)
	if got := allWrites(j.world(w).approve()); len(got) > 0 {
		t.Errorf("after that: %+v", got)
	}
	for _, c := range []struct {
		account, region string
		want            int
	}{{prod, "", 3}, {prod, beijing, 3}, {"", shanghai, 0}, {"other", "", 0}} {
		if got := len(Disown(w.input(), c.account, c.region).ApproveLabelWrites().Updates()); got != c.want {
			t.Errorf("%+v: %d", c, got)
		}
	}
}

// TestOperatorActionsOnlyWriteLabels: in any world, Adopt and Disown write nothing but labels and, for Adopt, lines
// behind comments, and keep people's. Adopt takes only what is not ours, Disown only what is ours or has our
// labels. After Adopt a run creates the same number of assets or fewer, and after Disown none for an instance that
// had one. (An instance that two regions list, which no cloud has, may get one in the other region: a disowned
// asset is recognised by the id made of its own region.)
func TestOperatorActionsOnlyWriteLabels(t *testing.T) {
	t.Parallel()
	everyWorld(t, func(t *testing.T, w *world) {
		for name, p := range map[string]Plan{"adopt": Adopt(w.input(), w.rules, true), "release": Disown(w.input(), "", "")} {
			a := p.ApproveLabelWrites()
			j := newFakeJumpServer(t, w)
			j.apply(a)
			for _, c := range allWrites(a) {
				before := w.byID()[c.AssetID]
				_, claims := OursByLabelsAlone(before)
				completed := c.Reason.Code == reason.ProofCompleted && slices.Equal(before.Labels, j.assets[c.AssetID].Labels)
				if IsOurs(before) != (name == "release") && !claims && !completed || IsOurs(j.assets[c.AssetID]) != (name == "adopt") {
					t.Errorf("%s of %+v: %+v", name, before, j.assets[c.AssetID])
				}
				after := j.assets[c.AssetID]
				if !slices.Equal(peoplesLabels(after), peoplesLabels(before)) {
					t.Errorf("%s: labels %v became %v", name, before.Labels, after.Labels)
				}
				if name == "adopt" && strings.HasPrefix(after.Comment, strings.TrimSpace(before.Comment)) {
					after.Comment = before.Comment
				}
				after.Labels = before.Labels
				if fmt.Sprint(after) != fmt.Sprint(before) {
					t.Errorf("%s: %+v became %+v", name, before, after)
				}
			}
			next := j.world(w).approve()
			if had, has := w.countCreates(w.approve()), w.countCreates(next); has > had {
				t.Errorf("%s: %d creates, %d before", name, has, had)
			}
		}
	})
}
