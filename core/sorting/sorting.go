// Package sorting sorts as package slices does, with one sort for all types: slices.SortFunc is compiled anew for each type,
// which made each function's program 0.6 MB larger. It is for lists of a run: it takes about twice the time and
// allocates, so that what is done for each instance stays with slices.
package sorting

import (
	"slices"
	"sort"
)

// By sorts a list. Elements that compare as equal may change places.
func By[T any](all []T, compare func(x, y T) int) { sort.Sort(list[T]{all, compare}) }

// StableBy sorts a list. Elements that compare as equal stay in their order.
func StableBy[T any](all []T, compare func(x, y T) int) { sort.Stable(list[T]{all, compare}) }

// Sorted returns a sorted copy of a list. Elements that compare as equal may change places.
func Sorted[T any](all []T, compare func(x, y T) int) []T {
	sorted := slices.Clone(all)
	By(sorted, compare)
	return sorted
}

// StableSorted returns a sorted copy of a list. Elements that compare as equal stay in their order.
func StableSorted[T any](all []T, compare func(x, y T) int) []T {
	sorted := slices.Clone(all)
	StableBy(sorted, compare)
	return sorted
}

// list is what package sort sorts.
type list[T any] struct {
	all     []T
	compare func(x, y T) int
}

func (l list[T]) Len() int           { return len(l.all) }
func (l list[T]) Less(x, y int) bool { return l.compare(l.all[x], l.all[y]) < 0 }
func (l list[T]) Swap(x, y int)      { l.all[x], l.all[y] = l.all[y], l.all[x] }
