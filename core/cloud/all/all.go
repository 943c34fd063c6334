// Package all lists the clouds that this program knows.
package all

import (
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba"
)

// Providers gives one entry per cloud.
func Providers() []cloud.Provider {
	return []cloud.Provider{
		alibaba.Provider(cloud.Policy{}),
	}
}
