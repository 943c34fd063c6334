package huawei_test

import (
	"encoding/json"
	"maps"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/huawei/huaweitest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// FillFacts implements cloudtest.World.
func (w *world) FillFacts(region string) (string, inventory.Facts) {
	w.filled++
	row := huaweitest.SampleInstance(0xf0000 + w.filled)
	row.Zone, row.Subnet, row.EnterpriseProject, row.Image, row.ChargingMode = region+"b", "5ec0facts", "e9facts", "1facts", "1"
	row.Created, row.AutoTerminate = "2026-03-01T02:03:00Z", "2027-11-30T04:05:00Z"
	row.Groups, row.Floating, row.Tags = []string{"sg-b", "sg-a", "sg-b"}, []string{"198.51.100.7"}, harness().TagMap()
	w.account.Grant(row.EnterpriseProject, true)
	w.account.Put(region, row)
	return row.ID, inventory.Facts{
		Status: "active", Zone: row.Zone, Subnet: row.Subnet, ResourceGroup: row.EnterpriseProject, Image: row.Image, Charge: "prepaid",
		CreatedAt: harness().Created(), ExpiresAt: harness().Expires(), Groups: []string{"sg-b", "sg-a"}, Elastic: 1, Tags: harness().Tags(),
	}
}

func wantAll(a *cloud.Account) { a.Want = inventory.WantAll() }

// TestOddFacts: a field that only rules read, and that has another form than ECS documents, spoils no list; and its fact
// is unread, not empty.
func TestOddFacts(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, more string
		check      func(inventory.Facts) bool
	}{
		{"odd", `{"tags": [{"key": "app"}], "security_groups": "sg", "network_interfaces": {}, "image": 7, "created": {}}`, func(f inventory.Facts) bool {
			return f.TagsUnread && f.Unread == inventory.FactGroups|inventory.FactSubnet && f.Image == "from metadata" && f.CreatedAt.IsZero()
		}},
		{"without", `{"image": ""}`, func(f inventory.Facts) bool {
			return !f.TagsUnread && f.Tags == nil && f.Unread == inventory.FactSubnet && f.Image == "from metadata" && f.Charge == "spot" && f.ResourceGroup == ""
		}},
		{"null", `{"tags": null, "security_groups": null, "network_interfaces": [{"port_id": "p", "subnet_id": "only"}], "enterprise_project_id": null}`, func(f inventory.Facts) bool {
			return !f.TagsUnread && f.Tags == nil && f.Unread == 0 && f.Subnet == "only"
		}},
	} {
		w := newWorld(t)
		row := map[string]any{
			"id": "0dd00000-0000-4000-8000-000000000000", "name": c.name, "status": "ACTIVE", "addresses": map[string]any{},
			"metadata": map[string]any{"metering.image_id": "from metadata", "charging_mode": "2"},
		}
		var fields map[string]any
		if err := json.Unmarshal([]byte(c.more), &fields); err != nil {
			t.Fatal(err)
		}
		maps.Copy(row, fields)
		raw, err := json.Marshal(row)
		if err != nil {
			t.Fatal(err)
		}
		w.account.Put(region, huaweitest.Instance{ID: "0dd00000-0000-4000-8000-000000000000", Raw: raw})
		list, err := w.Open(t, cloudtest.InstantRetries(), wantAll).List(t.Context(), region)
		if err != nil || len(list) != 1 || !c.check(*list[0].Facts) {
			t.Errorf("%s: %+v, error %v", c.name, list, err)
		}
	}
}
