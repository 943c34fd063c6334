package aws

import (
	"cmp"
	"slices"
	"time"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// factSources says where the answers of EC2 have the facts.
func factSources() inventory.FactSources {
	return inventory.FactSources{
		inventory.FactStatus: "`State`", inventory.FactZone: "`AvailabilityZone`", inventory.FactSubnet: "`SubnetId`", inventory.FactGroups: "`GroupId`",
		inventory.FactImage: "`ImageId`", inventory.FactCharge: "`on-demand`, `spot`, `scheduled`, `capacity-block`",
		inventory.FactCreatedAt: "`AttachTime`, `LaunchTime`", inventory.FactElastic: "`IpOwnerId`",
	}
}

// chargeOnDemand is how an instance is paid that has no lifecycle (spot, scheduled, capacity-block).
const chargeOnDemand = "on-demand"

// factsOf returns all facts of an instance, its status and the number of its elastic addresses given. AWS has nothing by
// which an account groups its instances, but for tags, and no end of an instance that is known before.
func factsOf(i *types.Instance, status string, elastic int) inventory.Facts {
	f := inventory.Facts{
		Status: status, Subnet: sdk.ToString(i.SubnetId), Groups: groupsOf(i), Image: sdk.ToString(i.ImageId),
		Charge: cmp.Or(string(i.InstanceLifecycle), chargeOnDemand), CreatedAt: createdAt(i), Elastic: elastic,
	}
	if i.Placement != nil {
		f.Zone = sdk.ToString(i.Placement.AvailabilityZone)
	}
	for _, tag := range i.Tags {
		f.Tags = append(f.Tags, inventory.Tag{Key: sdk.ToString(tag.Key), Value: sdk.ToString(tag.Value)})
	}
	return f
}

// groupsOf returns the security groups of the primary interface, then those of the others, of each interface sorted.
func groupsOf(i *types.Instance) []string {
	all := [][]string{groupIDs(i.SecurityGroups)}
	for _, nic := range sorting.StableSorted(i.NetworkInterfaces, compareInterfaces) {
		all = append(all, groupIDs(nic.Groups))
	}
	return cloud.UniqueTexts(all...)
}

func groupIDs(groups []types.GroupIdentifier) []string {
	ids := make([]string, len(groups))
	for n, group := range groups {
		ids[n] = sdk.ToString(group.GroupId)
	}
	slices.Sort(ids)
	return ids
}

// createdAt returns when an instance was made. LaunchTime is that of its last start; the primary interface is attached when
// the instance is made, and stays: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html,
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-eni.html
func createdAt(i *types.Instance) time.Time {
	at := sdk.ToTime(i.LaunchTime)
	for n := range i.NetworkInterfaces {
		attachment := i.NetworkInterfaces[n].Attachment
		if attachment == nil || attachment.AttachTime == nil || sdk.ToInt32(attachment.DeviceIndex) != 0 {
			continue
		}
		if at.IsZero() || attachment.AttachTime.Before(at) {
			at = *attachment.AttachTime
		}
	}
	return at.UTC()
}
