package plan

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// neverWritten reports whether an asset of ours is never written to, and why: it is a gateway or one of
// JumpServer's own hosts, or its name is protected.
func (r Rules) neverWritten(a inventory.Asset) (reason.Reason, bool) {
	switch {
	case isGateway(a):
		return reason.New(reason.IsGateway), true
	case slices.ContainsFunc(r.OwnHosts, func(host string) bool { return isSameHost(host, a.Address) }):
		return reason.New(reason.IsOwnHost), true
	}
	for _, pattern := range r.ProtectedNames {
		if matchesPattern(pattern, a.Name) {
			return reason.New(reason.IsProtectedName, pattern), true
		}
	}
	return reason.Reason{}, false
}

// isGateway reports whether a host is a gateway by JumpServer's own rule: its platform's name begins with "Gateway"
// (the built-in platform, and people's copies of it). Matching ignores case: when in doubt, protect.
func isGateway(a inventory.Asset) bool { return isGatewayPlatform(a.Platform) }

func isGatewayPlatform(name string) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(name)), "gateway")
}

// isSameHost reports whether two texts mean one host: the same IP, however it is written, or the same name.
func isSameHost(x, y string) bool {
	if x == "" || y == "" {
		return false
	}
	a, errA := netip.ParseAddr(x)
	b, errB := netip.ParseAddr(y)
	if errA == nil && errB == nil {
		return a.Unmap().WithZone("") == b.Unmap().WithZone("")
	}
	return strings.EqualFold(strings.TrimSuffix(x, "."), strings.TrimSuffix(y, "."))
}

// matchesPattern reports whether a pattern matches a whole name: * stands for any text, ? for one character.
// Matching ignores case: when in doubt, protect.
func matchesPattern(pattern, name string) bool {
	p, n := lowerRunes(pattern), lowerRunes(name)
	star, from := -1, 0 // the last *, and where the text that it matches begins
	at := 0
	for k := 0; k < len(n); {
		switch {
		case at < len(p) && p[at] == '*':
			star, from = at, k
			at++
		case at < len(p) && (p[at] == '?' || p[at] == n[k]):
			at++
			k++
		case star >= 0: // the last * matches one character more
			from++
			at, k = star+1, from
		default:
			return false
		}
	}
	for at < len(p) && p[at] == '*' {
		at++
	}
	return at == len(p)
}

func lowerRunes(text string) []rune {
	runes := []rune(text)
	for n, r := range runes {
		runes[n] = unicode.ToLower(r)
	}
	return runes
}

// keepReason returns what people wrote into jms-keep, in whatever spelling of its name, and reports whether there
// is such a label. There may be several.
func keepReason(a inventory.Asset) (why string, ok bool) {
	var all []string
	for _, l := range a.Labels {
		if l.Is(inventory.LabelKeep) || isKeepLabelName(l.Name) {
			all = append(all, l.Value)
			ok = true
		}
	}
	return strings.Join(all, ", "), ok
}

// isKeepLabelName reports whether a label's name is jms-keep, apart from case and all that is neither letter nor
// digit: JMS_KEEP, "jms - keep". People type it by hand: when in doubt, keep.
func isKeepLabelName(name string) bool {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, inventory.FoldName(name)) == "jmskeep"
}
