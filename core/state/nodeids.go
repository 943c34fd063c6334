package state

import (
	"context"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const (
	refreshUsedAfter = 30 * 24 * time.Hour  // after this time a configured path is saved as used again
	nodeRetention    = 180 * 24 * time.Hour // after this time a path that no run has configured is deleted
	// pruneOneIn says that one in so many ListUnknown prunes: reading all entries in every run would be wasteful.
	pruneOneIn = 24
)

// NodeIDs remembers the node ids of configured paths in one organisation of one
// JumpServer, so that hosts go to the same node after people renamed or moved it. There is one object
// per path. A path that is unknown, or whose object is corrupt, is found by its name. It is safe for concurrent use.
type NodeIDs struct {
	store *Store

	mu      sync.Mutex
	entries map[string]nodeEntry // by path; what Load has read
}

type nodeEntry struct {
	id     string
	usedAt time.Time
	etag   string // "" = there was no object
}

// nodeBody is what is saved of one path.
type nodeBody struct {
	Server       string    `json:"server"`
	Organisation string    `json:"organisation"`
	Path         string    `json:"path"`
	ID           string    `json:"id"`
	UsedAt       time.Time `json:"used"`
	Nonce        string    `json:"nonce"`
}

// NodeIDs returns the node ids of the store's JumpServer and organisation: see ForInstallation.
func (s *Store) NodeIDs() *NodeIDs { return &NodeIDs{store: s, entries: map[string]nodeEntry{}} }

// Load returns the id that is remembered for a path; "" = none. After an error it is unknown whether
// there is one.
func (n *NodeIDs) Load(ctx context.Context, path string) (string, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	e, err := n.loadEntry(ctx, path)
	if err != nil {
		return "", wrapError("the node of "+path, err)
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.entries[path] = e
	return e.id, nil
}

// Save saves the id of a path in place of the one that Load returned. The error is Conflict where
// another run saved another id meanwhile, which stays.
func (n *NodeIDs) Save(ctx context.Context, path, id string) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	n.mu.Lock()
	known := n.entries[path]
	n.mu.Unlock()
	return wrapError("remember the node of "+path, n.saveEntry(ctx, path, id, known))
}

func (n *NodeIDs) saveEntry(ctx context.Context, path, id string, known nodeEntry) error {
	now := n.store.now().UTC()
	if known.id == id && now.Sub(known.usedAt) < refreshUsedAfter {
		return nil
	}
	body := nodeBody{Server: n.store.server, Organisation: n.store.organisation, Path: path, ID: id, UsedAt: now, Nonce: n.store.nonce()}
	etag, err := n.store.replaceObject(ctx, n.objectKey(path), smallMaxBytes, body, known.etag)
	if kind := inventory.KindOf(err); kind == inventory.Conflict || kind == inventory.NotFound {
		if stored, readErr := n.loadEntry(ctx, path); readErr == nil && stored.id == id {
			etag, err = stored.etag, nil
		}
	}
	if err != nil {
		return err
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.entries[path] = nodeEntry{id: id, usedAt: now, etag: etag}
	return nil
}

// ListUnknown returns the configured paths for which nothing is remembered. From time to time it
// also deletes what no run has used or had configured for half a year.
func (n *NodeIDs) ListUnknown(ctx context.Context, configured []string) ([]string, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	keys, err := n.store.bucket.List(ctx, n.folder())
	if err != nil {
		return nil, wrapError("list what is remembered of nodes", err)
	}
	if n.store.pick(pruneOneIn) == 0 {
		err = wrapError("tidy up what is remembered of nodes", n.pruneUnused(ctx, keys, configured))
	}
	return slices.DeleteFunc(slices.Clone(configured), func(path string) bool { return slices.Contains(keys, n.objectKey(path)) }), err
}

// LoadAll returns the ids of all paths for which something is remembered. With an error it is not all of them.
func (n *NodeIDs) LoadAll(ctx context.Context) (map[string]string, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	keys, err := n.store.bucket.List(ctx, n.folder())
	if err != nil {
		return nil, wrapError("list what is remembered of nodes", err)
	}
	keys = slices.DeleteFunc(keys, func(key string) bool { return !strings.HasSuffix(key, ".json") }) // those set aside
	paths, entries := make([]string, len(keys)), make([]nodeEntry, len(keys))
	err = firstError(forEach(len(keys), func(i int) (err error) {
		paths[i], entries[i], err = n.loadObject(ctx, keys[i])
		return err
	}))
	all := make(map[string]string, len(keys))
	n.mu.Lock()
	defer n.mu.Unlock()
	for i, e := range entries {
		if e.id != "" {
			n.entries[paths[i]], all[paths[i]] = e, strings.ToLower(e.id)
		}
	}
	return all, wrapError("what is remembered of nodes", err)
}

// SaveAll saves the ids of paths, after LoadAll, as far as they are not remembered so.
func (n *NodeIDs) SaveAll(ctx context.Context, ids map[string]string) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	paths := slices.Sorted(maps.Keys(ids))
	return wrapError("remember nodes", firstError(forEach(len(paths), func(i int) error {
		n.mu.Lock()
		known := n.entries[paths[i]]
		n.mu.Unlock()
		if strings.EqualFold(known.id, ids[paths[i]]) {
			known.id = ids[paths[i]]
		}
		return n.saveEntry(ctx, paths[i], ids[paths[i]], known)
	})))
}

// loadObject reads the object of some path; the path is "" where it is gone meanwhile. A corrupt one is moved aside, and an
// error once.
func (n *NodeIDs) loadObject(ctx context.Context, key string) (path string, e nodeEntry, err error) {
	var body nodeBody
	o, err := n.store.bucket.Get(ctx, key, "")
	if inventory.KindOf(err) == inventory.NotFound {
		return "", nodeEntry{}, nil
	}
	if err != nil {
		return "", nodeEntry{}, err
	}
	why := decodeObject(o.Data, smallMaxBytes, &body)
	switch {
	case strings.HasPrefix(why, laterVersionText):
		return "", nodeEntry{}, &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + key + " " + why}
	case why != "":
	case !n.store.isInstallation(body.Server, body.Organisation) || n.objectKey(body.Path) != key:
		why = "is that of another path"
	case uuid.Validate(body.ID) != nil:
		why = "has an id that cannot be"
	default:
		return body.Path, nodeEntry{id: body.ID, usedAt: body.UsedAt, etag: o.ETag}, nil
	}
	_, warning := n.store.moveCorrupt(ctx, key, &corruptError{data: o.Data, reason: why})
	return "", nodeEntry{}, warning
}

