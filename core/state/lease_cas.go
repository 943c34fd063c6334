package state

import (
	"context"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// acquireCAS acquires a lease that is one object. The object of a released lease stays, for its token.
func (s *Store) acquireCAS(ctx context.Context, l *Lease) error {
	l.key = s.prefix + "lease/" + safeKeyPart(l.Name) + ".json"
	var held leaseBody
	etag, err := s.loadObject(ctx, l.key, smallMaxBytes, &held)
	condition := storage.IfMatch(etag)
	corrupt, is := asCorrupt(err)
	switch {
	case is:
		// Its token is unknown. The Unix time is far above any number of leases acquired so far.
		_, l.Warning = s.preserveCorrupt(ctx, l.key, corrupt)
		held = leaseBody{Token: uint64(max(0, s.now().Unix()))}
	case inventory.KindOf(err) == inventory.NotFound:
		condition = storage.CreateOnly()
	case err != nil:
		return err
	case !held.isExpired(s.now()):
		return newTakenError(held)
	}
	l.Token = held.Token + 1
	if l.Token == 0 {
		return &inventory.Error{Kind: inventory.Invalid, Message: l.key + " has the last token that there is"}
	}
	err = l.save(ctx, l.newBody(), condition)
	if k := inventory.KindOf(err); k != inventory.Conflict && k != inventory.NotFound {
		return err
	}
	held = leaseBody{}
	if _, err := s.loadObject(ctx, l.key, smallMaxBytes, &held); err != nil {
		held = leaseBody{} // who was faster is unknown by now
	}
	return newTakenError(held)
}

// compareAndSwap writes the lease's object if it is still as this lease left it. The ETag of a
// write whose answer was lost is found by reading.
func (l *Lease) compareAndSwap(ctx context.Context, body leaseBody) error {
	for again := true; ; again = false {
		known := l.etag
		err := l.save(ctx, body, storage.IfMatch(known))
		if err == nil {
			return nil
		}
		l.etag = known
		if k := inventory.KindOf(err); k != inventory.Conflict && k != inventory.NotFound {
			return err
		}
		var there leaseBody
		etag, err := l.store.loadObject(ctx, l.key, smallMaxBytes, &there)
		if _, corrupt := asCorrupt(err); err != nil && !corrupt && inventory.KindOf(err) != inventory.NotFound {
			return err
		}
		if err != nil || there.Nonce != l.nonce || !again {
			return newLostError("another holds it")
		}
		l.etag = etag
	}
}
