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

func TestProviders(t *testing.T) {
	t.Parallel()
	met := map[inventory.Cloud]bool{}
	for _, p := range all.Providers() {
		if met[p.Cloud] || p.Cloud == "" {
			t.Errorf("cloud %q is listed twice, or has no name", p.Cloud)
		}
		met[p.Cloud] = true
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
	if !met[inventory.Alibaba] {
		t.Error("Alibaba is missing")
	}
}
