// Package all lists the clouds that this program knows.
package all

import (
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba"
	"github.com/jms-sync/jms-sync/core/cloud/aws"
	"github.com/jms-sync/jms-sync/core/cloud/azure"
	"github.com/jms-sync/jms-sync/core/cloud/huawei"
	"github.com/jms-sync/jms-sync/core/cloud/tencent"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// Providers returns one entry for each cloud, in the order in which people read them. A new cloud is a folder
// beside this one and a line here.
func Providers() []cloud.Provider {
	return []cloud.Provider{
		alibaba.Provider(cloud.RetryPolicy{}),
		huawei.Provider(cloud.RetryPolicy{}),
		aws.Provider(cloud.RetryPolicy{}),
		tencent.Provider(cloud.RetryPolicy{}),
		azure.Provider(cloud.RetryPolicy{}),
	}
}

// Clouds returns what the rest of the program knows of them.
func Clouds() inventory.CloudTable { return cloud.TableOf(Providers()) }
