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
	"github.com/jms-sync/jms-sync/core/storage"
)

// How long held sets and approvals last.
const (
	// HeldFor is how long after a run last held a set it can be approved, KeepHeld how long it is listed.
	HeldFor  = 48 * time.Hour
	KeepHeld = 7 * 24 * time.Hour
	// ApprovedFor is how long an approval serves.
	ApprovedFor = 24 * time.Hour
	// LeastPrefix is how many characters of a hash name a set at least.
	LeastPrefix = 8
)

// heldLimit bounds the bytes of a held set or an approval: some 40,000 assets with all their words.
const heldLimit = 12 << 20

// Removal is one removal that is held.
type Removal struct {
	Asset    string          `json:"asset"`
	Action   string          `json:"action"` // "deactivate" or "delete"; an approval is for this one
	Cloud    inventory.Cloud `json:"cloud"`
	Account  string          `json:"account"`
	Region   string          `json:"region"`
	Instance string          `json:"instance"`
	Name     string          `json:"name"`
	Reason   string          `json:"reason"` // why it is held, in words
}

// HeldSet is what one run wanted to remove, and held.
type HeldSet struct {
	Hash        string // HashOf its assets
	First, Last time.Time
	Removals    []Removal // sorted by asset
	// Approved is until when an approval serves; zero = there is none.
	Approved time.Time
}

// Approval is what a person lets pass.
type Approval struct {
	Hash  string
	Until time.Time
	Left  []Removal // what was not applied yet, sorted by asset
	etag  string
}

