package engine

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// withClockCheck returns a context in which the Dates of the clouds' answers are compared with this machine's clock.
func (e Engine) withClockCheck(ctx context.Context) context.Context {
	if e.SkewClock == nil {
		return ctx
	}
	return cloud.NewClock(e.SkewClock).WithClock(ctx)
}

// ClockSkewReason returns why nothing may be removed, if an answer of a cloud so far says that this machine's clock
// is off.
func ClockSkewReason(ctx context.Context) (why reason.Reason, off bool) {
	skew := cloud.SkewFromContext(ctx)
	if !skew.IsTooLarge() {
		return reason.Reason{}, false
	}
	return plan.ClockSkewReason(skew.Host, skew.Ahead), true
}

// skewReporter is a Bastion that compares JumpServer's clock with this machine's.
type skewReporter interface {
	// Skew returns how far this machine's clock was ahead of JumpServer's last answer.
	Skew() time.Duration
}

// clockErrors returns what a run reports of clocks at its end. JumpServer's clock decides nothing: all times are
// measured by this machine's.
func (e Engine) clockErrors(ctx context.Context) []error {
	if e.SkewClock == nil {
		return nil
	}
	if why, off := ClockSkewReason(ctx); off {
		return []error{&reason.RunError{Kind: inventory.ClockOff, Reason: why}}
	}
	if b, is := e.Bastion.(skewReporter); is && b.Skew().Abs() > cloud.MaxSkew {
		why := reason.New(reason.ClockJumpServer, b.Skew().Abs().Round(time.Minute).String())
		return []error{&reason.RunError{Kind: inventory.ClockOff, Reason: why}}
	}
	return nil
}
