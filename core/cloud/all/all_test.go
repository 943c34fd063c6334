package all_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/inventory"
)

func TestProviders(t *testing.T) {
	t.Parallel()
	met := map[inventory.Cloud]bool{}
	for _, p := range all.Providers() {
		if met[p.Cloud] || p.Cloud == "" {
			t.Errorf("cloud %q is listed twice, or has no name", p.Cloud)
		}
		met[p.Cloud] = true
		if _, err := p.Open(cloud.Account{Cloud: p.Cloud, Name: "a"}); inventory.KindOf(err) != inventory.BadCredentials {
			t.Errorf("%s: an account without a key is opened: %v", p.Cloud, err)
		}
	}
	if !met[inventory.Alibaba] {
		t.Error("Alibaba is missing")
	}
}
