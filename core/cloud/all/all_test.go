package all_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// hosted are the clouds where an account without a key is the role or identity of the host, which
// only a call can ask for.
func hosted() map[inventory.Cloud]bool {
	return map[inventory.Cloud]bool{inventory.AWS: true, inventory.Azure: true}
}

// TestProviders: every cloud that has a name is listed, once, and none opens without its key where
// nothing but a key or a function's role can open it.
func TestProviders(t *testing.T) {
	t.Parallel()
	met := map[inventory.Cloud]int{}
	for _, p := range all.Providers() {
		met[p.Cloud]++
		if p.OwnerRight == "" {
			t.Errorf("%s: nothing is said of the right to ask for the account's id", p.Cloud)
		}
		lister, err := p.Open(cloud.Account{Cloud: p.Cloud, Name: "a"})
		switch {
		case hosted()[p.Cloud] && (err != nil || lister == nil):
			t.Errorf("%s: an account of the host's own identity is not opened: %v", p.Cloud, err)
		case !hosted()[p.Cloud] && (inventory.KindOf(err) != inventory.BadCredentials || lister != nil):
			t.Errorf("%s: an account without a key is opened: %v", p.Cloud, err)
		}
		lister, err = p.Open(cloud.Account{Cloud: p.Cloud, Name: "a", AccessKeyID: secret.New("half")})
		if inventory.KindOf(err) != inventory.BadCredentials || lister != nil {
			t.Errorf("%s: half a key opens an account: %v", p.Cloud, err)
		}
	}
	for _, name := range []inventory.Cloud{inventory.Alibaba, inventory.Huawei, inventory.AWS, inventory.Tencent, inventory.Azure} {
		if met[name] != 1 {
			t.Errorf("%s is listed %d times", name, met[name])
		}
	}
	if len(met) != 5 {
		t.Errorf("clouds without a name: %v", met)
	}
}
