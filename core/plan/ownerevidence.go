package plan

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// AccountKey is a configured account of a cloud, as labels name it.
type AccountKey struct {
	Cloud   inventory.Cloud
	Account string
}

// OwnersByAccount returns, for each account that the marks of our assets name, the cloud accounts that they belong to: their
// own ids in lower case, sorted. An asset whose comment contradicts its labels vouches for nobody.
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
		if owner := strings.ToLower(m.owner); !slices.Contains(owners[h], owner) {
			owners[h] = append(owners[h], owner)
		}
	}
	for _, all := range owners {
		slices.Sort(all)
	}
	return owners
}

// OwnerEvidence is what is known of whose a configured account is, beside what its key says.
type OwnerEvidence struct {
	Remembered string   // by state; "" = nothing is
	Accepted   bool     // a person said so
	Labelled   []string // as Owners returns it
}

// DoubtReason returns why a listing that was read with an owner's key is not believed to be that of an account, and false
// where it is: in the order of the cases, what a person said (account_id, or an owner that was accepted) goes first.
func (v OwnerEvidence) DoubtReason(account, owner string, rules Rules) (why Reason, doubted bool) {
	is := func(other string) bool { return strings.EqualFold(other, owner) }
	switch {
	case rules.Accounts[account].Owner != "": // the key was compared with account_id when it was asked whose it is
		return Reason{}, false
	case v.Remembered != "" && !is(v.Remembered):
		return newReason(KeyOfAnother, account, owner, v.Remembered), true
	case v.Accepted:
		return Reason{}, false
	case len(v.Labelled) > 1:
		return newReason(SeveralOwners, account, strings.Join(v.Labelled, ", "), owner), true
	case len(v.Labelled) == 1 && !is(v.Labelled[0]) && v.Remembered != "":
		return newReason(MarksOfAnother, account, v.Remembered, v.Labelled[0]), true
	case len(v.Labelled) == 1 && !is(v.Labelled[0]):
		return newReason(KeyOfAnother, account, owner, v.Labelled[0]), true
	}
	return Reason{}, false
}
