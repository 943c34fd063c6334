package alibaba

import (
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// factSources says where the answers of ECS have the facts.
func factSources() inventory.FactSources {
	return inventory.FactSources{
		inventory.FactStatus: "`Status`", inventory.FactZone: "`ZoneId`", inventory.FactSubnet: "`VSwitchId`", inventory.FactGroups: "`SecurityGroupIds`",
		inventory.FactResourceGroup: "`ResourceGroupId`", inventory.FactImage: "`ImageId`", inventory.FactCharge: "`prepaid`, `postpaid`, `spot`",
		inventory.FactCreatedAt: "`CreationTime`", inventory.FactExpiresAt: "`ExpiredTime`", inventory.FactElastic: "`EipAddress`",
	}
}

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
	return want.Keep(r.allFacts(want))
}

// attributeFacts is facts for an answer of DescribeInstanceAttribute, which has no tags and no resource group, and does not
// tell spot instances from others that are paid by use.
func (r *instanceRow) attributeFacts(want inventory.Want) *inventory.Facts {
	if want.IsEmpty() {
		return nil
	}
	f := r.allFacts(want)
	f.TagsUnread = true
	f.Unread |= inventory.FactResourceGroup
	if f.Charge == chargeByUse {
		f.Unread |= inventory.FactCharge
	}
	return want.Keep(f)
}

func (r *instanceRow) allFacts(want inventory.Want) inventory.Facts {
	f := inventory.Facts{
		Status: strings.ToLower(r.Status), Zone: string(r.ZoneId), Subnet: string(r.VpcAttributes.VSwitchId),
		ResourceGroup: string(r.ResourceGroupId),
		Image:         string(r.ImageId), Charge: strings.ToLower(string(r.InstanceChargeType)),
		CreatedAt: cloud.ParseTime(r.CreationTime), ExpiresAt: cloud.ParseExpiry(r.ExpiredTime),
	}
	f.Groups = cloud.UniqueTexts(cloud.ReadInto(r.SecurityGroupIds, want, inventory.FactGroups, &f.Unread).SecurityGroupId)
	if f.Charge == chargeByUse && strings.HasPrefix(string(r.SpotStrategy), "Spot") {
		f.Charge = chargeSpot
	}
	if r.EipAddress.IpAddress != "" {
		f.Elastic = 1
	}
	if want.WantsTags() {
		f.Tags, f.TagsUnread = r.readTags()
	}
	return f
}

func (r *factRow) readTags() (tags []inventory.Tag, unread bool) {
	read, unread := r.Tags.Read()
	for _, tag := range read.Tag {
		tags = append(tags, inventory.Tag{Key: tag.TagKey, Value: tag.TagValue})
	}
	return tags, unread
}
