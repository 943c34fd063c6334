package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// setRules sets a world's mapping rules, and what JumpServer has that they name.
func (w *world) setRules(t *testing.T, rules ...mapping.Rule) {
	t.Helper()
	set, mistakes := mapping.Compile(rules, mapping.Options{FromTags: true})
	for _, m := range mistakes {
		t.Fatalf("%s: %s", m.Path, m.Text.In(language.English))
	}
	w.rules.Mapping = set
	w.limits.Moves = Share{100, 1000}
	w.zones = []inventory.Zone{{ID: "z-1", Name: "beijing"}, {ID: "z-2", Name: "shanghai"}}
	w.templates = []inventory.AccountTemplate{
		{ID: "t-root", Name: "root", Username: "root", SecretType: "password"}, {ID: "t-key", Name: "deploy key", Username: "deploy", SecretType: "ssh_key"},
		{ID: "t-twin", Name: "root again", Username: "root", SecretType: "password"}, {ID: "t-token", Name: "token", Username: "api", SecretType: "token"},
	}
	w.nodes = map[string]string{}
	for _, path := range []string{"/DEFAULT", "/DEFAULT/阿里云", "/DEFAULT/阿里云/aliyun-prod", "/DEFAULT/web", "/DEFAULT/db"} {
		w.nodes[path] = nodeIDOf(path)
	}
}

// ruleOf returns a rule for all instances.
func ruleOf(s mapping.Settings) mapping.Rule { return mapping.Rule{Name: "test", Set: s} }

// withTags sets the tags of an instance, "key=value".
func withTags(tags ...string) func(*inventory.Instance) {
	return func(i *inventory.Instance) {
		facts := inventory.Facts{}
		for _, t := range tags {
			key, value, _ := strings.Cut(t, "=")
			facts.Tags = append(facts.Tags, inventory.Tag{Key: key, Value: value})
		}
		i.Facts = inventory.WantAll().Keep(facts)
	}
}

func tagsUnread(i *inventory.Instance) { i.Facts = &inventory.Facts{TagsUnread: true} }

// newAssetText returns what a new asset has, but its comment and our labels.
func newAssetText(c Change) string {
	var out []string
	for _, f := range fieldValues(c) {
		if f.Field != FieldComment && f.Value != "" && !strings.HasPrefix(f.Value, ownLabelPrefix) {
			out = append(out, f.Field+"="+f.Value)
		}
	}
	return strings.Join(out, " ")
}

