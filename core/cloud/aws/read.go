package aws

import (
	"context"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// reading is what reading all pages gave.
type reading struct {
	list []inventory.Instance // sorted by id
	gap  bool                 // a page had no rows
	err  error
}

// read gets all pages of a query. Where an instance went away while it was listed, EC2 may fail
// the page with InvalidInstanceID.NotFound; then all is read again, a few times at most.
func (l *lister) read(ctx context.Context, op string, q query) ([]inventory.Instance, bool, error) {
	if !cloud.Only(q.region, cloud.Lower) {
		return nil, false, l.Fault(inventory.Invalid, op, "", "no region is named, or its id is not well-formed")
	}
	got, err := cloud.Retry(ctx, l.Policy, func(ctx context.Context) (reading, error) {
		got := l.pages(ctx, op, q)
		if cloud.CodeOf(got.err) == instanceUnknown {
			return got, l.Fault(inventory.Temporary, op, q.region, "an instance went away while it was listed ("+instanceUnknown+")")
		}
		return got, nil // an error too: it was tried again where that makes sense
	})
	if err == nil {
		err = got.err
	}
	if err != nil {
		return nil, false, l.Named(op, q.region, err)
	}
	return got.list, got.gap, nil
}

// pages gets all pages of a query once.
func (l *lister) pages(ctx context.Context, op string, q query) reading {
	var got reading
	once := cloud.Words{}
	cursor := cloud.Cursor[inventory.Instance]{
		What: l.What(op, q.region),
		ID:   func(i inventory.Instance) string { return i.ID },
		Same: sameMachine,
		Fetch: func(ctx context.Context, token string) (cloud.Page[inventory.Instance], error) {
			q.token = token
			answer, err := regional(ctx, l, op, q.region, func(ctx context.Context, by cloud.Credentials) (instancesAnswer, error) {
				return l.api.instances(ctx, by, q)
			})
			if err != nil {
				return cloud.Page[inventory.Instance]{}, err
			}
			rows, err := l.check(op, q.region, answer)
			got.gap = got.gap || len(rows) == 0
			for i := range rows {
				once.Share(&rows[i])
			}
			return cloud.Page[inventory.Instance]{Rows: rows, Next: answer.next}, err
		},
	}
	got.list, got.err = cursor.All(ctx)
	got.list = slices.DeleteFunc(got.list, func(i inventory.Instance) bool { return i.Status == terminated })
	cloud.Sorted(got.list)
	return got
}

// sameMachine is cloud.SameMachine for a cloud whose terminated instances have lost their network
// but not yet their row: one that ends between two pages is on both.
func sameMachine(a, b inventory.Instance) bool {
	return cloud.SameMachine(a, b) || a.ID == b.ID && (a.Status == terminated || b.Status == terminated)
}

// check refuses an answer without a list, and rows without a state or of another region, and
// completes the others. EC2 names no region in a row, but its zone begins with it; an endpoint
// that answers for another region than it was asked for would double every asset.
func (l *lister) check(op, region string, answer instancesAnswer) ([]inventory.Instance, error) {
	if !answer.listed {
		return nil, l.Fault(inventory.Incomplete, op, region, "the answer has no reservationSet")
	}
	rows := make([]inventory.Instance, len(answer.rows))
	for i, r := range answer.rows {
		switch {
		case r.Status == "":
			return nil, l.Fault(inventory.Incomplete, op, region, "an instance has no state: "+r.ID)
		case r.zone != "" && !strings.HasPrefix(r.zone, region):
			return nil, l.Fault(inventory.Incomplete, op, region, r.ID+" is in "+r.zone)
		}
		rows[i] = r.Instance
		rows[i].Scope = inventory.Scope{Cloud: inventory.AWS, Account: l.Account.Name, Region: region}
	}
	return rows, nil
}

// literal tells whether an id means itself in a filter, where * and ? stand for others.
func literal(id string) bool { return id != "" && !strings.ContainsAny(id, `*?\`) }
