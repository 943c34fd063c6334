package tencent

// Permissions returns the CAM actions that the calls of this package need, sorted, each for all
// resources. CAM names an action by service and call: those of CVM are https://cloud.tencent.com/document/api/213/15728 and
// .../15738, that of the region service is in https://cloud.tencent.com/document/product/629/96609, that of STS is
// https://cloud.tencent.com/document/api/1312/66098. The last two may be withheld: that of the regions from an account that configures its
// regions, that of the identity from one that configures account_id.
func Permissions() []string {
	return []string{"cvm:DescribeInstances", "cvm:DescribeInstancesStatus", "region:DescribeRegions", "sts:GetCallerIdentity"}
}

// AssumePermissions returns what the key needs to assume the role of assume_role_arn: on that role alone, which has to
// trust it.
func AssumePermissions() []string { return []string{"sts:AssumeRole"} }
