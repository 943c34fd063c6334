package mapping

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// set returns rules for all instances, one for each of these settings.
func set(some ...Settings) []Rule {
	var rules []Rule
	for _, s := range some {
		rules = append(rules, Rule{Set: s})
	}
	return rules
}

// no is the setting active: false, yes active: true.
func active(is bool) Settings { return Settings{Active: &is} }

// TestSettings: what each setting does, and which rule wins.
func TestSettings(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("长", 200)
	none := Condition{Keys: map[string][]string{"account": {"other"}}}
	for name, row := range map[string]struct {
		rules  []Rule
		change func(*inventory.Instance)
		want   Outcome
	}{
		"nothing matches": {[]Rule{{When: none, Set: Settings{Node: "/DEFAULT/x"}}}, nil, Outcome{}},
		"node":            {set(Settings{Node: "/DEFAULT/{cloud}/{account}/{tag.app}"}), nil, Outcome{Nodes: []string{"/DEFAULT/阿里云/prod/Shop"}}},
		"a static node":   {set(Settings{Node: "/DEFAULT/ a /{{b}}"}), nil, Outcome{Nodes: []string{"/DEFAULT/a/{b}"}}},
		"a default":       {set(Settings{Node: "/DEFAULT/{tag.none|其他}"}), nil, Outcome{Nodes: []string{"/DEFAULT/其他"}}},
		"an empty part: the next rule": {
			set(Settings{Node: "/DEFAULT/{tag.none}"}, Settings{Node: "/DEFAULT/{tag.empty}"}, Settings{Node: "/DEFAULT/rest"}), nil,
			Outcome{Nodes: []string{"/DEFAULT/rest"}},
		},
		"an empty default falls away":  {set(Settings{Node: "/DEFAULT/{tag.none|}/x"}), nil, Outcome{Nodes: []string{"/DEFAULT/x"}}},
		"never the root":               {set(Settings{Node: "/DEFAULT/{tag.none|}"}), nil, Outcome{}},
		"a slash in a value":           {set(Settings{Node: "/DEFAULT/{tag.team}"}), nil, Outcome{Nodes: []string{"/DEFAULT/a-b:c"}}},
		"spaces and control chars":     {set(Settings{Node: "/DEFAULT/{tag.app}x/{name}"}), tagged("app", " a\tb "), Outcome{Nodes: []string{"/DEFAULT/a bx/web-01"}}},
		"only spaces are empty":        {set(Settings{Node: "/DEFAULT/{tag.app}"}), tagged("app", " \n "), Outcome{}},
		"a long part":                  {set(Settings{Node: "/DEFAULT/x{tag.app}/y"}), tagged("app", long), Outcome{Nodes: []string{"/DEFAULT/" + cut("x"+long, 128) + "/y"}}},
		"the first node wins":          {set(Settings{Node: "/DEFAULT/a"}, Settings{Node: "/DEFAULT/b"}), nil, Outcome{Nodes: []string{"/DEFAULT/a"}}},
		"nodes beside the account's":   {set(Settings{Nodes: []string{"/DEFAULT/t/{tag.env}"}}), nil, Outcome{Nodes: []string{"/DEFAULT/阿里云/prod", "/DEFAULT/t/prod"}}},
		"nodes add up, each once":      {set(Settings{Nodes: []string{"/DEFAULT/b", "/DEFAULT/a"}}, Settings{Node: "/DEFAULT/a", Nodes: []string{"/DEFAULT/c", "/DEFAULT/b"}}), nil, Outcome{Nodes: []string{"/DEFAULT/a", "/DEFAULT/b", "/DEFAULT/c"}}},
		"zone":                         {set(Settings{Zone: "z-1"}, Settings{Zone: "z-2"}), nil, Outcome{Zone: "z-1"}},
		"platform":                     {set(Settings{Platform: "A"}, Settings{Platform: "B"}), nil, Outcome{Platform: "A"}},
		"port":                         {set(Settings{Port: 2222}, Settings{Protocols: []string{"ssh:1"}}), nil, Outcome{Port: 2222}},
		"protocols":                    {set(Settings{Protocols: []string{"ssh:2222", "sftp:22"}}, Settings{Port: 1}), nil, Outcome{Protocols: []inventory.Protocol{{Name: "ssh", Port: 2222}, {Name: "sftp", Port: 22}}}},
		"name":                         {set(Settings{Name: "{account}-{name}"}), nil, Outcome{Name: "prod-web-01"}},
		"a name with a part too empty": {set(Settings{Name: "{tag.none}"}, Settings{Name: "{tag.none|}"}, Settings{Name: "{id}"}), nil, Outcome{Name: "i-bp1"}},
		"a name is not shortened":      {set(Settings{Name: "{tag.app}"}), tagged("app", long), Outcome{Name: long}},
		"labels": {set(Settings{Labels: map[string]string{"env": "{tag.env}", "app": "{tag.app}", "none": "{tag.none}", "fix": "", "empty": "{tag.none|}"}}), nil, Outcome{Labels: []inventory.Label{
			{Name: "app", Value: "Shop"}, {Name: "empty", Value: "-"}, {Name: "env", Value: "prod"}, {Name: "fix", Value: "-"},
		}}},
		"labels add up, the first of a name wins": {set(Settings{Labels: map[string]string{"Env": "a"}}, Settings{Labels: map[string]string{"env": "b", "x": "c"}}), nil, Outcome{Labels: []inventory.Label{
			{Name: "Env", Value: "a"}, {Name: "x", Value: "c"},
		}}},
		"labels from tags": {set(Settings{Labels: map[string]string{"app": "own"}, LabelsFromTags: []string{"team", "app", "none", "empty", "aws:x,y"}}), tagged("app", "Shop", "aws:x,y", "1", "empty", "", "team", "a/b:c, d"), Outcome{Labels: []inventory.Label{
			{Name: "app", Value: "own"}, {Name: "aws-x-y", Value: "1"}, {Name: "empty", Value: "-"}, {Name: "team", Value: "a/b-c- d"},
		}}},
		"a long label":                       {set(Settings{LabelsFromTags: []string{"app"}}), tagged("app", long), Outcome{Labels: []inventory.Label{{Name: "app", Value: cut(long, 64)}}}},
		"accounts add up, each once":         {set(Settings{Accounts: []string{"a", "b"}}, Settings{Accounts: []string{"b", "c"}}), nil, Outcome{Accounts: []string{"a", "b", "c"}}},
		"private":                            {set(Settings{Address: []string{"private"}}), nil, Outcome{Address: "10.1.2.3"}},
		"the classic network":                {set(Settings{Address: []string{"private"}}), func(i *inventory.Instance) { i.PrivateIPs, i.ClassicIPs = nil, []string{"10.9.9.9"} }, Outcome{Address: "10.9.9.9"}},
		"public":                             {set(Settings{Address: []string{"public"}}), nil, Outcome{Address: "47.1.2.3"}},
		"elastic":                            {set(Settings{Address: []string{"eip"}}), nil, Outcome{Address: "47.1.2.3"}},
		"no elastic one":                     {set(Settings{Address: []string{"eip", "private"}}), func(i *inventory.Instance) { i.Facts.Elastic = 0 }, Outcome{Address: "10.1.2.3"}},
		"ipv6":                               {set(Settings{Address: []string{"ipv6"}}), nil, Outcome{Address: "2408::1"}},
		"hostname":                           {set(Settings{Address: []string{"hostname"}}), nil, Outcome{Address: "web01.local"}},
		"in a network":                       {set(Settings{Address: []string{"in: 192.168.0.0/16", "in:47.1.2.4/31"}}), nil, Outcome{Address: "47.1.2.4"}},
		"none of these addresses":            {set(Settings{Address: []string{"public", "in: 192.168.0.0/16"}}, Settings{Address: []string{"private"}}), func(i *inventory.Instance) { i.PublicIPs = nil }, Outcome{AddressMissing: "public, in: 192.168.0.0/16"}},
		"inactive":                           {[]Rule{{Set: active(false)}, {Set: active(true)}}, nil, Outcome{Inactive: true}},
		"active is an exception":             {[]Rule{{Set: active(true)}, {Set: active(false)}}, nil, Outcome{}},
		"skip":                               {set(Settings{Skip: "ACK node"}, Settings{Skip: "x"}), nil, Outcome{Skip: "ACK node"}},
		"min_age":                            {set(Settings{MinAge: time.Minute}, Settings{MinAge: time.Hour}), nil, Outcome{MinAge: time.Minute}},
		"stop":                               {[]Rule{{Stop: true, Set: Settings{Zone: "z"}}, {Set: Settings{Platform: "X"}}}, nil, Outcome{Zone: "z"}},
		"stop of a rule that does not match": {[]Rule{{Stop: true, When: none}, {Set: Settings{Platform: "X"}}}, nil, Outcome{Platform: "X"}},
		"stop even if a template is empty":   {[]Rule{{Stop: true, Set: Settings{Node: "/DEFAULT/{tag.none}"}}, {Set: Settings{Node: "/DEFAULT/x"}}}, nil, Outcome{}},
	} {
		if row.change == nil {
			row.change = func(*inventory.Instance) {}
		}
		got := compile(t, Options{}, row.rules...).Map(aSubject(row.change))
		got.by = [fieldCount]uint16{}
		if !reflect.DeepEqual(got, row.want) {
			t.Errorf("%s:\n%+v\n%+v", name, got, row.want)
		}
	}
}

