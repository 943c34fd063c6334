package enginetest

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// Ruling is what a HostWatch must know where mapping rules are at work, and what it remembers of that.
type Ruling struct {
	// Outcome returns what the rules of the run under way want of a machine's asset, as its cloud shows the machine.
	Outcome func(*Machine) mapping.Outcome
	// MayDeleteAtOnce reports whether assets are deleted without a grace, or ever were.
	MayDeleteAtOnce func() bool
	// Labels are the names of labels that rules set, which are not people's.
	Labels []string
	// Count counts something that rules did, in all worlds.
	Count func(what string)

	mine map[string]map[string]bool // ids of nodes that people put hosts into, by host
}

// The things that rules did, as Ruling.Count has them.
const (
	RuledMove     = "moves"
	RuledNewNode  = "new assets elsewhere than in their account's node"
	RuledOff      = "deactivations by rules"
	RuledOn       = "ends of these"
	RuledZone     = "zones"
	RuledPorts    = "ports"
	RuledLabels   = "labels"
	RuledAccounts = "accounts attached"
	RuledUnread   = "fields left as they are"
)

// RuledCounts returns all of them.
func RuledCounts() []string {
	return []string{RuledMove, RuledNewNode, RuledOff, RuledOn, RuledZone, RuledPorts, RuledLabels, RuledAccounts, RuledUnread}
}

// IsRuledOff reports whether a host carries jms-rule-off.
func IsRuledOff(host jumpservertest.Host) bool { return HasLabel(host, inventory.LabelRuleOff) }

// ruledState is what a HostWatch looks at besides the hosts.
type ruledState struct {
	nodes    map[string]string                   // paths by id
	accounts map[string][]jumpservertest.Account // by host
}

func (h *HostWatch) ruledState(hosts []jumpservertest.Host) ruledState {
	s := ruledState{nodes: h.Server.NodePaths(h.Org), accounts: map[string][]jumpservertest.Account{}}
	for _, host := range hosts {
		s.accounts[host.ID] = h.Server.AccountsOf(h.Org, host.ID)
	}
	return s
}

// nodeIDs returns the ids of a host's nodes.
func (s ruledState) nodeIDs(host jumpservertest.Host) map[string]bool {
	ids := map[string]bool{}
	for id, path := range s.nodes {
		if slices.Contains(host.Nodes, path) {
			ids[strings.ToLower(id)] = true
		}
	}
	return ids
}

// checkRuled: a write deletes no node, takes no asset out of a node that people put it into, takes away and changes no
// account, and leaves alone what rests on what its cloud does not show.
func (h *HostWatch) checkRuled(w Write, before, after ruledState) {
	for id, path := range before.nodes {
		if _, there := after.nodes[id]; !there {
			h.Errorf("the node %s was deleted", path)
		}
	}
	was := map[string]jumpservertest.Host{}
	for _, host := range w.Before {
		was[host.ID] = host
	}
	for _, host := range w.After {
		old, there := was[host.ID]
		m := h.MachineOf(host)
		switch {
		case m == nil:
		case there:
			h.checkRuledChange(m, old, host, before, after)
		default:
			h.checkRuledCreate(m, host)
		}
	}
	for _, removal := range w.Removed {
		if removal.Deleted && IsRuledOff(removal.Host) && !IsGone(removal.Host) && !h.Rules.MayDeleteAtOnce() {
			h.Errorf("%s was deleted because a rule had deactivated it", removal.Host.Name)
		}
	}
}

