package engine

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// compared returns a context in which the Dates of the clouds' answers are compared with this machine's clock.
func (e Engine) compared(ctx context.Context) context.Context {
	if e.Clock == nil {
		return ctx
	}
	return cloud.NewClock(e.Clock).In(ctx)
}

// clockOff returns why nothing may be removed, if an answer of a cloud so far says that this machine's clock
// is off.
func clockOff(ctx context.Context) (why plan.Reason, off bool) {
	skew := cloud.SkewOf(ctx)
	if !skew.Off() {
		return plan.Reason{}, false
	}
	return plan.OffClock(skew.Host, skew.By), true
}

// dated is a Bastion that compares JumpServer's clock with this machine's.
type dated interface {
	// Skew returns how far this machine's clock was ahead of JumpServer's last answer.
	Skew() time.Duration
}

// clocks returns what is to be told of clocks at the end of a run. JumpServer's decides nothing: what is counted
// by time is counted by this machine's.
func (e Engine) clocks(ctx context.Context) []error {
	if e.Clock == nil {
		return nil
	}
	if why, off := clockOff(ctx); off {
		return []error{&plan.Trouble{Kind: inventory.ClockOff, Reason: why}}
	}
	if b, is := e.Bastion.(dated); is && b.Skew().Abs() > cloud.MaxSkew {
		why := plan.Because(plan.ClockJumpServer, b.Skew().Abs().Round(time.Minute).String())
		return []error{&plan.Trouble{Kind: inventory.ClockOff, Reason: why}}
	}
	return nil
}
