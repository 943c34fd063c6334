package apply_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

const configuredPath, renamedPath = "/DEFAULT/阿里云/prod", "/DEFAULT/阿里云/production"

// fakeNodeStore stores nodes, and can fail to.
type fakeNodeStore struct {
	mu    sync.Mutex
	ids   map[string]string
	fail  error
	kept  int
	asked int
}

func (m *fakeNodeStore) Load(_ context.Context, path string) (string, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.asked++
	if m.fail != nil {
		return "", m.fail
	}
	return m.ids[path], nil
}

func (m *fakeNodeStore) Save(_ context.Context, path, id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.kept++
	m.ids[path] = id
	return nil
}

// TestNodeOfNewAssets: which node new assets go to, what is stored of it, and what people are told.
func TestNodeOfNewAssets(t *testing.T) {
	t.Parallel()
	unreadable := errors.New("no such bucket")
	for name, c := range map[string]struct {
		tree    []string       // node-1, node-2, …
		memory  *fakeNodeStore // nil = no store
		trust   bool
		want    string // the node's id
		kept    string // stored afterwards; "" = nothing
		reason  reason.Code
		warns   bool
		lookups int // requests to JumpServer
	}{
		"new, no store":              {nil, nil, false, "node-1", "", reason.NodeNewOrRenamed, true, 1},
		"found, no store":            {[]string{configuredPath}, nil, false, "node-1", "", "", false, 1},
		"renamed, no store":          {[]string{renamedPath}, nil, false, "node-2", "", reason.NodeNewOrRenamed, true, 1},
		"new":                        {nil, storeWithNode(""), false, "node-1", "node-1", reason.NodeNew, true, 1},
		"found":                      {[]string{configuredPath}, storeWithNode(""), false, "node-1", "node-1", "", false, 1},
		"known":                      {[]string{configuredPath}, storeWithNode("node-1"), false, "node-1", "node-1", "", false, 1},
		"renamed":                    {[]string{renamedPath}, storeWithNode("node-1"), false, "node-1", "node-1", reason.NodeElsewhere, false, 1},
		"another at the path":        {[]string{renamedPath, configuredPath}, storeWithNode("node-1"), false, "node-1", "node-1", reason.NodeElsewhere, false, 1},
		"root renamed":               {[]string{"/总部/阿里云/prod"}, storeWithNode("node-1"), false, "node-1", "node-1", "", false, 1},
		"gone, another at the path":  {[]string{configuredPath}, storeWithNode("node-0"), false, "node-1", "node-1", reason.NodeReplaced, false, 1},
		"gone":                       {nil, storeWithNode("node-0"), false, "node-1", "node-1", reason.NodeAnew, true, 1},
		"store unreadable, new":      {nil, &fakeNodeStore{fail: unreadable}, false, "node-1", "", reason.NodeInDoubt, true, 1},
		"store unreadable, found":    {[]string{configuredPath}, &fakeNodeStore{fail: unreadable}, false, "node-1", "", "", false, 1},
		"trusted":                    {[]string{renamedPath}, storeWithNode("node-1"), true, "node-1", "node-1", "", false, 0},
		"trusted, and gone":          {nil, storeWithNode("node-0"), true, "node-1", "node-1", reason.NodeAnew, true, 1},
		"nothing to trust":           {[]string{configuredPath}, storeWithNode(""), true, "node-1", "node-1", "", false, 1},
		"trusted, unreadable, found": {[]string{configuredPath}, &fakeNodeStore{fail: unreadable}, true, "node-1", "", "", false, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			for _, path := range c.tree {
				w.bastion.addNode(path)
			}
			w.instances = []inventory.Instance{instance("i-1", "a", "10.0.0.1"), instance("i-2", "b", "10.0.0.2")}
			o := options()
			o.TrustStoredNodes = c.trust
			if c.memory != nil {
				o.Nodes = c.memory
			}
			r := apply.Run(t.Context(), w.bastion, w.approve(), o)
			want(t, r, map[string]int{"create done": 2})
			if w.bastion.assetsPerNode[c.want] != 2 {
				t.Errorf("assets under %v, want both under %s", w.bastion.assetsPerNode, c.want)
			}
			if c.memory != nil && c.memory.ids[configuredPath] != c.kept {
				t.Errorf("%q is remembered, want %q", c.memory.ids[configuredPath], c.kept)
			}
			if got := strings.Count(fmt.Sprint(w.bastion.calls), "nodes"); got != c.lookups {
				t.Errorf("%d questions about nodes, want %d", got, c.lookups)
			}
			requireNotable(t, r, c.reason, c.warns)
		})
	}
}

// storeWithNode returns a store with one id; "" = with nothing.
func storeWithNode(id string) *fakeNodeStore {
	m := &fakeNodeStore{ids: map[string]string{}}
	if id != "" {
		m.ids[configuredPath] = id
	}
	return m
}

func requireNotable(t *testing.T, r apply.Result, code reason.Code, warns bool) {
	t.Helper()
	var told reason.Code
	for _, n := range r.Nodes {
		told = n.Reason.Code
		if n.ConfiguredPath != configuredPath || n.Account.Account != "prod" || n.Account.Region != "" {
			t.Errorf("%+v", n)
		}
	}
	if told != code || len(r.Nodes) > 1 {
		t.Errorf("told %+v, want %q", r.Nodes, code)
	}
	if isNew := len(r.Nodes) == 1 && r.Nodes[0].IsNew(); isNew != warns || len(r.Problems) > 0 {
		t.Errorf("new %t, problems %v", isNew, r.Problems)
	}
}

