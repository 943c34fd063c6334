package config_test

import "github.com/jms-sync/jms-sync/core/inventory"

// testClouds is a table of clouds as core/cloud/all lists them: config knows none by itself.
func testClouds() inventory.CloudTable {
	takesRoles := []string{"sts:AssumeRole"}
	return inventory.CloudTable{
		{Cloud: "alibaba", Spellings: []string{"阿里云", "aliyun", "alibaba"}, Name: inventory.Text{ZH: "阿里云", EN: "Alibaba Cloud"}, AssumePermissions: takesRoles},
		{Cloud: "huawei", Spellings: []string{"华为云", "huawei", "huaweicloud"}, Name: inventory.Text{ZH: "华为云", EN: "Huawei Cloud"}},
		{Cloud: "aws", Spellings: []string{"aws"}, Name: inventory.Text{ZH: "AWS", EN: "AWS"}, AssumePermissions: takesRoles},
		{Cloud: "tencent", Spellings: []string{"腾讯云", "tencent"}, Name: inventory.Text{ZH: "腾讯云", EN: "Tencent Cloud"}},
		{Cloud: "azure", Spellings: []string{"azure"}, Name: inventory.Text{ZH: "Azure", EN: "Azure"}, NeedsTenant: true},
	}
}
