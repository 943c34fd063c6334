package apply

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// removals takes access away, last of all. Right before each batch is written its assets are
// read again: one that a person changed since the plan is kept.
func (r *run) removals(changes []plan.Change) {
	for batch := range slices.Chunk(only(changes, plan.Deactivate), max(r.o.Batch, 1)) {
		if left := r.readAgain(batch); len(left) > 0 {
			r.add(r.update(left)...)
		}
	}
	for batch := range slices.Chunk(only(changes, plan.Delete), max(r.o.Batch, 1)) {
		if left := r.readAgain(batch); len(left) > 0 {
			r.delete(left)
		}
	}
}

func (r *run) delete(todo []plan.Change) {
	if r.ctx.Err() != nil {
		for _, c := range todo {
			r.add(r.outcome(c, r.ctx.Err()))
		}
		return
	}
	ids := make([]string, 0, len(todo))
	for _, c := range todo {
		ids = append(ids, c.AssetID)
	}
	for n, err := range r.to.Remove(r.ctx, ids) {
		r.add(r.outcome(todo[n], err))
	}
}

func only(changes []plan.Change, action plan.Action) []plan.Change {
	var out []plan.Change
	for _, c := range changes {
		if c.Action == action {
			out = append(out, c)
		}
	}
	return out
}

// readAgain gives those changes whose assets are still what the plan saw. Where the reading
// fails nothing is removed.
func (r *run) readAgain(changes []plan.Change) []plan.Change {
	ids := make([]string, 0, len(changes))
	for _, c := range changes {
		ids = append(ids, c.AssetID)
	}
	err := r.ctx.Err()
	var fresh []inventory.Asset
	if err == nil {
		fresh, err = r.to.Assets(r.ctx, ids)
	}
	if err != nil {
		for _, c := range changes {
			item := r.outcome(c, err)
			if item.State == Failed {
				item.Reason = plan.Because(plan.NotReadAgain)
			}
			r.add(item)
		}
		return nil
	}
	now := make(map[string]inventory.Asset, len(fresh))
	for _, a := range fresh {
		now[a.ID] = a
	}
	var same []plan.Change
	for _, c := range changes {
		a, there := now[c.AssetID]
		if !there {
			r.add(Item{Change: c, State: Kept, Reason: plan.Because(plan.GoneMeanwhile)})
			continue
		}
		if what := changed(*c.Before, a); what != "" {
			r.add(Item{Change: c, State: Kept, Reason: plan.Because(plan.ChangedMeanwhile, what)})
			continue
		}
		same = append(same, c)
	}
	return same
}

// changed names what differs between the asset that was planned with and the asset as it is.
func changed(before, now inventory.Asset) string {
	var what []string
	if before.Active != now.Active {
		what = append(what, "is_active")
	}
	if before.Address != now.Address {
		what = append(what, "address")
	}
	if !slices.Equal(sorted(before.Labels), sorted(now.Labels)) {
		what = append(what, "labels")
	}
	return strings.Join(what, ", ")
}

// sorted gives the labels in one order: JumpServer promises none.
func sorted(labels []inventory.Label) []inventory.Label {
	return slices.SortedFunc(slices.Values(labels), func(x, y inventory.Label) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), strings.Compare(x.Value, y.Value))
	})
}
