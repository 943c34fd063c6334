package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// LossCounter checks removals one by one, for events in scopes for which no state records what the last full run
// held. Together with what was deactivated within a day, each must stay within the share that a full run's guard
// allows. It is not safe for concurrent use.
type LossCounter struct {
	limits        Limits
	count         CountAssets
	accountLosses map[inventory.Scope]*lossStats
	ownerLosses   map[ownerScope]*lossStats
}

// CountAssets returns how many active assets carry all of these labels.
type CountAssets func(labels []inventory.Label) (int, error)

// lossStats counts the losses of a scope, or of the owner's scope that several accounts share.
type lossStats struct {
	scopeStats
	counted bool // scopeStats.assets is known
}

// NewLossCounter returns a LossCounter that has counted those of the assets that were deactivated within the day
// before now. It calls count only for a scope whose losses exceed Limits.Min.
func NewLossCounter(limits Limits, deactivated []inventory.Asset, now time.Time, count CountAssets) *LossCounter {
	l := &LossCounter{limits: limits, count: count, accountLosses: map[inventory.Scope]*lossStats{}, ownerLosses: map[ownerScope]*lossStats{}}
	for _, a := range deactivated {
		m, ours := parseOwnership(a)
		if !ours || !isRecentLoss(a, now) {
			continue
		}
		for _, t := range l.lossesOf(m) {
			t.recent++
		}
	}
	return l
}

// Hold returns why the removal of an asset of ours must not be made, and otherwise counts it as made. On an error,
// which is that of CountAssets, it must not be made either.
func (l *LossCounter) Hold(a inventory.Asset) (why reason.Reason, holds bool, err error) {
	m, _ := parseOwnership(a)
	around := l.lossesOf(m)
	for n, label := range [...]string{inventory.LabelAccount, inventory.LabelOwner} {
		why, holds, err = l.checkShare(around[n], commonLabels(a, label))
		if holds || err != nil {
			return why, holds, err
		}
	}
	for _, t := range around {
		t.lost++
	}
	return reason.Reason{}, false, nil
}

// checkShare checks one more loss of a scope whose assets carry these labels.
func (l *LossCounter) checkShare(t *lossStats, labels []inventory.Label) (why reason.Reason, holds bool, err error) {
	after := t.scopeStats
	after.lost++
	if after.lossesOfDay() <= l.limits.Min {
		return reason.Reason{}, false, nil // allowed in a scope of any size
	}
	if !t.counted {
		t.assets, err = l.count(labels)
		if err != nil {
			return reason.Reason{}, false, err
		}
		t.counted = true
	}
	after.assets = t.assets
	if !l.limits.losesTooMuchInADay(after) {
		return reason.Reason{}, false, nil
	}
	return reason.New(reason.EventLeak, after.lossesOfDay(), after.assets+after.recent, t.lossesOfDay(), l.limits.Percent), true, nil
}

// lossesOfDay returns the number of assets lost within a day, this run's included.
func (s scopeStats) lossesOfDay() int { return s.lost + s.recent }

// lossesOf returns the counts for the two scopes that an asset belongs to: its account's and its owner's.
func (l *LossCounter) lossesOf(m ownership) [2]*lossStats {
	scope, at := inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region}, m.ownerScope()
	if l.accountLosses[scope] == nil {
		l.accountLosses[scope] = &lossStats{}
	}
	if l.ownerLosses[at] == nil {
		l.ownerLosses[at] = &lossStats{}
	}
	return [2]*lossStats{l.accountLosses[scope], l.ownerLosses[at]}
}

// commonLabels returns the labels that all assets of the same cloud and region share with this one if they have the
// same value of the named label.
func commonLabels(a inventory.Asset, name string) []inventory.Label {
	var labels []inventory.Label
	for _, name := range []string{inventory.LabelCloud, inventory.LabelRegion, name} {
		value, _ := a.Label(name)
		labels = append(labels, inventory.Label{Name: name, Value: value})
	}
	return labels
}
