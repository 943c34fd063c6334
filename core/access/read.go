package access

import (
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
	Rules int // whose members are asked for
	Time  time.Duration
}

// RunLimits are those of a run that writes: a tenth of the time that is left, so that a run keeps its time for writing.
func RunLimits(left time.Duration) Limits {
	return Limits{Nodes: 50, Rules: 100, Time: min(left/10, 20*time.Second)}
}

// PlanLimits are those of a plan that a person waits for.
func PlanLimits() Limits { return Limits{Nodes: 200, Rules: 500, Time: time.Minute} }

// ErrTimeUp is why nodes are not known that were not reached in Limits.Time.
var ErrTimeUp = errors.New("there was no more time to ask who reaches the hosts of nodes")

// Compute returns who gains and who loses hosts by the moves, as far as JumpServer says it within the limits. It changes
// the moves: paths become the nodes that they mean. err is what ended the asking, and part of the diff already; of kind
// Denied: the access key's user may not read access rules.
func Compute(ctx context.Context, from Reader, m *Moves, l Limits) (d Diff, err error) {
	if m.IsEmpty() {
		return Diff{Nodes: []Node{}}, nil
	}
	ctx, cancel := context.WithTimeout(ctx, l.Time)
	defer cancel()
	r := newReading(ctx, from, m, l)
	known, err := r.readPlaces()
	switch {
	case err == nil:
	case inventory.KindOf(err) == inventory.Denied:
		return Diff{Nodes: []Node{}, Lacks: inventory.ViewAccessRules}, err
	case ctx.Err() != nil:
		err = ErrTimeUp
	}
	m.dropEmpty()
	d = diffOf(m, known)
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
	moves   *Moves
	ids     map[string]string                  // path → id; "" = there is no such node
	reaches map[string]reach                   // by node id
	members map[string]inventory.AccessMembers // by rule id
}

func newReading(ctx context.Context, from Reader, m *Moves, l Limits) *reading {
	return &reading{
		ctx: ctx, from: from, limits: l, moves: m, ids: maps.Clone(m.made),
		reaches: map[string]reach{}, members: map[string]inventory.AccessMembers{},
	}
}

// errManyRules is why a node is not known whose rules are more than may be asked for.
var errManyRules = errors.New("too many rules")

// readPlaces returns who reaches each place, those of the most hosts first, until a limit is reached or an error says that
// the others would fare no better.
func (r *reading) readPlaces() (map[string]reach, error) {
	for _, place := range r.firstPlaces() {
		if err := r.resolve(place); err != nil {
			return nil, err
		}
	}
	known := map[string]reach{}
	for _, place := range r.firstPlaces() {
		id, err := r.nearestNode(place)
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

// firstPlaces returns the places that are asked for.
func (r *reading) firstPlaces() []string {
	all := r.moves.places()
	return all[:min(len(all), r.limits.Nodes)]
}

// resolve finds the node that a place means, if it is a path.
func (r *reading) resolve(place string) error {
	if !isPath(place) {
		return nil
	}
	id, err := r.find(place)
	if err == nil {
		r.moves.resolve(place, id)
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
func (r *reading) nearestNode(place string) (string, error) {
	if !isPath(place) {
		return place, nil
	}
	for path := place; path != ""; path = path[:strings.LastIndex(path, "/")] {
		id, read := r.moves.byPath[path]
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
