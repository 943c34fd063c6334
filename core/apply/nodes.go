package apply

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// nodeResolver has the nodes into which one run puts assets, by their configured paths.
type nodeResolver struct {
	target      Bastion
	store       NodeStore // may be nil
	trustStored bool
	log         *slog.Logger

	mu         sync.Mutex // held while a node is looked for, so that one writer does it for all
	ids        map[string]string
	pathErrors map[string]error // paths without a usable node
	storeErr   error            // the store's error; it is not asked again, which could take all of the run's time
	notable    []Node
}

func (r *runner) newNodeResolver() *nodeResolver {
	return &nodeResolver{
		target: r.target, store: r.options.Nodes, trustStored: r.options.TrustStoredNodes, log: r.options.Log,
		ids: map[string]string{}, pathErrors: map[string]error{},
	}
}

// nodePathsOf returns the configured paths of the nodes that a change needs and the plan does not know.
func nodePathsOf(c plan.Change) []string {
	if c.Action == plan.Create {
		return c.NewAsset().NodePaths
	}
	return c.Patch.NodePaths
}

// resolveNodes finds or creates the nodes of changes, one after another: JumpServer answers 500 to parallel creates
// under a path that does not exist yet.
func (r *runner) resolveNodes(changes []plan.Change) {
	n := r.nodes
	accounts := map[string]inventory.Scope{}
	var paths []string
	for _, c := range changes {
		for _, path := range nodePathsOf(c) {
			_, seen := accounts[path]
			if !seen && !n.isResolved(path) {
				accounts[path] = inventory.Scope{Cloud: c.Scope.Cloud, Account: c.Scope.Account}
				paths = append(paths, path)
			}
		}
	}
	slices.Sort(paths)
	for _, path := range paths {
		err := r.ctx.Err()
		if err == nil {
			err = n.resolve(r.ctx, accounts[path], path)
		}
		if err != nil {
			n.pathErrors[path] = err
		}
	}
}

// isResolved reports whether a path's node was looked for in this run, and found or refused.
func (n *nodeResolver) isResolved(path string) bool {
	_, found := n.ids[path]
	return found || n.pathErrors[path] != nil
}

// errorOf returns why one of the paths has no node; nil = all have one. An asset that misses one of its nodes is left:
// other people would have it.
func (n *nodeResolver) errorOf(paths []string) error {
	for _, path := range paths {
		if err := n.pathErrors[path]; err != nil {
			return err
		}
	}
	return nil
}

// resolve finds the node of a path, by its stored id if there is one, and stores what it found.
func (n *nodeResolver) resolve(ctx context.Context, account inventory.Scope, path string) error {
	known, doubt := n.loadNode(ctx, path)
	at := inventory.Node{ID: known}
	if known == "" || !n.trustStored {
		var err error
		at, err = n.target.EnsureNode(ctx, path, known)
		if err != nil {
			return err
		}
	}
	n.recordNode(ctx, Node{Account: account, ConfiguredPath: path, Node: at}, doubt)
	return nil
}

func (n *nodeResolver) loadNode(ctx context.Context, path string) (id string, doubt error) {
	if n.store == nil || n.storeErr != nil {
		return "", n.storeErr
	}
	id, err := n.store.Load(ctx, path)
	if err != nil {
		n.log.Warn("it is not known which node a path means", "path", path, "error", err)
		if inventory.KindOf(err) != inventory.Incomplete { // otherwise it is one damaged entry
			n.storeErr = err
		}
	}
	return id, err
}

// recordNode records the node of a path. If the stored id is in doubt nothing is stored, because it may be readable
// again later.
func (n *nodeResolver) recordNode(ctx context.Context, at Node, doubt error) {
	n.ids[at.ConfiguredPath] = at.ID
	_, dry := n.target.(DryRun)
	if n.store != nil && doubt == nil && !dry {
		if err := n.store.Save(ctx, at.ConfiguredPath, at.ID); err != nil {
			n.log.Warn("it is not remembered which node a path means", "path", at.ConfiguredPath, "node", at.ID, "error", err)
		}
	}
	made := at.Created || at.ID == ""
	switch {
	case made && doubt != nil:
		at.Reason = reason.New(reason.NodeInDoubt, at.ConfiguredPath, doubt.Error())
	case made && at.StoredIDGone:
		at.Reason = reason.New(reason.NodeAnew, at.ConfiguredPath)
	case made && n.store == nil:
		at.Reason = reason.New(reason.NodeNewOrRenamed, at.ConfiguredPath)
	case made:
		at.Reason = reason.New(reason.NodeNew, at.ConfiguredPath)
	case at.StoredIDGone:
		at.Reason = reason.New(reason.NodeReplaced, at.ConfiguredPath)
	case at.Path != "" && !inventory.MayBeEqual(pathBelowRoot(at.Path), pathBelowRoot(at.ConfiguredPath)):
		at.Reason = reason.New(reason.NodeElsewhere, at.ConfiguredPath, at.Path)
	default:
		return
	}
	n.addNotable(ctx, at)
}