// TestSetBy: the first rule that set a field, also of lists; none for what tags set.
func TestSetBy(t *testing.T) {
	t.Parallel()
	s := compile(t, Options{FromTags: true},
		Rule{Set: Settings{Node: "/DEFAULT/{tag.none}", Accounts: []string{"a"}, Zone: "z"}},
		Rule{Set: Settings{Node: "/DEFAULT/a", Accounts: []string{"b"}, Labels: map[string]string{"a": "{tag.none}"}}},
		Rule{Set: Settings{Node: "/DEFAULT/b", Labels: map[string]string{"a": "b"}, Nodes: []string{"/DEFAULT/c"}}})
	got := s.Map(aSubject(tagged("jms:zone", "tagged")))
	for f, want := range map[Field]int{FieldNode: 1, FieldAccounts: 0, FieldLabels: 2, FieldZone: -1, FieldPlatform: -1, FieldSkip: -1} {
		if by, ok := got.SetBy(f); by != want || ok != (want >= 0) || got.IsSetByTag(f) != (f == FieldZone) {
			t.Errorf("%s: %d %v", f, by, ok)
		}
	}
}

// TestTagsThatCount: jms:… count before all rules, and only where they are switched on.
func TestTagsThatCount(t *testing.T) {
	t.Parallel()
	rules := set(Settings{Node: "/DEFAULT/rule", Nodes: []string{"/DEFAULT/more"}, Port: 22, Zone: "z", Skip: "rule"})
	ruled := Outcome{Nodes: []string{"/DEFAULT/rule", "/DEFAULT/more"}, Port: 22, Zone: "z", Skip: "rule"}
	long := strings.Repeat("x", 200)
	for name, row := range map[string]struct {
		tags   []string
		change func(*Outcome)
	}{
		"none":              {nil, func(*Outcome) {}},
		"skip":              {[]string{"jms:skip", "by team A"}, func(o *Outcome) { o.Skip = "by team A" }},
		"skip: true":        {[]string{"jms:skip", "TRUE"}, func(o *Outcome) { o.Skip = "jms:skip" }},
		"skip: nothing":     {[]string{"jms:skip", ""}, func(o *Outcome) { o.Skip = "jms:skip" }},
		"skip: no":          {[]string{"jms:skip", " No "}, func(*Outcome) {}},
		"node":              {[]string{"jms:node", "/DEFAULT/a/ b "}, func(o *Outcome) { o.Nodes[0] = "/DEFAULT/a/b" }},
		"node below":        {[]string{"jms:node", "a/b"}, func(o *Outcome) { o.Nodes[0] = "/DEFAULT/a/b" }},
		"node elsewhere":    {[]string{"jms:node", "/OTHER/a"}, func(*Outcome) {}},
		"node: the root":    {[]string{"jms:node", "/DEFAULT/"}, func(*Outcome) {}},
		"node: the root, 2": {[]string{"jms:node", "/DEFAULT"}, func(*Outcome) {}},
		"node: empty part":  {[]string{"jms:node", "a//b"}, func(*Outcome) {}},
		"node: nothing":     {[]string{"jms:node", ""}, func(*Outcome) {}},
		"node: deep":        {[]string{"jms:node", strings.Repeat("a/", 12) + "a"}, func(*Outcome) {}},
		"node: long":        {[]string{"jms:node", long}, func(o *Outcome) { o.Nodes[0] = "/DEFAULT/" + cut(long, 128) }},
		"port":              {[]string{"jms:port", " 2222 "}, func(o *Outcome) { o.Port = 2222 }},
		"port: none":        {[]string{"jms:port", "0"}, func(*Outcome) {}},
		"port: too big":     {[]string{"jms:port", "65536"}, func(*Outcome) {}},
		"port: a word":      {[]string{"jms:port", "ssh"}, func(*Outcome) {}},
		"zone":              {[]string{"jms:zone", "dc 1"}, func(o *Outcome) { o.Zone = "dc 1" }},
		"zone: nothing":     {[]string{"jms:zone", " "}, func(*Outcome) {}},
		"keep":              {[]string{"jms:keep", "audit"}, func(o *Outcome) { o.Keep = "audit" }},
		"keep: no":          {[]string{"jms:keep", "false"}, func(*Outcome) {}},
	} {
		for _, counts := range []bool{true, false} {
			want := ruled
			want.Nodes = slices.Clone(ruled.Nodes)
			if counts {
				row.change(&want)
			}
			got := compile(t, Options{FromTags: counts}, rules...).Map(aSubject(tagged(row.tags...)))
			got.by = [fieldCount]uint16{}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("%s, %v:\n%+v\n%+v", name, counts, got, want)
			}
		}
	}
	alone := compile(t, Options{FromTags: true})
	if got := alone.Map(aSubject(tagged("jms:keep", ""))); got.Keep != "jms:keep" {
		t.Errorf("without rules: %+v", got)
	}
}

