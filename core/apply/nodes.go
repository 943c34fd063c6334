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
	"github.com/jms-sync/jms-sync/core/plan"
)

// nodes are the nodes under which the assets of one run are made, by their configured paths.
type nodes struct {
	to     Bastion
	memory NodeMemory // may be nil
	trust  bool
	log    *slog.Logger

	mu    sync.Mutex // held while a node is looked for, so that one writer does it for all
	ids   map[string]string
	bad   map[string]error // paths whose node could not be had
	mute  error            // the memory's; it is not asked again, which could take the run's time
	tells []Node
}

// nodes finds or makes the nodes of the creates, one after another: JumpServer answers 500 to parallel
// creates under a path that does not exist yet.
func (r *run) nodes(changes []plan.Change) *nodes {
	n := &nodes{
		to: r.to, memory: r.o.Nodes, trust: r.o.TrustNodes, log: r.o.Log,
		ids: map[string]string{}, bad: map[string]error{},
	}
	accounts := map[string]inventory.Scope{}
	var paths []string
	for _, c := range changes {
		path := c.New().Node
		if _, seen := accounts[path]; !seen {
			accounts[path] = inventory.Scope{Cloud: c.Scope.Cloud, Account: c.Scope.Account}
			paths = append(paths, path)
		}
	}
	slices.Sort(paths)
	for _, path := range paths {
		err := r.ctx.Err()
		if err == nil {
			err = n.find(r.ctx, accounts[path], path)
		}
		if err != nil {
			n.bad[path] = err
		}
	}
	return n
}

// find looks for the node of a path, as it is remembered, and remembers what it found.
func (n *nodes) find(ctx context.Context, account inventory.Scope, path string) error {
	known, doubt := n.known(ctx, path)
	at := inventory.Node{ID: known}
	if known == "" || !n.trust {
		var err error
		at, err = n.to.Node(ctx, path, known)
		if err != nil {
			return err
		}
	}
	n.found(ctx, Node{Account: account, Configured: path, Node: at}, doubt)
	return nil
}

func (n *nodes) known(ctx context.Context, path string) (id string, doubt error) {
	if n.memory == nil || n.mute != nil {
		return "", n.mute
	}
	id, err := n.memory.Known(ctx, path)
	if err != nil {
		n.log.Warn("it is not known which node a path means", "path", path, "error", err)
		if inventory.KindOf(err) != inventory.Incomplete { // that is one damaged entry
			n.mute = err
		}
	}
	return id, err
}

// found takes the node of a path. In doubt whether another one was remembered nothing is: what is
// remembered can be read again.
func (n *nodes) found(ctx context.Context, at Node, doubt error) {
	n.ids[at.Configured] = at.ID
	_, dry := n.to.(DryRun)
	if n.memory != nil && doubt == nil && !dry {
		if err := n.memory.Keep(ctx, at.Configured, at.ID); err != nil {
			n.log.Warn("it is not remembered which node a path means", "path", at.Configured, "node", at.ID, "error", err)
		}
	}
	made := at.Made || at.ID == ""
	switch {
	case made && doubt != nil:
		at.Reason = plan.Because(plan.NodeInDoubt, at.Configured, doubt.Error())
	case made && at.Gone:
		at.Reason = plan.Because(plan.NodeAnew, at.Configured)
	case made && n.memory == nil:
		at.Reason = plan.Because(plan.NodeNewOrRenamed, at.Configured)
	case made:
		at.Reason = plan.Because(plan.NodeNew, at.Configured)
	case at.Gone:
		at.Reason = plan.Because(plan.NodeReplaced, at.Configured)
	case at.Path != "" && !inventory.SameFolded(inTree(at.Path), inTree(at.Configured)):
		at.Reason = plan.Because(plan.NodeElsewhere, at.Configured, at.Path)
	default:
		return
	}
	n.tell(ctx, at)
}

// inTree returns what follows the root node's name in a path.
func inTree(path string) string {
	_, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return rest
}

func (n *nodes) tell(ctx context.Context, at Node) {
	n.tells = append(n.tells, at)
	level := slog.LevelInfo
	if at.IsNew() {
		level = slog.LevelWarn
	}
	n.log.Log(ctx, level, at.Reason.Text(plan.English), "account", at.Account.Account, "path", at.Configured, "node", at.ID)
}

// IsNew reports whether the node is made by the run (in a dry run: would be), so that no access rule names it.
func (n Node) IsNew() bool { return n.Made || n.ID == "" }

// create makes one asset under its node. A node that is gone by now is looked for anew, once for all writers.
func (n *nodes) create(ctx context.Context, c plan.Change) (existed bool, err error) {
	a := c.New()
	a.NodeID = n.id(a.Node)
	existed, err = n.to.Create(ctx, *a)
	if !errors.Is(err, inventory.ErrNodeGone) {
		return existed, err
	}
	id, again := n.renew(ctx, c.Scope, a.Node, a.NodeID)
	switch {
	case again != nil:
		return false, again
	case id == a.NodeID:
		return false, err // JumpServer shows the node, and yet refuses it
	}
	a.NodeID = id
	return n.to.Create(ctx, *a)
}

func (n *nodes) id(path string) string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.ids[path]
}

// renew returns another node for a path than the one that is gone, or that one if it exists after all.
func (n *nodes) renew(ctx context.Context, scope inventory.Scope, path, gone string) (string, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ids[path] != gone {
		return n.ids[path], nil // found by another writer
	}
	at, err := n.to.Node(ctx, path, gone)
	if err != nil || at.ID == gone {
		return gone, err
	}
	account := inventory.Scope{Cloud: scope.Cloud, Account: scope.Account}
	n.found(ctx, Node{Account: account, Configured: path, Node: at}, nil)
	return at.ID, nil
}

// told returns what people should know of the nodes.
func (n *nodes) told() []Node {
	slices.SortStableFunc(n.tells, func(x, y Node) int { return cmp.Compare(x.Configured, y.Configured) })
	return n.tells
}
