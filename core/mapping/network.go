package mapping

import (
	"net/netip"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
)

// parseNetwork returns the network that an address or a network means, IPv4 also in the form of IPv6. A mistake is empty
// where there is none.
func parseNetwork(text string) (netip.Prefix, language.Text) {
	ip, err := netip.ParseAddr(text)
	if err == nil && ip.Zone() == "" {
		ip = ip.Unmap()
		return netip.PrefixFrom(ip, ip.BitLen()), language.Text{}
	}
	network, err := netip.ParsePrefix(text)
	if err == nil && network.Addr().Is4In6() && network.Bits() >= 96 {
		network, err = netip.PrefixFrom(network.Addr().Unmap(), network.Bits()-96), nil
	}
	if err == nil && !network.Addr().Is4In6() {
		return network.Masked(), language.Text{}
	}
	if strings.ContainsAny(text, "*?") {
		return netip.Prefix{}, language.Newf("%q 不是 IP 或网段：这里没有通配符，请写成 10.1.0.0/16 的样子", "%q is no address or network: there are no wildcards here, write one such as 10.1.0.0/16", text)
	}
	return netip.Prefix{}, language.Newf("%q 不是 IP 或网段", "%q is no address or network", text)
}