// TestCut: a text that is too long keeps its beginning, whole characters, and a suffix that is its own.
func TestCut(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("生产é🦊", 40)
	for _, length := range []int{64, 128} {
		got := cut(long, length)
		if n := len([]rune(got)); n != length || !strings.HasPrefix(got, long[:40]) || strings.Contains(got, "\ufffd") {
			t.Errorf("%d characters: %s", n, got)
		}
		if got != cut(long, length) || got == cut(long+"x", length) || cut("short", length) != "short" {
			t.Errorf("%s is not the text's own", got)
		}
	}
	exact := strings.Repeat("é", 64)
	if cut(exact, 64) != exact || cut(exact+"x", 64) == exact+"x" {
		t.Error("64 characters are not too many")
	}
	if got, want := cut(strings.Repeat("a", 65), 64), strings.Repeat("a", 55)+"-635361c4"; got != want {
		t.Errorf("%s, and not as earlier versions wrote it: %s", got, want)
	}
}

// TestRuleName: how people are told of a rule.
func TestRuleName(t *testing.T) {
	t.Parallel()
	s := compile(t, Options{}, Rule{Name: "by application", Set: Settings{Zone: "z"}}, Rule{Set: Settings{Zone: "z"}})
	for index, want := range map[int]string{-1: "标签 jms:… / the tags jms:…", 0: "规则 1（by application） / rule 1 (by application)", 1: "规则 2 / rule 2"} {
		name := s.RuleName(index)
		if got := name.ZH + " / " + name.EN; got != want {
			t.Errorf("%d: %s", index, got)
		}
	}
}

