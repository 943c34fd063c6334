package state

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
	"github.com/jms-sync/jms-sync/core/storage"
)

// installationRetention is how long a JumpServer is remembered after its last complete run.
const installationRetention = 30 * 24 * time.Hour

// ForInstallation returns the state of one organisation of one JumpServer, in a store that several may share: all of
// it lies in a folder of its own, and nothing elsewhere is read. The organisation is the one that JumpServer
// answers with; its client refuses an answer by another than the configured one.
func (s *Store) ForInstallation(server, organisation string) *Store {
	of := *s
	of.server, of.organisation = server, organisation
	of.prefix = s.root + "servers/" + safeKeyPart(server, organisation) + "/"
	return &of
}

// Server and Organisation return what ForInstallation was given.
func (s *Store) Server() string { return s.server }

// Organisation: see Server.
func (s *Store) Organisation() string { return s.organisation }

// isInstallation reports whether an object that names this JumpServer and organisation belongs to this state.
func (s *Store) isInstallation(server, organisation string) bool {
	return server == s.server && organisation == s.organisation
}

// Installation is one organisation of one JumpServer whose state lies in a store.
type Installation struct {
	Server       string    `json:"server"`
	Organisation string    `json:"organisation"`
	UsedAt       time.Time `json:"used"` // the time of its last complete run, to within a day
	Nonce        string    `json:"nonce"`
}

func (s *Store) installationKey() string {
	return s.root + "places/" + safeKeyPart(s.server, s.organisation) + ".json"
}

// RegisterInstallation records that this state is in use, for ListOtherInstallations of those that share the store. joined
// reports that it was not in use before, as far as is known.
func (s *Store) RegisterInstallation(ctx context.Context, now time.Time) (joined bool, err error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	var known Installation
	_, err = s.loadObject(ctx, s.installationKey(), smallMaxBytes, &known)
	_, corrupt := asCorrupt(err)
	kind := inventory.KindOf(err)
	switch {
	case err == nil && known.Server == s.server && now.Sub(known.UsedAt).Abs() < day:
		return false, nil
	case err != nil && !corrupt && kind != inventory.NotFound:
		return false, wrapError("read whose state it is", err)
	}
	joined = !corrupt && now.Sub(known.UsedAt) >= installationRetention
	body := Installation{Server: s.server, Organisation: s.organisation, UsedAt: now.UTC(), Nonce: s.nonce()}
	_, err = s.saveObject(ctx, s.installationKey(), smallMaxBytes, body, storage.Always())
	return joined && err == nil, wrapError("note whose state it is", err)
}

// ListOtherServers returns the names of ListOtherInstallations, each once.
func (s *Store) ListOtherServers(ctx context.Context, now time.Time) ([]string, error) {
	others, err := s.ListOtherInstallations(ctx, now)
	var names []string
	for _, o := range others {
		names = append(names, o.Server)
	}
	return slices.Compact(names), err
}

// ListOtherInstallations returns the JumpServers of other names whose state was in use within the
// last 30 days, sorted. Such a one may be another JumpServer, or this one under another name. What cannot be read
// is left out and named by the error.
func (s *Store) ListOtherInstallations(ctx context.Context, now time.Time) ([]Installation, error) {
	all, err := s.loadInstallations(ctx)
	all = slices.DeleteFunc(all, func(p Installation) bool {
		return p.Server == s.server || now.Sub(p.UsedAt) >= installationRetention
	})
	return all, err
}

// ListInstallations returns those whose state was in use within the last 30 days, or else all that ever were, sorted. It
// returns none with an error: what cannot be read may be the one that is meant.
func (s *Store) ListInstallations(ctx context.Context, now time.Time) ([]Installation, error) {
	all, err := s.loadInstallations(ctx)
	if err != nil {
		return nil, err
	}
	used := slices.DeleteFunc(slices.Clone(all), func(p Installation) bool { return now.Sub(p.UsedAt) >= installationRetention })
	if len(used) > 0 {
		return used, nil
	}
	return all, nil
}

func (s *Store) loadInstallations(ctx context.Context) ([]Installation, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	keys, err := s.bucket.List(ctx, s.root+"places/")
	if err != nil {
		return nil, wrapError("list whose state there is", err)
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return !strings.HasSuffix(key, ".json") })
	all, errs := loadAll[Installation](ctx, s, keys, smallMaxBytes)
	all = slices.DeleteFunc(all, func(p Installation) bool { return p.Server == "" })
	sorting.By(all, func(x, y Installation) int {
		if c := strings.Compare(x.Server, y.Server); c != 0 {
			return c
		}
		return strings.Compare(x.Organisation, y.Organisation)
	})
	return all, wrapError("read whose state there is", errors.Join(errs...))
}
