package state

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
	"github.com/jms-sync/jms-sync/core/storage"
)

// How long held sets and approvals are valid.
const (
	// ApprovableFor is how long after a run last held a set it can be approved; HeldRetention is how long it is listed.
	ApprovableFor = 48 * time.Hour
	HeldRetention = 7 * 24 * time.Hour
	// ApprovalTTL is how long an approval is valid.
	ApprovalTTL = 24 * time.Hour
	// MinHashPrefix is how many characters of a hash identify a set at least.
	MinHashPrefix = 8
)

// heldMaxBytes bounds a held set or an approval: some 40,000 assets with all their texts.
const heldMaxBytes = 12 << 20

// HeldRemoval is one removal that is held.
type HeldRemoval struct {
	Asset    string          `json:"asset"`
	Action   string          `json:"action"` // plan.Change.ApprovalKey: "deactivate", "delete" or "move-…"; an approval covers only this one
	Cloud    inventory.Cloud `json:"cloud"`
	Account  string          `json:"account"`
	Region   string          `json:"region"`
	Instance string          `json:"instance"`
	Name     string          `json:"name"`
	Reason   string          `json:"reason"`            // why it is held, as text
	Address  string          `json:"address,omitempty"` // "" in schema 2
	Node     string          `json:"node,omitempty"`    // names of its nodes; "" in schema 2
}

// HeldSet is what one run wanted to remove and the guard held.
type HeldSet struct {
	Hash                string // see HashRemovals
	FirstHeld, LastHeld time.Time
	Removals            []HeldRemoval // sorted by asset
	// ApprovedUntil is when its approval ends; zero = there is none.
	ApprovedUntil time.Time
}

// Approval is a person's order to let the removals of one held set pass.
type Approval struct {
	Hash      string
	Until     time.Time
	Remaining []HeldRemoval // not applied yet, sorted by asset
	etag      string
}

