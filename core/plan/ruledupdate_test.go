package plan

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
)

const defaultNode = "/DEFAULT/阿里云/aliyun-prod"

// inNodes puts an asset into the nodes of these paths.
func inNodes(paths ...string) func(*inventory.Asset) {
	return func(a *inventory.Asset) {
		var ids []string
		for _, p := range paths {
			ids = append(ids, nodeIDOf(p))
		}
		slices.Sort(ids)
		a.Nodes, a.NodeNames = strings.Join(ids, ","), strings.Join(paths, ",")
	}
}

// notingNodes notes nodes in an asset's comment as ours.
func notingNodes(paths ...string) func(*inventory.Asset) {
	return func(a *inventory.Asset) {
		var ids []string
		for _, p := range paths {
			ids = append(ids, nodeIDOf(p))
		}
		a.Comment = inventory.NoteNodes(a.Comment, ids)
	}
}

// all returns policies that are the same for every field that only rules set, and for the zone.
func all(p FieldPolicy) FieldPolicies {
	return FieldPolicies{Node: p, Platform: p, Port: p, Labels: p, Accounts: p, Zone: p}
}

func edits(of ...func(*inventory.Asset)) func(*inventory.Asset) {
	return func(a *inventory.Asset) {
		for _, edit := range of {
			edit(a)
		}
	}
}

