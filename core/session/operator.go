package session

import (
	"context"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/operator"
)

// Operator actions query every account, including those in quarantine. One that writes waits for nobody: while a run is
// at work it fails and does nothing, otherwise it keeps runs away until it is done.

// Adopt labels existing assets as those of running instances.
func (s *Session) Adopt(ctx context.Context, o operator.Action) (operator.Result, error) {
	return s.runOperatorAction(ctx, o, operator.Adopt)
}

// Disown removes our labels from assets.
func (s *Session) Disown(ctx context.Context, o operator.Action) (operator.Result, error) {
	return s.runOperatorAction(ctx, o, operator.Disown)
}

// Retire removes the orphans of an account or region, or adopted assets that were deactivated long ago.
func (s *Session) Retire(ctx context.Context, o operator.Action) (operator.Result, error) {
	return s.runOperatorAction(ctx, o, operator.Retire)
}

// Reactivate activates assets that we deactivated.
func (s *Session) Reactivate(ctx context.Context, o operator.Action) (operator.Result, error) {
	return s.runOperatorAction(ctx, o, operator.Reactivate)
}

func (s *Session) runOperatorAction(ctx context.Context, o operator.Action, run func(context.Context, engine.Engine, operator.Action) operator.Result) (out operator.Result, err error) {
	err = s.runExclusively(ctx, o.Write, func(ctx context.Context) {
		out = run(ctx, s.operatorEngine(ctx), s.operatorAction(o))
		if o.Write && out.Report.Deactivated+out.Report.Deleted > 0 && s.store != nil {
			s.recordHistory(ctx, out.RunResult)
		}
		if o.Write {
			s.recordOrder(ctx, out)
		}
	})
	out.Report = out.Report.WithProblem(s.outage.lateProblem(), s.Language())
	return out, err
}

// CleanLabels removes unused rows from JumpServer's label page.
func (s *Session) CleanLabels(ctx context.Context, o operator.LabelCleanup) (out operator.LabelCleanupResult, err error) {
	err = s.runExclusively(ctx, o.Write, func(ctx context.Context) {
		out = operator.CleanLabels(ctx, s.engine, s.cache.client, o)
	})
	return out, err
}

// runExclusively carries an action out, within timeout.run. One that writes holds the lease of full runs meanwhile.
func (s *Session) runExclusively(ctx context.Context, writes bool, carryOut func(context.Context)) error {
	ctx, end := s.WithRunTimeout(ctx)
	defer end()
	s.outage.start(ctx)
	if writes {
		defer s.saveRate(ctx)
		leased, release, _, err := s.acquireRunLease(ctx, fullKey, s.holder, true)
		if err != nil {
			return err
		}
		defer release()
		ctx = leased
	}
	carryOut(ctx)
	return nil
}
