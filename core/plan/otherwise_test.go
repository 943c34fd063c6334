package plan

import (
	"slices"
	"strings"
	"testing"
)

// TestOtherwise: the names that are tried one after another where JumpServer refuses them.
func TestOtherwise(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.lists(web("1"), vm("i-2", "db", "10.0.0.2"), vm("i-3", "app", "10.0.0.9"), vm("i-4", "new", "10.0.0.4"))
	w.holds(host(vm("i-2", "old", "10.0.0.2")), host(vm("i-3", "app-i-3", "10.0.0.3")), host(vm("i-4", "new-i-4", "10.0.0.4")),
		foreign("x", "db", "", true), foreign("y", "web", "", true))
	a := w.approve()
	tries := map[string][]string{}
	for _, c := range slices.Concat(a.Creates(), a.Updates()) {
		for next, ok := c, true; ok; next, ok = next.Otherwise() {
			name := next.Name
			if next.Patch != nil && next.Patch.Name == nil {
				name += " (kept) " + strings.Join(next.Fields, " ")
			}
			if next.New() != nil && next.New().Name != next.Name {
				t.Errorf("%s makes %s", next.Name, next.New().Name)
			}
			tries[c.InstanceID] = append(tries[c.InstanceID], name)
			c.Reason = next.Reason
			checkWords(t, Approved{updates: []Change{c}})
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
	c, _ = c.Otherwise()
	c, _ = c.Otherwise()
	if said := c.Reason.Text(English); strings.Count(said, "another asset has") != 1 || !strings.Contains(said, "new in the cloud") || !strings.Contains(said, "web-i-1-2") {
		t.Errorf("the reason reads %q", said)
	}
}

// TestNoOtherName: a step in which names are passed on, and what a person reviewed, have no other name.
func TestNoOtherName(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.lists(vm("i-1", "b", "10.0.0.1"), vm("i-2", "a", "10.0.0.2"), vm("i-3", "web", "10.0.0.3"))
	w.holds(host(vm("i-1", "a", "10.0.0.1")), host(vm("i-2", "b", "10.0.0.2")))
	a := w.approve()
	for _, step := range a.Moves() {
		for _, c := range step {
			if next, ok := c.Otherwise(); ok {
				t.Errorf("%s in a swap: %s", c.Name, next.Name)
			}
		}
	}
	if _, ok := a.Creates()[0].Otherwise(); !ok {
		t.Error("a create has no other name")
	}
	w.limits.Only = a.Lines()
	reviewed := w.approve()
	if len(reviewed.Creates()) != 1 {
		t.Fatalf("%v", lines(reviewed))
	}
	if next, ok := reviewed.Creates()[0].Otherwise(); ok {
		t.Errorf("reviewed: %s", next.Name)
	}
	if _, ok := (Change{Action: Deactivate}).Otherwise(); ok {
		t.Error("a deactivation has another name")
	}
}
