package plan

import (
	"cmp"
	"maps"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// maxNameLength is JumpServer's limit for a name, in characters.
const maxNameLength = 128

// nameSet is a set of names. Two names that a database may call equal are the same, see inventory.FoldName.
type nameSet map[string]bool

func (n nameSet) add(name string)      { n[inventory.FoldName(name)] = true }
func (n nameSet) has(name string) bool { return n[inventory.FoldName(name)] }

// nameClaim is the claim of one asset to a name.
type nameClaim struct {
	assetID, instanceID string
	desiredName         string // the cloud's name, not yet unique
	currentName         string // the name it has; "" for a new asset
	active              bool
}

// nameContest is the state of the claims to one name, in all its spellings.
type nameContest struct {
	winner    int  // index of the claim that gets the name if no asset holds it
	hasHolder bool // an active asset already has the name that it wants
	hasWinner bool // winner is known
}

// resolveNames returns the final name of every claimant, by asset id. Names in fixed stay where they are.
//
// Names in two spellings that a database may call equal are one name. A server whose database tells them apart may
// hold several, so every active asset that has the very name that it wants keeps it. If there is none, and the name
// is not fixed, one claimant gets it: an active asset that has it in another spelling, else the one with the
// smallest instance id. All others get "<name>-<instance id>", numbered if that is taken too. The outcome does not
// depend on the order of the claims, so a second run finds nothing to do. The claims are sorted in place.
func resolveNames(claims []nameClaim, fixed nameSet) map[string]string {
	sorting.By(claims, func(x, y nameClaim) int {
		return cmp.Or(strings.Compare(x.instanceID, y.instanceID), strings.Compare(x.assetID, y.assetID))
	})
	contests := contestsByName(claims)
	final := make(map[string]string, len(claims))
	given := nameSet{} // names that an asset gets anew
	var losers []nameClaim
	for n, c := range claims {
		key := inventory.FoldName(c.desiredName)
		at := contests[key]
		switch {
		case c.hasDesiredName() && (c.active || at.hasHolder || fixed[key] || claims[at.winner].hasDesiredName()):
			final[c.assetID] = c.desiredName
		case !at.hasHolder && !fixed[key] && at.winner == n:
			final[c.assetID] = c.desiredName
			given[key] = true
		default:
			losers = append(losers, c)
		}
	}
	for _, c := range losers {
		name := suffixedName(c.desiredName, c.instanceID, func(n string) bool {
			key := inventory.FoldName(n)
			_, wanted := contests[key]
			return given[key] || (wanted || fixed[key]) && n != c.currentName
		})
		final[c.assetID] = name
		given.add(name)
	}
	return final
}

// contestsByName decides the contest for each name. The claims are sorted.
func contestsByName(claims []nameClaim) map[string]nameContest {
	contests := make(map[string]nameContest, len(claims))
	for n, c := range claims {
		key := inventory.FoldName(c.desiredName)
		at := contests[key]
		at.hasHolder = at.hasHolder || c.hasDesiredName() && c.active
		if !at.hasWinner || c.hasSpellingOf(key) && !claims[at.winner].hasSpellingOf(key) {
			at.winner, at.hasWinner = n, true
		}
		contests[key] = at
	}
	return contests
}

// hasDesiredName reports whether the asset already has exactly the name that it wants.
func (c nameClaim) hasDesiredName() bool { return c.currentName == c.desiredName }

// hasSpellingOf reports whether an active asset has the name in any spelling.
func (c nameClaim) hasSpellingOf(key string) bool {
	return c.active && c.currentName != "" && inventory.FoldName(c.currentName) == key
}

// suffixedName returns "<name>-<instance id>", cut to maxNameLength before the suffix, and numbered from 2 while
// taken reports true.
func suffixedName(name, instance string, taken func(string) bool) string {
	for n := 1; ; n++ {
		suffix := "-" + instance
		if n > 1 {
			suffix += "-" + strconv.Itoa(n)
		}
		room := max(maxNameLength-utf8.RuneCountInString(suffix), 0)
		candidate := truncateName(sanitizeName(truncateName(name, room)+suffix), maxNameLength)
		if !taken(candidate) {
			return candidate
		}
	}
}

// isDesiredName reports whether a name is the wanted one, or is suffixedName of it.
func isDesiredName(wanted, instance, name string) bool {
	if name == wanted {
		return true
	}
	made := suffixedName(wanted, instance, func(string) bool { return false })
	number, numbered := strings.CutPrefix(name, made+"-")
	_, err := strconv.Atoi(number)
	return name == made || numbered && err == nil
}

// truncateName returns the first n characters of a name, without spaces at the ends.
func truncateName(name string, n int) string {
	if utf8.RuneCountInString(name) > n {
		name = string([]rune(name)[:n])
	}
	return strings.TrimSpace(name)
}

// rename is the change of one asset's name.
type rename struct{ assetID, instanceID, from, to string }

// renameStep is a set of renames that can be written at once: none needs a name that another of this step or a
// later one still holds.
type renameStep []rename

// selfCount returns 1 if a rename changes only the spelling, so that the asset's own name does not block it.
func (r rename) selfCount() int {
	if inventory.FoldName(r.from) == inventory.FoldName(r.to) {
		return 1
	}
	return 0
}

// nameCounts counts the assets that have a name, in any spelling.
type nameCounts map[string]int

func (t nameCounts) add(name string, n int)     { t[inventory.FoldName(name)] += n }
func (t nameCounts) blocksRename(r rename) bool { return t[inventory.FoldName(r.to)] > r.selfCount() }
func (t nameCounts) has(name string) bool       { return t[inventory.FoldName(name)] > 0 }

// orderRenames puts renames into steps, so that every name is free when it is taken. A cycle (a swap) is broken
// with a temporary name that is not busy.
func orderRenames(all []rename, busy func(string) bool) []renameStep {
	sorting.By(all, func(x, y rename) int { return strings.Compare(x.assetID, y.assetID) })
	held := make(nameCounts, len(all))
	for _, r := range all {
		held.add(r.from, 1)
	}
	var steps []renameStep
	for left := all; len(left) > 0; {
		var ready renameStep
		var waiting []rename
		for _, r := range left {
			if held.blocksRename(r) {
				waiting = append(waiting, r)
			} else {
				ready = append(ready, r)
			}
		}
		if len(ready) == 0 {
			first := waiting[0]
			parking := suffixedName(first.to, first.instanceID+"-jms-swap", func(n string) bool { return held.has(n) || busy(n) })
			ready = renameStep{{first.assetID, first.instanceID, first.from, parking}}
			waiting[0].from = parking
			held.add(parking, 1)
		}
		for _, r := range ready {
			held.add(r.from, -1)
		}
		steps = append(steps, ready)
		left = waiting
	}
	return steps
}

// releaseNames returns the renames of assets whose name another asset takes; held are the names of all others.
func releaseNames(releasing []inventory.Asset, nameTakers map[string]string, held nameSet) []rename {
	busy := maps.Clone(held)
	for _, a := range releasing {
		busy.add(a.Name)
	}
	var out []rename
	for _, a := range releasing {
		if _, wanted := nameTakers[inventory.FoldName(a.Name)]; !wanted {
			continue
		}
		to := suffixedName(a.Name, instanceIDOf(a), busy.has)
		busy.add(to)
		out = append(out, rename{a.ID, instanceIDOf(a), a.Name, to})
	}
	return out
}
