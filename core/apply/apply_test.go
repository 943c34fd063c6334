package apply_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
)

func want(t *testing.T, r apply.Result, counts map[string]int) {
	t.Helper()
	if got := countStates(r); !maps.Equal(got, counts) {
		t.Errorf("items: got %v, want %v", got, counts)
	}
}

func TestCreatesAfterNodesThenUpdatesThenRemovals(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.instances = []inventory.Instance{instance("i-1", "new", "10.0.0.1"), instance("i-2", "moved", "10.0.0.2")}
	w.addAsset(instance("i-2", "moved", "10.9.9.9"), nil)
	gone := w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
	r := w.run(t, t.Context())
	want(t, r, map[string]int{"create done": 1, "update done": 1, "deactivate done": 1})
	verbs := make([]string, 0, len(w.bastion.calls))
	for _, c := range w.bastion.calls {
		verbs = append(verbs, strings.Fields(c)[0])
	}
	if !slices.Equal(verbs, []string{"nodes", "create", "update", "read", "update"}) {
		t.Errorf("calls %v", w.bastion.calls)
	}
	if a := w.bastion.assets[gone]; a.Active || a.LabelCount(inventory.LabelGone) != 1 {
		t.Errorf("not deactivated: %+v", a)
	}
}

// TestSwapAndRebuiltServer: names pass between assets, and each keeps its id.
// Invariants: 7.
func TestSwapAndRebuiltServer(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.grace = 0
	w.instances = []inventory.Instance{
		instance("i-1", "b", "10.0.0.1"), instance("i-2", "a", "10.0.0.2"), instance("i-9", "web", "10.0.0.9"),
	}
	one := w.addAsset(instance("i-1", "a", "10.0.0.1"), nil)
	two := w.addAsset(instance("i-2", "b", "10.0.0.2"), nil)
	w.addAsset(instance("i-8", "web", "10.0.0.8"), nil)
	r := w.run(t, t.Context())
	for _, i := range r.Items {
		if i.State != apply.Done {
			t.Errorf("%s %s: %s %v", i.Change.Action, i.Change.Name, i.State, i.Err)
		}
	}
	if w.bastion.assets[one].Name != "b" || w.bastion.assets[two].Name != "a" {
		t.Error("names were not swapped")
	}
	again := w.approve()
	if len(again.Creates())+len(again.Updates())+len(again.Removals())+len(again.Renames()) != 0 {
		t.Errorf("the second run is not empty: %+v", again)
	}
	if got := countStates(r); got["update done"] != 4 { // three renames of the swap, one release
		t.Errorf("items %v", got)
	}
}

// TestPersonsChangeBetweenPlanAndRemovalWins: if people change an asset after the plan saw it, before its last read
// or, for deletions, right before the deletion, it is kept, and the reason names the field.
// Invariants: 6.
func TestPersonsChangeBetweenPlanAndRemovalWins(t *testing.T) {
	t.Parallel()
	for field, edit := range map[string]func(*inventory.Asset){
		"is_active": func(a *inventory.Asset) { a.Active = false },
		"address":   func(a *inventory.Asset) { a.Address = "10.1.1.1" },
		"labels":    func(a *inventory.Asset) { a.Labels = append(a.Labels, inventory.Label{Name: "keep", Value: "x"}) },
		"name":      func(a *inventory.Asset) { a.Name = "db-1" },
		"platform":  func(a *inventory.Asset) { a.Platform = "Gateway" },
		"zone":      func(a *inventory.Asset) { a.Zone = "3f0c8a52-0000-4000-8000-000000000001" },
		"comment":   func(a *inventory.Asset) { a.Comment += "\nask Li before you delete this" },
		"nodes":     func(a *inventory.Asset) { a.Nodes = "5e0c8a52-0000-4000-8000-000000000002" },
	} {
		for _, when := range []string{"deactivated", "deleted", "deleted, right before"} {
			t.Run(field+" "+when, func(t *testing.T) {
				t.Parallel()
				w := newWorld()
				if when != "deactivated" {
					w.grace = 0
				}
				id := w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
				other := w.addAsset(instance("i-4", "gone too", "10.0.0.4"), nil)
				person := func(b *fakeBastion) {
					a := b.assets[id]
					a.Labels = slices.Clone(a.Labels)
					edit(&a)
					b.assets[id] = a
				}
				if when == "deleted, right before" {
					w.bastion.beforeLastRead = person
				} else {
					w.bastion.onRead = person
				}
				r := w.run(t, t.Context())
				if len(r.Items) != 2 {
					t.Fatalf("items %+v", r.Items)
				}
				for _, i := range r.Items {
					kept := i.State == apply.Kept && i.Reason.Text(language.English) == reason.New(reason.ChangedMeanwhile, field).Text(language.English)
					if i.Change.AssetID == id && !kept || i.Change.AssetID == other && i.State != apply.Done {
						t.Errorf("%s: %s %s", i.Change.Name, i.State, i.Reason.Text(language.English))
					}
				}
				if a, there := w.bastion.assets[id]; !there || a.LabelCount(inventory.LabelGone) > 0 {
					t.Errorf("it was removed: %+v", a)
				}
			})
		}
	}
}

