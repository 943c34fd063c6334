package plan

import "time"

// OffClock returns why nothing is removed by a plan whose time is that of a machine which is ahead of a host's
// clock by so much (behind it, if by < 0).
func OffClock(host string, by time.Duration) Reason {
	if by < 0 {
		return because(ClockBehind, host, minutes(by))
	}
	return because(ClockAhead, host, minutes(by))
}

// ByClock returns what a person has to know of a request that was refused for its time, by a cloud whose clock
// this machine's is ahead of by so much; less than a minute = that is not known, or they agree.
func ByClock(by time.Duration) Reason {
	switch {
	case by.Abs() < time.Minute:
		return because(RefusedByTime)
	case by < 0:
		return because(RefusedBehind, minutes(by))
	}
	return because(RefusedAhead, minutes(by))
}

// minutes writes a distance of clocks, whichever is ahead.
func minutes(d time.Duration) string { return d.Abs().Round(time.Minute).String() }
