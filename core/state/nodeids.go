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
	refreshUsedAfter = 30 * 24 * time.Hour  // a configured path is noted as used again after this time
	nodeRetention    = 180 * 24 * time.Hour // a path that no run has as configured any more is forgotten after this time
	// pruneOneIn is how often Unlearnt tidies up: reading all entries in every run would be wasted.
	pruneOneIn = 24
)

// NodeIDs remembers the ids of the nodes that configured paths mean in one organisation of one
// JumpServer, so that hosts go to the same node after people renamed or moved it. There is one object
// per path. What is not known, or cannot be read, is found by its path. It may be used by many goroutines.
type NodeIDs struct {
	store *Store

	mu      sync.Mutex
	entries map[string]nodeEntry // by path; what Known has read
}

type nodeEntry struct {
	id     string
	usedAt time.Time
	etag   string // "" = there was no object
}

// nodeBody is what is remembered of one path.
type nodeBody struct {
	Server       string    `json:"server"`
	Organisation string    `json:"organisation"`
	Path         string    `json:"path"`
	ID           string    `json:"id"`
	UsedAt       time.Time `json:"used"`
	Nonce        string    `json:"nonce"`
}

// NodeIDs remembers for the JumpServer and organisation of the store: see Of.
func (s *Store) NodeIDs() *NodeIDs { return &NodeIDs{store: s, entries: map[string]nodeEntry{}} }

// Load returns the id that is remembered for a path; "" = none. With an error it is not known whether
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

// Save remembers the id for a path, in place of the one that Known returned. It is Conflict where
// another run remembered another id meanwhile, which stays.
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
	data, err := encodeObject(body, smallMaxBytes)
	if err != nil {
		return err
	}
	etag, err := n.store.replaceObject(ctx, n.objectKey(path), data, known.etag)
	if kind := inventory.KindOf(err); kind == inventory.Conflict || kind == inventory.NotFound {
		if there, readErr := n.loadEntry(ctx, path); readErr == nil && there.id == id {
			etag, err = there.etag, nil
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

// ListUnknown returns those of the configured paths for which nothing is remembered. From time to time it
// also forgets what no run has used or had as configured for half a year.
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

// pruneUnused notes that configured paths are in use, and deletes what nobody has used for long.
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
		switch _, bad := asCorrupt(err); {
		case bad, inventory.KindOf(err) == inventory.NotFound:
			return nil // the former is set aside by whoever needs it
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
	var body nodeBody
	key := n.objectKey(path)
	o, err := n.store.bucket.Get(ctx, key, "")
	if inventory.KindOf(err) == inventory.NotFound {
		return nodeEntry{}, nil
	}
	if err != nil {
		return nodeEntry{}, err
	}
	why := decodeObject(o.Data, smallMaxBytes, &body)
	switch {
	case strings.HasPrefix(why, laterVersionText):
		return nodeEntry{}, &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + key + " " + why}
	case why != "":
	case !n.store.isInstallation(body.Server, body.Organisation) || body.Path != path:
		why = "is that of another path"
	case uuid.Validate(body.ID) != nil:
		why = "has an id that cannot be"
	default:
		return nodeEntry{id: body.ID, usedAt: body.UsedAt, etag: o.ETag}, nil
	}
	_, warning := n.store.moveCorrupt(ctx, key, &corruptError{data: o.Data, reason: why})
	return nodeEntry{}, warning
}

func (n *NodeIDs) folder() string {
	return n.store.prefix + "nodes/"
}

func (n *NodeIDs) objectKey(path string) string {
	return n.folder() + safeKeyPart(strings.TrimPrefix(path, "/")) + ".json"
}
