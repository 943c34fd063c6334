package huawei

import (
	"context"
	"fmt"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	// pageSize is what Huawei advises; the API allows 1000:
	// https://support.huaweicloud.com/api-ecs/zh-cn_topic_0094148850.html
	pageSize = 200
	// maxReads bounds how often a list is read whose totals do not agree.
	maxReads = 4
)

// List implements cloud.Lister with ListServersDetails, by marker: the id of the last server of
// the page before. Huawei promises little of markers, so that the total of each page must be the same on
// all of them and equal to the servers that were read, each counted once. A list that does not agree,
// as the fleet changed meanwhile or a marker was refused whose server is gone, is read again; after
// four reads it is Incomplete.
//
// A missing right is answered with 403. An empty region counts only after it was shown that the credential
// may show single servers, too: a server that cannot exist must be "not found".
func (l *lister) List(ctx context.Context, region string) ([]inventory.Instance, error) {
	const op = "list servers"
	at, err := l.projectScopeOf(ctx, op, region)
	if err != nil {
		return nil, err
	}
	var list []inventory.Instance
	for try := 1; ; try++ {
		r := listReader{lister: l, op: op, query: serversQuery{projectScope: at}, interner: cloud.InternerOf(ctx)}
		list, err = r.readPages(ctx)
		if !r.isUnstable || try == maxReads {
			break
		}
	}
	if err == nil && len(list) == 0 {
		_, _, err = l.getServer(ctx, at, nonexistentID)
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}

// listReader reads a list once, page by page.
type listReader struct {
	lister   *lister
	op       string
	query    serversQuery
	interner *cloud.Interner

	rows         int // read so far, repeated ones too
	pages        int
	count        int  // the total on the first page
	countChanged bool // a later page has another one
	isUnstable   bool // reading again may help
}

// readPages returns all servers of a query that exist, sorted by id. The total counts the others too.
func (r *listReader) readPages(ctx context.Context) ([]inventory.Instance, error) {
	cursor := cloud.CursorReader[inventory.Instance]{
		Operation: r.lister.Operation(r.op, r.query.region),
		ID:        func(i inventory.Instance) string { return i.ID },
		SameRow:   cloud.SameMachine,
		Fetch:     r.readPage,
	}
	list, err := cursor.ReadAll(ctx)
	if err != nil {
		// A marker whose server is gone may be refused; how is not documented.
		kind := inventory.KindOf(err)
		r.isUnstable = r.query.marker != "" && (kind == inventory.Invalid || kind == inventory.NotFound || kind == inventory.Temporary)
		return nil, err
	}
	if r.query.ids == nil && (r.countChanged || len(list) != r.count) {
		r.isUnstable = true
		return nil, r.lister.NewError(inventory.Incomplete, r.op, r.query.region, fmt.Sprintf(
			"%d servers were read, but the total was %d at first; it changed on the way: %t", len(list), r.count, r.countChanged))
	}
	return cloud.SortByID(cloud.DropAbsent(list)), nil
}

// readPage returns one page. The list ends with a page without rows, or with a short one that reaches the
// total: a page could be short though more follow, and a total could be that of the page.
func (r *listReader) readPage(ctx context.Context, marker string) (cloud.CursorPage[inventory.Instance], error) {
	none := cloud.CursorPage[inventory.Instance]{}
	r.query.marker = marker
	answer, err := cloud.Call(ctx, r.lister.Client, r.op, r.query.region, func(ctx context.Context) (serverPage, error) {
		return r.lister.api.listServers(ctx, r.query)
	})
	if err != nil {
		return none, err
	}
	if err := r.checkTotal(answer); err != nil {
		return none, err
	}
	page := cloud.CursorPage[inventory.Instance]{Rows: make([]inventory.Instance, 0, len(answer.Servers))}
	for i := range answer.Servers {
		row := &answer.Servers[i]
		if err := r.lister.checkRow(r.op, r.query, row); err != nil {
			return none, err
		}
		if row.isUnknownID() {
			continue // of an id that was asked for and is not known
		}
		instance := r.lister.convertRow(r.query.projectScope, row)
		r.interner.InternRow(&instance)
		page.Rows = append(page.Rows, instance)
	}
	n := len(answer.Servers)
	if r.query.ids == nil && n > 0 && (n >= pageSize || r.rows < answer.totalCount()) {
		page.Next = answer.Servers[n-1].ID
	}
	return page, nil
}

// checkTotal refuses an answer without a list, and compares the totals. Without it, `{}` and `null`
// would read as an empty region.
func (r *listReader) checkTotal(answer serverPage) error {
	incomplete := func(text string) error { return r.lister.NewError(inventory.Incomplete, r.op, r.query.region, text) }
	switch {
	case answer.Servers == nil:
		return incomplete("the answer has no list of servers")
	case r.query.ids != nil:
		return nil
	case answer.Count == nil:
		return incomplete("the answer has no total (count)")
	case r.pages == 0:
		r.count = answer.totalCount()
	case r.count != answer.totalCount():
		r.countChanged = true
	}
	r.pages++
	r.rows += len(answer.Servers)
	return nil
}

// checkRow refuses a row that belongs to another query.
func (l *lister) checkRow(op string, q serversQuery, row *serverRow) error {
	incomplete := func(text string) error { return l.NewError(inventory.Incomplete, op, q.region, text) }
	if q.ids != nil {
		if _, asked := slices.BinarySearch(q.ids, row.ID); !asked {
			return incomplete(row.ID + " was not asked for")
		}
	} else if row.isUnknownID() {
		return incomplete("a server is listed without its fields: " + row.ID)
	}
	if row.TenantID != "" && row.TenantID != q.project {
		return incomplete(row.ID + " is of project " + row.TenantID)
	}
	return nil
}
