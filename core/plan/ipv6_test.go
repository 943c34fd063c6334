package plan

import (
	"net/netip"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// onlyIPv6 makes an instance that has these IPv6 addresses beside what it has.
func onlyIPv6(addresses ...string) func(*inventory.Instance) {
	return func(i *inventory.Instance) { i.IPv6s = addresses }
}

func hasStatus(status string) func(*inventory.Instance) {
	return func(i *inventory.Instance) { i.Status = status }
}

// TestIPv6: an instance without IPv4 is reached by IPv6; with IPv4 it is never.
func TestIPv6(t *testing.T) {
	t.Parallel()
	only := instanceInProd("i-1", "web", "", onlyIPv6("2408::1", "2408::2"))
	both := instanceInProd("i-1", "web", "10.0.0.1", onlyIPv6("2408::1"))
	public := instanceInProd("i-1", "web", "", onlyIPv6("2408::1"), func(i *inventory.Instance) { i.PublicIPs = []string{"47.0.0.1"} })
	at := func(address string) func(*inventory.Asset) {
		return func(a *inventory.Asset) { a.Address = address }
	}
	adopted := func(a *inventory.Asset) {
		a.ID, a.Address = "adopted", "2408:0:0::2"
		a.Labels = append(a.Labels, inventory.Label{Name: inventory.LabelAsset, Value: "adopted"})
	}
	runPlanRows(t, []planRow{
		{"only IPv6", func(w *world) { w.addInstances(only) }, []string{`create i-1 new_instance name="web" 2408::1 Linux`}, nil},
		{"both", func(w *world) { w.addInstances(both) }, []string{`create i-1 new_instance name="web" 10.0.0.1 Linux`}, nil},
		{"a public IPv4 address comes first", func(w *world) { w.addInstances(public) }, []string{`create i-1 new_instance name="web" 47.0.0.1 Linux`}, nil},
		{"in place", func(w *world) { w.addInstances(only); w.addAssets(hostOf(only)) }, []string{"unchanged 1"}, nil},
		{"in place, in another spelling", func(w *world) { w.addInstances(only); w.addAssets(hostOf(only, at("2408:0000::0001"))) }, []string{"unchanged 1"}, nil},
		{"another IPv6 address", func(w *world) { w.addInstances(only); w.addAssets(hostOf(only, at("2408::9"))) },
			[]string{"update i-1 follows_cloud address=2408::1"}, nil},
		{"IPv4 came", func(w *world) { w.addInstances(both); w.addAssets(hostOf(only)) }, []string{"update i-1 follows_cloud address=10.0.0.1"}, nil},
		{"IPv4 is not shown: it stays, and is told", func(w *world) { w.addInstances(only); w.addAssets(hostOf(both)) },
			[]string{"drift i-1 ipv4_not_shown", "unchanged 1"}, nil},
		{"IPv4 in the form of IPv6 is not shown", func(w *world) { w.addInstances(only); w.addAssets(hostOf(both, at("::ffff:10.0.0.1"))) },
			[]string{"drift i-1 ipv4_not_shown", "unchanged 1"}, nil},
		{"IPv4 is not shown, asked for by an event", func(w *world) {
			w.rules.Partial = true
			w.addInstances(only)
			w.addAssets(hostOf(both))
		}, []string{"skip i-1 ipv4_not_shown", "unchanged 1"}, nil},
		{"IPv4 is not shown, and the whitelist has it", func(w *world) {
			w.rules.Whitelist = parsePrefixes("10.0.0.0/24")
			w.addInstances(instanceInProd("i-1", "web2", "", onlyIPv6("2408::1")))
			w.addAssets(hostOf(both))
		}, []string{`update i-1 follows_cloud name="web2"`, "drift i-1 ipv4_not_shown"}, nil},
		{"an adopted one keeps the address that a person chose", func(w *world) { w.addInstances(only); w.addAssets(hostOf(only, adopted)) },
			[]string{"drift i-1 differs", "unchanged 1"}, nil},
		{"not all addresses are known", func(w *world) {
			w.addInstances(instanceInProd("i-1", "web", "", onlyIPv6("2408::1"), func(i *inventory.Instance) { i.AddressesPartial = true }))
		}, []string{"skip i-1 addresses_unknown"}, nil},
		{"in the whitelist", func(w *world) { w.rules.Whitelist = parsePrefixes("2408::/32"); w.addInstances(only) }, []string{`create i-1 new_instance name="web" 2408::1 Linux`}, nil},
		{"outside the whitelist", func(w *world) { w.rules.Whitelist = parsePrefixes("2409::/32"); w.addInstances(only) }, []string{"skip i-1 not_whitelisted"}, nil},
	})
}

// TestNoAddress: "not yet" is said only where an address still comes.
func TestNoAddress(t *testing.T) {
	t.Parallel()
	bare := func(status string) func(*world) {
		return func(w *world) { w.addInstances(instanceInProd("i-1", "web", "", hasStatus(status))) }
	}
	runPlanRows(t, []planRow{
		{"being made", bare("pending"), []string{"skip i-1 no_address"}, nil},
		{"being made, by Azure", bare("creating"), []string{"skip i-1 no_address"}, nil},
		{"a status that nobody knows", bare("dreaming"), []string{"skip i-1 no_address"}, nil},
		{"no status", bare(""), []string{"skip i-1 no_address"}, nil},
		{"running", bare("running"), []string{"skip i-1 without_address"}, nil},
		{"stopped", bare("stopped"), []string{"skip i-1 without_address"}, nil},
		{"Huawei's word", bare("active"), []string{"skip i-1 without_address"}, nil},
	})
}

// TestProtectedIPv6: protected_ips finds an address in every spelling.
func TestProtectedIPv6(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		prefix, address string
		want            bool
	}{
		{"2408::/32", "2408::1", true},
		{"2408::1/128", "2408:0:0:0::0001", true},
		{"2408::1/128", "2408::2", false},
		{"fd00::/8", "fd00::1%eth0", true}, // when in doubt, protect
		{"10.0.0.0/24", "::ffff:10.0.0.7", true},
		{"10.0.0.0/24", "::ffff:10.0.1.7", false},
		{"2408::/32", "10.0.0.1", false},
		{"10.0.0.0/24", "2408::1", false},
		{"::/0", "10.0.0.1", false},
	} {
		if got := containsAny(parsePrefixes(c.prefix), c.address); got != c.want {
			t.Errorf("%s in %s: %t", c.address, c.prefix, got)
		}
	}
	w := newWorld()
	w.rules.Protected = parsePrefixes("2408::/32")
	w.addListing(scopeOf(prod, beijing), owner)
	w.addAssets(hostOf(instanceInProd("i-1", "web", "", onlyIPv6("2408::1"))))
	if gone := allWrites(w.approve()); len(gone) != 0 {
		t.Errorf("%+v", gone)
	}
}

// neverFromIPv4ToIPv6: no write replaces an IPv4 address by an IPv6 one.
func neverFromIPv4ToIPv6(t *testing.T, w *world) {
	for _, c := range allWrites(w.approve()) {
		if c.Patch == nil || c.Patch.Address == nil {
			continue
		}
		from, errFrom := netip.ParseAddr(c.Before.Address)
		to, errTo := netip.ParseAddr(*c.Patch.Address)
		if errFrom == nil && errTo == nil && from.Is4() && !to.Is4() {
			t.Errorf("%s: %s → %s", c.InstanceID, from, to)
		}
	}
}
