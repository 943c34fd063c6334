package tencent_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/cloud/tencent"
	"github.com/jms-sync/jms-sync/core/cloud/tencent/tencenttest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestLighthouseContract: Lighthouse instances keep the contract of every lister.
func TestLighthouseContract(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]tencenttest.Options{
		"unknown ids are left out": {}, "unknown ids are refused": {RefuseUnknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := lighthouseHarness()
			h.New = func(t testing.TB) cloudtest.World { return newLighthouseWorld(t, options) }
			cloudtest.RunContract(t, h)
		})
	}
}

func lighthouseHarness() cloudtest.Harness {
	h := harness()
	h.Open, h.NonexistentID = tencent.OpenLighthouse, tencent.Provider(cloud.RetryPolicy{}).Kinds[0].NonexistentID
	h.NoIPv6, h.Statuses = true, map[string]inventory.Existence{
		"RUNNING": inventory.Present, "STOPPED": inventory.Present, "FREEZING": inventory.Present, "SHUTDOWN": inventory.Closed,
		"LAUNCH_FAILED": inventory.NotMade, "TERMINATING": inventory.NotMade, "DELETING": inventory.NotMade,
	}
	h.Services = []string{"lighthouse", "sts"}
	h.NoFacts = tencent.Provider(cloud.RetryPolicy{}).Kinds[0].Facts.Missing()
	h.ListAction, h.VerifyAction = tencenttest.LighthouseInstances, tencenttest.LighthouseDeniedActions
	return h
}

// lighthouseWorld is a world whose instances are those of Lighthouse.
type lighthouseWorld struct{ *world }

func newLighthouseWorld(t testing.TB, options tencenttest.Options) *lighthouseWorld {
	t.Helper()
	w := newWorld(t, options)
	w.ServedEmulator = cloudtest.Serve(t, w.Server, w.Close, lighthouseHarness())
	return &lighthouseWorld{w}
}

func (w *lighthouseWorld) Fill(region string, n int) []string {
	return w.account.Lighthouse().Fill(region, n, tencenttest.SampleLighthouse)
}

func (w *lighthouseWorld) Remove(region string, ids ...string) {
	w.account.Lighthouse().Remove(region, ids...)
}

func (w *lighthouseWorld) SetStatus(region, status string, ids ...string) {
	w.account.Lighthouse().Change(region, func(i *tencenttest.LighthouseInstance) { i.Status = status }, ids...)
}

func (w *lighthouseWorld) Hide(region string, ids ...string) {
	w.account.Lighthouse().Hide(region, ids...)
}

// TestEachServiceIsOfAKind: the contract asks each service that may have an address of its own, in one kind or the other.
func TestEachServiceIsOfAKind(t *testing.T) {
	t.Parallel()
	asked := slices.Compact(slices.Sorted(slices.Values(append(harness().Services, lighthouseHarness().Services...))))
	if want := tencent.Provider(cloud.RetryPolicy{}).Services; !slices.Equal(asked, want) {
		t.Errorf("%v are asked, of %v", asked, want)
	}
}

// TestLighthouseRow: every field of an instance.
func TestLighthouseRow(t *testing.T) {
	t.Parallel()
	w := newLighthouseWorld(t, tencenttest.Options{})
	row := tencenttest.SampleLighthouse(1)
	row.PlatformType, row.OSName = "WINDOWS", ""
	w.account.Lighthouse().Put(region, row)
	list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	got := fmt.Sprintf("%+v", list[0])
	want := fmt.Sprintf("%+v", inventory.Instance{
		Scope: inventory.Scope{Cloud: "tencent", Account: "tencent-prod", Region: region}, ID: row.ID, Name: "light-00001", OSType: "windows",
		OSName: "TENCENTOS", Status: "running", Type: row.Bundle, PrivateIPs: []string{"10.0.0.1"}, PublicIPs: []string{"198.18.0.1"},
	})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestLighthouseWithheld: an instance that a policy hides from the list is never absent.
func TestLighthouseWithheld(t *testing.T) {
	t.Parallel()
	w := newLighthouseWorld(t, tencenttest.Options{})
	ids := w.Fill(region, 3)
	w.account.DenyLighthouse(ids[0])
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	if list, err := lister.List(t.Context(), region); err != nil || len(list) != 2 {
		t.Errorf("%d instances, error %v", len(list), err)
	}
	if _, err := lister.FindVerified(t.Context(), region, ids); inventory.KindOf(err) != inventory.Denied {
		t.Errorf("error %v", err)
	}
}

// TestLighthouseEmptyRegion: an empty region is believed only with the second right too.
func TestLighthouseEmptyRegion(t *testing.T) {
	t.Parallel()
	w := newLighthouseWorld(t, tencenttest.Options{})
	w.Break(peertest.Fault{Kind: tencenttest.Unauthorized, Action: tencenttest.LighthouseDeniedActions})
	if list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region); inventory.KindOf(err) != inventory.Denied {
		t.Errorf("%v, error %v", list, err)
	}
}

// TestLighthouseRegionsAreItsOwn: the regions are those that Lighthouse names.
func TestLighthouseRegionsAreItsOwn(t *testing.T) {
	t.Parallel()
	w := newLighthouseWorld(t, tencenttest.Options{Regions: []string{"ap-beijing", "ap-tokyo"}})
	regions, err := w.Open(t, cloudtest.InstantRetries(), nil).Regions(t.Context())
	if err != nil || !slices.Equal(regions, []string{"ap-beijing", "ap-tokyo"}) || w.Calls(tencenttest.LighthouseRegions) != 1 {
		t.Errorf("%v, error %v", regions, err)
	}
}