// HashOf names a set of assets: the SHA-256, in hex, of their ids, sorted, each followed by a line break.
func HashOf(assets []string) string {
	sum := sha256.New()
	for _, id := range slices.Sorted(slices.Values(assets)) {
		sum.Write([]byte(id + "\n"))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// The errors of Find, each the cause of one with a kind.
var (
	ErrNoHash    = errors.New("no hash, or fewer than 8 characters of one")
	ErrNoSuchSet = errors.New("no held set has this hash")
	ErrAmbiguous = errors.New("several held sets begin so")
)

type heldBody struct {
	Server       string    `json:"server"`
	Organisation string    `json:"organisation"`
	Hash         string    `json:"hash"`
	First        time.Time `json:"first"`
	Last         time.Time `json:"last"`
	Removals     []Removal `json:"removals"`
}

// approvalBody is a person's order: for one set, of one organisation of one JumpServer, as its own words say
// wherever it lies.
type approvalBody struct {
	Server       string    `json:"server"`
	Organisation string    `json:"organisation"`
	Hash         string    `json:"hash"`
	At           time.Time `json:"at"`
	Left         []Removal `json:"left"`
	Nonce        string    `json:"nonce"`
}

// schemas: schema 1 did not say of which JumpServer it is, and so approves nothing.
func (approvalBody) schemas() (oldest, newest int) { return 2, 2 }

func (heldBody) schemas() (oldest, newest int) { return 2, 2 }

// Held keeps sets of removals that a guard has held, and what people approved of them. A set that is
// damaged is not there: nothing is removed for it.
type Held struct{ store *Store }

// Held gives the held sets of a store.
func (s *Store) Held() *Held { return &Held{s} }

func (h *Held) key(folder, hash string) string { return h.store.prefix + folder + "/" + hash + ".json" }

// Put keeps a set that a run holds, or notes that it still does, and gives its hash. Sets that no run has
// held for KeepHeld are forgotten. An error after which the set is kept says so.
func (h *Held) Put(ctx context.Context, removals []Removal, now time.Time) (hash string, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	removals = slices.SortedFunc(slices.Values(removals), func(x, y Removal) int { return strings.Compare(x.Asset, y.Asset) })
	body := heldBody{Server: h.store.server, Organisation: h.store.organisation, Hash: hashOf(removals), First: now.UTC(), Last: now.UTC(), Removals: removals}
	key := h.key("held", body.Hash)
	if known, err := h.set(ctx, body.Hash); err == nil {
		body.First = known.First
	}
	data, err := encode(body, heldLimit)
	if err == nil {
		_, err = h.store.bucket.Put(ctx, key, data, storage.Always())
	}
	if err != nil {
		return body.Hash, wrap("keep a held set", err)
	}
	return body.Hash, wrap("the held set is kept; forget old ones", h.clean(ctx, now))
}

func hashOf(removals []Removal) string {
	ids := make([]string, 0, len(removals))
	for _, r := range removals {
		ids = append(ids, r.Asset)
	}
	return HashOf(ids)
}

// set reads one set. One whose hash is not that of its assets, whoever wrote it, is not there.
func (h *Held) set(ctx context.Context, hash string) (heldBody, error) {
	var body heldBody
	key := h.key("held", hash)
	_, err := h.store.read(ctx, key, heldLimit, &body)
	if err == nil && !h.store.isOf(body.Server, body.Organisation) {
		err = &damaged{why: "is that of another JumpServer or organisation"}
	}
	if err == nil && (body.Hash != hash || hashOf(body.Removals) != hash) {
		err = &damaged{why: "has another hash than its assets"}
	}
	if d, bad := isDamaged(err); bad {
		return heldBody{}, &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + key, Err: d}
	}
	return body, err
}

// hashes lists the keys of a folder that are hashes.
func (h *Held) hashes(ctx context.Context, folder string) ([]string, error) {
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

func (h *Held) clean(ctx context.Context, now time.Time) error {
	hashes, err := h.hashes(ctx, "held")
	if err != nil {
		return err
	}
	return first(each(len(hashes), func(n int) error {
		body, err := h.set(ctx, hashes[n])
		if err != nil || now.Sub(body.Last) < KeepHeld {
			return nil // what cannot be read is left for people to look at
		}
		return h.store.bucket.Delete(ctx, h.key("held", hashes[n]))
	}))
}

// List gives all sets, that which was held last first. What cannot be read is left out, and the error
// tells of it beside the others.
func (h *Held) List(ctx context.Context, now time.Time) ([]HeldSet, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	hashes, err := h.hashes(ctx, "held")
	if err != nil {
		return nil, wrap("list held sets", err)
	}
	approvals, err := h.approvals(ctx, now)
	bodies := make([]heldBody, len(hashes))
	errs := append(each(len(hashes), func(n int) (err error) {
		bodies[n], err = h.set(ctx, hashes[n])
		return err
	}), err)
	var sets []HeldSet
	for _, b := range bodies {
		if b.Hash == "" || now.Sub(b.Last) >= KeepHeld {
			continue
		}
		set := HeldSet{Hash: b.Hash, First: b.First, Last: b.Last, Removals: b.Removals}
		for _, a := range approvals {
			if a.Hash == b.Hash {
				set.Approved = a.Until
			}
		}
		sets = append(sets, set)
	}
	slices.SortFunc(sets, func(x, y HeldSet) int {
		if c := y.Last.Compare(x.Last); c != 0 {
			return c
		}
		return strings.Compare(x.Hash, y.Hash)
	})
	return sets, wrap("read held sets", errors.Join(errs...))
}

// Find gives the set of a hash, or of at least LeastPrefix characters that only its hash begins with. The
// error's cause is ErrNoHash, ErrNoSuchSet or ErrAmbiguous; else the store failed.
func (h *Held) Find(ctx context.Context, prefix string, now time.Time) (HeldSet, error) {
	prefix = strings.ToLower(strings.TrimSpace(prefix))
	if len(prefix) < LeastPrefix || !regexp.MustCompile(`^[0-9a-f]{1,64}$`).MatchString(prefix) {
		return HeldSet{}, &inventory.Error{Kind: inventory.Invalid, Err: ErrNoHash}
	}
	sets, err := h.List(ctx, now)
	set, none := match(sets, prefix)
	if errors.Is(none, ErrNoSuchSet) && err != nil {
		return HeldSet{}, err
	}
	return set, none
}

func match(sets []HeldSet, prefix string) (HeldSet, error) {
	sets = slices.DeleteFunc(slices.Clone(sets), func(s HeldSet) bool { return !strings.HasPrefix(s.Hash, prefix) })
	switch len(sets) {
	case 0:
		return HeldSet{}, &inventory.Error{Kind: inventory.NotFound, Err: ErrNoSuchSet}
	case 1:
		return sets[0], nil
	}
	return HeldSet{}, &inventory.Error{Kind: inventory.Invalid, Err: ErrAmbiguous}
}

// Approve lets the next full run apply a set, for ApprovedFor.
func (h *Held) Approve(ctx context.Context, set HeldSet, now time.Time) (until time.Time, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	body := h.approves(set.Hash, now.UTC(), set.Removals)
	data, err := encode(body, heldLimit)
	if err == nil {
		_, err = h.store.bucket.Put(ctx, h.key("approvals", set.Hash), data, storage.Always())
	}
	return now.Add(ApprovedFor), wrap("approve a held set", err)
}

func (h *Held) approves(hash string, at time.Time, left []Removal) approvalBody {
	return approvalBody{
		Server: h.store.server, Organisation: h.store.organisation, Hash: hash, At: at, Left: left, Nonce: h.store.nonce(),
	}
}

// Reject forgets a set and its approval.
func (h *Held) Reject(ctx context.Context, set HeldSet) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	return wrap("reject a held set", first([]error{
		h.store.bucket.Delete(ctx, h.key("approvals", set.Hash)), h.store.bucket.Delete(ctx, h.key("held", set.Hash)),
	}))
}

// Approvals gives those that serve now. With an error there are none: nothing is approved on doubt.
func (h *Held) Approvals(ctx context.Context, now time.Time) ([]Approval, error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	all, err := h.approvals(ctx, now)
	return all, wrap("read approvals", err)
}

func (h *Held) approvals(ctx context.Context, now time.Time) ([]Approval, error) {
	hashes, err := h.hashes(ctx, "approvals")
	if err != nil {
		return nil, err
	}
	all := make([]Approval, len(hashes))
	errs := each(len(hashes), func(n int) (err error) {
		all[n], err = h.approval(ctx, hashes[n])
		return err
	})
	if err := first(errs); err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(a Approval) bool {
		return a.Hash == "" || !now.Before(a.Until) || a.Until.Sub(now) > ApprovedFor+MaxSkew
	}), nil
}

