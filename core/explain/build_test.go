package explain_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/explain"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/plan"
)

const owner = "1234567890123456"

func scope() inventory.Scope {
	return inventory.Scope{Cloud: inventory.Alibaba, Account: "prod", Region: "cn-beijing"}
}

// newInstance returns a running instance with tags: "key", "value", …
func newInstance(id, name, ip string, tags ...string) inventory.Instance {
	facts := inventory.Facts{Zone: "cn-beijing-h", CreatedAt: time.Unix(1e9, 0)}
	for n := 0; n < len(tags); n += 2 {
		facts.Tags = append(facts.Tags, inventory.Tag{Key: tags[n], Value: tags[n+1]})
	}
	return inventory.Instance{
		Scope: scope(), Owner: owner, ID: id, Name: name, OSType: "linux", Status: "running", PrivateIPs: []string{ip}, Facts: inventory.WantAll().Keep(facts),
	}
}

// question is what a run reads, and by which rules it decides.
type question struct {
	t         *testing.T
	rules     plan.Rules
	instances []inventory.Instance
	assets    []inventory.Asset
	failed    error // of the listing
	proofs    plan.Proofs
	limits    plan.Limits

	accountsUnread bool
}

func newQuestion(t *testing.T, rules ...mapping.Rule) *question {
	t.Helper()
	set, mistakes := mapping.Compile(rules, mapping.Options{})
	if len(mistakes) > 0 {
		t.Fatal(mistakes)
	}
	return &question{
		t: t, rules: plan.Rules{
			Accounts: map[string]plan.Account{"prod": {Type: "阿里云", Enabled: true, Cloud: inventory.Alibaba, Regions: []string{"cn-beijing"}}},
			Mapping:  set, Mode: plan.ModeDelete, Grace: 7 * 24 * time.Hour, Now: time.Unix(2e9, 0), Lang: language.English,
		},
		limits: plan.Limits{Percent: 100, Min: 1000, Fleet: plan.Share{Percent: 100, Min: 1000}, PerRun: 1000, Moves: plan.Share{Percent: 100, Min: 1000}, AllowEmpty: true},
	}
}

func (q *question) basis() plan.Basis {
	linux := inventory.Platform{ID: 1, Name: "Linux", Type: "linux", SupportsZones: true, Protocols: []inventory.Protocol{{Name: "ssh", Port: 22}}}
	listing := inventory.Listing{Scope: scope(), Owner: owner, Instances: q.instances, Err: q.failed}
	if q.failed != nil {
		listing.Instances = nil
	}
	in := plan.Input{
		Current: inventory.JumpServerAssets{
			Assets: q.assets, Platforms: map[string]inventory.Platform{"Linux": linux},
			Nodes: []inventory.Node{{ID: "n-old", Path: "/DEFAULT/阿里云/prod"}, {ID: "n-web", Path: "/DEFAULT/web"}}, Zones: []inventory.Zone{{ID: "z-1", Name: "gw", Gateways: 1}},
			AccountsUnread: q.accountsUnread,
		},
		Listings: []inventory.Listing{listing}, AllRegions: true,
	}
	p := plan.Build(in, q.rules)
	return plan.Basis{Input: in, Rules: q.rules, Plan: p, Approved: p.Approve(q.limits, q.proofs)}
}

// ask explains the only instance or asset that a text means.
func (q *question) ask(text string) explain.Explanation {
	q.t.Helper()
	b := q.basis()
	found := plan.Find(b.Input, b.Rules, text)
	if len(found) != 1 {
		q.t.Fatalf("%s means %d", text, len(found))
	}
	return explain.Build(b, found[0], language.English)
}

// addAsset adds the asset that an earlier run made of an instance.
func (q *question) addAsset(i inventory.Instance, edits ...func(*inventory.Asset)) {
	rules := q.rules
	rules.Mapping = nil
	p := plan.Build(plan.Input{Listings: []inventory.Listing{{Scope: scope(), Owner: owner, Instances: []inventory.Instance{i}}}}, rules)
	made := p.Approve(q.limits, nil).Creates()[0].NewAsset()
	a := inventory.Asset{
		ID: made.ID, Name: made.Name, Address: made.Address, Platform: "Linux", Labels: made.Labels, Comment: made.Comment, Active: true, Host: true,
		Nodes: "n-old", NodeNames: "prod", Protocols: []inventory.Protocol{{Name: "ssh", Port: 22}},
	}
	for _, edit := range edits {
		edit(&a)
	}
	q.assets = append(q.assets, a)
}

func fieldOf(e explain.Explanation, name string) explain.Field {
	for _, f := range e.Fields {
		if f.Field == name {
			return f
		}
	}
	return explain.Field{}
}

