package plan

import (
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// recordedRemoval returns the record of a run that deactivated an asset that long ago.
func recordedRemoval(a inventory.Asset, before time.Duration) RecordedRemoval {
	return RecordedRemoval{AssetID: a.ID, Action: Deactivate, GoneLabel: inventory.FormatLabelTime(now().Add(-before))}
}

// TestReopen: only assets of ours that this very run deactivated become active.
func TestReopen(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	id := hostOf(i1).ID
	recorded := func(c RecordedRemoval) Reopening { return Reopening{Recorded: []RecordedRemoval{c}} }
	hour := recorded(recordedRemoval(hostOf(i1), time.Hour))
	closed := func(edits ...func(*inventory.Asset)) func(w *world) {
		return func(w *world) {
			w.addAssets(hostOf(i1, append([]func(*inventory.Asset){deactivatedFor(time.Hour), dueAfter(-time.Hour)}, edits...)...))
		}
	}
	adopt := func(edits ...func(*inventory.Asset)) func(w *world) {
		return closed(append([]func(*inventory.Asset){adoptedAs("a-1")}, edits...)...)
	}
	ofAdopted := recorded(RecordedRemoval{AssetID: "a-1", Action: Deactivate, GoneLabel: hour.Recorded[0].GoneLabel})
	opens, at := []string{"update i-1 reopened labels active=true"}, scopeOf(prod, beijing)
	window := func(since, until time.Duration) Reopening {
		return Reopening{Since: now().Add(-since), Until: now().Add(-until)}
	}
	for _, c := range []struct {
		name  string
		what  Reopening
		setup func(w *world)
		want  []string
	}{
		{"closed by the run", hour, closed(), opens},
		{"in another spelling", recorded(RecordedRemoval{AssetID: id, Action: Deactivate, GoneLabel: "20260301t0700z"}), closed(), opens},
		{"closed by an event", hour, closed(withExtraLabel(inventory.LabelEvent, "closed")), opens},
		{"kept by a label that was set since", hour, closed(withExtraLabel(inventory.LabelKeep, "db")), opens},
		{"its account and region", Reopening{Account: prod, Region: beijing, Recorded: hour.Recorded}, closed(), opens},
		{"another account", Reopening{Account: secondAccount, Recorded: hour.Recorded}, closed(), nil},
		{"another region", Reopening{Region: shanghai, Recorded: hour.Recorded}, closed(), nil},
		{"not of the record", hour, func(w *world) {
			w.addAssets(hostOf(instanceInProd("i-2", "db", "10.0.0.2"), deactivatedFor(time.Hour)))
		},
			[]string{"skip  lost_since"}},
		{"a record of nothing", Reopening{Recorded: []RecordedRemoval{}, GoneLabels: nil}, closed(), nil},
		{"closed again by another run", hour, closed(withoutLabel(inventory.LabelGone), withExtraLabel(inventory.LabelGone, "20260301T0730Z")),
			[]string{"skip i-1 closed_since"}},
		{"active already", hour, closed(func(a *inventory.Asset) { a.Active = true }), []string{"skip i-1 open_already"}},
		{"active, marks gone: its instance came back", hour, func(w *world) { w.addAssets(hostOf(i1)) }, []string{"skip i-1 open_already"}},
		{"the mark was taken off", hour, closed(withoutLabel(inventory.LabelGone)), []string{"skip i-1 off_by_hand"}},
		{"the mark cannot be read", hour, closed(withoutLabel(inventory.LabelGone), withExtraLabel(inventory.LabelGone, "soon")),
			[]string{"skip i-1 gone_unreadable"}},
		{"a person had switched it off", hour, closed(withExtraLabel(inventory.LabelOff, "person")), []string{"skip i-1 off_before"}},
		{"made a gateway", hour, closed(func(a *inventory.Asset) { a.Platform = "Gateway" }), []string{"skip i-1 is_gateway"}},
		{"its name is protected", hour, func(w *world) { closed()(w); w.rules.ProtectedNames = []string{"web*"} },
			[]string{"skip i-1 is_protected_name"}},
		{"a host of JumpServer", hour, func(w *world) { closed()(w); w.rules.OwnHosts = []string{"10.0.0.1"} },
			[]string{"skip i-1 is_own_host"}},
		{"two owners", hour, closed(withComment("instance_id: i-1\naccount_id: another")), []string{"skip i-1 owners_differ"}},
		{"our labels were taken off", hour, closed(withoutLabel(inventory.LabelOwner)), []string{"skip  no_longer_ours"}},
		{"adopted", ofAdopted, adopt(), opens},
		{"adopted, marks not whole", ofAdopted, adopt(withoutLabel(inventory.LabelDue)), []string{"skip i-1 marks_not_whole"}},
		{"deleted by the run", recorded(RecordedRemoval{AssetID: id, Action: Delete, InstanceID: "i-1", Name: "web", Scope: at}), func(*world) {},
			[]string{"skip i-1 lost_for_good"}},
		{"deleted by the run, of another account", Reopening{Account: secondAccount, Recorded: []RecordedRemoval{{AssetID: id, Action: Delete, Scope: at}}},
			func(*world) {}, nil},
		{"deleted, and made anew", recorded(RecordedRemoval{AssetID: id, Action: Delete}), func(w *world) { w.addAssets(hostOf(i1)) },
			[]string{"skip i-1 made_anew"}},
		{"deleted since", hour, func(*world) {}, []string{"skip  lost_since"}},
		{"no record: in the time", window(time.Hour, 0), closed(), opens},
		{"no record: another account", Reopening{Account: secondAccount, Since: now().Add(-time.Hour), Until: now()}, closed(), nil},
		{"no record: before it", window(59*time.Minute, 0), closed(), nil},
		{"no record: after it", window(3*time.Hour, 2*time.Hour), closed(), nil},
		{"no record: a mark that cannot be read", window(time.Hour, 0), closed(withoutLabel(inventory.LabelGone), withExtraLabel(inventory.LabelGone, "soon")),
			[]string{"skip i-1 gone_unreadable"}},
		{"no record: never closed", window(time.Hour, 0), func(w *world) { w.addAssets(hostOf(i1)) }, nil},
		{"no record: not ours", window(time.Hour, 0), closed(withoutLabel(inventory.LabelOwner)), nil},
		{"no ids: by the mark", Reopening{Recorded: []RecordedRemoval{}, GoneLabels: []string{hour.Recorded[0].GoneLabel}, Scopes: []inventory.Scope{at}}, closed(), opens},
		{"no ids: another mark", Reopening{GoneLabels: []string{"20260301T0730Z"}, Scopes: []inventory.Scope{at}}, closed(), nil},
		{"no ids: not a scope of the run", Reopening{GoneLabels: []string{hour.Recorded[0].GoneLabel}, Scopes: []inventory.Scope{scopeOf(prod, shanghai)}}, closed(), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			c.setup(w)
			a := Reopen(w.input(), w.rules, c.what).ApproveReopening()
			if got := renderLines(a); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			checkTexts(t, a)
			for _, u := range a.Updates() {
				if labelsSay(u.Patch.Labels, inventory.LabelDue, inventory.LabelEvent) || !labelsSay(u.Patch.Labels, inventory.LabelGone) {
					t.Errorf("labels become %v", u.Patch.Labels)
				}
			}
		})
	}
}

