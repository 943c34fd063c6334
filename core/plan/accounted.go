package plan

import (
	"fmt"
	"iter"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// Unaccounted checks the lines of an approved plan of a whole run, changes and notes, and returns what is wrong with
// them, a text for each asset. Each asset of ours is in exactly one of these: its instance is listed, and it is not
// removed; it is to be removed; it is held; it is kept for a reason that is told. What a failed or unasked scope may
// still hold is told by the scope. Whatever is active and not listed is marked as Unlisted, so that the report has
// it.
func Unaccounted(assets []inventory.Asset, listings []inventory.Listing, lines iter.Seq[Change]) []string {
	found := map[string][]Change{}
	for c := range lines {
		if c.AssetID != "" && !c.Interim && c.Action != Update && !c.heldUpdate && c.Action != Drift && c.Reason.Code != reason.NoLongerPlanned {
			found[c.AssetID] = append(found[c.AssetID], c)
		}
	}
	listed := map[instanceKey]bool{}
	for _, l := range listings {
		for _, i := range l.Instances {
			if i.Existence != inventory.Closed {
				listed[newInstanceKey(&i)] = true
			}
		}
	}
	var wrong []string
	for _, a := range assets {
		m, ours := parseOwnership(a)
		if !ours {
			continue
		}
		why := wrongLines(a, found[a.ID], listed[m.instanceKey()], isUnread(listings, m))
		if why != "" {
			wrong = append(wrong, fmt.Sprintf("asset %s (%s) of instance %s: %s", a.ID, a.Name, m.instanceID, why))
		}
	}
	return wrong
}

// wrongLines returns what is wrong with the lines of an asset of ours.
func wrongLines(a inventory.Asset, lines []Change, listed, unread bool) string {
	if listed {
		for _, c := range lines {
			if c.Action.isRemoval() && !c.ruledOff {
				return "its instance is listed, and it is removed"
			}
		}
		return ""
	}
	if len(lines) != 1 {
		return fmt.Sprintf("it is in %d lines", len(lines))
	}
	c := lines[0]
	contradicts := slices.Contains([]reason.Code{reason.OwnersDiffer, reason.ProjectsDiffer, reason.RegionsDiffer}, c.Reason.Code)
	switch {
	case saysScope(c.Reason.Code) && !unread:
		return "its scope is said to be unread, and all listings of it are complete"
	case saysScope(c.Reason.Code), unread && contradicts:
		return ""
	case c.Action.isRemoval() || !a.Active || c.Unlisted || c.Reason.Code == reason.StillThere:
		return ""
	}
	return fmt.Sprintf("it stays open and nobody is told (%s %s)", c.Action, c.Reason.Code)
}

// isUnread reports whether a listing in which an asset's instance may be has failed, or its account's was not asked
// for.
func isUnread(listings []inventory.Listing, m ownership) bool {
	asked := false
	for _, l := range listings {
		if l.Cloud != m.cloud || !inventory.CoversRegion(l.Region, m.region) {
			continue
		}
		if !l.IsComplete() {
			return true
		}
		asked = asked || inventory.MayBeEqual(l.Account, m.account)
	}
	return !asked
}
