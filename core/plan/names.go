package plan

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// maxName is JumpServer's limit for a name, in characters.
const maxName = 128

// claim is one asset's wish for a name.
type claim struct {
	asset, instance string
	wanted          string // the cloud's name, not yet unique
	current         string // the name it has; "" for a new asset
	active          bool
}

// nameAll gives every claimant its final name, by asset id. Names in fixed stay where they are.
// First each wanted name goes to one claimant: the active one that holds it, else the one with
// the smallest instance id. All others get "<name>-<instance id>", numbered where even that is
// taken. The outcome depends on the claims as a set, so a second run finds nothing to do. The
// claims are sorted by it.
func nameAll(claims []claim, fixed map[string]bool) map[string]string {
	slices.SortFunc(claims, func(x, y claim) int {
		return cmp.Or(strings.Compare(x.instance, y.instance), strings.Compare(x.asset, y.asset))
	})
	winner := make(map[string]int, len(claims)) // wanted name → place in claims
	for n, c := range claims {
		if fixed[c.wanted] {
			continue
		}
		best, taken := winner[c.wanted]
		if !taken || c.holds() && !claims[best].holds() {
			winner[c.wanted] = n
		}
	}
	final := make(map[string]string, len(claims))
	for name, n := range winner {
		final[claims[n].asset] = name
	}
	used := map[string]bool{} // besides those of winners
	for _, c := range claims {
		if _, done := final[c.asset]; done {
			continue
		}
		name := suffixed(c.wanted, c.instance, func(n string) bool {
			_, won := winner[n]
			return fixed[n] || won || used[n]
		})
		final[c.asset] = name
		used[name] = true
	}
	return final
}

// holds tells whether an active asset has the name that it wants.
func (c claim) holds() bool { return c.active && c.current == c.wanted }

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

// isName tells whether an asset has the name that its instance wants, or the one made of it where
// that was taken.
func isName(wanted, instance, name string) bool {
	return name == wanted || name == suffixed(wanted, instance, func(string) bool { return false })
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

// orderRenames puts renames into steps, so that every name is free when it is taken. A cycle
// (a swap) is opened by a rename to a name that is not busy, which the same asset leaves again.
func orderRenames(all []rename, busy func(string) bool) []step {
	slices.SortFunc(all, func(x, y rename) int { return strings.Compare(x.asset, y.asset) })
	held := make(map[string]bool, len(all))
	for _, r := range all {
		held[r.from] = true
	}
	var steps []step
	for left := all; len(left) > 0; {
		var ready step
		var waiting []rename
		for _, r := range left {
			if held[r.to] {
				waiting = append(waiting, r)
			} else {
				ready = append(ready, r)
			}
		}
		if len(ready) == 0 {
			first := waiting[0]
			parking := suffixed(first.to, first.instance+"-jms-swap", func(n string) bool { return held[n] || busy(n) })
			ready = step{{first.asset, first.instance, first.from, parking}}
			waiting[0].from = parking
			held[parking] = true
		}
		for _, r := range ready {
			delete(held, r.from)
		}
		steps = append(steps, ready)
		left = waiting
	}
	return steps
}

// giveWay renames those that yield their name to somebody in final.
func giveWay(yielding []inventory.Asset, takers map[string]string, fixed map[string]bool) []rename {
	names := map[string]bool{}
	for _, a := range yielding {
		names[a.Name] = true
	}
	var out []rename
	for _, a := range yielding {
		if _, wanted := takers[a.Name]; !wanted {
			continue
		}
		to := suffixed(a.Name, instanceOf(a), func(n string) bool {
			_, taken := takers[n]
			return taken || fixed[n] || names[n]
		})
		names[to] = true
		out = append(out, rename{a.ID, instanceOf(a), a.Name, to})
	}
	return out
}
