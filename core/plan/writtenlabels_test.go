package plan

import (
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestWrittenLabels: each label that we write is among them at least once, in a form that every version takes.
func TestWrittenLabels(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 28, 14, 35, 20, 0, time.UTC)
	i := inventory.Instance{Scope: inventory.Scope{Cloud: "aws", Account: "aws-prod", Region: "eu-west-1"}, Owner: "123456789012", ID: "i-0abc"}
	names := map[string]int{}
	for _, l := range WrittenLabels(i, now) {
		if names[l.Name]++; !inventory.IsStorableLabel(l.Value) {
			t.Errorf("%s cannot be stored", l)
		}
	}
	want := []string{
		inventory.LabelCloud, inventory.LabelAccount, inventory.LabelOwner, inventory.LabelRegion, inventory.LabelInstance, inventory.LabelGone,
		inventory.LabelOff, inventory.LabelEvent, inventory.LabelProtected, inventory.LabelAsset, inventory.LabelDue, inventory.LabelMissing,
		inventory.LabelReopened, inventory.LabelReleased, inventory.LabelApproved, inventory.LabelClosed, inventory.LabelRuleOff, inventory.LabelKept,
	}
	for _, name := range want {
		if names[name] == 0 {
			t.Errorf("%s is not among them", name)
		}
	}
	if len(names) != len(want) || names[inventory.LabelDue] != 2 { // a time, and never
		t.Errorf("%v", names)
	}
	i.Account, i.Owner = "a:b", ""
	all := WrittenLabels(i, now)
	if !slices.Contains(all, inventory.Label{Name: inventory.LabelAccount, Value: "a:b"}) || slices.ContainsFunc(all, func(l inventory.Label) bool { return l.Name == inventory.LabelOwner }) {
		t.Errorf("%v", all)
	}
}
