package plan

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// maxName is JumpServer's limit for a name, in characters.
const maxName = 128

// names is a set of names that are taken. Two that a database under JumpServer may call equal are
// one name, see inventory.Fold.
type names map[string]bool

func (n names) add(name string)      { n[inventory.Fold(name)] = true }
func (n names) has(name string) bool { return n[inventory.Fold(name)] }

// claim is one asset's wish for a name.
type claim struct {
	asset, instance string
	wanted          string // the cloud's name, not yet unique
	current         string // the name it has; "" for a new asset
	active          bool
}

// contest is what becomes of the claims for one name, in whatever spelling.
type contest struct {
	best  int  // place of the claim that has it, if no asset keeps it
	kept  bool // an active asset has the very name that it wants
	taken bool // best is known
}

// nameAll decides the final name of every claimant, by asset id. Names in fixed stay where they are.
//
// Names in two spellings that a database may call equal are one name, of which a server that does tell
// them apart may hold several: an active asset that has the very name that it wants keeps it. Where there is none, and
// the name is not fixed, one claimant gets it: an active asset that has it in another spelling, else the
// one with the smallest instance id. All others get "<name>-<instance id>", numbered where even that
// is taken. The outcome depends on the claims as a set, so a second run finds nothing to do. The
// claims are sorted by it.
func nameAll(claims []claim, fixed names) map[string]string {
	slices.SortFunc(claims, func(x, y claim) int {
		return cmp.Or(strings.Compare(x.instance, y.instance), strings.Compare(x.asset, y.asset))
	})
	contests := contestsOf(claims)
	final := make(map[string]string, len(claims))
	given := names{} // to somebody who did not have it
	var losers []claim
	for n, c := range claims {
		key := inventory.Fold(c.wanted)
		switch at := contests[key]; {
		case c.holds() && (c.active || at.kept || fixed[key] || claims[at.best].holds()):
			final[c.asset] = c.wanted
		case !at.kept && !fixed[key] && at.best == n:
			final[c.asset] = c.wanted
			given[key] = true
		default:
			losers = append(losers, c)
		}
	}
	for _, c := range losers {
		name := suffixed(c.wanted, c.instance, func(n string) bool {
			key := inventory.Fold(n)
			_, wanted := contests[key]
			return given[key] || (wanted || fixed[key]) && n != c.current
		})
		final[c.asset] = name
		given.add(name)
	}
	return final
}

// contestsOf weighs the claims for each name, which are sorted.
func contestsOf(claims []claim) map[string]contest {
	contests := make(map[string]contest, len(claims))
	for n, c := range claims {
		key := inventory.Fold(c.wanted)
		at := contests[key]
		at.kept = at.kept || c.holds() && c.active
		if !at.taken || c.near(key) && !claims[at.best].near(key) {
			at.best, at.taken = n, true
		}
		contests[key] = at
	}
	return contests
}

// holds reports whether an asset has the very name that it wants.
func (c claim) holds() bool { return c.current == c.wanted }

// near reports whether an active asset has the name in some spelling.
func (c claim) near(key string) bool {
	return c.active && c.current != "" && inventory.Fold(c.current) == key
}

// suffixed gives "<name>-<instance id>" cut to maxName with the suffix kept, numbered from 2
// where taken says so.
func suffixed(name, instance string, taken func(string) bool) string {
	for n := 1; ; n++ {
		suffix := "-" + instance
		if n > 1 {
			suffix += "-" + strconv.Itoa(n)
		}
		room := max(maxName-utf8.RuneCountInString(suffix), 0)
		candidate := cut(clean(cut(name, room)+suffix), maxName)
		if !taken(candidate) {
			return candidate
		}
	}
}

// isName reports whether an asset has the name that its instance wants, or one made of it where
// that was taken.
func isName(wanted, instance, name string) bool {
	if name == wanted {
		return true
	}
	made := suffixed(wanted, instance, func(string) bool { return false })
	number, numbered := strings.CutPrefix(name, made+"-")
	_, err := strconv.Atoi(number)
	return name == made || numbered && err == nil
}

// cut shortens to at most n characters, without a space at the end.
func cut(name string, n int) string {
	if utf8.RuneCountInString(name) > n {
		name = string([]rune(name)[:n])
	}
	return strings.TrimSpace(name)
}

// rename is one asset that changes its name.
type rename struct{ asset, instance, from, to string }

// step is a set of renames that may be written at once: none needs a name that another of the
// same step or of a later one still holds.
type step []rename

// own is 1 where a rename changes nothing but the spelling, which the asset itself does not hinder.
func (r rename) own() int {
	if inventory.Fold(r.from) == inventory.Fold(r.to) {
		return 1
	}
	return 0
}

// tally counts the assets that have a name, in whatever spelling.
type tally map[string]int

func (t tally) add(name string, n int) { t[inventory.Fold(name)] += n }
func (t tally) hinder(r rename) bool   { return t[inventory.Fold(r.to)] > r.own() }
func (t tally) has(name string) bool   { return t[inventory.Fold(name)] > 0 }

// orderRenames puts renames into steps, so that every name is free when it is taken. A cycle
// (a swap) is opened by a rename to a name that is not busy, which the same asset leaves again.
func orderRenames(all []rename, busy func(string) bool) []step {
	slices.SortFunc(all, func(x, y rename) int { return strings.Compare(x.asset, y.asset) })
	held := make(tally, len(all))
	for _, r := range all {
		held.add(r.from, 1)
	}
	var steps []step
	for left := all; len(left) > 0; {
		var ready step
		var waiting []rename
		for _, r := range left {
			if held.hinder(r) {
				waiting = append(waiting, r)
			} else {
				ready = append(ready, r)
			}
		}
		if len(ready) == 0 {
			first := waiting[0]
			parking := suffixed(first.to, first.instance+"-jms-swap", func(n string) bool { return held.has(n) || busy(n) })
			ready = step{{first.asset, first.instance, first.from, parking}}
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

// giveWay renames those that yield their name to somebody who takes it; held are the names of all others.
func giveWay(yielding []inventory.Asset, takers map[string]string, held names) []rename {
	busy := maps.Clone(held)
	for _, a := range yielding {
		busy.add(a.Name)
	}
	var out []rename
	for _, a := range yielding {
		if _, wanted := takers[inventory.Fold(a.Name)]; !wanted {
			continue
		}
		to := suffixed(a.Name, instanceOf(a), busy.has)
		busy.add(to)
		out = append(out, rename{a.ID, instanceOf(a), a.Name, to})
	}
	return out
}
