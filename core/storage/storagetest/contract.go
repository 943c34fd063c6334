package storagetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

func testRoundTrip(t *testing.T, h Harness) {
	b := h.newBucket(t)
	for _, text := range []string{"one", "two\r\n\x00 值", "", strings.Repeat("x", 100_000)} {
		etag := mustPut(t, b, "a/b.json", text, storage.Always())
		if object := wantText(t, b, "a/b.json", text); object.ETag != etag {
			t.Errorf("Put gave the ETag %s, Get gives %s", etag, object.ETag)
		}
	}
	for range 2 { // the second time there is nothing
		if err := b.Delete(t.Context(), "a/b.json"); err != nil {
			t.Errorf("delete: %v", err)
		}
	}
	_, err := b.Get(t.Context(), "a/b.json", "")
	WantKind(t, err, "a/b.json", inventory.NotFound)
}

func testNotModified(t *testing.T, h Harness) {
	b := h.newBucket(t)
	etag := mustPut(t, b, "k", "one", storage.Always())
	if object, err := b.Get(t.Context(), "k", etag); !errors.Is(err, storage.ErrNotModified) || object.Data != nil {
		t.Errorf("%q, error %v; want ErrNotModified", object.Data, err)
	}
	changed := mustPut(t, b, "k", "two", storage.Always())
	if object, err := b.Get(t.Context(), "k", etag); err != nil || string(object.Data) != "two" || object.ETag != changed || changed == etag {
		t.Errorf("%q %s, error %v; want two, %s", object.Data, object.ETag, err, changed)
	}
}

func testMissingObject(t *testing.T, h Harness) {
	b := h.newBucket(t)
	for _, known := range []string{"", `"d41d8cd98f00b204e9800998ecf8427e"`} {
		_, err := b.Get(t.Context(), "no/such key", known)
		WantKind(t, err, "no/such key", inventory.NotFound)
	}
	if keys, err := b.List(t.Context(), ""); err != nil || len(keys) != 0 {
		t.Errorf("keys %q, error %v; want none", keys, err)
	}
}

// testKeys: a key of one store is a key of all, and means the same.
func testKeys(t *testing.T, h Harness) {
	b := h.newBucket(t)
	good := []string{"a", "a b+c%d/é 值/~x&y=z?#;:@'(1)!*", ".hidden/x", "a.b/c..d/...", strings.Repeat("k/", 100) + "k"}
	for i, key := range good {
		mustPut(t, b, key, fmt.Sprint(i), storage.Always())
	}
	for i, key := range good {
		wantText(t, b, key, fmt.Sprint(i))
	}
	keys, err := b.List(t.Context(), "")
	slices.Sort(good)
	if err != nil || !slices.Equal(keys, good) {
		t.Errorf("keys %q, error %v; want %q", keys, err, good)
	}
	for _, key := range []string{"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/./b", `a\b`, "a\nb", "\xff", strings.Repeat("k", 1001)} {
		_, err := b.Put(t.Context(), key, nil, storage.Always())
		WantKind(t, err, "", inventory.Invalid)
		_, err = b.Get(t.Context(), key, "")
		WantKind(t, err, "", inventory.Invalid)
		WantKind(t, b.Delete(t.Context(), key), "", inventory.Invalid)
	}
}

func testSizes(t *testing.T, h Harness) {
	w := h.New(t)
	b := w.Open(t, InstantRetries())
	_, err := b.Put(t.Context(), "big", make([]byte, storage.MaxObjectSize+1), storage.Always())
	WantKind(t, err, "big", inventory.Invalid)
	if w.Server == nil {
		return
	}
	w.Server.SetObject("big", make([]byte, storage.MaxObjectSize+1))
	_, err = b.Get(t.Context(), "big", "")
	WantKind(t, err, "big", inventory.Invalid)
}

// testList: complete over more than one page, and only keys with the prefix.
func testList(t *testing.T, h Harness) {
	w := h.New(t)
	b := w.Open(t, InstantRetries())
	var want []string
	for i := range 1203 {
		key := fmt.Sprintf("runs/%04d é&.json", i)
		want = append(want, key)
		switch {
		case w.Fill != nil:
			w.Fill(key, []byte("x"))
		case w.Server != nil:
			w.Server.SetObject(key, []byte("x"))
		default:
			mustPut(t, b, key, "x", storage.Always())
		}
	}
	mustPut(t, b, "run", "x", storage.Always())
	mustPut(t, b, "other/x", "x", storage.Always())
	keys, err := b.List(t.Context(), "runs/")
	if err != nil || !slices.Equal(keys, want) {
		t.Errorf("%d keys, error %v; want %d, sorted", len(keys), err, len(want))
	}
	keys, err = b.List(t.Context(), "runs/000")
	if err != nil || !slices.Equal(keys, want[:10]) {
		t.Errorf("%q, error %v; want the first ten", keys, err)
	}
}

func testAbilities(t *testing.T, h Harness) {
	b := h.newBucket(t)
	if got := b.Capabilities(t.Context()); got != h.Abilities {
		t.Fatalf("abilities %+v, want %+v", got, h.Abilities)
	}
	for condition, able := range map[storage.Condition]bool{
		storage.CreateOnly(): h.Abilities.CreateOnly, storage.IfMatch(`"x"`): h.Abilities.IfMatch,
	} {
		if able {
			continue
		}
		_, err := b.Put(t.Context(), "k", []byte("x"), condition)
		WantKind(t, err, "k", inventory.Unsupported)
		_, err = b.Get(t.Context(), "k", "")
		WantKind(t, err, "k", inventory.NotFound) // nothing was written without the condition
	}
	_, err := b.Put(t.Context(), "k", []byte("x"), storage.IfMatch(""))
	WantKind(t, err, "k", inventory.Invalid)
}