func webRule() mapping.Rule {
	return mapping.Rule{
		Name: "web", When: mapping.Condition{Keys: map[string][]string{"tag.app": {"web"}}},
		Set: mapping.Settings{Node: "/DEFAULT/{tag.app}", Zone: "gw", Port: 2222, Labels: map[string]string{"app": "{tag.app}"}},
	}
}

// TestNewInstance: each field of the asset to be made says which rule, or what else, decided on it.
func TestNewInstance(t *testing.T) {
	t.Parallel()
	q := newQuestion(t, mapping.Rule{When: mapping.Condition{Keys: map[string][]string{"region": {"cn-shanghai"}}}, Stop: true}, webRule(),
		mapping.Rule{Set: mapping.Settings{Node: "/DEFAULT/later", Labels: map[string]string{"more": "1"}}})
	q.instances = []inventory.Instance{newInstance("i-1", "one", "10.0.0.1", "app", "web")}
	e := q.ask("i-1")
	if e.Asset != nil || len(e.Verdicts) != 1 || e.Verdicts[0].Action != plan.Create || !slices.Equal(e.Places(), []string{"/DEFAULT/web"}) {
		t.Errorf("%+v", e)
	}
	for name, want := range map[string]explain.Field{
		"name":     {Wanted: "one", Source: explain.SourceCloud},
		"platform": {Wanted: "Linux", Source: explain.SourceCloud},
		"node":     {Wanted: "/DEFAULT/web", Source: explain.SourceRule, Rule: 2},
		"zone":     {Wanted: "gw", Source: explain.SourceRule, Rule: 2},
		"port":     {Wanted: "ssh:2222", Source: explain.SourceRule, Rule: 2},
		"labels":   {Wanted: "app:web, more:1", Source: explain.SourceRule, Rule: 2},
		"accounts": {},
	} {
		want.Field = name
		if got := fieldOf(e, name); got != want {
			t.Errorf("%s: %+v, want %+v", name, got, want)
		}
	}
	if len(e.Rules) != 3 || !slices.Equal(e.Rules[2].Lost, []string{"node"}) || !slices.Equal(e.Rules[2].Set, []string{"labels"}) || e.Rules[0].Matched || e.Rules[0].Unmet == nil || e.Rules[0].Unmet.Key != "region" || e.Rules[0].Unmet.Have != "cn-beijing" ||
		!e.Rules[1].Matched || e.Rules[1].Name != "web" || e.Rules[1].Rule != 2 {
		t.Errorf("%+v", e.Rules)
	}
	if i := e.Instance; i.Zone != "cn-beijing-h" || i.CreatedAt == nil || len(i.Tags) != 1 || i.ExpiresAt != nil {
		t.Errorf("%+v", i)
	}
}

// TestExistingAsset: what is left and what is written, by which setting, is what the plan does.
func TestExistingAsset(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		manage plan.FieldPolicies
		want   explain.Field
	}{
		"create": {plan.FieldPolicies{}, explain.Field{Policy: "create"}},
		"always": {plan.FieldPolicies{Node: plan.WriteAlways}, explain.Field{Policy: "always", Changes: true, After: "/DEFAULT/web"}},
	} {
		q := newQuestion(t, webRule())
		q.rules.Manage = c.manage
		i := newInstance("i-1", "one", "10.0.0.1", "app", "web")
		q.addAsset(i, func(a *inventory.Asset) {
			a.Address, a.Accounts = "10.9.9.9", []inventory.Account{{Username: "root"}, {Username: "app"}}
		})
		q.instances = []inventory.Instance{i}
		e := q.ask("i-1")
		if got := fieldOf(e, "accounts"); got.Now != "root, app" || got.Differs {
			t.Errorf("%s: accounts %+v", name, got)
		}
		c.want.Field, c.want.Now, c.want.Wanted, c.want.Source, c.want.Rule = "node", "/DEFAULT/阿里云/prod", "/DEFAULT/web", explain.SourceRule, 1
		c.want.Setting, c.want.Differs = "sync.manage.node", true
		if got := fieldOf(e, "node"); got != c.want {
			t.Errorf("%s: node %+v, want %+v", name, got, c.want)
		}
		if got := fieldOf(e, "address"); !got.Changes || got.After != "10.0.0.1" || got.Policy != "always" || got.Setting != "sync.manage.address" {
			t.Errorf("%s: address %+v", name, got)
		}
		if e.Asset == nil || e.Asset.Whose != explain.Ours || len(e.Asset.Labels) != 4 {
			t.Errorf("%s: %+v", name, e.Asset)
		}
	}
}