// pruneUnused saves configured paths as used, and deletes what nobody has used for long.
func (n *NodeIDs) pruneUnused(ctx context.Context, keys, configured []string) error {
	inUse := map[string]string{}
	for _, path := range configured {
		inUse[n.objectKey(path)] = path
	}
	return firstError(forEach(len(keys), func(i int) error {
		if path, is := inUse[keys[i]]; is {
			known, err := n.loadEntry(ctx, path)
			if err != nil || known.id == "" {
				return err
			}
			return n.saveEntry(ctx, path, known.id, known)
		}
		var body nodeBody
		_, err := n.store.loadObject(ctx, keys[i], smallMaxBytes, &body)
		_, corrupt := asCorrupt(err)
		switch {
		case corrupt, inventory.KindOf(err) == inventory.NotFound:
			return nil // a corrupt one is moved aside by whoever needs it
		case err != nil:
			return err
		case n.store.now().Sub(body.UsedAt) < nodeRetention:
			return nil
		}
		return n.store.bucket.Delete(ctx, keys[i])
	}))
}

// loadEntry reads the entry of a path; the zero value where there is none.
func (n *NodeIDs) loadEntry(ctx context.Context, path string) (nodeEntry, error) {
	_, e, err := n.loadObject(ctx, n.objectKey(path))
	return e, err
}

func (n *NodeIDs) folder() string {
	return n.store.prefix + "nodes/"
}

func (n *NodeIDs) objectKey(path string) string {
	return n.folder() + safeKeyPart(strings.TrimPrefix(path, "/")) + ".json"
}