// HashAssets returns the name of a set of assets: the SHA-256, in hex, of their sorted ids, each followed by a line break.
func HashAssets(assets []string) string {
	sum := sha256.New()
	for _, id := range slices.Sorted(slices.Values(assets)) {
		sum.Write([]byte(id + "\n"))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// The errors of HeldStore.Find, each wrapped in one with a kind.
var (
	ErrHashTooShort  = errors.New("no hash, or fewer than 8 characters of one")
	ErrSetNotFound   = errors.New("no held set has this hash")
	ErrAmbiguousHash = errors.New("several held sets begin so")
)

type heldBody struct {
	Server       string        `json:"server"`
	Organisation string        `json:"organisation"`
	Hash         string        `json:"hash"`
	FirstHeld    time.Time     `json:"first"`
	LastHeld     time.Time     `json:"last"`
	Removals     []HeldRemoval `json:"removals"`
}

// approvalBody is a person's order for one set of one organisation of one JumpServer. It names all three itself,
// so that it is void wherever else it lies.
type approvalBody struct {
	Server       string        `json:"server"`
	Organisation string        `json:"organisation"`
	Hash         string        `json:"hash"`
	At           time.Time     `json:"at"`
	Remaining    []HeldRemoval `json:"left"`
	Nonce        string        `json:"nonce"`
}

// schemaRange: schema 1 does not name its JumpServer, so it approves nothing; schema 2 says neither address nor node.
func (approvalBody) schemaRange() (oldest, newest int) { return 2, 3 }

func (heldBody) schemaRange() (oldest, newest int) { return 2, 3 }

// HeldStore saves sets of removals that the guard held, and their approvals. A corrupt set does not
// exist: nothing is removed on its account.
type HeldStore struct{ store *Store }

// HeldStore returns the held sets of a store.
func (s *Store) HeldStore() *HeldStore { return &HeldStore{s} }

func (h *HeldStore) objectKey(folder, hash string) string {
	return h.store.prefix + folder + "/" + hash + ".json"
}

// Save saves a set that a run holds, or that it still holds, and returns its hash. It deletes sets that no run has
// held for HeldRetention; an error of that deletion says that the set was saved.
func (h *HeldStore) Save(ctx context.Context, removals []HeldRemoval, now time.Time) (hash string, err error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	removals = sorting.Sorted(removals, func(x, y HeldRemoval) int { return strings.Compare(x.Asset, y.Asset) })
	body := heldBody{Server: h.store.server, Organisation: h.store.organisation, Hash: HashRemovals(removals), FirstHeld: now.UTC(), LastHeld: now.UTC(), Removals: removals}
	key := h.objectKey("held", body.Hash)
	if known, err := h.loadSet(ctx, body.Hash); err == nil {
		body.FirstHeld = known.FirstHeld
	}
	_, err = h.store.saveObject(ctx, key, heldMaxBytes, body, storage.Always())
	if err != nil {
		return body.Hash, wrapError("keep a held set", err)
	}
	return body.Hash, wrapError("the held set is kept; forget old ones", h.pruneExpired(ctx, now))
}

// HashRemovals returns the hash of a held set: that of its assets. Of what is no removal the hash names the action too: who
// approves moves has seen where to.
func HashRemovals(removals []HeldRemoval) string {
	ids := make([]string, 0, len(removals))
	for _, r := range removals {
		id := r.Asset
		if strings.HasPrefix(r.Action, movePrefix) {
			id += " " + r.Action
		}
		ids = append(ids, id)
	}
	return HashAssets(ids)
}

// movePrefix begins the actions of held moves.
const movePrefix = "move-"

// loadSet reads one set. A set whose hash is not that of its assets is corrupt, whoever wrote it.
func (h *HeldStore) loadSet(ctx context.Context, hash string) (heldBody, error) {
	var body heldBody
	key := h.objectKey("held", hash)
	_, err := h.store.loadObject(ctx, key, heldMaxBytes, &body)
	if err == nil && !h.store.isInstallation(body.Server, body.Organisation) {
		err = &corruptError{reason: "is that of another JumpServer or organisation"}
	}
	if err == nil && (body.Hash != hash || HashRemovals(body.Removals) != hash) {
		err = &corruptError{reason: "has another hash than its assets"}
	}
	if _, corrupt := asCorrupt(err); corrupt {
		return heldBody{}, asIncomplete(key, err)
	}
	return body, err
}

// listHashes returns the keys of a folder that are hashes.
func (h *HeldStore) listHashes(ctx context.Context, folder string) ([]string, error) {
	before := h.store.prefix + folder + "/"
	keys, err := h.store.bucket.List(ctx, before)
	if err != nil {
		return nil, err
	}
	var hashes []string
	for _, key := range keys {
		if hash, is := strings.CutSuffix(strings.TrimPrefix(key, before), ".json"); is && len(hash) == sha256.Size*2 {
			hashes = append(hashes, hash)
		}
	}
	return hashes, nil
}

func (h *HeldStore) pruneExpired(ctx context.Context, now time.Time) error {
	hashes, err := h.listHashes(ctx, "held")
	if err != nil {
		return err
	}
	return firstError(forEach(len(hashes), func(n int) error {
		body, err := h.loadSet(ctx, hashes[n])
		if err != nil || now.Sub(body.LastHeld) < HeldRetention {
			return nil // what cannot be read stays for people to inspect
		}
		return h.store.bucket.Delete(ctx, h.objectKey("held", hashes[n]))
	}))
}

// List returns all sets, the one held last first. What cannot be read is left out and named by the
// error.
func (h *HeldStore) List(ctx context.Context, now time.Time) ([]HeldSet, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	hashes, err := h.listHashes(ctx, "held")
	if err != nil {
		return nil, wrapError("list held sets", err)
	}
	approvals, err := h.loadApprovals(ctx, now)
	bodies := make([]heldBody, len(hashes))
	errs := append(forEach(len(hashes), func(n int) (err error) {
		bodies[n], err = h.loadSet(ctx, hashes[n])
		return err
	}), err)
	var sets []HeldSet
	for _, b := range bodies {
		if b.Hash == "" || now.Sub(b.LastHeld) >= HeldRetention {
			continue
		}
		set := HeldSet{Hash: b.Hash, FirstHeld: b.FirstHeld, LastHeld: b.LastHeld, Removals: b.Removals}
		for _, a := range approvals {
			if a.Hash == b.Hash {
				set.ApprovedUntil = a.Until
			}
		}
		sets = append(sets, set)
	}
	sorting.By(sets, func(x, y HeldSet) int {
		if c := y.LastHeld.Compare(x.LastHeld); c != 0 {
			return c
		}
		return strings.Compare(x.Hash, y.Hash)
	})
	return sets, wrapError("read held sets", errors.Join(errs...))
}

// Find returns the set with a hash, given whole or by at least MinHashPrefix characters that no other begins with. The
// error is ErrHashTooShort, ErrSetNotFound or ErrAmbiguousHash; any other means that the store failed.
func (h *HeldStore) Find(ctx context.Context, prefix string, now time.Time) (HeldSet, error) {
	prefix = strings.ToLower(strings.TrimSpace(prefix))
	if len(prefix) < MinHashPrefix || !regexp.MustCompile(`^[0-9a-f]{1,64}$`).MatchString(prefix) {
		return HeldSet{}, &inventory.Error{Kind: inventory.Invalid, Err: ErrHashTooShort}
	}
	sets, err := h.List(ctx, now)
	set, none := matchHash(sets, prefix)
	if errors.Is(none, ErrSetNotFound) && err != nil {
		return HeldSet{}, err
	}
	return set, none
}

func matchHash(sets []HeldSet, prefix string) (HeldSet, error) {
	sets = slices.DeleteFunc(slices.Clone(sets), func(s HeldSet) bool { return !strings.HasPrefix(s.Hash, prefix) })
	switch len(sets) {
	case 0:
		return HeldSet{}, &inventory.Error{Kind: inventory.NotFound, Err: ErrSetNotFound}
	case 1:
		return sets[0], nil
	}
	return HeldSet{}, &inventory.Error{Kind: inventory.Invalid, Err: ErrAmbiguousHash}
}

// Approve lets the next full run apply a set; the approval is valid for ApprovalTTL.
func (h *HeldStore) Approve(ctx context.Context, set HeldSet, now time.Time) (until time.Time, err error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	body := h.newApprovalBody(set.Hash, now.UTC(), set.Removals)
	_, err = h.store.saveObject(ctx, h.objectKey("approvals", set.Hash), heldMaxBytes, body, storage.Always())
	return now.Add(ApprovalTTL), wrapError("approve a held set", err)
}

func (h *HeldStore) newApprovalBody(hash string, at time.Time, remaining []HeldRemoval) approvalBody {
	return approvalBody{
		Server: h.store.server, Organisation: h.store.organisation, Hash: hash, At: at, Remaining: remaining, Nonce: h.store.nonce(),
	}
}

// Reject deletes a set and its approval.
func (h *HeldStore) Reject(ctx context.Context, set HeldSet) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	return wrapError("reject a held set", firstError([]error{
		h.store.bucket.Delete(ctx, h.objectKey("approvals", set.Hash)), h.store.bucket.Delete(ctx, h.objectKey("held", set.Hash)),
	}))
}

// ListApprovals returns those that are valid now. After an error there are none: nothing is approved in doubt.
func (h *HeldStore) ListApprovals(ctx context.Context, now time.Time) ([]Approval, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	all, err := h.loadApprovals(ctx, now)
	return all, wrapError("read approvals", err)
}

func (h *HeldStore) loadApprovals(ctx context.Context, now time.Time) ([]Approval, error) {
	hashes, err := h.listHashes(ctx, "approvals")
	if err != nil {
		return nil, err
	}
	all := make([]Approval, len(hashes))
	errs := forEach(len(hashes), func(n int) (err error) {
		all[n], err = h.loadApproval(ctx, hashes[n])
		return err
	})
	if err := firstError(errs); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(a Approval) bool {
		return a.Hash == "" || !now.Before(a.Until) || a.Until.Sub(now) > ApprovalTTL+MaxSkew
	}), nil
}

