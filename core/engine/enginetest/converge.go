package enginetest

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// Convergence is what CheckConverged must know.
type Convergence struct {
	Lang language.Lang
	// Excuses are the reasons for which an asset may be skipped; none = any that is told.
	Excuses []reason.Code
	// Drifts says that what is told as drift excuses an asset, too.
	Drifts bool
	// Lists reports whether the configuration lists a machine; nil = all.
	Lists func(*Machine) bool
}

// told returns the instances and assets of which a run says why they stay, and how many removals it holds.
func (c Convergence) told(last engine.RunResult) (told map[string]bool, held int) {
	told = map[string]bool{}
	for l := range last.PlanLines {
		excused := l.Action == plan.Hold || l.Action == plan.Orphan ||
			l.Action == plan.Skip && (len(c.Excuses) == 0 || slices.Contains(c.Excuses, l.Reason.Code))
		excused = excused || c.Drifts && l.Action == plan.Drift
		if excused && l.Reason.Text(c.Lang) != "" {
			told[l.InstanceID], told[l.AssetID] = true, true
		}
		if l.Action == plan.Hold {
			held++
		}
	}
	return told, held
}

// CheckConverged compares JumpServer with the clouds after a full run with nothing in its way: every living machine that is
// listed has its asset, and what is still open of another is held, or left alone for a reason that is told. It returns how
// many removals are held.
func (h *HostWatch) CheckConverged(last engine.RunResult, c Convergence) (held int) {
	told, held := c.told(last)
	if last.Report.Held != held {
		h.Errorf("%d removals are held, and %d reported", held, last.Report.Held)
	}
	hosts := map[string]jumpservertest.Host{}
	for _, host := range h.Server.Hosts(h.Org) {
		hosts[host.ID] = host
	}
	for _, m := range h.Machines {
		host, there := hosts[m.AssetID()]
		switch {
		case h.IsMentioned(m.ID), m.MistakenOwner != "":
		case !m.Alive && there && host.Active && !told[m.ID] && !told[host.ID]:
			h.Errorf("%s is gone, its asset %s is active, and nobody is told why", m.ID, host.Name)
		case !m.Alive, c.Lists != nil && !c.Lists(m), !there && m.Address == "", !there && h.Rules != nil && told[m.ID]:
		case !there:
			h.Errorf("%s lives and has no asset", m.ID)
		case plan.IsOurs(AssetOf(host)) && !h.IsFrozen(host.ID): // without marks, or as a gateway, it is people's
			h.checkLiving(m, host, told[host.ID])
		}
	}
	return held
}

// checkLiving: name (up to its suffix), address and state are those of a living machine.
func (h *HostWatch) checkLiving(m *Machine, host jumpservertest.Host, told bool) {
	h.mu.Lock()
	off := h.off[host.ID]
	h.mu.Unlock()
	var o mapping.Outcome
	if h.Rules != nil {
		o = h.Rules.Outcome(m)
	}
	skipped := o.Skip != "" && told // it stays as it is, and that is told
	if !skipped && !hasNameOf(m, host.Name) {
		h.Errorf("%s is called %q, its asset %q", m.ID, m.Name, host.Name)
	}
	if !skipped && m.Address != "" && host.Address != m.Address {
		h.Errorf("%s has the address %s, its asset %s", m.ID, m.Address, host.Address)
	}
	if o.Inactive && host.Active && !told {
		h.Errorf("%s is to be inactive by a rule, its asset %s is active, and nobody is told why", m.ID, host.Name)
	}
	if !skipped && (host.Active == off && !o.Inactive || IsGone(host)) {
		h.Errorf("%s lives, its asset has active %t (switched off by a person: %t), labels %v", m.ID, host.Active, off, host.Labels)
	}
}

// hasNameOf reports whether a host is called as its machine, with its id where the name is taken. JumpServer cuts long
// names, and a database may not hold all characters. An adopted host keeps its own name.
func hasNameOf(m *Machine, name string) bool {
	switch {
	case m.Adopted != "":
		return strings.HasPrefix(name, "hand-")
	case len(m.Name) > 60 || len(m.Name) > utf8.RuneCountInString(m.Name):
		return strings.HasPrefix(m.Name, name) || strings.Contains(name, m.ID)
	}
	return name == m.Name || name == m.Name+"-"+m.ID || name == m.Name+"-"+m.ID+"-2"
}
