package apply

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// lookTime is kept free for the last look before the context ends.
const lookTime = time.Second

// await looks for writes without an answer until JumpServer has had the time to carry them out, which it does
// although nobody waits for it: what was carried out is done, and what was not is returned. Where the time is too
// short, or the last look fails, the rest is not known.
func (r *run) await(lost []plan.Change, wait time.Duration, j job, late map[string]error) []plan.Change {
	known, begun := true, r.o.Now()
	for _, part := range []time.Duration{0, wait / 4, wait / 2, wait} {
		took := r.o.Now().Sub(begun)
		if len(lost) == 0 || !known && took > wait {
			break // the last look took longer, and failed
		}
		room, short := r.room(max(part-took, 0))
		if r.o.Sleep(r.ctx, room) != nil || r.ctx.Err() != nil {
			known = false
			break
		}
		now, err := r.read(lost)
		if err == nil {
			lost = r.carriedOut(lost, now, j, late)
		}
		known = err == nil && !short
		if short {
			break
		}
	}
	if known {
		return lost
	}
	r.unknown(lost, late)
	return nil
}

// room returns how much of a wait fits before the context's deadline with a look after it; short: not all of it.
func (r *run) room(wait time.Duration) (room time.Duration, short bool) {
	end, bounded := r.ctx.Deadline()
	if !bounded {
		return wait, false
	}
	left := max(time.Until(end)-lookTime, 0)
	return min(wait, left), wait > left
}

// unknown ends changes of which nobody can say whether they were made.
func (r *run) unknown(lost []plan.Change, late map[string]error) {
	for _, c := range lost {
		r.finish(c, r.outcome(c, late[c.AssetID]), late)
	}
}

// carriedOut ends the changes that their assets show to be made, and returns the others.
func (r *run) carriedOut(lost []plan.Change, now map[string]inventory.Asset, j job, late map[string]error) []plan.Change {
	return slices.DeleteFunc(slices.Clone(lost), func(c plan.Change) bool {
		a, there := now[c.AssetID]
		if !j.made(c, a, there) {
			return false
		}
		delete(late, c.AssetID)
		r.silent = 0
		r.finish(c, Item{Change: c, State: Done}, late)
		return true
	})
}

// read reads the assets of changes.
func (r *run) read(changes []plan.Change) (map[string]inventory.Asset, error) {
	if r.ctx.Err() != nil {
		return nil, r.ctx.Err()
	}
	ids := make([]string, 0, len(changes))
	for _, c := range changes {
		ids = append(ids, c.AssetID)
	}
	fresh, err := r.to.Assets(r.ctx, ids)
	if err != nil {
		return nil, err
	}
	now := make(map[string]inventory.Asset, len(fresh))
	for _, a := range fresh {
		now[a.ID] = a
	}
	return now, nil
}

// again reads the assets of changes right before these are written, and returns those to be written: whose
// assets are still what the plan saw. sent says that they were sent before: what that made after all, whatever was
// answered, is done. Where the reading fails nothing is written.
func (r *run) again(changes []plan.Change, j job, sent bool, late map[string]error) (same []plan.Change) {
	now, err := r.read(changes)
	if err != nil {
		r.unread(changes, err, late)
		return nil
	}
	for _, c := range changes {
		a, there := now[c.AssetID]
		switch {
		case sent && len(r.carriedOut([]plan.Change{c}, now, j, late)) == 0:
		case !there:
			r.finish(c, Item{Change: c, State: Kept, Reason: plan.Because(plan.GoneMeanwhile)}, late)
		default:
			if r.asPlanned(c, a, j, late) {
				same = append(same, c)
			}
		}
	}
	return same
}

// unread ends changes whose assets could not be read again.
func (r *run) unread(changes []plan.Change, err error, late map[string]error) {
	switch {
	case inventory.Hopeless(err):
		r.away = err
	case inventory.Passing(err):
		r.unheard(5, err)
	}
	for _, c := range changes {
		if late[c.AssetID] != nil {
			r.unknown([]plan.Change{c}, late)
			continue
		}
		item := r.outcome(c, err)
		if item.State == Failed {
			item.Reason = plan.Because(plan.NotReadAgain)
		}
		r.finish(c, item, late)
	}
}