// TestOwnRenameIsNoChange: an asset that released its name in this very run is removed all the same; if a person
// then renamed it again it is kept.
func TestOwnRenameIsNoChange(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		person bool
		want   map[string]int
	}{
		"ours":           {false, map[string]int{"update done": 1, "create done": 1, "delete done": 1}},
		"and a person's": {true, map[string]int{"update done": 1, "create done": 1, "delete kept": 1}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.grace = 0
			id := w.addAsset(instance("i-1", "web", "10.0.0.1"), nil)
			w.instances = []inventory.Instance{instance("i-2", "web", "10.0.0.2")}
			w.bastion.beforeLastRead = func(b *fakeBastion) {
				if a := b.assets[id]; test.person {
					a.Name = "web-kept"
					b.assets[id] = a
				}
			}
			want(t, w.run(t, t.Context()), test.want)
		})
	}
}

// TestCommentDoesNotHinderLabels: fields that matter for removals only do not keep labels from being written.
func TestCommentDoesNotHinderLabels(t *testing.T) {
	t.Parallel()
	w := newWorld()
	i := instance("i-1", "web", "10.0.0.1")
	id := w.addAsset(i, func(a *inventory.Asset) {
		a.Active = false
		a.Labels = append(a.Labels, inventory.GoneLabel(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)))
	})
	w.instances = []inventory.Instance{i}
	w.bastion.onRead = func(b *fakeBastion) {
		a := b.assets[id]
		a.Comment, a.Platform, a.Nodes = "edited", "Ubuntu", "5e0c8a52-0000-4000-8000-000000000002"
		b.assets[id] = a
	}
	want(t, w.run(t, t.Context()), map[string]int{"update done": 1})
	if a := w.bastion.assets[id]; !a.Active || a.LabelCount(inventory.LabelGone) > 0 {
		t.Errorf("%+v", a)
	}
}

func TestLabelOrderIsNoChange(t *testing.T) {
	t.Parallel()
	w := newWorld()
	id := w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
	w.bastion.onRead = func(b *fakeBastion) {
		a := b.assets[id]
		a.Labels = slices.Clone(a.Labels)
		slices.Reverse(a.Labels)
		b.assets[id] = a
	}
	want(t, w.run(t, t.Context()), map[string]int{"deactivate done": 1})
}

func TestNothingIsRemovedWhenReadingAgainFails(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.grace = 0
	id := w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
	w.bastion.failRead = &inventory.Error{Kind: inventory.Incomplete, Message: "rows are missing"}
	want(t, w.run(t, t.Context()), map[string]int{"delete failed": 1})
	if _, there := w.bastion.assets[id]; !there {
		t.Error("it was removed")
	}
}

func TestAssetGoneMeanwhileIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.grace = 0
	id := w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
	w.bastion.onRead = func(b *fakeBastion) { delete(b.assets, id) }
	r := w.run(t, t.Context())
	if len(r.Items) != 1 || r.Items[0].Reason.Code != reason.GoneMeanwhile {
		t.Errorf("items %+v", r.Items)
	}
}

func TestEndedContextWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.instances = []inventory.Instance{instance("i-1", "new", "10.0.0.1"), instance("i-2", "moved", "10.0.0.2")}
	w.addAsset(instance("i-2", "moved", "10.9.9.9"), nil)
	w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
	w.addAsset(instance("i-4", "due", "10.0.0.4"), func(a *inventory.Asset) {
		a.Active = false
		a.Labels = append(a.Labels, inventory.GoneLabel(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)))
	})
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	r := w.run(t, ctx)
	want(t, r, map[string]int{
		"create not_reached": 1, "update not_reached": 1, "deactivate not_reached": 1, "delete not_reached": 1,
	})
	if len(w.bastion.calls) != 0 {
		t.Errorf("calls after the end: %v", w.bastion.calls)
	}
	if len(r.Problems) != 1 || inventory.KindOf(r.Problems[0]) != inventory.Deadline {
		t.Errorf("problems %v", r.Problems)
	}
}

func TestContextEndsInTheMiddle(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for n := range 60 {
		w.instances = append(w.instances, instance(fmt.Sprintf("i-%02d", n), fmt.Sprint("n", n), "10.0.0.1"))
	}
	ctx, cancel := context.WithCancel(t.Context())
	made := 0
	w.bastion.afterWrite = func() {
		if made++; made == 10 {
			cancel()
		}
	}
	w.bastion.delay = time.Millisecond
	r := w.run(t, ctx)
	got := countStates(r)
	if got["create done"] != len(w.bastion.assets) || got["create done"]+got["create not_reached"] != 60 {
		t.Errorf("items %v, assets %d", got, len(w.bastion.assets))
	}
	if got["create done"] > 10+8 {
		t.Errorf("%d creates, though the context ended after 10", got["create done"])
	}
}

func TestErrorsThatStopFurtherCreates(t *testing.T) {
	t.Parallel()
	for kind, state := range map[inventory.Kind]string{
		inventory.Limit:          "create not_reached",
		inventory.Denied:         "create failed",
		inventory.BadCredentials: "create failed",
	} {
		w := newWorld()
		for n := range 50 {
			w.instances = append(w.instances, instance(fmt.Sprintf("i-%02d", n), fmt.Sprint("n", n), "10.0.0.1"))
		}
		w.bastion.addNode(configuredPath)
		w.bastion.failCreate = func(inventory.NewAsset) error { return &inventory.Error{Kind: kind, Message: "no"} }
		r := w.run(t, t.Context())
		want(t, r, map[string]int{state: 50})
		if n := len(w.bastion.calls); n > 1+8 {
			t.Errorf("%s: %d calls", kind, n)
		}
		if said := len(r.Problems) == 1 && inventory.KindOf(r.Problems[0]) == inventory.Limit; said != (kind == inventory.Limit) {
			t.Errorf("%s: problems %v", kind, r.Problems)
		}
	}
}

func TestOneBadItemNeverStopsTheOthers(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for n := range 20 {
		w.instances = append(w.instances, instance(fmt.Sprintf("i-%02d", n), fmt.Sprint("n", n), "10.0.0.1"))
	}
	bad := errors.New("strange")
	w.bastion.failCreate = func(a inventory.NewAsset) error {
		if a.Name == "n7" {
			return bad
		}
		return nil
	}
	r := w.run(t, t.Context())
	want(t, r, map[string]int{"create done": 19, "create failed": 1})
	at := slices.IndexFunc(r.Items, func(i apply.Item) bool { return i.State == apply.Failed })
	if !errors.Is(r.Items[at].Err, bad) || r.Items[at].Change.Name != "n7" {
		t.Errorf("item %+v", r.Items[at])
	}
}

