package alibaba

// Permissions returns the RAM actions that the calls of this package need, sorted; each document of a call names its own:
//
//	ecs:DescribeInstanceAttribute  https://help.aliyun.com/zh/ecs/developer-reference/api-ecs-2014-05-26-describeinstanceattribute
//	ecs:DescribeInstances          https://help.aliyun.com/zh/ecs/developer-reference/api-ecs-2014-05-26-describeinstances
//	ecs:DescribeRegions            https://help.aliyun.com/zh/ecs/developer-reference/api-ecs-2014-05-26-describeregions
//	sts:GetCallerIdentity          https://help.aliyun.com/zh/ram/developer-reference/api-sts-2015-04-01-getcalleridentity
//
// The last one may
// be withheld from an account that configures account_id; without the first one an absence has one
// witness only. With assume_role_arn the role needs them.
func Permissions() []string {
	return []string{"ecs:DescribeInstanceAttribute", "ecs:DescribeInstances", "ecs:DescribeRegions", "sts:GetCallerIdentity"}
}

// AssumePermissions returns what the key, or the role of the host, needs to assume the role of
// assume_role_arn: on that role alone, which has to trust it.
func AssumePermissions() []string { return []string{"sts:AssumeRole"} }
