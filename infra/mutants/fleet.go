package main

// fleetMutants: what scopes, runs and events lose together is one loss; what is held anyway holds nothing else.
func fleetMutants() []mutant {
	return []mutant{{
		name: "fleet: narrowed runs at once share per_run", file: "core/engine/shard.go",
		old: "r.Shard.Count > 0 || len(r.Accounts)+len(r.Regions) > 0)", broken: "r.Shard.Count > 0)",
		pkg: "./core/engine", test: "TestNarrowedTimersAtOnce",
	}, {
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
	}, {
		name: "fleet: parts count deletes by themselves", file: "core/engine/shard.go",
		old: `e.reserve(ctx, req, "-deletes",`, broken: `e.reserve(ctx, req, "",`, pkg: "./core/engine", test: "TestPartsCountDeletesByThemselves",
	}, {
		name: "fleet: sixteen empty regions, through the engine", file: "core/plan/fleet.go",
		old: "if other.at.Sub(s.at).Abs() < emptiedTogether {", broken: "if other == s {", pkg: "./core/engine", test: "TestSixteenRegionsBecomeEmpty",
	}}
}

// numberMutants: a run that finds nothing changed has JumpServer's word.
func numberMutants() []mutant {
	return []mutant{{
		name: "number: an unchanged run asks JumpServer", file: "core/engine/incremental.go",
		old: "same, err := e.hasKnownAssets(ctx, p)", broken: "same, err := true, error(nil)", pkg: "./core/engine", test: "TestUnchangedNeedsJumpServersWord",
	}, {
		name: "number: another one reads everything", file: "core/engine/labelled.go",
		old: "if got != want {", broken: "if got < 0 {", pkg: "./core/engine", test: "TestUnchangedNeedsJumpServersWord",
	}, {
		name: "number: no answer fails the run", file: "core/engine/engine.go",
		old: "\tif err != nil {\n\t\te.failByBastion(ctx, p)\n\t\treturn err\n\t}\n\tif done", broken: "\tif err != nil {\n\t\treturn nil\n\t}\n\tif done",
		pkg: "./core/engine", test: "TestUnchangedNeedsJumpServersWord",
	}, {
		name: "number: none proves nothing", file: "core/jumpserver/count.go",
		old: "if err == nil && count == 0 {", broken: "if err == nil && count < 0 {", pkg: "./core/engine", test: "TestUnchangedWithoutAssets",
	}, {
		name: "number: of each scope by itself", file: "core/engine/labelled.go",
		old: "counts[at] = last.Labelled\n", broken: "counts[at] = snapshot.ScopeState(listings[0].Scope).Labelled\n", pkg: "./core/engine", test: "TestNumberFollowsTheRunsWrites",
	}, {
		name: "number: what the run deleted", file: "core/engine/labelled.go",
		old: "case i.Change.Action == plan.Delete &&", broken: "case false && i.Change.Action == plan.Delete &&", pkg: "./core/engine", test: "TestNumberFollowsTheRunsWrites",
	}, {
		name: "number: a filter that is not obeyed", file: "core/jumpserver/count.go",
		old: "return carriesOneOfEach(*row.Labels, labels)", broken: "return true", pkg: "./core/jumpserver", test: "TestCountLabelled",
	}}
}
