package apply_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/plan"
)

// fakeBastion is JumpServer in memory: it enforces unique names at every write, as the real one does.
type fakeBastion struct {
	mu               sync.Mutex
	assets           map[string]inventory.Asset
	nodePaths        map[string]string // node id → its path
	assetsPerNode    map[string]int    // node id → number of assets created there
	made             int               // number of nodes created so far
	missingPlatforms []string
	calls            []string
	maxBusy          int // most creates seen in parallel
	busy             int

	failCreate     func(inventory.NewAsset) error
	failUpdate     error
	failNodes      error
	refusedPath    string   // of a node that cannot be made
	hiddenNames    []string // names of assets that no plan sees
	failRead       error
	onRead         func(*fakeBastion)
	beforeLastRead func(*fakeBastion) // before a removal reads its hosts for the last time
	afterWrite     func()
	delay          time.Duration
	batch          int

	templates  []inventory.AccountTemplate
	noTemplate bool                // the key may not see templates
	accounts   map[string][]string // asset id → ids of templates
	failAttach error
}

func (b *fakeBastion) recordCall(call string) { b.calls = append(b.calls, call) }

// addNode adds a node to the tree and returns its id.
func (b *fakeBastion) addNode(path string) string {
	if b.nodePaths == nil {
		b.nodePaths = map[string]string{}
	}
	b.made++
	id := fmt.Sprintf("node-%d", b.made)
	b.nodePaths[id] = path
	return id
}

func (b *fakeBastion) EnsureNode(ctx context.Context, path, known string) (inventory.Node, error) {
	b.mu.Lock()
	b.recordCall("nodes")
	b.mu.Unlock()
	n, err := b.FindNode(ctx, path, known)
	if err == nil && n.ID == "" {
		b.mu.Lock()
		defer b.mu.Unlock()
		n.ID, n.Created = b.addNode(path), true
	}
	return n, err
}

func (b *fakeBastion) FindNode(_ context.Context, path, known string) (inventory.Node, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failNodes != nil {
		return inventory.Node{}, b.failNodes
	}
	if path == b.refusedPath {
		return inventory.Node{}, &inventory.Error{Kind: inventory.Invalid, Message: "no node " + path}
	}
	if at, exists := b.nodePaths[known]; exists {
		return inventory.Node{ID: known, Path: at}, nil
	}
	for id, at := range b.nodePaths {
		if at == path {
			return inventory.Node{ID: id, Path: at, StoredIDGone: known != ""}, nil
		}
	}
	return inventory.Node{StoredIDGone: known != ""}, nil
}

func (b *fakeBastion) MissingPlatforms(_ context.Context, platforms []string) ([]string, error) {
	return slices.DeleteFunc(slices.Clone(platforms), func(name string) bool { return !slices.Contains(b.missingPlatforms, name) }), nil
}

func (b *fakeBastion) Create(_ context.Context, a inventory.NewAsset) (bool, error) {
	b.mu.Lock()
	b.busy++
	b.maxBusy = max(b.maxBusy, b.busy)
	b.mu.Unlock()
	time.Sleep(b.delay)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.busy--
	b.recordCall("create " + a.Name)
	if b.afterWrite != nil {
		defer b.afterWrite()
	}
	if b.failCreate != nil {
		if err := b.failCreate(a); err != nil {
			return false, err
		}
	}
	if !b.hasNodes(a.NodeIDs) {
		return false, &inventory.Error{Kind: inventory.Invalid, Message: "create " + a.Name, Err: inventory.ErrNodeGone}
	}
	if err := b.checkTemplates(a.Accounts); err != nil {
		return false, err
	}
	if _, there := b.assets[a.ID]; there {
		return true, nil
	}
	if err := b.checkNameFree(a.Name, a.ID); err != nil {
		return false, err
	}
	b.assets[a.ID] = inventory.Asset{
		ID: a.ID, Name: a.Name, Address: a.Address, Platform: a.Platform, Zone: a.Zone,
		Labels: a.Labels, Comment: a.Comment, Active: true, Host: true, Nodes: nodesText(a.NodeIDs), Protocols: a.Protocols,
	}
	b.attach(a.ID, a.Accounts)
	for _, id := range a.NodeIDs {
		b.assetsPerNode[id]++
	}
	return false, nil
}

// nodesText returns ids as inventory.Asset.Nodes has them.
func nodesText(ids []string) string {
	return strings.Join(slices.Compact(slices.Sorted(slices.Values(ids))), ",")
}

