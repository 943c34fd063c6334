package session

import (
	"context"

	"github.com/jms-sync/jms-sync/core/engine"
)

// Adopt marks assets that are not ours as those of running instances.
func (s *Session) Adopt(ctx context.Context, o engine.OperatorAction) engine.RunResult {
	return s.engine.Adopt(ctx, s.operatorAction(o))
}

// Disown takes our marks off assets.
func (s *Session) Disown(ctx context.Context, o engine.OperatorAction) engine.RunResult {
	return s.engine.Disown(ctx, s.operatorAction(o))
}

// Retire ends the orphans of an account or region, or adopted assets that were deactivated long ago.
func (s *Session) Retire(ctx context.Context, o engine.OperatorAction) engine.RunResult {
	return s.engine.Retire(ctx, s.operatorAction(o))
}

// Reactivate switches on again what we deactivated. Its error is that a run is at work, and then nothing is done.
func (s *Session) Reactivate(ctx context.Context, o engine.OperatorAction) (engine.RunResult, error) {
	if o.Write {
		held, release, _, err := s.acquireLease(ctx, shardKey(engine.Request{}), s.holder)
		if err != nil {
			return engine.RunResult{}, err
		}
		defer release()
		ctx = held
	}
	return s.engine.Reactivate(ctx, s.operatorAction(o)), nil
}

// CleanLabels removes unused rows from JumpServer's label page.
func (s *Session) CleanLabels(ctx context.Context, o engine.LabelCleanup) engine.LabelCleanupResult {
	return s.engine.CleanLabels(ctx, s.cache.client, o)
}
