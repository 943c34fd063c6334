package access

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// Moves is how the hosts of a run change nodes. Hosts that move alike are one move, so that a first sync of a hundred
// thousand hosts is as many moves as it has nodes.
type Moves struct {
	moves    []*move
	byKey    map[string]*move
	nodes    map[string]Node   // by place
	made     map[string]string // path → id of nodes that this run makes; "" = in a dry run
	byPath   map[string]string // path → id of nodes that were read
	unplaced int               // hosts of which JumpServer does not show where they are
}

// move is hosts that go from some places to others. A place is a node's id, or the path of a node that is not looked up
// (yet). Hosts that do not exist, or are not active, are in no place.
type move struct {
	from, to []string // sorted
	hosts    int
}

// NewMoves returns no moves. nodes are those of JumpServer, as far as they were read: they have the paths that people
// know them by.
func NewMoves(nodes []inventory.Node) *Moves {
	m := &Moves{byKey: map[string]*move{}, nodes: map[string]Node{}, made: map[string]string{}, byPath: map[string]string{}}
	for _, n := range nodes {
		m.nodes[n.ID], m.byPath[n.Path] = Node{ID: n.ID, Path: n.Path}, n.ID
	}
	return m
}

// Add adds what a change does, or did.
func (m *Moves) Add(c plan.Change) {
	if c.Action == plan.Create {
		m.addCreated(c.NewAsset())
		return
	}
	if c.Before == nil || !slices.Contains([]plan.Action{plan.Update, plan.Deactivate, plan.Delete}, c.Action) {
		return
	}
	was, is := c.Before.Active, isActiveAfter(c)
	moves := c.Patch != nil && (c.Patch.NodeIDs != nil || c.Patch.NodePaths != nil)
	if was == is && !(is && moves) {
		return // nothing changes in where it is reached
	}
	if c.Before.Nodes == "" {
		m.unplaced++
		return
	}
	here := m.placesOf(c.Before)
	var from, to []string
	if was {
		from = here
	}
	if is {
		to = here
	}
	if is && moves {
		to = m.add(slices.Concat(c.Patch.NodeIDs, c.Patch.NodePaths))
	}
	m.record(from, to)
}

func (m *Moves) addCreated(a *inventory.NewAsset) {
	if a != nil && !a.Inactive {
		m.record(nil, m.add(a.NodePaths))
	}
}

func isActiveAfter(c plan.Change) bool {
	switch {
	case c.Action == plan.Delete:
		return false
	case c.Patch != nil && c.Patch.Active != nil:
		return *c.Patch.Active
	}
	return c.Before.Active
}

// placesOf returns the places of an asset. Where nodes were not read, they have the names by which the asset shows them.
func (m *Moves) placesOf(a *inventory.Asset) []string {
	ids, names := strings.Split(a.Nodes, ","), strings.Split(a.NodeNames, ", ")
	places := m.add(slices.Clone(ids))
	for n, id := range ids {
		if m.nodes[id].Path != "" {
			continue
		}
		switch {
		case len(names) == len(ids):
			m.nodes[id] = Node{ID: id, Path: names[n]}
		case len(ids) == 1: // a name may have commas
			m.nodes[id] = Node{ID: id, Path: a.NodeNames}
		}
	}
	return places
}

// add notes places, and returns them sorted, each once.
func (m *Moves) add(places []string) []string {
	places = slices.Compact(slices.Sorted(slices.Values(places)))
	for _, p := range places {
		_, known := m.nodes[p]
		switch {
		case known:
		case isPath(p):
			m.nodes[p] = Node{Path: p}
		default:
			m.nodes[p] = Node{ID: p}
		}
	}
	return places
}

// isPath reports whether a place is a path and no id.
func isPath(place string) bool { return strings.HasPrefix(place, "/") }

func (m *Moves) record(from, to []string) {
	if slices.Equal(from, to) {
		return
	}
	key := strings.Join(from, ",") + ">" + strings.Join(to, "\x00")
	if m.byKey[key] == nil {
		m.byKey[key] = &move{from: from, to: to}
		m.moves = append(m.moves, m.byKey[key])
	}
	m.byKey[key].hosts++
}

// IsEmpty reports whether no host changes nodes.
func (m *Moves) IsEmpty() bool { return m == nil || len(m.moves) == 0 && m.unplaced == 0 }

// places returns the places of the moves, those of the most hosts first.
func (m *Moves) places() []string {
	hosts := map[string]int{}
	for _, v := range m.moves {
		for _, p := range slices.Concat(v.from, v.to) {
			hosts[p] += v.hosts
		}
	}
	var all []string
	for p := range hosts {
		all = append(all, p)
	}
	sorting.By(all, func(x, y string) int { return cmp.Or(cmp.Compare(hosts[y], hosts[x]), cmp.Compare(x, y)) })
	return all
}

// MarkNew notes that this run makes the node at a path; id "" = it is a dry run.
func (m *Moves) MarkNew(path, id string) { m.made[path] = id }

// resolve replaces a path by the id of the node that it means; "" = there is none.
func (m *Moves) resolve(path, id string) {
	if id == "" {
		m.nodes[path] = Node{Path: path, New: true}
		return
	}
	at := m.nodes[id]
	if !isPath(at.Path) { // otherwise it is where it really is: somebody may have moved it
		at.Path = path
	}
	_, made := m.made[path]
	m.nodes[id] = Node{ID: id, Path: at.Path, New: at.New || made}
	for _, v := range m.moves {
		v.to = replaced(v.to, path, id)
	}
}

// lineage returns a node and all nodes above it; known is false where the path of one of them was not read.
func (m *Moves) lineage(id string) (ids []string, known bool) {
	path := m.nodes[id].Path
	if !isPath(path) {
		return nil, false
	}
	ids = []string{id}
	for path = above(path); path != ""; path = above(path) {
		parent, is := m.byPath[path]
		if !is {
			return nil, false
		}
		ids = append(ids, parent)
	}
	return ids, true
}

// above returns the path of the node above a path; "" = it is the root node's.
func above(path string) string { return path[:max(strings.LastIndex(path, "/"), 0)] }

// knowsPaths reports whether nodes were read with their paths.
func (m *Moves) knowsPaths() bool { return m.byPath[rootPath] != "" }

// rootPath is the path of the root node.
const rootPath = "/DEFAULT"

// takePaths takes the paths of nodes from other moves, where only their names are known.
func (m *Moves) takePaths(from *Moves) {
	for id, n := range from.nodes {
		have, is := m.nodes[id]
		if is && !isPath(have.Path) && isPath(n.Path) {
			have.Path = n.Path
			m.nodes[id] = have
		}
	}
}

// replaced returns places with one in place of another.
func replaced(places []string, old, place string) []string {
	at := slices.Index(places, old)
	if at < 0 {
		return places
	}
	places = slices.Clone(places)
	places[at] = place
	return slices.Compact(slices.Sorted(slices.Values(places)))
}

// dropEmpty takes out the moves whose places turned out to be the same.
func (m *Moves) dropEmpty() {
	m.moves = slices.DeleteFunc(m.moves, func(v *move) bool { return slices.Equal(v.from, v.to) })
}
