package alibaba

// Permissions returns the RAM actions that the calls of this package need, sorted. The last one may
// be withheld from an account that configures account_id; without the first one an absence has one
// witness only. With assume_role_arn the role needs them.
func Permissions() []string {
	return []string{"ecs:DescribeInstanceAttribute", "ecs:DescribeInstances", "ecs:DescribeRegions", "sts:GetCallerIdentity"}
}

// SWASPermissions returns the RAM actions that listing Simple Application Servers needs besides those of Permissions,
// sorted, each for all servers:
// https://help.aliyun.com/zh/simple-application-server/developer-reference/api-swas-open-2020-06-01-ram
func SWASPermissions() []string {
	return []string{"swas-open:ListInstanceStatus", "swas-open:ListInstances", "swas-open:ListRegions"}
}

// AssumePermissions returns what the key, or the role of the host, needs to assume the role of
// assume_role_arn: on that role alone, which has to trust it.
func AssumePermissions() []string { return []string{"sts:AssumeRole"} }
