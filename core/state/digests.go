package state

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
	"github.com/jms-sync/jms-sync/core/storage"
)

// digestsMaxBytes bounds the digests of a scope: enough for some 95,000 instances.
const digestsMaxBytes = 2 << 20

// An entry is two digests of one instance: of its id, and of all that a plan reads of it.
const (
	digestSize = 8
	entrySize  = 2 * digestSize
)

// Digests are the digests of the instances of one complete listing. They show which instances differ
// from those of another listing, so that only their assets need to be read. Two different instances
// look alike once in 2^64; the next full reconcile finds that.
type Digests struct{ entries []byte } // sorted

// DigestListing returns the digests of a listing, with the salt of Fingerprint. A failed listing has none.
func DigestListing(l inventory.Listing, salt string) Digests {
	if !l.IsComplete() {
		return Digests{}
	}
	all := make([][entrySize]byte, len(l.Instances))
	var buffer []byte
	for n := range l.Instances {
		all[n], buffer = digestInstance(&l.Instances[n], salt, buffer)
	}
	sorting.By(all, func(x, y [entrySize]byte) int { return bytes.Compare(x[:], y[:]) })
	entries := make([]byte, 0, len(all)*entrySize)
	for n := range all {
		entries = append(entries, all[n][:]...)
	}
	return Digests{entries}
}

func digestInstance(i *inventory.Instance, salt string, buffer []byte) (entry [entrySize]byte, _ []byte) {
	id := sha256.Sum256([]byte(i.ID))
	buffer = appendInstance(appendText(buffer[:0], salt), i)
	content := sha256.Sum256(buffer)
	copy(entry[:], id[:digestSize])
	copy(entry[digestSize:], content[:digestSize])
	return entry, buffer
}

// Diff compares a complete listing with the digests. changed has the indexes of its instances
// that are new or differ; gone is the number of instances that the listing no longer has.
func (d Digests) Diff(l inventory.Listing, salt string) (changed []int, gone int) {
	known := make(map[uint64]uint64, len(d.entries)/entrySize)
	for at := 0; at < len(d.entries); at += entrySize {
		known[binary.BigEndian.Uint64(d.entries[at:])] = binary.BigEndian.Uint64(d.entries[at+digestSize:])
	}
	gone = len(known)
	var buffer []byte
	for n := range l.Instances {
		var entry [entrySize]byte
		entry, buffer = digestInstance(&l.Instances[n], salt, buffer)
		was, there := known[binary.BigEndian.Uint64(entry[:])]
		if there {
			gone--
		}
		if !there || was != binary.BigEndian.Uint64(entry[digestSize:]) {
			changed = append(changed, n)
		}
	}
	return changed, gone
}

// digestsBody is the digests of a scope as they are saved.
type digestsBody struct {
	Cloud              inventory.Cloud `json:"cloud"`
	Account            string          `json:"account"`
	Region             string          `json:"region"`
	AppliedFingerprint string          `json:"applied"` // the Fingerprint of their listing
	Digests            string          `json:"rows"`    // base64
}

// LoadDigests returns the digests of the listing that was applied in a scope with this fingerprint. ok is
// false where they are not known; the warning says why, unless there simply are none.
func (s *Store) LoadDigests(ctx context.Context, at inventory.Scope, applied string) (d Digests, ok bool, warning error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	var body digestsBody
	key := s.digestsKey(at)
	o, err := s.bucket.Get(ctx, key, "")
	if inventory.KindOf(err) == inventory.NotFound {
		return Digests{}, false, nil
	}
	if err == nil {
		why := decodeObject(o.Data, digestsMaxBytes, &body)
		if why == "" {
			d, why = body.decodeDigests(at)
		}
		if why != "" {
			_, err = s.moveCorrupt(ctx, key, &corruptError{data: o.Data, reason: why})
		}
	}
	if err != nil {
		return Digests{}, false, wrapError("rows of "+at.String(), err)
	}
	if applied == "" || body.AppliedFingerprint != applied {
		return Digests{}, false, nil
	}
	return d, true, nil
}

// SaveDigests writes the digests of the listing that has this fingerprint. It must come before the scope is
// saved as applied with it: digests of a fingerprint that no scope has are never used.
func (s *Store) SaveDigests(ctx context.Context, at inventory.Scope, applied string, d Digests) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	body := digestsBody{
		Cloud: at.Cloud, Account: at.Account, Region: at.Region, AppliedFingerprint: applied,
		Digests: base64.StdEncoding.EncodeToString(d.entries),
	}
	_, err := s.saveObject(ctx, s.digestsKey(at), digestsMaxBytes, body, storage.Always())
	return wrapError("save rows of "+at.String(), err)
}

// decodeDigests returns the digests of a body, or why they cannot be those of this scope.
func (b digestsBody) decodeDigests(at inventory.Scope) (d Digests, why string) {
	if at != (inventory.Scope{Cloud: b.Cloud, Account: b.Account, Region: b.Region}) {
		return Digests{}, "has the rows of another scope"
	}
	all, err := base64.StdEncoding.DecodeString(b.Digests)
	if err != nil || len(all)%entrySize != 0 {
		return Digests{}, "has rows that cannot be"
	}
	return Digests{all}, ""
}

func (s *Store) digestsKey(at inventory.Scope) string {
	return s.prefix + "rows/" + safeKeyPart(string(at.Cloud), at.Account, at.Region) + ".json"
}