// TestNoRules: a nil Set wants nothing.
// Invariants: 24.
func TestNoRules(t *testing.T) {
	t.Parallel()
	s, mistakes := Compile(nil, Options{})
	if s != nil || mistakes != nil {
		t.Fatal(s, mistakes)
	}
	if got := s.Map(aSubject()); !reflect.DeepEqual(got, Outcome{}) {
		t.Errorf("%+v", got)
	}
	if s.Trace(aSubject()) != nil || s.Fingerprint() != "" || !s.Want().IsEmpty() || s.Needs() != (inventory.Needs{}) || s.Rules() != nil {
		t.Error("it wants something")
	}
}

// TestWant: what is asked of clouds and of JumpServer is what the rules name, and no more.
func TestWant(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		o    Options
		rule Rule
		want string
	}{
		{Options{}, Rule{When: when("region", "x", "name", "y", "vpc", "z", "type", "t", "os", "linux"), Set: Settings{Platform: "X"}}, "0 [] - -"},
		{Options{}, Rule{When: when("status", "x"), Set: Settings{Zone: "z"}}, fmt.Sprint(inventory.FactStatus, " [] zones -")},
		{Options{}, Rule{When: Condition{Not: []Condition{when("group", "x", "tag.b", "y")}}, Set: Settings{Accounts: []string{"a"}}}, fmt.Sprint(inventory.FactGroups, " [b] - templates")},
		{Options{}, Rule{Set: Settings{Node: "/DEFAULT/{zone}/{tag.c}", Labels: map[string]string{"x": "{image}{tag.a|}"}, Name: "{subnet}"}}, fmt.Sprint(inventory.FactZone|inventory.FactImage|inventory.FactSubnet, " [a c] - -")},
		{Options{}, Rule{Set: Settings{Nodes: []string{"/DEFAULT/{charge}"}, MinAge: 1, Address: []string{"eip"}, LabelsFromTags: []string{"a", "a"}}}, fmt.Sprint(inventory.FactCharge|inventory.FactCreatedAt|inventory.FactElastic, " [a] - -")},
		{Options{FromTags: true}, Rule{Set: Settings{Port: 22}}, "0 [jms:keep jms:node jms:port jms:skip jms:zone] zones -"},
	} {
		s := compile(t, row.o, row.rule)
		zones, templates := "-", "-"
		if s.Needs().Zones {
			zones = "zones"
		}
		if s.Needs().Templates {
			templates = "templates"
		}
		if got := fmt.Sprint(uint16(s.Want().Facts), " ", s.Want().Tags, " ", zones, " ", templates); got != row.want || s.Want().AllTags {
			t.Errorf("%+v: %s, want %s", row.rule, got, row.want)
		}
	}
}

