package mapping

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// pick returns one of some.
func pick[T any](r *rand.Rand, some ...T) T { return some[r.IntN(len(some))] }

// randomCondition returns a condition that holds for some of the instances that randomSubject returns.
func randomCondition(r *rand.Rand, depth int) Condition {
	c := Condition{Keys: map[string][]string{}}
	for range r.IntN(3) {
		key := pick(r, "region", "tag.app", "tag.env", "vpc", "group", "ip", "os", "cloud", "name")
		values := map[string][]string{
			"region": {"cn-*", "eu-1", "!cn-b"}, "tag.app": {"shop", "!shop", "", "*", "/^s/"}, "tag.env": {"prod", "!*", "!"}, "vpc": {"vpc-1", ""},
			"group": {"sg-1", "!sg-2"}, "ip": {"10.0.0.0/8", "!47.0.0.0/8"}, "os": {"linux", "!windows"}, "cloud": {"aliyun", "!aws"}, "name": {"web-*", "?b"},
		}[key]
		for range 1 + r.IntN(2) {
			c.Keys[key] = append(c.Keys[key], pick(r, values...))
		}
	}
	if depth > 0 && r.IntN(2) == 0 {
		some := pick(r, &c.Any, &c.All, &c.Not)
		for range 1 + r.IntN(2) {
			inner := randomCondition(r, depth-1)
			inner.Keys["account"] = []string{"*"}
			*some = append(*some, inner)
		}
	}
	return c
}

// randomSettings returns settings of a few fields.
func randomSettings(r *rand.Rand) Settings {
	var s Settings
	for range 1 + r.IntN(3) {
		switch r.IntN(11) {
		case 0:
			s.Node = pick(r, "/DEFAULT/a", "/DEFAULT/{tag.app}", "/DEFAULT/{tag.app|x}", "/DEFAULT/{vpc}")
		case 1:
			s.Nodes = append(s.Nodes, pick(r, "/DEFAULT/a", "/DEFAULT/{tag.env}", "/DEFAULT/{zone}"))
		case 2:
			s.Zone = pick(r, "z1", "z2")
		case 3:
			s.Platform = pick(r, "P1", "P2")
		case 4:
			s.Port = pick(r, 22, 2222)
		case 5:
			s.Name = pick(r, "{name}", "{tag.app}-{id}", "{account}-{tag.env|x}")
		case 6:
			s.Labels = map[string]string{pick(r, "app", "env", "App"): pick(r, "x", "{tag.app}", "{vpc}")}
		case 7:
			s.LabelsFromTags = []string{pick(r, "app", "env")}
		case 8:
			s.Accounts = []string{pick(r, "root", "admin", "deploy")}
		case 9:
			s.Address = []string{pick(r, "public", "private", "in: 10.0.0.0/8")}
		default:
			s.Active, s.Skip, s.MinAge = pick(r, nil, new(bool)), pick(r, "", "why"), pick(r, 0, time.Minute)
		}
	}
	return s
}

func randomRules(r *rand.Rand) []Rule {
	var rules []Rule
	for range 1 + r.IntN(6) {
		rule := Rule{When: randomCondition(r, 2), Set: randomSettings(r), Stop: r.IntN(5) == 0}
		if isEmpty(rule.Set) {
			rule.Set.Zone = "z3"
		}
		rules = append(rules, rule)
	}
	return rules
}

func randomTags(r *rand.Rand) []inventory.Tag {
	var tags []inventory.Tag
	for _, key := range []string{"app", "env", TagKeep, TagNode, TagSkip} {
		if r.IntN(2) == 0 {
			tags = append(tags, inventory.Tag{Key: key, Value: pick(r, "shop", "prod", "", "s/x", "no")})
		}
	}
	return tags
}

func randomSubject(r *rand.Rand) Subject {
	return Subject{CloudType: "阿里云", Instance: &inventory.Instance{
		Scope: inventory.Scope{Cloud: pick[inventory.Cloud](r, "alibaba", "aws"), Account: "prod", Region: pick(r, "cn-a", "cn-b", "eu-1", "cn-a.swas")},
		ID:    "i-1", Name: pick(r, "web-1", "db", ""), OSType: pick(r, "linux", "windows", ""), VPC: pick(r, "vpc-1", ""),
		PrivateIPs: pick(r, nil, []string{"10.0.0.1"}), PublicIPs: pick(r, nil, []string{"47.0.0.1"}),
		Facts: &inventory.Facts{Zone: pick(r, "", "a"), Groups: pick(r, nil, []string{"sg-1"}, []string{"sg-2", "sg-1"}), Tags: randomTags(r)},
	}}
}

