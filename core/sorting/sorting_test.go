package sorting_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jms-sync/jms-sync/core/sorting"
)

// TestAsSlices: lists come out as package slices leaves them, equal ones in their order where that is promised.
func TestAsSlices(t *testing.T) {
	t.Parallel()
	type pair struct{ key, place int }
	for size := range 200 {
		all := make([]pair, size)
		for n := range all {
			all[n] = pair{rand.IntN(20), n}
		}
		byKey := func(x, y pair) int { return cmp.Compare(x.key, y.key) }
		whole := func(x, y pair) int { return cmp.Or(byKey(x, y), cmp.Compare(x.place, y.place)) }
		want, got, stable := slices.SortedFunc(slices.Values(all), whole), slices.Clone(all), slices.Clone(all)
		sorting.By(got, whole)
		sorting.StableBy(stable, byKey)
		if !slices.Equal(got, want) || !slices.Equal(stable, want) {
			t.Fatalf("%v: %v, stable %v", all, got, stable)
		}
		before := slices.Clone(all)
		if !slices.Equal(sorting.Sorted(all, whole), want) || !slices.Equal(sorting.StableSorted(all, byKey), want) || !slices.Equal(all, before) {
			t.Fatalf("copies of %v", before)
		}
	}
}
