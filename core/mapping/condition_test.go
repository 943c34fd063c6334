package mapping

import (
	"regexp"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestConditions: each key, each form of a pattern.
func TestConditions(t *testing.T) {
	t.Parallel()
	bare := func(i *inventory.Instance) {
		*i = inventory.Instance{Scope: inventory.Scope{Cloud: "aws", Account: "lab", Region: "eu-1"}, ID: "i-0", Facts: &inventory.Facts{}}
	}
	for _, row := range []struct {
		when        Condition
		full, empty bool // for an instance that has everything, and one that has next to nothing
	}{
		{Condition{}, true, true},
		{when("cloud", "aliyun"), true, false},
		{when("cloud", "阿里云"), true, false},
		{when("cloud", "ALIBABA"), true, false},
		{when("cloud", "ali*"), true, false},
		{when("cloud", "!aliyun"), false, true},
		{when("cloud", "amazon", "cloud", "aliyun"), true, true},
		{when("account", "prod"), true, false},
		{when("account", "PROD", "region", "cn-*"), true, false},
		{when("account", "prod", "region", "eu-*"), false, false},
		{when("region", "cn-hangzhou"), true, false},
		{when("region", "!cn-*"), false, true},
		{when("region", "eu-*", "region", "cn-*", "region", "!cn-hangzhou"), false, true},
		{when("kind", "ecs"), true, false},
		{when("kind", ""), false, true},
		{when("zone", "*-h"), true, false},
		{when("zone", "*-x"), false, false},
		{when("hostname", "web*.com"), false, false},
		{when("vpc", "vpc-1"), true, false},
		{when("vpc", ""), false, true},
		{when("vpc", "!"), true, false},
		{when("vpc", "*"), true, false},
		{when("vpc", "!*"), false, true},
		{when("subnet", "vsw-?"), true, false},
		{when("group", "sg-2"), true, false},
		{when("group", "!sg-2"), false, true},
		{when("group", "sg-1", "group", "!sg-2"), false, false},
		{when("resource_group", "rg-1"), true, false},
		{when("project", "p-1"), true, false},
		{when("type", "/^ecs\\.g[78]\\./"), true, false},
		{when("type", "!/^ecs/"), false, true},
		{when("image", "m-1"), true, false},
		{when("charge", "prepaid"), true, false},
		{when("status", "running"), true, false},
		{when("id", "i-bp1"), true, false},
		{when("name", "web-*"), true, false},
		{when("name", "/web/"), true, false},
		{when("name", "/WEB/"), false, false},
		{when("name", "/(?i)WEB/"), true, false},
		{when("name", "web"), false, false},
		{when("hostname", "*.local"), true, false},
		{when("os", "linux"), true, false},
		{when("os", "other"), false, true},
		{when("os", "ubuntu 22*"), true, false},
		{when("os", "!Windows"), true, true},
		{when("ip", "10.0.0.0/8"), true, false},
		{when("ip", "47.1.2.4"), true, false},
		{when("ip", "2408::/16"), true, false},
		{when("ip", "!10.0.0.0/8"), false, true},
		{when("ip", "10.0.0.0/8", "ip", "!47.0.0.0/8"), false, false},
		{when("ip", ""), false, true},
		{when("ip", "!"), true, false},
		{when("ip", "", "ip", "192.168.0.0/16"), false, true},
		{when("ip", "::ffff:10.0.0.0/104"), true, false},
		{when("tag.app", "shop"), true, false},
		{when("tag.App", "shop"), false, false},
		{when("tag.app", "!shop"), false, true},
		{when("tag.app", "*"), true, false},
		{when("tag.none", "!*"), true, true},
		{when("tag.none", ""), true, true},
		{when("tag.empty", ""), true, true},
		{when("tag.empty", "*"), true, false},
		{when("tag.empty", "!"), false, false},
		{when("tag.none", "/.*/"), false, false},
		{when("tag.none", "", "tag.none", "x"), true, true},
		{Condition{Any: []Condition{when("region", "eu-*"), when("tag.app", "shop")}}, true, true},
		{Condition{Any: []Condition{when("region", "us-*"), when("tag.app", "x")}}, false, false},
		{Condition{All: []Condition{when("region", "cn-*"), when("tag.app", "shop")}}, true, false},
		{Condition{Not: []Condition{when("region", "eu-*"), when("tag.app", "x")}}, true, false},
		{Condition{Keys: map[string][]string{"os": {"linux"}}, Not: []Condition{when("tag.env", "test")}}, true, false},
		{Condition{Not: []Condition{{Any: []Condition{when("vpc", "*"), when("zone", "*")}}}}, false, true},
	} {
		s := compile(t, Options{}, Rule{When: row.when, Set: Settings{Platform: "X"}})
		for n, subject := range []Subject{aSubject(), aSubject(bare)} {
			want := []bool{row.full, row.empty}[n]
			if got := s.Map(subject).Platform == "X"; got != want {
				t.Errorf("%+v, instance %d: %v", row.when, n, got)
			}
			trace := s.Trace(subject)[0]
			if trace.Matched != want || (trace.Key == "") != want {
				t.Errorf("%+v, instance %d: %+v", row.when, n, trace)
			}
		}
	}
}

// TestKinds: the region is that of the scope, and as the cloud names it; the main kind has its name.
func TestKinds(t *testing.T) {
	t.Parallel()
	for pattern, want := range map[string][2]bool{ // ECS, SWAS
		"region cn-hangzhou": {true, true}, "region cn-hangzhou.swas": {false, true}, "region *.swas": {false, true},
		"region !*.swas": {true, false}, "kind swas": {false, true}, "kind ecs": {true, false}, "kind !ecs": {false, true},
	} {
		key, text, _ := strings.Cut(pattern, " ")
		s := compile(t, Options{}, Rule{When: when(key, text), Set: Settings{Name: "{region}-{kind}-{ip}"}})
		names := [2]string{"cn-hangzhou-ecs-10.1.2.3", "cn-hangzhou-swas-47.1.2.3"}
		for n, subject := range []Subject{aSubject(), aSubject(swas)} {
			if !want[n] {
				names[n] = ""
			}
			if got := s.Map(subject).Name; got != names[n] {
				t.Errorf("%s: %q, want %q", pattern, got, names[n])
			}
		}
	}
}

// TestManyAddresses: an instance with more addresses than are kept parsed.
func TestManyAddresses(t *testing.T) {
	t.Parallel()
	s := compile(t, Options{}, Rule{When: when("ip", "10.9.0.0/16"), Set: Settings{Platform: "X"}})
	many := aSubject(func(i *inventory.Instance) {
		i.PrivateIPs = strings.Fields(strings.Repeat("10.1.2.3 ", 20))
	})
	if got := s.Map(many).Platform; got != "" {
		t.Error(got)
	}
	many.PrivateIPs = append(many.PrivateIPs, "10.9.9.9")
	if got := s.Map(many).Platform; got != "X" {
		t.Error("the last address counts as well")
	}
}

// TestUnmet: a trace says which condition does not hold, what the instance has, and what was wanted.
func TestUnmet(t *testing.T) {
	t.Parallel()
	for _, row := range []struct {
		when Condition
		want string
	}{
		{when("region", "eu-*", "os", "linux"), "region|cn-hangzhou|eu-*"},
		{when("region", "cn-*", "tag.app", "x", "tag.app", "y"), "tag.app|Shop|x y"},
		{when("tag.none", "x"), "tag.none||x"},
		{when("ip", "192.168.0.0/16"), "ip|10.1.2.3, 47.1.2.3, 47.1.2.4, 2408::1|192.168.0.0/16"},
		{Condition{Any: []Condition{when("region", "eu-*"), when("region", "us-*")}}, "any||"},
		{Condition{Any: []Condition{when("region", "eu-*")}}, "any.region|cn-hangzhou|eu-*"},
		{Condition{All: []Condition{when("region", "cn-*"), when("vpc", "x")}}, "all[1].vpc|vpc-1|x"},
		{Condition{Not: []Condition{when("region", "cn-*")}}, "not.region|cn-hangzhou|cn-*"},
		{Condition{Not: []Condition{{Not: []Condition{when("region", "eu-*")}}}}, "not.not.region|cn-hangzhou|eu-*"},
	} {
		s := compile(t, Options{}, Rule{When: row.when, Set: Settings{Platform: "X"}})
		got := s.Trace(aSubject())[0]
		if text := got.Key + "|" + got.Have + "|" + strings.Join(got.Wanted, " "); text != row.want {
			t.Errorf("%+v: %s, want %s", row.when, text, row.want)
		}
	}
}

// FuzzGlob: a glob means what the same expression means, and a text without wildcards itself.
func FuzzGlob(f *testing.F) {
	for _, seed := range [][2]string{{"a*b?c", "aXXbYc"}, {"**", ""}, {"*a*a*", "aba"}, {"ſ?", "Sx"}, {"生产*", "生产-web"}, {"*\xff", "a\xff"}, {"K", "k"}, {"*ab*bc*", "xabbcx"}, {"*ab*bc", "abc"}, {"ab*b", "ab"}, {"*a*b*", "Ba"}, {"a**", "A"}, {"*kelvin", "\u212aelvin"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, glob, value string) {
		glob, value = strings.ToValidUTF8(glob, "_"), strings.ToValidUTF8(value, "_")
		quoted := strings.NewReplacer(`\*`, "(?s:.*)", `\?`, "(?s:.)").Replace(regexp.QuoteMeta(glob))
		want := regexp.MustCompile("(?i)^(?:" + quoted + ")$").MatchString(value)
		if got := matchesGlob(glob, value); got != want {
			t.Errorf("%q, %q: %v", glob, value, got)
		}
		if got := newGlob(glob).matches(value); got != want {
			t.Errorf("%q, %q by pieces: %v", glob, value, got)
		}
		if !strings.ContainsAny(glob, "*?") && matchesGlob(glob, value) != strings.EqualFold(glob, value) {
			t.Errorf("%q, %q", glob, value)
		}
	})
}
