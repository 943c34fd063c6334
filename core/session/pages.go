package session

import (
	"bytes"
	"context"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/report/page"
	"github.com/jms-sync/jms-sync/core/state"
)

// pages keeps the pages of the session's runs in its state store. It implements delivery.PageKeeper.
type pages struct{ session *Session }

// KeepPage implements delivery.PageKeeper. A run without its page is a run all the same.
func (p pages) KeepPage(ctx context.Context, rep report.Report) (url string) {
	s := p.session
	var text bytes.Buffer
	err := page.Write(&text, rep, page.Options{Lang: s.Language(), Location: s.cfg.Location(), MaxBytes: state.MaxPage})
	if err != nil {
		s.log.Warn("the run has no page", "error", err)
		return ""
	}
	ctx, cancel := withStoreReserve(ctx)
	defer cancel()
	key, err := s.store.KeepPage(ctx, text.Bytes(), s.Now())
	if err != nil {
		s.log.Warn("the page of the run", "kept", key != "", "error", err)
	}
	if key == "" || s.cfg.Notification.PageLink == 0 {
		return ""
	}
	url, err = s.store.PageLink(ctx, key, s.cfg.Notification.PageLink)
	if err != nil && inventory.KindOf(err) != inventory.Unsupported {
		s.log.Warn("the page of the run has no link", "error", err)
	}
	return url
}
