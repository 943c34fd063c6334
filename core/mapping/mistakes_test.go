package mapping

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestMistakes: each has its place, and words in both languages.
func TestMistakes(t *testing.T) {
	t.Parallel()
	x := Settings{Platform: "X"}
	for _, row := range []struct {
		rule Rule
		want string // the place, and words of the English text
	}{
		{Rule{}, "set: does nothing"},
		{Rule{When: when("regin", "x"), Set: x}, `when.regin: is it region?`},
		{Rule{When: when("weight", "x"), Set: x}, `when.weight: there are cloud, account`},
		{Rule{When: when("tag", "x"), Set: x}, "when.tag: tag.<key>"},
		{Rule{When: when("tag.", "x"), Set: x}, "when.tag.: tag.<key>"},
		{Rule{When: when("anny", "x"), Set: x}, "when.anny: is it any?"},
		{Rule{When: Condition{Keys: map[string][]string{"region": {}}}, Set: x}, "when.region: at least one pattern"},
		{Rule{When: Condition{Keys: map[string][]string{"region": nil}}, Set: x}, "when.region: at least one pattern"},
		{Rule{When: Condition{Any: []Condition{}}, Set: x}, "when.any: at least one condition"},
		{Rule{When: Condition{Not: []Condition{{}}}, Set: x}, "when.not: the condition is empty"},
		{Rule{When: Condition{Any: []Condition{when("vpc", "x"), {}}}, Set: x}, "when.any[1]: the condition is empty"},
		{Rule{When: Condition{All: []Condition{{Any: []Condition{when("vpc", "x"), when("name", "a", "name", "/(/")}}}}, Set: x}, "when.all.any[1].name[1]: RE2"},
		{Rule{When: when("name", "//"), Set: x}, "when.name: the expression is empty"},
		{Rule{When: when("name", "!/[/"), Set: x}, "when.name: RE2"},
		{Rule{When: when("name", "/web/i"), Set: x}, "when.name: (?i)"},
		{Rule{When: when("ip", "10.*"), Set: x}, "when.ip: no wildcards"},
		{Rule{When: when("ip", "10.0.0.0/8", "ip", "!web"), Set: x}, "when.ip[1]: no address or network"},
		{Rule{When: when("ip", "10.0.0.0/33"), Set: x}, "when.ip: no address or network"},
		{Rule{When: when("ip", "fe80::1%eth0"), Set: x}, "when.ip: no address or network"},
		{Rule{When: when("cloud", "aliyum"), Set: x}, "when.cloud: is it aliyun?"},
		{Rule{When: when("cloud", "vsphere"), Set: x}, "when.cloud: there are aliyun, aws"},
		{Rule{When: when("cloud", "!z*"), Set: x}, "when.cloud: there are aliyun, aws"},
		{Rule{When: when("kind", "swa"), Set: x}, "when.kind: is it swas?"},
		{Rule{When: when("kind", "lambda-x"), Set: x}, "when.kind: there are ecs, swas"},
		{Rule{Set: Settings{Node: "/default/x"}}, "set.node: begins with /DEFAULT/"},
		{Rule{Set: Settings{Node: "/DEFAULT"}}, "set.node: begins with /DEFAULT/"},
		{Rule{Set: Settings{Node: "/DEFAULT/"}}, "set.node: begins with /DEFAULT/"},
		{Rule{Set: Settings{Node: "{cloud}/x"}}, "set.node: begins with /DEFAULT/"},
		{Rule{Set: Settings{Node: "/DEFAULT/a//b"}}, "set.node: empty part"},
		{Rule{Set: Settings{Node: "/DEFAULT/a/ /b"}}, "set.node: empty part"},
		{Rule{Set: Settings{Node: "/DEFAULT/{cloud}/"}}, "set.node: empty part"},
		{Rule{Set: Settings{Node: "/DEFAULT/{tag.a|x/y}"}}, "set.node: a default may not hold a /"},
		{Rule{Set: Settings{Node: "/DEFAULT" + strings.Repeat("/x", 13)}}, "set.node: 13 levels"},
		{Rule{Set: Settings{Node: "/DEFAULT/{cloud}" + strings.Repeat("x", 129)}}, "set.node: more than 128"},
		{Rule{Set: Settings{Node: "/DEFAULT/{clud}"}}, "set.node: is it {cloud}?"},
		{Rule{Set: Settings{Nodes: []string{"/DEFAULT/a", "/DEFAULT/{weight}"}}}, "set.nodes[1]: there are cloud"},
		{Rule{Set: Settings{Nodes: []string{"/DEFAULT/a", ""}}}, "set.nodes[1]: the entry is empty"},
		{Rule{Set: Settings{Nodes: []string{}}}, "set.nodes: the list is empty"},
		{Rule{Set: Settings{Name: "{name"}}, "set.name: do not match"},
		{Rule{Set: Settings{Name: "name}"}}, "set.name: do not match"},
		{Rule{Set: Settings{Name: "{tag.a|{tag.b}}"}}, "set.name: do not match"},
		{Rule{Set: Settings{Name: "{}"}}, "set.name: {} is unknown"},
		{Rule{Set: Settings{Name: "{tag.}"}}, "set.name: {tag.} is unknown"},
		{Rule{Set: Settings{Name: "{group}"}}, "set.name: {group} is unknown"},
		{Rule{Set: Settings{Name: "a\nb"}}, "set.name: control characters"},
		{Rule{Set: Settings{Zone: " z"}}, "set.zone: spaces at its ends"},
		{Rule{Set: Settings{Platform: "X\n"}}, "set.platform: spaces at its ends"},
		{Rule{Set: Settings{Skip: "x "}}, "set.skip: spaces at its ends"},
		{Rule{Set: Settings{Port: 65536}}, "set.port: 65536 is no port"},
		{Rule{Set: Settings{Port: -1}}, "set.port: -1 is no port"},
		{Rule{Set: Settings{Port: 22, Protocols: []string{"ssh:22"}}}, "set.port: not both"},
		{Rule{Set: Settings{Protocols: []string{"ssh"}}}, "set.protocols: name:port"},
		{Rule{Set: Settings{Protocols: []string{"ssh:22", "rdp:0"}}}, "set.protocols[1]: name:port"},
		{Rule{Set: Settings{Protocols: []string{"SSH:22"}}}, "set.protocols: name:port"},
		{Rule{Set: Settings{Protocols: []string{"ssh:22", "ssh:23"}}}, "set.protocols[1]: stands twice"},
		{Rule{Set: Settings{Labels: map[string]string{"jms-cloud": "x"}}}, "set.labels.jms-cloud: jms-sync's own"},
		{Rule{Set: Settings{Labels: map[string]string{"JMS-keep": "x"}}}, "set.labels.JMS-keep: jms-sync's own"},
		{Rule{Set: Settings{Labels: map[string]string{"a:b": "x"}}}, "set.labels.a:b: no colon"},
		{Rule{Set: Settings{Labels: map[string]string{strings.Repeat("x", 65): "x"}}}, "set.labels.xxx"},
		{Rule{Set: Settings{Labels: map[string]string{"": "x"}}}, "set.labels.: 1 to 64"},
		{Rule{Set: Settings{Labels: map[string]string{"a": "{x}"}}}, "set.labels.a: {x} is unknown"},
		{Rule{Set: Settings{Labels: map[string]string{"env": "x", "Env": "y"}}}, "set.labels.env: stands twice"},
		{Rule{Set: Settings{Labels: map[string]string{}}}, "set.labels: the list is empty"},
		{Rule{Set: Settings{LabelsFromTags: []string{"jms:skip"}}}, "set.labels_from_tags: jms-sync's own"},
		{Rule{Set: Settings{LabelsFromTags: []string{"a", ""}}}, "set.labels_from_tags[1]: the entry is empty"},
		{Rule{Set: Settings{Accounts: []string{"a", " b"}}}, "set.accounts[1]: spaces at its ends"},
		{Rule{Set: Settings{Accounts: []string{""}}}, "set.accounts: the entry is empty"},
		{Rule{Set: Settings{Address: []string{"privat"}}}, "set.address: is it private?"},
		{Rule{Set: Settings{Address: []string{"private", "10.0.0.0/8"}}}, `set.address[1]: a network is "in: 10.0.0.0/8"`},
		{Rule{Set: Settings{Address: []string{"weight"}}}, "set.address: or in: network"},
		{Rule{Set: Settings{Address: []string{"in: 10.*"}}}, "set.address: no wildcards"},
		{Rule{Set: Settings{MinAge: -1}}, "set.min_age: negative"},
	} {
		s, mistakes := Compile([]Rule{{Set: x}, row.rule}, Options{Clouds: testClouds()})
		place, words, _ := strings.Cut(row.want, ": ")
		if s != nil || len(mistakes) != 1 || mistakes[0].Rule != 1 || !strings.HasPrefix(mistakes[0].Path, place) ||
			!strings.Contains(mistakes[0].Text.EN, words) || mistakes[0].Text.ZH == "" {
			t.Errorf("%s: %+v", row.want, mistakes)
		}
	}
}