// hiding is what a cloud does not show of an instance.
type hiding struct{ tags, zone, groups, addresses bool }

func randomHiding(r *rand.Rand) hiding {
	return hiding{r.IntN(4) > 0, r.IntN(4) == 0, r.IntN(4) == 0, r.IntN(4) == 0}
}

// hidden returns a subject of which the cloud does not show all.
func (h hiding) hidden(of Subject) Subject {
	i, facts := *of.Instance, *of.Facts
	if h.tags {
		facts.Tags, facts.TagsUnread = nil, true
	}
	if h.zone {
		facts.Zone, facts.Unread = "", facts.Unread|inventory.FactZone
	}
	if h.groups {
		facts.Groups, facts.Unread = nil, facts.Unread|inventory.FactGroups
	}
	if h.addresses {
		i.PublicIPs, i.VPC, i.AddressesPartial = nil, "", true
	}
	i.Facts = &facts
	return Subject{&i, of.CloudType}
}

// shown returns a subject of which the cloud shows all: what was hidden is as another one has it.
func (h hiding) shown(of, other Subject) Subject {
	i, facts := *of.Instance, *of.Facts
	if h.tags {
		facts.Tags = other.Facts.Tags
	}
	if h.zone {
		facts.Zone = other.Facts.Zone
	}
	if h.groups {
		facts.Groups = other.Facts.Groups
	}
	if h.addresses {
		i.PublicIPs, i.VPC = other.PublicIPs, other.VPC
	}
	i.Facts = &facts
	return Subject{&i, of.CloudType}
}

// fields returns what an outcome says of each field, and which rule said it.
func fields(o Outcome) [fieldCount]string {
	all := [fieldCount]string{
		FieldNode: fmt.Sprintf("%q", o.Nodes), FieldZone: o.Zone, FieldPlatform: o.Platform, FieldPort: fmt.Sprint(o.Port, o.Protocols), FieldName: o.Name,
		FieldLabels: fmt.Sprintf("%q", o.Labels), FieldAccounts: fmt.Sprintf("%q", o.Accounts), FieldAddress: o.Address + "|" + o.AddressMissing,
		FieldActive: fmt.Sprint(o.Inactive), FieldSkip: o.Skip, FieldMinAge: o.MinAge.String(), FieldKeep: o.Keep,
	}
	for f := range all {
		all[f] += fmt.Sprint(" by ", o.by[f])
	}
	return all
}

// TestProperties: what holds for all rules and instances.
// Invariants: 19, 23.
func TestProperties(t *testing.T) {
	t.Parallel()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	told, unread, swapped := 0, 0, 0
	for range 4000 {
		rules := randomRules(r)
		s := compile(t, Options{FromTags: r.IntN(3) == 0}, rules...)
		subject := randomSubject(r)
		got := s.Map(subject)
		told += checkTrace(t, s, subject, got)
		unread += checkUnread(t, r, s, subject)
		swapped += checkOrder(t, r, s, subject, got)
		checkUnmatched(t, s, subject, got)
		if t.Failed() {
			t.Fatalf("seed %d: %+v\n%+v %+v", seed, rules, *subject.Instance, *subject.Facts)
		}
	}
	if told < 1000 || unread < 1000 || swapped < 200 {
		t.Errorf("seed %d: only %d, %d, %d cases were of interest", seed, told, unread, swapped)
	}
}

