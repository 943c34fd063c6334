package state

import (
	"context"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/storage"
)

// Pause is a person's order to write nothing for a while, or to remove nothing. The zero value is none.
type Pause struct {
	Removals bool      `json:"removals"` // nothing is removed; false = nothing is written at all
	Since    time.Time `json:"since"`
	Until    time.Time `json:"until,omitzero"` // zero = until Resume
	By       string    `json:"by"`
	Reason   string    `json:"reason"`
	Nonce    string    `json:"nonce"` // tells it from every other pause
}

// Exists reports whether there is a pause, be it over or not.
func (p Pause) Exists() bool { return !p.Since.IsZero() }

// Stands reports whether a pause is in force at a time.
func (p Pause) Stands(now time.Time) bool {
	return p.Exists() && (p.Until.IsZero() || now.Before(p.Until))
}

func (s *Store) pauseKey() string { return s.prefix + "pause.json" }

// Pause returns what is paused, also one that is over. With an error it is not known whether anything is; what is
// damaged, or of a later schema, is Incomplete.
func (s *Store) Pause(ctx context.Context) (Pause, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	var p Pause
	_, err := s.loadObject(ctx, s.pauseKey(), smallMaxBytes, &p)
	if err == nil && !p.Exists() {
		err = &corruptError{reason: "does not say since when"}
	}
	d, bad := asCorrupt(err)
	switch {
	case bad:
		return Pause{}, &inventory.Error{Kind: inventory.Incomplete, Message: "state object " + s.pauseKey(), Err: d}
	case inventory.KindOf(err) == inventory.NotFound:
		return Pause{}, nil
	case err != nil:
		return Pause{}, wrapError("read what is paused", err)
	}
	return p, nil
}

// KeepPause puts a pause in the place of whatever was paused before, also of what cannot be read.
func (s *Store) KeepPause(ctx context.Context, p Pause) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	p.Since, p.Nonce = p.Since.UTC(), s.nonce()
	if !p.Until.IsZero() {
		p.Until = p.Until.UTC()
	}
	data, err := encodeObject(p, smallMaxBytes)
	if err == nil {
		_, err = s.saveObject(ctx, s.pauseKey(), data, storage.Always())
	}
	return wrapError("pause", err)
}

// Resume ends whatever is paused, also what cannot be read.
func (s *Store) Resume(ctx context.Context) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	for _, key := range []string{s.pauseKey(), s.pauseToldKey()} {
		err := s.bucket.Delete(ctx, key)
		if err != nil && inventory.KindOf(err) != inventory.NotFound { // some stores say that it was not there
			return wrapError("resume", err)
		}
	}
	return nil
}

// PauseTold is when people were told last of a pause. It decides only when they are told again.
type PauseTold struct {
	Of    string    `json:"of"` // Pause.Nonce; "" = of one that could not be read
	At    time.Time `json:"at"`
	Ended bool      `json:"ended"` // that it is over was told
	Nonce string    `json:"nonce"`
}

func (s *Store) pauseToldKey() string { return s.prefix + "pause-told.json" }

// PauseTold returns what people were told last; the zero value where nothing is known.
func (s *Store) PauseTold(ctx context.Context) (PauseTold, error) {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	var t PauseTold
	_, err := s.loadObject(ctx, s.pauseToldKey(), smallMaxBytes, &t)
	if _, bad := asCorrupt(err); bad || inventory.KindOf(err) == inventory.NotFound {
		return PauseTold{}, nil
	}
	return t, wrapError("read when the pause was told", err)
}

// KeepPauseTold notes what people were told.
func (s *Store) KeepPauseTold(ctx context.Context, t PauseTold) error {
	ctx, cancel := withTimeout(ctx)
	defer cancel()
	t.At, t.Nonce = t.At.UTC(), s.nonce()
	data, err := encodeObject(t, smallMaxBytes)
	if err == nil {
		_, err = s.saveObject(ctx, s.pauseToldKey(), data, storage.Always())
	}
	return wrapError("note that the pause was told", err)
}
