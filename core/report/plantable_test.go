package report_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// mappedInput is an estate that mapping rules change in several ways: new hosts, hosts that move, and one that got another
// address.
func mappedInput(t *testing.T, lang language.Lang) (plan.Input, plan.Rules) {
	t.Helper()
	set, mistakes := mapping.Compile([]mapping.Rule{
		{Name: "web", When: mapping.Condition{Keys: map[string][]string{"name": {"web-*"}}}, Set: mapping.Settings{
			Node: "/DEFAULT/web", Zone: "gw-1", Port: 2222, Accounts: []string{"root"}, Labels: map[string]string{"app": "web"},
		}},
	}, mapping.Options{})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	rules := plan.Rules{
		Accounts: map[string]plan.Account{"aliyun-prod": {Type: "阿里云", Enabled: true, Cloud: inventory.Alibaba}}, Mode: plan.ModeDelete,
		Grace: 7 * 24 * time.Hour, Now: startTime(), Lang: lang,
	}
	scope, linux := newInventoryScope("aliyun-prod", "cn-beijing"), inventory.Platform{ID: 1, Name: "Linux", Type: "linux", SupportsZones: true}
	linux.Protocols = []inventory.Protocol{{Name: "ssh", Port: 22}, {Name: "sftp", Port: 22}}
	listing := inventory.Listing{Scope: scope, Owner: "1"}
	for n, name := range []string{"web-1", "web-2", "db-1", "web-3", "web-4", "db-2"} {
		listing.Instances = append(listing.Instances, inventory.Instance{
			Scope: scope, Owner: "1", ID: "i-" + name, Name: name, OSType: "linux", Status: "running", PrivateIPs: []string{"10.0.0." + string(rune('1'+n))},
		})
	}
	in := plan.Input{Listings: []inventory.Listing{listing}, AllRegions: true, Current: inventory.JumpServerAssets{
		Platforms: map[string]inventory.Platform{"Linux": linux}, Zones: []inventory.Zone{{ID: "z-1", Name: "gw-1", Gateways: 1}},
		Templates: []inventory.AccountTemplate{{ID: "t-1", Name: "root", Username: "root", SecretType: "password"}},
		Nodes:     []inventory.Node{{ID: "n-1", Path: "/DEFAULT/阿里云/aliyun-prod"}},
	}}
	for _, c := range plan.Build(in, rules).Approve(openLimits(), nil).Creates() {
		a := c.NewAsset()
		if a.Name == "db-1" || a.Name == "web-4" {
			continue
		}
		old := inventory.Asset{
			ID: a.ID, Name: a.Name, Address: a.Address, Platform: "Linux", Labels: a.Labels, Comment: a.Comment, Active: true, Host: true,
			Nodes: "n-1", NodeNames: "aliyun-prod", Protocols: linux.Protocols,
		}
		if a.Name == "db-2" {
			old.Address = "10.9.9.9"
		}
		in.Current.Assets = append(in.Current.Assets, old)
	}
	rules.Mapping = set
	rules.Manage = plan.FieldPolicies{Node: plan.WriteAlways, Port: plan.WriteAlways, Labels: plan.WriteIfMissing}
	return in, rules
}

func openLimits() plan.Limits {
	return plan.Limits{Percent: 100, Min: 1000, Fleet: plan.Share{Percent: 100, Min: 1000}, PerRun: 1000, Moves: plan.Share{Percent: 100, Min: 1000}}
}

// TestPlanTextOfRules: what rules set on new assets stands in columns, and what they change on others, and would change
// were it not held, with what it was.
func TestPlanTextOfRules(t *testing.T) {
	t.Parallel()
	for name, lang := range map[string]language.Lang{"zh": language.Chinese, "en": language.English} {
		in, rules := mappedInput(t, lang)
		names := plan.NewNames(in.Current)
		var out strings.Builder
		held := openLimits()
		held.Moves = plan.Share{Percent: 30, Min: 1}
		for _, limits := range []plan.Limits{openLimits(), held} {
			a := plan.Build(in, rules).Approve(limits, nil)
			lines := func(yield func(plan.Change) bool) {
				for _, c := range slices.Concat(slices.Collect(a.Changes()), a.Notes()) {
					if !yield(c) {
						return
					}
				}
			}
			if err := report.WritePlanTable(&out, lines, names, lang); err != nil {
				t.Fatal(err)
			}
			out.WriteString("==========\n")
		}
		compareGolden(t, "plan-rules-"+name, out.String())
	}
}

// TestValuesInResults: the document of a dry run has what each change sets, before and after; that of a run does not.
func TestValuesInResults(t *testing.T) {
	t.Parallel()
	in, rules := mappedInput(t, language.English)
	a := plan.Build(in, rules).Approve(openLimits(), nil)
	for _, dry := range []bool{true, false} {
		input := report.Input{Started: startTime(), DryRun: dry, Language: language.English, Names: plan.NewNames(in.Current)}
		for c := range a.Changes() {
			input.Items = append(input.Items, apply.Item{Change: c, State: apply.Done})
		}
		var document struct{ Changes []report.Change }
		if err := json.Unmarshal([]byte(jsonText(t, report.Build(input))), &document); err != nil || len(document.Changes) != 6 {
			t.Fatalf("%v %+v", err, document)
		}
		for _, c := range document.Changes {
			node := slices.IndexFunc(c.Values, func(f plan.FieldChange) bool { return f.Field == plan.FieldNode })
			moved := strings.HasPrefix(c.Name, "web-") || c.Action == plan.Create
			if (node >= 0) != (dry && moved) {
				t.Errorf("dry run %v: %+v", dry, c)
			}
			if node >= 0 && c.Action == plan.Update && c.Values[node] != (plan.FieldChange{Field: "node", Before: "/DEFAULT/阿里云/aliyun-prod", After: "/DEFAULT/web"}) {
				t.Errorf("%+v", c.Values[node])
			}
		}
	}
}
