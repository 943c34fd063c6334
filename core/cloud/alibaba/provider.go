// Package alibaba lists the ECS instances, and the Simple Application Servers (see swas.go), of one Alibaba Cloud
// account. It only reads; what it
// is not sure of is an error with a kind, never a short list.
//
// Two witnesses prove an absence: DescribeInstances does not show the instance, by its id and with the
// right to list proved by a dry run, and DescribeInstanceAttribute, asked for this one instance, says
// InvalidInstanceId.NotFound; see verify.go.
//
// A listing covers one region of the account. RAM allows or refuses a list as a whole: with a policy for some
// resource groups, tags or instances the list is empty, and the dry run is refused. Where a call names
// instances, RAM may judge each of them: one that is withheld empties the answer, with HTTP 200, and the
// second witness is refused.
//
// What a status means: every one is present.
//
//	Pending Starting Running Stopping Stopped   present
//
// https://help.aliyun.com/zh/ecs/developer-reference/api-ecs-2014-05-26-describeinstances has the statuses. A released
// instance has no row, and ECS keeps none in a recycle bin: "all physical resources are recycled"
// (https://help.aliyun.com/zh/ecs/developer-reference/api-ecs-2014-05-26-deleteinstances). One that has expired, owes
// money, is about to be recycled or is locked is Stopped with OperationLocks, can be had back for days
// (https://help.aliyun.com/en/ecs/developer-reference/api-ecs-2014-05-26-reactivateinstances), and is present until then.
package alibaba

import (
	"context"
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

const (
	// identityECSRole is the identity of an account that uses the RAM role of the ECS instance it runs on.
	identityECSRole = "ecs_role"
	// homeRegion answers the calls that are not regional where the account names no regions.
	homeRegion = "cn-hangzhou"
	// throttleWindow is a minute: calls that are throttled in one minute are allowed again in the next:
	// https://help.aliyun.com/zh/ecs/developer-reference/api-throttling-overview
	throttleWindow = time.Minute
)

// Provider returns Alibaba's entry of the list of clouds. The zero policy is right outside of tests.
func Provider(policy cloud.RetryPolicy) cloud.Provider {
	return cloud.Provider{
		CloudInfo:     info(),
		Open:          func(account cloud.Account) (cloud.Lister, error) { return Open(account, policy) },
		Events:        Events,
		NonexistentID: nonexistentID,
		Kinds:         []cloud.KindProvider{swasKind(policy)},
	}
}

// info describes Alibaba Cloud.
func info() inventory.CloudInfo {
	return inventory.CloudInfo{
		Cloud:             inventory.Alibaba,
		Spellings:         []string{"阿里云", "aliyun", "alibaba"},
		Name:              language.Text{ZH: "阿里云", EN: "Alibaba Cloud"},
		MainKind:          kindECS,
		Permissions:       Permissions(),
		Facts:             factSources(),
		AssumePermissions: AssumePermissions(),
		OwnerRight:        "sts:GetCallerIdentity",
		EventForms:        eventForms(),
		HostIdentities:    []string{identityECSRole},
		Services:          services(),
		ZonePattern:       zonePattern,
		WithoutKey:        language.Text{ZH: "函数计算里用函数的角色；ECS 上写 `identity: ecs_role` 用实例的 RAM 角色；别处报错", EN: "the function's role on Function Compute; the RAM role of an ECS instance with `identity: ecs_role`; an error elsewhere"},
		Visibility: language.Text{
			ZH: "这个账号，逐个地域；RAM 只授予部分资源组、标签或实例时，列表整个为空并报缺权限，不会悄悄少几台",
			EN: "this account, region by region; with rights for some resource groups, tags or instances only, the list is empty as a whole and that is told: none is hidden in silence",
		},
	}
}

// Open returns a lister for an account, and makes no call. It fails with BadCredentials where the
// account has no key, and with Invalid where its endpoint or proxy is no address.
func Open(account cloud.Account, policy cloud.RetryPolicy) (cloud.Lister, error) {
	account.Cloud = inventory.Alibaba
	return cloud.OpenConnected(account, func(apis http.RoundTripper) (*lister, error) { return openLister(account, policy, newTransports(apis)) })
}

// newTransports returns where calls go outside of tests.
func newTransports(apis http.RoundTripper) transports {
	metadata := httpx.NewTransport(nil, metadataConnectTimeout) // reachable without a proxy only
	return transports{apis: apis, metadata: metadata, metadataURL: metadataURL}
}

// transports says where a lister's calls go.
type transports struct {
	apis, metadata http.RoundTripper
	metadataURL    string // of the instance metadata service
}

func openLister(account cloud.Account, policy cloud.RetryPolicy, w transports) (*lister, error) {
	l := &lister{Client: cloud.Client{Account: account, Retry: policy, KindOf: errorKind}, instanceRole: cloud.NewRoleCache()}
	l.Credentials = l.credentials
	if err := l.checkCredentials(); err != nil {
		return nil, err
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
	l.api = newAPI(account, place, w)
	return l, nil
}

// checkCredentials refuses an account without a key or an identity, and one with both.
func (l *lister) checkCredentials() error {
	id, key, identity := l.Account.AccessKeyID.IsEmpty(), l.Account.AccessKeySecret.IsEmpty(), l.Account.Identity
	switch {
	case identity != "" && identity != identityECSRole:
		return l.NewError(inventory.Invalid, "open", "", "identity must be "+identityECSRole)
	case identity != "" && !(id && key):
		return l.NewError(inventory.Invalid, "open", "", "identity serves in place of a key: the account has both")
	case identity == "" && (id || key):
		return l.NewError(inventory.BadCredentials, "open", "",
			"no credentials: neither the account has a key or an identity, nor the function a role that gives one")
	}
	return nil
}

// lister implements cloud.Lister. Nothing in it changes but the cached credentials of a role; every
// call has an SDK client of its own.
type lister struct {
	cloud.Client
	instanceRole *cloud.RoleCache // keeps the credentials of the ECS instance's role
	api          api
}

// Owner implements cloud.Lister with STS GetCallerIdentity. With a role to assume, it returns the
// account of the role.
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
