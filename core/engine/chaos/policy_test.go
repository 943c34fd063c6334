package chaos

import (
	"context"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/state"
)

// orders are what people want of a run as it begins.
type orders struct {
	rules    plan.Rules
	limits   plan.Limits
	paused   state.Pause
	unread   bool            // the store may not tell the pause; then only removals wait
	clockOff bool            // our clock is so far from the clouds' that nothing may be removed
	released map[string]bool // of a run on events: the instances of which one says that they are released; nil = a full run
}

// noteOrders notes what people want of the run that begins.
func (w *world) noteOrders(s *site, faults []*fault) {
	w.orders = orders{rules: w.rules, limits: w.limits, clockOff: w.ahead.Abs() > cloud.MaxSkew+time.Minute}
	w.orders.unread = slices.ContainsFunc(faults, func(f *fault) bool { return f.peerLine == stateStore })
	jumps := slices.ContainsFunc(faults, func(f *fault) bool { return f.kind == clockJump })
	w.orders.clockOff = w.orders.clockOff && !jumps
	stale := slices.ContainsFunc(faults, func(f *fault) bool { return f.kind == oldObject })
	if s.store == nil || stale || jumps || w.ahead != 0 {
		return
	}
	w.quiet(true)
	defer w.quiet(false)
	p, err := s.store.LoadPause(context.Background())
	if err == nil && p.IsActive(time.Now()) && (p.Until.IsZero() || time.Until(p.Until) > time.Hour) {
		w.orders.paused = p
	}
}

// checkOrders: a run removed nothing that people did not let it remove.
func (w *world) checkOrders(s *site) {
	o := w.orders
	for _, r := range s.removed {
		switch {
		case o.clockOff:
			w.Errorf("%s was removed by a machine whose clock is %v ahead", r.Host.Name, w.ahead)
		case o.rules.NoDelete:
			w.Errorf("%s was removed, and nothing may be", r.Host.Name)
		case r.Deleted && o.rules.Mode == plan.ModeDeactivate:
			w.Errorf("%s was deleted, and may only be deactivated", r.Host.Name)
		case o.limits.Approval == plan.ApproveRemovals && !s.approved[r.Host.ID] || o.limits.Approval == plan.ApproveAll:
			w.Errorf("%s was removed, and nobody approved it", r.Host.Name)
		case o.paused.Exists():
			w.Errorf("%s was removed during a pause: %+v", r.Host.Name, o.paused)
		case isIn(r.Host.Address, o.rules.Protected):
			w.Errorf("%s was removed, and %s is protected", r.Host.Name, r.Host.Address)
		case len(o.rules.Whitelist) > 0 && !isIn(r.Host.Address, o.rules.Whitelist):
			w.Errorf("%s was removed, and %s is not whitelisted", r.Host.Name, r.Host.Address)
		case len(o.rules.ProtectedNames) > 0 && strings.HasPrefix(strings.ToLower(r.Host.Name), "web"):
			w.Errorf("%s was removed, and its name is protected", r.Host.Name)
		case strings.HasPrefix(r.Host.Platform, "Gateway"):
			w.Errorf("%s was removed, and is a gateway", r.Host.Name)
		case o.released != nil && !o.released[r.Machine.ID]:
			w.Errorf("%s was closed by events that do not say that it was released", r.Host.Name)
		}
	}
	if n := s.server.Writes(); n > 0 && (o.limits.Approval == plan.ApproveAll || o.paused.Exists() && !o.paused.Removals && !o.unread) {
		w.Errorf("%d writes, and nothing may be written: %v", n, s.server.Calls())
	}
}

func isIn(address string, networks []netip.Prefix) bool {
	at, err := netip.ParseAddr(address)
	return err == nil && slices.ContainsFunc(networks, func(p netip.Prefix) bool { return p.Contains(at) })
}

// checkEarly: nothing is deleted before its grace is over, by everybody else's clock: the shortest that was configured. That
// a person switched an asset on and off again before any run could note it (jms-reopened) does not begin a new grace.
func (w *world) checkEarly(s *site, did enginetest.Write) {
	now := map[string]bool{}
	for _, h := range did.After {
		now[h.ID] = true
		if enginetest.IsGone(h) && (!h.Active || !enginetest.HasLabel(h, inventory.LabelReopened)) {
			if _, known := w.closedAt[s.name+s.org+h.ID]; !known {
				w.closedAt[s.name+s.org+h.ID] = time.Now()
			}
			continue
		}
		delete(w.closedAt, s.name+s.org+h.ID)
	}
	for _, h := range did.Before {
		at, closed := w.closedAt[s.name+s.org+h.ID]
		if now[h.ID] || !closed {
			continue
		}
		delete(w.closedAt, s.name+s.org+h.ID)
		if since := time.Since(at); since < w.shortestGrace {
			w.Errorf("%s was deleted %v after it was closed, and has %v", h.Name, since, w.shortestGrace)
		}
	}
}
