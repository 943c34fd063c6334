package state

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// PageRetention is how long the pages of runs are kept.
const PageRetention = 30 * 24 * time.Hour

// MaxPage is how many bytes the page of a run may have.
const MaxPage = 4 << 20

// maxPrunedPages is how many old pages one KeepPage deletes at most.
const maxPrunedPages = 20

// KeepPage saves the page of a run, as it is, so that a browser can show it, and deletes a few that are older than
// PageRetention. key is "" if it was not saved; an error beside a key says that old ones could not be deleted.
func (s *Store) KeepPage(ctx context.Context, page []byte, at time.Time) (key string, err error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if len(page) > MaxPage {
		return "", &inventory.Error{Kind: inventory.Limit, Message: "keep the page of a run: it is too large"}
	}
	at = at.UTC()
	key = s.pageFolder(at) + at.Format(keyTimeLayout) + "-" + s.nonce() + ".html"
	if _, err := s.bucket.Put(ctx, key, page, storage.Always()); err != nil {
		return "", wrapError("keep the page of a run", err)
	}
	return key, wrapError("the page is kept; forget old ones", s.prunePages(ctx, at))
}

// PageKeys returns the keys of the pages of one day, the oldest first.
func (s *Store) PageKeys(ctx context.Context, at time.Time) ([]string, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	keys, err := s.bucket.List(ctx, s.pageFolder(at.UTC()))
	return keys, wrapError("list the pages of runs", err)
}

// PageLink returns a URL by which a browser shows a page, see storage.Linker.
func (s *Store) PageLink(ctx context.Context, key string, lifetime time.Duration) (string, error) {
	url, err := storage.Link(ctx, s.bucket, key, lifetime)
	return url, wrapError("link the page of a run", err)
}

func (s *Store) pageFolder(at time.Time) string {
	return s.prefix + "pages/" + at.Format(dayLayout) + "/"
}

// prunePages deletes a few pages of one day that is too old, chosen as pruneHistory does.
func (s *Store) prunePages(ctx context.Context, at time.Time) error {
	span := 4
	if s.pick(4) == 0 {
		span = 365
	}
	oldest := at.Truncate(day).Add(-PageRetention - day)
	keys, err := s.bucket.List(ctx, s.pageFolder(oldest.Add(-time.Duration(s.pick(span))*day)))
	if err != nil {
		return err
	}
	return s.deleteAll(ctx, keys[:min(len(keys), maxPrunedPages)])
}
