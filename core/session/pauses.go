package session

import (
	"context"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/state"
)

// pauses returns what remembers what people have paused; nil where no store is named. A store that is named and could
// not be opened may hold a pause: that it cannot be read is what it says, and then nothing is removed.
func pauses(store *state.Store, unopened error) engine.Pauses {
	switch {
	case unopened != nil:
		return unread{unopened}
	case store == nil:
		return nil
	}
	return store
}

// unread is a store that could not be opened.
type unread struct{ err error }

func (u unread) LoadPause(context.Context) (state.Pause, error) { return state.Pause{}, u.err }

func (u unread) LoadPauseNotice(context.Context) (state.PauseNotice, error) {
	return state.PauseNotice{}, u.err
}

func (u unread) SavePauseNotice(context.Context, state.PauseNotice) error { return u.err }
