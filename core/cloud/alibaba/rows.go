package alibaba

import "github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"

// instancesPage is an answer of DescribeInstances, cut to what we need. The SDK's own rows have a hundred
// fields and some 3 KB each, and fifty pages may be under way at once:
// https://help.aliyun.com/zh/ecs/developer-reference/api-ecs-2014-05-26-describeinstances
type instancesPage struct {
	*responses.BaseResponse
	RequestId string
	NextToken string
	Instances struct{ Instance []instanceRow }
}

// The names of fields are Alibaba's.
type instanceRow struct {
	InstanceId, InstanceName, HostName string
	OSType, OSName, OSNameEn           string
	Status, InstanceType, RegionId     string
	VpcAttributes                      struct {
		VpcId            string
		PrivateIpAddress addressList
	}
	InnerIpAddress    addressList
	PublicIpAddress   addressList
	EipAddress        struct{ IpAddress string }
	NetworkInterfaces struct{ NetworkInterface []nicRow }
}

type addressList struct{ IpAddress []string }

type nicRow struct {
	Type             string
	PrimaryIpAddress string
	PrivateIpSets    struct {
		PrivateIpSet []struct{ PrivateIpAddress string }
	}
}

// attributePage is an answer of DescribeInstanceAttribute, whose fields have the names of those in a row:
// https://help.aliyun.com/zh/ecs/developer-reference/api-ecs-2014-05-26-describeinstanceattribute
type attributePage struct {
	*responses.BaseResponse
	RequestId string
	instanceRow
}
