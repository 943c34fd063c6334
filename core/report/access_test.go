package report_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
)

func user(name string, hosts int) access.Holder {
	return access.Holder{Kind: access.User, ID: "id-" + name, Name: name, Hosts: hosts}
}

func group(name string, hosts int) access.Holder {
	return access.Holder{Kind: access.Group, ID: "id-" + name, Name: name, Hosts: hosts}
}

func byGroup(h access.Holder) access.Holder {
	h.ByGroup = true
	return h
}

// accessDiff returns a diff with one of everything.
func accessDiff() *access.Diff {
	return &access.Diff{
		Nodes: []access.Node{
			{ID: "n-1", Path: "/DEFAULT/阿里云/prod/web", Enter: 12, Users: 9, GainUsers: 7, Lose: []access.Holder{},
				Gain: []access.Holder{group("运维", 12), user("ann(安)", 12), user("bob", 10), user("carl", 12), byGroup(user("dora", 12))}},
			{ID: "n-2", Path: "/DEFAULT/阿里云/prod/db", Leave: 2, Users: 2, LoseUsers: 2, Gain: []access.Holder{},
				Lose: []access.Holder{group("dba", 2), byGroup(user("erin", 2)), byGroup(user("finn", 2))}},
			{Path: "/DEFAULT/new", New: true, Enter: 12, Nobody: 12, Gain: []access.Holder{}, Lose: []access.Holder{}},
			{Path: "/DEFAULT/阿里云/prod/new", New: true, Enter: 1, Users: 1, GainUsers: 1, Gain: []access.Holder{user("ann(安)", 1)}, Lose: []access.Holder{}},
			{ID: "n-3", Path: "/DEFAULT/mixed", Enter: 5, Leave: 1, Nobody: 3, Gain: []access.Holder{}, Lose: []access.Holder{}},
			{ID: "n-4", Path: "/DEFAULT/same", Enter: 4, Users: 6, Gain: []access.Holder{}, Lose: []access.Holder{}},
			{ID: "n-5", Path: "/DEFAULT/[evil](http://x)|", Leave: 1, LoseUsers: 1, Gain: []access.Holder{}, Lose: []access.Holder{user("`x`", 1)}},
		},
		Held: &access.Diff{Unknown: 1, Nodes: []access.Node{
			{ID: "n-1", Path: "/DEFAULT/阿里云/prod/web", Leave: 30, LoseUsers: 1, Lose: []access.Holder{user("bob", 30)}, Gain: []access.Holder{}},
		}},
		Unknown: 40,
		Failure: "rules of node n-9: 502",
	}
}

func accessInput(lang language.Lang) report.Input {
	in := report.Input{Started: startTime(), Language: lang, Access: accessDiff(), Environment: "PRODUCTION",
		Listings: []inventory.Listing{completeListing("aliyun-prod", "cn-beijing", 3)}}
	for n := range 2 {
		in.Items = append(in.Items, doneItem(newChange(plan.Create, n+1, reason.New(reason.NewInstance))))
	}
	for _, path := range []string{"/DEFAULT/new", "/DEFAULT/阿里云/prod/new"} {
		in.Nodes = append(in.Nodes, apply.Node{ConfiguredPath: path, Node: inventory.Node{ID: "n", Created: true}, Reason: reason.New(reason.NodeNew, path)})
	}
	return in
}

func TestAccess(t *testing.T) {
	t.Parallel()
	for _, lang := range []language.Lang{language.Chinese, language.English} {
		r := report.Build(accessInput(lang))
		compareGolden(t, "access-"+string(lang), messageText(report.NewMessage(r, messageOptions(lang, "table")))+"\n---\n\n"+report.Summary(r, lang))
	}
	compareGolden(t, "access-results", jsonText(t, report.Build(accessInput(language.English))))
}

