package apply

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// finalReadReserve is kept free for the last read before the context ends.
const finalReadReserve = time.Second

// awaitUnanswered reads the assets of writes without an answer until JumpServer has had the time to carry them out,
// which it does although nobody waits for the answer. It finishes those that were carried out and returns the
// others. If the time is too short, or the last read fails, the others are finished as unknown.
func (r *runner) awaitUnanswered(lost []plan.Change, wait time.Duration, j writeJob, late map[string]error) []plan.Change {
	known, begun := true, r.options.Now()
	for _, part := range []time.Duration{0, wait / 4, wait / 2, wait} {
		took := r.options.Now().Sub(begun)
		if len(lost) == 0 || !known && took > wait {
			break // the last read took longer, and failed
		}
		room, short := r.affordableWait(max(part-took, 0))
		if r.options.Sleep(r.ctx, room) != nil || r.ctx.Err() != nil {
			known = false
			break
		}
		now, err := r.readAssets(lost)
		if err == nil {
			lost = r.finishCarriedOut(lost, now, j, late)
		}
		known = err == nil && !short
		if short {
			break
		}
	}
	if known {
		return lost
	}
	r.finishUnknown(lost, late)
	return nil
}

// affordableWait returns how much of a wait leaves time for a read before the context's deadline, and reports
// whether it is shortened.
func (r *runner) affordableWait(wait time.Duration) (room time.Duration, short bool) {
	end, bounded := r.ctx.Deadline()
	if !bounded {
		return wait, false
	}
	left := max(time.Until(end)-finalReadReserve, 0)
	return min(wait, left), wait > left
}

// finishUnknown finishes changes without knowing whether they were made.
func (r *runner) finishUnknown(lost []plan.Change, late map[string]error) {
	for _, c := range lost {
		r.finishChange(c, r.itemOf(c, late[c.AssetID]), late)
	}
}

// finishCarriedOut finishes the changes that their assets show to be made, and returns the others.
func (r *runner) finishCarriedOut(lost []plan.Change, now map[string]inventory.Asset, j writeJob, late map[string]error) []plan.Change {
	return slices.DeleteFunc(slices.Clone(lost), func(c plan.Change) bool {
		a, there := now[c.AssetID]
		if !j.isCarriedOut(c, a, there) {
			return false
		}
		delete(late, c.AssetID)
		r.unansweredWeight = 0
		r.finishChange(c, Item{Change: c, State: Done}, late)
		return true
	})
}

// readAssets returns the assets of changes, by id.
func (r *runner) readAssets(changes []plan.Change) (map[string]inventory.Asset, error) {
	if r.ctx.Err() != nil {
		return nil, r.ctx.Err()
	}
	ids := make([]string, 0, len(changes))
	for _, c := range changes {
		ids = append(ids, c.AssetID)
	}
	fresh, err := r.target.AssetsByID(r.ctx, ids)
	if err != nil {
		return nil, err
	}
	now := make(map[string]inventory.Asset, len(fresh))
	for _, a := range fresh {
		now[a.ID] = a
	}
	return now, nil
}

// rereadBeforeWrite reads the assets of changes right before these are written, and returns the changes to be
// written: those whose assets are still what the plan saw. sent says that they were sent before: those that were
// carried out after all are finished as done. If the read fails nothing is written.
func (r *runner) rereadBeforeWrite(changes []plan.Change, j writeJob, sent bool, late map[string]error) (same []plan.Change) {
	now, err := r.readAssets(changes)
	if err != nil {
		r.finishUnread(changes, err, late)
		return nil
	}
	for _, c := range changes {
		a, there := now[c.AssetID]
		switch {
		case sent && len(r.finishCarriedOut([]plan.Change{c}, now, j, late)) == 0:
		case !there:
			r.finishChange(c, Item{Change: c, State: Kept, Reason: reason.New(reason.GoneMeanwhile)}, late)
		default:
			if r.isAsPlanned(c, a, j, late) {
				same = append(same, c)
			}
		}
	}
	return same
}

// finishUnread finishes changes whose assets could not be read again.
func (r *runner) finishUnread(changes []plan.Change, err error, late map[string]error) {
	switch {
	case inventory.IsPermanentFront(err):
		r.stopErr = err
	case inventory.IsTransient(err):
		r.countUnanswered(5, err)
	}
	for _, c := range changes {
		if late[c.AssetID] != nil {
			r.finishUnknown([]plan.Change{c}, late)
			continue
		}
		item := r.itemOf(c, err)
		if item.State == Failed {
			item.Reason = reason.New(reason.NotReadAgain)
		}
		r.finishChange(c, item, late)
	}
}

// isAsPlanned reports whether an asset, as just read, is still what its change was planned with. If it is not, the
// change is finished.
func (r *runner) isAsPlanned(c plan.Change, now inventory.Asset, j writeJob, late map[string]error) bool {
	what := r.changedMeanwhile(c, now, j)
	if what != "" {
		r.finishChange(c, Item{Change: c, State: Kept, Reason: reason.New(reason.ChangedMeanwhile, what)}, late)
	}
	return what == ""
}

