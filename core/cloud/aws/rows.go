package aws

import (
	"cmp"
	"strings"

	sdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// instanceRow is an instance, and the zone that it says to be in.
type instanceRow struct {
	inventory.Instance
	zone string
}

// addressOwnerAmazon is the owner of a public address that came with the instance and leaves with it; an
// elastic one belongs to the account:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceNetworkInterfaceAssociation.html
const addressOwnerAmazon = "amazon"

// convertPage copies what is needed of a page, so that the page itself can be freed. A reservation is what
// one RunInstances started, in one or several rows.
func convertPage(out *ec2.DescribeInstancesOutput, want inventory.Want) instancesAnswer {
	n := 0
	for i := range out.Reservations {
		n += len(out.Reservations[i].Instances)
	}
	rows := make([]instanceRow, 0, n)
	for i := range out.Reservations {
		for k := range out.Reservations[i].Instances {
			rows = append(rows, convertRow(&out.Reservations[i].Instances[k], want))
		}
	}
	// The SDK leaves the list nil where the answer has none.
	return instancesAnswer{rows: rows, hasList: out.Reservations != nil, nextToken: sdk.ToString(out.NextToken)}
}

// convertRow converts an instance:
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
// The host name is the first label of AWS's private DNS name ("ip-10-0-0-1" or the instance's id); AWS does
// not know the machine's own name.
func convertRow(i *types.Instance, want inventory.Want) instanceRow {
	host, _, _ := strings.Cut(sdk.ToString(i.PrivateDnsName), ".")
	details := sdk.ToString(i.PlatformDetails)
	r := instanceRow{Instance: inventory.Instance{
		ID:       sdk.ToString(i.InstanceId),
		Name:     nameTag(i.Tags),
		HostName: host,
		OSType:   osType(string(i.Platform), details),
		OSName:   cmp.Or(details, string(i.Platform)),
		Type:     string(i.InstanceType),
		VPC:      sdk.ToString(i.VpcId),
	}}
	if i.State != nil {
		r.Status = strings.ToLower(string(i.State.Name))
		r.Existence = existenceOf(r.Status)
	}
	if i.Placement != nil {
		r.zone = sdk.ToString(i.Placement.AvailabilityZone)
	}
	private, elastic, others := instanceAddresses(i)
	r.PrivateIPs, r.PublicIPs = cloud.UniqueTexts(private), cloud.UniqueTexts(elastic, others)
	r.IPv6s = ipv6s(i)
	if !want.IsEmpty() {
		r.Facts = want.Keep(factsOf(i, r.Status, len(cloud.UniqueTexts(elastic))))
	}
	return r
}

// stateTerminated is the state of an instance that is released.
const stateTerminated = "terminated"

// existenceOf returns what a state means, by the table in the package doc.
func existenceOf(state string) inventory.Existence {
	switch state {
	case stateTerminated:
		return inventory.Absent
	case "shutting-down":
		return inventory.NotMade
	}
	return inventory.Present
}

// ipv6s returns the instance's own IPv6 address, then those of the primary interface and of the others, of each the
// primary one first: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceIpv6Address.html
func ipv6s(i *types.Instance) []string {
	all := []string{sdk.ToString(i.Ipv6Address)}
	for _, nic := range sorting.StableSorted(i.NetworkInterfaces, compareInterfaces) {
		for _, address := range sorting.StableSorted(nic.Ipv6Addresses, compareIPv6s) {
			all = append(all, sdk.ToString(address.Ipv6Address))
		}
	}
	return cloud.IPv6Texts(all)
}

func compareIPv6s(a, b types.InstanceIpv6Address) int {
	if sdk.ToBool(a.IsPrimaryIpv6) != sdk.ToBool(b.IsPrimaryIpv6) {
		if sdk.ToBool(a.IsPrimaryIpv6) {
			return -1
		}
		return 1
	}
	return strings.Compare(sdk.ToString(a.Ipv6Address), sdk.ToString(b.Ipv6Address))
}

func nameTag(tags []types.Tag) string {
	for _, tag := range tags {
		if sdk.ToString(tag.Key) == "Name" {
			return sdk.ToString(tag.Value)
		}
	}
	return ""
}

// osType returns the operating system from the platform ("windows", or nothing) and the billing details
// ("Linux/UNIX", "Red Hat Enterprise Linux", "Windows with SQL Server Standard", …), which rows of before
// 2020 lack: all that is not Windows is Linux: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/billing-info-fields.html,
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html
func osType(platform, details string) string {
	if strings.EqualFold(platform, "windows") || strings.Contains(strings.ToLower(details), "windows") {
		return "windows"
	}
	return "linux"
}

// instanceAddresses returns the private addresses, that of the primary interface first, and the public
// ones, the elastic ones apart. It sorts them, as EC2 promises no order.
func instanceAddresses(i *types.Instance) (private, elastic, others []string) {
	private = []string{sdk.ToString(i.PrivateIpAddress)}
	add := func(a *types.InstanceNetworkInterfaceAssociation) {
		switch {
		case a == nil:
		case sdk.ToString(a.IpOwnerId) == "" || sdk.ToString(a.IpOwnerId) == addressOwnerAmazon:
			others = append(others, sdk.ToString(a.PublicIp))
		default:
			elastic = append(elastic, sdk.ToString(a.PublicIp))
		}
	}
	for _, nic := range sorting.StableSorted(i.NetworkInterfaces, compareInterfaces) {
		private = append(private, sdk.ToString(nic.PrivateIpAddress))
		add(nic.Association)
		for _, address := range sorting.StableSorted(nic.PrivateIpAddresses, compareAddresses) {
			private = append(private, sdk.ToString(address.PrivateIpAddress))
			add(address.Association)
		}
	}
	return private, elastic, append(others, sdk.ToString(i.PublicIpAddress))
}

// compareInterfaces sorts the primary interface first: device 0 of network card 0.
func compareInterfaces(a, b types.InstanceNetworkInterface) int {
	place := func(nic types.InstanceNetworkInterface) (card, device int32) {
		if nic.Attachment == nil {
			return 1 << 30, 0
		}
		return sdk.ToInt32(nic.Attachment.NetworkCardIndex), sdk.ToInt32(nic.Attachment.DeviceIndex)
	}
	cardA, deviceA := place(a)
	cardB, deviceB := place(b)
	return cmp.Or(cmp.Compare(cardA, cardB), cmp.Compare(deviceA, deviceB))
}

func compareAddresses(a, b types.InstancePrivateIpAddress) int {
	if sdk.ToBool(a.Primary) != sdk.ToBool(b.Primary) {
		if sdk.ToBool(a.Primary) {
			return -1
		}
		return 1
	}
	return strings.Compare(sdk.ToString(a.PrivateIpAddress), sdk.ToString(b.PrivateIpAddress))
}