// asPlanned reports whether an asset, as it was just read, is still what a change of it was planned with. Where it
// is not, the change is ended.
func (r *run) asPlanned(c plan.Change, now inventory.Asset, j job, late map[string]error) bool {
	what := r.differing(c, now, j)
	if what != "" {
		r.finish(c, Item{Change: c, State: Kept, Reason: plan.Because(plan.ChangedMeanwhile, what)}, late)
	}
	return what == ""
}

// differing names what somebody else has changed since the plan, of that which matters to a change: of a removal
// all that was read, as of what a person's order switches on again; of labels what they stand for, else only the
// fields that it sets.
func (r *run) differing(c plan.Change, now inventory.Asset, j job) string {
	switch {
	case !j.guarded:
		return r.overtaken(c, now)
	case c.Action == plan.Deactivate, c.Action == plan.Delete, c.Reason.Code == plan.Reopened:
		before := *c.Before
		name, renamed := r.named[c.AssetID]
		if renamed {
			before.Name = name
		}
		return strings.Join(append(changed(before, now), otherwise(before, now)...), ", ")
	}
	what := changed(*c.Before, now)
	if c.Patch != nil && c.Patch.Comment != nil && c.Before.Comment != now.Comment {
		what = append(what, "comment")
	}
	return strings.Join(what, ", ")
}

// asks makes the questions of one call that writes these changes; dropped learns which are not to be written.
func (r *run) asks(todo []plan.Change, j job, late map[string]error, dropped map[int]bool) asks {
	if !j.guarded {
		return asks{}
	}
	asset := func(now inventory.Asset) bool {
		n := slices.IndexFunc(todo, func(c plan.Change) bool { return c.AssetID == now.ID })
		if n < 0 || dropped[n] {
			return false
		}
		dropped[n] = !r.asPlanned(todo[n], now, j, late)
		return !dropped[n]
	}
	return asks{asset: asset, rows: func(rows []int) []int {
		changes := make([]plan.Change, 0, len(rows))
		for _, n := range rows {
			changes = append(changes, todo[n])
		}
		same := r.again(changes, j, true, late)
		return slices.DeleteFunc(slices.Clone(rows), func(n int) bool {
			dropped[n] = !slices.ContainsFunc(same, func(c plan.Change) bool { return c.AssetID == todo[n].AssetID })
			return dropped[n]
		})
	}}
}

// otherwise names what differs besides: what makes a gateway of an asset, or protects its name, what people wrote
// about it, and where they put it. No run moves an asset to another node.
func otherwise(before, now inventory.Asset) (what []string) {
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

// changed names what differs, of that which decides on labels, between the asset that was planned with and the
// asset as it is.
func changed(before, now inventory.Asset) (what []string) {
	if before.Active != now.Active {
		what = append(what, "is_active")
	}
	if before.Address != now.Address {
		what = append(what, "address")
	}
	if !slices.Equal(sorted(before.Labels), sorted(now.Labels)) {
		what = append(what, "labels")
	}
	return what
}

// overtaken names the fields of a change that sets no labels which somebody else has set since.
func (r *run) overtaken(c plan.Change, now inventory.Asset) string {
	name, renamed := r.named[c.AssetID]
	if !renamed {
		name = c.Before.Name
	}
	var what []string
	for _, f := range []struct {
		field         string
		wanted        *string
		expected, now string
	}{
		{"name", c.Patch.Name, name, now.Name}, {"address", c.Patch.Address, c.Before.Address, now.Address},
		{"zone", c.Patch.Zone, c.Before.Zone, now.Zone},
	} {
		if f.wanted != nil && f.now != f.expected {
			what = append(what, f.field)
		}
	}
	return strings.Join(what, ", ")
}

// sorted returns the labels in one order: JumpServer promises none.
func sorted(labels []inventory.Label) []inventory.Label {
	return slices.SortedFunc(slices.Values(labels), func(x, y inventory.Label) int {
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
