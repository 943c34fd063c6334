package huawei

// Permissions returns the IAM actions that the calls of this package need, sorted:
// https://support.huaweicloud.com/api-ecs/ecs_06_0002.html. Grant both of ECS for the region's
// project: it is not documented whether a key that has them for single enterprise projects only may ask for
// a server that does not exist, and so prove an absence. The last one is needed with the keys of an
// agency, and may be withheld from an account that configures account_id, project_id and one region.
func Permissions() []string {
	return []string{"ecs:cloudServers:list", "ecs:cloudServers:showServer", "iam:projects:listProjects"}
}
