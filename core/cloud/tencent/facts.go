package tencent

import (
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// factSources says where the answers of CVM have the facts.
func factSources() inventory.FactSources {
	return inventory.FactSources{
		inventory.FactStatus: "`InstanceState`", inventory.FactZone: "`Zone`", inventory.FactSubnet: "`SubnetId`", inventory.FactGroups: "`SecurityGroupIds`",
		inventory.FactResourceGroup: "`ProjectId`", inventory.FactImage: "`ImageId`", inventory.FactCharge: "`prepaid`, `postpaid_by_hour`, `spotpaid`, `cdhpaid`, `cdcpaid`",
		inventory.FactCreatedAt: "`CreatedTime`", inventory.FactExpiresAt: "`ExpiredTime`",
	}
}

// lighthouseFactSources is factSources of Lighthouse.
func lighthouseFactSources() inventory.FactSources {
	return inventory.FactSources{
		inventory.FactStatus: "`InstanceState`", inventory.FactZone: "`Zone`", inventory.FactImage: "`BlueprintId`", inventory.FactCharge: "`prepaid`",
		inventory.FactCreatedAt: "`CreatedTime`", inventory.FactExpiresAt: "`ExpiredTime`",
	}
}

// factRow has those fields of a row that only mapping rules read; what an instance does not have is null. No field says
// which of the public addresses are elastic: that takes DescribeAddresses, another API with a right of its own.
type factRow struct {
	ImageId, InstanceChargeType cloud.LenientText
	CreatedTime, ExpiredTime    cloud.LenientText
	SecurityGroupIds            cloud.Shown[[]string]
	Tags                        cloud.Shown[[]inventory.Tag]
}

// factsOf returns what is wanted of the fields that rows of CVM and of Lighthouse share, and of more.
func (r *factRow) factsOf(want inventory.Want, more inventory.Facts) *inventory.Facts {
	f := more
	f.Groups = cloud.UniqueTexts(cloud.ReadInto(r.SecurityGroupIds, want, inventory.FactGroups, &f.Unread))
	f.Charge = strings.ToLower(string(r.InstanceChargeType))
	f.CreatedAt, f.ExpiresAt = cloud.ParseTime(r.CreatedTime), cloud.ParseExpiry(r.ExpiredTime)
	if want.WantsTags() {
		f.Tags, f.TagsUnread = cloud.ReadTags(r.Tags)
	}
	return want.Keep(f)
}

// facts returns what is wanted of a row of CVM.
func (r *instanceRow) facts(want inventory.Want) *inventory.Facts {
	if want.IsEmpty() {
		return nil
	}
	return r.factsOf(want, inventory.Facts{
		Status: strings.ToLower(r.InstanceState), Zone: r.Placement.Zone, Subnet: string(r.VirtualPrivateCloud.SubnetId),
		ResourceGroup: string(r.Placement.ProjectId), Image: string(r.ImageId),
	})
}

// facts returns what is wanted of a row of Lighthouse, whose image is a blueprint. It has no subnet, group or project that
// is shown.
func (r *lighthouseRow) facts(want inventory.Want) *inventory.Facts {
	if want.IsEmpty() {
		return nil
	}
	return r.factsOf(want, inventory.Facts{Status: strings.ToLower(r.InstanceState), Zone: r.Zone, Image: string(r.BlueprintId)})
}