func (h *HeldStore) loadApproval(ctx context.Context, hash string) (Approval, error) {
	var body approvalBody
	key := h.objectKey("approvals", hash)
	etag, err := h.store.loadObject(ctx, key, heldMaxBytes, &body)
	if inventory.KindOf(err) == inventory.NotFound {
		return Approval{}, nil // used up or rejected meanwhile
	}
	if err == nil && (body.Hash != hash || !h.store.isInstallation(body.Server, body.Organisation)) {
		err = &corruptError{reason: "is that of another set, JumpServer or organisation"}
	}
	if _, corrupt := asCorrupt(err); corrupt {
		return Approval{}, asIncomplete(key, err)
	}
	return Approval{Hash: hash, Until: body.At.Add(ApprovalTTL), Remaining: body.Remaining, etag: etag}, err
}

// Consume removes from an approval what done reports as applied. An approval that was given anew or rejected
// meanwhile stays as it is.
func (h *HeldStore) Consume(ctx context.Context, a Approval, done func(HeldRemoval) bool) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	remaining := slices.DeleteFunc(slices.Clone(a.Remaining), done)
	if len(remaining) == len(a.Remaining) {
		return nil
	}
	key := h.objectKey("approvals", a.Hash)
	if now, err := h.loadApproval(ctx, a.Hash); err != nil || now.etag != a.etag {
		return wrapError("use an approval", err)
	}
	if len(remaining) == 0 {
		return wrapError("use an approval", firstError([]error{h.store.bucket.Delete(ctx, key), h.store.bucket.Delete(ctx, h.objectKey("held", a.Hash))}))
	}
	body := h.newApprovalBody(a.Hash, a.Until.Add(-ApprovalTTL), remaining)
	_, err := h.store.replaceObject(ctx, key, heldMaxBytes, body, a.etag)
	return wrapError("use an approval", err)
}
