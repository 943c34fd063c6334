package all_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// TestProviders: every cloud is listed once, and none opens without its key where nothing but a key or a
// function's role can open it.
func TestProviders(t *testing.T) {
	t.Parallel()
	met := map[inventory.Cloud]bool{}
	for _, p := range all.Providers() {
		if met[p.Cloud] {
			t.Errorf("%s is listed twice", p.Cloud)
		}
		met[p.Cloud] = true
		lister, err := p.Open(cloud.Account{Cloud: p.Cloud, Name: "a"})
		switch {
		case p.HostIdentity && (err != nil || lister == nil):
			t.Errorf("%s: an account of the host's own identity is not opened: %v", p.Cloud, err)
		case !p.HostIdentity && (inventory.KindOf(err) != inventory.BadCredentials || lister != nil):
			t.Errorf("%s: an account without a key is opened: %v", p.Cloud, err)
		}
		lister, err = p.Open(cloud.Account{Cloud: p.Cloud, Name: "a", AccessKeyID: secret.New("half")})
		if inventory.KindOf(err) != inventory.BadCredentials || lister != nil {
			t.Errorf("%s: half a key opens an account: %v", p.Cloud, err)
		}
	}
}

// TestProvidersDescribeThemselves: each cloud says all that configuration, documents and doctor need to know of
// it, and no two of them are written alike.
func TestProvidersDescribeThemselves(t *testing.T) {
	t.Parallel()
	whose := map[string]inventory.Cloud{}
	for _, p := range all.Providers() {
		texts := []string{
			string(p.Cloud), p.NonexistentID, p.OwnerRight, p.Keyword(), p.Name.ZH, p.Name.EN, p.WithoutKey.ZH, p.WithoutKey.EN, p.Visibility.ZH, p.Visibility.EN,
		}
		if slices.Contains(texts, "") || slices.Contains(p.Permissions, "") || !slices.IsSorted(p.Permissions) || len(p.Permissions) == 0 {
			t.Errorf("%s does not describe itself: %q, rights %q", p.Cloud, texts, p.Permissions)
		}
		for _, spelling := range p.Spellings {
			if spelling != strings.ToLower(spelling) || whose[spelling] != "" {
				t.Errorf("%s: the spelling %q has capitals, or is that of %q", p.Cloud, spelling, whose[spelling])
			}
			whose[spelling] = p.Cloud
		}
		if all.Clouds().Parse(strings.ToUpper(p.Keyword())) != p.Cloud || all.Clouds().Find(p.Cloud).Name != p.Name {
			t.Errorf("%s is not found by %q", p.Cloud, p.Keyword())
		}
	}
	if all.Clouds().Parse("gcp") != "" || all.Clouds().Find("gcp").Cloud != "" {
		t.Error("an unknown cloud is found")
	}
}
