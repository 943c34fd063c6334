// Package huawei lists the ECS servers of one Huawei Cloud account, bare metal ones included, as
// the API does by default. It only reads; what it is not sure of is an error with a kind, never
// a short list.
//
// A region is listed through the IAM project of its name, or through project_id where one is configured.
// Servers of further sub-projects ("cn-north-4_team") need an account entry of their own, with that
// project_id. Each instance names its project, and so do listings and answers by ids: they say nothing of
// servers in other projects.
//
// Two witnesses prove an absence: ListServersDetails, asked for the server by its id, has no row of it, and
// ShowServer, asked for this one server, says Ecs.0114; see verify.go.
//
// Within a project a listing covers the enterprise projects that the key is granted: it leaves out
// the servers of others, without an error. ShowServer refuses those, so that they are not proved absent.
//
// What a status means; unknown ones, and all that no row names, are present:
//
//	ACTIVE SHUTOFF BUILD REBOOT HARD_REBOOT REBUILD     present
//	RESIZE VERIFY_RESIZE REVERT_RESIZE MIGRATING
//	SHELVED SHELVED_OFFLOADED ERROR UNKNOWN
//	SOFT_DELETED                                        closed: deleted, and kept for recovery
//	DELETED                                             absent: ShowServer and lists may have it for a while
//
// https://support.huaweicloud.com/intl/en-us/api-ecs/ecs_08_0002.html has the statuses. That DELETED is gone, and that a
// deletion may end in SOFT_DELETED, is how the vendor's own tool sees it:
// https://github.com/huaweicloud/terraform-provider-huaweicloud, resource_huaweicloud_compute_instance.go. Servers of the
// recycle bin (https://support.huaweicloud.com/intl/en-us/usermanual-ecs/ecs_07_0101.html) are listed by an API of their
// own. A server that is frozen, as its account owes money, keeps its status and is present.
package huawei

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// throttleWindow bounds the waits for the gateway, whose limits are per second or minute
// ("limit:XX,time:1 minute"): https://support.huaweicloud.com/devg-apisign/api-sign-errorcode.html
const throttleWindow = time.Minute

// Provider returns Huawei's entry of the list of clouds. The zero policy is right outside of tests.
func Provider(policy cloud.RetryPolicy) cloud.Provider {
	return cloud.Provider{
		CloudInfo:     info(),
		Open:          func(account cloud.Account) (cloud.Lister, error) { return Open(account, policy) },
		Events:        Events,
		NonexistentID: "00000000-0000-0000-0000-000000000000",
	}
}

// info describes Huawei Cloud.
func info() inventory.CloudInfo {
	return inventory.CloudInfo{
		Cloud:       inventory.Huawei,
		Spellings:   []string{"华为云", "huawei", "huaweicloud"},
		Name:        language.Text{ZH: "华为云", EN: "Huawei Cloud"},
		Permissions: Permissions(),
		Facts:       factSources(),
		OwnerRight:  "iam:projects:listProjects",
		EventForms:  eventForms(),
		Services:    services(),
		ZonePattern: zonePattern,
		WithoutKey:  language.Text{ZH: "FunctionGraph 里用函数的委托；别处报错", EN: "the function's agency on FunctionGraph; an error elsewhere"},
		Visibility: language.Text{
			ZH: "每个地域的一个 IAM 项目，以及其中密钥获得授权的企业项目；别的企业项目的服务器不在列表里，也不报错：它们不算已释放，但该地域的移除会暂缓。把权限授予整个项目",
			EN: "one IAM project of each region, and in it the enterprise projects that the key is granted; servers of others are left out without an error: they do not count as released, but removals of the region are held. Grant the rights for the whole project",
		},
	}
}

// Open returns a lister for an account, and makes no call. It fails with BadCredentials where the
// account has no key, and with Invalid where its endpoint or proxy is no address, or its
// project_id no id. The lister is for one run: it asks once which projects the account has.
func Open(account cloud.Account, policy cloud.RetryPolicy) (cloud.Lister, error) {
	account.Cloud = inventory.Huawei
	return cloud.OpenConnected(account, func(transport http.RoundTripper) (*lister, error) { return openLister(account, policy, transport) })
}

func openLister(account cloud.Account, policy cloud.RetryPolicy, transport http.RoundTripper) (*lister, error) {
	account.Regions = slices.Compact(slices.Sorted(slices.Values(account.Regions)))
	l := &lister{Client: cloud.Client{Account: account, Retry: policy, KindOf: errorKind}, projectsLock: make(chan struct{}, 1)}
	if account.AccessKeyID.IsEmpty() || account.AccessKeySecret.IsEmpty() {
		return nil, l.NewError(inventory.BadCredentials, "open", "",
			"no credentials: neither the account has a key, nor the function an agency that gives one")
	}
	if account.ProjectID != "" && !cloud.ValidCharset(account.ProjectID, alphanumericChars) {
		return nil, l.NewError(inventory.Invalid, "open", "", "project_id is no id of a project")
	}
	place, err := cloud.ParseEndpoints(account, services())
	if err != nil {
		return nil, err
	}
	if l.Retry.Window == 0 {
		l.Retry.Window = throttleWindow
	}
	l.isPrivate = !place.IsOwn()
	l.api = newAPI(account, place, transport)
	return l, nil
}

// lister implements cloud.Lister, cloud.ProjectLister and cloud.ProjectLocator. Every call has an SDK client of its own.
type lister struct {
	cloud.Client
	api       api
	isPrivate bool // called at endpoints that are configured, so that regions may have other names

	projectsLock  chan struct{} // held while knownProjects is read or filled in
	knownProjects *projectIndex // nil = not asked yet
}

// Owner implements cloud.Lister with the account ("domain") to which IAM says its projects belong.
// It fails with Denied where IAM shows none.
func (l *lister) Owner(ctx context.Context) (string, error) {
	known, err := l.loadProjects(ctx, "find the account's id")
	return known.domain, err
}