func (h *HostWatch) checkRuledChange(m *Machine, old, host jumpservertest.Host, before, after ruledState) {
	had, has := before.nodeIDs(old), after.nodeIDs(host)
	h.mu.Lock()
	for id := range h.Rules.mine[host.ID] {
		if had[id] && !has[id] {
			h.Errorf("%s was taken out of the node %s, into which people put it", host.Name, before.nodes[id])
		}
	}
	h.mu.Unlock()
	accounts := after.accounts[host.ID]
	for _, account := range before.accounts[host.ID] {
		if !slices.Contains(accounts, account) {
			h.Errorf("%s had the account %+v, and has %+v", host.Name, account, accounts)
		}
	}
	moved := !maps.Equal(had, has)
	h.countRuled(RuledMove, moved)
	h.countRuled(RuledZone, old.Zone != host.Zone)
	h.countRuled(RuledPorts, !reflect.DeepEqual(old.Protocols, host.Protocols))
	h.countRuled(RuledLabels, !slices.Equal(ownLabels(old), ownLabels(host)))
	h.countRuled(RuledAccounts, len(accounts) > len(before.accounts[host.ID]))
	h.countRuled(RuledOff, old.Active && !host.Active && IsRuledOff(host))
	h.countRuled(RuledOn, IsRuledOff(old) && !IsRuledOff(host) && host.Active)
	o := h.Rules.Outcome(m)
	for field, changed := range map[mapping.Field]bool{
		mapping.FieldNode: moved, mapping.FieldZone: old.Zone != host.Zone, mapping.FieldPlatform: old.Platform != host.Platform,
		mapping.FieldPort:   !reflect.DeepEqual(old.Protocols, host.Protocols) && old.Platform == host.Platform,
		mapping.FieldLabels: !slices.Equal(ownLabels(old), ownLabels(host)), mapping.FieldAccounts: len(accounts) > len(before.accounts[host.ID]),
	} {
		if o.Unread.Has(field) && changed {
			h.Errorf("the %s of %s changed, which rests on what its cloud does not show: %+v, was %+v", field, host.Name, host, old)
		}
	}
	h.countRuled(RuledUnread, o.Unread != 0)
}

// checkRuledCreate: no asset is made while it is not known where it belongs, or whether.
func (h *HostWatch) checkRuledCreate(m *Machine, host jumpservertest.Host) {
	h.mu.Lock()
	delete(h.Rules.mine, host.ID) // of an asset of the same id, which is no more
	h.mu.Unlock()
	o := h.Rules.Outcome(m)
	switch {
	case o.Unread.HasAny(mapping.FieldNode, mapping.FieldZone, mapping.FieldSkip, mapping.FieldActive):
		h.Errorf("%s was made, and its cloud does not show what its place rests on", host.Name)
	case o.Skip != "" && m.Alive, o.Inactive && m.Alive:
		h.Errorf("%s was made, and a rule says %q, inactive %t", host.Name, o.Skip, o.Inactive)
	}
	h.countRuled(RuledNewNode, len(o.Nodes) > 0)
}

func (h *HostWatch) countRuled(what string, is bool) {
	if is {
		h.Rules.Count(what)
	}
}

// setsLabel reports whether rules set a label of this name.
func (r *Ruling) setsLabel(label string) bool {
	name, _, _ := strings.Cut(label, ":")
	return r != nil && slices.Contains(r.Labels, name)
}

// ownLabels returns the labels of a host that are not of this program, sorted.
func ownLabels(host jumpservertest.Host) []string {
	labels := slices.DeleteFunc(slices.Clone(host.Labels), func(l string) bool { return strings.HasPrefix(strings.ToLower(l), "jms-") })
	slices.Sort(labels)
	return labels
}

// mayRuleOff reports whether a rule may have deactivated a host as it was: it carries the rule's own label, and never that of
// an instance that is gone, and a rule wants it so now.
func (h *HostWatch) mayRuleOff(m *Machine, host jumpservertest.Host) bool {
	return h.Rules != nil && IsRuledOff(host) && !IsGone(host) && h.Rules.Outcome(m).Inactive
}

// noteNodes remembers into which nodes a person put a host, and takes back those that a person took it out of. What the
// comment notes as ours is ours. h.mu is held.
func (r *Ruling) noteNodes(was, now jumpservertest.Host, before, after ruledState) {
	if r.mine == nil {
		r.mine = map[string]map[string]bool{}
	}
	if r.mine[now.ID] == nil {
		r.mine[now.ID] = map[string]bool{}
	}
	had, has := before.nodeIDs(was), after.nodeIDs(now)
	ours, _ := inventory.NotedNodes(now.Comment)
	for id := range has {
		if !had[id] && !slices.Contains(ours, id) && strings.Count(after.nodes[id], "/") > 1 {
			r.mine[now.ID][id] = true
		}
	}
	for id := range r.mine[now.ID] {
		if !has[id] {
			delete(r.mine[now.ID], id)
		}
	}
}
