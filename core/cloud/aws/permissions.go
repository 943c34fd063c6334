package aws

// Permissions are the IAM actions that the calls of this package need, sorted. sts:GetCallerIdentity
// cannot be withheld. With assume_role_arn all but sts:AssumeRole are the role's to have, and that
// one is needed by whoever takes the role.
func Permissions() []string {
	return []string{"ec2:DescribeInstances", "ec2:DescribeRegions", "sts:AssumeRole", "sts:GetCallerIdentity"}
}
