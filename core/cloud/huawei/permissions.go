package huawei

// Permissions returns the IAM actions that the calls of this package need, sorted. Those of ECS stand at their calls,
// "GET /v1/{project_id}/cloudservers/detail" and ".../{server_id}", in https://support.huaweicloud.com/api-ecs/ecs_06_0002.html.
// That of IAM is spelt so in policies of the vendor's own documents, beside iam:users:listUsers (modelarts_24_0093, "Separately
// Assigning Permissions to Administrators and Developers", at https://github.com/opentelekomcloud-docs);
// the call before it, for users, takes no right: https://support.huaweicloud.com/api-iam/iam_06_0003.html. Grant both of ECS for the region's
// project: it is not documented whether a key that has them for single enterprise projects only may ask for
// a server that does not exist, and so prove an absence. The last one is needed with the keys of an
// agency, and may be withheld from an account that configures account_id, project_id and one region.
func Permissions() []string {
	return []string{"ecs:cloudServers:list", "ecs:cloudServers:showServer", "iam:projects:listProjects"}
}
