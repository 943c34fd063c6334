package state

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Pause is a person's order to write nothing, or to remove nothing, for a while. The zero value is no pause.
type Pause struct {
	Removals bool      `json:"removals"` // only removals are paused; false = all writes are
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until,omitzero"` // zero = until Resume
	By       string    `json:"by"`
	Reason   string    `json:"reason"`
	Nonce    string    `json:"nonce"` // differs from that of every other pause
}

// Exists reports whether there is a pause, over or not.
func (p Pause) Exists() bool { return !p.Since.IsZero() }

// IsActive reports whether a pause is in force at a time.
func (p Pause) IsActive(now time.Time) bool {
	return p.Exists() && (p.Until.IsZero() || now.Before(p.Until))
}

func (s *Store) pauseKey() string { return s.prefix + "pause.json" }

// LoadPause returns the pause, also one that is over. After an error it is unknown whether there is one; a
// corrupt object, or one of a later schema, is Incomplete.
func (s *Store) LoadPause(ctx context.Context) (Pause, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	var p Pause
	_, err := s.loadObject(ctx, s.pauseKey(), smallMaxBytes, &p)
	if err == nil && !p.Exists() {
		err = &corruptError{reason: "does not say since when"}
	}
	if _, corrupt := asCorrupt(err); corrupt {
		return Pause{}, asIncomplete(s.pauseKey(), err)
	}
	if inventory.KindOf(err) == inventory.NotFound {
		return Pause{}, nil
	}
	if err != nil {
		return Pause{}, wrapError("read what is paused", err)
	}
	return p, nil
}

// SavePause saves a pause in place of any earlier one, also of one that cannot be read.
func (s *Store) SavePause(ctx context.Context, p Pause) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	p.Since, p.Nonce = p.Since.UTC(), s.nonce()
	if !p.Until.IsZero() {
		p.Until = p.Until.UTC()
	}
	_, err := s.saveObject(ctx, s.pauseKey(), smallMaxBytes, p, storage.Always())
	return wrapError("pause", err)
}

// Resume deletes the pause, also one that cannot be read.
func (s *Store) Resume(ctx context.Context) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	for _, key := range []string{s.pauseKey(), s.pauseNoticeKey()} {
		err := s.bucket.Delete(ctx, key)
		if err != nil && inventory.KindOf(err) != inventory.NotFound { // some stores refuse to delete what is not there
			return wrapError("resume", err)
		}
	}
	return nil
}

// PauseNotice is when people were last notified of a pause. It only decides when they are notified again.
type PauseNotice struct {
	PauseNonce  string    `json:"of"` // Pause.Nonce; "" = of one that could not be read
	At          time.Time `json:"at"`
	EndNotified bool      `json:"ended"` // people were notified that it is over
	Nonce       string    `json:"nonce"`
}

func (s *Store) pauseNoticeKey() string { return s.prefix + "pause-told.json" }

// LoadPauseNotice returns the last notice; the zero value where none is known.
func (s *Store) LoadPauseNotice(ctx context.Context) (PauseNotice, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	var t PauseNotice
	_, err := s.loadObject(ctx, s.pauseNoticeKey(), smallMaxBytes, &t)
	if _, corrupt := asCorrupt(err); corrupt || inventory.KindOf(err) == inventory.NotFound {
		return PauseNotice{}, nil
	}
	return t, wrapError("read when the pause was told", err)
}

// SavePauseNotice saves the last notice.
func (s *Store) SavePauseNotice(ctx context.Context, t PauseNotice) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	t.At, t.Nonce = t.At.UTC(), s.nonce()
	_, err := s.saveObject(ctx, s.pauseNoticeKey(), smallMaxBytes, t, storage.Always())
	return wrapError("note that the pause was told", err)
}
