package plan

import (
	"net/netip"
	"slices"
	"strings"
	"unicode"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// neverWritten tells whether an asset of ours is never written to at all, and why: a gateway, one of
// JumpServer's own hosts, or one whose name is protected.
func (r Rules) neverWritten(a inventory.Asset) (Reason, bool) {
	switch {
	case isGateway(a):
		return newReason(IsGateway), true
	case slices.ContainsFunc(r.OwnHosts, func(host string) bool { return isSameHost(host, a.Address) }):
		return newReason(IsOwnHost), true
	}
	for _, pattern := range r.ProtectedNames {
		if matchesPattern(pattern, a.Name) {
			return newReason(IsProtectedName, pattern), true
		}
	}
	return Reason{}, false
}

// isGateway judges as JumpServer itself does: a host is a gateway if its platform's name begins with
// "Gateway" (the built-in one, and copies that people made of it). Case is not looked at, so as
// rather to spare one too many.
func isGateway(a inventory.Asset) bool {
	return strings.HasPrefix(strings.ToLower(strings.TrimSpace(a.Platform)), "gateway")
}

// isSameHost tells whether two texts are one host: the same IP, however it is written, or the same name.
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

// matchesPattern tells whether a name fits a pattern as a whole: * stands for any text, ? for one character,
// all else for itself. Case is not looked at, so as rather to spare one too many.
func matchesPattern(pattern, name string) bool {
	p, n := lowerRunes(pattern), lowerRunes(name)
	star, from := -1, 0 // the last *, and where the text that it stands for began
	at := 0
	for k := 0; k < len(n); {
		switch {
		case at < len(p) && p[at] == '*':
			star, from = at, k
			at++
		case at < len(p) && (p[at] == '?' || p[at] == n[k]):
			at++
			k++
		case star >= 0: // it stands for one character more
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

// keepReason returns the reason that people wrote into jms-keep, however they wrote its name; there may be several.
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

// isKeepLabelName reports whether a label's name is jms-keep but for case and all that is neither letter nor digit:
// JMS_KEEP, "jms - keep". People write it by hand, and one too many is kept rather than one lost.
func isKeepLabelName(name string) bool {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, inventory.FoldName(name)) == "jmskeep"
}
