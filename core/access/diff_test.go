package access

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

func newLimits() Limits { return Limits{Nodes: 50, Held: 50, Rules: 100, Time: time.Minute} }

// asset returns an asset in nodes.
func asset(active bool, nodes ...string) *inventory.Asset {
	return &inventory.Asset{ID: "a", Active: active, Nodes: strings.Join(nodes, ","), NodeNames: strings.Join(nodes, ", ")}
}

// update returns a change of an asset's nodes; one that begins with "/" is a path.
func update(before *inventory.Asset, nodes ...string) plan.Change {
	p := &inventory.Patch{ID: before.ID}
	for _, n := range nodes {
		if isPath(n) {
			p.NodePaths = append(p.NodePaths, n)
			continue
		}
		p.NodeIDs = append(p.NodeIDs, n)
	}
	return plan.Change{Action: plan.Update, Before: before, Patch: p}
}

func setActive(before *inventory.Asset, action plan.Action, active bool) plan.Change {
	return plan.Change{Action: action, Before: before, Patch: &inventory.Patch{ID: before.ID, Active: &active}}
}

// describe returns a diff in lines: node: +entering -leaving, gain: holders, lose: holders.
func describe(d Diff) string {
	var lines []string
	for _, n := range d.Nodes {
		line := fmt.Sprintf("%s +%d -%d", n.Path, n.Enter, n.Leave)
		if n.New {
			line += " new"
		}
		for _, side := range []struct {
			name    string
			holders []Holder
			users   int
		}{{"gain", n.Gain, n.GainUsers}, {"lose", n.Lose, n.LoseUsers}} {
			if len(side.holders) == 0 {
				continue
			}
			line += fmt.Sprintf(" %s(%d)", side.name, side.users)
			for _, h := range side.holders {
				mark := ""
				if h.Kind == Group {
					mark = "@"
				}
				if h.ByGroup {
					mark = "~"
				}
				line += fmt.Sprintf(" %s%s:%d", mark, h.Name, h.Hosts)
			}
		}
		if n.Nobody > 0 {
			line += fmt.Sprintf(" nobody:%d", n.Nobody)
		}
		lines = append(lines, line)
	}
	if d.Unknown > 0 {
		lines = append(lines, fmt.Sprintf("unknown %d", d.Unknown))
	}
	if d.Lacks+d.Failure != "" {
		lines = append(lines, "lacks "+d.Lacks, "failure "+d.Failure)
	}
	return strings.Join(lines, "\n")
}

func TestDiff(t *testing.T) {
	t.Parallel()
	on, off := asset(true, "n-web"), asset(false, "n-web")
	for name, c := range map[string]struct {
		changes []plan.Change
		creates []string // paths of the nodes of new assets, joined by " "
		want    string
	}{
		"nothing": {},
		"new hosts": {creates: []string{"/DEFAULT/prod/web", "/DEFAULT/prod/web", "/DEFAULT/dev"},
			want: "/DEFAULT/dev +1 -0 gain(2) ann:1 dan:1\n/DEFAULT/prod/web +2 -0 gain(3) @ops:2 ann:2 bob:2 ~cat:2"},
		"a new node has the rules of its nearest ancestor": {creates: []string{"/DEFAULT/prod/new/deep"},
			want: "/DEFAULT/prod/new/deep +1 -0 new gain(2) @ops:1 ~bob:1 ~cat:1"},
		"a new node where nobody has access": {creates: []string{"/DEFAULT/new", "/DEFAULT/new"}, want: "/DEFAULT/new +2 -0 new nobody:2"},
		"in two nodes one is enough": {creates: []string{"/DEFAULT/new /DEFAULT/dev"},
			want: "/DEFAULT/dev +1 -0 gain(2) ann:1 dan:1\n/DEFAULT/new +1 -0 new"},
		"a move: who has both nodes neither gains nor loses": {changes: []plan.Change{update(on, "n-dev")},
			want: "/DEFAULT/dev +1 -0 gain(1) dan:1\nn-web +0 -1 lose(2) @ops:1 bob:1 ~cat:1"},
		"a move to where nobody has access": {changes: []plan.Change{update(on, "n-root")},
			want: "n-root +1 -0 nobody:1\nn-web +0 -1 lose(3) @ops:1 ann:1 bob:1 ~cat:1"},
		"a second node":                          {changes: []plan.Change{update(on, "n-web", "n-dev")}, want: "/DEFAULT/dev +1 -0 gain(1) dan:1"},
		"a path of a node that is":               {changes: []plan.Change{update(on, "/DEFAULT/prod/web")}},
		"deactivated":                            {changes: []plan.Change{setActive(on, plan.Deactivate, false)}, want: "n-web +0 -1 lose(3) @ops:1 ann:1 bob:1 ~cat:1"},
		"activated":                              {changes: []plan.Change{setActive(off, plan.Update, true)}, want: "n-web +1 -0 gain(3) @ops:1 ann:1 bob:1 ~cat:1"},
		"deleted":                                {changes: []plan.Change{{Action: plan.Delete, Before: on}}, want: "n-web +0 -1 lose(3) @ops:1 ann:1 bob:1 ~cat:1"},
		"deleted after its grace":                {changes: []plan.Change{{Action: plan.Delete, Before: off}}},
		"moved while it is off":                  {changes: []plan.Change{update(off, "n-dev")}},
		"only renamed":                           {changes: []plan.Change{{Action: plan.Update, Before: on, Patch: &inventory.Patch{ID: "a"}}}},
		"held":                                   {changes: []plan.Change{{Action: plan.Hold, Before: on, Patch: update(on, "n-dev").Patch}}},
		"moved while it is off, nodes not shown": {changes: []plan.Change{update(asset(false), "n-dev")}},
		"nodes not shown":                        {changes: []plan.Change{setActive(asset(true), plan.Deactivate, false)}, want: "unknown 1"},
	} {
		m := NewMoves([]inventory.Node{{ID: "n-dev", Path: "/DEFAULT/dev"}})
		for _, change := range c.changes {
			m.Add(change)
		}
		for _, paths := range c.creates {
			m.addCreated(&inventory.NewAsset{NodePaths: strings.Split(paths, " ")})
		}
		d, err := Compute(t.Context(), newServer(), m, nil, newLimits())
		if got := describe(d); err != nil || got != c.want {
			t.Errorf("%s: %v\n%s\nwant\n%s", name, err, got, c.want)
		}
	}
}

