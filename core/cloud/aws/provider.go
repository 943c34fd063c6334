// Package aws lists the EC2 instances of one AWS account. It only reads; what it is not sure of
// is an error with a kind, never a short list.
//
// Two witnesses prove an absence: DescribeInstances by the filter instance-id does not show the instance,
// and DescribeInstances by InstanceIds, which never leaves out what it was asked for, names it as
// InvalidInstanceID.NotFound or shows it as terminated; see verify.go. A filter has returned an empty set
// where all were seen running (https://github.com/elifesciences/builder/issues/432).
//
// A listing covers one region of the account. IAM allows or refuses DescribeInstances as a whole: it knows no
// resources and no tags of them there, only conditions on the request, such as its region. So no policy
// hides a part (https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html).
//
// What a state means; unknown ones are present:
//
//	pending running stopping stopped   present
//	shutting-down                      not made: a machine that shuts down still answers
//	terminated                         absent, though EC2 shows its row for up to an hour more
//
// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_InstanceState.html and
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-lifecycle.html have the states. EC2 has no recycle
// bin for instances.
package aws

import (
	"context"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// Provider returns AWS's entry of the list of clouds. The zero policy is right outside of tests:
// EC2's limits are token buckets, which refill all the time, so that there is no window.
func Provider(policy cloud.RetryPolicy) cloud.Provider {
	return cloud.Provider{
		CloudInfo:     info(),
		Open:          func(account cloud.Account) (cloud.Lister, error) { return Open(account, policy) },
		Events:        Events,
		NonexistentID: "i-fffffffffffffffff",
	}
}

// info describes AWS.
func info() inventory.CloudInfo {
	return inventory.CloudInfo{
		Cloud:             inventory.AWS,
		Spellings:         []string{"aws"},
		Name:              language.Text{ZH: "AWS", EN: "AWS"},
		Permissions:       Permissions(),
		Facts:             factSources(),
		AssumePermissions: AssumePermissions(),
		OwnerRight:        "sts:GetCallerIdentity",
		EventForms:        eventForms(),
		HostIdentity:      true,
		Services:          services(),
		ZonePattern:       zonePattern,
		WithoutKey:        language.Text{ZH: "Lambda 里用函数的角色；别处用 EC2 实例的角色", EN: "the function's role on Lambda; the EC2 instance's role elsewhere"},
		Visibility: language.Text{
			ZH: "这个账号，逐个地域；IAM 对列表只能全部允许或拒绝，不会悄悄少几台",
			EN: "this account, region by region; IAM allows or refuses the list as a whole: none is hidden in silence",
		},
	}
}

// Open returns a lister for an account, and makes no call. An account without a key takes the role
// of the EC2 instance on which this program runs. It fails with BadCredentials for half a key,
// and with Invalid where its endpoint or proxy is no address.
func Open(account cloud.Account, policy cloud.RetryPolicy) (cloud.Lister, error) {
	account.Cloud = inventory.AWS
	return cloud.OpenConnected(account, func(apis http.RoundTripper) (*lister, error) {
		metadata := httpx.NewTransport(nil, metadataConnectTimeout) // reachable without a proxy only
		return openLister(account, policy, transports{apis: apis, metadata: metadata, metadataURL: metadataURL})
	})
}

// transports says where a lister's calls go.
type transports struct {
	apis, metadata http.RoundTripper
	metadataURL    string // of the instance metadata service
}

func openLister(account cloud.Account, policy cloud.RetryPolicy, w transports) (*lister, error) {
	l := &lister{Client: cloud.Client{Account: account, Retry: policy, KindOf: errorKind}, home: homeRegionOf(account), instanceRole: cloud.NewRoleCache()}
	l.Credentials, l.Advice = l.credentials, l.home.refusalAdvice
	if account.AccessKeyID.IsEmpty() != account.AccessKeySecret.IsEmpty() {
		return nil, l.NewError(inventory.BadCredentials, "open", "", "half a key: the key's id or its secret is missing")
	}
	place, err := cloud.ParseEndpoints(account, services())
	if err != nil {
		return nil, err
	}
	if l.Account.RoleCache == nil {
		l.Account.RoleCache = cloud.NewRoleCache()
	}
	if l.Retry.Now == nil {
		l.Retry.Now = time.Now
	}
	l.api = newAPI(account, place, l.home.region, w)
	return l, nil
}

// lister implements cloud.Lister. Nothing in it changes but the cached credentials.
type lister struct {
	cloud.Client
	home         homeRegion
	instanceRole *cloud.RoleCache // keeps the credentials of the EC2 instance's role
	api          api
}

// Owner implements cloud.Lister with STS GetCallerIdentity. With a role to assume, it returns the
// account of the role.
func (l *lister) Owner(ctx context.Context) (string, error) {
	const op = "get caller identity"
	owner, err := cloud.CallSigned(ctx, l.Client, op, "", l.api.callerIdentity)
	if err == nil && owner == "" {
		return "", l.NewError(inventory.Incomplete, op, "", "the answer lacks the Account")
	}
	return owner, err
}