// checkTrace: mapping twice gives the same, changes nothing of the instance, and what is traced is what was mapped.
func checkTrace(t *testing.T, s *Set, subject Subject, got Outcome) int {
	i, facts := *subject.Instance, *subject.Facts
	facts.Tags, facts.Groups = slices.Clone(facts.Tags), slices.Clone(facts.Groups)
	trace := s.Trace(subject)
	if again := s.Map(subject); !reflect.DeepEqual(again, got) {
		t.Errorf("%+v, then %+v", got, again)
	}
	i.Facts, subject.Facts = nil, subject.Instance.Facts
	now := *subject.Instance
	nowFacts := *now.Facts
	now.Facts = nil
	if !reflect.DeepEqual(i, now) || !reflect.DeepEqual(facts, nowFacts) {
		t.Errorf("the instance is another: %+v %+v", now, nowFacts)
	}
	first := [fieldCount]int{}
	for n := len(trace) - 1; n >= 0; n-- {
		for _, f := range trace[n].Set {
			first[f] = trace[n].Rule + 1
			if trace[n].Rule == byTags {
				first[f] = setByTag
			}
		}
		if !trace[n].Matched && len(trace[n].Set)+len(trace[n].Lost)+len(trace[n].Empty) > 0 && trace[n].Rule >= 0 {
			t.Errorf("a rule that does not match sets: %+v", trace[n])
		}
	}
	for f, want := range first {
		if int(got.by[f]) != want && !got.Unread.Has(Field(f)) {
			t.Errorf("%s by rule %d, traced as by %d", Field(f), got.by[f], want)
		}
	}
	return len(trace[len(trace)-1].Set)
}

// checkUnread: what is not unread is the same whatever the cloud had shown, and what is unread is as without rules.
func checkUnread(t *testing.T, r *rand.Rand, s *Set, subject Subject) int {
	h := randomHiding(r)
	blind := s.Map(h.hidden(subject))
	for range 4 {
		seeing := s.Map(h.shown(subject, randomSubject(r)))
		for f, is := range fields(seeing) {
			if !blind.Unread.Has(Field(f)) && is != fields(blind)[f] {
				t.Errorf("%s rests on what is hidden: %s, without it %s", Field(f), is, fields(blind)[f])
			}
		}
	}
	for f, is := range fields(blind) {
		if blind.Unread.Has(Field(f)) && is != fields(Outcome{})[f] {
			t.Errorf("%s is unread, and %s", Field(f), is)
		}
	}
	if blind.Unread == 0 {
		return 0
	}
	return 1
}

// checkOrder: two neighbours that stop nothing, and set nothing that the other sets, may change places.
func checkOrder(t *testing.T, r *rand.Rand, s *Set, subject Subject, got Outcome) int {
	if len(s.rules) < 2 {
		return 0
	}
	n := r.IntN(len(s.rules) - 1)
	if s.rules[n].Stop || s.rules[n+1].Stop || s.compiled[n].fields&s.compiled[n+1].fields != 0 {
		return 0
	}
	rules := slices.Clone(s.rules)
	rules[n], rules[n+1] = rules[n+1], rules[n]
	other := compile(t, Options{FromTags: s.fromTags}, rules...).Map(subject)
	other.by, got.by = [fieldCount]uint16{}, [fieldCount]uint16{}
	if !reflect.DeepEqual(other, got) {
		t.Errorf("%+v, with rules %d and %d in the other order %+v", got, n, n+1, other)
	}
	return 1
}

// checkUnmatched: rules that do not match, and those behind one that stops, do nothing.
func checkUnmatched(t *testing.T, s *Set, subject Subject, got Outcome) {
	var rules []Rule
	for _, one := range s.Trace(subject) {
		if one.Rule >= 0 && one.Matched {
			rules = append(rules, s.rules[one.Rule])
		}
	}
	if len(rules) == 0 && !s.fromTags {
		if !reflect.DeepEqual(got, Outcome{}) {
			t.Errorf("no rule matches: %+v", got)
		}
		return
	}
	other := compile(t, Options{FromTags: s.fromTags}, rules...).Map(subject)
	other.by, got.by = [fieldCount]uint16{}, [fieldCount]uint16{}
	if !reflect.DeepEqual(other, got) {
		t.Errorf("%+v, with the rules that match alone %+v", got, other)
	}
}

// TestConcurrently: many map by one Set at the same time.
// Invariants: 23.
func TestConcurrently(t *testing.T) {
	t.Parallel()
	s := compile(t, Options{FromTags: true}, fiftyRules()...)
	want := s.Map(aSubject())
	for range 4 {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			for range 200 {
				if got := s.Map(aSubject()); !reflect.DeepEqual(got, want) {
					t.Fatalf("%+v", got)
				}
			}
		})
	}
}
