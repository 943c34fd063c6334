package state

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Owner is the cloud account behind a configured account, as full runs have found it or a person has accepted it. Where a
// cloud names another owner, a listing proves nothing gone: the key is another account's.
type Owner struct {
	Cloud    inventory.Cloud `json:"cloud"`
	Account  string          `json:"account"`
	Owner    string          `json:"owner"` // the cloud account's own id
	At       time.Time       `json:"at"`
	Accepted bool            `json:"accepted"` // by a person, whatever the labels of assets say
	Nonce    string          `json:"nonce"`
	etag     string
}

// LoadOwner returns the owner of a configured account; the zero value where none is known. After an error it is unknown
// whether there is one. A corrupt object is Incomplete, and SaveOwner overwrites it.
func (s *Store) LoadOwner(ctx context.Context, of inventory.Cloud, account string) (Owner, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	var o Owner
	key := s.ownerKey(of, account)
	etag, err := s.loadObject(ctx, key, smallMaxBytes, &o)
	if err == nil && (o.Cloud != of || o.Account != account || o.Owner == "") {
		err = &corruptError{reason: "is that of another account"}
	}
	if _, corrupt := asCorrupt(err); corrupt {
		return Owner{etag: etag}, asIncomplete(key, err)
	}
	switch {
	case inventory.KindOf(err) == inventory.NotFound:
		return Owner{}, nil
	case err != nil:
		return Owner{}, wrapError("read the owner of "+account, err)
	}
	o.etag = etag
	return o, nil
}

// SaveOwner saves an owner in place of the one that LoadOwner returned. The error is Conflict where somebody else wrote
// meanwhile; what they wrote stays.
func (s *Store) SaveOwner(ctx context.Context, was, now Owner) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	now.At, now.Nonce = s.now().UTC(), s.nonce()
	_, err := s.replaceObject(ctx, s.ownerKey(now.Cloud, now.Account), smallMaxBytes, now, was.etag)
	return wrapError("remember the owner of "+now.Account, err)
}

func (s *Store) ownerKey(of inventory.Cloud, account string) string {
	return s.prefix + "owners/" + safeKeyPart(string(of), account) + ".json"
}
