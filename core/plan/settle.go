package plan

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// settleNames decides every name, now that it is known which assets stay, and sorts the wishes
// into moves, creates, updates and unchanged.
func (p Plan) settleNames(out *Approved) {
	fixed, yielding := p.holders(out)
	claims := make([]claim, 0, len(p.wishes))
	for _, w := range p.wishes {
		if w.wanted != "" {
			claims = append(claims, w.claim())
		}
	}
	final := nameAll(claims, fixed)
	takers, held := takersOf(claims, final), names{}
	for _, name := range final {
		held.add(name)
	}
	maps.Copy(held, fixed)
	updates := map[string]Change{}
	fresh := 0
	for _, w := range p.wishes {
		if w.before == nil {
			fresh++
		}
	}
	out.creates = slices.Grow(out.creates, fresh)
	for _, w := range p.wishes {
		name := final[w.asset]
		if w.wanted == "" {
			name = w.before.Name
		}
		switch {
		case w.same(name):
			out.unchanged++
		case w.before == nil:
			out.creates = append(out.creates, w.named(name, p.recipe))
		default:
			updates[w.asset] = w.named(name, p.recipe)
		}
	}
	yields := giveWay(yielding, takers, held)
	for _, r := range yields {
		updates[r.asset] = yieldChange(r, yielding, takers)
		p.showNewName(out, r)
	}
	for _, r := range yields {
		takers[inventory.Fold(r.to)] = r.asset
	}
	busy := sync.OnceValue(func() names { // only a swap asks
		for _, a := range yielding {
			held.add(a.Name)
		}
		for _, r := range yields {
			held.add(r.to)
		}
		for _, c := range claims {
			held.add(c.current)
		}
		return held
	})
	out.place(updates, takers, func(name string) bool { return busy().has(name) })
}

// takersOf returns, by folded name, the assets that get a name which they do not have.
func takersOf(claims []claim, final map[string]string) map[string]string {
	takers := map[string]string{}
	for _, c := range claims {
		if name := final[c.asset]; name != c.current {
			takers[inventory.Fold(name)] = c.asset
		}
	}
	return takers
}

// holders splits the assets that no wish decides: those that keep their name (also candidates
// that are not removed after all), and those that give way.
func (p Plan) holders(out *Approved) (names, []inventory.Asset) {
	fixed := maps.Clone(p.fixed)
	yielding := slices.Clone(p.yielding)
	leaving := map[string]Action{}
	for _, c := range out.removals {
		leaving[c.AssetID] = c.Action
	}
	for _, c := range p.candidates {
		gone := leaving[c.AssetID] != "" || !c.Before.Active && c.Before.Count(inventory.LabelGone) > 0
		if leaving[c.AssetID] == Delete || gone && p.recipe.rules.yields(*c.Before) {
			yielding = append(yielding, *c.Before)
		} else {
			fixed.add(c.Name)
		}
	}
	slices.SortFunc(yielding, func(x, y inventory.Asset) int { return strings.Compare(x.ID, y.ID) })
	return fixed, yielding
}

// differences words what an update changes, e.g. "address 10.0.0.1 → 10.0.0.2, labels".
func differences(c Change) string {
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

func yieldChange(r rename, yielding []inventory.Asset, takers map[string]string) Change {
	at := slices.IndexFunc(yielding, func(a inventory.Asset) bool { return a.ID == r.asset })
	a := yielding[at]
	m, _ := readMark(a)
	return Change{
		Action: Update, Reason: because(GivesWay, takers[inventory.Fold(r.from)]),
		Scope:      inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region},
		InstanceID: r.instance, AssetID: r.asset, Name: r.to, Address: a.Address, Platform: a.Platform,
		Fields: []string{"name"}, Patch: &inventory.Patch{ID: r.asset, Name: &r.to}, Before: &a,
	}
}

// showNewName makes the removal of an asset that gives way show the name it will have by then.
func (p Plan) showNewName(out *Approved, r rename) {
	for n := range out.removals {
		if out.removals[n].AssetID == r.asset {
			out.removals[n].Name = r.to
		}
	}
}

// place puts the updates that free or await a name into steps before the creates, and all
// others after them. Names that are busy now serve no step in between.
func (a *Approved) place(updates map[string]Change, takers map[string]string, busy func(string) bool) {
	leave := tally{} // names that a renaming asset still holds
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
		if taker := takers[inventory.Fold(r.from)]; (taker == "" || taker == r.asset) && !leave.hinder(r) {
			a.updates = append(a.updates, c)
			continue
		}
		renames = append(renames, r)
	}
	for _, s := range orderRenames(renames, func(n string) bool { return takers[inventory.Fold(n)] != "" || busy(n) }) {
		moves := make([]Change, 0, len(s))
		for _, r := range s {
			c := updates[r.asset]
			if r.to != *c.Patch.Name {
				c.Interim, c.Reason, c.Fields = true, because(SwapStep), []string{"name"}
				c.Name, c.Patch = r.to, &inventory.Patch{ID: r.asset, Name: &r.to}
			}
			c.from, c.by = nil, nil // a refusal means that an earlier step failed: the next run goes on
			moves = append(moves, c)
		}
		a.moves = append(a.moves, moves)
	}
	slices.SortFunc(a.creates, Compare)
	slices.SortFunc(a.updates, Compare)
	slices.SortFunc(a.removals, Compare)
}
