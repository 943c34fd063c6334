package all_test

import (
	"regexp"
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
		if len(p.Services) == 0 || !slices.IsSorted(p.Services) || slices.Contains(p.Services, "") {
			t.Errorf("%s: services %q", p.Cloud, p.Services)
		}
		if _, err := regexp.Compile(p.ZonePattern); err != nil {
			t.Errorf("%s: %v", p.Cloud, err)
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

// TestZonePatterns: zones are told from regions, of which none is taken for a zone.
func TestZonePatterns(t *testing.T) {
	t.Parallel()
	for cloud, c := range map[inventory.Cloud]struct {
		zones   map[string]string
		regions []string
	}{
		"alibaba": {map[string]string{"cn-hangzhou-h": "cn-hangzhou", "cn-hongkong-b": "cn-hongkong", "ap-southeast-1a": "ap-southeast-1", "us-west-1b": "us-west-1", "cn-shenzhen-finance-1a": "cn-shenzhen-finance-1"},
			[]string{"cn-hangzhou", "cn-zhongwei", "cn-hangzhou-finance", "cn-shenzhen-finance-1", "cn-north-2-gov-1", "cn-heyuan-acdr-1", "cn-wuhan-lr", "rus-west-1", "me-central-1", "eu-west-1-oxs"}},
		"huawei": {map[string]string{"cn-north-4a": "cn-north-4", "eu-west-101b": "eu-west-101"},
			[]string{"cn-north-4", "cn-southwest-2", "my-kualalumpur-1", "eu-west-101", "ae-ad-1"}},
		"aws": {map[string]string{"us-east-1a": "us-east-1", "us-gov-west-1b": "us-gov-west-1", "us-west-2-lax-1a": "us-west-2", "cn-north-1a": "cn-north-1"},
			[]string{"us-east-1", "cn-northwest-1", "us-gov-east-1", "us-isob-east-1", "eusc-de-east-1", "ap-southeast-7", "il-central-1"}},
		"tencent": {map[string]string{"ap-guangzhou-3": "ap-guangzhou", "ap-shanghai-fsi-1": "ap-shanghai-fsi", "na-siliconvalley-2": "na-siliconvalley"},
			[]string{"ap-guangzhou", "ap-shanghai-fsi", "ap-hongkong", "eu-frankfurt", "ap-hangzhou-ec"}},
	} {
		pattern := regexp.MustCompile(all.Clouds().Find(cloud).ZonePattern)
		for zone, want := range c.zones {
			if got := pattern.FindStringSubmatch(zone); got == nil || strings.Join(got[1:], "") != want {
				t.Errorf("%s: %s is in %q, want %s", cloud, zone, got, want)
			}
		}
		for _, region := range c.regions {
			if pattern.MatchString(region) {
				t.Errorf("%s: %s is taken for a zone", cloud, region)
			}
		}
	}
}