// TestRuledCreate: what rules set on a new asset, and what keeps it from having it. The reason says what it lacks.
// Invariants: 19.
func TestRuledCreate(t *testing.T) {
	t.Parallel()
	const plain = "name=web address=10.0.0.1 platform=Linux node=/DEFAULT/阿里云/aliyun-prod"
	young := func(age time.Duration) func(*inventory.Instance) {
		return func(i *inventory.Instance) { i.Facts = &inventory.Facts{CreatedAt: now().Add(-age)} }
	}
	off := false
	for _, r := range []struct {
		name string
		set  mapping.Settings
		edit func(*inventory.Instance)
		want string // the new asset, or the skip's code
		says string // in the reason
	}{
		{"nothing", mapping.Settings{Name: "{tag.none}"}, nil, plain, ""},
		{"node", mapping.Settings{Node: "/DEFAULT/{tag.app|other}"}, withTags("app=shop"), strings.Replace(plain, "阿里云/aliyun-prod", "shop", 1), ""},
		{"nodes", mapping.Settings{Node: "/DEFAULT/a", Nodes: []string{"/DEFAULT/b", "/DEFAULT/a"}}, nil, strings.Replace(plain, "/DEFAULT/阿里云/aliyun-prod", "/DEFAULT/a, /DEFAULT/b", 1), ""},
		{"zone by name", mapping.Settings{Zone: "beijing"}, nil, plain + " zone=z-1", ""},
		{"zone in another spelling", mapping.Settings{Zone: "BEIJING"}, nil, plain + " zone=z-1", ""},
		{"zone by id", mapping.Settings{Zone: "z-2"}, nil, plain + " zone=z-2", ""},
		{"zone that is not there", mapping.Settings{Zone: "mars"}, nil, "skip rule_no_zone", "rule 1 (test) wants zone mars"},
		{"zone of a platform without zones", mapping.Settings{Zone: "beijing", Platform: "NoZones"}, nil, strings.Replace(plain, "Linux", "NoZones", 1), "not in zone beijing"},
		{"a gateway gets no zone", mapping.Settings{Zone: "beijing", Platform: "Gateway"}, nil, strings.Replace(plain, "Linux", "Gateway", 1), "not in zone beijing"},
		{"platform", mapping.Settings{Platform: "Rocky"}, nil, strings.Replace(plain, "Linux", "Rocky", 1), ""},
		{"port", mapping.Settings{Port: 2222}, nil, plain + " port=ssh:2222, sftp:2222", ""},
		{"port of Windows", mapping.Settings{Port: 13389}, func(i *inventory.Instance) { i.OSType = "windows" }, strings.Replace(plain, "Linux", "Windows", 1) + " port=rdp:13389", ""},
		{"port of a platform whose protocols are not known", mapping.Settings{Port: 2222, Platform: "Rocky"}, nil, strings.Replace(plain, "Linux", "Rocky", 1), "ports are the platform's"},
		{"protocols", mapping.Settings{Protocols: []string{"ssh:22", "vnc:5901"}}, nil, plain + " port=ssh:22, vnc:5901", ""},
		{"protocols without the primary one", mapping.Settings{Protocols: []string{"vnc:5901"}}, nil, plain, "ports are the platform's"},
		{"name", mapping.Settings{Name: "{region}-{name}"}, nil, strings.Replace(plain, "=web", "=cn-beijing-web", 1), ""},
		{"labels", mapping.Settings{Labels: map[string]string{"app": "{tag.app}", "env": "prod"}}, withTags("app=shop"), plain + " label=app:shop label=env:prod", ""},
		{"accounts", mapping.Settings{Accounts: []string{"root", "t-key"}}, nil, plain + " accounts=t-root, t-key", ""},
		{"an account that is not there", mapping.Settings{Accounts: []string{"root", "nobody"}}, nil, plain + " accounts=t-root", "no account nobody"},
		{"two of one username", mapping.Settings{Accounts: []string{"root", "root again", "root"}}, nil, plain + " accounts=t-root", "no account root again"},
		{"an SSH key for Windows", mapping.Settings{Accounts: []string{"deploy key", "root"}}, func(i *inventory.Instance) { i.OSType = "windows" }, strings.Replace(plain, "Linux", "Windows", 1) + " accounts=t-root", "secrets of type ssh_key"},
		{"a token is for no host", mapping.Settings{Accounts: []string{"token"}}, nil, plain, "secrets of type token"},
		{"public address", mapping.Settings{Address: []string{"public", "private"}}, func(i *inventory.Instance) { i.PublicIPs = []string{"47.0.0.1"} }, strings.Replace(plain, "10.0.0.1", "47.0.0.1", 1), ""},
		{"an address that it lacks", mapping.Settings{Address: []string{"public"}}, nil, "skip rule_no_address", "public"},
		{"inactive", mapping.Settings{Active: &off}, nil, "skip rule_inactive", "rule 1 (test)"},
		{"skip", mapping.Settings{Skip: "by ACK"}, nil, "skip rule_skips", "by rule 1 (test): by ACK"},
		{"too young", mapping.Settings{MinAge: time.Hour}, young(59 * time.Minute), "skip rule_too_young", "1h0m0s after it was made, at 2026-03-01T08:01:00Z"},
		{"old enough", mapping.Settings{MinAge: time.Hour}, young(time.Hour), plain, ""},
		{"of unknown age", mapping.Settings{MinAge: time.Hour}, withTags(), plain, ""},
		{"jms:skip", mapping.Settings{Port: 22}, withTags("jms:skip=spare"), "skip rule_skips", "by its tag jms:skip: spare"},
		{"jms:node and jms:port", mapping.Settings{Node: "/DEFAULT/never"}, withTags("jms:node=/DEFAULT/web", "jms:port=2200"), "name=web address=10.0.0.1 platform=Linux node=/DEFAULT/web port=ssh:2200, sftp:2200", ""},
		{"a node by tags that were not shown", mapping.Settings{Node: "/DEFAULT/{tag.app|other}"}, tagsUnread, "skip rule_unread", "node"},
		{"accounts by tags that were not shown", mapping.Settings{Accounts: []string{"root"}}, nil, plain + " accounts=t-root", ""},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.setRules(t, ruleOf(r.set))
			i := instanceInProd("i-1", "web", "10.0.0.1", withTags())
			if r.edit != nil {
				r.edit(&i)
			}
			w.addInstances(i)
			a := w.approve()
			checkTexts(t, a)
			got, why := "", ""
			if len(a.Creates()) == 1 {
				got, why = newAssetText(a.Creates()[0]), a.Creates()[0].Reason.Text(language.English)
			} else if len(a.Notes()) == 1 {
				got, why = "skip "+string(a.Notes()[0].Reason.Code), a.Notes()[0].Reason.Text(language.English)
			}
			if got != r.want || !strings.Contains(why, r.says) {
				t.Errorf("got  %s\nwant %s\n%s", got, r.want, why)
			}
			if r.says == "" && len(a.Creates()) == 1 && why != "new in the cloud" {
				t.Errorf("reason: %s", why)
			}
		})
	}
}

