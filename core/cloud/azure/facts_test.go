package azure_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/azure/azuretest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// factsVM returns a machine with number i that has all facts, in a location.
func factsVM(i int, location string) (azuretest.VM, inventory.Facts) {
	vm := azuretest.SampleVM(0xf0000 + i)
	vm.Location, vm.Zone, vm.Priority, vm.Created, vm.Tags = location, "2", "Spot", "2026-03-01T02:03:00+00:00", harness().TagMap()
	vm.Image = "/subscriptions/" + owner + "/resourceGroups/img/providers/Microsoft.Compute/galleries/g/images/golden/versions/1.0.0"
	own := vm.NICs[0]
	own.Subnet, own.SecurityGroup = "App", "Net/Web-NSG"
	own.Configs = []azuretest.Config{{Private: own.Configs[0].Private, Public: "198.51.100.7", Primary: true}}
	other := azuretest.NIC{Name: fmt.Sprintf("facts-%d-nic2", i), Network: "Net/hub", Subnet: "Data", SecurityGroup: "Net/Data-NSG", Configs: []azuretest.Config{{Private: "10.200.0.9", Primary: true}}}
	vm.NICs = []azuretest.NIC{other, own}
	return vm, inventory.Facts{
		Status: "succeeded", Zone: "2", Subnet: "net/hub/app", ResourceGroup: "prod", Image: vm.Image, Charge: "spot", CreatedAt: harness().Created(),
		Groups: []string{"net/web-nsg", "net/data-nsg"}, Elastic: 1, Tags: harness().Tags(),
	}
}

// FillFacts implements cloudtest.World.
func (w *world) FillFacts(region string) (string, inventory.Facts) {
	w.filled++
	vm, facts := factsVM(w.filled, region)
	w.sub.Put(vm)
	return vm.ID, facts
}

func wantAll(a *cloud.Account) { a.Want = inventory.WantAll() }

// TestFactsOfScaleSet: machines of a uniform scale set have the same facts; their public addresses go with them.
func TestFactsOfScaleSet(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	vm, want := factsVM(1, region)
	w.sub.PutSet(azuretest.Set{Name: "pool", Group: "Prod", Location: region, VMs: []azuretest.VM{vm}})
	want.Elastic = 0
	lister := w.Open(t, cloudtest.InstantRetries(), wantAll)
	list, err := lister.List(t.Context(), region)
	harness().CheckFacts(t, "list", list, err, want)
	list, err = lister.Find(t.Context(), region, []string{vm.ID})
	harness().CheckFacts(t, "glance", list, err, want)
}

// TestFactsWithoutInterface: a machine whose interface the lists left out has no subnet, groups or elastic addresses that are
// known: they are unread, so that no rule moves it.
func TestFactsWithoutInterface(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	vm, want := factsVM(1, region)
	w.sub.Put(vm)
	w.sub.Hide(azuretest.ListInterfaces, vm.NICs[1].Name)
	list, err := w.Open(t, cloudtest.InstantRetries(), wantAll).List(t.Context(), region)
	if err != nil || len(list) != 1 || !list[0].AddressesPartial {
		t.Fatalf("%+v, error %v", list, err)
	}
	want.Subnet, want.Groups, want.Elastic = "net/hub/data", []string{"net/data-nsg"}, 0
	want.Unread = inventory.FactSubnet | inventory.FactGroups | inventory.FactElastic
	harness().CheckFacts(t, "list", list, err, want)
}

// TestElasticAddresses: a dynamic public address is not the account's own, and ends the row of those that are.
func TestElasticAddresses(t *testing.T) {
	t.Parallel()
	config := func(n int, dynamic bool) azuretest.Config {
		return azuretest.Config{Private: fmt.Sprintf("10.1.1.%d", n), Public: fmt.Sprintf("198.51.100.%d", n), Primary: n == 1, Dynamic: dynamic}
	}
	for _, c := range []struct {
		dynamic []bool
		want    int
	}{{nil, 0}, {[]bool{true}, 0}, {[]bool{false}, 1}, {[]bool{false, false}, 2}, {[]bool{false, true, false}, 1}, {[]bool{true, false}, 0}} {
		w := newWorld(t)
		vm := azuretest.SampleVM(1)
		vm.Location = region
		for n, dynamic := range c.dynamic {
			vm.NICs[0].Configs = append(slices.Clone(vm.NICs[0].Configs)[:n], config(n+1, dynamic))
		}
		w.sub.Put(vm)
		list, err := w.Open(t, cloudtest.InstantRetries(), wantAll).List(t.Context(), region)
		if err != nil || len(list) != 1 || list[0].Facts.Elastic != c.want || len(list[0].PublicIPs) != len(c.dynamic) {
			t.Errorf("%v: %+v, error %v", c.dynamic, list, err)
		}
	}
}

// TestFactsOfMarketImage: a plain machine has no zone and no security group, is no spot machine, and has an image of the market.
func TestFactsOfMarketImage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fill(region, 1)
	list, err := w.Open(t, cloudtest.InstantRetries(), wantAll).List(t.Context(), region)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, error %v", list, err)
	}
	got := list[0].Facts
	if got.Charge != "regular" || got.Zone != "" || got.Groups != nil || got.Image != "publisher:ubuntu-24_04-lts:server:latest" || got.Unread != 0 {
		t.Errorf("facts %+v", *got)
	}
}

// TestOddFacts: a field that only rules read, and that has another form than Azure documents, spoils no list; and its fact is
// unread, not empty.
func TestOddFacts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	vm := azuretest.SampleVM(1)
	vm.Location = region
	vm.Raw = json.RawMessage(`{"id": "/subscriptions/` + owner + `/resourceGroups/Prod/providers/Microsoft.Compute/virtualMachines/odd", "name": "odd", "location": "` + region + `",
		"tags": {"app": 1}, "zones": "1", "properties": {"vmId": "` + vm.ID + `", "provisioningState": "Succeeded", "priority": {}, "timeCreated": "once", "storageProfile": {"imageReference": {"version": 1}}}}`)
	w.sub.Put(vm)
	list, err := w.Open(t, cloudtest.InstantRetries(), wantAll).List(t.Context(), region)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, error %v", list, err)
	}
	if got := list[0].Facts; !got.TagsUnread || got.Unread != inventory.FactZone || got.Charge != "regular" || !got.CreatedAt.IsZero() {
		t.Errorf("facts %+v", *got)
	}
}
