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

// Owner returns what is remembered of a configured account; the zero value where nothing is. With an error it is
// not known whether there is anything; what is damaged is Incomplete, and KeepOwner writes over it.
func (s *Store) Owner(ctx context.Context, of inventory.Cloud, account string) (Owner, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var o Owner
	key := s.ownerKey(of, account)
	etag, err := s.read(ctx, key, smallLimit, &o)
	if err == nil && (o.Cloud != of || o.Account != account || o.Owner == "") {
		err = &damaged{why: "is that of another account"}
	}
	d, bad := isDamaged(err)
	switch {
	case bad:
		return Owner{etag: etag}, &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + key, Err: d}
	case inventory.KindOf(err) == inventory.NotFound:
		return Owner{}, nil
	case err != nil:
		return Owner{}, wrap("read the owner of "+account, err)
	}
	o.etag = etag
	return o, nil
}

// KeepOwner remembers an owner in place of what Owner returned. It is Conflict where somebody wrote meanwhile, whose
// word stays.
func (s *Store) KeepOwner(ctx context.Context, was, now Owner) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	now.At, now.Nonce = s.now().UTC(), s.nonce()
	data, err := encode(now, smallLimit)
	if err == nil {
		_, err = s.replace(ctx, s.ownerKey(now.Cloud, now.Account), data, was.etag)
	}
	return wrap("remember the owner of "+now.Account, err)
}

func (s *Store) ownerKey(of inventory.Cloud, account string) string {
	return s.prefix + "owners/" + safe(string(of), account) + ".json"
}
