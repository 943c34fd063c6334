// Package all lists the clouds that this program knows.
package all

import (
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba"
	"github.com/jms-sync/jms-sync/core/cloud/aws"
	"github.com/jms-sync/jms-sync/core/cloud/azure"
	"github.com/jms-sync/jms-sync/core/cloud/huawei"
	"github.com/jms-sync/jms-sync/core/cloud/tencent"
)

// Providers gives one entry per cloud.
func Providers() []cloud.Provider {
	return []cloud.Provider{
		alibaba.Provider(cloud.RetryPolicy{}),
		huawei.Provider(cloud.RetryPolicy{}),
		aws.Provider(cloud.RetryPolicy{}),
		tencent.Provider(cloud.RetryPolicy{}),
		azure.Provider(cloud.RetryPolicy{}),
	}
}