// TestRuledUpdate: which fields of an existing asset follow the rules, by policy. What differs and stays is drift, and a
// second run finds nothing to do.
// Invariants: 21.
func TestRuledUpdate(t *testing.T) {
	t.Parallel()
	ssh := []inventory.Protocol{{Name: "ssh", Port: 22}, {Name: "sftp", Port: 22}}
	withPorts := func(p ...inventory.Protocol) func(*inventory.Asset) {
		return func(a *inventory.Asset) { a.Protocols = append([]inventory.Protocol{}, p...) }
	}
	having := func(accounts ...inventory.Account) func(*inventory.Asset) {
		return func(a *inventory.Asset) { a.Accounts = accounts }
	}
	inZone := func(zone string) func(*inventory.Asset) { return func(a *inventory.Asset) { a.Zone = zone } }
	root := inventory.Account{Username: "root", SecretType: "password"}
	ids := func(paths ...string) string { return "nodes=" + inNodesText(paths...) }
	const unchanged, differs = "", "drift "
	for _, r := range []struct {
		name  string
		set   mapping.Settings
		asset func(*inventory.Asset)
		// What an update sets with each policy; "" = nothing, "drift …" = it is reported.
		create, missing, always string
	}{
		{"platform", mapping.Settings{Platform: "Rocky"}, nil, differs + "platform Linux ≠ Rocky", differs + "platform Linux ≠ Rocky", "platform=Rocky"},
		{"the same platform", mapping.Settings{Platform: "Linux"}, nil, unchanged, unchanged, unchanged},
		{"platform of another type", mapping.Settings{Platform: "Windows"}, nil, differs, differs, differs + "platform Linux ≠ Windows"},
		{"platform of a gateway", mapping.Settings{Platform: "Gateway"}, nil, differs, differs, differs},
		{"platform by which it would lose its zone", mapping.Settings{Platform: "NoZones"}, inZone("z-1"), differs, differs, differs},
		{"platform that is not there", mapping.Settings{Platform: "nothing"}, nil, unchanged, unchanged, differs + "rule_keeps_platform"},
		{"zone of one without", mapping.Settings{Zone: "beijing"}, nil, differs, "zone=z-1", "zone=z-1"},
		{"another zone", mapping.Settings{Zone: "beijing"}, inZone("z-2"), differs, differs + "zone shanghai ≠ beijing", "zone=z-1"},
		{"the same zone", mapping.Settings{Zone: "beijing"}, inZone("z-1"), unchanged, unchanged, unchanged},
		{"zone that is not there", mapping.Settings{Zone: "mars"}, inZone("z-2"), differs + "rule_keeps_zone", differs + "rule_keeps_zone", differs + "rule_keeps_zone"},
		{"zone on a platform without", mapping.Settings{Zone: "beijing"}, onPlatform("NoZones"), differs, differs, differs},
		{"port", mapping.Settings{Port: 2222}, withPorts(ssh...), differs + "port ssh:22, sftp:22 ≠ ssh:2222, sftp:2222", differs, "port=ssh:2222, sftp:2222"},
		{"port beside one that people added", mapping.Settings{Port: 2222}, withPorts(inventory.Protocol{Name: "vnc", Port: 5900}, ssh[0]), differs, differs, "port=vnc:5900, ssh:2222"},
		{"port of one without protocols", mapping.Settings{Port: 2222}, withPorts(), differs, "port=ssh:2222, sftp:2222", "port=ssh:2222, sftp:2222"},
		{"ports that were not read", mapping.Settings{Port: 2222}, nil, unchanged, unchanged, unchanged},
		{"protocols in another order", mapping.Settings{Protocols: []string{"sftp:22", "ssh:22"}}, withPorts(ssh...), unchanged, unchanged, unchanged},
		{"protocols without the primary one", mapping.Settings{Protocols: []string{"vnc:5901"}}, withPorts(ssh...), unchanged, unchanged, differs + "rule_keeps_port"},
		{"protocols without it, of one without any", mapping.Settings{Protocols: []string{"vnc:5901"}}, withPorts(), unchanged, differs + "rule_keeps_port", differs + "rule_keeps_port"},
		{"protocols", mapping.Settings{Protocols: []string{"ssh:22"}}, withPorts(ssh...), differs, differs, "port=ssh:22"},
		{"accounts", mapping.Settings{Accounts: []string{"root", "deploy key"}}, having(root), unchanged, unchanged, "accounts=t-key"},
		{"accounts of one without", mapping.Settings{Accounts: []string{"root"}}, nil, unchanged, "accounts=t-root", "accounts=t-root"},
		{"account of the template, renamed since", mapping.Settings{Accounts: []string{"root"}}, having(inventory.Account{Username: "admin", TemplateID: "t-root"}), unchanged, unchanged, unchanged},
		{"labels", mapping.Settings{Labels: map[string]string{"app": "shop", "env": "prod"}}, withExtraLabel("app", "old"), differs + "labels app:old ≠ app:shop, labels – ≠ env:prod", "labels", "labels"},
		{"labels as they are", mapping.Settings{Labels: map[string]string{"app": "shop"}}, withExtraLabel("App", "Shop"), unchanged, unchanged, unchanged},
		{"node", mapping.Settings{Node: "/DEFAULT/web"}, inNodes(defaultNode), differs + "node /DEFAULT/阿里云/aliyun-prod ≠ /DEFAULT/web", differs, ids("/DEFAULT/web")},
		{"node that is not there yet", mapping.Settings{Node: "/DEFAULT/new"}, inNodes(defaultNode), differs, differs, "nodes=/DEFAULT/new"},
		{"node beside one that people chose", mapping.Settings{Node: "/DEFAULT/web"}, inNodes("/DEFAULT/db"), differs, differs, ids("/DEFAULT/db", "/DEFAULT/web")},
		{"node of one in the root alone", mapping.Settings{Node: "/DEFAULT/web"}, inNodes("/DEFAULT"), differs, ids("/DEFAULT/web"), ids("/DEFAULT/web")},
		{"node beside the root and another", mapping.Settings{Node: "/DEFAULT/web"}, inNodes("/DEFAULT", "/DEFAULT/db"), differs, differs, ids("/DEFAULT", "/DEFAULT/db", "/DEFAULT/web")},
		{"the same node", mapping.Settings{Node: "/DEFAULT/web"}, inNodes("/DEFAULT/web"), unchanged, unchanged, unchanged},
		{"from a noted node", mapping.Settings{Node: "/DEFAULT/web"}, edits(inNodes("/DEFAULT/db", defaultNode), notingNodes("/DEFAULT/db")), differs, differs, ids(defaultNode, "/DEFAULT/web")},
		{"nodes that were not shown", mapping.Settings{Node: "/DEFAULT/web"}, nil, unchanged, unchanged, unchanged},
	} {
		for policy, want := range map[FieldPolicy]string{WriteOnCreate: r.create, WriteIfMissing: r.missing, WriteAlways: r.always, "": ""} {
			if policy == "" { // the defaults: as create, and for the zone as missing
				want = r.create
				if r.set.Zone != "" {
					want = r.missing
				}
			}
			t.Run(r.name+", "+string(policy), func(t *testing.T) {
				t.Parallel()
				w := newWorld()
				w.setRules(t, ruleOf(r.set))
				w.rules.Manage = all(policy)
				i := instanceInProd("i-1", "web", "10.0.0.1", withTags())
				a := hostOf(i)
				toCurrentForm(&a)
				if r.asset != nil {
					r.asset(&a)
				}
				w.addInstances(i)
				w.addAssets(a)
				got := w.approve()
				checkTexts(t, got)
				checkRuled(t, got, want)
				j := newFakeJumpServer(t, w)
				j.apply(got)
				if again := allWrites(j.world(w).approve()); len(again) > 0 {
					t.Errorf("the second run writes: %s", renderLine(again[0]))
				}
			})
		}
	}
}

