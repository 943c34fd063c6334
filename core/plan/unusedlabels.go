package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// stillWritten is for how long after the time in a label a run may begin to use it: a run writes the time at which it
// began, and a platform lets it go on for up to a day.
const stillWritten = 24 * time.Hour

// PrunableLabels are the names of the labels whose unused rows may be removed from JumpServer's label page: those whose
// values are, or were in earlier versions, of one asset's own. All others are shared by many assets, or are people's.
func PrunableLabels() []string {
	return []string{inventory.LabelInstance, inventory.LabelGone, inventory.LabelDue, inventory.LabelMissing}
}

// LabelLine says what is to become of one row of the label page, and why.
type LabelLine struct {
	inventory.LabelRow
	Unused bool // it may be removed
	Reason Reason
}

// LabelUse is what is known of the use of labels: what the assets of a complete reading carry.
type LabelUse struct {
	carried map[string]struct{} // by labelKey
	assets  map[string]struct{} // their ids
	now     time.Time
}

// NewLabelUse notes which of the labels assets carry.
func NewLabelUse(b inventory.Bastion, now time.Time) LabelUse {
	u := LabelUse{carried: map[string]struct{}{}, assets: make(map[string]struct{}, len(b.Assets)), now: now}
	for _, a := range b.Assets {
		u.assets[a.ID] = struct{}{}
		for _, l := range a.Labels {
			if isAny(l, PrunableLabels()...) {
				u.carried[labelKey(l)] = struct{}{}
			}
		}
	}
	return u
}

// labelKey is equal for any two labels that a database may take for one.
func labelKey(l inventory.Label) string {
	return inventory.Fold(l.Name) + "\x00" + inventory.Fold(l.Value)
}

// Judge returns the line of a row as far as the row itself and the assets tell. What it calls unused may yet have
// holders, see Held.
func (u LabelUse) Judge(row inventory.LabelRow) LabelLine {
	keep := func(code Code, args ...any) LabelLine {
		return LabelLine{LabelRow: row, Reason: because(code, args...)}
	}
	name := strings.ToLower(row.Name)
	if !slices.Contains(PrunableLabels(), name) {
		return keep(LabelNotPruned)
	}
	if _, used := u.carried[labelKey(row.Label)]; used {
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
		if at.Add(stillWritten).After(u.now) {
			return keep(LabelStillWritten)
		}
	}
	return LabelLine{LabelRow: row, Unused: true, Reason: because(LabelUnused)}
}

// Held returns an unused row's line once its holders are known: it is only unused if JumpServer names no living one, and
// no asset that was read is among the deleted ones.
func (u LabelUse) Held(line LabelLine, holders []inventory.LabelHolder) LabelLine {
	if !line.Unused {
		return line
	}
	for _, h := range holders {
		if _, there := u.assets[h.ID]; h.Alive || there {
			return LabelLine{LabelRow: line.LabelRow, Reason: because(LabelHeld, holderName(h))}
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
