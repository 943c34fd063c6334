package state

import (
	"context"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// acquireOne takes a lease that is one object. Released ones stay, for their token.
func (s *Store) acquireOne(ctx context.Context, l *Lease) error {
	l.key = s.prefix + "lease/" + safe(l.Name) + ".json"
	var held leaseBody
	etag, err := s.read(ctx, l.key, smallLimit, &held)
	condition := storage.IfMatch(etag)
	switch d, bad := isDamaged(err); {
	case bad:
		// Its token is not known. Seconds are far more than leases that were ever taken.
		_, l.Warning = s.setAside(ctx, l.key, d)
		held = leaseBody{Token: uint64(max(0, s.now().Unix()))}
	case inventory.KindOf(err) == inventory.NotFound:
		condition = storage.CreateOnly()
	case err != nil:
		return err
	case !held.ended(s.now()):
		return taken(held)
	}
	if l.Token = held.Token + 1; l.Token == 0 {
		return &inventory.Error{Kind: inventory.Invalid, Message: l.key + " has the last token that there is"}
	}
	err = l.put(ctx, l.body(), condition)
	if k := inventory.KindOf(err); k != inventory.Conflict && k != inventory.NotFound {
		return err
	}
	held = leaseBody{}
	if _, err := s.read(ctx, l.key, smallLimit, &held); err != nil {
		held = leaseBody{} // who was faster can no longer be told
	}
	return taken(held)
}

// swap writes the lease's one object where it is still as this lease left it. An ETag that a
// write with a lost answer made is learnt by reading.
func (l *Lease) swap(ctx context.Context, body leaseBody) error {
	for again := true; ; again = false {
		known := l.etag
		err := l.put(ctx, body, storage.IfMatch(known))
		if err == nil {
			return nil
		}
		l.etag = known
		if k := inventory.KindOf(err); k != inventory.Conflict && k != inventory.NotFound {
			return err
		}
		var there leaseBody
		etag, err := l.store.read(ctx, l.key, smallLimit, &there)
		if _, bad := isDamaged(err); err != nil && !bad && inventory.KindOf(err) != inventory.NotFound {
			return err
		}
		if err != nil || there.Nonce != l.nonce || !again {
			return lost("another holds it")
		}
		l.etag = etag
	}
}
