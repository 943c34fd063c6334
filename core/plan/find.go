package plan

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// Subject is one instance together with its asset, at least one of them.
type Subject struct {
	Scope      inventory.Scope
	InstanceID string              // "" = nothing says whose the asset is
	Instance   *inventory.Instance // nil = no complete listing has it
	AssetID    string              // that the instance has, or will have
	Asset      *inventory.Asset    // nil = JumpServer has none
	Ours       bool                // the asset is ours, see the package's doc
}

// Basis is what a plan rests on and what the guard made of it, for people who ask about one instance.
type Basis struct {
	Input    Input
	Rules    Rules
	Plan     Plan
	Approved Approved
}

// Find returns the instances and assets that a person means: by the id of an instance or an asset, by a name in the
// cloud or in JumpServer, or by an address. Letters compare without case. They are sorted by scope and instance.
func Find(in Input, rules Rules, text string) []Subject {
	return newFinder(in, rules).find(text)
}

// Selection is what people asked for by several texts, see Find.
type Selection struct {
	assets    map[string]bool
	instances map[instanceKey]bool
}

// Select returns all that the texts mean, and those of them that mean nothing.
func Select(in Input, rules Rules, texts []string) (s Selection, unknown []string) {
	s = Selection{map[string]bool{}, map[instanceKey]bool{}}
	f := newFinder(in, rules)
	for _, text := range texts {
		found := f.find(text)
		if len(found) == 0 {
			unknown = append(unknown, text)
		}
		for _, one := range found {
			s.assets[one.AssetID] = true
			if one.InstanceID != "" {
				s.instances[instanceKey{one.Scope.Cloud, inventory.KindOfRegion(one.Scope.Region), one.InstanceID}] = true
			}
		}
	}
	return s, unknown
}

// HasAsset reports whether an asset is selected.
func (s Selection) HasAsset(id string) bool { return s.assets[id] }

// Has reports whether a change is about what is selected.
func (s Selection) Has(c Change) bool {
	return s.assets[c.AssetID] || c.InstanceID != "" && s.instances[instanceKey{c.Scope.Cloud, inventory.KindOfRegion(c.Scope.Region), c.InstanceID}]
}

// Only returns the part of an approved plan that is about what is selected, for people to look at.
func (a Approved) Only(s Selection) Approved {
	keep := func(changes []Change) []Change {
		return slices.DeleteFunc(slices.Clone(changes), func(c Change) bool { return !s.Has(c) })
	}
	out := Approved{creates: keep(a.creates), updates: keep(a.updates), removals: keep(a.removals), notes: keep(a.notes), heldMoves: keep(a.heldMoves)}
	for _, step := range a.renames {
		some := keep(step)
		if len(some) > 0 {
			out.renames = append(out.renames, some)
		}
	}
	return out
}

// finder looks for instances and assets in what was read.
type finder struct {
	*builder
	byAsset map[string]*inventory.Instance // listed instances, by the id of their asset
}

func newFinder(in Input, rules Rules) finder {
	f := finder{newBuilder(in, rules), map[string]*inventory.Instance{}}
	for _, e := range f.instances {
		f.byAsset[e.assetID] = e.instance
	}
	return f
}

func (f finder) find(text string) []Subject {
	text = strings.TrimSpace(text)
	if text == "" {
		return nil
	}
	var found []Subject
	seen := map[string]bool{}
	add := func(s Subject) {
		if !seen[s.AssetID] {
			seen[s.AssetID] = true
			found = append(found, s)
		}
	}
	for _, e := range f.instances {
		if meansInstance(text, *e.instance) || strings.EqualFold(text, e.assetID) {
			add(f.subjectOfInstance(e))
		}
	}
	for _, n := range f.assetOrder {
		a := &f.input.Current.Assets[n]
		if a.Host && (meansAsset(text, *a) || strings.EqualFold(text, f.ownerships[n].instanceID)) {
			add(f.subjectOfAsset(n))
		}
	}
	sorting.StableBy(found, func(x, y Subject) int {
		return Compare(Change{Scope: x.Scope, InstanceID: x.InstanceID, AssetID: x.AssetID}, Change{Scope: y.Scope, InstanceID: y.InstanceID, AssetID: y.AssetID})
	})
	return found
}

func (f finder) subjectOfInstance(e listedInstance) Subject {
	s := Subject{Scope: e.instance.Scope, InstanceID: e.instance.ID, Instance: e.instance, AssetID: e.assetID}
	if n, exists := f.assetIndex[e.assetID]; exists {
		s.Asset, s.Ours = &f.input.Current.Assets[n], f.ours[n]
	}
	return s
}

func (f finder) subjectOfAsset(n int) Subject {
	a, m := &f.input.Current.Assets[n], f.ownerships[n]
	if i := f.byAsset[a.ID]; i != nil {
		return f.subjectOfInstance(listedInstance{a.ID, i})
	}
	return Subject{Scope: m.accountScope(), InstanceID: m.instanceID, AssetID: a.ID, Asset: a, Ours: f.ours[n]}
}

// meansInstance reports whether a text is an instance's id, name, host name or one of its addresses.
func meansInstance(text string, i inventory.Instance) bool {
	return strings.EqualFold(text, i.ID) || strings.EqualFold(text, i.Name) || strings.EqualFold(text, i.HostName) || hasAddress(i, text)
}

// meansAsset reports whether a text is an asset's id, name or address, or an instance that its comment names.
func meansAsset(text string, a inventory.Asset) bool {
	return strings.EqualFold(text, a.ID) || strings.EqualFold(text, a.Name) || addressKey(text) == addressKey(a.Address) ||
		slices.ContainsFunc(instancesInComment(a.Comment), func(id string) bool { return strings.EqualFold(id, text) })
}
