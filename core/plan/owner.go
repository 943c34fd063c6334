package plan

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Holder is a configured account of a cloud, as labels name it.
type Holder struct {
	Cloud   inventory.Cloud
	Account string
}

// Owners returns, for each account that the marks of our assets name, the cloud accounts that they belong to: their
// own ids in lower case, sorted. An asset whose comment contradicts its labels vouches for nobody.
func Owners(assets []inventory.Asset, rules Rules) map[Holder][]string {
	b := &builder{rules: rules, spelled: map[string]string{}}
	owners := map[Holder][]string{}
	for n := range assets {
		m, ours := readMark(assets[n])
		if !ours {
			continue
		}
		if _, contradict := contradicts(assets[n], m); contradict {
			continue
		}
		h := Holder{m.cloud, b.account(m.account)}
		if owner := strings.ToLower(m.owner); !slices.Contains(owners[h], owner) {
			owners[h] = append(owners[h], owner)
		}
	}
	for _, all := range owners {
		slices.Sort(all)
	}
	return owners
}

// Vouched is what is known of whose a configured account is, beside what its key says.
type Vouched struct {
	Remembered string   // by state; "" = nothing is
	Accepted   bool     // a person said so
	Marked     []string // as Owners returns it
}

// Doubt returns why a listing that was read with an owner's key is not believed to be that of an account, and false
// where it is: in the order of the cases, what a person said (account_id, or an owner that was accepted) goes first.
func (v Vouched) Doubt(account, owner string, rules Rules) (why Reason, doubted bool) {
	is := func(other string) bool { return strings.EqualFold(other, owner) }
	switch {
	case rules.Accounts[account].Owner != "": // the key was compared with account_id when it was asked whose it is
		return Reason{}, false
	case v.Remembered != "" && !is(v.Remembered):
		return because(KeyOfAnother, account, owner, v.Remembered), true
	case v.Accepted:
		return Reason{}, false
	case len(v.Marked) > 1:
		return because(SeveralOwners, account, strings.Join(v.Marked, ", "), owner), true
	case len(v.Marked) == 1 && !is(v.Marked[0]) && v.Remembered != "":
		return because(MarksOfAnother, account, v.Remembered, v.Marked[0]), true
	case len(v.Marked) == 1 && !is(v.Marked[0]):
		return because(KeyOfAnother, account, owner, v.Marked[0]), true
	}
	return Reason{}, false
}