func (b *fakeBastion) hasNodes(ids []string) bool {
	return !slices.ContainsFunc(ids, func(id string) bool { return b.nodePaths[id] == "" })
}

// checkTemplates refuses accounts as JumpServer does.
func (b *fakeBastion) checkTemplates(ids []string) error {
	taken := map[string]bool{}
	for _, id := range ids {
		at := slices.IndexFunc(b.templates, func(t inventory.AccountTemplate) bool { return t.ID == id })
		if at < 0 {
			return &inventory.Error{Kind: inventory.Invalid, Message: "no template " + id, Err: inventory.ErrTemplateGone}
		}
		if taken[b.templates[at].Username] {
			return &inventory.Error{Kind: inventory.Invalid, Message: "template " + id, Err: inventory.ErrAccountsClash}
		}
		taken[b.templates[at].Username] = true
	}
	return nil
}

func (b *fakeBastion) attach(asset string, templates []string) {
	if b.accounts == nil {
		b.accounts = map[string][]string{}
	}
	b.accounts[asset] = append(b.accounts[asset], templates...)
}

func (b *fakeBastion) AttachAccounts(_ context.Context, accounts []inventory.NewAccount) []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	errs := make([]error, len(accounts))
	for n, a := range accounts {
		b.recordCall("attach " + a.AssetID[:8] + " " + a.TemplateID)
		errs[n] = b.failAttach
		if errs[n] == nil {
			errs[n] = b.checkTemplates([]string{a.TemplateID})
		}
		if errs[n] == nil && !slices.Contains(b.accounts[a.AssetID], a.TemplateID) {
			b.attach(a.AssetID, []string{a.TemplateID})
		}
	}
	return errs
}

func (b *fakeBastion) ListTemplates(context.Context, ...string) ([]inventory.AccountTemplate, bool, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recordCall("templates")
	if b.noTemplate {
		return nil, true, nil
	}
	return b.templates, false, nil
}

func (b *fakeBastion) checkNameFree(name, id string) error {
	if slices.Contains(b.hiddenNames, name) {
		return &inventory.Error{Kind: inventory.NameTaken, Message: "name taken: " + name}
	}
	for _, a := range b.assets {
		if a.Name == name && a.ID != id {
			return &inventory.Error{Kind: inventory.NameTaken, Message: "name taken: " + name}
		}
	}
	return nil
}

func (b *fakeBastion) UpdateBatchSize(context.Context, bool) int { return max(b.batch, 1) }
func (b *fakeBastion) RemoveBatchSize(context.Context) int       { return max(b.batch, 1) }

func (b *fakeBastion) Update(_ context.Context, patches []inventory.Patch, _ func([]int) []int) []error {
	b.mu.Lock()
	defer b.mu.Unlock()
	errs := make([]error, len(patches))
	for n, p := range patches {
		b.recordCall("update " + p.ID[:8] + sentSets(p))
		a := b.assets[p.ID]
		errs[n] = b.failUpdate
		if errs[n] == nil && !b.hasNodes(p.NodeIDs) {
			errs[n] = &inventory.Error{Kind: inventory.Invalid, Message: "update " + p.ID, Err: inventory.ErrNodeGone}
		}
		if errs[n] != nil {
			continue
		}
		if p.Name != nil {
			errs[n] = b.checkNameFree(*p.Name, p.ID)
			if errs[n] != nil {
				continue
			}
			a.Name = *p.Name
		}
		if p.Address != nil {
			a.Address = *p.Address
		}
		if p.Active != nil {
			a.Active = *p.Active
		}
		if p.Comment != nil {
			a.Comment = *p.Comment
		}
		if p.Labels != nil {
			a.Labels = p.Labels
		}
		if p.Zone != nil {
			a.Zone = *p.Zone
		}
		if p.Platform != nil {
			a.Platform = *p.Platform
		}
		if p.NodeIDs != nil {
			a.Nodes = nodesText(p.NodeIDs)
		}
		if p.Protocols != nil {
			a.Protocols = p.Protocols
		}
		b.assets[p.ID] = a
	}
	return errs
}

// sentSets names the sets that a patch replaces.
func sentSets(p inventory.Patch) string {
	text := ""
	if p.NodeIDs != nil {
		text += " nodes"
	}
	if p.Protocols != nil {
		text += " protocols"
	}
	return text
}

