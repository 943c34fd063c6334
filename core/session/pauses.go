package session

import (
	"context"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/state"
)

// newPauses returns the store of pauses; nil where no store is named. A store that is named but cannot be opened may
// hold a pause: reading it fails, and so nothing is removed.
func newPauses(store *state.Store, unopened error) engine.Pauses {
	switch {
	case unopened != nil:
		return unopenedStore{unopened}
	case store == nil:
		return nil
	}
	return store
}

// unopenedStore is a store of pauses that could not be opened.
type unopenedStore struct{ err error }

func (u unopenedStore) LoadPause(context.Context) (state.Pause, error) { return state.Pause{}, u.err }

func (u unopenedStore) LoadPauseNotice(context.Context) (state.PauseNotice, error) {
	return state.PauseNotice{}, u.err
}

func (u unopenedStore) SavePauseNotice(context.Context, state.PauseNotice) error { return u.err }
