// Package proxy decides by which proxy a request leaves: by one of ours, or by that of the process's
// environment. NO_PROXY is obeyed in both cases, as curl and most programs do.
package proxy

import (
	"errors"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// Choice returns the proxy of a request, nil where it goes straight. It is what http.Transport takes.
type Choice func(*http.Request) (*url.URL, error)

// errForm is the error of an address that is none. It does not repeat the address, which may hold a password.
var errForm = errors.New("the proxy must look like http://host:port")

// By returns the choice of a proxy: address for every request, or, where address is "", what
// HTTP_PROXY and HTTPS_PROXY say (https://pkg.go.dev/golang.org/x/net/http/httpproxy). What NO_PROXY names
// (hosts, domains, addresses, networks, "*") goes straight. The environment is read now, once.
//
// Only HTTP_PROXY and HTTPS_PROXY leave this machine's own addresses out by themselves: a proxy that
// somebody configured for us is used for them too, unless NO_PROXY names them.
func By(address string) (Choice, error) {
	environment := httpproxy.FromEnvironment()
	if address == "" {
		return choice(environment.ProxyFunc()), nil
	}
	to, err := url.Parse(address)
	if err != nil || to.Host == "" {
		return nil, errForm
	}
	except := environment.NoProxy
	ours := httpproxy.Config{HTTPProxy: address, HTTPSProxy: address, NoProxy: except}
	byName := ours.ProxyFunc()
	return choice(func(target *url.URL) (*url.URL, error) {
		if !local(target.Hostname()) {
			return byName(target)
		}
		if named(except, target) {
			return nil, nil
		}
		return to, nil
	}), nil
}

func choice(by func(*url.URL) (*url.URL, error)) Choice {
	return func(r *http.Request) (*url.URL, error) { return by(r.URL) }
}

// local reports whether a host is this machine, which httpproxy never sends to a proxy.
func local(host string) bool {
	ip := net.ParseIP(host)
	return strings.EqualFold(host, "localhost") || ip != nil && ip.IsLoopback()
}

// named reports whether NO_PROXY names a target that is local.
func named(list string, target *url.URL) bool {
	host := strings.ToLower(target.Hostname())
	for entry := range strings.SplitSeq(list, ",") {
		entry = strings.ToLower(strings.TrimSpace(entry))
		if name, port, err := net.SplitHostPort(entry); err == nil && port == portOf(target) {
			entry = name
		}
		if entry == "*" || entry == host || contains(entry, host) {
			return true
		}
	}
	return false
}

// contains reports whether an entry is a network with this address in it.
func contains(entry, host string) bool {
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
