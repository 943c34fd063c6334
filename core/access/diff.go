package access

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// Diff is who gains and who loses hosts. Its JSON is part of the results document: additions only.
type Diff struct {
	Nodes []Node `json:"nodes"`                // that hosts enter or leave, by path
	More  int    `json:"more_nodes,omitempty"` // of such nodes, where not all are kept
	// Lacks is the right that the access key lacks, without which nothing is known. "" = none.
	Lacks string `json:"lacks,omitempty"`
	// Failure is why JumpServer did not say (all of) it; "" = it did.
	Failure string `json:"failure,omitempty"`
	// Held is who will gain and lose hosts if a person approves what is held; nil = nothing is held that moves hosts.
	Held *Diff `json:"held,omitempty"`
	// Unknown is how many hosts change nodes of which it is not known who reaches them: there were too many nodes, or too
	// little time, or JumpServer does not show where the hosts are.
	Unknown int `json:"unknown_hosts,omitempty"`
}

// Node is one node and what changes in it.
type Node struct {
	ID   string `json:"id"`   // "" = it does not exist yet
	Path string `json:"path"` // its name alone where its path was not read
	New  bool   `json:"new"`  // this run makes it: no rule names it
	// Enter and Leave are how many hosts can be reached there afterwards and not before, and the other way round.
	Enter     int      `json:"enter"`
	Leave     int      `json:"leave"`
	Gain      []Holder `json:"gain"` // the first of them: groups, and then users
	Lose      []Holder `json:"lose"`
	GainUsers int      `json:"gain_users"` // all of them
	LoseUsers int      `json:"lose_users"`
	Users     int      `json:"users"` // who reach the node's hosts, gained or not
	// Nobody is how many of the hosts that enter are reached by nobody, there or elsewhere.
	Nobody int `json:"nobody"`
}

// The kinds of holders.
const (
	User  = "user"
	Group = "group"
)

// Holder is a user or a group who gains or loses hosts.
type Holder struct {
	Kind  string `json:"kind"`
	ID    string `json:"id"`
	Name  string `json:"name"`
	Hosts int    `json:"hosts"`
	// ByGroup says that a user has them by groups alone, which are holders themselves.
	ByGroup bool `json:"by_group,omitempty"`
}

// Shortened returns a diff with no more than so many nodes, and holders of each kind, of which a card shows fewer anyway.
func (d *Diff) Shortened(nodes, holders int) *Diff {
	if d == nil {
		return nil
	}
	short := *d
	short.Held = d.Held.Shortened(nodes, holders)
	short.Nodes = slices.Clone(d.Nodes[:min(nodes, len(d.Nodes))])
	short.More += len(d.Nodes) - len(short.Nodes)
	for n := range short.Nodes {
		short.Nodes[n].Gain = firstHolders(slices.Clone(short.Nodes[n].Gain), holders)
		short.Nodes[n].Lose = firstHolders(slices.Clone(short.Nodes[n].Lose), holders)
	}
	return &short
}

// maxHolders is how many holders of each kind are named of a node.
const maxHolders = 20

// IsEmpty reports whether a diff has nothing to say.
func (d *Diff) IsEmpty() bool {
	return d == nil || len(d.Nodes) == 0 && d.Lacks == "" && d.Failure == "" && d.Unknown == 0 && d.Held.IsEmpty()
}

// sort orders the nodes by path, and of each the holders: groups, users of their own, users by groups; the most hosts
// first.
func (d *Diff) sort() {
	sorting.By(d.Nodes, func(x, y Node) int { return cmp.Or(cmp.Compare(x.Path, y.Path), cmp.Compare(x.ID, y.ID)) })
	for n := range d.Nodes {
		d.Nodes[n].Gain, d.Nodes[n].Lose = sortHolders(d.Nodes[n].Gain), sortHolders(d.Nodes[n].Lose)
	}
}

func sortHolders(all []Holder) []Holder {
	sorting.By(all, func(x, y Holder) int {
		return cmp.Or(cmp.Compare(x.Kind, y.Kind), compareBool(x.ByGroup, y.ByGroup), cmp.Compare(y.Hosts, x.Hosts),
			cmp.Compare(x.Name, y.Name), cmp.Compare(x.ID, y.ID))
	})
	return firstHolders(all, maxHolders)
}

// firstHolders returns the first holders of each kind.
func firstHolders(all []Holder, most int) []Holder {
	kept, shown := all[:0], map[string]int{}
	for _, h := range all {
		shown[h.Kind]++
		if shown[h.Kind] <= most {
			kept = append(kept, h)
		}
	}
	return kept
}

func compareBool(x, y bool) int {
	switch {
	case x == y:
		return 0
	case y:
		return -1
	}
	return 1
}

// Merge returns one diff of two, as of the parts of a run.
func Merge(x, y *Diff) *Diff {
	switch {
	case x == nil:
		return y
	case y == nil:
		return x
	}
	m := Diff{Nodes: []Node{}, Lacks: cmp.Or(x.Lacks, y.Lacks), Failure: cmp.Or(x.Failure, y.Failure), More: x.More + y.More, Unknown: x.Unknown + y.Unknown}
	for _, n := range slices.Concat(x.Nodes, y.Nodes) {
		at := slices.IndexFunc(m.Nodes, func(have Node) bool { return have.isSame(n) })
		if at < 0 {
			n.Gain, n.Lose = slices.Clone(n.Gain), slices.Clone(n.Lose)
			m.Nodes = append(m.Nodes, n)
			continue
		}
		m.Nodes[at].add(n)
	}
	m.Held = Merge(x.Held, y.Held)
	m.sort()
	return &m
}

