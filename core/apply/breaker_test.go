package apply_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestFrontStopsCreates: if something in front of JumpServer refuses everything, the other creates are not sent; if
// it refuses one host, or is down for a while, they are.
func TestFrontStopsCreates(t *testing.T) {
	t.Parallel()
	const hosts, writers = 60, 4
	odd := func(name string) bool { return strings.HasSuffix(name, "7") } // six of them
	all := func(string) bool { return true }
	for name, c := range map[string]struct {
		advice  inventory.Advice
		refuses func(name string) bool
		done    int
		most    int // creates that were sent
	}{
		"a login page":          {inventory.LoginPage, all, 0, writers},
		"another site":          {inventory.NotJumpServer, all, 0, writers},
		"a firewall":            {inventory.Blocked, all, 0, 5 + writers},
		"a firewall, some":      {inventory.Blocked, odd, hosts - 6, hosts},
		"too large for some":    {inventory.TooLarge, odd, hosts - 6, hosts},
		"down for a while":      {inventory.BehindIsDown, odd, hosts - 6, hosts},
		"down, without an end":  {inventory.BehindIsDown, all, 0, hosts},
		"a proxy's, for no one": {inventory.ProxyRefuses, all, 0, writers},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			for n := range hosts {
				w.instances = append(w.instances, instance(fmt.Sprint("i-", n), fmt.Sprint("web-", n), fmt.Sprintf("10.0.0.%d", n+1)))
			}
			w.bastion.failCreate = func(a inventory.NewAsset) error {
				if c.refuses(a.Name) {
					return &inventory.Error{Kind: inventory.Front, Advice: c.advice, Message: "a page"}
				}
				return nil
			}
			o := options()
			o.Writers = writers
			r := apply.Run(t.Context(), w.bastion, w.approve(), o)
			got := countStates(r)
			if got["create done"] != c.done || got["create failed"] != hosts-c.done {
				t.Errorf("%v, want %d done", got, c.done)
			}
			sent := 0
			for _, call := range w.bastion.calls {
				if strings.HasPrefix(call, "create") {
					sent++
				}
			}
			if sent > c.most || sent < c.done {
				t.Errorf("%d creates were sent, want at most %d", sent, c.most)
			}
		})
	}
}
