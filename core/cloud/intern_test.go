package cloud

import (
	"fmt"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Listings of one fleet share facts that are equal, and no others.
func TestSharedFacts(t *testing.T) {
	t.Parallel()
	rows := func(values ...string) []inventory.Instance {
		var list []inventory.Instance
		for _, value := range values {
			f := inventory.WantAll().Keep(inventory.Facts{Zone: fmt.Sprint("zone-", value), Tags: []inventory.Tag{{Key: "app", Value: value}}})
			list = append(list, inventory.Instance{ID: "i-" + value, Facts: f})
		}
		return list
	}
	account := Account{SharedFacts: &SharedFacts{}}
	first, second, alone := rows("a", "b"), rows("b", "c"), rows("a")
	for _, list := range [][]inventory.Instance{first, second} {
		in := NewInterner(account)
		in.InternRows(list)
	}
	in := NewInterner(Account{})
	in.InternRows(alone)
	if first[1].Facts != second[0].Facts || first[0].Facts == second[0].Facts || second[1].Facts.Zone != "zone-c" {
		t.Errorf("%+v %+v", first, second)
	}
	if alone[0].Facts == first[0].Facts || alone[0].Facts.Zone != "zone-a" {
		t.Errorf("%+v", alone)
	}
}
