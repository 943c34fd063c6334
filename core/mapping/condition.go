package mapping

import (
	"net/netip"
)

// truth is whether something holds; maybe: it rests on what the cloud did not show.
type truth uint8

// The truths, in an order that makes min "and", and max "or".
const (
	no truth = iota
	maybe
	yes
)

func truthOf(is bool) truth {
	if is {
		return yes
	}
	return no
}

// not returns the opposite.
func (t truth) not() truth { return yes - t }

// condition is a compiled Condition.
type condition struct {
	tests         []test
	any, all, not []condition
}

// test is what a condition asks of one key.
type test struct {
	key     key
	tag     string
	name    string   // of the key, as it is configured
	written []string // the patterns, as they are configured

	wanted, unwanted []pattern      // texts
	inside, outside  []netip.Prefix // of key ip
	wantsNone        bool           // the pattern "": no value, or an empty one
	refusesNone      bool           // the pattern "!": a value that is not empty
}

// holds reports whether a condition holds for an instance.
func (c *condition) holds(v *view) truth {
	result := yes
	for n := range c.tests {
		result = min(result, c.tests[n].holds(v))
		if result == no {
			return no
		}
	}
	for n := range c.all {
		result = min(result, c.all[n].holds(v))
	}
	for n := range c.not {
		result = min(result, c.not[n].holds(v).not())
	}
	if len(c.any) > 0 && result != no {
		result = min(result, anyHolds(c.any, v))
	}
	return result
}

func anyHolds(some []condition, v *view) truth {
	best := no
	for n := range some {
		best = max(best, some[n].holds(v))
	}
	return best
}

// holds reports whether what a test asks of its key holds for an instance.
func (t *test) holds(v *view) truth {
	switch {
	case t.key == keyIP:
		return t.holdsForAddresses(v)
	case v.isUnread(t.key):
		return maybe
	}
	var few pair
	values := v.values(t.key, t.tag, &few)
	return truthOf(t.isWanted(values) && !t.isUnwanted(values))
}

// isWanted reports whether one of the values fits one of the patterns without !, if there are any.
func (t *test) isWanted(values []string) bool {
	if len(t.wanted) == 0 && !t.wantsNone {
		return true
	}
	return t.wantsNone && isNone(values) || fitsAny(t.wanted, values)
}

// isUnwanted reports whether one of the values fits one of the patterns with !.
func (t *test) isUnwanted(values []string) bool {
	return t.refusesNone && isNone(values) || fitsAny(t.unwanted, values)
}

// isNone reports whether there is no value that is not empty.
func isNone(values []string) bool {
	for _, value := range values {
		if value != "" {
			return false
		}
	}
	return true
}

func fitsAny(patterns []pattern, values []string) bool {
	for n := range patterns {
		for _, value := range values {
			if patterns[n].matches(value) {
				return true
			}
		}
	}
	return false
}

// holdsForAddresses reports whether a test of addresses holds. What an address that the cloud did not show would be is not
// known; one that it shows in a network is there.
func (t *test) holdsForAddresses(v *view) truth {
	isOutside, isInside := v.isInAny(t.outside), v.isInAny(t.inside)
	hasNone := len(v.PrivateIPs)+len(v.ClassicIPs)+len(v.PublicIPs)+len(v.IPv6s) == 0
	isWanted := isInside || len(t.inside) == 0 && !t.wantsNone
	switch {
	case isOutside:
		return no
	case v.isUnread(keyIP) && (len(t.outside) > 0 || !isWanted || t.refusesNone && hasNone):
		return maybe
	}
	return truthOf((isWanted || t.wantsNone && hasNone) && !(t.refusesNone && hasNone))
}