// TestBrokenMemoryIsAskedOnce: a store that fails is asked once, not for every account: each request may take long.
func TestBrokenMemoryIsAskedOnce(t *testing.T) {
	t.Parallel()
	for kind, asked := range map[inventory.Kind]int{inventory.Temporary: 1, inventory.Incomplete: 2} {
		w := newWorld()
		other := instance("i-2", "b", "10.0.0.2")
		other.Account = "test"
		w.instances = []inventory.Instance{instance("i-1", "a", "10.0.0.1"), other}
		m := storeWithNode("")
		m.fail = &inventory.Error{Kind: kind, Message: "no"}
		o := options()
		o.Nodes = m
		r := apply.Run(t.Context(), w.bastion, w.approve(), o)
		want(t, r, map[string]int{"create done": 2})
		if m.asked != asked || m.kept > 0 || len(r.Nodes) != 2 || r.Nodes[0].Reason.Code != reason.NodeInDoubt || r.Nodes[1].Reason.Code != reason.NodeInDoubt {
			t.Errorf("%s: asked %d times, kept %d, %+v", kind, m.asked, m.kept, r.Nodes)
		}
	}
}

// TestNodeGoesMeanwhile: a node that a person deletes between two assets is looked for once by all writers, and
// reported once.
func TestNodeGoesMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for n := range 40 {
		w.instances = append(w.instances, instance(fmt.Sprintf("i-%02d", n), fmt.Sprint("n", n), "10.0.0.1"))
	}
	m := storeWithNode("")
	made := 0
	w.bastion.failCreate = func(inventory.NewAsset) error {
		if made++; made == 10 {
			delete(w.bastion.nodePaths, "node-1")
		}
		return nil
	}
	o := options()
	o.Nodes = m
	r := apply.Run(t.Context(), w.bastion, w.approve(), o)
	want(t, r, map[string]int{"create done": 40})
	if w.bastion.assetsPerNode["node-1"] != 9 || w.bastion.assetsPerNode["node-2"] != 31 || m.ids[configuredPath] != "node-2" {
		t.Errorf("%v, remembered %v", w.bastion.assetsPerNode, m.ids)
	}
	if len(r.Nodes) != 2 || r.Nodes[0].Reason.Code != reason.NodeNew || r.Nodes[1].Reason.Code != reason.NodeAnew {
		t.Errorf("%+v", r.Nodes)
	}
}

// TestNodeThatIsRefused: JumpServer refuses a node that it shows: nothing else is created, and the error is
// reported.
func TestNodeThatIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.instances = []inventory.Instance{instance("i-1", "a", "10.0.0.1")}
	w.bastion.failCreate = func(inventory.NewAsset) error {
		return &inventory.Error{Kind: inventory.Invalid, Message: "refused", Err: inventory.ErrNodeGone}
	}
	r := w.run(t, t.Context())
	want(t, r, map[string]int{"create failed": 1})
	if w.bastion.made != 1 {
		t.Errorf("%d nodes made", w.bastion.made)
	}
}

// TestDryRunTellsNodes: a dry run reports what would be created, and neither creates nor stores anything.
// Invariants: 9.
func TestDryRunTellsNodes(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		tree   []string
		memory *fakeNodeStore
		reason reason.Code
		warns  bool
	}{
		"new":      {nil, storeWithNode(""), reason.NodeNew, true},
		"found":    {[]string{configuredPath}, storeWithNode(""), "", false},
		"renamed":  {[]string{renamedPath}, storeWithNode("node-1"), reason.NodeElsewhere, false},
		"gone":     {nil, storeWithNode("node-0"), reason.NodeAnew, true},
		"no store": {nil, nil, reason.NodeNewOrRenamed, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			for _, path := range c.tree {
				w.bastion.addNode(path)
			}
			w.instances = []inventory.Instance{instance("i-1", "a", "10.0.0.1")}
			o, log := options(), &bytes.Buffer{}
			o.Log = slog.New(slog.NewTextHandler(log, nil))
			if c.memory != nil {
				o.Nodes = c.memory
			}
			r := apply.Run(t.Context(), apply.DryRun{Reader: w.bastion}, w.approve(), o)
			want(t, r, map[string]int{"create done": 1})
			requireNotable(t, r, c.reason, c.warns)
			if len(w.bastion.calls) > 0 || w.bastion.made != len(c.tree) || c.memory != nil && c.memory.kept > 0 {
				t.Errorf("a dry run did %v, made %d nodes", w.bastion.calls, w.bastion.made)
			}
			if warned := strings.Contains(log.String(), "level=WARN"); warned != c.warns {
				t.Errorf("the log: %s", log)
			}
		})
	}
}

// TestPlatformIsMissing: assets whose platform JumpServer lacks fail with a reason, no node is created for them,
// and the others are created.
func TestPlatformIsMissing(t *testing.T) {
	t.Parallel()
	for _, dry := range []bool{false, true} {
		w := newWorld()
		w.bastion.missingPlatforms = []string{"Windows"}
		windows := instance("i-2", "win", "10.0.0.2")
		windows.OSType = "windows"
		w.instances = []inventory.Instance{windows}
		var to apply.Bastion = w.bastion
		if dry {
			to = apply.DryRun{Reader: w.bastion}
		}
		r := apply.Run(t.Context(), to, w.approve(), options())
		want(t, r, map[string]int{"create failed": 1})
		i := r.Items[0]
		if i.Reason.Code != reason.NoPlatform || !strings.Contains(i.Err.Error(), "no host platform") || w.bastion.made != 0 || len(w.bastion.calls) > 0 {
			t.Errorf("%+v, calls %v", i, w.bastion.calls)
		}
		w.instances = append(w.instances, instance("i-1", "lin", "10.0.0.1"))
		want(t, apply.Run(t.Context(), to, w.approve(), options()), map[string]int{"create failed": 1, "create done": 1})
	}
}
