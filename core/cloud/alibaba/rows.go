package alibaba

import (
	"cmp"
	"strings"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// instancesPage is an answer of DescribeInstances with the fields that are needed. The SDK's own rows have a
// hundred fields and some 3 KB each, and fifty pages may be under way at once:
// https://help.aliyun.com/zh/ecs/developer-reference/api-ecs-2014-05-26-describeinstances
type instancesPage struct {
	*responses.BaseResponse
	RequestId string
	NextToken string
	Instances struct{ Instance []instanceRow }
}

// instanceRow is a row. The fields have Alibaba's names.
type instanceRow struct {
	InstanceId, InstanceName, HostName string
	OSType, OSName, OSNameEn           string
	Status, InstanceType, RegionId     string
	VpcAttributes                      struct {
		VpcId            string
		VSwitchId        cloud.LenientText
		PrivateIpAddress addressList
	}
	InnerIpAddress    addressList
	PublicIpAddress   addressList
	EipAddress        struct{ IpAddress string }
	NetworkInterfaces struct{ NetworkInterface []nicRow }
	factRow
}

type addressList struct{ IpAddress []string }

type nicRow struct {
	Type             string
	PrimaryIpAddress string
	PrivateIpSets    struct {
		PrivateIpSet []struct{ PrivateIpAddress string }
	}
	Ipv6Sets struct { // services/ecs/struct_ipv6_set.go of the SDK
		Ipv6Set []struct{ Ipv6Address string }
	}
}

// attributePage is an answer of DescribeInstanceAttribute, whose fields are named as those of a row:
// https://help.aliyun.com/zh/ecs/developer-reference/api-ecs-2014-05-26-describeinstanceattribute
type attributePage struct {
	*responses.BaseResponse
	RequestId string
	instanceRow
}

// convertPage copies what is needed of a page, so that the page itself can be freed.
func convertPage(answer *instancesPage, want inventory.Want) instancesAnswer {
	list := answer.Instances.Instance
	rows := make([]inventory.Instance, len(list))
	for i := range list {
		rows[i] = convertRow(&list[i])
		rows[i].Facts = list[i].facts(want)
	}
	// The SDK leaves the list nil where the answer has none.
	return instancesAnswer{requestID: answer.RequestId, rows: rows, hasList: list != nil, nextToken: answer.NextToken}
}

func convertRow(row *instanceRow) inventory.Instance {
	return inventory.Instance{
		Scope:      inventory.Scope{Region: row.RegionId},
		ID:         row.InstanceId,
		Name:       row.InstanceName,
		HostName:   row.HostName,
		OSType:     strings.ToLower(row.OSType),
		OSName:     cmp.Or(row.OSName, row.OSNameEn),
		Status:     strings.ToLower(row.Status),
		Type:       row.InstanceType,
		VPC:        row.VpcAttributes.VpcId,
		PrivateIPs: privateIPs(row),
		ClassicIPs: cloud.UniqueTexts(row.InnerIpAddress.IpAddress),
		PublicIPs:  cloud.UniqueTexts([]string{row.EipAddress.IpAddress}, row.PublicIpAddress.IpAddress),
		IPv6s:      ipv6s(row),
	}
}

// privateIPs returns the instance's own address, then those of the primary interface, then those
// of the others in the order of the answer.
func privateIPs(row *instanceRow) []string {
	var primary, others []string
	for _, nic := range row.NetworkInterfaces.NetworkInterface {
		addresses := []string{nic.PrimaryIpAddress}
		for _, set := range nic.PrivateIpSets.PrivateIpSet {
			addresses = append(addresses, set.PrivateIpAddress)
		}
		if nic.Type == "Primary" {
			primary = append(primary, addresses...)
		} else {
			others = append(others, addresses...)
		}
	}
	return cloud.UniqueTexts(row.VpcAttributes.PrivateIpAddress.IpAddress, primary, others)
}

// ipv6s returns the IPv6 addresses of the primary interface, then those of the others in the order of the answer.
func ipv6s(row *instanceRow) []string {
	var primary, others []string
	for _, nic := range row.NetworkInterfaces.NetworkInterface {
		for _, set := range nic.Ipv6Sets.Ipv6Set {
			if nic.Type == "Primary" {
				primary = append(primary, set.Ipv6Address)
			} else {
				others = append(others, set.Ipv6Address)
			}
		}
	}
	return cloud.IPv6Texts(primary, others)
}
