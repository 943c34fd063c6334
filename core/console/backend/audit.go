package backend

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jms-sync/jms-sync/core/console"
	"github.com/jms-sync/jms-sync/core/language"
)

// maxAudit is how many entries one answer has at most.
const maxAudit = 500

// RecordAudit implements console.Backend.
func (b *Backend) RecordAudit(ctx context.Context, e console.AuditEntry) error {
	s, err := b.openStore(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	return s.Store().SaveAudit(ctx, e.ID, e.EndedAt != nil, text)
}

// Audit implements console.Backend.
func (b *Backend) Audit(ctx context.Context, days int) (console.Audit, error) {
	s, err := b.openStore(ctx)
	if err != nil {
		return console.Audit{}, err
	}
	defer s.Close()
	records, more, err := s.Store().ListAudit(ctx, s.Now().AddDate(0, 0, -days), maxAudit)
	if err != nil && len(records) == 0 {
		return console.Audit{}, storeFailure(err)
	}
	out := console.Audit{Entries: []console.AuditEntry{}, More: more, Problems: []console.Text{}}
	errs := []error{err}
	for _, r := range records {
		text := r.End
		if text == nil {
			text = r.Intent
		}
		var e console.AuditEntry
		if text == nil {
			continue // named by the error
		}
		if err := json.Unmarshal(text, &e); err != nil {
			errs = append(errs, err)
			continue
		}
		out.Entries = append(out.Entries, e)
	}
	if err := errors.Join(errs...); err != nil {
		out.Problems = append(out.Problems, problemText(language.New("有的审计记录读不了", "some of the audit log cannot be read"), err))
	}
	return out, nil
}
