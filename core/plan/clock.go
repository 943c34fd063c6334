package plan

import "time"

// ClockSkewReason returns why nothing is removed by a plan whose time is that of a machine which is ahead of a host's
// clock by so much (behind it, if by < 0).
func ClockSkewReason(host string, by time.Duration) Reason {
	if by < 0 {
		return newReason(ClockBehind, host, formatSkew(by))
	}
	return newReason(ClockAhead, host, formatSkew(by))
}

// ClockRefusalReason returns what a person has to know of a request that was refused for its time, by a cloud whose clock
// this machine's is ahead of by so much; less than a minute = that is not known, or they agree.
func ClockRefusalReason(by time.Duration) Reason {
	switch {
	case by.Abs() < time.Minute:
		return newReason(RefusedByTime)
	case by < 0:
		return newReason(RefusedBehind, formatSkew(by))
	}
	return newReason(RefusedAhead, formatSkew(by))
}

// formatSkew writes a distance of clocks, whichever is ahead.
func formatSkew(d time.Duration) string { return d.Abs().Round(time.Minute).String() }