// TestAllMistakes: all are told at once, in the order of the rules.
func TestAllMistakes(t *testing.T) {
	t.Parallel()
	s, mistakes := Compile([]Rule{
		{When: when("regin", "x", "name", "/(/", "name", "//"), Set: Settings{Port: -1, Node: "x", Accounts: []string{"", " a"}}},
		{}, {Set: Settings{Zone: "fine"}},
		{Set: Settings{Name: "{x}"}},
	}, Options{Clouds: testClouds()})
	var places []string
	for _, m := range mistakes {
		places = append(places, fmt.Sprint(m.Rule, " ", m.Path))
	}
	want := []string{
		"0 when.name[0]", "0 when.name[1]", "0 when.regin", "0 set.node", "0 set.port", "0 set.accounts[0]", "0 set.accounts[1]",
		"1 set", "3 set.name",
	}
	if s != nil || !slices.Equal(places, want) {
		t.Errorf("%q", places)
	}
}

// TestTooManyRules: a limit, so that no index is too large.
func TestTooManyRules(t *testing.T) {
	t.Parallel()
	rules := make([]Rule, maxRules+1)
	for n := range rules {
		rules[n].Set.Platform = "X"
	}
	_, mistakes := Compile(rules, Options{})
	if len(mistakes) != 1 || !strings.Contains(mistakes[0].Text.EN, "1000") || mistakes[0].Rule >= len(rules) {
		t.Errorf("%+v", mistakes)
	}
	if s, mistakes := Compile(rules[1:], Options{}); s == nil {
		t.Errorf("%+v", mistakes)
	}
}

