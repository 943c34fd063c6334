package operator

import (
	"maps"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
)

// checkAccount returns an error if nobody knows the account that an action names: neither the configuration, nor the
// label of an asset. A slip of the hand must not look like an account without assets.
func (r *actionRun) checkAccount(assets []inventory.Asset) error {
	wanted := r.action.Account
	if _, configured := r.Rules.Accounts[wanted]; configured || wanted == "" {
		return nil
	}
	known := map[string]bool{}
	for name := range r.Rules.Accounts {
		known[name] = true
	}
	for _, a := range assets {
		name, _ := a.Label(inventory.LabelAccount)
		if name == wanted {
			return nil
		}
		known[name] = true
	}
	near := suggestedAccount(language.Nearest(wanted, slices.Sorted(maps.Keys(known))))
	return &reason.RunError{Kind: inventory.NotFound, Reason: reason.New(reason.NoSuchAccount, wanted, near)}
}

// suggestedAccount is the account that was probably meant; "" = none.
type suggestedAccount string

// Text implements reason.Localized.
func (s suggestedAccount) Text(lang language.Lang) string {
	if s == "" {
		return ""
	}
	return lang.Textf("，是不是 %s？", ", did you mean %s?", string(s))
}
