package plan

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// AccountKey is a configured account of a cloud, as labels name it.
type AccountKey struct {
	Cloud   inventory.Cloud
	Account string
}

// OwnersByAccount returns the owners of each account that the labels of our assets name: the cloud accounts' own
// ids, in lower case, sorted. Assets whose comment contradicts their labels are left out.
func OwnersByAccount(assets []inventory.Asset, rules Rules) map[AccountKey][]string {
	b := &builder{rules: rules, canonicalAccounts: map[string]string{}}
	owners := map[AccountKey][]string{}
	for n := range assets {
		m, ours := parseOwnership(assets[n])
		if !ours {
			continue
		}
		if _, contradict := ownershipConflict(assets[n], m); contradict {
			continue
		}
		h := AccountKey{m.cloud, b.canonicalAccount(m.account)}
		owner := strings.ToLower(m.owner)
		if !slices.Contains(owners[h], owner) {
			owners[h] = append(owners[h], owner)
		}
	}
	for _, all := range owners {
		slices.Sort(all)
	}
	return owners
}

// OwnerEvidence is what is known about the owner of a configured account, apart from its key.
type OwnerEvidence struct {
	Remembered string   // in the state; "" = nothing
	Accepted   bool     // by a person
	Labelled   []string // see OwnersByAccount
}

// DoubtReason returns why a listing read with a key of this owner may not be the account's, and reports whether it
// is doubted. What a person said (account_id, or an accepted owner) comes before the labels.
func (v OwnerEvidence) DoubtReason(account, owner string, rules Rules) (why reason.Reason, doubted bool) {
	is := func(other string) bool { return strings.EqualFold(other, owner) }
	switch {
	case rules.Accounts[account].Owner != "": // account_id was compared with the owner before
		return reason.Reason{}, false
	case v.Remembered != "" && !is(v.Remembered):
		return reason.New(reason.KeyOfAnother, account, owner, v.Remembered), true
	case v.Accepted:
		return reason.Reason{}, false
	case len(v.Labelled) > 1:
		return reason.New(reason.SeveralOwners, account, strings.Join(v.Labelled, ", "), owner), true
	case len(v.Labelled) == 1 && !is(v.Labelled[0]) && v.Remembered != "":
		return reason.New(reason.MarksOfAnother, account, v.Remembered, v.Labelled[0]), true
	case len(v.Labelled) == 1 && !is(v.Labelled[0]):
		return reason.New(reason.KeyOfAnother, account, owner, v.Labelled[0]), true
	}
	return reason.Reason{}, false
}

// ShowsNoneOfOurs reports whether active assets of ours belong to a listing's scope, and the listing shows the instance of
// none of them.
func ShowsNoneOfOurs(l inventory.Listing, assets []inventory.Asset, rules Rules) bool {
	b := &builder{rules: rules, canonicalAccounts: map[string]string{}}
	listed := map[string]bool{}
	for _, i := range l.Instances {
		listed[i.ID] = true
	}
	some := false
	for n := range assets {
		m, ours := parseOwnership(assets[n])
		if !ours || !assets[n].Active || m.cloud != l.Cloud || m.region != l.Region || b.canonicalAccount(m.account) != l.Account {
			continue
		}
		if listed[m.instanceID] {
			return false
		}
		some = true
	}
	return some
}
