package plan

import (
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

func onPlatform(name string) func(*inventory.Asset) {
	return func(a *inventory.Asset) { a.Platform = name }
}

// TestNeverTouched: no run writes to such assets of ours, whether their instances are listed or gone.
func TestNeverTouched(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	renamed := instanceInProd("i-1", "bastion", "10.0.0.2")
	named := func(patterns ...string) func(*world) {
		return func(w *world) { w.rules.ProtectedNames = patterns }
	}
	var rows []planRow
	for _, c := range []struct {
		name, code string
		setup      func(*world)
		edit       func(*inventory.Asset)
	}{
		{"gateway", "is_gateway", func(*world) {}, onPlatform("Gateway")},
		{"a copy of the gateway's platform", "is_gateway", func(*world) {}, onPlatform("gateway-beijing")},
		{"protected name", "is_protected_name", named("db", "WEB"), func(*inventory.Asset) {}},
		{"protected name with wildcards", "is_protected_name", named("w*b"), func(*inventory.Asset) {}},
		{"JumpServer's own host", "is_own_host", func(w *world) { w.rules.OwnHosts = []string{"10.0.0.1"} }, func(*inventory.Asset) {}},
		{"JumpServer's own host, by name", "is_own_host", func(w *world) { w.rules.OwnHosts = []string{"JMS.example.com"} },
			func(a *inventory.Asset) { a.Address = "jms.example.com" }},
	} {
		rows = append(rows,
			planRow{c.name + ", gone", func(w *world) { c.setup(w); w.addAssets(hostOf(i1, c.edit)) }, []string{"skip i-1 " + c.code}, nil},
			planRow{c.name + ", its grace is over", func(w *world) { c.setup(w); w.addAssets(hostOf(i1, c.edit, deactivatedFor(8*24*time.Hour))) },
				[]string{"skip i-1 " + c.code}, nil},
			planRow{c.name + ", listed and different", func(w *world) { c.setup(w); w.addAssets(hostOf(i1, c.edit)); w.addInstances(renamed) },
				[]string{"skip i-1 " + c.code}, nil},
			planRow{c.name + ", as it should be", func(w *world) {
				c.setup(w)
				a := hostOf(i1, c.edit)
				w.addAssets(a)
				w.addInstances(instanceInProd("i-1", "web", a.Address))
			}, []string{"unchanged 1"}, nil})
	}
	runPlanRows(t, append(rows, []planRow{
		{"another name", func(w *world) { w.rules.ProtectedNames = []string{"we?b"}; w.addAssets(hostOf(i1)) }, []string{"deactivate i-1 instance_gone"}, nil},
		{"another platform that speaks of gateways", func(w *world) { w.addAssets(hostOf(i1, onPlatform("API Gateway"))) },
			[]string{"deactivate i-1 instance_gone"}, nil},
		{"its name is not given away", func(w *world) {
			w.rules.ProtectedNames = []string{"web"}
			w.addAssets(hostOf(i1, deactivatedFor(time.Hour)))
			w.addInstances(instanceInProd("i-2", "web", "10.0.0.2"))
		}, []string{`create i-2 new_instance name="web-i-2" 10.0.0.2 Linux`, "skip i-1 is_protected_name"}, nil},
	}...))
}

// TestKeptByPeople: jms-keep, with its reason.
func TestKeptByPeople(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	keep := withExtraLabel(inventory.LabelKeep, "audit until May")
	runPlanRows(t, []planRow{
		{"not deactivated", func(w *world) { w.addAssets(hostOf(i1, keep)) }, []string{"skip i-1 kept_by_label"},
			func(t *testing.T, a Approved) {
				if got := a.Notes()[0].Reason.Text(language.English); !strings.Contains(got, "audit until May") {
					t.Error(got)
				}
			}},
		{"not deleted", func(w *world) { w.addAssets(hostOf(i1, keep, deactivatedFor(8*24*time.Hour))) }, []string{"skip i-1 kept_by_label"}, nil},
		{"two of them", func(w *world) { w.addAssets(hostOf(i1, keep, withExtraLabel(inventory.LabelKeep, "owner away"))) },
			[]string{"skip i-1 kept_by_label"}, nil},
		{"an event does not close it", func(w *world) { w.rules.Partial = true; w.addAssets(hostOf(i1, keep)) }, []string{"skip i-1 kept_by_label"}, nil},
		{"it still follows the cloud, and keeps the label", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web2", "10.0.0.1"))
			w.addAssets(hostOf(i1, keep, deactivatedFor(time.Hour)))
		}, []string{`update i-1 returned name="web2" labels active=true`}, func(t *testing.T, a Approved) {
			if got := (inventory.Asset{Labels: a.Updates()[0].Patch.Labels}); got.LabelCount(inventory.LabelKeep) != 1 {
				t.Error(got.Labels)
			}
		}},
	})
}

