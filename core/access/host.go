package access

import (
	"cmp"
	"context"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// HostReader is what is asked of JumpServer for one host.
type HostReader interface {
	Reader
	// AccessRulesOfAsset returns the access rules that count now and reach a host: its own, those of its nodes, and of
	// their ancestors.
	AccessRulesOfAsset(ctx context.Context, assetID string) ([]inventory.AccessRule, error)
}

// Host is who reaches one host. Its JSON is part of what explain writes: additions only.
type Host struct {
	Ways  []Way `json:"ways"`  // by the name of their rule
	Users int   `json:"users"` // who can log in, each once
	// Lacks is the right that the access key lacks, without which nothing is known; "" = none.
	Lacks string `json:"lacks,omitempty"`
	// Unknown is how many rules were not looked at: there are too many, or the time was short.
	Unknown int `json:"unknown_rules,omitempty"`
}

// Way is an access rule by which people reach a host.
type Way struct {
	RuleID string `json:"rule_id"`
	Rule   string `json:"rule"`
	// LoginDenied says that the rule names no account: its people see the host and cannot log in.
	LoginDenied bool     `json:"login_denied,omitempty"`
	Groups      []Person `json:"groups"`
	Users       []Person `json:"users"` // the members of the groups among them
}

// Person is a user or a group.
type Person struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// OfAsset returns who reaches an asset that exists, by rules on itself too. An error of kind Denied: the access key's user
// may not read access rules. It is one call, and one or two for each rule.
func OfAsset(ctx context.Context, from HostReader, assetID string, l Limits) (Host, error) {
	rules, err := from.AccessRulesOfAsset(ctx, assetID)
	return hostOf(ctx, from, rules, err, l)
}

// OfPlaces returns who reaches a host that is, or will be, in these places: ids of nodes, and paths of nodes that may not
// exist yet. Rules on the host itself are not looked at.
func OfPlaces(ctx context.Context, from HostReader, places []string, l Limits) (Host, error) {
	r := newReading(ctx, from, l)
	var all []inventory.AccessRule
	for _, place := range places[:min(len(places), l.Nodes)] {
		id, err := r.nearestNode(place, nil)
		var rules []inventory.AccessRule
		if err == nil && id != "" {
			rules, err = from.AccessRulesOfNode(ctx, id)
		}
		if err != nil {
			return hostOf(ctx, from, nil, err, l)
		}
		all = append(all, rules...)
	}
	return hostOf(ctx, from, all, nil, l)
}

// hostOf returns who has the hosts of some rules.
func hostOf(ctx context.Context, from HostReader, rules []inventory.AccessRule, err error, l Limits) (Host, error) {
	h := Host{Ways: []Way{}}
	if inventory.KindOf(err) == inventory.Denied {
		h.Lacks = inventory.ViewAccessRules
	}
	if err != nil {
		return h, err
	}
	rules = sorting.Sorted(rules, func(x, y inventory.AccessRule) int {
		return cmp.Or(cmp.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID))
	})
	rules = slices.CompactFunc(rules, func(x, y inventory.AccessRule) bool { return x.ID == y.ID })
	h.Unknown = max(0, len(rules)-l.Rules)
	users := map[string]bool{}
	for n, rule := range rules[:len(rules)-h.Unknown] {
		members, err := from.MembersOfAccessRule(ctx, rule)
		if err != nil {
			h.Unknown += len(rules) - h.Unknown - n
			h.Users = len(users)
			return h, err
		}
		h.Ways = append(h.Ways, Way{
			RuleID: rule.ID, Rule: rule.Name, LoginDenied: rule.LoginDenied, Groups: personsOf(members.Groups), Users: personsOf(members.Users),
		})
		for _, u := range members.Users {
			if !rule.LoginDenied {
				users[u.ID] = true
			}
		}
	}
	h.Users = len(users)
	return h, nil
}

func personsOf(members []inventory.Member) []Person {
	all := make([]Person, 0, len(members))
	for _, m := range members {
		all = append(all, Person(m))
	}
	return all
}
