package alibaba

// Permissions are the RAM actions that the calls of this package need, sorted. The last one may
// be withheld from an account that has account_id set in its configuration; without the first one an
// absence has one witness only. With assume_role_arn they are the role's to have.
func Permissions() []string {
	return []string{"ecs:DescribeInstanceAttribute", "ecs:DescribeInstances", "ecs:DescribeRegions", "sts:GetCallerIdentity"}
}

// AssumePermissions are what the key, or the role of the host, needs to take the role of
// assume_role_arn: on that role alone, which has to trust it.
func AssumePermissions() []string { return []string{"sts:AssumeRole"} }