// dueAfter sets jms-due.
func dueAfter(after time.Duration) func(*inventory.Asset) {
	return withExtraLabel(inventory.LabelDue, formatTime(now().Add(after)))
}

// TestEarlyDeletesAreHeldOnce: the settings make a delete due earlier than people were told.
func TestEarlyDeletesAreHeldOnce(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	const day = 24 * time.Hour
	old := deactivatedFor(8 * day) // its grace of seven days is over
	runPlanRows(t, []planRow{
		{"as promised", func(w *world) { w.addAssets(hostOf(i1, old, dueAfter(-day))) }, []string{"delete i-1 grace_over"}, nil},
		{"to the second", func(w *world) { w.addAssets(hostOf(i1, old, dueAfter(0))) }, []string{"delete i-1 grace_over"}, nil},
		{"the grace was shortened", func(w *world) { w.addAssets(hostOf(i1, old, dueAfter(22*day))) },
			[]string{"update i-1 remembers labels", "hold i-1 guard_early"}, func(t *testing.T, a Approved) {
				got, _ := (inventory.Asset{Labels: a.Updates()[0].Patch.Labels}).Label(inventory.LabelDue)
				if got != "20260301T0810Z" || !a.Updates()[0].Interim {
					t.Errorf("%s %+v", got, a.Updates()[0])
				}
			}},
		{"deletion was switched on", func(w *world) { w.addAssets(hostOf(i1, old, withExtraLabel(inventory.LabelDue, inventory.DueNever))) },
			[]string{"update i-1 remembers labels", "hold i-1 guard_early"}, nil},
		{"a promise that cannot be read", func(w *world) { w.addAssets(hostOf(i1, old, withExtraLabel(inventory.LabelDue, "soon"))) },
			[]string{"update i-1 remembers labels", "hold i-1 guard_early"}, nil},
		{"two promises", func(w *world) { w.addAssets(hostOf(i1, old, dueAfter(-day), dueAfter(-day-time.Hour))) },
			[]string{"update i-1 remembers labels", "hold i-1 guard_early"}, nil},
		{"told already: waits", func(w *world) { w.addAssets(hostOf(i1, old, dueAfter(noticePeriod))) }, []string{"keep i-1 in_grace"},
			func(t *testing.T, a Approved) {
				if got := a.Notes()[0].Due; !got.Equal(now().Add(noticePeriod)) {
					t.Error(got)
				}
			}},
		{"grace lengthened: promised anew", func(w *world) { w.rules.Grace = 30 * day; w.addAssets(hostOf(i1, old, dueAfter(-day))) },
			[]string{"update i-1 remembers labels", "keep i-1 in_grace"}, func(t *testing.T, a Approved) {
				got, _ := (inventory.Asset{Labels: a.Updates()[0].Patch.Labels}).Label(inventory.LabelDue)
				if got != "20260323T0800Z" {
					t.Error(got)
				}
			}},
		{"deletion switched off: promised anew", func(w *world) { w.rules.Mode = ModeDeactivate; w.addAssets(hostOf(i1, old, dueAfter(-day))) },
			[]string{"update i-1 remembers labels", "keep i-1 stays_deactivated"}, nil},
		{"deletion is off, as promised", func(w *world) {
			w.rules.Mode = ModeDeactivate
			w.addAssets(hostOf(i1, old, withExtraLabel(inventory.LabelDue, inventory.DueNever)))
		}, []string{"keep i-1 stays_deactivated"}, nil},
		{"an event deletes nothing and tells nobody", func(w *world) { w.rules.Partial = true; w.addAssets(hostOf(i1, old, dueAfter(22*day))) },
			[]string{"keep i-1 in_grace"}, nil},
		{"returned: the promise goes", func(w *world) { w.addInstances(i1); w.addAssets(hostOf(i1, old, dueAfter(day))) },
			[]string{"update i-1 returned labels active=true"}, func(t *testing.T, a Approved) {
				if got := a.Updates()[0].Patch.Labels; !slices.Equal(got, ownershipLabels(i1)) {
					t.Error(got)
				}
			}},
	})
}

