package inventory_test

import (
	"slices"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestKindsChangeNoMainAsset: assets of the main kind have the ids and regions that they had before there were kinds.
func TestKindsChangeNoMainAsset(t *testing.T) {
	t.Parallel()
	if got := inventory.RegionOfKind("cn-beijing", ""); got != "cn-beijing" {
		t.Errorf("region %s", got)
	}
	if got := inventory.AssetID(inventory.Alibaba, "cn-beijing", "i-1"); got != "3b8ec709-fbb7-57f5-8325-2d3ae95218f4" {
		t.Errorf("id %s", got)
	}
	if inventory.AssetID(inventory.Alibaba, "cn-beijing.swas", "i-1") == inventory.AssetID(inventory.Alibaba, "cn-beijing", "i-1") {
		t.Error("one id for two kinds")
	}
}

func TestCoversRegion(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		listed, region string
		want           bool
	}{
		{"r1", "r1", true}, {"r1", "r2", false}, {"r1", "r1.swas", false}, {"r1.swas", "r1", false}, {"*", "r1", true},
		{"*", "r1.swas", false}, {"*.swas", "r1.swas", true}, {"*.swas", "r1", false}, {"*.swas", "r1.other", false},
	} {
		if got := inventory.CoversRegion(c.listed, c.region); got != c.want {
			t.Errorf("%s covers %s: %t", c.listed, c.region, got)
		}
	}
}

func TestScopeRegions(t *testing.T) {
	t.Parallel()
	cloud := inventory.CloudInfo{MainKind: "ecs", Kinds: []inventory.KindInfo{{Name: "swas"}}}
	for _, c := range []struct{ regions, kinds, want []string }{
		{[]string{"r1", "r2"}, nil, []string{"r1", "r2"}},
		{[]string{"r1", "r2"}, []string{"ecs"}, []string{"r1", "r2"}},
		{[]string{"r1"}, []string{"ecs", "swas"}, []string{"r1", "r1.swas"}},
		{[]string{"r1"}, []string{"swas"}, []string{"r1.swas"}},
		{nil, []string{"ecs", "swas"}, nil},
	} {
		if got := cloud.ScopeRegions(c.regions, c.kinds); !slices.Equal(got, c.want) {
			t.Errorf("%v of %v: %v", c.kinds, c.regions, got)
		}
	}
}

func TestIsAskedFor(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		regions, kinds []string
		region         string
		want           bool
	}{
		{nil, nil, "r1", true}, {nil, nil, "r1.swas", false}, {nil, []string{"", "swas"}, "r1.swas", true}, {nil, []string{"swas"}, "r1", false},
		{[]string{"r1"}, []string{"", "swas"}, "r1.swas", false}, {[]string{"r1", "r1.swas"}, nil, "r1.swas", true}, {[]string{"r1"}, nil, "r2", false},
	} {
		if got := inventory.IsAskedFor(c.regions, c.kinds, c.region); got != c.want {
			t.Errorf("%q, %q ask for %s: %t", c.regions, c.kinds, c.region, got)
		}
	}
}
