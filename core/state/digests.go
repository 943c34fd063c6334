package state

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// digestsMaxBytes bounds the bytes of a scope's rows: enough for some 95,000 instances.
const digestsMaxBytes = 2 << 20

// A row is the digests of one instance: of its id, and of all that a plan reads of it.
const (
	digestSize = 8
	entrySize  = 2 * digestSize
)

// Digests are digests of the instances of one complete listing. They tell which instances differ
// from those of another listing, so that only their assets need be read. Two instances that
// differ look alike once in 2^64; the next full reconcile finds that.
type Digests struct{ entries []byte } // sorted

// DigestListing gives the rows of a listing, with the salt of Fingerprint. A failed listing has none.
func DigestListing(l inventory.Listing, salt string) Digests {
	if !l.IsComplete() {
		return Digests{}
	}
	all := make([][entrySize]byte, len(l.Instances))
	var buffer []byte
	for n := range l.Instances {
		all[n], buffer = digestInstance(&l.Instances[n], salt, buffer)
	}
	slices.SortFunc(all, func(x, y [entrySize]byte) int { return bytes.Compare(x[:], y[:]) })
	rows := make([]byte, 0, len(all)*entrySize)
	for n := range all {
		rows = append(rows, all[n][:]...)
	}
	return Digests{rows}
}

func digestInstance(i *inventory.Instance, salt string, buffer []byte) (row [entrySize]byte, _ []byte) {
	id := sha256.Sum256([]byte(i.ID))
	buffer = appendInstance(appendText(buffer[:0], salt), i)
	content := sha256.Sum256(buffer)
	copy(row[:], id[:digestSize])
	copy(row[digestSize:], content[:digestSize])
	return row, buffer
}

// Diff compares a complete listing with the rows: changed are the indexes of its instances
// that the rows do not have as they are now, gone is how many of the rows' instances it lacks.
func (r Digests) Diff(l inventory.Listing, salt string) (changed []int, gone int) {
	known := make(map[uint64]uint64, len(r.entries)/entrySize)
	for at := 0; at < len(r.entries); at += entrySize {
		known[binary.BigEndian.Uint64(r.entries[at:])] = binary.BigEndian.Uint64(r.entries[at+digestSize:])
	}
	gone = len(known)
	var buffer []byte
	for n := range l.Instances {
		var row [entrySize]byte
		row, buffer = digestInstance(&l.Instances[n], salt, buffer)
		was, there := known[binary.BigEndian.Uint64(row[:])]
		if there {
			gone--
		}
		if !there || was != binary.BigEndian.Uint64(row[digestSize:]) {
			changed = append(changed, n)
		}
	}
	return changed, gone
}

// digestsBody is the rows of a scope as they are written.
type digestsBody struct {
	Cloud              inventory.Cloud `json:"cloud"`
	Account            string          `json:"account"`
	Region             string          `json:"region"`
	AppliedFingerprint string          `json:"applied"` // the Fingerprint of the listing that they are of
	Digests            string          `json:"rows"`    // base64
}

// LoadDigests reads the rows of the listing that was applied in a scope with this fingerprint. ok is
// false where they are not known; the warning says why, if that is not because there are none.
func (s *Store) LoadDigests(ctx context.Context, at inventory.Scope, applied string) (rows Digests, ok bool, warning error) {
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
			rows, why = body.decodeDigests(at)
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
	return rows, true, nil
}

// SaveDigests writes the rows of the listing that has this fingerprint. It comes before the scope is
// saved as applied with it: rows of a fingerprint that no scope has are never used.
func (s *Store) SaveDigests(ctx context.Context, at inventory.Scope, applied string, rows Digests) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	data, err := encodeObject(digestsBody{
		Cloud: at.Cloud, Account: at.Account, Region: at.Region, AppliedFingerprint: applied,
		Digests: base64.StdEncoding.EncodeToString(rows.entries),
	}, digestsMaxBytes)
	if err == nil {
		_, err = s.bucket.Put(ctx, s.digestsKey(at), data, storage.Always())
	}
	return wrapError("save rows of "+at.String(), err)
}

// decodeDigests gives the rows that a body says, if they are those of this scope and can be true.
func (b digestsBody) decodeDigests(at inventory.Scope) (rows Digests, why string) {
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