// TestInactiveNewAssetIsReachedByNobody: an asset that is made switched off gives nobody anything yet.
func TestInactiveNewAssetIsReachedByNobody(t *testing.T) {
	t.Parallel()
	m := NewMoves(nil)
	m.addCreated(&inventory.NewAsset{NodePaths: []string{"/DEFAULT/dev"}, Inactive: true})
	if !m.IsEmpty() {
		t.Errorf("%+v", m)
	}
}

// TestNodesThatWereNotRead: nodes have the names by which the asset shows them, in the order of their ids, and no ids.
func TestNodesThatWereNotRead(t *testing.T) {
	t.Parallel()
	for names, want := range map[string]string{"web, db": "web,db", "web, db, x": ",", "": ","} {
		m := NewMoves(nil)
		m.Add(setActive(&inventory.Asset{ID: "a", Active: true, Nodes: "n-1,n-2", NodeNames: names}, plan.Deactivate, false))
		if got := m.nodes["n-1"].Path + "," + m.nodes["n-2"].Path; got != want {
			t.Errorf("%q: %q, want %q", names, got, want)
		}
	}
	m := NewMoves(nil)
	m.Add(setActive(&inventory.Asset{ID: "a", Active: true, Nodes: "n-1", NodeNames: "web, db"}, plan.Deactivate, false))
	if got := m.nodes["n-1"].Path; got != "web, db" {
		t.Errorf("a name with a comma: %q", got)
	}
}

// TestRuleWithoutAccountsGivesNothing: its people see the hosts, and cannot log in.
func TestRuleWithoutAccountsGivesNothing(t *testing.T) {
	t.Parallel()
	s := newServer()
	s.rules["n-dev"][0].LoginDenied = true
	m := NewMoves(nil)
	m.addCreated(&inventory.NewAsset{NodePaths: []string{"/DEFAULT/dev"}})
	d, err := Compute(t.Context(), s, m, nil, newLimits())
	if got := describe(d); err != nil || got != "/DEFAULT/dev +1 -0 nobody:1" {
		t.Errorf("%v: %s", err, got)
	}
	if slices.Contains(s.calls, "members r-dev") {
		t.Error("its members were asked for")
	}
}

