package alibaba

import (
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// factRow has those fields of a row that only mapping rules read. A spot instance is paid by use (PostPaid), and has a
// SpotStrategy that is not NoSpot.
type factRow struct {
	ZoneId, ResourceGroupId, ImageId cloud.LenientText
	InstanceChargeType, SpotStrategy cloud.LenientText
	CreationTime, ExpiredTime        cloud.LenientText // 2025-03-01T02:03Z
	SecurityGroupIds                 cloud.Shown[struct{ SecurityGroupId []string }]
	Tags                             cloud.Shown[struct {
		Tag []struct{ TagKey, TagValue string }
	}]
}

const (
	chargeByUse = "postpaid"
	chargeSpot  = "spot"
)

// facts returns what is wanted of a row. A row of a list that has no Tags has no tags.
func (r *instanceRow) facts(want inventory.Want) *inventory.Facts {
	if want.IsEmpty() {
		return nil
	}
	return want.Keep(r.allFacts())
}

// attributeFacts is facts for an answer of DescribeInstanceAttribute, which has no tags and no resource group, and does not
// tell spot instances from others that are paid by use.
func (r *instanceRow) attributeFacts(want inventory.Want) *inventory.Facts {
	if want.IsEmpty() {
		return nil
	}
	f := r.allFacts()
	f.TagsUnread = true
	f.Unread |= inventory.FactResourceGroup | cloud.UnreadIf(f.Charge == chargeByUse, inventory.FactCharge)
	return want.Keep(f)
}

func (r *instanceRow) allFacts() inventory.Facts {
	f := inventory.Facts{
		Status: strings.ToLower(r.Status), Zone: string(r.ZoneId), Subnet: string(r.VpcAttributes.VSwitchId),
		Groups: cloud.UniqueTexts(r.SecurityGroupIds.Value.SecurityGroupId), ResourceGroup: string(r.ResourceGroupId),
		Image: string(r.ImageId), Charge: strings.ToLower(string(r.InstanceChargeType)),
		CreatedAt: cloud.ParseTime(r.CreationTime), ExpiresAt: cloud.ParseExpiry(r.ExpiredTime),
		TagsUnread: r.Tags.IsOdd, Unread: cloud.UnreadIf(r.SecurityGroupIds.IsOdd, inventory.FactGroups),
	}
	if f.Charge == chargeByUse && strings.HasPrefix(string(r.SpotStrategy), "Spot") {
		f.Charge = chargeSpot
	}
	if r.EipAddress.IpAddress != "" {
		f.Elastic = 1
	}
	for _, tag := range r.Tags.Value.Tag {
		f.Tags = append(f.Tags, inventory.Tag{Key: tag.TagKey, Value: tag.TagValue})
	}
	return f
}
