package storage

import "slices"

// maxListPages bounds a list: no store of ours has so many objects, so that one that promises more never ends.
const maxListPages = 1_000

// PageCollector gathers the pages of a list, for adapters. The zero value with Bucket is ready.
type PageCollector struct {
	Bucket string // which every page must name
	Keys   []string

	tokens []string
}

// Add takes a page and reports whether another follows. A page of another bucket, or one that
// promises more and does not say from where on, is an error of the kind Incomplete.
func (p *PageCollector) Add(bucket string, keys []string, truncated bool, next string) (more bool, err error) {
	switch {
	case bucket != p.Bucket:
		return false, newNotStoreError("the list is not one of this bucket")
	case slices.Contains(keys, ""):
		return false, newNotStoreError("the list has an empty key")
	case truncated && (next == "" || slices.Contains(p.tokens, next)):
		return false, newNotStoreError("the list does not go on")
	case truncated && len(p.tokens) >= maxListPages:
		return false, newNotStoreError("the list does not end")
	}
	p.Keys = append(p.Keys, keys...)
	p.tokens = append(p.tokens, next)
	return truncated, nil
}
