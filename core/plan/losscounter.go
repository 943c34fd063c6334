package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// LossCounter checks removals one by one, for events. Together with what was deactivated within a day, each must stay
// within the shares that a full run's guard allows: that of the fleet, and that of its scope if no state records what
// the last full run held there. It is not safe for concurrent use.
type LossCounter struct {
	limits        Limits
	count         CountAssets
	accountLosses map[inventory.Scope]*lossStats
	ownerLosses   map[ownerScope]*lossStats
	fleet         lossStats // recent are those that nobody approved
	fleetScopes   map[inventory.Scope]bool
}

// CountAssets returns how many active assets carry all of these labels. The value "*" is any value.
type CountAssets func(labels []inventory.Label) (int, error)

// lossStats counts the losses of a scope, of the owner's scope that several accounts share, or of the fleet.
type lossStats struct {
	scopeStats
	counted bool // scopeStats.assets is known
}

// NewLossCounter returns a LossCounter that has counted those of the assets that were deactivated within the day
// before now. It calls count only for a scope whose losses exceed Limits.Min, and for all assets of ours if the
// losses of several scopes exceed that of Limits.Fleet.
func NewLossCounter(limits Limits, deactivated []inventory.Asset, now time.Time, count CountAssets) *LossCounter {
	l := &LossCounter{
		limits: limits, count: count, accountLosses: map[inventory.Scope]*lossStats{}, ownerLosses: map[ownerScope]*lossStats{},
		fleetScopes: map[inventory.Scope]bool{},
	}
	for _, a := range deactivated {
		m, ours := parseOwnership(a)
		if !ours || !isRecentLoss(a, now) {
			continue
		}
		for _, t := range l.lossesOf(m) {
			t.recent++
		}
		if a.LabelCount(inventory.LabelApproved) == 0 {
			l.fleet.recent++
			l.fleetScopes[m.accountScope()] = true
		}
	}
	return l
}

// Hold returns why the removal of an asset of ours must not be made, and otherwise counts it as made. If scopeDecided,
// a full run has decided on its scope, whose share is not checked. On an error, which is that of CountAssets, it must
// not be made either.
func (l *LossCounter) Hold(a inventory.Asset, scopeDecided bool) (why reason.Reason, holds bool, err error) {
	m, _ := parseOwnership(a)
	around := l.lossesOf(m)
	for n, label := range [...]string{inventory.LabelAccount, inventory.LabelOwner} {
		if scopeDecided {
			break
		}
		why, holds, err = l.checkShare(around[n], commonLabels(a, label))
		if holds || err != nil {
			return why, holds, err
		}
	}
	why, holds, err = l.checkFleet(m.accountScope())
	if holds || err != nil {
		return why, holds, err
	}
	for _, t := range append(around[:], &l.fleet) {
		t.lost++
	}
	l.fleetScopes[m.accountScope()] = true
	return reason.Reason{}, false, nil
}

// checkFleet checks one more loss of a scope among those of all scopes.
func (l *LossCounter) checkFleet(scope inventory.Scope) (why reason.Reason, holds bool, err error) {
	scopes := len(l.fleetScopes)
	if !l.fleetScopes[scope] {
		scopes++
	}
	lost := l.fleet.lossesOfDay() + 1
	if scopes < 2 || lost <= l.limits.Fleet.Min {
		return reason.Reason{}, false, nil
	}
	if !l.fleet.counted {
		l.fleet.assets, err = l.count([]inventory.Label{{Name: inventory.LabelOwner, Value: "*"}})
		if err != nil {
			return reason.Reason{}, false, err
		}
		l.fleet.counted = true
	}
	of := l.fleet.assets + l.fleet.recent
	if !l.limits.Fleet.isExceeded(lost, of) {
		return reason.Reason{}, false, nil
	}
	return reason.New(reason.EventFleet, scopes, lost, of, l.fleet.lossesOfDay(), l.limits.Fleet.Percent), true, nil
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
func (s scopeStats) lossesOfDay() int { return s.lost + s.recent + s.ruledOff }

// lossesOf returns the counts for the two scopes that an asset belongs to: its account's and its owner's.
func (l *LossCounter) lossesOf(m ownership) [2]*lossStats {
	scope, at := m.accountScope(), m.ownerScope()
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
