package main

// shareMutants: without a state store events remove no more than the guard would let pass; and what a person moved
// stays.
func shareMutants() []mutant {
	return []mutant{{
		name: "share: events weigh a scope that no full run knows", file: "core/reconcile/ratelimit.go",
		old: "w.holdByShare(c, !last.FullAt.IsZero())", broken: "w.holdByShare(c, true)", pkg: "./core/reconcile", test: "TestShareOfADayWithoutState",
	}, {
		name: "share: less than a day was read", file: "core/reconcile/ratelimit.go",
		old: "if !w.whole && !scopeDecided {", broken: "if !w.whole && !scopeDecided && false {", pkg: "./core/reconcile", test: "TestShareNotCounted",
	}, {
		name: "share: counts as the guard does", file: "core/plan/losscounter.go",
		old: "if !ours || !isRecentLoss(a, now) {", broken: "if true || !ours || !isRecentLoss(a, now) {", pkg: "./core/plan", test: "TestLossCounterIsTheGuard",
	}, {
		name: "share: of the owner too", file: "core/plan/losscounter.go",
		old:    "[...]string{inventory.LabelAccount, inventory.LabelOwner}",
		broken: "[...]string{inventory.LabelAccount}", pkg: "./core/plan", test: "TestLossCounterOfAnOwner",
	}, {
		name: "share: a page that ends within the day", file: "core/jumpserver/deactivated.go",
		old:    "count > len(page) && reachesBefore(page, since.Add(-clockSlack))",
		broken: "count > len(page)", pkg: "./core/jumpserver", test: "TestDeactivated",
	}, {
		name: "share: a row that is not what was asked for", file: "core/jumpserver/count.go",
		old: "row.Active != nil && *row.Active && ", broken: "", pkg: "./core/jumpserver", test: "TestCountActive",
	}, {
		name: "moved to another node meanwhile", file: "core/apply/reread.go",
		old: `, {"nodes", before.Nodes, now.Nodes},`, broken: ",", pkg: "./core/apply", test: "TestPersonsChangeBetweenPlanAndRemovalWins",
	}}
}
