package plan

import (
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// assignNames decides all names, now that it is known which assets stay, and sorts the desired assets into renames,
// creates, updates and unchanged ones.
func (p Plan) assignNames(out *Approved, limits Limits) {
	fixed, releasing := p.splitUndecided(out)
	off := assetsRuledOff(out.removals)
	claims := p.nameClaims(off)
	final := resolveNames(claims, fixed)
	nameTakers, held := newNameHolders(claims, final), nameSet{}
	for _, name := range final {
		held.add(name)
	}
	maps.Copy(held, fixed)
	updates := map[string]Change{}
	fresh := 0
	for _, d := range p.desired {
		if d.before == nil {
			fresh++
		}
	}
	out.creates = slices.Grow(out.creates, fresh)
	crowded := p.crowdedScopes(limits)
	told := assetsRuledOff(p.candidates) // in a line of their own, whether or not it passes
	for _, d := range p.desired {
		name := final[d.assetID]
		if d.desiredName == "" {
			name = d.before.Name
		}
		switch {
		case off[d.assetID] && name == d.before.Name: // all else follows the cloud in the next run
		case off[d.assetID]:
			d.change = nil
			updates[d.assetID] = d.changeTo(name, p.assetBuilder)
			out.renameRemoval(d.assetID, name)
		case d.isUnchanged(name):
			if !told[d.assetID] {
				out.unchanged++
			}
		case d.before == nil:
			out.creates = append(out.creates, d.changeTo(name, p.assetBuilder))
		default:
			out.addUpdate(d, d.changeTo(name, p.assetBuilder), crowded, limits, updates)
		}
	}
	releases := releaseNames(releasing, nameTakers, held)
	for _, r := range releases {
		updates[r.assetID] = nameReleaseChange(r, releasing, nameTakers)
		out.renameRemoval(r.assetID, r.to)
	}
	for _, r := range releases {
		nameTakers[inventory.FoldName(r.to)] = r.assetID
	}
	busy := sync.OnceValue(func() nameSet { // only a swap of names needs it
		for _, a := range releasing {
			held.add(a.Name)
		}
		for _, r := range releases {
			held.add(r.to)
		}
		for _, c := range claims {
			held.add(c.currentName)
		}
		return held
	})
	out.scheduleUpdates(updates, nameTakers, func(name string) bool { return busy().has(name) })
}

// nameClaims returns the claims of all desired assets. One that a rule deactivates in this run claims as the inactive one that
// it will be: otherwise the next run would decide on its name anew.
func (p Plan) nameClaims(off map[string]bool) []nameClaim {
	claims := make([]nameClaim, 0, len(p.desired))
	for _, d := range p.desired {
		if d.desiredName == "" {
			continue
		}
		claim := d.nameClaim()
		claim.active = claim.active && !off[d.assetID]
		claims = append(claims, claim)
	}
	return claims
}

// newNameHolders returns the assets that get a name which they do not have, by folded name.
func newNameHolders(claims []nameClaim, final map[string]string) map[string]string {
	nameTakers := map[string]string{}
	for _, c := range claims {
		name := final[c.assetID]
		if name != c.currentName {
			nameTakers[inventory.FoldName(name)] = c.assetID
		}
	}
	return nameTakers
}

// splitUndecided splits the assets that no instance wants: those whose name is fixed (removals that are held among
// them), and those that release it.
func (p Plan) splitUndecided(out *Approved) (nameSet, []inventory.Asset) {
	fixed := maps.Clone(p.fixedNames)
	releasing := slices.Clone(p.releasingNames)
	leaving := map[string]Action{}
	for _, c := range out.removals {
		leaving[c.AssetID] = c.Action
	}
	for _, c := range p.candidates {
		if c.ruledOff {
			continue // its instance is listed, and wants its name
		}
		gone := leaving[c.AssetID] != "" || !c.Before.Active && c.Before.LabelCount(inventory.LabelGone) > 0
		if leaving[c.AssetID] == Delete || gone && p.assetBuilder.rules.releasesName(*c.Before) {
			releasing = append(releasing, *c.Before)
		} else {
			fixed.add(c.Name)
		}
	}
	sorting.By(releasing, func(x, y inventory.Asset) int { return strings.Compare(x.ID, y.ID) })
	return fixed, releasing
}

// isDescribed reports whether a reason's text is that of describeFields.
func isDescribed(code reason.Code) bool {
	return code == reason.FollowsCloud || code == reason.FollowsRules
}

// updateReason returns why an update is made.
func updateReason(c Change) reason.Reason {
	ruled := slices.ContainsFunc(c.Fields, func(f string) bool {
		return slices.Contains([]string{FieldPlatform, FieldNode, FieldPort, FieldAccounts}, f)
	})
	if ruled {
		return reason.New(reason.FollowsRules, describeFields(c))
	}
	return reason.New(reason.FollowsCloud, describeFields(c))
}

// describeFields returns what an update changes, e.g. "address 10.0.0.1 → 10.0.0.2, labels".
func describeFields(c Change) string {
	parts := make([]string, 0, len(c.Fields))
	for _, f := range c.Fields {
		switch f {
		case "name":
			f += " " + c.Before.Name + " → " + *c.Patch.Name
		case "address":
			f += " " + c.Before.Address + " → " + *c.Patch.Address
		case FieldPlatform:
			f += " " + c.Before.Platform + " → " + *c.Patch.Platform
		}
		parts = append(parts, f)
	}
	return strings.Join(parts, ", ")
}

func nameReleaseChange(r rename, releasing []inventory.Asset, nameTakers map[string]string) Change {
	at := slices.IndexFunc(releasing, func(a inventory.Asset) bool { return a.ID == r.assetID })
	a := releasing[at]
	m, _ := parseOwnership(a)
	return Change{
		Action: Update, Reason: reason.New(reason.GivesWay, nameTakers[inventory.FoldName(r.from)]),
		Scope:      m.accountScope(),
		InstanceID: r.instanceID, AssetID: r.assetID, Name: r.to, Address: a.Address, Platform: a.Platform,
		Fields: []string{"name"}, Patch: &inventory.Patch{ID: r.assetID, Name: &r.to}, Before: &a,
	}
}

// renameRemoval sets the name in the removal of an asset that is renamed before.
func (out *Approved) renameRemoval(asset, name string) {
	for n := range out.removals {
		if out.removals[n].AssetID == asset {
			out.removals[n].Name = name
		}
	}
}

// assetsRuledOff returns the assets among removals that rules deactivate.
func assetsRuledOff(removals []Change) map[string]bool {
	off := map[string]bool{}
	for _, c := range removals {
		if c.ruledOff {
			off[c.AssetID] = true
		}
	}
	return off
}

// addUpdate adds an update, without what moves the asset if too many of its scope move.
func (out *Approved) addUpdate(d desiredAsset, c Change, crowded map[inventory.Scope]reason.Reason, limits Limits, updates map[string]Change) {
	why, isCrowded := crowded[d.instance.Scope]
	if c.moves == 0 || !isCrowded {
		updates[d.assetID] = c
		return
	}
	rest, held := out.holdMove(c, why, limits)
	if held && len(rest.Fields) == 0 {
		return
	}
	if held && isDescribed(rest.Reason.Code) {
		rest.Reason = updateReason(rest)
	}
	updates[d.assetID] = rest
}

// scheduleUpdates puts the updates that free or await a name into steps before the creates, and all others after
// them. Names that are busy are never used for a step in between.
func (a *Approved) scheduleUpdates(updates map[string]Change, nameTakers map[string]string, busy func(string) bool) {
	leave := nameCounts{} // names that assets still hold and will leave
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
		taker := nameTakers[inventory.FoldName(r.from)]
		if (taker == "" || taker == r.assetID) && !leave.blocksRename(r) {
			a.updates = append(a.updates, c)
			continue
		}
		renames = append(renames, r)
	}
	for _, s := range orderRenames(renames, func(n string) bool { return nameTakers[inventory.FoldName(n)] != "" || busy(n) }) {
		moves := make([]Change, 0, len(s))
		for _, r := range s {
			c := updates[r.assetID]
			if r.to != *c.Patch.Name {
				c.Interim, c.Reason, c.Fields = true, reason.New(reason.SwapStep), []string{"name"}
				c.Name, c.Patch = r.to, &inventory.Patch{ID: r.assetID, Name: &r.to}
			}
			c.instance, c.assetBuilder = nil, nil // no other name is tried: a refusal means that an earlier step failed, and the next run goes on
			moves = append(moves, c)
		}
		a.renames = append(a.renames, moves)
	}
	sorting.By(a.creates, Compare)
	sorting.By(a.updates, Compare)
	sorting.By(a.removals, Compare)
}
