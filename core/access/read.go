package access

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Reader is what is asked of JumpServer.
type Reader interface {
	// FindNode returns the node of a configured path; without an id = there is none.
	FindNode(ctx context.Context, path, known string) (inventory.Node, error)
	// AccessRulesOfNode returns the access rules that count now and reach a node: its own, and those of its ancestors.
	AccessRulesOfNode(ctx context.Context, nodeID string) ([]inventory.AccessRule, error)
	// AccessGrants returns all access rules that count now, with the nodes that each names: a few lists, however many rules
	// and nodes there are.
	AccessGrants(ctx context.Context) ([]inventory.AccessGrant, error)
	// MembersOfAccessRule returns to whom a rule gives its hosts.
	MembersOfAccessRule(ctx context.Context, rule inventory.AccessRule) (inventory.AccessMembers, error)
}

// Limits bound what is asked.
type Limits struct {
	Nodes int // of the most hosts
	Held  int // the same, of what is held, which every run finds anew until somebody decides
	Rules int // whose members are asked for
	Time  time.Duration
}

// RunLimits are those of a run that writes: a tenth of the time that is left, so that a run keeps its time for writing.
func RunLimits(left time.Duration) Limits {
	return Limits{Nodes: 50, Held: 5, Rules: 100, Time: min(left/10, 20*time.Second)}
}

// PlanLimits are those of a plan that a person waits for.
func PlanLimits() Limits { return Limits{Nodes: 200, Held: 200, Rules: 500, Time: time.Minute} }

// ErrTimeUp is why nodes are not known that were not reached in Limits.Time.
var ErrTimeUp = errors.New("there was no more time to ask who reaches the hosts of nodes")

// Compute returns who gains and who loses hosts by the moves that are made, and, under Held, by those that are held, as far
// as JumpServer says it within the limits. It changes the moves: paths become the nodes that they mean. err is what ended
// the asking, and part of the diff already; of kind Denied: the access key's user may not read access rules.
func Compute(ctx context.Context, from Reader, made, held *Moves, l Limits) (Diff, error) {
	ctx, cancel := context.WithTimeout(ctx, l.Time)
	defer cancel()
	r := newReading(ctx, from, l)
	maps.Copy(r.ids, made.made)
	d, err := r.compare(made)
	if inventory.KindOf(err) == inventory.Denied {
		return Diff{Nodes: []Node{}, Lacks: inventory.ViewAccessRules}, err
	}
	if held.IsEmpty() {
		return d, err
	}
	held.takePaths(made)
	r.left = l.Held
	if err != nil { // nothing more is asked
		r.left, r.grants = 0, nil
	}
	ifApproved, heldErr := r.compare(held)
	if inventory.KindOf(heldErr) == inventory.Denied {
		return Diff{Nodes: []Node{}, Lacks: inventory.ViewAccessRules}, heldErr
	}
	d.Held = &ifApproved
	return d, cmp.Or(err, heldErr)
}

// compare returns who gains and who loses hosts by some moves.
func (r *reading) compare(m *Moves) (Diff, error) {
	if m.IsEmpty() {
		return Diff{Nodes: []Node{}}, nil
	}
	known, err := r.readPlaces(m)
	if err != nil && r.ctx.Err() != nil {
		err = ErrTimeUp
	}
	m.dropEmpty()
	d := diffOf(m, known)
	if err != nil && !errors.Is(err, ErrTimeUp) {
		d.Failure = err.Error()
	}
	return d, err
}

// reading is what one Compute has read.
type reading struct {
	ctx     context.Context
	from    Reader
	limits  Limits
	left    int                                // nodes that may still be asked for
	ids     map[string]string                  // path → id; "" = there is no such node
	grants  map[string][]inventory.AccessRule  // by the id of the node that they name; nil = not read
	reaches map[string]reach                   // by node id
	members map[string]inventory.AccessMembers // by rule id
}

func newReading(ctx context.Context, from Reader, l Limits) *reading {
	return &reading{
		ctx: ctx, from: from, limits: l, left: l.Nodes, ids: map[string]string{},
		reaches: map[string]reach{}, members: map[string]inventory.AccessMembers{},
	}
}

// errLimit is why a node is not known: more nodes or rules than may be asked for.
var errLimit = errors.New("too many nodes or rules")

