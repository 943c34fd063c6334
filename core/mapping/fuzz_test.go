package mapping

import (
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// FuzzWhen: no condition crashes; one that compiles and its opposite never both hold, nor neither.
func FuzzWhen(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"Keys":{"region":["cn-*","!cn-b"]}}`, `{"Keys":{"tag.app":["","!*"],"ip":["10.0.0.0/8"]}}`, `{"Any":[{"Keys":{"os":["/^u/"]}}],"Not":[{"Keys":{"group":["sg-2"]}}]}`,
		`{"Any":[]}`, `{"Not":[{"Not":[{"Keys":{"vpc":["!"]}}]}]}`, `{"Keys":{"cloud":["!a*"],"kind":["ecs"],"tag.":["x"]}}`,
	} {
		f.Add(seed, "app", "shop")
	}
	f.Fuzz(func(t *testing.T, text, key, value string) {
		var c Condition
		if json.Unmarshal([]byte(text), &c) != nil {
			return
		}
		straight, wrong := Compile([]Rule{{When: c, Set: Settings{Zone: "z"}}}, Options{Clouds: testClouds()})
		opposite, alsoWrong := Compile([]Rule{{When: Condition{Not: []Condition{c}}, Set: Settings{Zone: "z"}}}, Options{Clouds: testClouds()})
		isBare := len(c.Keys) == 0 && c.Any == nil && c.All == nil && c.Not == nil
		if (wrong != nil) != (alsoWrong != nil) && !isBare {
			t.Fatalf("%v, %v", wrong, alsoWrong)
		}
		if wrong != nil || alsoWrong != nil {
			return
		}
		for _, subject := range []Subject{aSubject(tagged(key, value)), aSubject(swas), aSubject(unread), {Instance: &inventory.Instance{Name: value}}} {
			is, isNot := straight.Map(subject), opposite.Map(subject)
			if is.Unread != isNot.Unread || is.Unread == 0 && is.Zone == isNot.Zone {
				t.Errorf("%s: %+v, and the opposite %+v", text, is, isNot)
			}
			if straight.Trace(subject)[0].Matched != (is.Zone != "") {
				t.Errorf("%s: traced otherwise", text)
			}
		}
	})
}

// FuzzTemplate: whatever the template and what is put in, a path is one that JumpServer takes, and so is a label; braces
// and texts without placeholders mean themselves.
func FuzzTemplate(f *testing.F) {
	for _, seed := range [][2]string{
		{"/DEFAULT/{tag.a}", "a/b"}, {"/DEFAULT/{tag.a|}/{name}x", " "}, {"/DEFAULT/{{{tag.a|x}}}", "\x00\xff"}, {"{tag.a}:{tag.b|,}", strings.Repeat("生", 99)}, {"}}{{", ""},
		{"/DEFAULT/ {tag.a} /{tag.a|/}", "x"}, {"/DEFAULT/{tag.a}", "\u2028"}, {"/DEFAULT/a{tag.a}" + strings.Repeat("b", 120), strings.Repeat("c ", 9)},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, value string) {
		subject := aSubject(tagged("a", value))
		rules := []Rule{{Set: Settings{Node: text}}, {Set: Settings{Labels: map[string]string{"x": text}}}, {Set: Settings{Name: text}}}
		for _, rule := range rules {
			s, mistakes := Compile([]Rule{rule}, Options{})
			if mistakes == nil {
				checkOutcome(t, s.Map(subject))
			}
		}
		checkPath(t, parseTagPath(value))
		if !strings.ContainsAny(text, "{}") && text != "" && text == clean(text) {
			s, mistakes := Compile(rules[2:], Options{})
			if mistakes != nil || s.Map(subject).Name != text {
				t.Errorf("%q: %v", text, mistakes)
			}
		}
	})
}

func checkOutcome(t *testing.T, o Outcome) {
	t.Helper()
	for _, path := range o.Nodes {
		checkPath(t, path)
	}
	for _, l := range o.Labels {
		if !inventory.IsStorableLabel(l.Value) {
			t.Errorf("label %q", l.Value)
		}
	}
	if o.Name != clean(o.Name) {
		t.Errorf("name %q", o.Name)
	}
}

// checkPath: the path begins below the root, and its parts are such as JumpServer takes.
func checkPath(t *testing.T, path string) {
	t.Helper()
	if path == "" {
		return
	}
	below, begins := strings.CutPrefix(path, "/DEFAULT/")
	parts := strings.Split(below, "/")
	if !begins || len(parts) > maxLevels || !utf8.ValidString(path) || strings.ContainsFunc(path, unicode.IsControl) {
		t.Errorf("path %q", path)
	}
	for _, part := range parts {
		if part == "" || utf8.RuneCountInString(part) > maxPartLength || strings.TrimSpace(part) != part {
			t.Errorf("path %q: part %q", path, part)
		}
	}
}

// fiftyRules returns rules as a large configuration has them.
func fiftyRules() []Rule {
	var rules []Rule
	for n := range 50 {
		app := string(rune('a'+n%26)) + "-app"
		rules = append(rules, [...]Rule{
			{When: when("tag.app", app, "region", "cn-*"), Set: Settings{Node: "/DEFAULT/{cloud}/{account}/{tag.app}", Accounts: []string{"root"}}},
			{When: when("vpc", "vpc-"+app), Set: Settings{Zone: app}},
			{When: when("name", "*-"+app+"-*", "os", "linux"), Set: Settings{Port: 2222}},
			{When: when("ip", "10."+string(rune('0'+n%10))+".0.0/16"), Set: Settings{Labels: map[string]string{"net": "{subnet}"}, LabelsFromTags: []string{"env"}}},
			{When: Condition{Any: []Condition{when("type", "/^"+app+"/"), when("group", app)}}, Set: Settings{Platform: "X"}},
		}[n%5])
	}
	return append(rules, Rule{Set: Settings{Node: "/DEFAULT/{cloud}/{account}/{region}", LabelsFromTags: []string{"env"}}})
}

// BenchmarkMap: an instance of a large fleet by fifty rules.
func BenchmarkMap(b *testing.B) {
	s := compile(b, Options{}, fiftyRules()...)
	r := rand.New(rand.NewPCG(1, 2))
	subjects := make([]Subject, 1000)
	for n := range subjects {
		subjects[n] = aSubject(tagged("app", string(rune('a'+r.IntN(26)))+"-app", "env", "prod"))
	}
	b.ReportAllocs()
	for b.Loop() {
		for n := range subjects {
			s.Map(subjects[n])
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(len(subjects)), "ns/instance")
}
