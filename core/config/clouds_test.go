package config_test

import (
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// testClouds is a table of clouds as core/cloud/all lists them: config knows none by itself.
func testClouds() inventory.CloudTable {
	takesRoles := []string{"sts:AssumeRole"}
	return inventory.CloudTable{
		{Cloud: "alibaba", Spellings: []string{"阿里云", "aliyun", "alibaba"}, Name: language.Text{ZH: "阿里云", EN: "Alibaba Cloud"}, AssumePermissions: takesRoles,
			Services: []string{"ecs", "sts"}, HostIdentities: []string{"ecs_role"}, ZonePattern: `^(?:((?:[a-z]+-)+[a-z]{2,})-[a-z]|(.*-[0-9]+)-?[a-z])$`},
		{Cloud: "huawei", Spellings: []string{"华为云", "huawei", "huaweicloud"}, Name: language.Text{ZH: "华为云", EN: "Huawei Cloud"}, Services: []string{"ecs", "iam"}, ZonePattern: `^(.*-[0-9]+)[a-z]$`},
		{Cloud: "aws", Spellings: []string{"aws"}, Name: language.Text{ZH: "AWS", EN: "AWS"}, AssumePermissions: takesRoles},
		{Cloud: "tencent", Spellings: []string{"腾讯云", "tencent"}, Name: language.Text{ZH: "腾讯云", EN: "Tencent Cloud"}},
		{Cloud: "azure", Spellings: []string{"azure"}, Name: language.Text{ZH: "Azure", EN: "Azure"}, NeedsTenant: true, IdentityIsUUID: true},
	}
}
