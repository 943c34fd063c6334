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

// rowsLimit bounds the bytes of a scope's rows: enough for some 95,000 instances.
const rowsLimit = 2 << 20

// A row is the digests of one instance: of its id, and of all that a plan reads of it.
const (
	digestSize = 8
	rowSize    = 2 * digestSize
)

// Rows are digests of the instances of one complete listing. They tell which instances differ
// from those of another listing, so that only their assets need be read. Two instances that
// differ look alike once in 2^64; the next full reconcile finds that.
type Rows struct{ rows []byte } // sorted

// RowsOf gives the rows of a listing, with the salt of Fingerprint. A failed listing has none.
func RowsOf(l inventory.Listing, salt string) Rows {
	if !l.Complete() {
		return Rows{}
	}
	all := make([][rowSize]byte, len(l.Instances))
	var buffer []byte
	for n := range l.Instances {
		all[n], buffer = rowOf(&l.Instances[n], salt, buffer)
	}
	slices.SortFunc(all, func(x, y [rowSize]byte) int { return bytes.Compare(x[:], y[:]) })
	rows := make([]byte, 0, len(all)*rowSize)
	for n := range all {
		rows = append(rows, all[n][:]...)
	}
	return Rows{rows}
}

func rowOf(i *inventory.Instance, salt string, buffer []byte) (row [rowSize]byte, _ []byte) {
	id := sha256.Sum256([]byte(i.ID))
	buffer = appendRow(appendText(buffer[:0], salt), i)
	content := sha256.Sum256(buffer)
	copy(row[:], id[:digestSize])
	copy(row[digestSize:], content[:digestSize])
	return row, buffer
}

// Changes compares a complete listing with the rows: changed are the indexes of its instances
// that the rows do not have as they are now, gone is how many of the rows' instances it lacks.
func (r Rows) Changes(l inventory.Listing, salt string) (changed []int, gone int) {
	known := make(map[uint64]uint64, len(r.rows)/rowSize)
	for at := 0; at < len(r.rows); at += rowSize {
		known[binary.BigEndian.Uint64(r.rows[at:])] = binary.BigEndian.Uint64(r.rows[at+digestSize:])
	}
	gone = len(known)
	var buffer []byte
	for n := range l.Instances {
		var row [rowSize]byte
		row, buffer = rowOf(&l.Instances[n], salt, buffer)
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

// rowsBody is the rows of a scope as they are written.
type rowsBody struct {
	Cloud   inventory.Cloud `json:"cloud"`
	Account string          `json:"account"`
	Region  string          `json:"region"`
	Applied string          `json:"applied"` // the Fingerprint of the listing that they are of
	Rows    string          `json:"rows"`    // base64
}

// Rows reads the rows of the listing that was applied in a scope with this fingerprint. ok is
// false where they are not known; the warning says why, if that is not because there are none.
func (s *Store) Rows(ctx context.Context, at inventory.Scope, applied string) (rows Rows, ok bool, warning error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var body rowsBody
	key := s.rowsKey(at)
	o, err := s.bucket.Get(ctx, key, "")
	if inventory.KindOf(err) == inventory.NotFound {
		return Rows{}, false, nil
	}
	if err == nil {
		why := decode(o.Data, rowsLimit, &body)
		if why == "" {
			rows, why = body.read(at)
		}
		if why != "" {
			_, err = s.moveAside(ctx, key, &damaged{data: o.Data, why: why})
		}
	}
	if err != nil {
		return Rows{}, false, wrap("rows of "+at.String(), err)
	}
	if applied == "" || body.Applied != applied {
		return Rows{}, false, nil
	}
	return rows, true, nil
}

// SaveRows writes the rows of the listing that has this fingerprint. It comes before the scope is
// saved as applied with it: rows of a fingerprint that no scope has are never used.
func (s *Store) SaveRows(ctx context.Context, at inventory.Scope, applied string, rows Rows) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	data, err := encode(rowsBody{
		Cloud: at.Cloud, Account: at.Account, Region: at.Region, Applied: applied,
		Rows: base64.StdEncoding.EncodeToString(rows.rows),
	}, rowsLimit)
	if err == nil {
		_, err = s.bucket.Put(ctx, s.rowsKey(at), data, storage.Always())
	}
	return wrap("save rows of "+at.String(), err)
}

// read gives the rows that a body says, if they are those of this scope and can be true.
func (b rowsBody) read(at inventory.Scope) (rows Rows, why string) {
	if at != (inventory.Scope{Cloud: b.Cloud, Account: b.Account, Region: b.Region}) {
		return Rows{}, "has the rows of another scope"
	}
	all, err := base64.StdEncoding.DecodeString(b.Rows)
	if err != nil || len(all)%rowSize != 0 {
		return Rows{}, "has rows that cannot be"
	}
	return Rows{all}, ""
}

func (s *Store) rowsKey(at inventory.Scope) string {
	return s.prefix + "rows/" + safe(string(at.Cloud), at.Account, at.Region) + ".json"
}