func testCreateOnly(t *testing.T, h Harness) {
	if !h.Abilities.CreateOnly {
		return
	}
	b := h.newBucket(t)
	mustPut(t, b, "k", "one", storage.CreateOnly())
	for _, text := range []string{"two", "one"} {
		_, err := b.Put(t.Context(), "k", []byte(text), storage.CreateOnly())
		WantKind(t, err, "k", inventory.Conflict)
	}
	wantText(t, b, "k", "one")
	if err := b.Delete(t.Context(), "k"); err != nil {
		t.Fatal(err)
	}
	mustPut(t, b, "k", "two", storage.CreateOnly())
}

// testOneWinner: of many that create at once, exactly one succeeds.
func testOneWinner(t *testing.T, h Harness) {
	if !h.Abilities.CreateOnly {
		return
	}
	w := h.New(t)
	var won atomic.Int32
	var winner atomic.Value
	var group sync.WaitGroup
	for i := range 16 {
		b := w.Open(t, InstantRetries())
		group.Go(func() {
			text := fmt.Sprint("writer ", i)
			_, err := b.Put(t.Context(), "lease", []byte(text), storage.CreateOnly())
			if err != nil {
				WantKind(t, err, "lease", inventory.Conflict)
				return
			}
			won.Add(1)
			winner.Store(text)
		})
	}
	group.Wait()
	if won.Load() != 1 {
		t.Fatalf("%d have won", won.Load())
	}
	wantText(t, w.Open(t, InstantRetries()), "lease", winner.Load().(string)) //nolint:forcetypeassert // stored above
}

func testIfMatch(t *testing.T, h Harness) {
	if !h.Abilities.IfMatch {
		return
	}
	b := h.newBucket(t)
	_, err := b.Put(t.Context(), "k", []byte("x"), storage.IfMatch(`"d41d8cd98f00b204e9800998ecf8427e"`))
	WantKind(t, err, "k", inventory.Conflict)
	one := mustPut(t, b, "k", "one", storage.Always())
	two := mustPut(t, b, "k", "two", storage.IfMatch(one))
	_, err = b.Put(t.Context(), "k", []byte("three"), storage.IfMatch(one))
	WantKind(t, err, "k", inventory.Conflict)
	wantText(t, b, "k", "two")
	mustPut(t, b, "k", "three", storage.IfMatch(two))
}

// testNoLostUpdates: writers that read, add one and write back never lose an addition, while
// others write unconditionally elsewhere.
func testNoLostUpdates(t *testing.T, h Harness) {
	if !h.Abilities.IfMatch {
		return
	}
	w := h.New(t)
	const writers, rounds = 4, 8
	mustPut(t, w.Open(t, InstantRetries()), "n", "", storage.Always())
	var group sync.WaitGroup
	for i := range writers {
		b := w.Open(t, InstantRetries())
		group.Go(func() {
			for done := 0; done < rounds; {
				now, err := b.Get(t.Context(), "n", "")
				if err != nil {
					t.Error(err)
					return
				}
				_, err = b.Put(t.Context(), "n", fmt.Appendf(now.Data, "%d.%d ", i, done), storage.IfMatch(now.ETag))
				if err == nil {
					done++
				} else if inventory.KindOf(err) != inventory.Conflict {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	object, err := w.Open(t, InstantRetries()).Get(t.Context(), "n", "")
	if got := len(strings.Fields(string(object.Data))); err != nil || got != writers*rounds {
		t.Errorf("%d of %d additions are there, error %v", got, writers*rounds, err)
	}
}

// testAtomicReads: a reader sees the object of one writer or of another, never a mixture or a part.
func testAtomicReads(t *testing.T, h Harness) {
	w := h.New(t)
	b := w.Open(t, InstantRetries())
	texts := []string{strings.Repeat("a", 60_000), strings.Repeat("b", 90_000)}
	mustPut(t, b, "k", texts[0], storage.Always())
	var group sync.WaitGroup
	for i := range 2 {
		other := w.Open(t, InstantRetries())
		group.Go(func() {
			for range 15 {
				if _, err := other.Put(t.Context(), "k", []byte(texts[i]), storage.Always()); err != nil {
					t.Error(err)
				}
			}
		})
		group.Go(func() {
			for range 15 {
				object, err := other.Get(t.Context(), "k", "")
				if err != nil || !slices.Contains(texts, string(object.Data)) {
					t.Errorf("read %d bytes, error %v", len(object.Data), err)
				}
			}
		})
	}
	group.Wait()
}

func testCancelled(t *testing.T, h Harness) {
	b := h.newBucket(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	forEachCall(ctx, b, func(_ string, err error) {
		WantKind(t, err, "k", inventory.Deadline)
	})
}

// forEachCall makes one call of each kind.
func forEachCall(ctx context.Context, b storage.Bucket, check func(call string, err error)) {
	for call, name := range []string{"GET", "PUT", "LIST", "DELETE"} {
		check(name, makeCall(ctx, b, call))
	}
}

func makeCall(ctx context.Context, b storage.Bucket, call int) (err error) {
	switch call {
	case 0:
		_, err = b.Get(ctx, "k", "")
	case 1:
		_, err = b.Put(ctx, "k", []byte("x"), storage.Always())
	case 2:
		_, err = b.List(ctx, "k")
	default:
		err = b.Delete(ctx, "k")
	}
	return err
}

// promptLimit bounds a call that has nothing to wait for.
const promptLimit = 2 * time.Second
