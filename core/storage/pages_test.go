package storage

import (
	"strconv"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestEndlessList: a list whose every page has a new token is given up.
func TestEndlessList(t *testing.T) {
	t.Parallel()
	pages := PageCollector{Bucket: "b"}
	for n := range 10_000 {
		more, err := pages.Add("b", nil, true, "after "+strconv.Itoa(n))
		if more {
			continue
		}
		if inventory.KindOf(err) != inventory.Incomplete || n != maxListPages {
			t.Errorf("page %d: %v", n, err)
		}
		return
	}
	t.Error("it never ends")
}