// TestWithoutClouds: where no clouds are known, a condition on cloud compares the cloud and the account's type.
func TestWithoutClouds(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string]bool{"alibaba": true, "阿里云": true, "aliyun": false, "!阿里*": false} {
		s, mistakes := Compile([]Rule{{When: when("cloud", pattern, "kind", ""), Set: Settings{Platform: "X"}}}, Options{})
		if mistakes != nil {
			t.Fatal(mistakes)
		}
		if got := s.Map(aSubject()).Platform == "X"; got != want {
			t.Errorf("%s: %v", pattern, got)
		}
	}
}

// TestNetworks: as the whitelist reads them.
func TestNetworks(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"10.0.0.7": "10.0.0.7/32", "10.0.0.7/24": "10.0.0.0/24", "2408:0:0::0A": "2408::a/128", "2408::7/32": "2408::/32",
		"::ffff:10.0.0.7": "10.0.0.7/32", "::ffff:10.0.0.7/120": "10.0.0.0/24", "::ffff:10.0.0.7/96": "0.0.0.0/0", "::ffff:10.0.0.7/95": "",
		"fe80::1%eth0": "", "2408::/129": "", "": "", "10.0.0.1-10.0.0.9": "",
	} {
		got, wrong := parseNetwork(text)
		if (wrong.EN == "") != (want != "") || want != "" && got.String() != want {
			t.Errorf("%q: %s %s", text, got, wrong.EN)
		}
	}
}

// TestNames: every key, placeholder and kind of address that people are offered works.
func TestNames(t *testing.T) {
	t.Parallel()
	for _, name := range ConditionKeys() {
		if _, mistakes := Compile([]Rule{{When: when(strings.ReplaceAll(name, "<key>", "x"), ""), Set: Settings{Zone: "z"}}}, Options{}); mistakes != nil {
			t.Errorf("%+v", mistakes)
		}
	}
	for _, name := range Placeholders() {
		name = strings.ReplaceAll(name, "<key>", "app")
		got := compile(t, Options{}, Rule{Set: Settings{Name: "{" + name + "}"}}).Map(aSubject()).Name
		if got == "" {
			t.Errorf("{%s} puts nothing in", name)
		}
	}
	for _, kind := range AddressKinds() {
		got := compile(t, Options{}, Rule{Set: Settings{Address: []string{kind}}}).Map(aSubject())
		if got.Address == "" || got.AddressMissing != "" {
			t.Errorf("%s: %+v", kind, got)
		}
	}
	for f := range fieldCount {
		if f.String() == "" {
			t.Error(f)
		}
	}
	if !FieldSet(1<<FieldZone).HasAny(FieldNode, FieldZone) || FieldSet(1<<FieldZone).HasAny(FieldNode, FieldSkip) {
		t.Error("HasAny")
	}
}