// TestNodesThatTheRunMadeAreNew: after a run that writes they exist, and no rule names them all the same.
func TestNodesThatTheRunMadeAreNew(t *testing.T) {
	t.Parallel()
	s := newServer()
	s.nodes["/DEFAULT/made"] = "n-made"
	for _, id := range []string{"", "n-made"} {
		m := NewMoves([]inventory.Node{{ID: "n-prod", Path: "/DEFAULT/prod"}})
		m.MarkNew("/DEFAULT/made", id)
		m.MarkNew("/DEFAULT/prod/made", "")
		m.addCreated(&inventory.NewAsset{NodePaths: []string{"/DEFAULT/made"}})
		m.addCreated(&inventory.NewAsset{NodePaths: []string{"/DEFAULT/prod/made"}})
		d, err := Compute(t.Context(), s, m, nil, newLimits())
		const want = "/DEFAULT/made +1 -0 new nobody:1\n/DEFAULT/prod/made +1 -0 new gain(2) @ops:1 ~bob:1 ~cat:1"
		if got := describe(d); err != nil || got != want || d.Nodes[0].ID != id {
			t.Errorf("%q: %v: %s", id, err, got)
		}
	}
	if slices.Contains(s.calls, "find /DEFAULT/made") || slices.Contains(s.calls, "find /DEFAULT/prod") {
		t.Errorf("what is known was asked for: %q", s.calls)
	}
}

// TestCallsAreByNodeAndRule: however many hosts move, each node and each rule is asked for once.
// Invariants: 22.
func TestCallsAreByNodeAndRule(t *testing.T) {
	t.Parallel()
	s := newServer()
	m := NewMoves(nil)
	for range 1000 {
		m.Add(update(asset(true, "n-web"), "n-dev"))
		m.addCreated(&inventory.NewAsset{NodePaths: []string{"/DEFAULT/prod/web"}})
		m.addCreated(&inventory.NewAsset{NodePaths: []string{"/DEFAULT/prod/new/deep"}})
		m.addCreated(&inventory.NewAsset{NodePaths: []string{"/DEFAULT/prod/other"}})
	}
	if _, err := Compute(t.Context(), s, m, nil, newLimits()); err != nil {
		t.Fatal(err)
	}
	slices.Sort(s.calls)
	want := []string{
		"find /DEFAULT/prod", "find /DEFAULT/prod/new", "find /DEFAULT/prod/new/deep", "find /DEFAULT/prod/other", "find /DEFAULT/prod/web",
		"members r-dev", "members r-ops", "members r-web", "rules n-dev", "rules n-prod", "rules n-web",
	}
	if !slices.Equal(s.calls, want) {
		t.Errorf("%q\nwant %q", s.calls, want)
	}
}

// TestLimits: what is beyond a limit is counted, and what is within is right.
func TestLimits(t *testing.T) {
	t.Parallel()
	moves := func() *Moves {
		m := NewMoves(nil)
		for range 3 {
			m.addCreated(&inventory.NewAsset{NodePaths: []string{"/DEFAULT/dev"}})
		}
		m.addCreated(&inventory.NewAsset{NodePaths: []string{"/DEFAULT/prod/web"}})
		return m
	}
	const devAlone = "/DEFAULT/dev +3 -0 gain(2) ann:3 dan:3\nunknown 1"
	for name, c := range map[string]struct {
		limits Limits
		fails  func(call string) error
		want   string
		err    string
	}{
		"nodes":   {limits: Limits{Nodes: 1, Rules: 9, Time: time.Minute}, want: devAlone},
		"rules":   {limits: Limits{Nodes: 9, Rules: 2, Time: time.Minute}, want: devAlone},
		"no time": {limits: Limits{Nodes: 9, Rules: 9, Time: -time.Second}, want: "unknown 4", err: ErrTimeUp.Error()},
		"an error on the way": {limits: newLimits(), err: "502",
			fails: failOn("rules n-web", &inventory.Error{Kind: inventory.Temporary, Message: "502"}), want: devAlone + "\nlacks \nfailure 502"},
		"no right": {limits: newLimits(), err: "403",
			fails: failOn("rules n-dev", &inventory.Error{Kind: inventory.Denied, Message: "403"}), want: "lacks perms.view_assetpermission\nfailure "},
		"no node": {limits: newLimits(), err: "500",
			fails: failOn("find /DEFAULT/dev", &inventory.Error{Kind: inventory.Temporary, Message: "500"}), want: "unknown 4\nlacks \nfailure 500"},
	} {
		s := newServer()
		s.fails = c.fails
		d, err := Compute(t.Context(), s, moves(), nil, c.limits)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if got := describe(d); got != c.want || text != c.err {
			t.Errorf("%s: %q\n%s\nwant %q\n%s", name, text, got, c.err, c.want)
		}
	}
}

