package huawei_test

import "github.com/jms-sync/jms-sync/core/cloud"

const region = "cn-north-4"

func same(*cloud.Account) {}
