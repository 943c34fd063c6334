package wire

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/delivery"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// checkStaleness is a tick that only looks whether complete runs are made: of a second, slower timer, which still
// fires when the first does not.
func checkStaleness(ctx context.Context, e engine.Engine, store *state.Store, err error) (report.Report, error) {
	if err == nil && store == nil {
		err = errors.New("watch: " + config.EnvState + " names no state store, so nobody knows when the last complete run was")
	}
	if err != nil {
		return report.Report{}, err
	}
	f, err := e.Cards.CheckStaleness(ctx, store, e.Rules)
	if err != nil {
		return report.Report{}, err
	}
	return report.NewStalenessReport(e.Now(), f.Stalled, stalenessText(f, e.Cards.Options.Lang)), nil
}

func stalenessText(f delivery.Freshness, lang plan.Lang) string {
	if lang == plan.English {
		return fmt.Sprintf("no complete run for more than %s", f.MaxAge)
	}
	return fmt.Sprintf("超过 %s 没有一次完整同步", f.MaxAge)
}

// checkStalenessAfterEvent is the same after an event, of one process at most once in an interval: an event must not cost many
// requests.
func (a *App) checkStalenessAfterEvent(ctx context.Context, e engine.Engine, store *state.Store) {
	now := a.now().Unix()
	last := a.lastStalenessCheck.Load()
	if store == nil || now-last < int64(e.Cards.TimerInterval/time.Second) || !a.lastStalenessCheck.CompareAndSwap(last, now) {
		return
	}
	if _, err := e.Cards.CheckStaleness(ctx, store, e.Rules); err != nil {
		e.Log.Warn("it is not known whether complete runs are made", "error", err)
	}
}
