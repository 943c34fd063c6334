package storagetest

import (
	"context"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// testTransientFaults: what is transient is tried again.
func testTransientFaults(t *testing.T, h Harness) {
	for _, f := range []Fault{SlowDown, ServerError, Disconnect, Truncated, LostAnswer} {
		for _, call := range []string{"GET", "PUT", "LIST", "DELETE"} {
			w := h.New(t)
			w.Server.SetObject("k", []byte("x"))
			w.Server.InjectFault(f, call, 0, 2)
			forEachCall(t.Context(), w.Open(t, InstantRetries()), func(c string, err error) {
				if err != nil {
					t.Errorf("%s during %s: %v", c, f, err)
				}
			})
		}
	}
}

// testPermanentFaults: what is permanent is an error that says why, and shows no secret.
func testPermanentFaults(t *testing.T, h Harness) {
	for f, want := range map[Fault]inventory.Kind{
		SlowDown: inventory.Throttled, ServerError: inventory.Temporary, Denied: inventory.Denied, BadKey: inventory.BadCredentials,
		BadSecret: inventory.BadCredentials, Expired: inventory.BadCredentials, NoBucket: inventory.Invalid,
		Missing: inventory.Incomplete, Redirect: inventory.Invalid, Disconnect: inventory.Temporary,
	} {
		w := h.New(t)
		w.Server.SetObject("k", []byte("x"))
		w.Server.InjectFault(f, "", 0, 0)
		forEachCall(t.Context(), w.Open(t, InstantRetries()), func(_ string, err error) { WantKind(t, err, "k", want) })
		again := want == inventory.Throttled || want == inventory.Temporary
		if n := len(w.Server.TakeRequests()); again && n != 16 || !again && n != 4 {
			t.Errorf("%s: %d requests for 4 calls", f, n)
		}
	}
}

// testNoPartialAnswers: a list is complete or an error, and no web page is an object.
func testNoPartialAnswers(t *testing.T, h Harness) {
	for _, f := range []Fault{WebPage, EmptyBody, HalfDocument, StuckPage, Truncated, Denied, ServerError} {
		for after := range 2 {
			w := h.New(t)
			for i := range maxPageKeys + 1 {
				w.Server.SetObject("k"+string(rune('\u4e00'+i)), []byte("x"))
			}
			w.Server.InjectFault(f, "LIST", after, 0)
			keys, err := w.Open(t, InstantRetries()).List(t.Context(), "k")
			if err == nil || keys != nil {
				t.Errorf("%s on page %d: %d keys, error %v", f, after+1, len(keys), err)
			}
			WantKind(t, err, "k", inventory.Incomplete, inventory.Temporary, inventory.Denied)
		}
	}
	for _, f := range []Fault{WebPage, EmptyBody} {
		w := h.New(t)
		w.Server.InjectFault(f, "", 0, 0)
		b := w.Open(t, InstantRetries())
		_, err := b.Get(t.Context(), "k", "")
		WantKind(t, err, "k", inventory.Incomplete)
		_, err = b.Put(t.Context(), "k", []byte("x"), storage.Always())
		WantKind(t, err, "k", inventory.Incomplete)
	}
}

// testLostAnswer: a write whose answer was lost is not taken for somebody else's; one that
// really is somebody else's is.
func testLostAnswer(t *testing.T, h Harness) {
	for condition, able := range map[string]bool{"create": h.Abilities.CreateOnly, "match": h.Abilities.IfMatch} {
		if !able {
			continue
		}
		w := h.New(t)
		b := w.Open(t, InstantRetries())
		b.Capabilities(t.Context()) // so that they are not requested later
		want := storage.CreateOnly()
		if condition == "match" {
			want = storage.IfMatch(mustPut(t, b, "k", "before", storage.Always()))
		}
		w.Server.InjectFault(LostAnswer, "PUT", 0, 1)
		etag := mustPut(t, b, "k", "mine", want)
		if object := wantText(t, b, "k", "mine"); object.ETag != etag {
			t.Errorf("ETag %s, want %s", etag, object.ETag)
		}
		w.Server.InjectFault(Disconnect, "PUT", 0, 1)
		_, err := b.Put(t.Context(), "k", []byte("another"), want)
		WantKind(t, err, "k", inventory.Conflict)
	}
}

// testHangingStore: a store that does not answer delays nobody longer than the context.
func testHangingStore(t *testing.T, h Harness) {
	w := h.New(t)
	w.Server.InjectFault(Hang, "", 0, 0)
	b := w.Open(t, storage.RetryPolicy{})
	started := time.Now()
	for call := range 4 {
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		WantKind(t, makeCall(ctx, b, call), "k", inventory.Deadline)
		cancel()
	}
	if took := time.Since(started); took > promptLimit {
		t.Errorf("it took %s to be cancelled", took)
	}
}
