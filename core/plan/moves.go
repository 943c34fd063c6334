package plan

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// moves are the fields of an update that decide who reaches an asset, as whom, and how: too many of them at once are held.
type moves uint8

const (
	moveNode moves = 1 << iota
	moveZone
	movePlatform
	moveAddress // to another of the instance's own
	movePort
	moveAccounts
)

// fields returns the names of the fields that move. The comment notes nodes.
func (m moves) fields() []string {
	var names []string
	for _, f := range [...]struct {
		is   moves
		name string
	}{
		{moveNode, FieldNode}, {moveZone, FieldZone}, {movePlatform, FieldPlatform}, {moveAddress, FieldAddress}, {movePort, FieldPort}, {moveAccounts, FieldAccounts},
	} {
		if m&f.is != 0 {
			names = append(names, f.name)
		}
	}
	return names
}

// MovesAsset reports whether an update changes an asset's node, zone, platform, ports, address or accounts because of mapping rules.
func (c Change) MovesAsset() bool { return c.moves != 0 }

// withoutMoves returns an update without what moves the asset.
func (c Change) withoutMoves() Change {
	patch := *c.Patch
	if c.moves&moveNode != 0 {
		patch.NodeIDs, patch.NodePaths, patch.Comment = nil, nil, nil
	}
	if c.moves&moveZone != 0 {
		patch.Zone = nil
	}
	if c.moves&movePlatform != 0 {
		patch.Platform, c.Platform = nil, c.Before.Platform
	}
	if c.moves&movePort != 0 {
		patch.Protocols = nil
	}
	if c.moves&moveAccounts != 0 {
		patch.Accounts = nil
	}
	if c.moves&moveAddress != 0 {
		patch.Address, c.Address = nil, c.Before.Address
	}
	held := c.moves.fields()
	c.Patch, c.moves = &patch, 0
	c.Fields = slices.DeleteFunc(slices.Clone(c.Fields), func(f string) bool { return slices.Contains(held, f) })
	return c
}

// onlyMoves returns what of an update moves the asset.
func (c Change) onlyMoves() Change {
	moved := c.moves.fields()
	patch := inventory.Patch{ID: c.AssetID}
	if c.moves&moveNode != 0 {
		patch.NodeIDs, patch.NodePaths = c.Patch.NodeIDs, c.Patch.NodePaths
	}
	if c.moves&moveZone != 0 {
		patch.Zone = c.Patch.Zone
	}
	if c.moves&movePlatform != 0 {
		patch.Platform = c.Patch.Platform
	}
	if c.moves&movePort != 0 {
		patch.Protocols = c.Patch.Protocols
	}
	if c.moves&moveAccounts != 0 {
		patch.Accounts = c.Patch.Accounts
	}
	if c.moves&moveAddress != 0 {
		patch.Address = c.Patch.Address
	}
	c.Patch = &patch
	c.Fields = slices.DeleteFunc(slices.Clone(c.Fields), func(f string) bool { return !slices.Contains(moved, f) })
	return c
}

// movePrefix begins the ApprovalKey of an update that moves an asset.
const movePrefix = "move-"

// IsMove reports whether an action is the ApprovalKey of an update that moves an asset.
func (a Action) IsMove() bool { return strings.HasPrefix(string(a), movePrefix) }

// ApprovalKey says what a person approves who approves this change: the action of a removal; of an update that moves an
// asset, where to, so that the approval does not serve another move.
func (c Change) ApprovalKey() string {
	if c.Action != Update {
		return string(c.Action)
	}
	var text strings.Builder
	for _, v := range fieldValues(c.onlyMoves()) {
		text.WriteString(v.Field + "=" + v.Value + "\n")
	}
	sum := sha256.Sum256([]byte(text.String()))
	const length = 8
	return movePrefix + hex.EncodeToString(sum[:length])
}

// Approvable returns everything in a plan that a person may approve by itself, should the guard hold it: removals, and
// updates that move assets.
func (p Plan) Approvable() []Change {
	all := slices.Clone(p.candidates)
	for _, d := range p.desired {
		if d.change != nil && d.change.moves != 0 {
			all = append(all, *d.change)
		}
	}
	sorting.StableBy(all, Compare)
	return all
}

// crowdedScopes returns the scopes in which more assets would move than Limits.Moves lets move in one run, with the reason.
func (p Plan) crowdedScopes(limits Limits) map[inventory.Scope]reason.Reason {
	counts := map[inventory.Scope]int{}
	for _, d := range p.desired {
		if d.change != nil && d.change.moves != 0 {
			counts[d.instance.Scope]++
		}
	}
	crowded := map[inventory.Scope]reason.Reason{}
	for scope, moving := range counts {
		of := max(p.accountStats[scope].assets, moving)
		if limits.Moves.isExceeded(moving, of) {
			crowded[scope] = reason.New(reason.GuardMoves, moving, of, limits.Moves.Percent)
		}
	}
	return crowded
}

// holdMove holds what moves the asset in an update of a crowded scope, unless a person has approved or reviewed it, and
// returns the update with all else.
func (out *Approved) holdMove(c Change, why reason.Reason, limits Limits) (rest Change, held bool) {
	line := reviewLineOf(c)
	reviewed := slices.ContainsFunc(limits.Reviewed, func(l ReviewLine) bool { return l.Held == "" && c.isReviewedAs(l, line) })
	if limits.Approved[c.AssetID] || reviewed {
		return c, false
	}
	if slices.ContainsFunc(limits.Reviewed, func(l ReviewLine) bool { return l.Held != "" && c.isReviewedAs(l, line) }) {
		why = reason.New(reason.HeldInFile)
	}
	whole := c
	whole.Reason = why
	out.heldMoves = append(out.heldMoves, whole)
	note := c.onlyMoves()
	note.Action, note.Reason, note.heldUpdate, note.heldPatch = Hold, why, true, note.Patch
	note.Name, note.Patch, note.instance, note.assetBuilder = c.Before.Name, nil, nil, nil
	out.notes = append(out.notes, note)
	return c.withoutMoves(), true
}
