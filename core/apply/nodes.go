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
)

// nodeResolver has the nodes under which the assets of one run are created, by their configured paths.
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

// resolveNodes finds or creates the nodes of the creates, one after another: JumpServer answers 500 to parallel
// creates under a path that does not exist yet.
func (r *runner) resolveNodes(changes []plan.Change) *nodeResolver {
	n := &nodeResolver{
		target: r.target, store: r.options.Nodes, trustStored: r.options.TrustStoredNodes, log: r.options.Log,
		ids: map[string]string{}, pathErrors: map[string]error{},
	}
	accounts := map[string]inventory.Scope{}
	var paths []string
	for _, c := range changes {
		path := c.NewAsset().NodePaths[0]
		if _, seen := accounts[path]; !seen {
			accounts[path] = inventory.Scope{Cloud: c.Scope.Cloud, Account: c.Scope.Account}
			paths = append(paths, path)
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
	return n
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

// createAsset creates one asset under its node. If the node is gone it is looked for anew, once for all writers.
func (n *nodeResolver) createAsset(ctx context.Context, c plan.Change) (existed bool, err error) {
	a := c.NewAsset()
	a.NodeIDs = []string{n.nodeID(a.NodePaths[0])}
	existed, err = n.target.Create(ctx, *a)
	if !errors.Is(err, inventory.ErrNodeGone) {
		return existed, err
	}
	id, again := n.replaceNode(ctx, c.Scope, a.NodePaths[0], a.NodeIDs[0])
	switch {
	case again != nil:
		return false, again
	case id == a.NodeIDs[0]:
		return false, err // JumpServer shows the node, and refuses it all the same
	}
	a.NodeIDs = []string{id}
	return n.target.Create(ctx, *a)
}

func (n *nodeResolver) nodeID(path string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ids[path]
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
	slices.SortStableFunc(n.notable, func(x, y Node) int { return cmp.Compare(x.ConfiguredPath, y.ConfiguredPath) })
	return n.notable
}
