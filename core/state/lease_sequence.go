package state

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// A lease of numbered objects rests on three rules:
//
//   - The highest number that exists never falls. A number is deleted only by someone who created
//     a higher one, or saw it.
//   - Whoever creates a number holds it only if it is the highest in a List made afterwards. So one
//     who listed long ago and creates a number that was pruned meanwhile finds the higher one.
//   - Only its creator writes a number again. A renewal counts only if all of it, the List too, was
//     done while the lease was valid: until then nobody can have read it as ended.
//
// The store needs nothing but create-only writes. OSS documents them under x-oss-forbid-overwrite:
// https://www.alibabacloud.com/help/doc-detail/146172.htm

// maxPrunedNumbers is how many old numbers one acquisition deletes at most.
const maxPrunedNumbers = 50

// maxSequence keeps numbers within the twelve digits that all keys have.
const maxSequence = 999_999_999_999

// acquireSequence acquires a lease of numbered objects.
func (s *Store) acquireSequence(ctx context.Context, l *Lease) error {
	folder := s.prefix + "lease/" + safeKeyPart(l.Name) + "/"
	highest, held, err := s.loadHighest(ctx, folder, l)
	if err != nil {
		return err
	}
	if highest > 0 && !held.isExpired(s.now()) {
		return newTakenError(held)
	}
	l.Token = highest + 1
	if l.Token > maxSequence {
		return &inventory.Error{Kind: inventory.Invalid, Message: folder + " has the last number that there is"}
	}
	l.key = sequenceKey(folder, l.Token)
	if err := l.save(ctx, l.newBody(), storage.CreateOnly()); err != nil {
		if inventory.KindOf(err) != inventory.Conflict {
			return err
		}
		held = leaseBody{}
		if _, err := s.loadObject(ctx, l.key, smallMaxBytes, &held); err != nil {
			held = leaseBody{} // who was faster is unknown by now
		}
		return newTakenError(held)
	}
	l.etag = "" // a numbered object needs none
	numbers, err := s.listSequence(ctx, folder)
	if err != nil {
		return err // it ends by itself
	}
	if len(numbers) == 0 || numbers[len(numbers)-1] != l.Token {
		if len(numbers) > 0 && numbers[len(numbers)-1] > l.Token {
			_ = s.bucket.Delete(ctx, l.key) // the holder of the higher number prunes it otherwise
		}
		return newTakenError(leaseBody{})
	}
	s.pruneSequence(ctx, folder, numbers, l)
	return nil
}

// loadHighest reads the highest number; 0 = there is none. A number that was pruned between
// List and Get means that there is a higher one.
func (s *Store) loadHighest(ctx context.Context, folder string, l *Lease) (highest uint64, held leaseBody, err error) {
	for range 3 {
		var numbers []uint64
		numbers, err = s.listSequence(ctx, folder)
		if err != nil || len(numbers) == 0 {
			return 0, held, err
		}
		highest = numbers[len(numbers)-1]
		key := sequenceKey(folder, highest)
		held = leaseBody{}
		_, err = s.loadObject(ctx, key, smallMaxBytes, &held)
		if corrupt, is := asCorrupt(err); is {
			_, l.Warning = s.preserveCorrupt(ctx, key, corrupt)
			return highest, leaseBody{}, nil // it counts as ended
		}
		if inventory.KindOf(err) != inventory.NotFound {
			return highest, held, err
		}
	}
	return highest, held, err
}

// listSequence returns all numbers of a lease, sorted. It ignores other keys.
func (s *Store) listSequence(ctx context.Context, folder string) ([]uint64, error) {
	keys, err := s.bucket.List(ctx, folder)
	if err != nil {
		return nil, err
	}
	var numbers []uint64
	for _, key := range keys { // all of one length, so their order is that of the numbers
		if n, ok := parseSequence(strings.TrimPrefix(key, folder)); ok {
			numbers = append(numbers, n)
		}
	}
	return numbers, nil
}

func sequenceKey(folder string, n uint64) string { return fmt.Sprintf("%s%012d", folder, n) }

func parseSequence(name string) (uint64, bool) {
	n, err := strconv.ParseUint(name, 10, 64)
	return n, err == nil && n > 0 && n <= maxSequence && fmt.Sprintf("%012d", n) == name
}

// pruneSequence deletes numbers below a lease that is known to be the highest.
func (s *Store) pruneSequence(ctx context.Context, folder string, numbers []uint64, l *Lease) {
	var old []string
	for _, n := range numbers {
		if n < l.Token && len(old) < maxPrunedNumbers {
			old = append(old, sequenceKey(folder, n))
		}
	}
	if err := s.deleteAll(ctx, old); err != nil {
		l.Warning = wrapError("clean up old leases", err)
	}
}

// renewSequence renews a numbered lease. Only its creator writes it, so the write has no condition; what
// is there before and after decides.
func (l *Lease) renewSequence(ctx context.Context, was Lease) error {
	var there leaseBody
	_, err := l.store.loadObject(ctx, l.key, smallMaxBytes, &there)
	if _, corrupt := asCorrupt(err); corrupt || inventory.KindOf(err) == inventory.NotFound {
		return newLostError("its object is gone or damaged")
	}
	if err != nil {
		return err
	}
	if there.Nonce != l.nonce {
		return newLostError("another holds it")
	}
	if err := l.save(ctx, l.newBody(), storage.Always()); err != nil {
		return err
	}
	l.etag = ""
	numbers, err := l.store.listSequence(ctx, l.key[:strings.LastIndex(l.key, "/")+1])
	if err != nil {
		return err
	}
	if len(numbers) == 0 || numbers[len(numbers)-1] != l.Token {
		return newLostError("another holds it")
	}
	if !was.IsValid(l.store.now()) {
		return newLostError("it ended while it was renewed")
	}
	return nil
}
