package tencent

// Permissions are the CAM actions that the calls of this package need, sorted, each for all
// resources. The last two may be withheld: that of the regions from an account whose regions are
// configured, that of the identity from one that has account_id set.
func Permissions() []string {
	return []string{"cvm:DescribeInstances", "cvm:DescribeInstancesStatus", "region:DescribeRegions", "sts:GetCallerIdentity"}
}