// changedMeanwhile returns the fields that somebody else has changed since the plan, as far as they matter: for a
// removal or a reopening all fields that were read, for labels those that decide on them, else only the fields that
// the change sets.
func (r *runner) changedMeanwhile(c plan.Change, now inventory.Asset, j writeJob) string {
	before := r.asWritten(*c.Before)
	switch {
	case !j.rereads:
		return strings.Join(overwrittenFields(c, before, now), ", ")
	case j.onlyPorts:
		return strings.Join(portDifferences(before, now), ", ")
	case c.Action == plan.Deactivate, c.Action == plan.Delete, c.Reason.Code == reason.Reopened, c.Reason.Code == reason.ReopenedFromRule:
		return strings.Join(append(stateDifferences(before, now), otherDifferences(before, now)...), ", ")
	}
	what := stateDifferences(before, now)
	if c.Patch != nil && c.Patch.Comment != nil && before.Comment != now.Comment {
		what = append(what, "comment")
	}
	if c.Patch != nil && c.Patch.NodeIDs != nil && before.Nodes != now.Nodes {
		what = append(what, "nodes")
	}
	if c.Patch != nil && c.Patch.Platform != nil && before.Platform != now.Platform {
		what = append(what, "platform")
	}
	return strings.Join(what, ", ")
}

// portDifferences returns what decides on protocols and differs between the planned asset and the present one.
func portDifferences(before, now inventory.Asset) (what []string) {
	if before.Platform != now.Platform {
		what = append(what, "platform")
	}
	if before.Protocols != nil && now.Protocols != nil && !sameProtocols(before.Protocols, now.Protocols) {
		what = append(what, "protocols")
	}
	return what
}

// newWriteChecks returns the checks for one call that writes these changes. dropped receives the indices that are
// not written.
func (r *runner) newWriteChecks(todo []plan.Change, j writeJob, late map[string]error, dropped map[int]bool) writeChecks {
	if !j.rereads {
		return writeChecks{}
	}
	asset := func(now inventory.Asset) bool {
		n := slices.IndexFunc(todo, func(c plan.Change) bool { return c.AssetID == now.ID })
		if n < 0 || dropped[n] {
			return false
		}
		dropped[n] = !r.isAsPlanned(todo[n], now, j, late)
		return !dropped[n]
	}
	return writeChecks{isStillDue: asset, stillDueRows: func(rows []int) []int {
		changes := make([]plan.Change, 0, len(rows))
		for _, n := range rows {
			changes = append(changes, todo[n])
		}
		same := r.rereadBeforeWrite(changes, j, true, late)
		return slices.DeleteFunc(slices.Clone(rows), func(n int) bool {
			dropped[n] = !slices.ContainsFunc(same, func(c plan.Change) bool { return c.AssetID == todo[n].AssetID })
			return dropped[n]
		})
	}}
}

// otherDifferences returns the other fields that differ: those that make an asset a gateway or protect its name,
// what people wrote about it, and where they put it.
func otherDifferences(before, now inventory.Asset) (what []string) {
	for _, f := range []struct{ field, before, now string }{
		{"name", before.Name, now.Name}, {"platform", before.Platform, now.Platform},
		{"zone", before.Zone, now.Zone}, {"comment", before.Comment, now.Comment}, {"nodes", before.Nodes, now.Nodes},
	} {
		if f.before != f.now {
			what = append(what, f.field)
		}
	}
	return what
}

// stateDifferences returns the fields that decide on labels and that differ between the planned asset and the
// present one.
func stateDifferences(before, now inventory.Asset) (what []string) {
	if before.Active != now.Active {
		what = append(what, "is_active")
	}
	if before.Address != now.Address {
		what = append(what, "address")
	}
	if !slices.Equal(sortedLabels(before.Labels), sortedLabels(now.Labels)) {
		what = append(what, "labels")
	}
	return what
}

// overwrittenFields returns the fields of a change without labels that somebody else has set since the plan.
func overwrittenFields(c plan.Change, before, now inventory.Asset) (what []string) {
	for _, f := range []struct {
		field         string
		wanted        *string
		expected, now string
	}{
		{"name", c.Patch.Name, before.Name, now.Name}, {"address", c.Patch.Address, before.Address, now.Address},
		{"zone", c.Patch.Zone, before.Zone, now.Zone},
	} {
		if f.wanted != nil && f.now != f.expected {
			what = append(what, f.field)
		}
	}
	return what
}

// asWritten returns an asset that the plan saw as this run has left it: a run may rename, or bring to what its instance
// wants, what it switches off at its end.
func (r *runner) asWritten(a inventory.Asset) inventory.Asset {
	for _, p := range r.written[a.ID] {
		a = patched(a, *p)
	}
	return a
}

// sortedLabels returns labels in one order: JumpServer promises none.
func sortedLabels(labels []inventory.Label) []inventory.Label {
	return sorting.Sorted(labels, func(x, y inventory.Label) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Value, y.Value))
	})
}

func retryAfter(err error) time.Duration {
	var e *inventory.Error
	if errors.As(err, &e) {
		return e.RetryAfter
	}
	return 0
}
