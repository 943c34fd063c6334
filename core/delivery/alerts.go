package delivery

import (
	"context"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/notify"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// alertLife is how long what lasts counts as such after a run that saw it: for so long no later run said that it is over.
func (c Cards) alertLife() time.Duration {
	const slack = 5 * time.Minute
	if c.TimerInterval <= 0 {
		return time.Hour
	}
	return staleAfterIntervals*c.TimerInterval + slack
}

// sendAlerts sends what lasts to the channels that keep track of it, by every run: known is what was remembered before it.
// It returns what went wrong; the next run sends all of it again.
func (c Cards) sendAlerts(ctx context.Context, rep report.Report, known []state.Condition) error {
	if rep.DryRun || !slices.ContainsFunc(c.Channels, func(k Channel) bool { return k.Tracks }) {
		return nil
	}
	ctx, cancel := DetachedContext(ctx)
	defer cancel()
	tracking := c
	tracking.Channels = slices.DeleteFunc(slices.Clone(c.Channels), func(k Channel) bool { return !k.Tracks })
	return tracking.sendWorded(ctx, func(k Channel) (notify.Message, bool) {
		o := k.options(c.Options)
		alerts := c.alertsFor(k, rep.In(o.Lang), known)
		return report.NewAlertMessage(rep, alerts, o), len(alerts) > 0
	}).err
}

// alertsFor returns what lasts and what has ended, as far as a channel is told of it.
func (c Cards) alertsFor(k Channel, rep report.Report, known []state.Condition) []notify.Alert {
	now := c.Now()
	var alerts []notify.Alert
	current := rep.Conditions()
	for _, one := range current {
		if !k.tracks(one) {
			continue
		}
		since := now
		at := slices.IndexFunc(known, func(k state.Condition) bool { return k.Key == one.Key && k.EndedAt.IsZero() })
		if at >= 0 {
			since = known[at].Since
		}
		alerts = append(alerts, report.NewAlert(one, since, now.Add(c.alertLife())))
	}
	for _, old := range known {
		one := conditionOf(old)
		isCurrent := slices.ContainsFunc(current, func(k report.Condition) bool { return k.Key == old.Key })
		if !isCurrent && k.tracks(one) && (rep.HasSeen(one) || !old.EndedAt.IsZero()) {
			alerts = append(alerts, report.NewAlert(one, old.Since, now))
		}
	}
	return alerts
}