// isSame reports whether two parts of a run speak of one node. One that the first part makes exists for the second.
func (n Node) isSame(o Node) bool {
	return n.ID != "" && n.ID == o.ID || (n.ID == "" || o.ID == "") && n.Path == o.Path
}

func (n *Node) add(o Node) {
	n.ID, n.New = cmp.Or(n.ID, o.ID), n.New || o.New
	if strings.Contains(o.Path, "/") { // the whole path rather than the name
		n.Path = o.Path
	}
	n.Enter += o.Enter
	n.Leave += o.Leave
	n.Nobody += o.Nobody
	n.Gain, n.Lose = mergeHolders(n.Gain, o.Gain), mergeHolders(n.Lose, o.Lose)
	n.GainUsers = max(n.GainUsers, o.GainUsers, countUsers(n.Gain))
	n.LoseUsers = max(n.LoseUsers, o.LoseUsers, countUsers(n.Lose))
	n.Users = max(n.Users, o.Users)
}

func mergeHolders(all, more []Holder) []Holder {
	for _, h := range more {
		at := slices.IndexFunc(all, func(have Holder) bool { return have.Kind == h.Kind && have.ID == h.ID })
		if at < 0 {
			all = append(all, h)
			continue
		}
		all[at].Hosts += h.Hosts
		all[at].ByGroup = all[at].ByGroup && h.ByGroup
	}
	return all
}

func (r reach) countUsers() int {
	users := 0
	for k := range r {
		if k.kind == User {
			users++
		}
	}
	return users
}

func countUsers(all []Holder) int {
	users := 0
	for _, h := range all {
		if h.Kind == User {
			users++
		}
	}
	return users
}

// reach is who reaches the hosts of a node by its rules.
type reach map[holderKey]Holder

type holderKey struct{ kind, id string }

// addRule adds the users and groups of a rule.
func (r reach) addRule(rule inventory.AccessRule, members inventory.AccessMembers) {
	for _, g := range members.Groups {
		r[holderKey{Group, g.ID}] = Holder{Kind: Group, ID: g.ID, Name: g.Name}
	}
	byGroup := rule.Users == 0 && len(members.Groups) > 0
	for _, u := range members.Users {
		k := holderKey{User, u.ID}
		have, known := r[k]
		r[k] = Holder{Kind: User, ID: u.ID, Name: u.Name, ByGroup: byGroup && (!known || have.ByGroup)}
	}
}

func unite(all []reach) reach {
	if len(all) == 1 {
		return all[0]
	}
	whole := reach{}
	for _, r := range all {
		for k, h := range r {
			have, known := whole[k]
			h.ByGroup = h.ByGroup && (!known || have.ByGroup)
			whole[k] = h
		}
	}
	return whole
}

// diffOf returns who gains and who loses hosts by the moves, where it is known who reaches which places. It is pure.
func diffOf(m *Moves, known map[string]reach) Diff {
	d := Diff{Nodes: []Node{}, Unknown: m.unplaced}
	nodes := map[string]*nodeDiff{}
	of := func(place string) *nodeDiff {
		if nodes[place] == nil {
			nodes[place] = &nodeDiff{Node: m.nodes[place], gain: reach{}, lose: reach{}}
		}
		return nodes[place]
	}
	for _, move := range m.moves {
		before, knownBefore := reachOf(move.from, known)
		after, knownAfter := reachOf(move.to, known)
		if !knownBefore || !knownAfter {
			d.Unknown += move.hosts
			continue
		}
		for _, place := range without(move.to, move.from) {
			of(place).Enter += move.hosts
		}
		for _, place := range without(move.from, move.to) {
			of(place).Leave += move.hosts
		}
		if len(move.to) > 0 && len(after) == 0 {
			entered := without(move.to, move.from)
			if len(entered) > 0 {
				of(entered[0]).Nobody += move.hosts
			}
		}
		for _, place := range move.to {
			of(place).gain.addChanged(known[place], before, move.hosts)
		}
		for _, place := range move.from {
			of(place).lose.addChanged(known[place], after, move.hosts)
		}
	}
	for place, n := range nodes {
		if n.Enter+n.Leave > 0 {
			n.Users = known[place].countUsers()
			d.Nodes = append(d.Nodes, n.finish())
		}
	}
	d.sort()
	return d
}

// nodeDiff is a Node while it is counted.
type nodeDiff struct {
	Node
	gain, lose reach
}

func (n *nodeDiff) finish() Node {
	n.Path = cmp.Or(n.Path, n.ID)
	n.Gain, n.Lose = n.gain.holders(), n.lose.holders()
	n.GainUsers, n.LoseUsers = countUsers(n.Gain), countUsers(n.Lose)
	return n.Node
}

func (r reach) holders() []Holder {
	all := make([]Holder, 0, len(r))
	for _, h := range r {
		all = append(all, h)
	}
	return all
}

// addChanged counts hosts for those who have them by one place and, by the others, do not have them on the other side of
// the move.
func (r reach) addChanged(by, otherSide reach, hosts int) {
	for k, h := range by {
		if _, has := otherSide[k]; has {
			continue
		}
		have, known := r[k]
		h.Hosts, h.ByGroup = have.Hosts+hosts, h.ByGroup && (!known || have.ByGroup)
		r[k] = h
	}
}

// reachOf returns who reaches a host in these places together; known is false where one of them is not known.
func reachOf(places []string, known map[string]reach) (all reach, isKnown bool) {
	each := make([]reach, 0, len(places))
	for _, p := range places {
		r, is := known[p]
		if !is {
			return nil, false
		}
		each = append(each, r)
	}
	return unite(each), true
}

// without returns the places that are not among others.
func without(places, others []string) []string {
	return slices.DeleteFunc(slices.Clone(places), func(p string) bool { return slices.Contains(others, p) })
}
