package plan

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// RecordedRemoval is a removal in the record of a run. Only AssetID and Action are always known.
type RecordedRemoval struct {
	AssetID string
	Action  Action // Deactivate or Delete
	// GoneLabel is the value of jms-gone that the deactivation wrote. An asset that still has it was
	// deactivated by that very write, and not again since.
	GoneLabel        string
	Scope            inventory.Scope
	InstanceID, Name string
}

// Reopening says which assets a person wants active again.
type Reopening struct {
	Account, Region string // "" = all
	// Recorded is what the record says. If it is nil there is no record, and the time in jms-gone decides:
	// Since to Until.
	Recorded     []RecordedRemoval
	Since, Until time.Time
	// GoneLabels are values of jms-gone for which the record has no asset ids, because there were too many.
	// They mean all assets with one of these values, of the accounts and regions in Scopes.
	GoneLabels []string
	Scopes     []inventory.Scope
}

// Reopen plans to activate assets of ours that we deactivated: they still carry the jms-gone of that deactivation,
// and are inactive. It plans nothing else. What people changed or deleted since is a Skip that says so.
//
// The label jms-gone stays: on an active asset it tells every run that a person switched it on, so that the run
// leaves it active and reports it (SwitchedOn), until the instance is listed again and our labels go. jms-reopened
// says the same once a person switches the asset off again. jms-due is removed. Of what a rule deactivated jms-rule-off
// stays in the same way: it is active, and stays so, until the rule no longer matches.
func Reopen(in Input, rules Rules, what Reopening) Plan {
	rules.Partial = false
	b := newBuilder(Input{Current: in.Current}, rules)
	named := map[string]bool{}
	for _, c := range what.Recorded {
		if !named[c.AssetID] {
			named[c.AssetID] = true
			b.reopenRecorded(c, what)
		}
	}
	for _, n := range b.assetOrder {
		a, m := &b.input.Current.Assets[n], b.ownerships[n]
		if b.ours[n] && !named[a.ID] && what.covers(m) && b.matchesGoneLabel(*a, m, what) {
			b.reopenAsset(absentChange(a, m), n, "")
		}
	}
	sorting.By(b.plan.labelWrites, Compare)
	b.plan.sortChanges()
	b.plan.reopens = true
	return b.plan
}

func (what Reopening) covers(m ownership) bool {
	return (what.Account == "" || m.account == what.Account) && (what.Region == "" || m.region == what.Region)
}

// matchesGoneLabel reports whether a Reopening means an asset by the value of its jms-gone alone.
func (b *builder) matchesGoneLabel(a inventory.Asset, m ownership, what Reopening) bool {
	value, _ := a.Label(inventory.LabelGone)
	at, gone, readable := parseDeactivatedAt(a, b.rules.Now)
	if what.Recorded == nil && len(what.GoneLabels) == 0 {
		return gone && (!readable || !at.Before(what.Since) && !at.After(what.Until))
	}
	same := func(mark string) bool { return inventory.MayBeEqual(value, mark) }
	return gone && slices.ContainsFunc(what.GoneLabels, same) &&
		slices.Contains(what.Scopes, m.accountScope())
}

// reopenRecorded decides on an asset that the record names.
func (b *builder) reopenRecorded(c RecordedRemoval, what Reopening) {
	n, there := b.assetIndex[c.AssetID]
	line := Change{Scope: c.Scope, InstanceID: c.InstanceID, AssetID: c.AssetID, Name: cmp.Or(c.Name, c.AssetID)}
	meant := ownership{account: c.Scope.Account, region: c.Scope.Region}
	if there && b.ours[n] {
		meant, line = b.ownerships[n], absentChange(&b.input.Current.Assets[n], b.ownerships[n])
	}
	switch {
	case meant.account != "" && !what.covers(meant):
	case !there && c.Action == Delete:
		b.addSkip(line, reason.New(reason.LostForGood))
	case !there:
		b.addSkip(line, reason.New(reason.LostSince))
	case c.Action == Delete:
		b.addSkip(line, reason.New(reason.MadeAnew))
	case !b.ours[n]:
		b.addSkip(line, reason.New(reason.NoLongerOurs, b.input.Current.Assets[n].Name))
	default:
		b.reopenAsset(line, n, c.GoneLabel)
	}
}

// reopenAsset decides on an asset of ours. recorded is the value of jms-gone in the record, "" if it has none.
func (b *builder) reopenAsset(c Change, n int, recorded string) {
	a := b.input.Current.Assets[n]
	value, _ := a.Label(inventory.LabelGone)
	since, gone, readable := parseDeactivatedAt(a, b.rules.Now)
	protected, isNeverWritten := b.rules.neverWritten(a)
	doubt, contradict := ownershipConflict(a, b.ownerships[n])
	switch {
	case a.Active:
		b.addSkip(c, reason.New(reason.OpenAlready))
	case !gone && (!isRuledOff(a) || switchedOffByPerson(a)):
		b.addSkip(c, reason.New(reason.OffByHand))
	case !readable:
		b.addSkip(c, reason.New(reason.GoneUnreadable))
	case recorded != "" && !inventory.MayBeEqual(value, recorded):
		b.addSkip(c, reason.New(reason.ClosedSince, formatTime(since)))
	case switchedOffByPerson(a):
		b.addSkip(c, reason.New(reason.OffBefore))
	case gone && !b.wasDeactivatedByUs(a):
		b.addSkip(c, reason.New(reason.MarksNotWhole))
	case isNeverWritten:
		b.addSkip(c, protected)
	case contradict:
		b.addSkip(c, doubt)
	default:
		c.Action, c.Reason = Update, reason.New(reason.Reopened, formatTime(since))
		if !gone {
			c.Reason = reason.New(reason.ReopenedFromRule)
		}
		c.Fields = []string{"is_active", "labels"}
		c.Patch = &inventory.Patch{ID: a.ID, Active: new(true), Labels: reopenedLabels(a)}
		b.plan.labelWrites = append(b.plan.labelWrites, c)
	}
}

// reopenedLabels returns the labels of an asset that a person has switched on again. It is never nil.
func reopenedLabels(a inventory.Asset) []inventory.Label {
	return slices.DeleteFunc(replaceLabel(a, inventory.LabelReopened, reopenedBy), func(l inventory.Label) bool {
		return hasAnyName(l, inventory.LabelDue, inventory.LabelEvent, inventory.LabelApproved, inventory.LabelClosed)
	})
}

// ApproveReopening approves the plans of Reopen, which remove nothing. Of any other plan it approves nothing.
func (p Plan) ApproveReopening() Approved {
	if !p.reopens {
		return Approved{}
	}
	return Approved{notes: slices.Clone(p.notes), updates: slices.Clone(p.labelWrites)}
}

// DeactivatedAt returns when a change's asset was deactivated, by its label at the time of the plan; zero if that
// is unknown.
func DeactivatedAt(c Change) time.Time {
	if c.Before == nil {
		return time.Time{}
	}
	value, _ := c.Before.Label(inventory.LabelGone)
	at, err := inventory.ParseLabelTime(strings.TrimSpace(value))
	if err != nil {
		return time.Time{}
	}
	return at
}