// labelsSay reports whether any label has one of these names.
func labelsSay(labels []inventory.Label, names ...string) bool {
	return slices.ContainsFunc(labels, func(l inventory.Label) bool { return hasAnyName(l, names...) })
}

// TestRunsLeaveWhatWasReopened: neither the next run, nor one long after the grace, nor an event deactivates it
// again, and each reports it; when its instance is listed again our labels go.
func TestRunsLeaveWhatWasReopened(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	w := newWorld()
	w.addAssets(hostOf(i1, deactivatedFor(time.Hour), dueAfter(-time.Hour), withExtraLabel(inventory.LabelEvent, "closed")))
	change := Reopen(w.input(), w.rules, Reopening{Recorded: []RecordedRemoval{recordedRemoval(w.assets[0], time.Hour)}}).ApproveReopening().Updates()[0]
	w.assets[0].Active, w.assets[0].Labels = *change.Patch.Active, change.Patch.Labels
	for _, later := range []time.Duration{time.Minute, 30 * 24 * time.Hour} {
		for _, partial := range []bool{false, true} {
			w.rules.Now, w.rules.Partial = now().Add(later), partial
			if got, want := renderLines(w.approve()), []string{"skip i-1 switched_on"}; !slices.Equal(got, want) {
				t.Errorf("%s later, by an event %t: %q, want %q", later, partial, got, want)
			}
		}
	}
	w.rules.Partial = false
	w.assets[0].Active = false
	if got, want := renderLines(w.approve()), []string{"skip i-1 switched_off_again"}; !slices.Equal(got, want) {
		t.Errorf("a person switched it off again: %q, want %q", got, want)
	}
	w.addInstances(i1)
	if got, want := renderLines(w.approve()), []string{"update i-1 returned_off labels"}; !slices.Equal(got, want) {
		t.Errorf("off by a person, and the instance is back: %q, want %q", got, want)
	}
	w.assets[0].Active = true
	a := w.approve()
	if got, want := renderLines(a), []string{"update i-1 follows_cloud labels"}; !slices.Equal(got, want) {
		t.Fatalf("the instance is back: %q, want %q", got, want)
	}
	if labels := a.Updates()[0].Patch.Labels; labelsSay(labels, inventory.LabelGone) {
		t.Errorf("marks are left: %v", labels)
	}
}

// TestApproveReopening: only plans of Reopen are approved.
func TestApproveReopening(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1")))
	a := Disown(w.input(), "", "").ApproveReopening()
	for range a.Changes() {
		t.Fatal("the plan of a release passed")
	}
}
