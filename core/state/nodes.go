package state

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	usedAnew    = 30 * 24 * time.Hour  // a configured path is noted as used again after this time
	forgetNodes = 180 * 24 * time.Hour // a path that no run has as configured any more is forgotten after this time
	// tidyOneIn is how often Unlearnt tidies up: reading all entries in every run would be wasted.
	tidyOneIn = 24
)

// Nodes remembers the ids of the nodes that configured paths mean in one organisation of one
// JumpServer, so that hosts go to the same node after people renamed or moved it. There is one object
// per path. What is not known, or cannot be read, is found by its path. It may be used by many goroutines.
type Nodes struct {
	store *Store

	mu   sync.Mutex
	read map[string]nodeEntry // by path; what Known has read
}

type nodeEntry struct {
	id   string
	used time.Time
	etag string // "" = there was no object
}

// nodeBody is what is remembered of one path.
type nodeBody struct {
	Server       string    `json:"server"`
	Organisation string    `json:"organisation"`
	Path         string    `json:"path"`
	ID           string    `json:"id"`
	Used         time.Time `json:"used"`
	Nonce        string    `json:"nonce"`
}

// Nodes remembers for the JumpServer and organisation of the store: see Of.
func (s *Store) Nodes() *Nodes { return &Nodes{store: s, read: map[string]nodeEntry{}} }

// Known returns the id that is remembered for a path; "" = none. With an error it is not known whether
// there is one.
func (n *Nodes) Known(ctx context.Context, path string) (string, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	e, err := n.load(ctx, path)
	if err != nil {
		return "", wrap("the node of "+path, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.read[path] = e
	return e.id, nil
}

// Keep remembers the id for a path, in place of the one that Known returned. It is Conflict where
// another run remembered another id meanwhile, which stays.
func (n *Nodes) Keep(ctx context.Context, path, id string) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	n.mu.Lock()
	known := n.read[path]
	n.mu.Unlock()
	return wrap("remember the node of "+path, n.keep(ctx, path, id, known))
}

func (n *Nodes) keep(ctx context.Context, path, id string, known nodeEntry) error {
	now := n.store.now().UTC()
	if known.id == id && now.Sub(known.used) < usedAnew {
		return nil
	}
	body := nodeBody{Server: n.store.server, Organisation: n.store.organisation, Path: path, ID: id, Used: now, Nonce: n.store.nonce()}
	data, err := encode(body, smallLimit)
	if err != nil {
		return err
	}
	etag, err := n.store.replace(ctx, n.key(path), data, known.etag)
	if kind := inventory.KindOf(err); kind == inventory.Conflict || kind == inventory.NotFound {
		if there, readErr := n.load(ctx, path); readErr == nil && there.id == id {
			etag, err = there.etag, nil
		}
	}
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.read[path] = nodeEntry{id: id, used: now, etag: etag}
	return nil
}

// Unlearnt returns those of the configured paths for which nothing is remembered. From time to time it
// also forgets what no run has used or had as configured for half a year.
func (n *Nodes) Unlearnt(ctx context.Context, configured []string) ([]string, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	keys, err := n.store.bucket.List(ctx, n.folder())
	if err != nil {
		return nil, wrap("list what is remembered of nodes", err)
	}
	if n.store.pick(tidyOneIn) == 0 {
		err = wrap("tidy up what is remembered of nodes", n.tidy(ctx, keys, configured))
	}
	return slices.DeleteFunc(slices.Clone(configured), func(path string) bool { return slices.Contains(keys, n.key(path)) }), err
}

// tidy notes that configured paths are in use, and deletes what nobody has used for long.
func (n *Nodes) tidy(ctx context.Context, keys, configured []string) error {
	inUse := map[string]string{}
	for _, path := range configured {
		inUse[n.key(path)] = path
	}
	return first(each(len(keys), func(i int) error {
		if path, is := inUse[keys[i]]; is {
			known, err := n.load(ctx, path)
			if err != nil || known.id == "" {
				return err
			}
			return n.keep(ctx, path, known.id, known)
		}
		var body nodeBody
		_, err := n.store.read(ctx, keys[i], smallLimit, &body)
		switch _, bad := isDamaged(err); {
		case bad, inventory.KindOf(err) == inventory.NotFound:
			return nil // the former is set aside by whoever needs it
		case err != nil:
			return err
		case n.store.now().Sub(body.Used) < forgetNodes:
			return nil
		}
		return n.store.bucket.Delete(ctx, keys[i])
	}))
}

// load reads the entry of a path; the zero value where there is none.
func (n *Nodes) load(ctx context.Context, path string) (nodeEntry, error) {
	var body nodeBody
	key := n.key(path)
	o, err := n.store.bucket.Get(ctx, key, "")
	if inventory.KindOf(err) == inventory.NotFound {
		return nodeEntry{}, nil
	}
	if err != nil {
		return nodeEntry{}, err
	}
	why := decode(o.Data, smallLimit, &body)
	switch {
	case strings.HasPrefix(why, later):
		return nodeEntry{}, &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + key + " " + why}
	case why != "":
	case !n.store.isOf(body.Server, body.Organisation) || body.Path != path:
		why = "is that of another path"
	case uuid.Validate(body.ID) != nil:
		why = "has an id that cannot be"
	default:
		return nodeEntry{id: body.ID, used: body.Used, etag: o.ETag}, nil
	}
	_, warning := n.store.moveAside(ctx, key, &damaged{data: o.Data, why: why})
	return nodeEntry{}, warning
}

func (n *Nodes) folder() string {
	return n.store.prefix + "nodes/"
}

func (n *Nodes) key(path string) string {
	return n.folder() + safe(strings.TrimPrefix(path, "/")) + ".json"
}
