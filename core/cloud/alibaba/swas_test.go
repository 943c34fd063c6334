package alibaba_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestSWASContract: Simple Application Servers keep the contract of every lister.
func TestSWASContract(t *testing.T) {
	t.Parallel()
	cloudtest.RunContract(t, swasHarness())
}

func swasHarness() cloudtest.Harness {
	h := harness()
	h.New = func(t testing.TB) cloudtest.World { return newSWASWorld(t) }
	h.Open, h.ListCalls = alibaba.OpenSWAS, 0
	h.NonexistentID, h.Services = swasKind().NonexistentID, servicesBut("ecs")
	h.NoIPv6, h.Statuses = true, map[string]inventory.Existence{
		"Pending": inventory.Present, "Running": inventory.Present, "Stopped": inventory.Present, "Resetting": inventory.Present, "Disabled": inventory.Present,
	}
	h.NoFacts = swasKind().Facts.Missing()
	h.ListAction, h.VerifyAction = alibabatest.ListInstances, alibabatest.ListInstanceStatus
	return h
}

func swasKind() cloud.KindProvider { return alibaba.Provider(cloud.RetryPolicy{}).Kinds[0] }

// swasWorld is a world whose instances are Simple Application Servers.
type swasWorld struct{ *world }

func newSWASWorld(t testing.TB) *swasWorld {
	t.Helper()
	w := newWorld(t)
	w.ServedEmulator = cloudtest.Serve(t, w.Server, w.Close, swasHarness())
	return &swasWorld{w}
}

func (w *swasWorld) Fill(region string, n int) []string {
	return w.account.SWAS().Fill(region, n, alibabatest.SampleSWAS)
}

func (w *swasWorld) Remove(region string, ids ...string) { w.account.SWAS().Remove(region, ids...) }

func (w *swasWorld) SetStatus(region, status string, ids ...string) {
	w.account.SWAS().Change(region, func(i *alibabatest.SWASServer) { i.Status = status }, ids...)
}

func (w *swasWorld) Hide(region string, ids ...string) { w.account.SWAS().Hide(region, ids...) }

// TestSWASRow: every field of a server, with several addresses.
func TestSWASRow(t *testing.T) {
	t.Parallel()
	w := newSWASWorld(t)
	server := alibabatest.SampleSWAS(1)
	server.OSType, server.More = "Windows", []alibabatest.SWASAddress{{Public: "198.51.100.7", Private: "172.16.9.9"}}
	w.account.SWAS().Put(region, server)
	list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
	if err != nil || len(list) != 1 {
		t.Fatal(list, err)
	}
	got := fmt.Sprintf("%+v", list[0])
	want := fmt.Sprintf("%+v", inventory.Instance{
		Scope: inventory.Scope{Cloud: inventory.Alibaba, Account: "aliyun-prod", Region: region}, ID: server.ID, Name: "light-00001",
		OSType: "windows", OSName: "CentOS-7.3", Status: "running", Type: server.Plan,
		PrivateIPs: []string{"172.16.0.1", "172.16.9.9"}, PublicIPs: []string{"198.18.0.1", "198.51.100.7"},
	})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestSWASAbsence: what each answer of the two witnesses proves.
func TestSWASAbsence(t *testing.T) {
	t.Parallel()
	const list, status = alibabatest.ListInstances, alibabatest.ListInstanceStatus
	for name, c := range map[string]struct {
		fill       int // servers of the region, of which the first one is released
		find       int // how many of them are asked for
		faults     []peertest.Fault
		weak, fail bool
		kind       inventory.Kind
	}{
		"another one is asked for too":            {fill: 3, find: 3},
		"another one is found as a witness":       {fill: 3, find: 1},
		"no other one is there":                   {fill: 1, find: 1, weak: true},
		"no other one, and no right to status":    {fill: 1, find: 1, fail: true, kind: inventory.Denied, faults: []peertest.Fault{{Kind: alibabatest.Forbidden, Action: status}}},
		"no right to status":                      {fill: 3, find: 3, weak: true, faults: []peertest.Fault{{Kind: alibabatest.Forbidden, Action: status}}},
		"the right is lost without an error":      {fill: 3, find: 1, fail: true, kind: inventory.Incomplete, faults: []peertest.Fault{{Kind: alibabatest.NoRows, Action: list}}},
		"both rights are lost without an error":   {fill: 3, find: 1, weak: true, faults: []peertest.Fault{{Kind: alibabatest.NoRows}}},
		"the right to list is lost in the middle": {fill: 3, find: 3, fail: true, kind: inventory.Denied, faults: []peertest.Fault{{Kind: alibabatest.Forbidden, Action: list, After: 1}}},
		"the list is empty in the middle":         {fill: 3, find: 3, fail: true, kind: inventory.Incomplete, faults: []peertest.Fault{{Kind: alibabatest.NoRows, Action: list, After: 1}}},
		"the status shows no witness":             {fill: 3, find: 3, fail: true, kind: inventory.Incomplete, faults: []peertest.Fault{{Kind: alibabatest.NoRows, Action: status}}},
		"status refused for this server alone":    {fill: 3, find: 1, fail: true, kind: inventory.Denied, faults: []peertest.Fault{{Kind: alibabatest.Forbidden, Action: status, Times: 1}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSWASWorld(t)
			ids := w.Fill(region, c.fill)
			w.Remove(region, ids[0])
			for _, fault := range c.faults {
				w.Break(fault)
			}
			found, err := w.Open(t, cloudtest.InstantRetries(), nil).FindVerified(t.Context(), region, ids[:c.find])
			switch {
			case (err != nil) != c.fail || inventory.KindOf(err) != c.kind:
				t.Errorf("error %v, want kind %q", err, c.kind)
			case err == nil && (found.Weak[ids[0]] != nil) != c.weak:
				t.Errorf("weak %v, want %t", found.Weak, c.weak)
			}
		})
	}
}

// TestSWASWithheld: a server that a policy withholds is never absent.
func TestSWASWithheld(t *testing.T) {
	t.Parallel()
	w := newSWASWorld(t)
	ids := w.Fill(region, 3)
	w.account.DenyInstances(ids[0])
	_, err := w.Open(t, cloudtest.InstantRetries(), nil).FindVerified(t.Context(), region, ids)
	if inventory.KindOf(err) != inventory.Denied {
		t.Errorf("error %v", err)
	}
}

// TestSWASPages: pages by number do not overlap, so that a list of several is read until two reads agree.
func TestSWASPages(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ n, calls int }{"one page": {100, 1}, "two pages, twice": {101, 4}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newSWASWorld(t)
			w.Fill(region, c.n)
			list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
			if err != nil || len(list) != c.n || w.Calls(alibabatest.ListInstances) != c.calls {
				t.Errorf("%d servers, %d calls, error %v", len(list), w.Calls(alibabatest.ListInstances), err)
			}
		})
	}
}

// TestSWASRegions: SWAS names its own regions.
func TestSWASRegions(t *testing.T) {
	t.Parallel()
	w := newSWASWorld(t)
	w.SetSWASRegions("cn-shanghai", "cn-hangzhou")
	regions, err := w.Open(t, cloudtest.InstantRetries(), nil).Regions(t.Context())
	if err != nil || !slices.Equal(regions, []string{"cn-hangzhou", "cn-shanghai"}) {
		t.Errorf("%v, error %v", regions, err)
	}
}
