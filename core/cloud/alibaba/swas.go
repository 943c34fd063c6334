package alibaba

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

const (
	// kindECS is the main kind, whose scopes have no suffix.
	kindECS = "ecs"
	// kindSWAS is the kind of Simple Application Servers. It is part of asset ids, and never changes.
	kindSWAS = "swas"
	// nonexistentSWAS is an id that no Simple Application Server has.
	nonexistentSWAS = "00000000000000000000000000000000"
)

// swasKind is the entry of Simple Application Server (轻量应用服务器), version 2020-06-01 of SWAS-OPEN:
// https://help.aliyun.com/zh/simple-application-server/developer-reference/api-swas-open-2020-06-01-overview
//
// Two witnesses prove an absence: ListInstances and ListInstanceStatus, two APIs with a right each, were asked for the
// instance by its id together with another one that is there (SWAS has no dry run), and both show the other one alone.
// Where the region has no other one, nothing shows that the key may see any: the absence is weak.
//
// All states are of servers that are there: Pending, Starting, Running, Stopping, Stopped, Resetting, Upgrading,
// Disabled (expired, or locked). An expired server is released 15 days later, and then no call shows it.
//
// Events are not read: nothing is delivered for the end of a server, which comes with its term and by no call of the
// API. The timer finds what changed.
func swasKind(policy cloud.RetryPolicy) cloud.KindProvider {
	return cloud.KindProvider{
		KindInfo: inventory.KindInfo{
			Name: kindSWAS, Title: language.Text{ZH: "轻量应用服务器", EN: "Simple Application Server"}, Permissions: SWASPermissions(), Facts: swasFactSources(),
		},
		Open:          func(account cloud.Account) (cloud.Lister, error) { return OpenSWAS(account, policy) },
		NonexistentID: nonexistentSWAS, CountedRegion: homeRegion,
	}
}

// OpenSWAS returns a lister for the Simple Application Servers of an account; see Open.
func OpenSWAS(account cloud.Account, policy cloud.RetryPolicy) (cloud.Lister, error) {
	account.Cloud = inventory.Alibaba
	return cloud.OpenConnected(account, func(apis http.RoundTripper) (*swasLister, error) {
		l, err := openLister(account, policy, newTransports(apis))
		return &swasLister{l}, err
	})
}

// swasLister lists Simple Application Servers. Credentials and owner are those of the account.
type swasLister struct{ *lister }

// Regions implements cloud.Lister with ListRegions of SWAS: fewer regions than those of ECS have such servers.
func (l *swasLister) Regions(ctx context.Context) ([]string, error) {
	const op = "list regions of swas"
	answer, err := cloud.CallSigned(ctx, l.Client, op, "", l.api.swasRegions)
	if err != nil {
		return nil, err
	}
	if answer.requestID == "" || len(answer.ids) == 0 || slices.Contains(answer.ids, "") {
		return nil, l.NewError(inventory.Incomplete, op, "", "the answer lacks its RequestId or a RegionId")
	}
	slices.Sort(answer.ids)
	return slices.Compact(answer.ids), nil
}

// List implements cloud.Lister with ListInstances. It verifies that an empty region is empty.
func (l *swasLister) List(ctx context.Context, region string) ([]inventory.Instance, error) {
	const op = "list servers of swas"
	once := cloud.InternerOf(ctx)
	list, err := cloud.OffsetReader[inventory.Instance]{
		Operation: l.Operation(op, region), Limit: pageSize, Numbered: true, Sleep: l.Retry.Sleep,
		ID: func(i inventory.Instance) string { return i.ID },
		Fetch: func(ctx context.Context, from, n int) (cloud.OffsetPage[inventory.Instance], error) {
			answer, err := l.listPage(ctx, op, swasQuery{region: region, page: from/n + 1, size: n}, l.api.swasInstances)
			once.InternRows(answer.rows)
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

// Count implements cloud.Counter.
func (l *swasLister) Count(ctx context.Context, region string) (int, error) {
	answer, err := l.listPage(ctx, "count servers of swas", swasQuery{region: region, page: 1, size: 1}, l.api.swasInstances)
	return answer.total, err
}

// verifyEmpty asks ListInstanceStatus whether a region is as empty as ListInstances says.
func (l *swasLister) verifyEmpty(ctx context.Context, region string) error {
	const op = "probe the right to list servers of swas"
	answer, err := l.listPage(ctx, op, swasQuery{region: region, page: 1, size: pageSize}, l.api.swasStatuses)
	if err == nil && (answer.total != 0 || len(answer.rows) != 0) {
		err = l.NewError(inventory.Incomplete, op, region, "ListInstances shows none of the servers that ListInstanceStatus counts")
	}
	return err
}

// listPage makes one call, and refuses an answer without a list: `{}` and `null` would read as an empty region.
func (l *swasLister) listPage(ctx context.Context, op string, q swasQuery, call swasCall) (swasAnswer, error) {
	if !cloud.ValidCharset(q.region, cloud.LowerChars) {
		return swasAnswer{}, l.NewError(inventory.Invalid, op, q.region, "that is no id of a region")
	}
	answer, err := cloud.CallSigned(ctx, l.Client, op, q.region, func(ctx context.Context, credentials cloud.Credentials) (swasAnswer, error) {
		return call(ctx, credentials, q)
	})
	switch {
	case err != nil:
		return answer, err
	case answer.requestID == "":
		return answer, l.NewError(inventory.Incomplete, op, q.region, "the answer has no RequestId")
	case !answer.hasList || answer.total < 0:
		return answer, l.NewError(inventory.Incomplete, op, q.region, "the answer has no list of servers, or no TotalCount (request "+answer.requestID+")")
	}
	return answer, l.AssignRegion(op, q.region, answer.rows)
}

// Find implements cloud.Lister with ListInstances by InstanceIds.
func (l *swasLister) Find(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	return l.findByID(ctx, "look up servers of swas", region, ids, l.api.swasInstances)
}

// findByID asks one API for servers by id, in calls of 100, and returns those that exist, sorted.
func (l *swasLister) findByID(ctx context.Context, op, region string, ids []string, call swasCall) ([]inventory.Instance, error) {
	return l.FindByID(op, region, ids, nil, func(part []string) ([]inventory.Instance, error) {
		answer, err := l.listPage(ctx, op, swasQuery{region: region, page: 1, size: pageSize, ids: part}, call)
		if err == nil && answer.total != len(answer.rows) {
			err = l.NewError(inventory.Incomplete, op, region, fmt.Sprintf("%d rows are given, of %d", len(answer.rows), answer.total))
		}
		return answer.rows, err
	})
}
