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

// forgetPlace is how long a JumpServer is remembered of which no complete run is heard any more.
const forgetPlace = 30 * 24 * time.Hour

// Of returns the state of one organisation of one JumpServer, in a store that several may share: all that
// it keeps lies below a folder of their own, and nothing is read that lies elsewhere. The organisation is
// the one that answers: where another than the configured one does, JumpServer's client refuses it.
func (s *Store) Of(server, organisation string) *Store {
	of := *s
	of.server, of.organisation = server, organisation
	of.prefix = s.root + "servers/" + safe(server, organisation) + "/"
	return &of
}

// Server and Organisation return those of Of.
func (s *Store) Server() string { return s.server }

// Organisation: see Server.
func (s *Store) Organisation() string { return s.organisation }

// isOf reports whether something that names its JumpServer and organisation is this state's.
func (s *Store) isOf(server, organisation string) bool {
	return server == s.server && organisation == s.organisation
}

// Place is one JumpServer's organisation whose state lies in a store.
type Place struct {
	Server       string    `json:"server"`
	Organisation string    `json:"organisation"`
	Used         time.Time `json:"used"` // by its last complete run, within a day
	Nonce        string    `json:"nonce"`
}

func (s *Store) placeKey() string {
	return s.root + "places/" + safe(s.server, s.organisation) + ".json"
}

// Join notes that this state is in use, for Others of those that share the store. joined reports that it was not
// in use before, as far as is known.
func (s *Store) Join(ctx context.Context, now time.Time) (joined bool, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	var known Place
	_, err = s.read(ctx, s.placeKey(), smallLimit, &known)
	_, bad := isDamaged(err)
	switch kind := inventory.KindOf(err); {
	case err == nil && known.Server == s.server && now.Sub(known.Used).Abs() < day:
		return false, nil
	case err != nil && !bad && kind != inventory.NotFound:
		return false, wrap("read whose state it is", err)
	}
	joined = !bad && now.Sub(known.Used) >= forgetPlace
	data, err := encode(Place{Server: s.server, Organisation: s.organisation, Used: now.UTC(), Nonce: s.nonce()}, smallLimit)
	if err == nil {
		_, err = s.bucket.Put(ctx, s.placeKey(), data, storage.Always())
	}
	return joined && err == nil, wrap("note whose state it is", err)
}

// OtherServers returns the names of Others, each once.
func (s *Store) OtherServers(ctx context.Context, now time.Time) ([]string, error) {
	others, err := s.Others(ctx, now)
	var names []string
	for _, o := range others {
		names = append(names, o.Server)
	}
	return slices.Compact(names), err
}

// Others returns the other JumpServers, by another name than this one's, whose state was in use within the
// last 30 days, sorted. That may be another JumpServer, or this one under another name. What cannot be read
// is left out; the error tells of it beside the others.
func (s *Store) Others(ctx context.Context, now time.Time) ([]Place, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	keys, err := s.bucket.List(ctx, s.root+"places/")
	if err != nil {
		return nil, wrap("list whose state there is", err)
	}
	all := make([]Place, len(keys))
	errs := each(len(keys), func(n int) error {
		_, err := s.read(ctx, keys[n], smallLimit, &all[n])
		if d, bad := isDamaged(err); bad {
			all[n] = Place{}
			return &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + keys[n], Err: d}
		}
		return err
	})
	all = slices.DeleteFunc(all, func(p Place) bool {
		return p.Server == "" || p.Server == s.server || now.Sub(p.Used) >= forgetPlace
	})
	slices.SortFunc(all, func(x, y Place) int {
		if c := strings.Compare(x.Server, y.Server); c != 0 {
			return c
		}
		return strings.Compare(x.Organisation, y.Organisation)
	})
	return all, wrap("read whose state there is", errors.Join(errs...))
}
