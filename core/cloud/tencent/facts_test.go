package tencent_test

import (
	"encoding/json"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/tencent/tencenttest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// FillFacts implements cloudtest.World.
func (w *world) FillFacts(region string) (string, inventory.Facts) {
	w.filled++
	row := tencenttest.SampleInstance(0xf0000 + w.filled)
	row.Zone, row.Subnet, row.Project, row.Image, row.Charge = region+"-6", "subnet-facts", 1234567, "img-facts", "PREPAID"
	row.Created, row.Expires = "2026-03-01T02:03:00Z", "2027-11-30T04:05:00Z"
	row.Groups, row.Tags = []string{"sg-b", "sg-a"}, harness().TagMap()
	w.account.Put(region, row)
	return row.ID, inventory.Facts{
		Status: "running", Zone: row.Zone, Subnet: row.Subnet, ResourceGroup: "1234567", Image: row.Image, Charge: "prepaid",
		CreatedAt: harness().Created(), ExpiresAt: harness().Expires(), Groups: row.Groups, Tags: harness().Tags(),
	}
}

// FillFacts implements cloudtest.World.
func (w *lighthouseWorld) FillFacts(region string) (string, inventory.Facts) {
	w.filled++
	row := tencenttest.SampleLighthouse(0xf0000 + w.filled)
	row.Blueprint, row.Charge, row.Tags = "lhbp-facts", "PREPAID", harness().TagMap()
	row.Created, row.Expires = "2026-03-01T02:03:00Z", "2027-11-30T04:05:00Z"
	w.account.Lighthouse().Put(region, row)
	return row.ID, inventory.Facts{
		Status: "running", Zone: region + "-3", Image: row.Blueprint, Charge: "prepaid", CreatedAt: harness().Created(), ExpiresAt: harness().Expires(),
		Tags: harness().Tags(),
	}
}

func wantAll(a *cloud.Account) { a.Want = inventory.WantAll() }

// TestOddFacts: a field that only rules read, and that has another form than CVM documents, spoils no list; and its fact
// is unread, not empty. Fields that are null are empty.
func TestOddFacts(t *testing.T) {
	t.Parallel()
	const head = `{"InstanceId": "ins-0dd00000", "InstanceName": "odd", "InstanceState": "RUNNING", "Placement": {"Zone": "ap-beijing-3", "ProjectId": null}, `
	for raw, check := range map[string]func(inventory.Facts) bool{
		head + `"Tags": {"Key": "app"}, "SecurityGroupIds": "sg-1", "CreatedTime": 7, "ImageId": ["img-1"]}`: func(f inventory.Facts) bool {
			return f.TagsUnread && f.Unread == inventory.FactGroups && f.CreatedAt.IsZero() && f.Image == ""
		},
		head + `"Tags": null, "SecurityGroupIds": null, "ExpiredTime": null, "VirtualPrivateCloud": null}`: func(f inventory.Facts) bool {
			return !f.TagsUnread && f.Unread == 0 && f.Tags == nil && f.ExpiresAt.IsZero() && f.ResourceGroup == ""
		},
	} {
		w := newWorld(t, defaultOptions)
		w.account.Put(region, tencenttest.Instance{ID: "ins-0dd00000", Raw: json.RawMessage(raw)})
		list, err := w.Open(t, cloudtest.InstantRetries(), wantAll).List(t.Context(), region)
		if err != nil || len(list) != 1 || !check(*list[0].Facts) {
			t.Errorf("%s: %+v, error %v", raw, list, err)
		}
	}
}
