// Package tencent lists the CVM instances, and the Lighthouse instances (see lighthouse.go), of one Tencent Cloud account. It only reads; what it is
// not sure of is an error with a kind, never a short list.
//
// CVM has no cursor, so that lists are read with overlapping pages (see cloud.OffsetReader), and no dry
// run.
//
// Two witnesses prove an absence: DescribeInstances and DescribeInstancesStatus, two APIs with a right
// each, were asked for the instance by its id, and neither knows it; see verify.go.
//
// A listing covers one region of the account. With CAM policies for some resources or tags the others are left
// out of a list, without an error; a call that names such an instance is refused. So what a policy
// hides is not proved absent, unless it hides it from both APIs without an error, which nothing shows.
//
// What a state (InstanceState) means; unknown ones are present:
//
//	PENDING RUNNING STOPPED STARTING STOPPING REBOOTING   present
//	TERMINATING                                           not made: it is being destroyed, and still there
//	SHUTDOWN                                              closed: returned, in the recycle bin, or expired
//	LAUNCH_FAILED                                         absent: it never came to be
//
// https://cloud.tencent.com/document/api/213/15753#Instance has the states. The vendor's own tool takes LAUNCH_FAILED
// for an instance that does not exist, and SHUTDOWN for one in the recycle bin:
// https://github.com/tencentcloudstack/terraform-provider-tencentcloud, services/cvm/resource_tc_instance.go and
// resource_tc_instance_set.go. A second termination destroys what is in the bin.
package tencent

import (
	"context"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

const (
	// cloudID is part of every asset id, and never changes.
	cloudID inventory.Cloud = "tencent"
	// homeRegion answers the calls that are not regional.
	homeRegion = "ap-guangzhou"
	// throttleWindow is a second: frequencies are limited by the second (DescribeInstances: 40 calls per account
	// and region), and RequestLimitExceeded ends with it.
	throttleWindow = time.Second
)

// Provider returns Tencent's entry of the list of clouds. The zero policy is right outside of tests.
// Tencent's events are not read: the timer finds what changed.
func Provider(policy cloud.RetryPolicy) cloud.Provider {
	return cloud.Provider{
		CloudInfo:     info(),
		Open:          func(account cloud.Account) (cloud.Lister, error) { return Open(account, policy) },
		NonexistentID: "ins-zzzzzzzz",
		Kinds:         []cloud.KindProvider{lighthouseKind(policy)},
	}
}

// info describes Tencent Cloud.
func info() inventory.CloudInfo {
	return inventory.CloudInfo{
		Cloud:             cloudID,
		Spellings:         []string{"腾讯云", "tencent"},
		Name:              language.Text{ZH: "腾讯云", EN: "Tencent Cloud"},
		MainKind:          kindCVM,
		Permissions:       Permissions(),
		Facts:             factSources(),
		AssumePermissions: AssumePermissions(),
		OwnerRight:        "sts:GetCallerIdentity",
		EventForms:        eventForms(),
		Services:          services(),
		ZonePattern:       zonePattern,
		WithoutKey:        language.Text{ZH: "报错：必须写密钥", EN: "an error: a key is required"},
		Visibility: language.Text{
			ZH: "这个账号，逐个地域；CAM 只授予部分资源或标签时，其余实例不在列表里，也不报错：它们不算已释放，但该地域的移除会暂缓。资源写 *",
			EN: "this account, region by region; with CAM rights for some resources or tags only, the others are left out without an error: they do not count as released, but removals of the region are held. Grant *",
		},
	}
}

// Open returns a lister for an account, and makes no call. It fails with BadCredentials where the
// account has no key, and with Invalid where its endpoint or proxy is no address.
func Open(account cloud.Account, policy cloud.RetryPolicy) (cloud.Lister, error) {
	account.Cloud = cloudID
	return cloud.OpenConnected(account, func(transport http.RoundTripper) (*lister, error) { return openLister(account, policy, transport) })
}

func openLister(account cloud.Account, policy cloud.RetryPolicy, transport http.RoundTripper) (*lister, error) {
	l := &lister{Client: cloud.Client{Account: account, Retry: policy, KindOf: errorKind}}
	l.Credentials = l.credentials
	if account.AccessKeyID.IsEmpty() || account.AccessKeySecret.IsEmpty() {
		return nil, l.NewError(inventory.BadCredentials, "open", "", "no credentials: the account has no key")
	}
	place, err := cloud.ParseEndpoints(account, services())
	if err != nil {
		return nil, err
	}
	if l.Retry.Window == 0 {
		l.Retry.Window = throttleWindow
	}
	if l.Retry.Now == nil {
		l.Retry.Now = time.Now
	}
	if l.Account.RoleCache == nil {
		l.Account.RoleCache = cloud.NewRoleCache()
	}
	l.api = newAPI(account, place, transport)
	return l, nil
}

// lister implements cloud.Lister. Nothing in it changes but the cached credentials of a role.
type lister struct {
	cloud.Client
	api api
	// probeIDs are those that the second witness is asked for to prove the right to list, where it takes no call
	// without ids.
	probeIDs []string
}

// Owner implements cloud.Lister with STS GetCallerIdentity: the uin of the main account, also for
// the key of a sub-account or a role. With a role to assume, it is the account of the role.
func (l *lister) Owner(ctx context.Context) (string, error) {
	const op = "get caller identity"
	answer, err := cloud.CallSigned(ctx, l.Client, op, "", l.api.callerIdentity)
	switch {
	case err != nil:
		return "", err
	case answer.requestID == "" || answer.account == "":
		return "", l.NewError(inventory.Incomplete, op, "", "the answer lacks its RequestId or the AccountId")
	}
	return answer.account, nil
}