// TestFingerprint: it differs where the rules do, whatever they compile to.
func TestFingerprint(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, rules := range [][]Rule{
		set(Settings{Platform: "A"}), set(Settings{Platform: "B"}), set(Settings{Zone: "A"}), {{Name: "n", Set: Settings{Platform: "A"}}},
		{{When: when("name", "A"), Set: Settings{Platform: "A"}}}, {{When: when("name", "a"), Set: Settings{Platform: "A"}}},
		{{Stop: true, Set: Settings{Platform: "A"}}}, {{Set: active(true)}}, {{Set: active(false)}}, set(Settings{Platform: "A"}, Settings{Zone: "A"}),
	} {
		for _, fromTags := range []bool{false, true} {
			what := fmt.Sprintf("%+v %v", rules, fromTags)
			got := compile(t, Options{FromTags: fromTags}, rules...).Fingerprint()
			if seen[got] != "" || got == "" || got != compile(t, Options{FromTags: fromTags}, rules...).Fingerprint() {
				t.Errorf("%s, as for %s: %q", what, seen[got], got)
			}
			seen[got] = what
		}
	}
}

// TestMissingFacts: facts that rules ask for and that nobody filled in are not known; they are not empty.
func TestMissingFacts(t *testing.T) {
	t.Parallel()
	without := aSubject(func(i *inventory.Instance) { i.Facts = nil })
	for key, want := range map[string]bool{"tag.app": true, "zone": true, "group": true, "charge": true, "status": false, "region": false, "vpc": false} {
		s := compile(t, Options{}, Rule{When: when(key, "nothing"), Set: Settings{Zone: "z"}})
		if got := s.Map(without).Unread.Has(FieldZone); got != want {
			t.Errorf("%s: %v", key, got)
		}
	}
	stopped := compile(t, Options{}, Rule{When: when("status", "running"), Set: Settings{Name: "{status}"}})
	if got := stopped.Map(without).Name; got != "running" {
		t.Errorf("the status is the listing's own: %q", got)
	}
	elastic := compile(t, Options{}, Rule{Set: Settings{Address: []string{"eip", "private"}}})
	if got := elastic.Map(without); !got.Unread.Has(FieldAddress) || got.Address != "" {
		t.Errorf("%+v", got)
	}
}
