// Package tencent lists the CVM instances of one Tencent Cloud account. It only reads; what it is
// not sure of is an error with a kind, never a short list.
//
// CVM has no cursor, so that lists are read with overlapping pages (see cloud.OffsetReader), and no dry
// run.
//
// Two witnesses prove an absence: DescribeInstances and DescribeInstancesStatus, two APIs with a right
// each, were asked for the instance by its id, and neither knows it (see Lookup).
//
// A listing is bound to account and region. CAM policies for some resources or tags leave the others out
// of a list, without an error; a question that names an instance is refused then. So what such a policy
// hides is not proved absent, unless it hides it from both APIs without an error, which nobody can tell.
package tencent

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	// cloudID is part of every asset id, and never changes.
	cloudID inventory.Cloud = "tencent"
	// homeRegion answers what is not regional.
	homeRegion = "ap-guangzhou"
	// pageSize is the most rows that DescribeInstances gives at once, and the most InstanceIds that
	// it takes: https://cloud.tencent.com/document/api/213/15728
	pageSize = 100
	// throttleWindow: frequencies are limited by the second (DescribeInstances: 40 calls per account
	// and region), and RequestLimitExceeded ends with it.
	throttleWindow = time.Second
)

// Provider is Tencent's entry of the list of clouds. The zero policy is right outside of tests.
// No event source of Tencent is read: the timer finds what changed.
func Provider(policy cloud.RetryPolicy) cloud.Provider {
	return cloud.Provider{
		CloudInfo:     info(),
		Open:          func(account cloud.Account) (cloud.Lister, error) { return Open(account, policy) },
		NonexistentID: "ins-zzzzzzzz",
	}
}

// info describes Tencent Cloud.
func info() inventory.CloudInfo {
	return inventory.CloudInfo{
		Cloud:       cloudID,
		Spellings:   []string{"腾讯云", "tencent"},
		Name:        inventory.Text{ZH: "腾讯云", EN: "Tencent Cloud"},
		Permissions: Permissions(),
		OwnerRight:  "sts:GetCallerIdentity",
		WithoutKey:  inventory.Text{ZH: "报错：必须写密钥", EN: "an error: a key is required"},
		Visibility: inventory.Text{
			ZH: "这个账号，逐个地域；CAM 只授予部分资源或标签时，其余实例不在列表里，也不报错：它们不算已释放，但该地域的移除会暂缓。资源写 *",
			EN: "this account, region by region; with CAM rights for some resources or tags only, the others are left out without an error: they do not count as released, but removals of the region are held. Grant *",
		},
	}
}

// Open makes a lister for an account, without any call. It fails with BadCredentials where the
// account has no key, and with Invalid where its endpoint or proxy is no address.
func Open(account cloud.Account, policy cloud.RetryPolicy) (cloud.Lister, error) {
	account.Cloud = cloudID
	return cloud.OpenConnected(account, func(transport http.RoundTripper) (*lister, error) { return openLister(account, policy, transport) })
}

func openLister(account cloud.Account, policy cloud.RetryPolicy, transport http.RoundTripper) (*lister, error) {
	l := &lister{Client: cloud.Client{Account: account, Retry: policy, KindOf: errorKind}}
	if account.AccessKeyID.IsEmpty() || account.AccessKeySecret.IsEmpty() {
		return nil, l.NewError(inventory.BadCredentials, "open", "", "no credentials: the account has no key")
	}
	place, err := cloud.ParseEndpoint(account)
	if err != nil {
		return nil, err
	}
	if l.Retry.Window == 0 {
		l.Retry.Window = throttleWindow
	}
	l.api = newAPI(account, place, transport)
	return l, nil
}

// lister implements cloud.Lister. It holds nothing that changes.
type lister struct {
	cloud.Client
	api api
}

// api is the part of Tencent's APIs that is used, one function per call and answer. The only file
// that knows the SDK fills it in; everything here works on what was answered.
type api struct {
	callerIdentity    func(context.Context) (identityAnswer, error)
	describeRegions   func(context.Context) (regionsAnswer, error)
	describeInstances instancesCall
	describeStatuses  instancesCall
}

// instancesCall is DescribeInstances, or DescribeInstancesStatus, whose rows only have an id.
type instancesCall func(context.Context, instancesQuery) (instancesAnswer, error)

type (
	instancesQuery struct {
		region        string
		offset, limit int      // Offset and Limit
		ids           []string // InstanceIds; nil = all
	}
	identityAnswer struct{ requestID, account string }
	regionsAnswer  struct {
		requestID string
		total     int // -1 = the answer has none
		regions   []regionRow
	}
	regionRow       struct{ id, state string }
	instancesAnswer struct {
		requestID    string
		rows         []inventory.Instance // Region as the row's zone says it
		hasList      bool                 // the answer has a list, be it an empty one
		total        int                  // -1 = the answer has none
		hasUnknownID bool                 // refused, as one of the ids exists nowhere
	}
)

