package main

// fleetMutants: what scopes, runs and events lose together is one loss; what is held anyway holds nothing else.
func fleetMutants() []mutant {
	return []mutant{{
		name: "fleet: what other rules hold does not count", file: "core/plan/verdict.go",
		old: "if verdicts[n].action == c.Action && kind(c) &&", broken: "if kind(c) &&",
		pkg: "./core/plan", test: "TestPilesHoldNothingElsewhere",
	}, {
		name: "fleet: deletes count by themselves", file: "core/plan/expect.go",
		old:    "return c.Action.isRemoval() && c.Before.LabelCount(inventory.LabelGone) == 0",
		broken: "return c.Action.isRemoval()",
		pkg:    "./core/plan", test: "TestPilesHoldNothingElsewhere",
	}, {
		name: "fleet: deletes have a limit", file: "core/plan/verdict.go",
		old: "if len(deletes) > most {", broken: "if len(deletes) > most && false {", pkg: "./core/plan", test: "TestGuardCounts",
	}, {
		name: "fleet: narrowed runs share per_run", file: "core/plan/verdict.go",
		old: "case lately > 0 && len(losses)+lately > g.limits.PerRun:", broken: "case lately < 0:", pkg: "./core/plan", test: "TestRunLimitIsShared",
	}, {
		name: "fleet: scopes lose together", file: "core/plan/fleet.go",
		old: "if len(scopes) > 1 && g.limits.Fleet", broken: "if len(scopes) > 99 && g.limits.Fleet", pkg: "./core/plan", test: "TestFleet",
	}, {
		name: "fleet: the losses of the day count", file: "core/plan/fleet.go",
		old: "\tf.recent++\n", broken: "", pkg: "./core/plan", test: "TestNormalDays",
	}, {
		name: "fleet: what people approved does not count", file: "core/plan/fleet.go",
		old: "if a.LabelCount(inventory.LabelApproved) > 0 {", broken: "if a.LabelCount(inventory.LabelApproved) > 1 {", pkg: "./core/plan", test: "TestFleet",
	}, {
		name: "fleet: approvals are labelled", file: "core/plan/guard.go",
		old: "\tg.labelApproved(out.removals)\n", broken: "", pkg: "./core/plan", test: "TestApprovedDeactivationsAreLabelled",
	}, {
		name: "fleet: emptied scopes are one loss", file: "core/plan/fleet.go",
		old: "if count > 1 && assets > smallScope {", broken: "if count > 99 && assets > smallScope {", pkg: "./core/plan", test: "TestEmptiedTogether",
	}, {
		name: "fleet: narrowed runs see what became empty", file: "core/plan/fleet.go",
		old: "out[scope] = &emptiedScope{at: at, assets: count}", broken: "_ = at", pkg: "./core/plan", test: "TestEmptiedTogether",
	}, {
		name: "fleet: people are told of emptied scopes at once", file: "core/plan/fleet.go",
		old:    "verdicts[n].action == c.Action || verdicts[n].why.Code == reason.GuardMissing",
		broken: "verdicts[n].action == c.Action", pkg: "./core/plan", test: "TestEmptiedTogether",
	}, {
		name: "fleet: by events too", file: "core/plan/losscounter.go",
		old: "if !l.limits.Fleet.isExceeded(lost, of) {", broken: "if true {", pkg: "./core/reconcile", test: "TestEventsKeepToTheFleet",
	}, {
		name: "fleet: parts count what they may remove", file: "core/engine/shard.go",
		old: `e.reserve(ctx, req, "", losses, limits.PerRun)`, broken: `e.reserve(ctx, req, "", min(losses, 1), limits.PerRun)`,
		pkg: "./core/engine", test: "TestStormOverParts",
	}}
}
