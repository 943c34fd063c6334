package access

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Reader is what is asked of JumpServer.
type Reader interface {
	// FindNode returns the node of a configured path; without an id = there is none.
	FindNode(ctx context.Context, path, known string) (inventory.Node, error)
	// AccessRulesOfNode returns the access rules that count now and reach a node: its own, and those of its ancestors.
	AccessRulesOfNode(ctx context.Context, nodeID string) ([]inventory.AccessRule, error)
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
	r.limits.Nodes = l.Held
	if err != nil { // nothing more is asked
		r.limits.Nodes = 0
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
	ids     map[string]string                  // path → id; "" = there is no such node
	reaches map[string]reach                   // by node id
	members map[string]inventory.AccessMembers // by rule id
}

func newReading(ctx context.Context, from Reader, l Limits) *reading {
	return &reading{
		ctx: ctx, from: from, limits: l, ids: map[string]string{},
		reaches: map[string]reach{}, members: map[string]inventory.AccessMembers{},
	}
}

// errManyRules is why a node is not known whose rules are more than may be asked for.
var errManyRules = errors.New("too many rules")

// readPlaces returns who reaches each place, those of the most hosts first, until a limit is reached or an error says that
// the others would fare no better.
func (r *reading) readPlaces(m *Moves) (map[string]reach, error) {
	for _, place := range m.firstPlaces(r.limits.Nodes) {
		if err := r.resolve(m, place); err != nil {
			return nil, err
		}
	}
	known := map[string]reach{}
	for _, place := range m.firstPlaces(r.limits.Nodes) {
		id, err := r.nearestNode(place, m.byPath)
		if err != nil {
			return known, err
		}
		if id == "" {
			continue
		}
		reached, err := r.reachOf(id)
		switch {
		case err == nil:
			known[place] = reached
		case !errors.Is(err, errManyRules):
			return known, err
		}
	}
	return known, nil
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
	for path := place; path != ""; path = path[:strings.LastIndex(path, "/")] {
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

// reachOf returns who reaches the hosts of a node.
func (r *reading) reachOf(id string) (reach, error) {
	reached, asked := r.reaches[id]
	if asked {
		return reached, nil
	}
	rules, err := r.from.AccessRulesOfNode(r.ctx, id)
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

func (r *reading) membersOf(rule inventory.AccessRule) (inventory.AccessMembers, error) {
	members, asked := r.members[rule.ID]
	if asked || rule.Users+rule.Groups == 0 {
		return members, nil
	}
	if len(r.members) >= r.limits.Rules {
		return members, errManyRules
	}
	members, err := r.from.MembersOfAccessRule(r.ctx, rule)
	if err == nil {
		r.members[rule.ID] = members
	}
	return members, err
}