// TestAccountsNotRead: accounts that nobody read are said not to be known, so that a host is not taken for one without.
func TestAccountsNotRead(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		policy plan.FieldPolicy
		unread bool
		want   bool
	}{
		"create": {plan.WriteOnCreate, false, true}, "always": {plan.WriteAlways, false, false}, "denied": {plan.WriteAlways, true, true},
	} {
		q := newQuestion(t, mapping.Rule{Set: mapping.Settings{Accounts: []string{"root"}}})
		q.rules.Manage.Accounts, q.accountsUnread = c.policy, c.unread
		i := newInstance("i-1", "one", "10.0.0.1")
		q.addAsset(i)
		q.instances = []inventory.Instance{i}
		if got := fieldOf(q.ask("i-1"), "accounts"); got.NotRead != c.want {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestVerdicts: for whatever is there, an explanation says what becomes of it, and never nothing.
func TestVerdicts(t *testing.T) {
	t.Parallel()
	i := newInstance("i-1", "one", "10.0.0.1")
	protected := func(a *inventory.Asset) { a.Platform = "Gateway" }
	for name, c := range map[string]struct {
		setup     func(q *question)
		action    plan.Action
		says      string
		notListed string
	}{
		"unchanged":       {func(q *question) { q.addAsset(i); q.instances = []inventory.Instance{i} }, "", "nothing is changed", ""},
		"gone and proved": {func(q *question) { q.addAsset(i); q.proofs = plan.Proofs{q.assets[0].ID: {Absent: true}} }, plan.Deactivate, "absent", "does not have it"},
		"gone, no proof":  {func(q *question) { q.addAsset(i) }, plan.Hold, "", "does not have it"},
		"not read":        {func(q *question) { q.addAsset(i); q.failed = errors.New("throttled") }, plan.Keep, "", "could not be read this time: throttled"},
		"no account": {func(q *question) {
			q.addAsset(i)
			q.rules.Accounts = nil
		}, plan.Orphan, "", ""},
		"a gateway": {func(q *question) {
			q.addAsset(i, protected)
			q.instances = []inventory.Instance{newInstance("i-1", "other", "10.0.0.1")}
		}, plan.Skip, "", ""},
		"foreign": {func(q *question) { q.assets = []inventory.Asset{{ID: "f", Name: "i-1", Active: true, Host: true}} }, "", "not jms-sync's", "neither labels"},
		"held move": {func(q *question) {
			q.rules.Manage.Node = plan.WriteAlways
			tagged := newInstance("i-1", "one", "10.0.0.1", "app", "web")
			q.addAsset(tagged)
			q.instances, q.limits.Moves = []inventory.Instance{tagged}, plan.Share{}
		}, plan.Hold, "by the rules", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			q := newQuestion(t, webRule())
			c.setup(q)
			e := q.ask("i-1")
			at := slices.IndexFunc(e.Verdicts, func(v explain.Verdict) bool { return v.Action == c.action })
			if at < 0 || !strings.Contains(e.Verdicts[at].Reason, c.says) || !strings.Contains(e.NotListed, c.notListed) {
				t.Errorf("%+v, not listed: %q", e.Verdicts, e.NotListed)
			}
			if name == "a gateway" && fieldOf(e, "name").Policy != explain.PolicyNever {
				t.Errorf("%+v", fieldOf(e, "name"))
			}
			if name == "held move" && (len(e.Verdicts[at].Values) == 0 || e.Verdicts[at].Values[0].After != "/DEFAULT/web") {
				t.Errorf("what is held is not told: %+v", e.Verdicts[at])
			}
		})
	}
}

// TestExplainsThePlan: whatever the policies, the fields that an explanation calls changed are those that the plan
// writes, with the same values.
func TestExplainsThePlan(t *testing.T) {
	t.Parallel()
	policies := []plan.FieldPolicy{"", plan.WriteAlways, plan.WriteIfMissing, plan.WriteOnCreate}
	for n := range 256 {
		q := newQuestion(t, webRule())
		pick := func(shift int) plan.FieldPolicy { return policies[n>>shift&3] }
		q.rules.Manage = plan.FieldPolicies{Name: pick(0), Node: pick(2), Port: pick(4), Labels: pick(6), Zone: pick(0), Address: pick(2)}
		i := newInstance("i-1", "one", "10.0.0.1", "app", "web")
		q.addAsset(i, func(a *inventory.Asset) { a.Name, a.Address = "two", "10.9.9.9" })
		q.instances = []inventory.Instance{i}
		b := q.basis()
		written := map[string]bool{}
		for c := range b.Approved.Changes() {
			for _, f := range c.FieldChanges(plan.NewNames(b.Input.Current)) {
				written[f.Field] = f.Field != plan.FieldComment
			}
		}
		for _, f := range q.ask("i-1").Fields {
			if f.Changes != written[f.Field] {
				t.Errorf("%+v: %+v, the plan writes it: %v", q.rules.Manage, f, written[f.Field])
			}
			if f.Changes && f.Policy == string(plan.WriteOnCreate) {
				t.Errorf("%+v: written although it is people's: %+v", q.rules.Manage, f)
			}
		}
	}
}