func TestFailedNodeFailsItsCreatesOnly(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.instances = []inventory.Instance{instance("i-1", "new", "10.0.0.1"), instance("i-2", "moved", "10.0.0.2")}
	w.addAsset(instance("i-2", "moved", "10.9.9.9"), nil)
	w.bastion.failNodes = &inventory.Error{Kind: inventory.Invalid, Message: "no such path"}
	want(t, w.run(t, t.Context()), map[string]int{"create failed": 1, "update done": 1})
}

func TestAssetThatIsThereAlreadyIsNotCounted(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.instances = []inventory.Instance{instance("i-1", "new", "10.0.0.1")}
	approved := w.approve()
	w.addAsset(w.instances[0], nil) // another run created it after our plan
	r := apply.Run(t.Context(), w.bastion, approved, options())
	if len(r.Items) != 1 || r.Items[0].State != apply.Kept || r.Items[0].Reason.Code != reason.AlreadyThere {
		t.Errorf("items %+v", r.Items)
	}
}

// TestDryRunWritesNothing: no write of any kind reaches JumpServer in a dry run.
// Invariants: 9.
func TestDryRunWritesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.grace = 0
	w.instances = []inventory.Instance{instance("i-1", "new", "10.0.0.1"), instance("i-2", "moved", "10.0.0.2")}
	w.addAsset(instance("i-2", "moved", "10.9.9.9"), nil)
	w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
	o, log := options(), &bytes.Buffer{}
	o.Log = slog.New(slog.NewTextHandler(log, nil))
	r := apply.Run(t.Context(), apply.DryRun{Reader: w.bastion}, w.approve(), o)
	if said := log.String(); strings.Contains(said, "change made") || strings.Count(said, "change would be made") != 3 {
		t.Errorf("the log says what was not done:\n%s", said)
	}
	want(t, r, map[string]int{"create done": 1, "update done": 1, "delete done": 1})
	if !slices.Equal(w.bastion.calls, []string{"read"}) {
		t.Errorf("calls %v", w.bastion.calls)
	}
}

func TestProgressReachesTheTotal(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for n := range 30 {
		w.instances = append(w.instances, instance(fmt.Sprintf("i-%02d", n), fmt.Sprint("n", n), "10.0.0.1"))
	}
	o := options()
	last := 0
	o.Progress = func(done, total int) {
		if done < last || total != 30 {
			t.Errorf("progress went from %d to %d of %d", last, done, total)
		}
		last = done
	}
	apply.Run(t.Context(), w.bastion, w.approve(), o)
	if last != 30 {
		t.Errorf("progress ended at %d", last)
	}
}

func TestLabelsAreNotWrittenOverAPersonsChange(t *testing.T) {
	t.Parallel()
	w := newWorld()
	back := instance("i-1", "back", "10.0.0.1")
	moved := instance("i-2", "moved", "10.0.0.2")
	w.instances = []inventory.Instance{back, moved}
	id := w.addAsset(back, func(a *inventory.Asset) {
		a.Active = false
		a.Labels = append(a.Labels, inventory.GoneLabel(time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)))
	})
	w.addAsset(instance("i-2", "moved", "10.9.9.9"), nil)
	w.bastion.onRead = func(b *fakeBastion) {
		a := b.assets[id]
		a.Labels = append(slices.Clone(a.Labels), inventory.Label{Name: "team", Value: "a"})
		b.assets[id] = a
	}
	want(t, w.run(t, t.Context()), map[string]int{"update kept": 1, "update done": 1})
	if a := w.bastion.assets[id]; a.LabelCount("team") != 1 || a.Active {
		t.Errorf("the person's label is lost: %+v", a)
	}
	w.bastion.onRead = nil
	want(t, w.run(t, t.Context()), map[string]int{"update done": 1})
	if a := w.bastion.assets[id]; a.LabelCount("team") != 1 || !a.Active {
		t.Errorf("the next run does not finish it: %+v", a)
	}
}
