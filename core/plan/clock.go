package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/reason"
)

// ClockSkewReason returns why nothing is removed while this machine's clock is ahead of a host's by this much
// (behind it, if by < 0).
func ClockSkewReason(host string, by time.Duration) reason.Reason {
	if by < 0 {
		return reason.New(reason.ClockBehind, host, formatSkew(by))
	}
	return reason.New(reason.ClockAhead, host, formatSkew(by))
}

// ClockRefusalReason returns what people should know of a request that a cloud refused for its time, while this
// machine's clock is ahead of the cloud's by this much. Less than a minute means that the difference is unknown, or
// none.
func ClockRefusalReason(by time.Duration) reason.Reason {
	switch {
	case by.Abs() < time.Minute:
		return reason.New(reason.RefusedByTime)
	case by < 0:
		return reason.New(reason.RefusedBehind, formatSkew(by))
	}
	return reason.New(reason.RefusedAhead, formatSkew(by))
}

// formatSkew returns a difference of clocks without its sign, in minutes.
func formatSkew(d time.Duration) string { return d.Abs().Round(time.Minute).String() }
