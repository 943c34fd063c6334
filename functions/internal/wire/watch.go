package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// watch is a tick that only looks whether complete runs are made: of a second, slower timer, which still
// fires when the first does not.
func watch(ctx context.Context, e engine.Engine, store *state.Store, err error) (report.Report, error) {
	if err == nil && store == nil {
		err = errors.New("watch: " + config.VarState + " names no state store, so nobody knows when the last complete run was")
	}
	if err != nil {
		return report.Report{}, err
	}
	f, err := e.Look(ctx, store)
	if err != nil {
		return report.Report{}, err
	}
	return report.Watched(e.Now(), f.Late, lateWords(f, e.Wording.Lang)), nil
}

func lateWords(f engine.Freshness, lang plan.Lang) string {
	if lang == plan.English {
		return fmt.Sprintf("no complete run for more than %s", f.Limit)
	}
	return fmt.Sprintf("超过 %s 没有一次完整同步", f.Limit)
}

// look is the same after an event, of one process at most once in an interval: an event must not cost many
// requests.
func (a *App) look(ctx context.Context, e engine.Engine, store *state.Store) {
	now := a.now().Unix()
	last := a.looked.Load()
	if store == nil || now-last < int64(e.Interval/time.Second) || !a.looked.CompareAndSwap(last, now) {
		return
	}
	if _, err := e.Look(ctx, store); err != nil {
		e.Log.Warn("it is not known whether complete runs are made", "error", err)
	}
}
