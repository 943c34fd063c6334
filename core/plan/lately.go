package plan

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Lately weighs removals one by one, for events in scopes of which no state tells what the last full run
// held: with what was deactivated within a day, each must stay within the share that a full run's guard lets
// go. It is for one goroutine.
type Lately struct {
	limits Limits
	count  CountAssets
	scopes map[inventory.Scope]*toll
	places map[ownerScope]*toll
}

// CountAssets returns how many active assets carry all of these labels.
type CountAssets func(labels []inventory.Label) (int, error)

// toll is what Lately knows of a scope, or of the place that several accounts share.
type toll struct {
	scopeStats
	counted bool // population.assets is known
}

// NewLately returns a Lately that knows the assets that were deactivated within the day before now; others
// among them do not matter. It asks count only for a scope whose losses are more than Limits.Min.
func NewLately(limits Limits, deactivated []inventory.Asset, now time.Time, count CountAssets) *Lately {
	l := &Lately{limits: limits, count: count, scopes: map[inventory.Scope]*toll{}, places: map[ownerScope]*toll{}}
	for _, a := range deactivated {
		m, ours := parseOwnership(a)
		if !ours || !lately(a, now) {
			continue
		}
		for _, t := range l.tolls(m) {
			t.recent++
		}
	}
	return l
}

// Hold returns why the removal of an asset of ours must not be made, and counts it as made otherwise. An error
// is that of CountAssets: then it must not be made either.
func (l *Lately) Hold(a inventory.Asset) (why Reason, holds bool, err error) {
	m, _ := parseOwnership(a)
	around := l.tolls(m)
	for n, label := range [...]string{inventory.LabelAccount, inventory.LabelOwner} {
		why, holds, err = l.weigh(around[n], inCommon(a, label))
		if holds || err != nil {
			return why, holds, err
		}
	}
	for _, t := range around {
		t.lost++
	}
	return Reason{}, false, nil
}

// weigh weighs one more loss of a scope or place whose assets carry these labels.
func (l *Lately) weigh(t *toll, labels []inventory.Label) (why Reason, holds bool, err error) {
	after := t.scopeStats
	after.lost++
	if after.losses() <= l.limits.Min {
		return Reason{}, false, nil // whatever its size
	}
	if !t.counted {
		if t.assets, err = l.count(labels); err != nil {
			return Reason{}, false, err
		}
		t.counted = true
	}
	after.assets = t.assets
	if !l.limits.leaks(after) {
		return Reason{}, false, nil
	}
	return newReason(EventLeak, after.losses(), after.assets+after.recent, t.losses(), l.limits.Percent), true, nil
}

// losses is how many assets a place loses, those of the last day among them.
func (p scopeStats) losses() int { return p.lost + p.recent }

// tolls returns what is known of the scope and of the place of a mark.
func (l *Lately) tolls(m ownership) [2]*toll {
	scope, at := inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region}, m.ownerScope()
	if l.scopes[scope] == nil {
		l.scopes[scope] = &toll{}
	}
	if l.places[at] == nil {
		l.places[at] = &toll{}
	}
	return [2]*toll{l.scopes[scope], l.places[at]}
}

// inCommon returns the labels that an asset has in common with all of its cloud and region that have this
// label as it has it.
func inCommon(a inventory.Asset, name string) []inventory.Label {
	var labels []inventory.Label
	for _, name := range []string{inventory.LabelCloud, inventory.LabelRegion, name} {
		value, _ := a.Label(name)
		labels = append(labels, inventory.Label{Name: name, Value: value})
	}
	return labels
}