// TestAccessLacksRight: one line says what is missing, and nothing else changes.
func TestAccessLacksRight(t *testing.T) {
	t.Parallel()
	for lang, says := range map[language.Lang]string{language.Chinese: "没有权限 perms.view\\_assetpermission", language.English: "lacks perms.view_assetpermission"} {
		in := accessInput(lang)
		in.Access = &access.Diff{Nodes: []access.Node{}, Lacks: inventory.ViewAccessRules}
		r := report.Build(in)
		says = strings.ReplaceAll(says, `\`, "")
		card, summary := report.NewMessage(r, messageOptions(lang, "list")).Markdown, report.Summary(r, lang)
		if strings.Count(card, says) != 1 || strings.Count(summary, says) != 1 || r.Outcome != report.OK {
			t.Errorf("%s: %s\n%s", r.Outcome, card, summary)
		}
	}
}

// TestAccessNotAsked: without a diff nothing of it is in the document.
func TestAccessNotAsked(t *testing.T) {
	t.Parallel()
	in := accessInput(language.English)
	for _, d := range []*access.Diff{nil, {}} {
		in.Access = d
		if text := jsonText(t, report.Build(in)); strings.Contains(text, `"access"`) {
			t.Error(text)
		}
	}
}

// TestNewNodeThatIsReached: a new node whose hosts people reach by a node above it asks for nobody.
func TestNewNodeThatIsReached(t *testing.T) {
	t.Parallel()
	in := accessInput(language.English)
	in.Nodes = in.Nodes[1:]
	if report.Build(in).HasNewNode() {
		t.Error("somebody is asked to grant what people have")
	}
	in.Access = nil
	if !report.Build(in).HasNewNode() {
		t.Error("unknown who reaches the node, and nobody is asked")
	}
	in = accessInput(language.English)
	in.Nodes = in.Nodes[:1]
	if !report.Build(in).HasNewNode() {
		t.Error("nobody reaches the node, and nobody is asked")
	}
}

// TestAccessMerged: the parts of a run say together what changes, and keep it while they wait for the card.
func TestAccessMerged(t *testing.T) {
	t.Parallel()
	r := report.Build(accessInput(language.English))
	data, err := report.Marshal(r, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := report.Unmarshal(data)
	if err != nil || !reflect.DeepEqual(kept.Access, r.Access) {
		t.Fatalf("%v: %+v", err, kept.Access)
	}
	m := report.Merge([]report.Report{kept, r})
	if m.Access.Nodes[0].Path != "/DEFAULT/[evil](http://x)|" || m.Access.Nodes[0].Leave != 2 || m.Access.Unknown != 80 || m.Access.Held.Nodes[0].Leave != 60 || m.Access.Nodes[0].Lose[0].Hosts != 2 {
		t.Errorf("%+v", m.Access)
	}
	if r.Access.Nodes[6].Leave != 1 || r.Access.Nodes[6].Lose[0].Hosts != 1 {
		t.Errorf("a part was changed: %+v", r.Access.Nodes[6])
	}
}

// TestAccessIsKeptShort: what waits for a card is cut to what a card shows before it is too large.
func TestAccessIsKeptShort(t *testing.T) {
	t.Parallel()
	in := accessInput(language.English)
	in.Access = &access.Diff{}
	for n := range 50 {
		node := access.Node{ID: fmt.Sprint("n-", n), Path: fmt.Sprintf("/DEFAULT/%02d", n), Enter: 1, GainUsers: 20}
		for u := range 20 {
			node.Gain = append(node.Gain, user(fmt.Sprintf("user-%02d", u), 1))
		}
		in.Access.Nodes = append(in.Access.Nodes, node)
	}
	r := report.Build(in)
	data, err := report.Marshal(r, 20_000)
	if err != nil {
		t.Fatal(err)
	}
	kept, err := report.Unmarshal(data)
	if err != nil {
		t.Fatal(err)
	}
	o := messageOptions(language.English, "table")
	if got, want := report.NewMessage(kept, o).Markdown, report.NewMessage(r, o).Markdown; got != want || !strings.Contains(got, "50 nodes in all") {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if len(r.Access.Nodes) != 50 || len(r.Access.Nodes[0].Gain) != 20 {
		t.Error("the report itself was cut")
	}
}

func TestAccessOfHostLines(t *testing.T) {
	t.Parallel()
	h := access.Host{Users: 3, Unknown: 2, Ways: []access.Way{
		{Rule: "运维", Groups: []access.Person{{Name: "ops"}}, Users: []access.Person{{Name: "bob"}, {Name: "cat"}}},
		{Rule: "nobody"},
		{Rule: "own", Users: []access.Person{{Name: "ann\n"}}},
		{Rule: "sees", LoginDenied: true, Users: []access.Person{{Name: "dan"}}},
	}}
	for n := range 12 {
		h.Ways[0].Users = append(h.Ways[0].Users, access.Person{Name: fmt.Sprint("user-", n)})
	}
	refused := &inventory.Error{Kind: inventory.Denied, Message: "403"}
	for _, lang := range []language.Lang{language.Chinese, language.English} {
		var text strings.Builder
		for _, lines := range [][]string{
			report.AccessOfHostLines(h, nil, lang), report.AccessOfHostLines(access.Host{}, nil, lang),
			report.AccessOfHostLines(access.Host{Users: 1, Unknown: 1}, &inventory.Error{Kind: inventory.Temporary, Message: "502"}, lang),
			report.AccessOfHostLines(access.Host{Lacks: inventory.ViewAccessRules}, refused, lang),
		} {
			fmt.Fprintln(&text, strings.Join(lines, "\n")+"\n")
		}
		compareGolden(t, "access-host-"+string(lang), text.String())
	}
}
