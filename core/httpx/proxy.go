package httpx

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// ProxyFunc returns the proxy of a request, nil where it goes straight. It is what http.Transport takes.
type ProxyFunc func(*http.Request) (*url.URL, error)

// errInvalidProxy is the error of an address that is none. It does not repeat the address, which may hold a password.
var errInvalidProxy = errors.New("the proxy must look like http://host:port")

// NewProxyFunc returns the choice of a proxy: address for every request, or, where address is "", what
// HTTP_PROXY and HTTPS_PROXY say (https://pkg.go.dev/golang.org/x/net/http/httpproxy). What NO_PROXY names
// (hosts, domains, addresses, networks, "*") goes straight. The environment is read now, once.
//
// Only HTTP_PROXY and HTTPS_PROXY leave this machine's own addresses out by themselves: a proxy that
// somebody configured for us is used for them too, unless NO_PROXY names them.
func NewProxyFunc(address string) (ProxyFunc, error) {
	environment := httpproxy.FromEnvironment()
	if address == "" {
		return forRequests(environment.ProxyFunc()), nil
	}
	to, err := url.Parse(address)
	if err != nil || to.Host == "" {
		return nil, errInvalidProxy
	}
	except := environment.NoProxy
	ours := httpproxy.Config{HTTPProxy: address, HTTPSProxy: address, NoProxy: except}
	byName := ours.ProxyFunc()
	return forRequests(func(target *url.URL) (*url.URL, error) {
		if !isLocal(target.Hostname()) {
			return byName(target)
		}
		if isInNoProxy(except, target) {
			return nil, nil
		}
		return to, nil
	}), nil
}

func forRequests(by func(*url.URL) (*url.URL, error)) ProxyFunc {
	return func(r *http.Request) (*url.URL, error) { return by(r.URL) }
}

// isLocal reports whether a host is this machine, which httpproxy never sends to a proxy.
func isLocal(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// isInNoProxy reports whether NO_PROXY names a target that is local.
func isInNoProxy(list string, target *url.URL) bool {
	host := strings.ToLower(target.Hostname())
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.ToLower(strings.TrimSpace(entry))
		if name, port, err := net.SplitHostPort(entry); err == nil && port == portOf(target) {
			entry = name
		}
		if entry == "*" || entry == host || networkContains(entry, host) {
			return true
		}
	}
	return false
}

// networkContains reports whether an entry is a network with this address in it.
func networkContains(entry, host string) bool {
	network, err := netip.ParsePrefix(entry)
	if err != nil {
		return false
	}
	address, err := netip.ParseAddr(host)
	return err == nil && network.Contains(address.Unmap())
}

func portOf(target *url.URL) string {
	switch {
	case target.Port() != "":
		return target.Port()
	case target.Scheme == "https":
		return "443"
	}
	return "80"
}