func (h *Held) approval(ctx context.Context, hash string) (Approval, error) {
	var body approvalBody
	key := h.key("approvals", hash)
	etag, err := h.store.read(ctx, key, heldLimit, &body)
	if inventory.KindOf(err) == inventory.NotFound {
		return Approval{}, nil // used up or rejected meanwhile
	}
	if err == nil && (body.Hash != hash || !h.store.isOf(body.Server, body.Organisation)) {
		err = &damaged{why: "is that of another set, JumpServer or organisation"}
	}
	if d, bad := isDamaged(err); bad {
		return Approval{}, &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + key, Err: d}
	}
	return Approval{Hash: hash, Until: body.At.Add(ApprovedFor), Left: body.Left, etag: etag}, err
}

// Use takes from an approval what is used up; done tells of which. One that was given anew, or rejected,
// meanwhile stays as it is.
func (h *Held) Use(ctx context.Context, a Approval, done func(Removal) bool) error {
	ctx, cancel := bounded(ctx)
	defer cancel()
	left := slices.DeleteFunc(slices.Clone(a.Left), done)
	if len(left) == len(a.Left) {
		return nil
	}
	key := h.key("approvals", a.Hash)
	if now, err := h.approval(ctx, a.Hash); err != nil || now.etag != a.etag {
		return wrap("use an approval", err)
	}
	if len(left) == 0 {
		return wrap("use an approval", first([]error{h.store.bucket.Delete(ctx, key), h.store.bucket.Delete(ctx, h.key("held", a.Hash))}))
	}
	data, err := encode(h.approves(a.Hash, a.Until.Add(-ApprovedFor), left), heldLimit)
	if err == nil {
		_, err = h.store.replace(ctx, key, data, a.etag)
	}
	return wrap("use an approval", err)
}