// checkRuled compares what a plan of one asset makes, or says, with what is wanted.
func checkRuled(t *testing.T, got Approved, want string) {
	t.Helper()
	said, reported := strings.CutPrefix(want, "drift ")
	switch {
	case reported:
		lines := ""
		for _, n := range got.Notes() {
			lines += string(n.Reason.Code) + " " + n.Reason.Text(language.English) + "\n"
		}
		if len(allWrites(got)) > 0 || len(got.Notes()) == 0 || got.Notes()[0].Action != Drift || !strings.Contains(lines, said) {
			t.Errorf("%q, want %s\n%s", renderLines(got), want, lines)
		}
	case want == "":
		if len(allWrites(got))+len(got.Notes()) > 0 {
			t.Errorf("%q, want nothing", renderLines(got))
		}
	default:
		if len(got.Updates()) != 1 || len(allWrites(got)) != 1 || !strings.HasSuffix(renderLine(got.Updates()[0]), " "+want) {
			t.Errorf("%q, want %s", renderLines(got), want)
		}
	}
}

// TestRuledAccountsUnseen: a template that the access key may not see is attached by its id; not again in every run to an
// asset that may have its account already, by another secret or by hand.
func TestRuledAccountsUnseen(t *testing.T) {
	t.Parallel()
	const id = "01234567-89ab-cdef-0123-456789abcdef"
	for name, r := range map[string]struct {
		have []inventory.Account
		want string
	}{
		"none":             {nil, "accounts=" + id},
		"it":               {[]inventory.Account{{Username: "ops", TemplateID: id}}, "unchanged"},
		"another":          {[]inventory.Account{{Username: "ops", TemplateID: "t-other"}}, "accounts=" + id},
		"by hand, or it":   {[]inventory.Account{{Username: "ops", SecretType: "password"}}, "drift i-1 differs"},
		"it, and one more": {[]inventory.Account{{Username: "x"}, {Username: "ops", TemplateID: id}}, "unchanged"},
	} {
		w := newWorld()
		w.setRules(t, ruleOf(mapping.Settings{Accounts: []string{id}}))
		w.rules.Manage = all(WriteAlways)
		w.templates = nil
		w.edit = func(c *inventory.JumpServerAssets) { c.TemplatesDenied = true }
		i := instanceInProd("i-1", "web", "10.0.0.1", withTags())
		w.addInstances(i)
		w.addAssets(hostOf(i, inNodes(defaultNode), func(a *inventory.Asset) { a.Accounts = r.have }))
		if got := strings.Join(renderLines(w.approve()), " "); !strings.Contains(got, r.want) {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestRuledLabelsAlways: a name that rules set has the rules' value, and other names stay.
func TestRuledLabelsAlways(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.setRules(t, ruleOf(mapping.Settings{Labels: map[string]string{"app": "shop", "env": "prod"}}))
	w.rules.Manage.Labels = WriteAlways
	i := instanceInProd("i-1", "web", "10.0.0.1", withTags())
	w.addInstances(i)
	w.addAssets(hostOf(i, withExtraLabel("app", "one"), withExtraLabel("team", "a"), withExtraLabel("App", "two")))
	want := append(ownershipLabels(i), inventory.Label{Name: "app", Value: "shop"}, inventory.Label{Name: "team", Value: "a"}, inventory.Label{Name: "env", Value: "prod"})
	if got := w.approve().Updates()[0].Patch.Labels; !slices.Equal(got, want) {
		t.Errorf("%v", got)
	}
}

// TestRuledLabelsAreNeverOurs: whatever an outcome says, no label of ours comes from a rule.
// Invariants: 18.
func TestRuledLabelsAreNeverOurs(t *testing.T) {
	t.Parallel()
	var o mapping.Outcome
	for _, name := range []string{"jms-owner", "JMS-Keep", " jms-gone", "jms_keep", "ｊｍｓ-region", "a", "A", "", "x:y"} {
		o.Labels = append(o.Labels, inventory.Label{Name: name, Value: "v"})
	}
	o.Labels = append(o.Labels, inventory.Label{Name: "empty"}, inventory.Label{Name: "long", Value: strings.Repeat("x", 65)})
	if got := (Rules{}).ruledLabels(&o); !slices.Equal(got, []inventory.Label{{Name: "a", Value: "v"}}) {
		t.Errorf("%v", got)
	}
}

// TestRuledRenamedNode: a node is the one that its path meant before, as a store remembers or the asset's comment notes,
// wherever people have put it.
// Invariants: 21.
func TestRuledRenamedNode(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.setRules(t, ruleOf(mapping.Settings{Node: "/DEFAULT/web"}))
	w.rules.Manage.Node = WriteAlways
	i := instanceInProd("i-1", "web", "10.0.0.1", withTags())
	w.addInstances(i)
	w.addAssets(hostOf(i, edits(inNodes("/DEFAULT/web"), notingNodes("/DEFAULT/web"))))
	w.nodes["/DEFAULT/renamed"] = w.nodes["/DEFAULT/web"]
	delete(w.nodes, "/DEFAULT/web")
	if got := w.approve().Updates(); len(got) != 1 || len(got[0].Patch.NodePaths) != 1 {
		t.Fatalf("without memory a new node is made: %v", got)
	}
	bare := w.assets[0].Comment
	for _, note := range []struct{ path, want string }{{"/DEFAULT/web", "unchanged 1"}, {"/DEFAULT/db", "update i-1 follows_rules comment nodes=/DEFAULT/web"}} {
		w.assets[0].Comment = inventory.NoteNodes(bare, []string{inventory.NodeNote(nodeIDOf("/DEFAULT/web"), note.path)})
		if got := renderLines(w.approve()); len(got) != 1 || !strings.HasPrefix(got[0], note.want) {
			t.Errorf("noted for %s: %q", note.path, got)
		}
	}
	w.assets[0].Comment = bare
	remember := func(c *inventory.JumpServerAssets) {
		c.NodesByPath = map[string]string{"/DEFAULT/web": nodeIDOf("/DEFAULT/web")}
	}
	w.edit = remember
	if got := renderLines(w.approve()); !slices.Equal(got, []string{"unchanged 1"}) {
		t.Errorf("%q", got)
	}
	w.nodes["/DEFAULT/web"] = "n-other" // people made another node of the old name
	if got := renderLines(w.approve()); !slices.Equal(got, []string{"unchanged 1"}) {
		t.Errorf("%q", got)
	}
	delete(w.nodes, "/DEFAULT/renamed") // the remembered one is gone
	if got := w.approve().Updates(); len(got) != 1 || !slices.Equal(got[0].Patch.NodeIDs, []string{"n-other"}) {
		t.Errorf("%v", got)
	}
	w.edit = func(c *inventory.JumpServerAssets) { c.NodesUnsure = true }
	if got := renderLines(w.approve()); !slices.Equal(got, []string{"unchanged 1"}) {
		t.Errorf("nothing moves while it is not known which nodes are meant: %q", got)
	}
}

// TestRuledNodesNoted: the comment says which nodes are ours, and people's stay although a rule wants them later.
// Invariants: 21.
func TestRuledNodesNoted(t *testing.T) {
	t.Parallel()
	run := func(node string, a inventory.Asset) inventory.Asset {
		w := newWorld()
		w.setRules(t, ruleOf(mapping.Settings{Node: node}))
		w.rules.Manage.Node = WriteAlways
		w.addInstances(instanceInProd("i-1", "web", "10.0.0.1", withTags()))
		w.addAssets(a)
		j := newFakeJumpServer(t, w)
		j.apply(w.approve())
		if again := allWrites(j.world(w).approve()); len(again) > 0 {
			t.Errorf("not stable: %s", renderLine(again[0]))
		}
		return slices.Collect(maps.Values(j.assets))[0]
	}
	a := hostOf(instanceInProd("i-1", "web", "10.0.0.1"), inNodes(defaultNode))
	for _, step := range []struct {
		rule        string
		people      []string // put it there before
		want, noted []string
	}{
		{"/DEFAULT/web", nil, []string{"/DEFAULT/web"}, []string{"/DEFAULT/web"}},
		{"/DEFAULT/db", []string{"/DEFAULT/mine"}, []string{"/DEFAULT/db", "/DEFAULT/mine"}, []string{"/DEFAULT/db"}},
		{"/DEFAULT/new", []string{defaultNode}, []string{"/DEFAULT/mine", "/DEFAULT/new", defaultNode}, []string{"/DEFAULT/new"}},
		{"/DEFAULT/mine", nil, []string{"/DEFAULT/mine", defaultNode}, []string{"/DEFAULT/mine"}},
	} {
		a.Nodes = strings.Trim(a.Nodes+","+inNodesText(step.people...), ",")
		a = run(step.rule, a)
		noted, _ := inventory.NotedNodes(a.Comment)
		if a.Nodes != inNodesText(step.want...) || strings.Join(noted, ",") != inNodesText(step.noted...) {
			t.Errorf("%s: in %s, noted %v", step.rule, a.Nodes, noted)
		}
	}
}

func inNodesText(paths ...string) string {
	a := inventory.Asset{}
	inNodes(paths...)(&a)
	return a.Nodes
}
