package enginetest

import (
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/plan"
)

// The methods of this file are what people do in JumpServer. The watch keeps it in mind, because it must stay.

// AddForeign puts a host of other people's into JumpServer. mentions are the instances that it names.
func (h *HostWatch) AddForeign(host jumpservertest.Host, mentions ...string) {
	id := h.Server.Seed(h.Org, host)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.foreign[id] = h.find(id)
	for _, instance := range mentions {
		h.mentioned[instance] = true
	}
}

// find returns the host with an id.
func (h *HostWatch) find(id string) jumpservertest.Host {
	hosts := h.Server.Hosts(h.Org)
	at := slices.IndexFunc(hosts, func(host jumpservertest.Host) bool { return host.ID == id })
	if at < 0 {
		return jumpservertest.Host{}
	}
	return hosts[at]
}

// IsForeign reports whether a host is other people's.
func (h *HostWatch) IsForeign(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	_, is := h.foreign[id]
	return is
}

// IsMentioned reports whether a host of other people's names an instance, which therefore gets no asset.
func (h *HostWatch) IsMentioned(instance string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.mentioned[instance]
}

// Edit changes a host as people do, and keeps what they made of it.
func (h *HostWatch) Edit(id string, change func(*jumpservertest.Host)) {
	was, before := h.find(id), ruledState{}
	if h.Rules != nil {
		before = h.ruledState(nil)
	}
	if !h.Server.Edit(h.Org, id, change) {
		return
	}
	now := h.find(id)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.Rules != nil {
		h.Rules.noteNodes(was, now, before, h.ruledState(nil))
	}
	if _, other := h.foreign[id]; other {
		h.foreign[id] = now
	} else {
		h.edited[id] = now
	}
}

// SwitchOn makes a host active, inside Edit.
func (h *HostWatch) SwitchOn(host *jumpservertest.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.on[host.ID], h.off[host.ID] = h.on[host.ID] || IsGone(*host), false
	host.Active = true
}

// SwitchOff makes a host inactive, inside Edit.
func (h *HostWatch) SwitchOff(host *jumpservertest.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	again := IsRuledOff(*host) && !IsGone(*host) && HasLabel(*host, inventory.LabelReopened)
	h.off[host.ID], h.on[host.ID] = h.off[host.ID] || !isClosed(*host) || again, false
	host.Active = false
}

// Keep labels an active host so that it is never removed, inside Edit.
func (h *HostWatch) Keep(host *jumpservertest.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if host.Active && !h.kept[host.ID] {
		host.Labels = append(host.Labels, inventory.LabelKeep+":audit")
		h.kept[host.ID] = true
	}
}

// Delete deletes a host of ours as a person does.
func (h *HostWatch) Delete(id string) {
	h.Server.DeleteAsset(h.Org, id)
	h.mu.Lock()
	defer h.mu.Unlock()
	h.forget(id)
}

// BeginRun forgets what was changed in the middle of the last run.
func (h *HostWatch) BeginRun() {
	h.mu.Lock()
	defer h.mu.Unlock()
	clear(h.working)
}

// ChangedMeanwhile says that a person changed a host after the run under way has planned: it must not be removed now.
func (h *HostWatch) ChangedMeanwhile(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.working[id] = true
}

// ReportedEmpty says that JumpServer answered with a whole answer that it has no hosts. Then others are not seen, and what
// they name may be doubled.
func (h *HostWatch) ReportedEmpty() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.mayDouble = true
}

// Freeze says that a person made of a host what is never written to, such as a gateway.
func (h *HostWatch) Freeze(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.frozen[id] = true
}

// IsFrozen reports whether a person made of a host what is never written to.
func (h *HostWatch) IsFrozen(id string) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.frozen[id]
}

// Refresh takes all hosts for as people made them, after a person changed many of them at once: on the label page, or in
// the tree of nodes.
func (h *HostWatch) Refresh() {
	hosts := h.Server.Hosts(h.Org)
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, host := range hosts {
		if _, other := h.foreign[host.ID]; other {
			h.foreign[host.ID] = host
			continue
		}
		if _, edited := h.edited[host.ID]; edited {
			h.edited[host.ID] = host
		}
		if !HasLabel(host, inventory.LabelKeep) {
			delete(h.kept, host.ID)
		}
		if isClosed(host) && !HasLabel(host, inventory.LabelOff) { // nothing says any more that a person had switched it off before
			delete(h.off, host.ID)
		}
		if !IsGone(host) { // nothing says any more that the instance is gone
			delete(h.on, host.ID)
		}
		if !isClosed(host) { // nothing says any more that it was not a person
			h.off[host.ID] = h.off[host.ID] || !host.Active
		}
		if asset := AssetOf(host); !plan.IsOurs(asset) && !plan.IsUnproved(asset) {
			h.unmarked[host.ID] = true
		}
	}
}
