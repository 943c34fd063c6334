package cloud_test

import (
	"slices"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
)

// TestIPv6Texts: one form for each address, and none for what nobody else can reach.
func TestIPv6Texts(t *testing.T) {
	t.Parallel()
	got := cloud.IPv6Texts([]string{
		"2408:4005:0366:8700::00A", "2408:4005:366:8700:0:0:0:a", "FD00::1", "", "x", "10.0.0.1", "::ffff:10.0.0.1", "fe80::1", "fe80::1%eth0", "2408::1%eth0",
		"::1", "::", "ff02::1",
	}, []string{"2408::2"})
	if want := []string{"2408:4005:366:8700::a", "fd00::1", "2408::2"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	for text, want := range map[string]bool{"2408::1": true, "fe80::1%eth0": true, "::ffff:10.0.0.1": true, "10.0.0.1": false, "": false, "a:b": false} {
		if cloud.IsIPv6(text) != want {
			t.Errorf("%q: %t", text, !want)
		}
	}
}
