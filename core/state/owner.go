package state

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Owner is whose cloud account a configured account is, as full runs have found it, or a person has said. An
// answer of the cloud that differs is no proof that anything is gone: the key is another account's.
type Owner struct {
	Cloud    inventory.Cloud `json:"cloud"`
	Account  string          `json:"account"`
	Owner    string          `json:"owner"` // the cloud account's own id
	At       time.Time       `json:"at"`
	Accepted bool            `json:"accepted"` // by a person, whatever marks of assets say
	Nonce    string          `json:"nonce"`
	etag     string
}

// LoadOwner returns what is remembered of a configured account; the zero value where nothing is. With an error it is
// not known whether there is anything; what is damaged is Incomplete, and KeepOwner writes over it.
func (s *Store) LoadOwner(ctx context.Context, of inventory.Cloud, account string) (Owner, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	var o Owner
	key := s.ownerKey(of, account)
	etag, err := s.loadObject(ctx, key, smallMaxBytes, &o)
	if err == nil && (o.Cloud != of || o.Account != account || o.Owner == "") {
		err = &corruptError{reason: "is that of another account"}
	}
	d, bad := asCorrupt(err)
	switch {
	case bad:
		return Owner{etag: etag}, &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + key, Err: d}
	case inventory.KindOf(err) == inventory.NotFound:
		return Owner{}, nil
	case err != nil:
		return Owner{}, wrapError("read the owner of "+account, err)
	}
	o.etag = etag
	return o, nil
}

// SaveOwner remembers an owner in place of what Owner returned. It is Conflict where somebody wrote meanwhile, whose
// word stays.
func (s *Store) SaveOwner(ctx context.Context, was, now Owner) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	now.At, now.Nonce = s.now().UTC(), s.nonce()
	data, err := encodeObject(now, smallMaxBytes)
	if err == nil {
		_, err = s.replaceObject(ctx, s.ownerKey(now.Cloud, now.Account), data, was.etag)
	}
	return wrapError("remember the owner of "+now.Account, err)
}

func (s *Store) ownerKey(of inventory.Cloud, account string) string {
	return s.prefix + "owners/" + safeKeyPart(string(of), account) + ".json"
}
