package state

import (
	"context"
	"encoding/json"
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// AuditRetention is how long the audit log is kept.
const AuditRetention = 400 * 24 * time.Hour

// auditMaxBytes bounds one entry of the audit log.
const auditMaxBytes = 16 << 10

// maxPrunedEntries is how many old entries one SaveAudit deletes at most.
const maxPrunedEntries = 20

// auditEnd ends the id of the second entry of an act: how it ended.
const auditEnd = "-end"

// auditID is the form of an id: the time of the act, so that ids sort by it, and something that no other has.
var auditID = regexp.MustCompile(`^\d{8}T\d{6}\.\d{3}Z-[a-z0-9]{4,40}$`)

// AuditRecord is an act of a person, as documents: what was intended, and how it ended.
type AuditRecord struct {
	ID     string
	Intent []byte // nil = there is none, or it cannot be read
	End    []byte // nil = not known
}

type auditBody struct {
	ID    string          `json:"id"`
	Entry json.RawMessage `json:"entry"`
}

func (s *Store) auditKey(id string) string {
	return s.prefix + "audit/" + id[:4] + "-" + id[4:6] + "-" + id[6:8] + "/" + id
}

// SaveAudit adds an entry to the audit log: what is intended before an act, and with ended how it ended. No entry is ever
// written over, where the store can prevent that. The id begins with the time: "20261128T143507.123Z-…".
func (s *Store) SaveAudit(ctx context.Context, id string, ended bool, entry []byte) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	if !auditID.MatchString(id) || !json.Valid(entry) {
		return &inventory.Error{Kind: inventory.Invalid, Message: "the audit log: an entry of another form"}
	}
	key := s.auditKey(id)
	if ended {
		key += auditEnd
	}
	_, err := s.saveObject(ctx, key+".json", auditMaxBytes, auditBody{id, entry}, s.createCondition(ctx))
	if err != nil || !ended {
		return wrapError("write the audit log", err)
	}
	_ = s.pruneAudit(ctx) // what is too old can stay
	return nil
}

// pruneAudit deletes a few entries of one day that is too old, chosen as pruneHistory does.
func (s *Store) pruneAudit(ctx context.Context) error {
	span := 4
	if s.pick(4) == 0 {
		span = 365
	}
	oldest := s.now().UTC().Truncate(day).Add(-AuditRetention - day)
	keys, err := s.bucket.List(ctx, s.prefix+"audit/"+oldest.Add(-time.Duration(s.pick(span))*day).Format(dayLayout)+"/")
	if err != nil {
		return err
	}
	return s.deleteAll(ctx, keys[:min(len(keys), maxPrunedEntries)])
}

// ListAudit returns the newest acts since a time, newest first, at most limit, and whether there are more. What cannot be
// read is named by the error.
func (s *Store) ListAudit(ctx context.Context, since time.Time, limit int) (found []AuditRecord, more bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, 4*callTimeout) // a person asked and waits
	defer cancel()
	keys, more, err := s.listAuditKeys(ctx, since.UTC(), limit)
	if err != nil {
		return nil, false, wrapError("list the audit log", err)
	}
	bodies, errs := loadAll[auditBody](ctx, s, keys, auditMaxBytes)
	known := map[string]*AuditRecord{}
	for n, b := range bodies {
		id, isEnd := strings.CutSuffix(strings.TrimSuffix(keys[n][strings.LastIndexByte(keys[n], '/')+1:], ".json"), auditEnd)
		if known[id] == nil {
			known[id] = &AuditRecord{ID: id}
		}
		switch {
		case errs[n] != nil || b.ID != id:
			errs[n] = errors.Join(errs[n], &inventory.Error{Kind: inventory.Incomplete, Message: "the audit log: " + id + " cannot be read"})
		case isEnd:
			known[id].End = b.Entry
		default:
			known[id].Intent = b.Entry
		}
	}
	for _, r := range known {
		found = append(found, *r)
	}
	sorting.By(found, func(x, y AuditRecord) int { return strings.Compare(y.ID, x.ID) })
	if len(found) > limit {
		found, more = found[:limit], true
	}
	return found, more, wrapError("read the audit log", errors.Join(errs...))
}

// listAuditKeys lists day by day from the newest, until there are enough.
func (s *Store) listAuditKeys(ctx context.Context, since time.Time, limit int) (keys []string, more bool, err error) {
	first := since.Truncate(day)
	for d := s.now().UTC().Truncate(day).Add(day); !d.Before(first); d = d.Add(-day) {
		if len(keys) > 2*limit {
			return keys, true, nil
		}
		folder := s.prefix + "audit/" + d.Format(dayLayout) + "/"
		found, err := s.bucket.List(ctx, folder)
		if err != nil {
			return nil, false, err
		}
		found = slices.DeleteFunc(found, func(key string) bool {
			name := strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(key, folder), ".json"), auditEnd)
			return !auditID.MatchString(name) || name < since.Format("20060102T150405.000Z")
		})
		slices.Reverse(found)
		keys = append(keys, found...)
	}
	return keys, false, nil
}
