// Package tencent lists the CVM instances of one Tencent Cloud account. It only reads; what it is
// not sure of is an error with a kind, never a short list.
//
// CVM has no cursor, so that lists are read with overlapping pages (see cloud.Offset), and no dry
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
func Provider(policy cloud.Policy) cloud.Provider {
	return cloud.Provider{
		Cloud:       inventory.Tencent,
		Open:        func(account cloud.Account) (cloud.Lister, error) { return Open(account, policy) },
		OwnerRight:  "sts:GetCallerIdentity",
		Permissions: Permissions,
		Absent:      "ins-zzzzzzzz",
	}
}

// Open makes a lister for an account, without any call. It fails with BadCredentials where the
// account has no key, and with Invalid where its endpoint or proxy is no address.
func Open(account cloud.Account, policy cloud.Policy) (cloud.Lister, error) {
	account.Cloud = inventory.Tencent
	return cloud.Connected(account, func(transport http.RoundTripper) (*lister, error) { return open(account, policy, transport) })
}

func open(account cloud.Account, policy cloud.Policy, transport http.RoundTripper) (*lister, error) {
	l := &lister{Caller: cloud.Caller{Account: account, Policy: policy, Kind: kindOf}}
	if account.AccessKeyID.Empty() || account.AccessKeySecret.Empty() {
		return nil, l.Fault(inventory.BadCredentials, "open", "", "no credentials: the account has no key")
	}
	place, err := cloud.ParseEndpoint(account)
	if err != nil {
		return nil, err
	}
	if l.Policy.Window == 0 {
		l.Policy.Window = throttleWindow
	}
	l.api = newAPI(account, place, transport)
	return l, nil
}

// lister implements cloud.Lister. It holds nothing that changes.
type lister struct {
	cloud.Caller
	api api
}

// api is the part of Tencent's APIs that is used, one function per call and answer. The only file
// that knows the SDK fills it in; everything here works on what was answered.
type api struct {
	identity  func(context.Context) (identityAnswer, error)
	regions   func(context.Context) (regionsAnswer, error)
	instances instancesCall
	statuses  instancesCall
}

// instancesCall is DescribeInstances, or DescribeInstancesStatus, whose rows only have an id.
type instancesCall func(context.Context, query) (instancesAnswer, error)

type (
	query struct {
		region      string
		from, limit int      // Offset and Limit
		ids         []string // InstanceIds; nil = all
	}
	identityAnswer struct{ requestID, account string }
	regionsAnswer  struct {
		requestID string
		total     int // -1 = the answer has none
		regions   []region
	}
	region          struct{ id, state string }
	instancesAnswer struct {
		requestID string
		rows      []inventory.Instance // Region as the row's zone says it
		listed    bool                 // the answer has a list, be it an empty one
		total     int                  // -1 = the answer has none
		unknown   bool                 // refused, as one of the ids exists nowhere
	}
)

// Owner implements cloud.Lister with STS GetCallerIdentity: the uin of the main account, also for
// the key of a sub-account or a role.
func (l *lister) Owner(ctx context.Context) (string, error) {
	const op = "get caller identity"
	answer, err := cloud.Call(ctx, l.Caller, op, "", l.api.identity)
	switch {
	case err != nil:
		return "", err
	case answer.requestID == "" || answer.account == "":
		return "", l.Fault(inventory.Incomplete, op, "", "the answer lacks its RequestId or the AccountId")
	}
	return answer.account, nil
}

// Regions implements cloud.Lister with DescribeRegions of the region service, because CVM's own
// call of this name is not kept up to date any more, says its documentation. Regions that are
// not available (yet) are left out.
func (l *lister) Regions(ctx context.Context) ([]string, error) {
	const op = "list regions"
	answer, err := cloud.Call(ctx, l.Caller, op, "", l.api.regions)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, r := range answer.regions {
		if r.id == "" || r.state == "" {
			return nil, l.Fault(inventory.Incomplete, op, "", "a region has no name or no state")
		}
		if r.state == "AVAILABLE" {
			ids = append(ids, r.id)
		}
	}
	if answer.requestID == "" || len(ids) == 0 || answer.total != len(answer.regions) {
		return nil, l.Fault(inventory.Incomplete, op, "", "the answer lacks its RequestId or some of its regions")
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// List implements cloud.Lister with DescribeInstances. An empty region is probed.
func (l *lister) List(ctx context.Context, region string) ([]inventory.Instance, error) {
	const op = "list instances"
	if !wellFormed(region) {
		return nil, l.Fault(inventory.Invalid, op, region, "that is no id of a region")
	}
	list, err := cloud.Offset[inventory.Instance]{
		What: l.What(op, region), Limit: pageSize, Sleep: l.Policy.Sleep,
		ID: func(i inventory.Instance) string { return i.ID },
		Fetch: func(ctx context.Context, from, n int) (cloud.Slice[inventory.Instance], error) {
			answer, err := l.ask(ctx, op, query{region: region, from: from, limit: n}, l.api.instances)
			return cloud.Slice[inventory.Instance]{Rows: answer.rows, Total: answer.total}, err
		},
	}.All(ctx)
	if err == nil && len(list) == 0 {
		err = l.probe(ctx, region)
	}
	if err != nil {
		return nil, err
	}
	return cloud.Sorted(list), nil
}

// probe asks the second API, DescribeInstancesStatus, whether a region is as empty as
// DescribeInstances says.
func (l *lister) probe(ctx context.Context, region string) error {
	const op = "probe the right to list instances"
	answer, err := l.ask(ctx, op, query{region: region, limit: 1}, l.api.statuses)
	if err == nil && (answer.total != 0 || len(answer.rows) != 0) {
		err = l.Fault(inventory.Incomplete, op, region, "DescribeInstances shows none of the instances that DescribeInstancesStatus counts: "+
			"has the key the right to cvm:DescribeInstances for all of them?")
	}
	return err
}

// wellFormed tells whether a text can be the id of a region. It becomes part of a header, and of
// the host's name in closed regions.
func wellFormed(region string) bool { return cloud.Only(region, cloud.Lower) }

// ask makes one call for instances and refuses an answer that is none. Without this, `{}`, `null`
// and an empty document would read as an empty region.
func (l *lister) ask(ctx context.Context, op string, q query, call instancesCall) (instancesAnswer, error) {
	answer, err := cloud.Call(ctx, l.Caller, op, q.region, func(ctx context.Context) (instancesAnswer, error) {
		answer, err := call(ctx, q)
		if refused, ok := cloud.AsRefusal(err); ok && q.ids != nil && unknownID(refused.Code) {
			return instancesAnswer{unknown: true}, nil
		}
		return answer, err
	})
	switch {
	case err != nil || answer.unknown:
		return answer, err
	case answer.requestID == "":
		return answer, l.Fault(inventory.Incomplete, op, q.region, "the answer has no RequestId")
	case !answer.listed || answer.total < 0:
		return answer, l.Fault(inventory.Incomplete, op, q.region, "the answer has no list of instances, or no TotalCount (request "+answer.requestID+")")
	}
	return answer, l.Own(op, q.region, answer.rows)
}
