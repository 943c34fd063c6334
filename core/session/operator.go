package session

import (
	"context"

	"github.com/jms-sync/jms-sync/core/engine"
)

// Orders of a person ask every account, also those in quarantine. One that writes waits for nobody: its error is that a
// run is at work, and then nothing is done. Otherwise it keeps runs away as long as it works.

// Adopt marks assets that are not ours as those of running instances.
func (s *Session) Adopt(ctx context.Context, o engine.OperatorAction) (engine.RunResult, error) {
	return s.runOrder(ctx, o, s.engine.Adopt)
}

// Disown takes our marks off assets.
func (s *Session) Disown(ctx context.Context, o engine.OperatorAction) (engine.RunResult, error) {
	return s.runOrder(ctx, o, s.engine.Disown)
}

// Retire ends the orphans of an account or region, or adopted assets that were deactivated long ago.
func (s *Session) Retire(ctx context.Context, o engine.OperatorAction) (engine.RunResult, error) {
	return s.runOrder(ctx, o, s.engine.Retire)
}

// Reactivate switches on again what we deactivated.
func (s *Session) Reactivate(ctx context.Context, o engine.OperatorAction) (engine.RunResult, error) {
	return s.runOrder(ctx, o, s.engine.Reactivate)
}

func (s *Session) runOrder(ctx context.Context, o engine.OperatorAction, run func(context.Context, engine.OperatorAction) engine.RunResult) (out engine.RunResult, err error) {
	err = s.alone(ctx, o.Write, func(ctx context.Context) {
		out = run(ctx, s.operatorAction(o))
	})
	return out, err
}

// CleanLabels removes unused rows from JumpServer's label page.
func (s *Session) CleanLabels(ctx context.Context, o engine.LabelCleanup) (out engine.LabelCleanupResult, err error) {
	err = s.alone(ctx, o.Write, func(ctx context.Context) {
		out = s.engine.CleanLabels(ctx, s.cache.client, o)
	})
	return out, err
}

// alone carries an order out; one that writes with the lease of full runs.
func (s *Session) alone(ctx context.Context, writes bool, carryOut func(context.Context)) error {
	if writes {
		defer s.saveRate(ctx)
		held, release, _, err := s.acquireLease(ctx, shardKey(engine.Request{}), s.holder)
		if err != nil {
			return err
		}
		defer release()
		ctx = held
	}
	carryOut(ctx)
	return nil
}
