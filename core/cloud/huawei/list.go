package huawei

import (
	"context"
	"fmt"
	"net/http"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	// pageSize is what Huawei advises; 1000 is the most that it gives:
	// https://support.huaweicloud.com/api-ecs/zh-cn_topic_0094148850.html
	pageSize = 200
	// readings is how often a list is read anew that did not come out even.
	readings = 4
	// looking is how many single servers are asked for at once.
	looking = 8
	// nobody is an id that no server has.
	nobody = "00000000-0000-0000-0000-000000000000"
	// noServer is the code by which ECS says that a server does not exist.
	noServer = "Ecs.0114"
)

// List implements cloud.Lister with ListServersDetails, by marker: the id of the last server of
// the page before. What Huawei promises of markers is little, so that the total which comes with
// each page must be the same on all of them and equal to the servers read, each counted once. A
// list that does not come out even, as the fleet changed meanwhile or a marker was refused whose
// server is gone, is read anew; after four readings it is Incomplete.
//
// A missing right is refused with 403. An empty region is believed only after it was shown that
// the credential may look at single servers, too: a server that cannot exist must be "not found".
func (l *lister) List(ctx context.Context, region string) ([]inventory.Instance, error) {
	const op = "list servers"
	at, err := l.at(ctx, op, region)
	if err != nil {
		return nil, err
	}
	var list []inventory.Instance
	for try := 1; ; try++ {
		r := reading{l: l, op: op, query: query{place: at}, shared: cloud.Words{}}
		list, err = r.all(ctx)
		if !r.uneven || try == readings {
			break
		}
	}
	if err == nil && len(list) == 0 {
		_, _, err = l.look(ctx, at, nobody)
	}
	if err != nil {
		return nil, err
	}
	return list, nil
}

// Glance implements cloud.Lister with ListServersDetails by server_id. An unknown id is answered
// with a row that has nothing but the id and a fault.
func (l *lister) Glance(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	const op = "look up servers"
	return l.ByID(op, region, ids, possible, func(part []string) ([]inventory.Instance, error) {
		at, err := l.at(ctx, op, region)
		if err != nil {
			return nil, err
		}
		r := reading{l: l, op: op, query: query{place: at, ids: part}, shared: cloud.Words{}}
		return r.all(ctx)
	})
}

// possible tells whether an id can be that of a server; a comma or a slash would make it something else.
func possible(id string) bool { return cloud.Only(id, cloud.Lower+cloud.Upper+"_~") }

// Lookup implements cloud.Lister: a Glance, and for each server that it does not show the question
// for this one. The list hides, without a word, the servers of enterprise projects that the
// credential may not see; the single question is refused then. Only Ecs.0114 proves an absence.
func (l *lister) Lookup(ctx context.Context, region string, ids []string) (inventory.Found, error) {
	found, err := l.Glance(ctx, region, ids)
	if err != nil {
		return inventory.Found{}, err
	}
	at, err := l.at(ctx, "look up servers", region)
	if err != nil {
		return inventory.Found{}, err
	}
	more, err := l.lookAtEach(ctx, at, cloud.Absent(ids, found))
	if err != nil {
		return inventory.Found{}, err
	}
	return inventory.Found{Instances: cloud.Sorted(append(found, more...)), Projects: []string{at.project}}, nil
}