// Owner implements cloud.Lister with STS GetCallerIdentity: the uin of the main account, also for
// the key of a sub-account or a role.
func (l *lister) Owner(ctx context.Context) (string, error) {
	const op = "get caller identity"
	answer, err := cloud.Call(ctx, l.Client, op, "", l.api.callerIdentity)
	switch {
	case err != nil:
		return "", err
	case answer.requestID == "" || answer.account == "":
		return "", l.NewError(inventory.Incomplete, op, "", "the answer lacks its RequestId or the AccountId")
	}
	return answer.account, nil
}

// Regions implements cloud.Lister with DescribeRegions of the region service, because CVM's own
// call of this name is not kept up to date any more, says its documentation. Regions that are
// not available (yet) are left out.
func (l *lister) Regions(ctx context.Context) ([]string, error) {
	const op = "list regions"
	answer, err := cloud.Call(ctx, l.Client, op, "", l.api.describeRegions)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range answer.regions {
		if r.id == "" || r.state == "" {
			return nil, l.NewError(inventory.Incomplete, op, "", "a region has no name or no state")
		}
		if r.state == "AVAILABLE" {
			ids = append(ids, r.id)
		}
	}
	if answer.requestID == "" || len(ids) == 0 || answer.total != len(answer.regions) {
		return nil, l.NewError(inventory.Incomplete, op, "", "the answer lacks its RequestId or some of its regions")
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// List implements cloud.Lister with DescribeInstances. An empty region is probed.
func (l *lister) List(ctx context.Context, region string) ([]inventory.Instance, error) {
	const op = "list instances"
	if !isRegionID(region) {
		return nil, l.NewError(inventory.Invalid, op, region, "that is no id of a region")
	}
	list, err := cloud.OffsetReader[inventory.Instance]{
		Operation: l.Operation(op, region), Limit: pageSize, Sleep: l.Retry.Sleep,
		ID: func(i inventory.Instance) string { return i.ID },
		Fetch: func(ctx context.Context, from, n int) (cloud.OffsetPage[inventory.Instance], error) {
			answer, err := l.describeChecked(ctx, op, instancesQuery{region: region, offset: from, limit: n}, l.api.describeInstances)
			return cloud.OffsetPage[inventory.Instance]{Rows: answer.rows, Total: answer.total}, err
		},
	}.ReadAll(ctx)
	if err == nil && len(list) == 0 {
		err = l.verifyEmpty(ctx, region)
	}
	if err != nil {
		return nil, err
	}
	return cloud.SortByID(list), nil
}

// verifyEmpty asks the second API, DescribeInstancesStatus, whether a region is as empty as
// DescribeInstances says.
func (l *lister) verifyEmpty(ctx context.Context, region string) error {
	const op = "probe the right to list instances"
	answer, err := l.describeChecked(ctx, op, instancesQuery{region: region, limit: 1}, l.api.describeStatuses)
	if err == nil && (answer.total != 0 || len(answer.rows) != 0) {
		err = l.NewError(inventory.Incomplete, op, region, "DescribeInstances shows none of the instances that DescribeInstancesStatus counts: "+
			"has the key the right to cvm:DescribeInstances for all of them?")
	}
	return err
}

// isRegionID tells whether a text can be the id of a region. It becomes part of a header, and of
// the host's name in closed regions.
func isRegionID(region string) bool { return cloud.ValidCharset(region, cloud.LowerChars) }

// describeChecked makes one call for instances and refuses an answer that is none. Without this, `{}`, `null`
// and an empty document would read as an empty region.
func (l *lister) describeChecked(ctx context.Context, op string, q instancesQuery, call instancesCall) (instancesAnswer, error) {
	answer, err := cloud.Call(ctx, l.Client, op, q.region, func(ctx context.Context) (instancesAnswer, error) {
		answer, err := call(ctx, q)
		if refused, ok := cloud.AsAPIError(err); ok && q.ids != nil && isUnknownID(refused.Code) {
			return instancesAnswer{hasUnknownID: true}, nil
		}
		return answer, err
	})
	switch {
	case err != nil || answer.hasUnknownID:
		return answer, err
	case answer.requestID == "":
		return answer, l.NewError(inventory.Incomplete, op, q.region, "the answer has no RequestId")
	case !answer.hasList || answer.total < 0:
		return answer, l.NewError(inventory.Incomplete, op, q.region, "the answer has no list of instances, or no TotalCount (request "+answer.requestID+")")
	}
	return answer, l.AssignRegion(op, q.region, answer.rows)
}
