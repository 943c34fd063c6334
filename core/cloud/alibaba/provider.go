// Package alibaba lists the ECS instances of one Alibaba Cloud account. It only reads; what it
// is not sure of is an error with a kind, never a short list.
//
// Two witnesses prove an absence: DescribeInstances does not show the instance, by its id and with the
// right to list proved by a dry run, and DescribeInstanceAttribute, asked for this one instance, says
// InvalidInstanceId.NotFound; see verify.go.
//
// A listing is bound to account and region. RAM judges a list as a whole: a policy for some resource
// groups, tags or instances gives an empty list, which the dry run refuses. It may judge the instances
// that a question names, and then one which is withheld empties the answer, with HTTP 200; the second
// witness refuses it.
package alibaba

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	// homeRegion answers what is not regional where the account names no regions.
	homeRegion = "cn-hangzhou"
	// throttleWindow: who is throttled in one minute may call again in the next:
	// https://help.aliyun.com/zh/ecs/developer-reference/api-throttling-overview
	throttleWindow = time.Minute
)

// Provider is Alibaba's entry of the list of clouds. The zero policy is right outside of tests.
func Provider(policy cloud.RetryPolicy) cloud.Provider {
	return cloud.Provider{
		CloudInfo:     info(),
		Open:          func(account cloud.Account) (cloud.Lister, error) { return Open(account, policy) },
		Events:        Events,
		NonexistentID: nonexistentID,
	}
}

// info describes Alibaba Cloud.
func info() inventory.CloudInfo {
	return inventory.CloudInfo{
		Cloud:             inventory.Alibaba,
		Spellings:         []string{"阿里云", "aliyun", "alibaba"},
		Name:              inventory.Text{ZH: "阿里云", EN: "Alibaba Cloud"},
		Permissions:       Permissions(),
		AssumePermissions: AssumePermissions(),
		OwnerRight:        "sts:GetCallerIdentity",
		WithoutKey:        inventory.Text{ZH: "函数计算里用函数的角色；别处报错", EN: "the function's role on Function Compute; an error elsewhere"},
		Visibility: inventory.Text{
			ZH: "这个账号，逐个地域；RAM 只授予部分资源组、标签或实例时，列表整个为空并报缺权限，不会悄悄少几台",
			EN: "this account, region by region; with rights for some resource groups, tags or instances only, the list is empty as a whole and that is told: none is hidden in silence",
		},
	}
}

// Open makes a lister for an account, without any call. It fails with BadCredentials where the
// account has no key, and with Invalid where its endpoint or proxy is no address.
func Open(account cloud.Account, policy cloud.RetryPolicy) (cloud.Lister, error) {
	account.Cloud = inventory.Alibaba
	return cloud.OpenConnected(account, func(transport http.RoundTripper) (*lister, error) { return openLister(account, policy, transport) })
}