// TestEventsDeleteNothing: without a grace an event deactivates, and jms-due follows the settings.
func TestEventsDeleteNothing(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	runPlanRows(t, []planRow{{"grace 0", func(w *world) { w.rules.Grace, w.rules.Partial = 0, true; w.addAssets(hostOf(i1)) },
		[]string{"deactivate i-1 instance_released"}, func(t *testing.T, a Approved) {
			got, _ := (inventory.Asset{Labels: a.Removals()[0].Patch.Labels}).Label(inventory.LabelDue)
			if got != "20260301T0800Z" {
				t.Error(got)
			}
		}}})
}

func TestMatchesPattern(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"", "", true}, {"", "a", false}, {"*", "", true}, {"*", "any/thing", true}, {"a*", "abc", true}, {"*c", "abc", true},
		{"a*c", "abbc", true}, {"a*c", "abcd", false}, {"a**c", "ac", true}, {"?", "堡", true}, {"?", "", false}, {"??", "a", false},
		{"堡垒*", "堡垒机-1", true}, {"Web-?", "wEB-1", true}, {"*a*b*", "xxaxxbxx", true}, {"*ab", "aab", true}, {"[a]", "a", false},
		{"[a]", "[A]", true}, {"*.*", "a", false}, {`\*`, "x", false},
	} {
		if got := matchesPattern(c.pattern, c.name); got != c.want {
			t.Errorf("%q, %q: %v", c.pattern, c.name, got)
		}
	}
}

// FuzzMatchesPattern compares with package path for patterns that mean the same in both.
func FuzzMatchesPattern(f *testing.F) {
	f.Add("a*c?", "abbcd")
	f.Add("*ab*", "xaabab")
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if strings.ContainsAny(pattern+name, `/[]\`) || len(pattern) > 40 || !isASCII(pattern+name) {
			return
		}
		want, err := path.Match(strings.ToLower(pattern), strings.ToLower(name))
		if err == nil && matchesPattern(pattern, name) != want {
			t.Errorf("%q, %q: want %v", pattern, name, want)
		}
	})
}

func isASCII(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > 126 })
}

func TestIsSameHost(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		x, y string
		want bool
	}{
		{"10.0.0.1", "10.0.0.1", true}, {"10.0.0.1", "::ffff:10.0.0.1", true}, {"2001:db8::1", "2001:db8:0::1", true},
		{"10.0.0.1", "10.0.0.2", false}, {"jms.example.com", "JMS.example.com.", true}, {"", "", false}, {"jms", "10.0.0.1", false},
	} {
		if got := isSameHost(c.x, c.y); got != c.want {
			t.Errorf("%q, %q: %v", c.x, c.y, got)
		}
	}
}

// neverTouched: no write names a gateway, one of JumpServer's hosts or a protected name.
func neverTouched(t *testing.T, w *world) {
	assets := w.byID()
	for _, c := range allWrites(w.approve()) {
		before := assets[c.AssetID]
		if why, spared := w.rules.neverWritten(before); spared && c.Action != Create {
			t.Errorf("%s of %s, yet %s", c.Action, before.Name, why.Text(language.English))
		}
	}
}
