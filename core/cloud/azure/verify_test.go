package azure_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/azure/azuretest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// absenceProof is what an absence amounts to.
type absenceProof string

const (
	proved absenceProof = "proved"
	weak   absenceProof = "weak"
	doubt  absenceProof = "error"
	there  absenceProof = "there"
)

// TestSecondWitness: what Resource Graph and a GET make of a machine that the lists do not have.
func TestSecondWitness(t *testing.T) {
	t.Parallel()
	lost := func(w *world, id string) { w.sub.Hide(azuretest.ListMachines, id) }
	gone := func(w *world, id string) {
		w.sub.FreezeGraph()
		w.sub.Remove(id)
	}
	breaks := func(action string, kind peertest.Kind) func(*world, string) {
		return func(w *world, id string) {
			lost(w, id)
			w.Break(peertest.Fault{Kind: kind, Action: action})
		}
	}
	for name, c := range map[string]struct {
		spoil func(w *world, id string)
		want  absenceProof
		kind  inventory.Kind // of the reason, or of the error
		gets  int
	}{
		"gone, and Graph still knows it":   {gone, proved, "", 1},
		"gone, and Graph has forgotten it": {func(w *world, id string) { w.sub.Remove(id) }, weak, inventory.NotFound, 0},
		"lost by the list":                 {lost, there, "", 1},
		"lost by the list and by Graph":    {func(w *world, id string) { lost(w, id); w.sub.Hide(azuretest.QueryGraph, id) }, weak, inventory.NotFound, 0},
		"gone with its resource group":     {func(w *world, _ string) { w.sub.FreezeGraph(); w.sub.Remove() }, proved, "", 1},
		"another machine has its name":     {recreateMachine, weak, inventory.Conflict, 1},
		"Graph may not be asked":           {breaks(azuretest.QueryGraph, azuretest.Forbidden), weak, inventory.Denied, 0},
		"Graph is not there":               {breaks(azuretest.QueryGraph, azuretest.Gone), weak, inventory.NotFound, 0},
		"Graph refuses the question":       {breaks(azuretest.QueryGraph, azuretest.OddError), weak, inventory.Invalid, 0},
		"Graph shows nothing for no right": {breaks(azuretest.QueryGraph, azuretest.NoPermission), weak, inventory.NotFound, 0},
		"Graph is down":                    {breaks(azuretest.QueryGraph, azuretest.Unavailable), doubt, inventory.Temporary, 0},
		"Graph answers a part":             {breaks(azuretest.QueryGraph, azuretest.GraphCut), doubt, inventory.Incomplete, 0},
		"the GET is refused":               {breaks(azuretest.GetMachine, azuretest.Forbidden), doubt, inventory.Denied, 1},
		"the GET fails":                    {breaks(azuretest.GetMachine, azuretest.InternalError), doubt, inventory.Temporary, 4},
		"the GET shows nothing":            {breaks(azuretest.GetMachine, azuretest.NoList), doubt, inventory.Incomplete, 1},
		"the GET is a page of a gateway":   {breaks(azuretest.GetMachine, peertest.HTML200), doubt, inventory.Incomplete, 1},
		"the token has ended for the GET":  {breaks(azuretest.GetMachine, azuretest.Expired), doubt, inventory.BadCredentials, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			id := w.Fill(region, 1)[0]
			c.spoil(w, id)
			w.checkAbsence(t, id, c.want, c.kind)
			if gets := w.Calls(azuretest.GetMachine); gets != c.gets {
				t.Errorf("%d GETs, want %d", gets, c.gets)
			}
		})
	}
}

// recreateMachine deletes a machine and makes another one of its name, which Graph has not noticed.
func recreateMachine(w *world, id string) {
	w.sub.FreezeGraph()
	w.sub.Remove(id)
	again := azuretest.SampleVM(0)
	again.ID, again.Location = azuretest.SampleVM(77).ID, region
	w.sub.Put(again)
}

// checkAbsence fails a test in which the absence of a machine amounts to something else.
func (w *world) checkAbsence(t *testing.T, id string, want absenceProof, kind inventory.Kind) {
	t.Helper()
	found, err := w.Open(t, cloudtest.InstantRetries(), nil).FindVerified(t.Context(), region, []string{id})
	got, why := proved, error(nil)
	switch {
	case err != nil:
		got, why = doubt, err
		checkError(t, err)
	case len(found.Instances) > 0:
		got = there
		if i := found.Instances[0]; i.ID != id || i.Region != region || !i.AddressesPartial || i.Name == "" || len(i.Addresses()) > 0 {
			t.Errorf("%+v", i)
		}
	case found.Weak[id] != nil:
		got, why = weak, found.Weak[id]
	}
	if got != want || inventory.KindOf(why) != kind {
		t.Errorf("%s, kind %q, want %s, kind %q: %v", got, inventory.KindOf(why), want, kind, why)
	}
	for _, secret := range secrets() {
		if why != nil && strings.Contains(why.Error(), secret) {
			t.Errorf("the reason shows a secret: %v", why)
		}
	}
}

