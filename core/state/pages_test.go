package state

import (
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// TestPagesAreKeptFor30Days: a page is kept as it is, an old one is forgotten little by little, and a young one never.
func TestPagesAreKeptFor30Days(t *testing.T) {
	t.Parallel()
	m := newMemoryBucket(storage.Capabilities{})
	s, c := newStore(t, m)
	for range 60 * 8 {
		before := m.callCount("delete") + m.callCount("list")
		key, err := s.KeepPage(t.Context(), []byte("<!doctype html>"), c.Now())
		if err != nil {
			t.Fatal(err)
		}
		object, err := m.Get(t.Context(), key, "")
		if err != nil || string(object.Data) != "<!doctype html>" || !strings.HasSuffix(key, ".html") {
			t.Fatalf("%s holds %q, %v", key, object.Data, err)
		}
		if n := m.callCount("delete") + m.callCount("list") - before; n > maxPrunedPages+1 {
			t.Fatalf("one run made %d requests to forget", n)
		}
		c.Advance(3 * time.Hour)
	}
	if n := len(m.keysContaining("pages/")); n < 30*8 || n > 40*8 {
		t.Errorf("%d pages are kept", n)
	}
	young := c.Now().Add(-PageRetention + 3*time.Hour).UTC().Format(dayLayout)
	if n := len(m.keysContaining("pages/" + young)); n < 7 {
		t.Errorf("%d pages of %s are kept", n, young)
	}
	if key, err := s.KeepPage(t.Context(), make([]byte, MaxPage+1), c.Now()); inventory.KindOf(err) != inventory.Limit || key != "" {
		t.Errorf("a page that is too large: %s, %v", key, err)
	}
	if _, err := s.PageLink(t.Context(), "pages/x.html", time.Hour); inventory.KindOf(err) != inventory.Unsupported {
		t.Errorf("a link of a store without links: %v", err)
	}
}
