package all_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestProviders: every cloud that has a name is listed, once. An account without a key is refused
// at once where nothing but a key or a function's role can open it; the machine's own role (AWS)
// or managed identity (Azure) is only asked for with the first call.
func TestProviders(t *testing.T) {
	t.Parallel()
	machine := map[inventory.Cloud]bool{inventory.AWS: true, inventory.Azure: true}
	met := map[inventory.Cloud]int{}
	for _, p := range all.Providers() {
		met[p.Cloud]++
		lister, err := p.Open(cloud.Account{Cloud: p.Cloud, Name: "a", AccountID: "1"})
		if machine[p.Cloud] {
			if err != nil || lister == nil {
				t.Errorf("%s: an account that takes the machine's identity is not opened: %v", p.Cloud, err)
			}
			continue
		}
		if inventory.KindOf(err) != inventory.BadCredentials || lister != nil {
			t.Errorf("%s: an account without a key is opened: %v", p.Cloud, err)
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
