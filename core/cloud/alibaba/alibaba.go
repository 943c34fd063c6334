// Package alibaba lists the ECS instances of one Alibaba Cloud account. It only reads; what it
// is not sure of is an error with a kind, never a short list.
package alibaba

import (
	"cmp"
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
	// idsPerCall is the most InstanceIds that DescribeInstances takes:
	// https://help.aliyun.com/zh/ecs/developer-reference/api-ecs-2014-05-26-describeinstances
	idsPerCall = 100
	// throttleWindow: who is throttled in one minute may call again in the next:
	// https://help.aliyun.com/zh/ecs/developer-reference/api-throttling-overview
	throttleWindow = time.Minute
)

// Provider is Alibaba's entry of the list of clouds. The zero policy is right outside of tests.
func Provider(policy cloud.Policy) cloud.Provider {
	return cloud.Provider{
		Cloud:  inventory.Alibaba,
		Open:   func(account cloud.Account) (cloud.Lister, error) { return Open(account, policy) },
		Events: Events,
	}
}

// Open makes a lister for an account, without any call. It fails with BadCredentials where the
// account has no key, and with Invalid where its endpoint or proxy is no address.
func Open(account cloud.Account, policy cloud.Policy) (cloud.Lister, error) {
	account.Cloud = inventory.Alibaba
	transport, err := cloud.Wire(account)
	if err != nil {
		return nil, err
	}
	l, err := open(account, policy, transport)
	if err != nil {
		return nil, err // not l, which is no nil Lister even where it is a nil pointer
	}
	return l, nil
}

func open(account cloud.Account, policy cloud.Policy, transport http.RoundTripper) (*lister, error) {
	l := &lister{account: account, policy: policy}
	if account.AccessKeyID.Empty() || account.AccessKeySecret.Empty() {
		return nil, l.fault(inventory.BadCredentials, "open", "",
			"no credentials: neither the account has a key, nor the function a role that gives one")
	}
	place, err := cloud.ParseEndpoint(account)
	if err != nil {
		return nil, err
	}
	if l.policy.Window == 0 {
		l.policy.Window = throttleWindow
	}
	if l.policy.Now == nil {
		l.policy.Now = time.Now
	}
	if l.account.Assumed == nil {
		l.account.Assumed = cloud.NewAssumed()
	}
	l.api = newAPI(account, place, transport)
	return l, nil
}

// lister implements cloud.Lister. All that changes in it is what it remembers of a role; every
// call has an SDK client of its own.
type lister struct {
	account cloud.Account
	policy  cloud.Policy
	api     api
}

// api is the part of Alibaba's APIs that is used, one function per call and answer. The only
// file that knows the SDK fills it in; everything here works on what was answered.
type api struct {
	assume    func(context.Context, cloud.Credentials, string) (assumeAnswer, error)
	identity  func(context.Context, cloud.Credentials) (identityAnswer, error)
	regions   func(context.Context, cloud.Credentials) (regionsAnswer, error)
	instances func(context.Context, cloud.Credentials, query) (instancesAnswer, error)
}

type (
	query struct {
		region string
		token  string   // NextToken, "" for the first page
		ids    []string // InstanceIds; nil = all
		dryRun bool     // ask only whether the call is allowed
	}
	assumeAnswer struct {
		requestID string
		gave      cloud.Credentials
	}
	identityAnswer struct{ requestID, account string }
	regionsAnswer  struct {
		requestID string
		ids       []string
	}
	instancesAnswer struct {
		requestID string
		rows      []inventory.Instance // Region as the row says it
		listed    bool                 // the answer has a list, be it an empty one
		next      string
	}
)

// Owner implements cloud.Lister with STS GetCallerIdentity. With a role to assume, it is the
// account of the role.
func (l *lister) Owner(ctx context.Context) (string, error) {
	const op = "get caller identity"
	answer, err := retried(ctx, l, op, "", l.api.identity)
	switch {
	case err != nil:
		return "", err
	case answer.requestID == "" || answer.account == "":
		return "", l.fault(inventory.Incomplete, op, "", "the answer lacks its RequestId or the AccountId")
	}
	return answer.account, nil
}

// Regions implements cloud.Lister with DescribeRegions.
func (l *lister) Regions(ctx context.Context) ([]string, error) {
	const op = "list regions"
	answer, err := retried(ctx, l, op, "", l.api.regions)
	if err != nil {
		return nil, err
	}
	if answer.requestID == "" || len(answer.ids) == 0 || slices.Contains(answer.ids, "") {
		return nil, l.fault(inventory.Incomplete, op, "", "the answer lacks its RequestId or a RegionId")
	}
	slices.Sort(answer.ids)
	return slices.Compact(answer.ids), nil
}

