package cloud_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// divided is a fake whose cloud has projects.
type divided struct {
	fake
	projects []string
	err      error
}

func (d *divided) Projects(context.Context, string) ([]string, error) { return d.projects, d.err }

// rowsOf is an answer with just these instances.
func rowsOf(rows ...inventory.Instance) inventory.FindResult {
	return inventory.FindResult{Instances: rows}
}

func TestFleetFindVerified(t *testing.T) {
	t.Parallel()
	ids := make([]string, 250)
	for i := range ids {
		ids[i] = fmt.Sprintf("i-%03d", i)
	}
	var sizes []int
	lister := &fake{lookup: func(part []string) (inventory.FindResult, error) {
		sizes = append(sizes, len(part))
		return inventory.FindResult{
			Instances: []inventory.Instance{{ID: part[0]}}, Weak: map[string]error{part[1]: errors.New("alone")}, Projects: []string{"p2", "p1"},
		}, nil
	}}
	fleet := cloud.NewFleet([]cloud.OpenedAccount{target("a", lister, "r1")})
	scope := inventory.Scope{Cloud: inventory.Alibaba, Account: "a", Region: "r1"}
	found, err := fleet.FindVerified(t.Context(), scope, append(ids, "i-000"))
	if err != nil || len(found.Instances) != 3 || fmt.Sprint(sizes) != "[100 100 50]" {
		t.Errorf("%d found by parts of %v, error %v", len(found.Instances), sizes, err)
	}
	if got := fmt.Sprint(found.Projects, found.Weak); got != "[p1 p2] map[i-001:alone i-101:alone i-201:alone]" {
		t.Errorf("of all parts together: %s", got)
	}
	for _, row := range found.Instances {
		if row.Scope != scope || row.Owner != "1111" {
			t.Errorf("%+v", row)
		}
	}
	if found, err := fleet.FindVerified(t.Context(), scope, nil); found.Instances != nil || err != nil {
		t.Errorf("no ids: %v, %v", found, err)
	}
}

// TestFleetProjects: a listing says which projects it is of, and fails where that is not known.
func TestFleetProjects(t *testing.T) {
	t.Parallel()
	fleet := cloud.NewFleet([]cloud.OpenedAccount{
		target("a", &divided{projects: []string{"p1"}}, "r1"), target("b", &divided{err: kindError(inventory.Denied)}, "r1"), target("c", &fake{}, "r1"),
	})
	listings := fleet.List(t.Context(), cloud.Filter{})
	if got := outline(listings); got != "a/r1 1111 2 \nb/r1 1111 0 denied\nc/r1 1111 2 " {
		t.Error(got)
	}
	if got := fmt.Sprint(listings[0].Projects, listings[1].Projects, listings[2].Projects == nil); got != "[p1] [] true" {
		t.Error(got)
	}
}

func TestFleetFindVerifiedFails(t *testing.T) {
	t.Parallel()
	scope := inventory.Scope{Cloud: inventory.Alibaba, Account: "a", Region: "r1"}
	ids := []string{"i-000", "i-001"}
	for name, c := range map[string]struct {
		scope inventory.Scope
		give  func([]string) (inventory.FindResult, error)
		want  inventory.Kind
	}{
		"another account": {inventory.Scope{Cloud: inventory.Alibaba, Account: "z", Region: "r1"}, nil, inventory.NotFound},
		"another cloud":   {inventory.Scope{Cloud: inventory.AWS, Account: "a", Region: "r1"}, nil, inventory.NotFound},
		"an error": {scope, func([]string) (inventory.FindResult, error) {
			return rowsOf(inventory.Instance{ID: "i"}), kindError(inventory.Denied)
		}, inventory.Denied},
		"not asked for": {scope, func([]string) (inventory.FindResult, error) { return rowsOf(inventory.Instance{ID: "i-999"}), nil }, inventory.Incomplete},
		"another region": {scope, func([]string) (inventory.FindResult, error) {
			return rowsOf(inventory.Instance{ID: "i-000", Scope: inventory.Scope{Region: "r2"}}), nil
		}, inventory.Incomplete},
		"there, and weakly absent": {scope, func([]string) (inventory.FindResult, error) {
			return inventory.FindResult{Instances: []inventory.Instance{{ID: "i-000"}}, Weak: map[string]error{"i-000": errors.New("x")}}, nil
		}, inventory.Incomplete},
		"the lister panic": {scope, func([]string) (inventory.FindResult, error) { panic("x") }, inventory.Unknown},
	} {
		one := cloud.NewFleet([]cloud.OpenedAccount{target("a", &fake{lookup: c.give}, "r1")})
		if found, err := one.FindVerified(t.Context(), c.scope, ids); inventory.KindOf(err) != c.want || found.Instances != nil || found.Weak != nil {
			t.Errorf("%s: %v, %v; want %q", name, found, err, c.want)
		}
	}
	refused := cloud.NewFleet([]cloud.OpenedAccount{target("a", &fake{owner: func() (string, error) { return "", kindError(inventory.Temporary) }}, "r1")})
	if found, err := refused.FindVerified(t.Context(), scope, ids); inventory.KindOf(err) != inventory.Temporary || found.Instances != nil {
		t.Errorf("no owner: %v, %v", found, err)
	}
}
