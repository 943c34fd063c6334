//go:build !race

package mapping

import "testing"

// The race detector allocates by itself, so what Map allocates is counted without it.

// TestMapAllocates: mapping by fifty rules allocates what it returns, and little else.
func TestMapAllocates(t *testing.T) {
	s := compile(t, Options{}, fiftyRules()...)
	subject := aSubject()
	allocations := testing.AllocsPerRun(100, func() { s.Map(subject) })
	if allocations > 4 { // the path and the list of paths, the label's value, the labels and their names
		t.Errorf("%v allocations", allocations)
	}
}
