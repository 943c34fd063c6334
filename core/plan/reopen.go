package plan

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Closed is one removal as the record of a run names it. Only Asset and Action are always known.
type Closed struct {
	Asset  string
	Action Action // Deactivate or Delete
	// Gone is the value of the label jms-gone that the deactivation wrote: an asset that has it was deactivated by
	// this very write, and not anew since.
	Gone           string
	Scope          inventory.Scope
	Instance, Name string
}

// Reopening says which assets a person wants to be switched on again.
type Reopening struct {
	Account, Region string // "" = all
	// Closed is what the record says. nil: there is none, and the time in the label jms-gone tells, Since to Until.
	Closed       []Closed
	Since, Until time.Time
	// Marks are values of jms-gone for which the record has no asset ids, as there were too many: whatever carries
	// one of them, of the accounts and regions in Within.
	Marks  []string
	Within []inventory.Scope
}

// Reopen plans to switch on again what we deactivated: assets of ours that carry the mark of that very deactivation,
// and are inactive. It plans nothing else. What people changed since is a Skip that says so, as is what was deleted.
// The label jms-gone stays: on an active asset it says to every run that a person switched it on, which leaves it open
// and says so (SwitchedOn), until the instance is listed again and the marks go; jms-reopened says so when a person
// switches the asset off again. What was promised in jms-due is taken off.
func Reopen(in Input, rules Rules, what Reopening) Plan {
	rules.Partial = false
	b := newBuilder(Input{Current: in.Current}, rules)
	named := map[string]bool{}
	for _, c := range what.Closed {
		if !named[c.Asset] {
			named[c.Asset] = true
			b.reopenNamed(c, what)
		}
	}
	for _, n := range b.assetOrder {
		a, m := &b.input.Current.Assets[n], b.ownerships[n]
		if b.ours[n] && !named[a.ID] && what.covers(m) && b.closedThen(*a, m, what) {
			b.reopen(absentChange(a, m), n, "")
		}
	}
	slices.SortFunc(b.plan.labelWrites, Compare)
	b.plan.sortChanges()
	b.plan.reopens = true
	return b.plan
}

func (what Reopening) covers(m ownership) bool {
	return (what.Account == "" || m.account == what.Account) && (what.Region == "" || m.region == what.Region)
}

// closedThen reports whether the mark of an asset alone says that it is meant.
func (b *builder) closedThen(a inventory.Asset, m ownership, what Reopening) bool {
	value, _ := a.Label(inventory.LabelGone)
	at, gone, readable := parseDeactivatedAt(a, b.rules.Now)
	if what.Closed == nil && len(what.Marks) == 0 {
		return gone && (!readable || !at.Before(what.Since) && !at.After(what.Until))
	}
	same := func(mark string) bool { return inventory.MayBeEqual(value, mark) }
	return gone && slices.ContainsFunc(what.Marks, same) &&
		slices.Contains(what.Within, inventory.Scope{Cloud: m.cloud, Account: m.account, Region: m.region})
}

// reopenNamed decides on an asset that a record names.
func (b *builder) reopenNamed(c Closed, what Reopening) {
	n, there := b.assetIndex[c.Asset]
	line := Change{Scope: c.Scope, InstanceID: c.Instance, AssetID: c.Asset, Name: cmp.Or(c.Name, c.Asset)}
	meant := ownership{account: c.Scope.Account, region: c.Scope.Region}
	if there && b.ours[n] {
		meant, line = b.ownerships[n], absentChange(&b.input.Current.Assets[n], b.ownerships[n])
	}
	switch {
	case meant.account != "" && !what.covers(meant):
	case !there && c.Action == Delete:
		b.addSkip(line, newReason(LostForGood))
	case !there:
		b.addSkip(line, newReason(LostSince))
	case c.Action == Delete:
		b.addSkip(line, newReason(MadeAnew))
	case !b.ours[n]:
		b.addSkip(line, newReason(NoLongerOurs, b.input.Current.Assets[n].Name))
	default:
		b.reopen(line, n, c.Gone)
	}
}

// reopen decides on an asset of ours that was deactivated, as the record says with this value of jms-gone ("" = it
// does not say).
func (b *builder) reopen(c Change, n int, recorded string) {
	a := b.input.Current.Assets[n]
	value, _ := a.Label(inventory.LabelGone)
	since, gone, readable := parseDeactivatedAt(a, b.rules.Now)
	spared, untouchable := b.rules.neverWritten(a)
	doubt, contradict := ownershipConflict(a, b.ownerships[n])
	switch {
	case a.Active:
		b.addSkip(c, newReason(OpenAlready))
	case !gone:
		b.addSkip(c, newReason(OffByHand))
	case !readable:
		b.addSkip(c, newReason(GoneUnreadable))
	case recorded != "" && !inventory.MayBeEqual(value, recorded):
		b.addSkip(c, newReason(ClosedSince, formatTime(since)))
	case switchedOffByPerson(a):
		b.addSkip(c, newReason(OffBefore))
	case !b.wasDeactivatedByUs(a):
		b.addSkip(c, newReason(MarksNotWhole))
	case untouchable:
		b.addSkip(c, spared)
	case contradict:
		b.addSkip(c, doubt)
	default:
		c.Action, c.Reason = Update, newReason(Reopened, formatTime(since))
		c.Fields = []string{"is_active", "labels"}
		c.Patch = &inventory.Patch{ID: a.ID, Active: new(true), Labels: reopenedLabels(a)}
		b.plan.labelWrites = append(b.plan.labelWrites, c)
	}
}

// reopenedLabels returns the labels of an asset that a person has switched on again: never nil.
func reopenedLabels(a inventory.Asset) []inventory.Label {
	return slices.DeleteFunc(replaceLabel(a, inventory.LabelReopened, reopenedBy), func(l inventory.Label) bool {
		return hasAnyName(l, inventory.LabelDue, inventory.LabelEvent)
	})
}

// ApproveReopening lets the writes of Reopen pass: they remove nothing. Of any other plan it approves nothing.
func (p Plan) ApproveReopening() Approved {
	if !p.reopens {
		return Approved{}
	}
	return Approved{notes: slices.Clone(p.notes), updates: slices.Clone(p.labelWrites)}
}

// ClosedAt returns when the asset of a change was deactivated, as its mark said when it was planned; zero where that
// is not known.
func ClosedAt(c Change) time.Time {
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
