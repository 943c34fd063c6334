package enginetest

import (
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// NewStore returns an empty store of an installation, in memory and with the run's clock.
func (w *World) NewStore() *state.Store {
	w.T.Helper()
	store, err := state.New(storagetest.NewMemoryBucket(storage.Capabilities{CreateOnly: true, IfMatch: true}), "", state.Options{Now: w.RunClock.Now})
	if err != nil {
		w.T.Fatal(err)
	}
	return store.ForInstallation("jms", "org")
}

// Incremental returns what lets a run write only what is new since the last one. A full run is due every hour.
func Incremental(store *state.Store, salt string) *engine.Incremental {
	return IncrementalEvery(store, salt, time.Hour)
}

// IncrementalEvery is Incremental with another time between full runs.
func IncrementalEvery(store *state.Store, salt string, full time.Duration) *engine.Incremental {
	return &engine.Incremental{Store: store, Salt: salt, FullInterval: full, SyncChanges: reconcile.SyncChanges}
}

// CountInactive returns how many assets are switched off.
func (w *World) CountInactive() int { return w.JumpServer.CountInactive(jumpservertest.DefaultOrg) }