func openLister(account cloud.Account, policy cloud.RetryPolicy, transport http.RoundTripper) (*lister, error) {
	l := &lister{Client: cloud.Client{Account: account, Retry: policy, KindOf: errorKind}}
	l.Credentials = l.credentials
	if account.AccessKeyID.IsEmpty() || account.AccessKeySecret.IsEmpty() {
		return nil, l.NewError(inventory.BadCredentials, "open", "",
			"no credentials: neither the account has a key, nor the function a role that gives one")
	}
	place, err := cloud.ParseEndpoint(account)
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

// lister implements cloud.Lister. All that changes in it is what it remembers of a role; every
// call has an SDK client of its own.
type lister struct {
	cloud.Client
	api api
}

// api is the part of Alibaba's APIs that is used, one function per call and answer. The only
// file that knows the SDK fills it in; everything here works on what was answered.
type api struct {
	assumeRole        func(context.Context, cloud.Credentials, string) (assumeAnswer, error)
	callerIdentity    func(context.Context, cloud.Credentials) (identityAnswer, error)
	describeRegions   func(context.Context, cloud.Credentials) (regionsAnswer, error)
	describeInstances func(context.Context, cloud.Credentials, instancesQuery) (instancesAnswer, error)
	describeInstance  func(ctx context.Context, by cloud.Credentials, region, id string) (instanceAnswer, error)
}

type (
	instancesQuery struct {
		region    string
		pageToken string   // NextToken, "" for the first page
		ids       []string // InstanceIds; nil = all
		dryRun    bool     // ask only whether the call is allowed
	}
	assumeAnswer struct {
		requestID   string
		credentials cloud.Credentials
	}
	identityAnswer struct{ requestID, account string }
	instanceAnswer struct {
		requestID string
		row       inventory.Instance // Region as the answer says it
	}
	regionsAnswer struct {
		requestID string
		ids       []string
	}
	instancesAnswer struct {
		requestID string
		rows      []inventory.Instance // Region as the row says it
		hasList   bool                 // the answer has a list, be it an empty one
		nextToken string
	}
)

// Owner implements cloud.Lister with STS GetCallerIdentity. With a role to assume, it is the
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

// Regions implements cloud.Lister with DescribeRegions.
func (l *lister) Regions(ctx context.Context) ([]string, error) {
	const op = "list regions"
	answer, err := cloud.CallSigned(ctx, l.Client, op, "", l.api.describeRegions)
	if err != nil {
		return nil, err
	}
	if answer.requestID == "" || len(answer.ids) == 0 || slices.Contains(answer.ids, "") {
		return nil, l.NewError(inventory.Incomplete, op, "", "the answer lacks its RequestId or a RegionId")
	}
	slices.Sort(answer.ids)
	return slices.Compact(answer.ids), nil
}

// List implements cloud.Lister with DescribeInstances, by NextToken. A missing permission is
// answered with an empty list and HTTP 200, so an empty page is probed: the only one as well as
// one in the middle, where the permission may have gone between two pages.
func (l *lister) List(ctx context.Context, region string) ([]inventory.Instance, error) {
	list, gap, err := l.readPages(ctx, "list instances", instancesQuery{region: region})
	if err == nil && gap {
		err = l.verifyListRight(ctx, region)
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}

// FindVerified implements cloud.Lister: a Glance, whose absent ids are believed only after the same
// probe as an empty region, and as far as the second witness agrees. What that one shows is there.
func (l *lister) FindVerified(ctx context.Context, region string, ids []string) (inventory.FindResult, error) {
	found, err := l.Find(ctx, region, ids)
	absent := cloud.MissingIDs(ids, found)
	if err != nil || len(absent) == 0 {
		return inventory.FindResult{Instances: found}, err
	}
	if err := l.verifyListRight(ctx, region); err != nil {
		return inventory.FindResult{}, err
	}
	there, weak, err := l.verifyAbsence(ctx, region, absent)
	if err != nil {
		return inventory.FindResult{}, err
	}
	return inventory.FindResult{Instances: cloud.SortByID(append(found, there...)), Weak: weak}, nil
}

// Find implements cloud.Lister with DescribeInstances by InstanceIds.
func (l *lister) Find(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	const op = "look up instances"
	return l.FindByID(op, region, ids, nil, func(part []string) ([]inventory.Instance, error) {
		list, _, err := l.readPages(ctx, op, instancesQuery{region: region, ids: part})
		return list, err
	})
}

// readPages gets all pages of a query, sorted by id. gap tells that a page had no rows.
func (l *lister) readPages(ctx context.Context, op string, q instancesQuery) (list []inventory.Instance, gap bool, err error) {
	if q.region == "" {
		return nil, false, l.NewError(inventory.Invalid, op, "", "no region is named")
	}
	once := cloud.Interner{}
	cursor := cloud.CursorReader[inventory.Instance]{
		Operation: l.Operation(op, q.region),
		ID:        func(i inventory.Instance) string { return i.ID },
		SameRow:   cloud.SameMachine,
		Fetch: func(ctx context.Context, token string) (cloud.CursorPage[inventory.Instance], error) {
			q.pageToken = token
			answer, err := cloud.CallSigned(ctx, l.Client, op, q.region, func(ctx context.Context, by cloud.Credentials) (instancesAnswer, error) {
				return l.api.describeInstances(ctx, by, q)
			})
			if err == nil {
				err = l.checkPage(op, q.region, answer)
			}
			gap = gap || len(answer.rows) == 0
			for i := range answer.rows {
				once.InternRow(&answer.rows[i])
			}
			return cloud.CursorPage[inventory.Instance]{Rows: answer.rows, Next: answer.nextToken}, err
		},
	}
	list, err = cursor.ReadAll(ctx)
	return cloud.SortByID(list), gap, err
}

// checkPage refuses an answer that is none, and completes the rows. Without this, `{}`, `null` and
// an empty body would read as an empty region.
func (l *lister) checkPage(op, region string, answer instancesAnswer) error {
	switch {
	case answer.requestID == "":
		return l.NewError(inventory.Incomplete, op, region, "the answer has no RequestId")
	case !answer.hasList:
		return l.NewError(inventory.Incomplete, op, region, "the answer has no list of instances (request "+answer.requestID+")")
	}
	return l.AssignRegion(op, region, answer.rows)
}

// verifyListRight asks with DryRun whether the credential may list this region's instances at all. Only
// the refusal DryRunOperation says yes.
func (l *lister) verifyListRight(ctx context.Context, region string) error {
	const op = "probe the right to list instances"
	_, err := cloud.CallSigned(ctx, l.Client, op, region, func(ctx context.Context, by cloud.Credentials) (instancesAnswer, error) {
		answer, err := l.api.describeInstances(ctx, by, instancesQuery{region: region, dryRun: true})
		if refused, ok := cloud.AsAPIError(err); ok && refused.Code == dryRunAllowed {
			return instancesAnswer{hasList: true}, nil
		}
		if err == nil {
			err = l.NewError(inventory.Incomplete, op, region, "the dry run was not answered as one (request "+answer.requestID+")")
		}
		return answer, err
	})
	return err
}
