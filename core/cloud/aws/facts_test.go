package aws_test

import (
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/aws/awstest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// FillFacts implements cloudtest.World. The instance was started again long after it was made.
func (w *world) FillFacts(region string) (string, inventory.Facts) {
	w.filled++
	row := awstest.SampleInstance(0xf0000 + w.filled)
	row.Zone, row.Subnet, row.Image, row.Lifecycle = region+"c", "subnet-facts", "ami-facts", "spot"
	row.Launched, row.Attached = "2026-09-01T00:00:00.000Z", "2026-03-01T02:03:00.000Z"
	row.Name, row.Groups, row.Tags = "", []string{"sg-b", "sg-a"}, harness().TagMap()
	own := row.Interfaces[0]
	own.Groups, own.Addresses[0].Public, own.Addresses[0].Owner = row.Groups, "198.51.100.7", testAccountKey.AccountID
	row.Interfaces = []awstest.Interface{own, {Device: 1, Groups: []string{"sg-d", "sg-a"}}}
	row.PublicIP = own.Addresses[0].Public
	w.account.Put(region, row)
	return row.ID, inventory.Facts{
		Status: "running", Zone: row.Zone, Subnet: row.Subnet, Image: row.Image, Charge: "spot", CreatedAt: harness().Created(),
		Groups: []string{"sg-a", "sg-b", "sg-d"}, Elastic: 1, Tags: harness().Tags(),
	}
}

func wantAll(a *cloud.Account) { a.Want = inventory.WantAll() }

// TestFactsOfPlainInstance: an instance without a lifecycle is paid by use, its name is a tag, its public address leaves with
// it, and of when it was made nothing but the last start may be known.
func TestFactsOfPlainInstance(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	row := awstest.SampleInstance(0)
	row.PublicIP = "203.0.113.9"
	w.account.Put(region, row)
	list, err := w.Open(t, cloudtest.InstantRetries(), wantAll).List(t.Context(), region)
	if err != nil || len(list) != 1 {
		t.Fatalf("%+v, error %v", list, err)
	}
	got := list[0].Facts
	if got.Charge != "on-demand" || got.Elastic != 0 || !got.CreatedAt.Equal(time.Date(2025, 3, 1, 2, 3, 4, 0, time.UTC)) || !got.ExpiresAt.IsZero() {
		t.Errorf("facts %+v", *got)
	}
	if !slices.Equal(got.Tags, []inventory.Tag{{Key: "Name", Value: row.Name}}) {
		t.Errorf("tags %+v", got.Tags)
	}
}
