package plan

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// rootPath is the path of an organisation's root node, whatever its name is.
const rootPath = "/DEFAULT"

// nodeIndex finds nodes by what configurations call them.
type nodeIndex struct {
	byPath map[string]string // path → id
	paths  map[string]string // id → path
	memory map[string]string // path → id that it had before, wherever the node is now
}

func newNodeIndex(current inventory.JumpServerAssets) *nodeIndex {
	x := &nodeIndex{byPath: make(map[string]string, len(current.Nodes)), paths: make(map[string]string, len(current.Nodes)), memory: current.NodesByPath}
	for _, n := range current.Nodes {
		id := strings.ToLower(n.ID)
		x.byPath[n.Path], x.paths[id] = id, n.Path
	}
	return x
}

// find returns the id of the node that a path means: the one that is remembered of it, or noted in the asset's comment,
// wherever people have put it since, else the one at the path; "" = there is none yet. One of those in have may be at the
// path in a spelling that JumpServer's database calls equal.
func (x *nodeIndex) find(path, comment string, have []string) string {
	known := strings.ToLower(x.memory[path])
	if _, exists := x.paths[known]; exists {
		return known
	}
	noted := inventory.NotedAt(comment, path)
	if _, exists := x.paths[noted]; exists {
		return noted
	}
	if id := x.byPath[path]; id != "" {
		return id
	}
	for _, id := range have {
		if at := x.paths[id]; at != "" && inventory.MayBeEqual(at, path) {
			return id
		}
	}
	return ""
}

// NodePaths returns which nodes, by their ids, the paths mean into which the rules put assets that exist; nil where the plan
// does not decide on nodes. A run remembers them, so that a node is still known after people renamed it.
func (p Plan) NodePaths() map[string]string { return p.nodePaths }

// nodeIDs returns the ids in Asset.Nodes, in lower case.
func nodeIDs(a inventory.Asset) []string { return splitNodes(strings.ToLower(a.Nodes)) }

// diffNodes plans the nodes of an existing asset. Nodes are compared by their ids, so that one that people renamed or moved
// stays the same. Which of an asset's nodes are ours stands in its comment; without that line it is its account's own node.
// Ours that are no longer wanted go, and those that people added stay.
func (b *builder) diffNodes(c *Change, d *drift, i *inventory.Instance, a *inventory.Asset, o *mapping.Outcome) {
	noted, isNoted := inventory.NotedNodes(a.Comment)
	current := &b.input.Current
	if o.Unread.Has(mapping.FieldNode) || current.Nodes == nil || current.NodesUnsure || a.Nodes == "" || len(o.Nodes) == 0 && !isNoted {
		return
	}
	if b.nodes == nil {
		b.nodes, b.plan.nodePaths = newNodeIndex(*current), map[string]string{}
	}
	ours, have := noted, nodeIDs(*a)
	if !isNoted {
		ours = []string{b.nodes.find(b.rules.NodePath(i.Account), a.Comment, have)}
	}
	paths := b.rules.wantedPaths(i.Account, o)
	move := b.planMove(a.Comment, have, ours, paths)
	if !move.changes {
		return
	}
	comment := inventory.NoteNodes(a.Comment, move.notes)
	policy := b.rules.policy(b.rules.Manage.Node, true)
	fits := utf8.RuneCountInString(comment)+len(move.paths)*len(","+inventory.NodeNote(a.ID, "")) <= maxCommentLength
	if policy == WriteOnCreate || policy == WriteIfMissing && !move.fromRoot || !fits {
		d.add(FieldNode, strings.ReplaceAll(a.NodeNames, ",", listComma), strings.Join(paths, listComma))
		return
	}
	c.Patch.NodeIDs, c.Patch.NodePaths = move.ids, move.paths
	if comment != a.Comment {
		c.Patch.Comment = &comment
	}
	c.Fields, c.moves = append(c.Fields, FieldNode), c.moves|moveNode
}

// nodeMove is how the nodes of an asset change.
type nodeMove struct {
	changes  bool
	ids      []string // all that it has then and that exist, sorted
	paths    []string // those that do not exist, or are not known yet
	notes    []string // how the comment notes those of ids that are ours then
	fromRoot bool     // it was in the root node alone, where JumpServer puts what has no other
}

// planMove returns how an asset with a comment, in the nodes have of which some are ours, gets into those at the paths.
func (b *builder) planMove(comment string, have, ours, paths []string) nodeMove {
	var move nodeMove
	var wanted, notes []string
	for _, path := range paths {
		id := b.nodes.find(path, comment, have)
		switch {
		case id == "":
			move.paths = append(move.paths, path)
		case !slices.Contains(wanted, id):
			wanted, notes = append(wanted, id), append(notes, inventory.NodeNote(id, path))
		}
		if id != "" && (b.plan.nodePaths[path] == "" || id == inventory.NotedAt(comment, path)) {
			b.plan.nodePaths[path] = id
		}
	}
	root := b.nodes.byPath[rootPath]
	move.fromRoot = len(have) == 1 && have[0] == root && !slices.Contains(wanted, root)
	for _, id := range have {
		if slices.Contains(wanted, id) || !slices.Contains(ours, id) && !move.fromRoot {
			move.ids = append(move.ids, id)
		}
	}
	for n, id := range wanted {
		isNew := !slices.Contains(move.ids, id)
		if isNew {
			move.ids = append(move.ids, id)
		}
		if isNew || slices.Contains(ours, id) {
			move.notes = append(move.notes, notes[n])
		}
	}
	if len(move.notes)+len(move.paths) == 0 { // without the line its account's own node would count as ours
		move.notes = notes
	}
	slices.Sort(move.ids)
	move.changes = len(move.paths) > 0 || !slices.Equal(move.ids, slices.Sorted(slices.Values(have)))
	return move
}