// TestSecondWitnessOfScaleSets: the same of machines of uniform scale sets.
func TestSecondWitnessOfScaleSets(t *testing.T) {
	t.Parallel()
	pool := azuretest.Set{Name: "pool", Group: "MC_aks", Location: region, VMs: []azuretest.VM{azuretest.SampleVM(5)}}
	for name, c := range map[string]struct {
		spoil func(w *world)
		want  absenceProof
		kind  inventory.Kind
	}{
		"the machine went": {func(w *world) { w.sub.PutSet(azuretest.Set{Name: "pool", Group: "MC_aks", Location: region}) }, proved, ""},
		"the set went": {func(w *world) {
			w.sub.PutSet(azuretest.Set{Name: "other", Group: "MC_aks", Location: region})
			w.sub.RemoveSet("MC_aks", "pool")
		}, proved, ""},
		"the group went":          {func(w *world) { w.sub.RemoveSet("MC_aks", "pool") }, proved, ""},
		"a list lost the machine": {func(w *world) { w.sub.Hide(azuretest.ListSetMachines, azuretest.SampleVM(5).ID) }, there, ""},
		"a list lost the set":     {func(w *world) { w.sub.Hide(azuretest.ListSets, "pool") }, there, ""},
		"its number was used again": {func(w *world) {
			w.sub.PutSet(azuretest.Set{Name: "pool", Group: "MC_aks", Location: region, VMs: []azuretest.VM{azuretest.SampleVM(6)}})
		}, weak, inventory.Conflict},
	} {
		w := newWorld(t)
		w.sub.PutSet(pool)
		w.sub.FreezeGraph()
		c.spoil(w)
		t.Run(name, func(t *testing.T) { w.checkAbsence(t, azuretest.SampleVM(5).ID, c.want, c.kind) })
	}
}

// TestManyAbsences: each is weighed on its own.
func TestManyAbsences(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 130)
	w.sub.Remove(ids[:10]...)
	w.sub.FreezeGraph()
	w.sub.Remove(ids[10:120]...)
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	found, err := lister.FindVerified(t.Context(), region, append(ids, "no-uuid"))
	if err != nil || len(found.Instances) != 10 || len(found.Weak) != 11 || found.Weak[ids[3]] == nil || found.Weak["no-uuid"] == nil {
		t.Errorf("%d there, %d weakly absent: %v", len(found.Instances), len(found.Weak), err)
	}
	if gets := w.Calls(azuretest.GetMachine); gets != 110 {
		t.Errorf("%d GETs, want 110", gets)
	}
	w.sub.Hide(azuretest.ListMachines, ids[125])
	if found, err := lister.FindVerified(t.Context(), region, ids); err != nil || len(found.Instances) != 10 || len(found.Weak) != 10 {
		t.Errorf("one is lost: %d there, %d weakly absent: %v", len(found.Instances), len(found.Weak), err)
	}
}

// TestLostAddresses: a machine whose interface or public address a list has lost is there, and says that its
// addresses are not all known; Resource Graph knows them.
func TestLostAddresses(t *testing.T) {
	t.Parallel()
	two := withPublic(azuretest.SampleVM(1))
	two.NICs = append(two.NICs, azuretest.NIC{Name: "second", Network: "Net/other", Configs: []azuretest.Config{{Private: "10.9.0.1", Primary: true}}})
	all := []string{"10.0.0.1", "10.9.0.1"}
	for name, c := range map[string]struct {
		action, lose string
		private      []string
		public       int
		vpc          string
		partial      bool
	}{
		"nothing":        {azuretest.ListInterfaces, "another", all, 1, "net/hub", false},
		"the first":      {azuretest.ListInterfaces, two.NICs[0].Name, all[1:], 0, "net/other", true},
		"the second":     {azuretest.ListInterfaces, "second", all[:1], 1, "net/hub", true},
		"public address": {azuretest.ListAddresses, two.NICs[0].Configs[0].Public, all, 0, "net/hub", true},
	} {
		for _, inSet := range []bool{false, true} {
			w := newWorld(t)
			action := c.action
			if w.sub.Put(two); inSet {
				w.sub.Remove()
				w.sub.PutSet(azuretest.Set{Name: "pool", Group: "G", Location: region, VMs: []azuretest.VM{two}})
				action = "virtualMachineScaleSets/" + action
			}
			w.sub.Hide(action, c.lose)
			lister := w.Open(t, cloudtest.InstantRetries(), nil)
			list, err := lister.List(t.Context(), region)
			if err != nil || len(list) != 1 {
				t.Fatalf("%s: %v, %v", name, list, err)
			}
			got := list[0]
			if got.AddressesPartial != c.partial || !slices.Equal(got.PrivateIPs, c.private) || len(got.PublicIPs) != c.public || got.VPC != c.vpc {
				t.Errorf("%s, in a set %t: %+v", name, inSet, got)
			}
			whole, err := lister.Find(t.Context(), region, []string{two.ID})
			if err != nil || len(whole) != 1 || whole[0].AddressesPartial || !slices.Equal(whole[0].PrivateIPs, all) {
				t.Errorf("%s, in a set %t: Resource Graph shows %+v, %v", name, inSet, whole, err)
			}
		}
	}
}

// TestSecondWitnessOfOneSubscription: where no account_id is set, the one subscription is found for the second
// witness too.
func TestSecondWitnessOfOneSubscription(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.Fill(region, 1)[0]
	w.Hide(region, id)
	lister := w.Open(t, cloudtest.InstantRetries(), func(a *cloud.Account) { a.AccountID = "" })
	if found, err := lister.FindVerified(t.Context(), region, []string{id}); err != nil || len(found.Instances) != 1 {
		t.Errorf("%+v, %v", found, err)
	}
}
