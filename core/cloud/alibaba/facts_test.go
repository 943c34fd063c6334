package alibaba_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// factsNumber is the number of the first instance that has all facts.
const factsNumber = 0xf0000

// FillFacts implements cloudtest.World.
func (w *world) FillFacts(region string) (string, inventory.Facts) {
	w.filled++
	row := alibabatest.SampleInstance(factsNumber + w.filled)
	row.Zone, row.Subnet, row.ResourceGroup, row.Image = region+"-k", "vsw-facts", "rg-acfmfacts", "m-facts"
	row.Charge, row.Created, row.Expires = "PrePaid", "2026-03-01T02:03Z", "2027-11-30T04:05Z"
	row.Groups, row.EIP, row.Tags = []string{"sg-b", "sg-a", "sg-b"}, "198.51.100.7", harness().TagMap()
	w.account.Put(region, row)
	return row.ID, inventory.Facts{
		Status: "running", Zone: row.Zone, Subnet: row.Subnet, ResourceGroup: row.ResourceGroup, Image: row.Image, Charge: "prepaid",
		CreatedAt: harness().Created(), ExpiresAt: harness().Expires(), Groups: []string{"sg-b", "sg-a"}, Elastic: 1, Tags: harness().Tags(),
	}
}

// FillFacts implements cloudtest.World.
func (w *swasWorld) FillFacts(region string) (string, inventory.Facts) {
	w.filled++
	row := alibabatest.SampleSWAS(factsNumber + w.filled)
	row.ResourceGroup, row.ImageID, row.Charge, row.Tags = "rg-acfmfacts", "image-facts", "PrePaid", harness().TagMap()
	row.Created, row.Expires = "2026-03-01T02:03:00Z", "2027-11-30T04:05:00Z"
	w.account.SWAS().Put(region, row)
	return row.ID, inventory.Facts{
		Status: "running", ResourceGroup: row.ResourceGroup, Image: row.ImageID, Charge: "prepaid", CreatedAt: harness().Created(), ExpiresAt: harness().Expires(),
		Tags: harness().Tags(),
	}
}

// factsOf returns the facts of the only instance of the region, with all of them wanted.
func (w *world) factsOf(t *testing.T) inventory.Facts {
	t.Helper()
	list, err := w.Open(t, cloudtest.InstantRetries(), wantAll).List(t.Context(), region)
	if err != nil || len(list) != 1 || list[0].Facts == nil {
		t.Fatalf("%+v, error %v", list, err)
	}
	return *list[0].Facts
}

func wantAll(a *cloud.Account) { a.Want = inventory.WantAll() }

// TestCharge: what is paid by use ends in 2099 for ECS, which is never; a spot instance is one that is paid by use.
func TestCharge(t *testing.T) {
	t.Parallel()
	for want, row := range map[string]alibabatest.Instance{
		"postpaid": {}, "prepaid": {Charge: "PrePaid"}, "spot": {Spot: "SpotAsPriceGo"}, "": {Charge: "-"},
	} {
		w := newWorld(t)
		sample := alibabatest.SampleInstance(0)
		sample.Charge, sample.Spot = strings.Trim(row.Charge, "-"), row.Spot
		if row.Charge == "-" {
			sample.Raw = rawInstance(t, sample.ID, `{"InstanceChargeType":null}`)
		}
		w.account.Put(region, sample)
		got := w.factsOf(t)
		if got.Charge != want || !got.ExpiresAt.IsZero() {
			t.Errorf("charge %q until %s, want %q until ever", got.Charge, got.ExpiresAt, want)
		}
	}
}

// rawInstance returns an instance with the least fields, and these.
func rawInstance(t *testing.T, id, more string) json.RawMessage {
	t.Helper()
	row := map[string]any{"InstanceId": id, "InstanceName": "raw", "Status": "Running", "RegionId": region}
	var fields map[string]any
	if err := json.Unmarshal([]byte(more), &fields); err != nil {
		t.Fatal(err)
	}
	maps.Copy(row, fields)
	raw, err := json.Marshal(row)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// TestOddFacts: a field that only rules read, and that has another form than ECS documents, spoils no list; and its fact
// is unread, not empty.
func TestOddFacts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account.Put(region, alibabatest.Instance{ID: "i-odd", Raw: rawInstance(t, "i-odd", `{
		"Tags": {"Tag": "none"}, "SecurityGroupIds": ["sg-1"], "ZoneId": 7, "ImageId": {"Id": "m-1"}, "CreationTime": "yesterday", "ExpiredTime": 0, "ResourceGroupId": null}`)})
	got := w.factsOf(t)
	if !got.TagsUnread || got.Unread != inventory.FactGroups || got.Zone != "7" || got.Image != "" || !got.CreatedAt.IsZero() || !got.ExpiresAt.IsZero() {
		t.Errorf("facts %+v", got)
	}
}

// TestFactsOfOneInstance: what DescribeInstanceAttribute does not show of an instance that the list lost is unread.
func TestFactsOfOneInstance(t *testing.T) {
	t.Parallel()
	for _, spot := range []string{"", "SpotAsPriceGo"} {
		w := newWorld(t)
		row := alibabatest.SampleInstance(0)
		row.Spot, row.ResourceGroup = spot, "rg-1"
		w.account.Put(region, row)
		w.Hide(region, row.ID)
		list, err := cloudtest.FindInstances(t.Context(), w.Open(t, cloudtest.InstantRetries(), wantAll), region, row.ID)
		if err != nil || len(list) != 1 {
			t.Fatalf("%+v, error %v", list, err)
		}
		got := list[0].Facts
		if !got.TagsUnread || got.Unread != inventory.FactResourceGroup|inventory.FactCharge || !slices.Equal(got.Groups, []string{"sg-2ze00000000000000001"}) {
			t.Errorf("facts %+v", *got)
		}
	}
}