func failOn(call string, err error) func(string) error {
	return func(c string) error {
		if c == call {
			return err
		}
		return nil
	}
}

// TestHeld: what is held is counted apart; nothing is asked twice, nor after an error.
// Invariants: 22.
func TestHeld(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fails      func(string) error
		held       int
		made, then string
		fault      bool
	}{
		"both":         {held: 9, made: "/DEFAULT/dev +1 -0 gain(2) ann:1 dan:1", then: "/DEFAULT/dev +0 -1 lose(1) dan:1\nn-web +1 -0 gain(2) @ops:1 bob:1 ~cat:1"},
		"fewer nodes":  {held: 0, made: "/DEFAULT/dev +1 -0 gain(2) ann:1 dan:1", then: "unknown 1"},
		"an error":     {held: 9, fails: failOn("rules n-dev", &inventory.Error{Kind: inventory.Temporary, Message: "502"}), made: "unknown 1\nlacks \nfailure 502", then: "unknown 1", fault: true},
		"denied later": {held: 9, fails: failOn("rules n-web", &inventory.Error{Kind: inventory.Denied}), made: "lacks perms.view_assetpermission\nfailure ", fault: true},
	} {
		s := newServer()
		s.fails = c.fails
		made, held := NewMoves(nil), NewMoves(nil)
		made.addCreated(&inventory.NewAsset{NodePaths: []string{"/DEFAULT/dev"}})
		held.Add(update(asset(true, "n-dev"), "n-web"))
		l := newLimits()
		l.Held = c.held
		d, err := Compute(t.Context(), s, made, held, l)
		then := ""
		if d.Held != nil {
			then = describe(*d.Held)
		}
		if got := describe(d); got != c.made || then != c.then || (err != nil) != c.fault {
			t.Errorf("%s: %v\n%s\nthen %s\nwant %s\nthen %s", name, err, got, then, c.made, c.then)
		}
		slices.Sort(s.calls)
		if once := slices.Compact(slices.Clone(s.calls)); len(once) != len(s.calls) {
			t.Errorf("%s: asked twice: %q", name, s.calls)
		}
	}
}

// TestRunKeepsItsTime: a run never gives this more than a tenth of what is left.
func TestRunKeepsItsTime(t *testing.T) {
	t.Parallel()
	for _, left := range []time.Duration{time.Second, time.Minute, time.Hour} {
		if l := RunLimits(left); l.Time > left/10 || l.Time > 20*time.Second {
			t.Errorf("%s of %s", l.Time, left)
		}
	}
}

// TestMergeIsTheWhole: the diffs of two parts of a run together are that of the run.
func TestMergeIsTheWhole(t *testing.T) {
	t.Parallel()
	add := func(m *Moves, half int) {
		for n := range 6 {
			if half != 2 && n%2 != half {
				continue
			}
			m.addCreated(&inventory.NewAsset{NodePaths: []string{[]string{"/DEFAULT/dev", "/DEFAULT/prod/web", "/DEFAULT/new"}[n/2]}})
			m.Add(update(asset(true, "n-web"), "n-dev"))
		}
	}
	var parts []*Diff
	for half := range 3 {
		m := NewMoves(nil)
		add(m, half)
		d, err := Compute(t.Context(), newServer(), m, nil, newLimits())
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, &d)
	}
	parts[0].Unknown, parts[1].Failure, parts[2].Unknown, parts[2].Failure = 4, "502", 4, "502"
	if got, want := describe(*Merge(parts[0], parts[1])), describe(*parts[2]); got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	if got := Merge(nil, parts[0]); got != parts[0] {
		t.Error("none and one are not the one")
	}
}

// TestManyHolders: of many people the first are named, and all are counted.
func TestManyHolders(t *testing.T) {
	t.Parallel()
	s := newServer()
	var people []string
	for n := range 50 {
		people = append(people, fmt.Sprintf("user-%02d", n))
	}
	s.grant("n-dev", "r-many", people...)
	m := NewMoves(nil)
	m.addCreated(&inventory.NewAsset{NodePaths: []string{"/DEFAULT/dev"}})
	d, err := Compute(t.Context(), s, m, nil, newLimits())
	if err != nil || d.Nodes[0].GainUsers != 52 || len(d.Nodes[0].Gain) != maxHolders {
		t.Errorf("%v: %d of %d", err, len(d.Nodes[0].Gain), d.Nodes[0].GainUsers)
	}
}
