package state

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// installationRetention is how long a JumpServer is remembered of which no complete run is heard any more.
const installationRetention = 30 * 24 * time.Hour

// ForInstallation returns the state of one organisation of one JumpServer, in a store that several may share: all that
// it keeps lies below a folder of their own, and nothing is read that lies elsewhere. The organisation is
// the one that answers: where another than the configured one does, JumpServer's client refuses it.
func (s *Store) ForInstallation(server, organisation string) *Store {
	of := *s
	of.server, of.organisation = server, organisation
	of.prefix = s.root + "servers/" + safeKeyPart(server, organisation) + "/"
	return &of
}

// Server and Organisation return those of Of.
func (s *Store) Server() string { return s.server }

// Organisation: see Server.
func (s *Store) Organisation() string { return s.organisation }

// isInstallation reports whether something that names its JumpServer and organisation is this state's.
func (s *Store) isInstallation(server, organisation string) bool {
	return server == s.server && organisation == s.organisation
}

// Installation is one JumpServer's organisation whose state lies in a store.
type Installation struct {
	Server       string    `json:"server"`
	Organisation string    `json:"organisation"`
	UsedAt       time.Time `json:"used"` // by its last complete run, within a day
	Nonce        string    `json:"nonce"`
}

func (s *Store) installationKey() string {
	return s.root + "places/" + safeKeyPart(s.server, s.organisation) + ".json"
}

// RegisterInstallation notes that this state is in use, for Others of those that share the store. joined reports that it was not
// in use before, as far as is known.
func (s *Store) RegisterInstallation(ctx context.Context, now time.Time) (joined bool, err error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	var known Installation
	_, err = s.loadObject(ctx, s.installationKey(), smallMaxBytes, &known)
	_, bad := asCorrupt(err)
	switch kind := inventory.KindOf(err); {
	case err == nil && known.Server == s.server && now.Sub(known.UsedAt).Abs() < day:
		return false, nil
	case err != nil && !bad && kind != inventory.NotFound:
		return false, wrapError("read whose state it is", err)
	}
	joined = !bad && now.Sub(known.UsedAt) >= installationRetention
	data, err := encodeObject(Installation{Server: s.server, Organisation: s.organisation, UsedAt: now.UTC(), Nonce: s.nonce()}, smallMaxBytes)
	if err == nil {
		_, err = s.bucket.Put(ctx, s.installationKey(), data, storage.Always())
	}
	return joined && err == nil, wrapError("note whose state it is", err)
}

// ListOtherServers returns the names of Others, each once.
func (s *Store) ListOtherServers(ctx context.Context, now time.Time) ([]string, error) {
	others, err := s.ListOtherInstallations(ctx, now)
	var names []string
	for _, o := range others {
		names = append(names, o.Server)
	}
	return slices.Compact(names), err
}

// ListOtherInstallations returns the other JumpServers, by another name than this one's, whose state was in use within the
// last 30 days, sorted. That may be another JumpServer, or this one under another name. What cannot be read
// is left out; the error tells of it beside the others.
func (s *Store) ListOtherInstallations(ctx context.Context, now time.Time) ([]Installation, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	keys, err := s.bucket.List(ctx, s.root+"places/")
	if err != nil {
		return nil, wrapError("list whose state there is", err)
	}
	all := make([]Installation, len(keys))
	errs := forEach(len(keys), func(n int) error {
		_, err := s.loadObject(ctx, keys[n], smallMaxBytes, &all[n])
		if d, bad := asCorrupt(err); bad {
			all[n] = Installation{}
			return &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + keys[n], Err: d}
		}
		return err
	})
	all = slices.DeleteFunc(all, func(p Installation) bool {
		return p.Server == "" || p.Server == s.server || now.Sub(p.UsedAt) >= installationRetention
	})
	slices.SortFunc(all, func(x, y Installation) int {
		if c := strings.Compare(x.Server, y.Server); c != 0 {
			return c
		}
		return strings.Compare(x.Organisation, y.Organisation)
	})
	return all, wrapError("read whose state there is", errors.Join(errs...))
}
