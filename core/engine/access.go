package engine

import (
	"context"
	"errors"
	"time"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// compareAccess finds out who gains and who loses hosts by what a run wrote, or in a dry run would write, and by what a
// person may approve. It comes after
// all writes, so that it delays none, takes a small share of the time that is left, and no run fails by it.
func (e Engine) compareAccess(ctx context.Context, p *pass) {
	if e.Access == nil {
		return
	}
	made, held := access.NewMoves(p.nodes), access.NewMoves(p.nodes)
	for _, n := range p.applied.Nodes {
		if n.IsNew() {
			made.MarkNew(n.ConfiguredPath, n.ID)
		}
	}
	for _, i := range p.applied.Items {
		if i.State == apply.Done {
			made.Add(i.Change)
		}
	}
	for _, c := range p.holds {
		held.Add(c)
	}
	if made.IsEmpty() && held.IsEmpty() {
		return
	}
	e.EnterStage("access")
	d, err := access.Compute(ctx, e.Access, made, held, e.accessLimits(ctx, p.req.DryRun))
	switch {
	case inventory.KindOf(err) == inventory.Denied:
		e.Log.Info("who gains and who loses access is not known: the access key may not read access rules", "right", inventory.ViewAccessRules)
	case errors.Is(err, access.ErrTimeUp):
		e.Log.Info("who gains and who loses access is known in part", "error", err, "hosts_left", d.Unknown)
	case err != nil:
		e.Log.Warn("who gains and who loses access is known in part", "error", err, "hosts_left", d.Unknown)
	}
	p.access = &d
}

// accessLimits returns what a run may ask for: a person waits for a dry run, and all else for a run that writes.
func (e Engine) accessLimits(ctx context.Context, dryRun bool) access.Limits {
	left := time.Hour
	end, bounded := ctx.Deadline()
	if bounded {
		left = time.Until(end)
	}
	if !dryRun {
		return access.RunLimits(left)
	}
	l := access.PlanLimits()
	l.Time = min(l.Time, left/2)
	return l
}
