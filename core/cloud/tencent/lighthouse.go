package tencent

import (
	"context"
	"net/http"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

const (
	// kindCVM is the main kind, whose scopes have no suffix.
	kindCVM = "cvm"
	// kindLighthouse is the kind of Lighthouse instances. It is part of asset ids, and never changes.
	kindLighthouse = "lighthouse"
	// nonexistentLighthouse is an id that no Lighthouse instance has.
	nonexistentLighthouse = "lhins-zzzzzzzz"
)

// lighthouseKind is the entry of Lighthouse (轻量应用服务器), version 2020-03-24:
// https://cloud.tencent.com/document/api/1207/47573
//
// Two witnesses prove an absence, as of CVM: DescribeInstances and DescribeInstancesDeniedActions, two APIs with a right
// each, were asked for the instance by its id, and neither knows it. CAM judges each instance that a call of the second
// one names, so that one which a policy hides is refused there.
//
// What its states mean (https://cloud.tencent.com/document/api/1207/47576#Instance):
//
//	SHUTDOWN                             closed: isolated, in the recycle bin
//	LAUNCH_FAILED, TERMINATING, DELETING not made: going, or never there
//	all others                           present: PENDING, RUNNING, STOPPED, STARTING, STOPPING, REBOOTING, FREEZING, …
//
// What has been destroyed is not shown any more.
//
// Its events are not read, as none of Tencent's are: the timer finds what changed.
func lighthouseKind(policy cloud.RetryPolicy) cloud.KindProvider {
	return cloud.KindProvider{
		KindInfo: inventory.KindInfo{
			Name: kindLighthouse, Title: language.Text{ZH: "轻量应用服务器", EN: "Lighthouse"}, Permissions: LighthousePermissions(), Facts: lighthouseFactSources(),
		},
		Open:          func(account cloud.Account) (cloud.Lister, error) { return OpenLighthouse(account, policy) },
		NonexistentID: nonexistentLighthouse, CountedRegion: homeRegion,
	}
}

// OpenLighthouse returns a lister for the Lighthouse instances of an account; see Open.
func OpenLighthouse(account cloud.Account, policy cloud.RetryPolicy) (cloud.Lister, error) {
	account.Cloud = cloudID
	return cloud.OpenConnected(account, func(transport http.RoundTripper) (*lighthouseLister, error) {
		l, err := openLister(account, policy, transport)
		if err != nil {
			return nil, err
		}
		l.api, l.probeIDs = l.api.ofLighthouse(), []string{nonexistentLighthouse}
		return &lighthouseLister{l}, nil
	})
}

// lighthouseLister lists Lighthouse instances, with the calls of Lighthouse in place of those of CVM.
type lighthouseLister struct{ *lister }

// Count implements cloud.Counter.
func (l *lighthouseLister) Count(ctx context.Context, region string) (int, error) {
	answer, err := l.describeChecked(ctx, "count instances of lighthouse", instancesQuery{region: region, limit: 1}, l.api.describeInstances)
	return answer.total, err
}

// ofLighthouse returns the calls by which Lighthouse is listed.
func (a api) ofLighthouse() api {
	a.describeRegions, a.describeInstances, a.describeStatuses = a.lighthouseRegions, a.lighthouseInstances, a.lighthouseDenied
	return a
}