func (b *fakeBastion) Remove(_ context.Context, ids []string, still func(inventory.Asset) bool) []error {
	b.remove(b.readStillDue(ids, still))
	return make([]error, len(ids))
}

// readStillDue reads hosts for the last time before they are removed, and returns those that must still be removed.
func (b *fakeBastion) readStillDue(ids []string, still func(inventory.Asset) bool) []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.beforeLastRead != nil {
		b.beforeLastRead(b)
	}
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
		a, there := b.assets[id]
		return there && !still(a)
	})
}

func (b *fakeBastion) remove(ids []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, id := range ids {
		b.recordCall("remove " + id[:8])
		delete(b.assets, id)
	}
}

func (b *fakeBastion) AssetsByID(_ context.Context, ids []string) ([]inventory.Asset, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.recordCall("read")
	if b.onRead != nil {
		b.onRead(b)
	}
	var out []inventory.Asset
	for _, id := range ids {
		if a, ok := b.assets[id]; ok {
			out = append(out, a)
		}
	}
	return out, b.failRead
}

// world is a scope with instances, and JumpServer with the assets of earlier ones.
type world struct {
	instances []inventory.Instance
	bastion   *fakeBastion
	grace     time.Duration
	rules     []mapping.Rule
	manage    plan.FieldPolicies
}

func newWorld() *world {
	return &world{bastion: &fakeBastion{assets: map[string]inventory.Asset{}, assetsPerNode: map[string]int{}, batch: 100}, grace: time.Hour}
}

func instance(id, name, ip string) inventory.Instance {
	return inventory.Instance{
		Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "prod", Region: "cn-beijing"}, Owner: "1001",
		ID: id, Name: name, OSType: "linux", PrivateIPs: []string{ip},
	}
}

// addAsset adds the asset of an instance to JumpServer, as a run would have created it.
func (w *world) addAsset(i inventory.Instance, edit func(*inventory.Asset)) string {
	a := inventory.Asset{
		ID: inventory.AssetID(i.Cloud, i.Region, i.ID), Name: i.Name, Address: i.PrivateIPs[0], Platform: "Linux",
		Active: true, Host: true,
		Labels: []inventory.Label{
			{Name: inventory.LabelCloud, Value: string(i.Cloud)}, {Name: inventory.LabelAccount, Value: i.Account},
			{Name: inventory.LabelOwner, Value: i.Owner}, {Name: inventory.LabelRegion, Value: i.Region},
			{Name: inventory.LabelInstance, Value: i.ID},
		},
	}
	if edit != nil {
		edit(&a)
	}
	w.bastion.assets[a.ID] = a
	return a.ID
}

// approve plans and approves everything: the limits are wide and every proof is given.
func (w *world) approve() plan.Approved {
	var assets []inventory.Asset
	for _, a := range w.bastion.assets {
		assets = append(assets, a)
	}
	rules, _ := mapping.Compile(w.rules, mapping.Options{})
	p := plan.Build(plan.Input{
		Current: inventory.JumpServerAssets{
			Assets: assets, Platforms: map[string]inventory.Platform{"Linux": {SupportsZones: true}}, Templates: w.bastion.templates,
		},
		Listings: []inventory.Listing{{
			Scope: instance("", "", "").Scope, Owner: "1001", Instances: w.instances,
		}},
	}, plan.Rules{
		Accounts: map[string]plan.Account{"prod": {Type: "阿里云"}}, Mode: plan.ModeDelete, Grace: w.grace,
		Now: time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC), Mapping: rules, Manage: w.manage,
	})
	proofs := plan.Proofs{}
	for _, c := range p.Candidates() {
		proofs[c.AssetID] = plan.Proof{Absent: true}
	}
	return p.Approve(plan.Limits{Percent: 100, Min: 1000, Fleet: plan.Share{Percent: 100}, PerRun: 100000, AllowEmpty: true}, proofs)
}

func (w *world) run(t *testing.T, ctx context.Context) apply.Result {
	t.Helper()
	return apply.Run(ctx, w.bastion, w.approve(), options())
}

func options() apply.Options {
	return apply.Options{Writers: 8, Now: time.Now, Log: slog.New(slog.DiscardHandler)}
}

// countStates counts items as "action state".
func countStates(r apply.Result) map[string]int {
	out := map[string]int{}
	for _, i := range r.Items {
		out[fmt.Sprintf("%s %s", i.Change.Action, i.State)]++
	}
	return out
}