// TestRuledCreateUnread: what rests on tags that the cloud did not show, and decides on the wrong place, keeps an instance
// from being made; all else is told.
// Invariants: 19.
func TestRuledCreateUnread(t *testing.T) {
	t.Parallel()
	byTag := func(s mapping.Settings) mapping.Rule {
		return mapping.Rule{When: mapping.Condition{Keys: map[string][]string{"tag.app": {"shop"}}}, Set: s}
	}
	off := false
	for name, r := range map[string]struct {
		set  mapping.Settings
		made bool
	}{
		"node": {mapping.Settings{Node: "/DEFAULT/shop"}, false}, "zone": {mapping.Settings{Zone: "beijing"}, false},
		"skip": {mapping.Settings{Skip: "no"}, false}, "active": {mapping.Settings{Active: &off}, false},
		"platform": {mapping.Settings{Platform: "Rocky"}, true}, "port": {mapping.Settings{Port: 2222}, true},
		"accounts": {mapping.Settings{Accounts: []string{"root"}}, true}, "labels": {mapping.Settings{Labels: map[string]string{"a": "b"}}, true},
		"name": {mapping.Settings{Name: "x"}, true},
	} {
		w := newWorld()
		w.setRules(t, byTag(r.set))
		set, _ := mapping.Compile([]mapping.Rule{byTag(r.set)}, mapping.Options{}) // jms:skip and its like are not read
		w.rules.Mapping = set
		w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", tagsUnread))
		a := w.approve()
		if made := len(a.Creates()) == 1; made != r.made {
			t.Errorf("%s: %q", name, renderLines(a))
		}
		for _, c := range slices.Concat(a.Creates(), a.Notes()) {
			if why := c.Reason.Text(language.English); !strings.Contains(why, name) {
				t.Errorf("%s: %s", name, why)
			}
		}
	}
}

// TestRuledLists: what JumpServer does not show is not guessed. An id can be used as it is.
func TestRuledLists(t *testing.T) {
	t.Parallel()
	const id = "01234567-89ab-cdef-0123-456789abcdef"
	for name, r := range map[string]struct {
		set  mapping.Settings
		want string
	}{
		"zone by name":     {mapping.Settings{Zone: "beijing"}, ""},
		"zone by id":       {mapping.Settings{Zone: strings.ToUpper(id)}, "zone=" + id},
		"template by name": {mapping.Settings{Accounts: []string{"root"}}, "node=/DEFAULT/阿里云/aliyun-prod"},
		"template by id":   {mapping.Settings{Accounts: []string{id, id}}, "accounts=" + id},
	} {
		w := newWorld()
		w.setRules(t, ruleOf(r.set))
		w.zones, w.templates = nil, nil
		w.edit = func(c *inventory.JumpServerAssets) { c.ZonesDenied, c.TemplatesDenied = true, true }
		w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", withTags()))
		a := w.approve()
		got := ""
		if len(a.Creates()) == 1 {
			got = newAssetText(a.Creates()[0])
		}
		if !strings.HasSuffix(got, r.want) || r.want == "" && got != "" {
			t.Errorf("%s: %q", name, got)
		}
	}
}

// TestRuledMark: a new asset's comment notes its nodes where a rule set them, or runs manage nodes; nowhere else.
func TestRuledMark(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		set    mapping.Settings
		manage FieldPolicy
		want   bool
	}{
		{mapping.Settings{Node: "/DEFAULT/web"}, "", true}, {mapping.Settings{Port: 22}, "", false},
		{mapping.Settings{Port: 22}, WriteAlways, true}, {mapping.Settings{Port: 22}, WriteIfMissing, true}, {mapping.Settings{Port: 22}, WriteOnCreate, false},
	} {
		w := newWorld()
		w.setRules(t, ruleOf(r.set))
		w.rules.Manage.Node = r.manage
		w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", withTags()))
		if n := w.approve().Creates()[0].NewAsset(); n.NotesNodes != r.want {
			t.Errorf("%+v, %s: %v", r.set, r.manage, n.NotesNodes)
		}
	}
	w := newWorld()
	w.addInstances(instanceInProd("i-1", "web", "10.0.0.1"))
	w.rules.Manage.Node = WriteAlways
	if w.approve().Creates()[0].NewAsset().NotesNodes {
		t.Error("without rules")
	}
}
