package session

import (
	"context"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/explain"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
)

// PlanRequest narrows a plan; the zero value means everything.
type PlanRequest struct {
	Accounts, Regions []string
	Only              []string // instances and assets, see engine.Request
	Review            bool     // the result holds what a person can approve
	Access            bool     // JumpServer is asked who gains and who loses access, also where there are no rules
}

func (r PlanRequest) dryRun() engine.Request {
	return engine.Request{Accounts: r.Accounts, Regions: r.Regions, DryRun: true, Only: r.Only, WantReview: r.Review}
}

// Plan makes a run that writes nothing and notifies nobody.
func (s *Session) Plan(ctx context.Context, r PlanRequest) engine.RunResult {
	return s.runFull(ctx, fullRun{request: r.dryRun(), silent: true, asksAccess: r.Access})
}

// Explain makes a plan whose result holds all that was read, with more of instances and assets than a run needs: for a
// person who asks about one of them. What the access key may not read besides is left out.
func (s *Session) Explain(ctx context.Context, r PlanRequest) engine.RunResult {
	run := fullRun{request: r.dryRun(), silent: true}
	run.request.WantBasis = true
	needs := s.rules().Needs()
	needs.Zones, needs.Templates, needs.Nodes, needs.Protocols = true, true, true, true
	client, err := newClient(s.cfg, needs, s.log)
	if err == nil {
		defer client.Close()
		run.bastion = client
		out := s.runFull(ctx, run)
		if out.Err == nil || inventory.KindOf(out.Err) != inventory.Denied {
			return out
		}
		s.log.Info("explain reads no more of JumpServer than a run does", "reason", out.Err)
	}
	run.bastion = nil
	return s.runFull(ctx, run)
}

// ExplainSubject explains one subject of what was read, and asks who can reach its asset. The error is why not all of that is
// known; nil also where a right is lacking, which the explanation says.
func (s *Session) ExplainSubject(ctx context.Context, b plan.Basis, subject plan.Subject, lang language.Lang) (explain.Explanation, error) {
	e := explain.Build(b, subject, lang)
	id := ""
	switch {
	case subject.Asset != nil:
		id = subject.AssetID
	case subject.Instance == nil:
		return e, nil
	}
	reached, err := s.AccessOf(ctx, id, e.Places())
	e.Access = &reached
	if reached.Lacks != "" {
		return e, nil
	}
	return e, err
}

// AccessOf returns who can reach a host: an asset that exists, otherwise one that is yet to be made in nodes of these paths.
func (s *Session) AccessOf(ctx context.Context, assetID string, places []string) (access.Host, error) {
	ctx, end := s.WithRunTimeout(ctx)
	defer end()
	if assetID != "" {
		return access.OfAsset(ctx, s.cache.client, assetID, access.PlanLimits())
	}
	return access.OfPlaces(ctx, s.cache.client, places, access.PlanLimits())
}