// pathBelowRoot returns what follows the root node's name in a path.
func pathBelowRoot(path string) string {
	_, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return rest
}

func (n *nodeResolver) addNotable(ctx context.Context, at Node) {
	n.notable = append(n.notable, at)
	level := slog.LevelInfo
	if at.IsNew() {
		level = slog.LevelWarn
	}
	n.log.Log(ctx, level, at.Reason.Text(language.English), "account", at.Account.Account, "path", at.ConfiguredPath, "node", at.ID)
}

// IsNew reports whether the run created the node (or would, in a dry run), so that no access rule names it.
func (n Node) IsNew() bool { return n.Created || n.ID == "" }

// createAsset creates one asset in its nodes, with these accounts (nil = those that it wants). If a node is gone it is
// looked for anew, once for all writers.
func (n *nodeResolver) createAsset(ctx context.Context, c plan.Change, accounts []string) (existed bool, err error) {
	a := c.NewAsset()
	if accounts != nil {
		a.Accounts = accounts
	}
	ids := n.nodeIDs(a.NodePaths)
	existed, err = n.target.Create(ctx, placedAt(*a, ids))
	if !errors.Is(err, inventory.ErrNodeGone) {
		return existed, err
	}
	again := make([]string, 0, len(ids))
	for at, path := range a.NodePaths {
		id, err := n.replaceNode(ctx, c.Scope, path, ids[at])
		if err != nil {
			return false, err
		}
		again = append(again, id)
	}
	if slices.Equal(again, ids) {
		return false, err // JumpServer shows the nodes, and refuses one all the same
	}
	return n.target.Create(ctx, placedAt(*a, again))
}

// placedAt returns a new asset in these nodes, of which two paths may mean one.
func placedAt(a inventory.NewAsset, ids []string) inventory.NewAsset {
	a.NodeIDs = uniqueIDs(ids)
	if a.NotesNodes {
		a.Comment = inventory.NoteNodes(a.Comment, nodeNotes(a.NodePaths, ids))
	}
	return a
}

// nodeNotes returns how a comment notes the nodes of paths, each node once.
func nodeNotes(paths, ids []string) []string {
	var notes []string
	for n, id := range ids {
		if id != "" && slices.Index(ids, id) == n {
			notes = append(notes, inventory.NodeNote(id, paths[n]))
		}
	}
	return notes
}

// uniqueIDs returns each id once, in their order, without those of nodes that a dry run does not make.
func uniqueIDs(ids []string) []string {
	var once []string
	for _, id := range ids {
		if id != "" && !slices.Contains(once, id) {
			once = append(once, id)
		}
	}
	return once
}

func (n *nodeResolver) nodeIDs(paths []string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	ids := make([]string, 0, len(paths))
	for _, path := range paths {
		ids = append(ids, n.ids[path])
	}
	return ids
}

// replaceNode returns another node for a path than the one that is gone, or that one if it exists after all.
func (n *nodeResolver) replaceNode(ctx context.Context, scope inventory.Scope, path, gone string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ids[path] != gone {
		return n.ids[path], nil // another writer has found it
	}
	at, err := n.target.EnsureNode(ctx, path, gone)
	if err != nil || at.ID == gone {
		return gone, err
	}
	account := inventory.Scope{Cloud: scope.Cloud, Account: scope.Account}
	n.recordNode(ctx, Node{Account: account, ConfiguredPath: path, Node: at}, nil)
	return at.ID, nil
}

// notableNodes returns the nodes that people should know of, sorted by path.
func (n *nodeResolver) notableNodes() []Node {
	sorting.StableBy(n.notable, func(x, y Node) int { return cmp.Compare(x.ConfiguredPath, y.ConfiguredPath) })
	return n.notable
}