// List implements cloud.Lister with DescribeInstances, by NextToken. A missing permission is
// answered with an empty list and HTTP 200, so an empty page is probed: the only one as well as
// one in the middle, where the permission may have gone between two pages.
func (l *lister) List(ctx context.Context, region string) ([]inventory.Instance, error) {
	list, gap, err := l.read(ctx, "list instances", query{region: region})
	if err != nil {
		return nil, err
	}
	if gap {
		if err := l.probe(ctx, region); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// Lookup implements cloud.Lister: a Glance, whose absent ids are believed only after the same
// probe as an empty region.
func (l *lister) Lookup(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	found, err := l.Glance(ctx, region, ids)
	if err != nil {
		return nil, err
	}
	if len(found) < len(ids) {
		if err := l.probe(ctx, region); err != nil {
			return nil, err
		}
	}
	return found, nil
}

// Glance implements cloud.Lister with DescribeInstances by InstanceIds.
func (l *lister) Glance(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	const op = "look up instances"
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	if slices.Contains(ids, "") {
		return nil, l.fault(inventory.Invalid, op, region, "an id is empty")
	}
	var found []inventory.Instance
	for part := range slices.Chunk(ids, idsPerCall) {
		list, _, err := l.read(ctx, op, query{region: region, ids: part})
		if err != nil {
			return nil, err
		}
		for _, row := range list {
			if _, asked := slices.BinarySearch(part, row.ID); !asked {
				return nil, l.fault(inventory.Incomplete, op, region, row.ID+" was not asked for")
			}
		}
		found = append(found, list...)
	}
	return found, nil
}

// read gets all pages of a query, sorted by id. gap tells that a page had no rows.
func (l *lister) read(ctx context.Context, op string, q query) (list []inventory.Instance, gap bool, err error) {
	if q.region == "" {
		return nil, false, l.fault(inventory.Invalid, op, "", "no region is named")
	}
	once := words{}
	cursor := cloud.Cursor[inventory.Instance]{
		What: l.what(op, q.region),
		ID:   func(i inventory.Instance) string { return i.ID },
		Same: cloud.SameMachine,
		Fetch: func(ctx context.Context, token string) (cloud.Page[inventory.Instance], error) {
			q.token = token
			answer, err := retried(ctx, l, op, q.region, func(ctx context.Context, by cloud.Credentials) (instancesAnswer, error) {
				return l.api.instances(ctx, by, q)
			})
			if err == nil {
				err = l.check(op, q.region, answer)
			}
			gap = gap || len(answer.rows) == 0
			for i := range answer.rows {
				once.share(&answer.rows[i])
			}
			return cloud.Page[inventory.Instance]{Rows: answer.rows, Next: answer.next}, err
		},
	}
	list, err = cursor.All(ctx)
	slices.SortFunc(list, func(a, b inventory.Instance) int { return cmp.Compare(a.ID, b.ID) })
	return list, gap, err
}

// words keeps one copy of each text that many instances of a listing have.
type words map[string]string

func (w words) share(row *inventory.Instance) {
	for _, text := range [...]*string{&row.OSType, &row.OSName, &row.Status, &row.Type, &row.VPC} {
		if known, met := w[*text]; met {
			*text = known
		} else {
			w[*text] = *text
		}
	}
}

// check refuses an answer that is none, and completes the rows. Without this, `{}`, `null` and
// an empty body would read as an empty region.
func (l *lister) check(op, region string, answer instancesAnswer) error {
	switch {
	case answer.requestID == "":
		return l.fault(inventory.Incomplete, op, region, "the answer has no RequestId")
	case !answer.listed:
		return l.fault(inventory.Incomplete, op, region, "the answer has no list of instances (request "+answer.requestID+")")
	}
	for i := range answer.rows {
		row := &answer.rows[i]
		if row.Region != "" && row.Region != region {
			return l.fault(inventory.Incomplete, op, region, row.ID+" is of region "+row.Region)
		}
		row.Scope = inventory.Scope{Cloud: inventory.Alibaba, Account: l.account.Name, Region: region}
	}
	return nil
}

// probe asks with DryRun whether the credential may list this region's instances at all. Only
// the refusal DryRunOperation says yes.
func (l *lister) probe(ctx context.Context, region string) error {
	const op = "probe the right to list instances"
	_, err := retried(ctx, l, op, region, func(ctx context.Context, by cloud.Credentials) (instancesAnswer, error) {
		answer, err := l.api.instances(ctx, by, query{region: region, dryRun: true})
		if refused, ok := cloud.AsRefusal(err); ok && refused.Code == dryRunAllowed {
			return instancesAnswer{listed: true}, nil
		}
		if err == nil {
			err = l.fault(inventory.Incomplete, op, region, "the dry run was not answered as one (request "+answer.requestID+")")
		}
		return answer, err
	})
	return err
}

// retried makes one call by the shared rules of retrying. The credentials are asked for each
// time, so that what fails there is retried too; call builds and signs anew.
func retried[T any](
	ctx context.Context, l *lister, op, region string, call func(context.Context, cloud.Credentials) (T, error),
) (T, error) {
	value, err := cloud.Retry(ctx, l.policy, func(ctx context.Context) (T, error) {
		by, err := l.credentials(ctx)
		if err != nil {
			var none T
			return none, err
		}
		value, err := call(ctx, by)
		return value, l.classify(ctx, by, op, region, err)
	})
	if inventory.KindOf(err) == inventory.Deadline {
		err = &inventory.Error{Kind: inventory.Deadline, Message: l.what(op, region), Err: err}
	}
	return value, err
}
