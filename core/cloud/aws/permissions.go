package aws

// Permissions returns the IAM actions that the calls of this package need, sorted, as
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html and
// https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecuritytokenservice.html have them. The last one cannot
// be withheld. With assume_role_arn the role needs them.
func Permissions() []string {
	return []string{"ec2:DescribeInstances", "ec2:DescribeRegions", "sts:GetCallerIdentity"}
}

// AssumePermissions returns what the key, or the role of the host, needs to assume the role of
// assume_role_arn: on that role alone, which has to trust it.
func AssumePermissions() []string { return []string{"sts:AssumeRole"} }
