package plan

import "time"

// ClockSkewReason returns why nothing is removed while this machine's clock is ahead of a host's by this much
// (behind it, if by < 0).
func ClockSkewReason(host string, by time.Duration) Reason {
	if by < 0 {
		return newReason(ClockBehind, host, formatSkew(by))
	}
	return newReason(ClockAhead, host, formatSkew(by))
}

// ClockRefusalReason returns what people should know of a request that a cloud refused for its time, while this
// machine's clock is ahead of the cloud's by this much. Less than a minute means that the difference is unknown, or
// none.
func ClockRefusalReason(by time.Duration) Reason {
	switch {
	case by.Abs() < time.Minute:
		return newReason(RefusedByTime)
	case by < 0:
		return newReason(RefusedBehind, formatSkew(by))
	}
	return newReason(RefusedAhead, formatSkew(by))
}

// formatSkew returns a difference of clocks without its sign, in minutes.
func formatSkew(d time.Duration) string { return d.Abs().Round(time.Minute).String() }
