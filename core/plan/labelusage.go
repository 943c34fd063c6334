package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// labelWriteWindow is for how long after the time in a label a run may begin to use it: a run writes the time at which it
// began, and a platform lets it go on for up to a day.
const labelWriteWindow = 24 * time.Hour

// PrunableLabels are the names of the labels whose unused rows may be removed from JumpServer's label page: those whose
// values are, or were in earlier versions, of one asset's own. All others are shared by many assets, or are people's.
func PrunableLabels() []string {
	return []string{inventory.LabelInstance, inventory.LabelGone, inventory.LabelDue, inventory.LabelMissing}
}

// LabelVerdict says what is to become of one row of the label page, and why.
type LabelVerdict struct {
	inventory.LabelRow
	Unused bool // it may be removed
	Reason Reason
}

// LabelUsage is what is known of the use of labels: what the assets of a complete reading carry.
type LabelUsage struct {
	used   map[string]struct{} // by labelKey
	assets map[string]struct{} // their ids
	now    time.Time
}

// NewLabelUsage notes which of the labels assets carry.
func NewLabelUsage(b inventory.JumpServerAssets, now time.Time) LabelUsage {
	u := LabelUsage{used: map[string]struct{}{}, assets: make(map[string]struct{}, len(b.Assets)), now: now}
	for _, a := range b.Assets {
		u.assets[a.ID] = struct{}{}
		for _, l := range a.Labels {
			if hasAnyName(l, PrunableLabels()...) {
				u.used[labelKey(l)] = struct{}{}
			}
		}
	}
	return u
}

// labelKey is equal for any two labels that a database may take for one.
func labelKey(l inventory.Label) string {
	return inventory.FoldName(l.Name) + "\x00" + inventory.FoldName(l.Value)
}

// Classify returns the line of a row as far as the row itself and the assets tell. What it calls unused may yet have
// holders, see Held.
func (u LabelUsage) Classify(row inventory.LabelRow) LabelVerdict {
	keep := func(code Code, args ...any) LabelVerdict {
		return LabelVerdict{LabelRow: row, Reason: newReason(code, args...)}
	}
	name := strings.ToLower(row.Name)
	if !slices.Contains(PrunableLabels(), name) {
		return keep(LabelNotPruned)
	}
	if _, used := u.used[labelKey(row.Label)]; used {
		return keep(LabelCarried)
	}
	if row.Edited {
		return keep(LabelEdited)
	}
	if name == inventory.LabelDue && strings.EqualFold(row.Value, inventory.DueNever) {
		return keep(LabelShared)
	}
	if name != inventory.LabelInstance {
		at, err := inventory.ParseLabelTime(row.Value)
		if err != nil {
			return keep(LabelUnreadable)
		}
		if at.Add(labelWriteWindow).After(u.now) {
			return keep(LabelStillWritten)
		}
	}
	return LabelVerdict{LabelRow: row, Unused: true, Reason: newReason(LabelUnused)}
}

// CheckHolders returns an unused row's line once its holders are known: it is only unused if JumpServer names no living one, and
// no asset that was read is among the deleted ones.
func (u LabelUsage) CheckHolders(line LabelVerdict, holders []inventory.LabelHolder) LabelVerdict {
	if !line.Unused {
		return line
	}
	for _, h := range holders {
		if _, there := u.assets[h.ID]; h.Exists || there {
			return LabelVerdict{LabelRow: line.LabelRow, Reason: newReason(LabelHeld, holderName(h))}
		}
	}
	return line
}

// holderName is a holder as people know it.
func holderName(h inventory.LabelHolder) string {
	if h.Title == "" {
		return h.ID
	}
	return h.Title
}
