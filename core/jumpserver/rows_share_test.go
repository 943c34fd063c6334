package jumpserver

import (
	"fmt"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestSharedLabels: hosts with the same labels have one copy of them, and hosts with others their own, however their texts
// run into each other. Beyond maxShared lists nothing is shared, and all is as it was read.
func TestSharedLabels(t *testing.T) {
	t.Parallel()
	r := &rowConverter{}
	rows := func(texts ...string) (rows []labelRow) {
		for n := 0; n < len(texts); n += 2 {
			rows = append(rows, labelRow{Name: texts[n], Value: texts[n+1]})
		}
		return rows
	}
	read := func(rows []labelRow) []inventory.Label {
		labels := r.shareLabels(rows)
		if len(labels) != len(rows) {
			t.Fatalf("%v became %v", rows, labels)
		}
		for n, l := range labels {
			if l.Name != rows[n].Name || l.Value != rows[n].Value {
				t.Fatalf("%v became %v", rows, labels)
			}
		}
		return labels
	}
	one, same := read(rows("a", "1", "b", "2")), read(rows("a", "1", "b", "2"))
	if &one[0] != &same[0] || cap(one) != len(one) {
		t.Error("equal labels are there twice, or an append to one host's would be seen by others")
	}
	for _, other := range [][]labelRow{rows("b", "2", "a", "1"), rows("a", "11", "b", "2"), rows("a1", "1", "b", "2"), rows("a", "1:b", "", "2"), rows("a", "11:b1:2"), rows("a", "1")} {
		read(other)
	}
	if r.shareLabels(nil) != nil {
		t.Error("no labels became some")
	}
	for n := range maxShared + 10 {
		read(rows("jms-instance", fmt.Sprint(n)))
	}
	if len(r.labels) != maxShared {
		t.Errorf("%d lists are kept", len(r.labels))
	}
}
