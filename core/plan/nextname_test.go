package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/language"
)

// TestWithNextName: the names that are tried one after another when JumpServer refuses them.
func TestWithNextName(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.addInstances(webInstance("1"), instanceInProd("i-2", "db", "10.0.0.2"), instanceInProd("i-3", "app", "10.0.0.9"), instanceInProd("i-4", "new", "10.0.0.4"))
	w.addAssets(hostOf(instanceInProd("i-2", "old", "10.0.0.2")), hostOf(instanceInProd("i-3", "app-i-3", "10.0.0.3")), hostOf(instanceInProd("i-4", "new-i-4", "10.0.0.4")),
		foreignHost("x", "db", "", true), foreignHost("y", "web", "", true))
	a := w.approve()
	tries := map[string][]string{}
	for _, c := range slices.Concat(a.Creates(), a.Updates()) {
		for next, ok := c, true; ok; next, ok = next.WithNextName() {
			name := next.Name
			if next.Patch != nil && next.Patch.Name == nil {
				name += " (kept) " + strings.Join(next.Fields, " ")
			}
			if next.NewAsset() != nil && next.NewAsset().Name != next.Name {
				t.Errorf("%s makes %s", next.Name, next.NewAsset().Name)
			}
			tries[c.InstanceID] = append(tries[c.InstanceID], name)
			c.Reason = next.Reason
			checkTexts(t, Approved{updates: []Change{c}})
			if next.Patch != nil && next.Patch.Name == nil {
				break
			}
		}
	}
	for instance, want := range map[string][]string{
		"i-1": {"web-i-1", "web-i-1-2", "web-i-1-3"}, // the plan gave it the first one
		"i-2": {"db-i-2", "db-i-2-2", "db-i-2-3"},
		"i-3": {"app", "app-i-3 (kept) address"},
		"i-4": {"new", "new-i-4 (kept) "},
	} {
		if !slices.Equal(tries[instance], want) {
			t.Errorf("%s: %q, want %q", instance, tries[instance], want)
		}
	}
	c := a.Creates()[0]
	c, _ = c.WithNextName()
	c, _ = c.WithNextName()
	if said := c.Reason.Text(language.English); strings.Count(said, "another asset has") != 1 || !strings.Contains(said, "new in the cloud") || !strings.Contains(said, "web-i-1-2") {
		t.Errorf("the reason reads %q", said)
	}
}

// TestNoOtherName: a step in which names are passed on, and a reviewed change, have no other name.
func TestNoOtherName(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.addInstances(instanceInProd("i-1", "b", "10.0.0.1"), instanceInProd("i-2", "a", "10.0.0.2"), instanceInProd("i-3", "web", "10.0.0.3"))
	w.addAssets(hostOf(instanceInProd("i-1", "a", "10.0.0.1")), hostOf(instanceInProd("i-2", "b", "10.0.0.2")))
	a := w.approve()
	for _, step := range a.Renames() {
		for _, c := range step {
			if next, ok := c.WithNextName(); ok {
				t.Errorf("%s in a swap: %s", c.Name, next.Name)
			}
		}
	}
	if _, ok := a.Creates()[0].WithNextName(); !ok {
		t.Error("a create has no other name")
	}
	w.limits.Reviewed = a.ReviewLines()
	reviewed := w.approve()
	if len(reviewed.Creates()) != 1 {
		t.Fatalf("%v", renderLines(reviewed))
	}
	if next, ok := reviewed.Creates()[0].WithNextName(); ok {
		t.Errorf("reviewed: %s", next.Name)
	}
	if _, ok := (Change{Action: Deactivate}).WithNextName(); ok {
		t.Error("a deactivation has another name")
	}
}
