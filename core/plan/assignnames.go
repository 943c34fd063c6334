package plan

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// assignNames decides every name, now that it is known which assets stay, and sorts the wishes
// into moves, creates, updates and unchanged.
func (p Plan) assignNames(out *Approved) {
	fixed, yielding := p.splitUndecided(out)
	claims := make([]nameClaim, 0, len(p.desired))
	for _, w := range p.desired {
		if w.desiredName != "" {
			claims = append(claims, w.nameClaim())
		}
	}
	final := resolveNames(claims, fixed)
	takers, held := newNameHolders(claims, final), nameSet{}
	for _, name := range final {
		held.add(name)
	}
	maps.Copy(held, fixed)
	updates := map[string]Change{}
	fresh := 0
	for _, w := range p.desired {
		if w.before == nil {
			fresh++
		}
	}
	out.creates = slices.Grow(out.creates, fresh)
	for _, w := range p.desired {
		name := final[w.assetID]
		if w.desiredName == "" {
			name = w.before.Name
		}
		switch {
		case w.isUnchanged(name):
			out.unchanged++
		case w.before == nil:
			out.creates = append(out.creates, w.changeTo(name, p.assetBuilder))
		default:
			updates[w.assetID] = w.changeTo(name, p.assetBuilder)
		}
	}
	yields := releaseNames(yielding, takers, held)
	for _, r := range yields {
		updates[r.assetID] = nameReleaseChange(r, yielding, takers)
		p.showNewName(out, r)
	}
	for _, r := range yields {
		takers[inventory.FoldName(r.to)] = r.assetID
	}
	busy := sync.OnceValue(func() nameSet { // only a swap asks
		for _, a := range yielding {
			held.add(a.Name)
		}
		for _, r := range yields {
			held.add(r.to)
		}
		for _, c := range claims {
			held.add(c.currentName)
		}
		return held
	})
	out.scheduleUpdates(updates, takers, func(name string) bool { return busy().has(name) })
}

// newNameHolders returns, by folded name, the assets that get a name which they do not have.
func newNameHolders(claims []nameClaim, final map[string]string) map[string]string {
	takers := map[string]string{}
	for _, c := range claims {
		if name := final[c.assetID]; name != c.currentName {
			takers[inventory.FoldName(name)] = c.assetID
		}
	}
	return takers
}

// splitUndecided splits the assets that no wish decides: those that keep their name (also candidates
// that are not removed after all), and those that give way.
func (p Plan) splitUndecided(out *Approved) (nameSet, []inventory.Asset) {
	fixed := maps.Clone(p.fixedNames)
	yielding := slices.Clone(p.releasingNames)
	leaving := map[string]Action{}
	for _, c := range out.removals {
		leaving[c.AssetID] = c.Action
	}
	for _, c := range p.candidates {
		gone := leaving[c.AssetID] != "" || !c.Before.Active && c.Before.LabelCount(inventory.LabelGone) > 0
		if leaving[c.AssetID] == Delete || gone && p.assetBuilder.rules.releasesName(*c.Before) {
			yielding = append(yielding, *c.Before)
		} else {
			fixed.add(c.Name)
		}
	}
	slices.SortFunc(yielding, func(x, y inventory.Asset) int { return strings.Compare(x.ID, y.ID) })
	return fixed, yielding
}

// describeFields words what an update changes, e.g. "address 10.0.0.1 → 10.0.0.2, labels".
func describeFields(c Change) string {
	parts := make([]string, 0, len(c.Fields))
	for _, f := range c.Fields {
		switch f {
		case "name":
			f += " " + c.Before.Name + " → " + *c.Patch.Name
		case "address":
			f += " " + c.Before.Address + " → " + *c.Patch.Address
		}
		parts = append(parts, f)
	}
	return strings.Join(parts, ", ")
}

func nameReleaseChange(r rename, yielding []inventory.Asset, takers map[string]string) Change {
	at := slices.IndexFunc(yielding, func(a inventory.Asset) bool { return a.ID == r.assetID })
	a := yielding[at]
	m, _ := parseOwnership(a)
	return Change{
		Action: Update, Reason: newReason(GivesWay, takers[inventory.FoldName(r.from)]),
		Scope:      inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region},
		InstanceID: r.instanceID, AssetID: r.assetID, Name: r.to, Address: a.Address, Platform: a.Platform,
		Fields: []string{"name"}, Patch: &inventory.Patch{ID: r.assetID, Name: &r.to}, Before: &a,
	}
}

// showNewName makes the removal of an asset that gives way show the name it will have by then.
func (p Plan) showNewName(out *Approved, r rename) {
	for n := range out.removals {
		if out.removals[n].AssetID == r.assetID {
			out.removals[n].Name = r.to
		}
	}
}

// scheduleUpdates puts the updates that free or await a name into steps before the creates, and all
// others after them. Names that are busy now serve no step in between.
func (a *Approved) scheduleUpdates(updates map[string]Change, takers map[string]string, busy func(string) bool) {
	leave := nameCounts{} // names that a renaming asset still holds
	for _, c := range updates {
		if c.Patch.Name != nil {
			leave.add(c.Before.Name, 1)
		}
	}
	var renames []rename
	for _, c := range updates {
		if c.Patch.Name == nil {
			a.updates = append(a.updates, c)
			continue
		}
		r := rename{c.AssetID, c.InstanceID, c.Before.Name, *c.Patch.Name}
		if taker := takers[inventory.FoldName(r.from)]; (taker == "" || taker == r.assetID) && !leave.blocksRename(r) {
			a.updates = append(a.updates, c)
			continue
		}
		renames = append(renames, r)
	}
	for _, s := range orderRenames(renames, func(n string) bool { return takers[inventory.FoldName(n)] != "" || busy(n) }) {
		moves := make([]Change, 0, len(s))
		for _, r := range s {
			c := updates[r.assetID]
			if r.to != *c.Patch.Name {
				c.Interim, c.Reason, c.Fields = true, newReason(SwapStep), []string{"name"}
				c.Name, c.Patch = r.to, &inventory.Patch{ID: r.assetID, Name: &r.to}
			}
			c.instance, c.assetBuilder = nil, nil // a refusal means that an earlier step failed: the next run goes on
			moves = append(moves, c)
		}
		a.renames = append(a.renames, moves)
	}
	slices.SortFunc(a.creates, Compare)
	slices.SortFunc(a.updates, Compare)
	slices.SortFunc(a.removals, Compare)
}