// readPlaces returns who reaches each place, those of the most hosts first, as far as the limits go, until an error says
// that the others would fare no better.
func (r *reading) readPlaces(m *Moves) (map[string]reach, error) {
	if err := r.prepare(m); err != nil {
		return nil, err
	}
	known := map[string]reach{}
	for _, place := range m.places() {
		if r.left == 0 && r.grants == nil {
			break
		}
		reached, err := r.reachOfPlace(place, m)
		switch {
		case err == nil && reached != nil:
			known[place] = reached
		case err != nil && !errors.Is(err, errLimit):
			return known, err
		}
	}
	return known, nil
}

// prepare finds the nodes that paths mean, and reads all access rules at once where that is less than to ask by node.
func (r *reading) prepare(m *Moves) error {
	if r.left == 0 {
		return nil
	}
	for _, place := range m.places() {
		if err := r.resolve(m, place); err != nil {
			return err
		}
	}
	if r.grants != nil || len(m.places()) < grantsFrom || !m.knowsPaths() {
		return nil
	}
	err := r.readGrants()
	if inventory.KindOf(err) == inventory.Denied || r.ctx.Err() != nil {
		return err
	}
	return nil // nodes can be asked for one by one
}

// resolve finds the node that a place means, if it is a path.
func (r *reading) resolve(m *Moves, place string) error {
	if !isPath(place) {
		return nil
	}
	id, err := r.find(place)
	if err == nil {
		m.resolve(place, id)
	}
	return err
}

// find returns the id of the node at a path; "" = there is none.
func (r *reading) find(path string) (string, error) {
	id, asked := r.ids[path]
	if asked {
		return id, nil
	}
	at, err := r.from.FindNode(r.ctx, path, "")
	if err == nil {
		r.ids[path] = at.ID
	}
	return at.ID, err
}

// nearestNode returns the node whose rules reach a place: the node itself, or the nearest of its ancestors that exist.
// byPath has the ids of nodes that were read.
func (r *reading) nearestNode(place string, byPath map[string]string) (string, error) {
	if !isPath(place) {
		return place, nil
	}
	for path := place; path != ""; path = above(path) {
		id, read := byPath[path]
		if read && path != place {
			return id, nil
		}
		id, err := r.find(path)
		if err != nil || id != "" {
			return id, err
		}
	}
	return "", nil
}

// reachOfPlace returns who reaches the hosts of a place; nil = there is no node above it.
func (r *reading) reachOfPlace(place string, m *Moves) (reach, error) {
	id, err := r.nearestNode(place, m.byPath)
	if err != nil || id == "" {
		return nil, err
	}
	return r.reachOf(id, m)
}

// reachOf returns who reaches the hosts of a node.
func (r *reading) reachOf(id string, m *Moves) (reach, error) {
	reached, asked := r.reaches[id]
	if asked {
		return reached, nil
	}
	rules, err := r.rulesOf(id, m)
	if err != nil {
		return nil, err
	}
	reached = reach{}
	for _, rule := range rules {
		if rule.LoginDenied {
			continue
		}
		members, err := r.membersOf(rule)
		if err != nil {
			return nil, err
		}
		reached.addRule(rule, members)
	}
	r.reaches[id] = reached
	return reached, nil
}

// rulesOf returns the rules that reach a node: by the grants, where these and the nodes above it are known.
func (r *reading) rulesOf(id string, m *Moves) ([]inventory.AccessRule, error) {
	lineage, known := m.lineage(id)
	switch {
	case r.grants != nil && known:
	case r.left == 0:
		return nil, errLimit
	default:
		r.left--
		return r.from.AccessRulesOfNode(r.ctx, id)
	}
	var rules []inventory.AccessRule
	for _, node := range lineage {
		rules = append(rules, r.grants[node]...)
	}
	return rules, nil
}

// grantsFrom is from how many places on all access rules are read at once: that is five lists or more.
const grantsFrom = 10

func (r *reading) readGrants() error {
	all, err := r.from.AccessGrants(r.ctx)
	if err != nil {
		return err
	}
	r.grants = map[string][]inventory.AccessRule{}
	for _, g := range all {
		for _, node := range g.NodeIDs {
			r.grants[node] = append(r.grants[node], g.AccessRule)
		}
	}
	return nil
}

func (r *reading) membersOf(rule inventory.AccessRule) (inventory.AccessMembers, error) {
	members, asked := r.members[rule.ID]
	if asked || rule.Users+rule.Groups == 0 {
		return members, nil
	}
	if len(r.members) >= r.limits.Rules {
		return members, errLimit
	}
	members, err := r.from.MembersOfAccessRule(r.ctx, rule)
	if err == nil {
		r.members[rule.ID] = members
	}
	return members, err
}
