package plan

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// TestDoubt: what a person said comes first, then the state, then the labels.
func TestDoubt(t *testing.T) {
	t.Parallel()
	said := Rules{Accounts: map[string]Account{"prod": {Owner: "AA"}}}
	for name, c := range map[string]struct {
		v     OwnerEvidence
		rules Rules
		want  reason.Code
	}{
		"nothing known":                        {},
		"remembered, another key of it":        {v: OwnerEvidence{Remembered: "aa", Labelled: []string{"aa"}}},
		"remembered, another's key":            {v: OwnerEvidence{Remembered: "bb", Labelled: []string{"bb"}}, want: reason.KeyOfAnother},
		"remembered, marks agree with the key": {v: OwnerEvidence{Remembered: "bb", Labelled: []string{"aa"}}, want: reason.KeyOfAnother},
		"remembered, no marks":                 {v: OwnerEvidence{Remembered: "bb"}, want: reason.KeyOfAnother},
		"remembered, marks name another":       {v: OwnerEvidence{Remembered: "aa", Labelled: []string{"bb"}}, want: reason.MarksOfAnother},
		"remembered, marks name several":       {v: OwnerEvidence{Remembered: "aa", Labelled: []string{"aa", "bb"}}, want: reason.SeveralOwners},
		"marks only":                           {v: OwnerEvidence{Labelled: []string{"aa"}}},
		"marks only, of another":               {v: OwnerEvidence{Labelled: []string{"bb"}}, want: reason.KeyOfAnother},
		"marks only, several":                  {v: OwnerEvidence{Labelled: []string{"aa", "bb"}}, want: reason.SeveralOwners},
		"accepted, old marks":                  {v: OwnerEvidence{Remembered: "AA", Accepted: true, Labelled: []string{"aa", "bb"}}},
		"accepted, and then another key":       {v: OwnerEvidence{Remembered: "bb", Accepted: true}, want: reason.KeyOfAnother},
		"account_id":                           {v: OwnerEvidence{Remembered: "bb", Labelled: []string{"bb", "cc"}}, rules: said},
	} {
		why, doubted := c.v.DoubtReason("prod", "AA", c.rules)
		if doubted != (c.want != "") || why.Code != c.want {
			t.Errorf("%s: %v %q, want %q", name, doubted, why.Code, c.want)
		}
	}
}

// TestOwners: the owners of assets of ours, by account, without those whose comment and labels contradict each
// other.
func TestOwners(t *testing.T) {
	t.Parallel()
	asset := func(account, owner, instance, more string) inventory.Asset {
		return inventory.Asset{
			ID: inventory.AssetID(inventory.Alibaba, "r", instance), Host: true,
			Comment: inventory.KeyInstance + " " + instance + "\n" + more,
			Labels: []inventory.Label{
				{Name: inventory.LabelCloud, Value: "alibaba"}, {Name: inventory.LabelAccount, Value: account},
				{Name: inventory.LabelOwner, Value: owner}, {Name: inventory.LabelRegion, Value: "r"},
			},
		}
	}
	foreign := asset("prod", "dd", "i-4", "")
	foreign.ID = inventory.AssetID(inventory.Alibaba, "r", "i-other")
	got := OwnersByAccount([]inventory.Asset{
		asset("prod", "bb", "i-1", ""), asset("PROD", "AA", "i-2", ""), asset("prod", "aa", "i-5", inventory.KeyOwner+" AA"),
		asset("prod", "cc", "i-3", inventory.KeyOwner+" aa"), foreign, asset("other", "ee", "i-6", ""),
	}, Rules{Accounts: map[string]Account{"prod": {}}})
	prod, other := got[AccountKey{inventory.Alibaba, "prod"}], got[AccountKey{inventory.Alibaba, "other"}]
	if len(got) != 2 || len(prod) != 2 || prod[0] != "aa" || prod[1] != "bb" || len(other) != 1 {
		t.Errorf("%v", got)
	}
}
