package session

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
)

// CheckStaleness returns when complete runs happened, and notifies people once where they have stopped. It serves what
// does not depend on the timer of full runs: events, or a second, slower timer.
func (s *Session) CheckStaleness(ctx context.Context) (delivery.Freshness, error) {
	return s.checkStaleness(ctx, s.engine.Cards)
}

// Freshness is CheckStaleness without notification.
func (s *Session) Freshness(ctx context.Context) (delivery.Freshness, error) {
	silent := s.engine.Cards
	silent.Channels = nil
	return s.checkStaleness(ctx, silent)
}

func (s *Session) checkStaleness(ctx context.Context, c delivery.Cards) (delivery.Freshness, error) {
	switch {
	case s.storeErr != nil:
		return delivery.Freshness{}, s.storeErr
	case s.store == nil:
		return delivery.Freshness{}, language.Errorf("watch：没有设置 %s，不知道最近一次完整同步的时间", "watch: %s names no state store, so nobody knows when the last complete run was", config.EnvState)
	}
	ctx, cancel := WithReserve(ctx, s.Now())
	defer cancel()
	return c.CheckStaleness(ctx, s.store, s.engine.Rules)
}

// StalenessReport is CheckStaleness for a trigger that asks for nothing else.
func (s *Session) StalenessReport(ctx context.Context) (report.Report, error) {
	s.outage.start(ctx)
	f, err := s.CheckStaleness(ctx)
	if err != nil {
		return report.Report{}, err
	}
	return report.NewStalenessReport(s.Now(), f.Stalled, f.MaxAge, s.Language()), nil
}

// checkStalenessAfterEvent calls CheckStaleness at most once per interval of the timer, because an event must not cost
// many requests.
func (s *Session) checkStalenessAfterEvent(ctx context.Context) {
	now := s.Now().Unix()
	last := s.cache.stalenessCheckedAt.Load()
	if s.store == nil || now-last < int64(s.cfg.Sync.Interval/time.Second) || !s.cache.stalenessCheckedAt.CompareAndSwap(last, now) {
		return
	}
	if _, err := s.CheckStaleness(ctx); err != nil {
		s.log.Warn("it is not known whether complete runs are made", "error", err)
	}
}
