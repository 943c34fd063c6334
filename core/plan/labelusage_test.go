package plan

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// TestLabelUsage: a row is unused if it is one of four labels, nothing has it, and no run can still write it.
func TestLabelUsage(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 14, 35, 20, 0, time.UTC)
	u := NewLabelUsage(inventory.JumpServerAssets{Assets: []inventory.Asset{
		{ID: "a", Host: true, Labels: []inventory.Label{
			{Name: "jms-instance", Value: "i-used"}, {Name: "JMS-Gone", Value: "20260101t0000z"}, {Name: "team", Value: "i-1"},
		}},
		{ID: "b", Name: "db"},
	}}, now)
	for text, want := range map[inventory.Label]reason.Code{
		{Name: "jms-instance", Value: "i-1"}:              reason.LabelUnused,
		{Name: "JMS-Instance", Value: "i-1"}:              reason.LabelUnused,
		{Name: "jms-instance", Value: ""}:                 reason.LabelUnused,
		{Name: "jms-instance", Value: "i-used"}:           reason.LabelCarried,
		{Name: "jms-instance", Value: "I-Used"}:           reason.LabelCarried, // a database may call them equal
		{Name: "jms-gone", Value: "20260101T0000Z"}:       reason.LabelCarried,
		{Name: "jms-gone", Value: "20260101T0001Z"}:       reason.LabelUnused,
		{Name: "jms-gone", Value: "2026-01-01T00:00:01Z"}: reason.LabelUnused,
		{Name: "jms-gone", Value: "20261127T1435Z"}:       reason.LabelUnused,
		{Name: "jms-gone", Value: "20261127T1436Z"}:       reason.LabelStillWritten,
		{Name: "jms-gone", Value: "20261128T1436Z"}:       reason.LabelStillWritten,
		{Name: "jms-gone", Value: "never"}:                reason.LabelUnreadable,
		{Name: "jms-gone", Value: "yesterday"}:            reason.LabelUnreadable,
		{Name: "jms-gone", Value: ""}:                     reason.LabelUnreadable,
		{Name: "jms-due", Value: "never"}:                 reason.LabelShared,
		{Name: "jms-due", Value: "Never"}:                 reason.LabelShared,
		{Name: "jms-due", Value: "20261205T1435Z"}:        reason.LabelStillWritten,
		{Name: "jms-due", Value: "2026-12-05T14:35:09Z"}:  reason.LabelStillWritten,
		{Name: "jms-due", Value: "20261101T0000Z"}:        reason.LabelUnused,
		{Name: "jms-missing", Value: "20261101T0000Z"}:    reason.LabelUnused,
		{Name: "jms-missing", Value: "20261128T1435Z"}:    reason.LabelStillWritten,
		{Name: "jms-cloud", Value: "aws"}:                 reason.LabelNotPruned,
		{Name: "jms-keep", Value: "x"}:                    reason.LabelNotPruned,
		{Name: "jms-asset", Value: "x"}:                   reason.LabelNotPruned,
		{Name: "jms-released", Value: "person"}:           reason.LabelNotPruned,
		{Name: "team", Value: "20260101T0000Z"}:           reason.LabelNotPruned,
		{Name: " jms-gone", Value: "20260101T0001Z"}:      reason.LabelNotPruned,
		{Name: "jms-göne", Value: "20260101T0001Z"}:       reason.LabelNotPruned,
	} {
		got := u.Classify(inventory.LabelRow{ID: "x", Label: text})
		if got.Reason.Code != want || got.Unused != (want == reason.LabelUnused) || got.Label != text {
			t.Errorf("%q: %+v, want %s", text, got, want)
		}
	}
	if got := u.Classify(inventory.LabelRow{Label: inventory.Label{Name: "jms-instance", Value: "i-1"}, Edited: true}); got.Unused || got.Reason.Code != reason.LabelEdited {
		t.Errorf("edited: %+v", got)
	}
	unused := u.Classify(inventory.LabelRow{ID: "x", Label: inventory.Label{Name: "jms-instance", Value: "i-1"}, LinkCount: 3})
	for name, test := range map[string]struct {
		holders []inventory.LabelHolder
		want    reason.Code
	}{
		"nobody":                           {nil, reason.LabelUnused},
		"deleted ones":                     {[]inventory.LabelHolder{{ID: "x"}, {ID: "y"}}, reason.LabelUnused},
		"a living one":                     {[]inventory.LabelHolder{{ID: "x"}, {ID: "y", Title: "web", Exists: true}}, reason.LabelHeld},
		"a deleted one that was read":      {[]inventory.LabelHolder{{ID: "a"}}, reason.LabelHeld},
		"a deleted database that was read": {[]inventory.LabelHolder{{ID: "x"}, {ID: "b"}}, reason.LabelHeld},
	} {
		if got := u.CheckHolders(unused, test.holders); got.Reason.Code != test.want || got.Unused != (test.want == reason.LabelUnused) || got.ID != "x" {
			t.Errorf("%s: %+v, want %s", name, got, test.want)
		}
	}
	kept := u.Classify(inventory.LabelRow{Label: inventory.Label{Name: "team", Value: "x"}})
	if got := u.CheckHolders(kept, nil); got.Unused {
		t.Errorf("a row that is kept is unused: %+v", got)
	}
}

// TestEverythingWeWriteIsKeptWhileItMayBeWritten: no row of a label that a run writes now is unused.
func TestEverythingWeWriteIsKeptWhileItMayBeWritten(t *testing.T) {
	t.Parallel()
	for _, ago := range []time.Duration{0, time.Minute, time.Hour, 23 * time.Hour} {
		now := time.Date(2026, 11, 28, 14, 35, 20, 0, time.UTC)
		u := NewLabelUsage(inventory.JumpServerAssets{}, now)
		began := now.Add(-ago)
		for _, mode := range []Mode{ModeDeactivate, ModeDelete} {
			r := Rules{Now: began, Mode: mode, Grace: time.Minute}
			for _, l := range append(deactivationLabels(inventory.Asset{}, r), inventory.MissingLabel(began)) {
				if got := u.Classify(inventory.LabelRow{Label: l}); got.Unused {
					t.Errorf("a run that began %v ago may write %s: %+v", ago, l, got)
				}
			}
		}
	}
}
