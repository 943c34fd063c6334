package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// labelWriteWindow is how long after the time in a label a run may still write it: the time is that of the run's
// start, and a platform lets a run go on for up to a day.
const labelWriteWindow = 24 * time.Hour

// PrunableLabels returns the names of labels whose unused rows may be removed from JumpServer's label page: their
// values belong, or belonged in earlier versions, to one asset each, or are times. All others are shared by many assets, or
// are people's.
func PrunableLabels() []string {
	return []string{inventory.LabelInstance, inventory.LabelGone, inventory.LabelDue, inventory.LabelMissing, inventory.LabelClosed, inventory.LabelRuleOff}
}

// LabelVerdict says whether one row of the label page may be removed, and why.
type LabelVerdict struct {
	inventory.LabelRow
	Unused bool // it may be removed
	Reason reason.Reason
}

// LabelUsage knows which labels the assets of a complete reading carry.
type LabelUsage struct {
	used   map[string]struct{} // by labelKey
	assets map[string]struct{} // their ids
	now    time.Time
}

// NewLabelUsage collects the prunable labels that assets carry.
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

// labelKey returns the same key for any two labels that a database may call equal.
func labelKey(l inventory.Label) string {
	return inventory.FoldName(l.Name) + "\x00" + inventory.FoldName(l.Value)
}

// Classify returns the verdict on a row as far as the row and the assets show. A row that it calls unused may still
// have holders, see CheckHolders.
func (u LabelUsage) Classify(row inventory.LabelRow) LabelVerdict {
	keep := func(code reason.Code, args ...any) LabelVerdict {
		return LabelVerdict{LabelRow: row, Reason: reason.New(code, args...)}
	}
	name := strings.ToLower(row.Name)
	if !slices.Contains(PrunableLabels(), name) {
		return keep(reason.LabelNotPruned)
	}
	if _, used := u.used[labelKey(row.Label)]; used {
		return keep(reason.LabelCarried)
	}
	if row.Edited {
		return keep(reason.LabelEdited)
	}
	if name == inventory.LabelDue && strings.EqualFold(row.Value, inventory.DueNever) || name == inventory.LabelClosed && strings.EqualFold(row.Value, inventory.ClosedNow) {
		return keep(reason.LabelShared)
	}
	if name != inventory.LabelInstance {
		at, err := inventory.ParseLabelTime(row.Value)
		if err != nil {
			return keep(reason.LabelUnreadable)
		}
		if at.Add(labelWriteWindow).After(u.now) {
			return keep(reason.LabelStillWritten)
		}
	}
	return LabelVerdict{LabelRow: row, Unused: true, Reason: reason.New(reason.LabelUnused)}
}

// CheckHolders returns the final verdict on a row, given its holders. It is unused only if no holder exists any
// more, and none is an asset that was read.
func (u LabelUsage) CheckHolders(line LabelVerdict, holders []inventory.LabelHolder) LabelVerdict {
	if !line.Unused {
		return line
	}
	for _, h := range holders {
		if _, there := u.assets[h.ID]; h.Exists || there {
			return LabelVerdict{LabelRow: line.LabelRow, Reason: reason.New(reason.LabelHeld, holderName(h))}
		}
	}
	return line
}

// holderName returns a holder's title, or else its id.
func holderName(h inventory.LabelHolder) string {
	if h.Title == "" {
		return h.ID
	}
	return h.Title
}
