package alibaba

// Permissions are the RAM actions that the calls of this package need, sorted. The last one may
// be withheld from an account that has account_id set in its configuration.
func Permissions() []string {
	return []string{"ecs:DescribeInstances", "ecs:DescribeRegions", "sts:GetCallerIdentity"}
}
