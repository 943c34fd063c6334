package doctor_test

import (
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestRightsForRules: what rules need besides is named where it is missing, with what becomes of the sync; without rules
// nothing of it is said.
func TestRightsForRules(t *testing.T) {
	t.Parallel()
	everything := inventory.Needs{Zones: true, Templates: true, Nodes: true, Protocols: true, Accounts: true}
	all := []string{inventory.ViewDomains, inventory.ViewTemplates, inventory.ViewAccounts, inventory.AddAccounts, inventory.ViewAccessRules}
	for name, c := range map[string]struct {
		rights inventory.Rights
		rules  doctor.RuleNeeds
		want   []string
		not    []string
	}{
		"no rules":  {inventory.Rights{Permissions: []string{}}, doctor.RuleNeeds{}, nil, []string{"rights for rules", "who has access"}},
		"not shown": {inventory.Rights{}, doctor.RuleNeeds{Needs: everything, HasRules: true}, nil, []string{"rights for rules", "who has access"}},
		"none": {inventory.Rights{User: "sync", Permissions: []string{}}, doctor.RuleNeeds{Needs: everything, HasRules: true}, []string{
			"! rights for rules: assets.view_zone (assets.view_domain before v4.10) is missing: zones", "! rights for rules: accounts.view_accounttemplate is missing",
			"! rights for rules: accounts.view_account is missing", "! rights for rules: accounts.add_account is missing", "→ add it to the role of user sync",
			"✓ who has access: without perms.view_assetpermission nothing says",
		}, []string{"all that the rules need"}},
		"all": {inventory.Rights{Permissions: all}, doctor.RuleNeeds{Needs: everything, HasRules: true}, []string{
			"✓ rights for rules: all that the rules need is there", "✓ who has access: plan, cards and results say"}, []string{"! rights for rules"}},
		"a super user": {inventory.Rights{Superuser: true, Permissions: []string{}}, doctor.RuleNeeds{Needs: everything, HasRules: true},
			[]string{"✓ rights for rules"}, []string{"! rights for rules"}},
		"few needs": {inventory.Rights{Permissions: []string{}}, doctor.RuleNeeds{Needs: inventory.Needs{Templates: true}, HasRules: true},
			[]string{"accounts.view_accounttemplate is missing"}, []string{"assets.view_zone", "accounts.add_account"}},
	} {
		s := doctor.JumpServerSettings{URL: "https://jms.example", VerifiesTLS: true, LookupHost: newHostLookup(""), Now: fixedNow, Rules: c.rules}
		text, _ := runCheck(t, doctor.JumpServerCheck(fakeBastion{rights: c.rights}, s))
		for _, line := range c.want {
			if !strings.Contains(text, line) {
				t.Errorf("%s: no %q in\n%s", name, line, text)
			}
		}
		for _, line := range c.not {
			if strings.Contains(text, line) {
				t.Errorf("%s: %q in\n%s", name, line, text)
			}
		}
	}
}
