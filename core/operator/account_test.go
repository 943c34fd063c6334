package operator

import (
	"errors"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// TestUnknownAccount: an account is known by the configuration or by the label of an asset; any other name is a mistake,
// with the one that was probably meant.
func TestUnknownAccount(t *testing.T) {
	t.Parallel()
	assets := []inventory.Asset{
		{Labels: []inventory.Label{{Name: inventory.LabelAccount, Value: "left-behind"}}}, {},
	}
	for account, near := range map[string]string{"": "ok", "prod": "ok", "left-behind": "ok", "prdo": "prod", "leftbehind": "left-behind", "other": ""} {
		r := &actionRun{
			Engine: engine.Engine{Rules: plan.Rules{Accounts: map[string]plan.Account{"prod": {}, "staging": {}}}}, action: Action{Account: account},
		}
		err := r.checkAccount(assets)
		if near == "ok" {
			if err != nil {
				t.Errorf("%q: %v", account, err)
			}
			continue
		}
		var why *reason.RunError
		if !errors.As(err, &why) || why.Reason.Code != reason.NoSuchAccount {
			t.Errorf("%q: %v", account, err)
			continue
		}
		for _, text := range []string{why.Reason.Text(language.Chinese), why.Reason.Text(language.English)} {
			_, suggested, found := strings.Cut(strings.NewReplacer("，是不是 ", "?", ", did you mean ", "?", "？", "").Replace(text), "?")
			if found != (near != "") || strings.TrimSuffix(suggested, "?") != near {
				t.Errorf("%q: %s", account, text)
			}
		}
	}
}
