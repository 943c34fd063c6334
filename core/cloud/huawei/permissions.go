package huawei

// Permissions are the IAM actions that the calls of this package need, sorted:
// https://support.huaweicloud.com/api-ecs/ecs_06_0002.html. Both of ECS are to be granted for the
// region's project: whether a key that has them for single enterprise projects only may ask for a
// server that does not exist, and so prove an absence, is not documented. The last one is needed where an agency's
// keys are used, and may be withheld from an account that has account_id, project_id and one
// region in its configuration.
func Permissions() []string {
	return []string{"ecs:cloudServers:list", "ecs:cloudServers:showServer", "iam:projects:list"}
}
