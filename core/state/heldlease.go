package state

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// CheckLease returns ErrLeaseTaken while somebody holds the lease of this name. Who must keep away from a lease acquires
// one of their own first and checks then: of two who do so at the same time at least one sees the other.
func (s *Store) CheckLease(ctx context.Context, name string) error {
	return wrapError("lease "+name, s.checkLeases(ctx, safeKeyPart(name)))
}

// CheckLeasesOf is CheckLease for all leases whose names begin with a word and a space.
func (s *Store) CheckLeasesOf(ctx context.Context, word string) error {
	return wrapError("leases "+word, s.checkLeases(ctx, word+"_"))
}

func (s *Store) checkLeases(ctx context.Context, before string) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	folder := s.prefix + "lease/"
	listed, err := s.bucket.List(ctx, folder+before)
	if err != nil {
		return err
	}
	newest := map[string]string{} // of each lease the object that stands for it, in either form
	for _, key := range listed {
		name := strings.TrimPrefix(key, folder)
		_, numbered := parseSequence(path.Base(name))
		switch {
		case numbered:
			newest[path.Dir(name)] = key // sorted: the highest comes last
		case strings.HasSuffix(name, ".json"):
			newest[name] = key
		}
	}
	keys := make([]string, 0, len(newest))
	for _, key := range newest {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	bodies, errs := loadAll[leaseBody](ctx, s, keys, smallMaxBytes)
	for n, held := range bodies {
		if errs[n] != nil && inventory.KindOf(errs[n]) != inventory.Incomplete { // which counts as ended
			return errs[n]
		}
		if errs[n] == nil && !held.isExpired(s.now()) {
			return newTakenError(held)
		}
	}
	return nil
}