// lookAtEach asks for single servers, a few at once, and gives those that exist after all.
func (l *lister) lookAtEach(ctx context.Context, at place, ids []string) ([]inventory.Instance, error) {
	rows := make([]inventory.Instance, len(ids))
	exist := make([]bool, len(ids))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(looking)
	for i, id := range ids {
		group.Go(func() (err error) {
			rows[i], exist[i], err = l.look(ctx, at, id)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	var found []inventory.Instance
	for i, row := range rows {
		if exist[i] {
			found = append(found, row)
		}
	}
	return found, nil
}

// look asks for one server. That it does not exist is an answer, and no error.
func (l *lister) look(ctx context.Context, at place, id string) (row inventory.Instance, exists bool, err error) {
	const op = "look at one server"
	answer, err := cloud.Call(ctx, l.Caller, op, at.region, func(ctx context.Context) (*server, error) {
		answer, err := l.api.server(ctx, at, id)
		if r, ok := cloud.AsRefusal(err); ok && r.Code == noServer && (r.Status == http.StatusNotFound || r.Status == http.StatusBadRequest) {
			return nil, nil
		}
		if err == nil && (answer.Server == nil || answer.Server.ID != id || answer.Server.hollow()) {
			err = l.Fault(inventory.Incomplete, op, at.region, "the answer does not show the server that was asked for")
		}
		return answer.Server, err
	})
	if err != nil || answer == nil {
		return inventory.Instance{}, false, err
	}
	if err := l.check(op, query{place: at}, answer); err != nil {
		return inventory.Instance{}, false, err
	}
	return l.instance(at, answer), true, nil
}

// reading is one reading of a list, page by page.
type reading struct {
	l      *lister
	op     string
	query  query
	shared cloud.Words

	rows   int // read so far, as often as they came
	pages  int
	count  int  // the total, as the first page said
	moved  bool // a later page said another one
	uneven bool // reading it anew may help
}

// all gives all servers of a query, sorted by id.
func (r *reading) all(ctx context.Context) ([]inventory.Instance, error) {
	cursor := cloud.Cursor[inventory.Instance]{
		What:  r.l.What(r.op, r.query.region),
		ID:    func(i inventory.Instance) string { return i.ID },
		Same:  cloud.SameMachine,
		Fetch: r.page,
	}
	list, err := cursor.All(ctx)
	if err != nil {
		// A marker whose server is gone may be refused; how is not documented.
		kind := inventory.KindOf(err)
		r.uneven = r.query.marker != "" && (kind == inventory.Invalid || kind == inventory.NotFound || kind == inventory.Temporary)
		return nil, err
	}
	if r.query.ids == nil && (r.moved || len(list) != r.count) {
		r.uneven = true
		return nil, r.l.Fault(inventory.Incomplete, r.op, r.query.region, fmt.Sprintf(
			"%d servers were read, but the total was %d at first; it changed on the way: %t", len(list), r.count, r.moved))
	}
	return cloud.Sorted(list), nil
}

// page gets one page. The list ends with a page without rows, or with a short one that reaches the
// total: a page could be short though more follow, and a total could be that of the page.
func (r *reading) page(ctx context.Context, marker string) (cloud.Page[inventory.Instance], error) {
	none := cloud.Page[inventory.Instance]{}
	r.query.marker = marker
	answer, err := cloud.Call(ctx, r.l.Caller, r.op, r.query.region, func(ctx context.Context) (serverPage, error) {
		return r.l.api.servers(ctx, r.query)
	})
	if err != nil {
		return none, err
	}
	if err := r.total(answer); err != nil {
		return none, err
	}
	page := cloud.Page[inventory.Instance]{Rows: make([]inventory.Instance, 0, len(answer.Servers))}
	for i := range answer.Servers {
		row := &answer.Servers[i]
		if err := r.l.check(r.op, r.query, row); err != nil {
			return none, err
		}
		if row.hollow() {
			continue // of an id that was asked for and is not known
		}
		instance := r.l.instance(r.query.place, row)
		r.shared.Share(&instance)
		page.Rows = append(page.Rows, instance)
	}
	n := len(answer.Servers)
	if r.query.ids == nil && n > 0 && (n >= pageSize || r.rows < answer.total()) {
		page.Next = answer.Servers[n-1].ID
	}
	return page, nil
}

// total refuses an answer that is none, and keeps account of the totals. Without this, `{}` and
// `null` would read as an empty region.
func (r *reading) total(answer serverPage) error {
	incomplete := func(text string) error { return r.l.Fault(inventory.Incomplete, r.op, r.query.region, text) }
	switch {
	case answer.Servers == nil:
		return incomplete("the answer has no list of servers")
	case r.query.ids != nil:
		return nil
	case answer.Count == nil:
		return incomplete("the answer has no total (count)")
	case r.pages == 0:
		r.count = answer.total()
	case r.count != answer.total():
		r.moved = true
	}
	r.pages++
	r.rows += len(answer.Servers)
	return nil
}

// check refuses a row that answers another question.
func (l *lister) check(op string, q query, row *server) error {
	incomplete := func(text string) error { return l.Fault(inventory.Incomplete, op, q.region, text) }
	if q.ids != nil {
		if _, asked := slices.BinarySearch(q.ids, row.ID); !asked {
			return incomplete(row.ID + " was not asked for")
		}
	} else if row.hollow() {
		return incomplete("a server is listed without its fields: " + row.ID)
	}
	if row.TenantID != "" && row.TenantID != q.project {
		return incomplete(row.ID + " is of project " + row.TenantID)
	}
	return nil
}
