package session

import (
	"context"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/state"
)

// newPauses returns what remembers what people have paused; nil where no store is named. A store that is named and could
// not be opened may hold a pause: that it cannot be read is what it says, and then nothing is removed.
func newPauses(store *state.Store, unopened error) engine.Pauses {
	switch {
	case unopened != nil:
		return unopenedStore{unopened}
	case store == nil:
		return nil
	}
	return store
}

// unopenedStore is a store that could not be opened.
type unopenedStore struct{ err error }

func (u unopenedStore) Pause(context.Context) (state.Pause, error) { return state.Pause{}, u.err }

func (u unopenedStore) PauseTold(context.Context) (state.PauseTold, error) {
	return state.PauseTold{}, u.err
}

func (u unopenedStore) KeepPauseTold(context.Context, state.PauseTold) error { return u.err }
