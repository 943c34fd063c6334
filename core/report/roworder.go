package report

import (
	"cmp"

	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// ActionOrder returns the actions as people should see them: what they must act on first.
func ActionOrder() []plan.Action {
	return []plan.Action{Fail, Unknown, plan.Hold, plan.Delete, plan.Deactivate, plan.Create, plan.Update, plan.Orphan, plan.Drift, plan.Skip}
}

// RowOrder returns the places of the report's changes in ActionOrder; those of an action that it lacks come last.
func (r Report) RowOrder() []int {
	order, rank := ActionOrder(), map[plan.Action]int{}
	for n, a := range order {
		rank[a] = n - len(order)
	}
	rows := make([]int, len(r.Changes))
	for n := range rows {
		rows[n] = n
	}
	sorting.StableBy(rows, func(x, y int) int { return cmp.Compare(rank[r.Changes[x].Action], rank[r.Changes[y].Action]) })
	return rows
}
