package main

// pauseMutants: what a person has paused is not done, and what a person has announced lifts thresholds and nothing else.
func pauseMutants() []mutant {
	return []mutant{{
		name: "an approval lifts no pause", file: "core/plan/verdict.go",
		old: "if g.limits.Pause.Stands() && ", broken: "if g.limits.Pause.Stands() && !g.isLifted(c) && ",
		pkg: "./core/plan", test: "TestGuardPause",
	}, {
		name: "a pause of all writes", file: "core/plan/guard.go",
		old: "\treturn out.HoldPaused(limits.Pause)", broken: "\treturn out",
		pkg: "./core/plan", test: "TestPauseOfAllWrites",
	}, {
		name: "what cannot be read is paused", file: "core/engine/paused.go",
		old: "return Halt{Pause: plan.UnreadablePause(err.Error())}", broken: "return Halt{}",
		pkg: "./core/engine", test: "TestUnreadablePause",
	}, {
		name: "a pause stops a run that is at work", file: "core/apply/remove.go",
		old: "r.runJob(r.holdIfPaused(withAction(changes, plan.Deactivate)), r.patchJob(true))", broken: "r.runJob(withAction(changes, plan.Deactivate), r.patchJob(true))",
		pkg: "./core/engine", test: "TestPauseWhileRunning",
	}, {
		name: "an approval outlives a pause", file: "core/engine/approval.go",
		old: " || i.State == apply.Held", broken: "",
		pkg: "./core/engine", test: "TestPauseWhileRunning",
	}, {
		name: "events keep to a pause", file: "core/reconcile/reconcile.go",
		old: "\tlimits.Pause = r.halt.Pause\n\treturn limits", broken: "\treturn limits",
		pkg: "./core/engine", test: "TestPauseAndEvents",
	}, {
		name: "retire keeps to a pause", file: "core/operator/retire.go",
		old: "\tlimits.Pause = r.halt.EffectivePause(!o.Write)\n", broken: "",
		pkg: "./core/operator", test: "TestPauseAndOrders",
	}, {
		name: "orders keep to a pause", file: "core/operator/operator.go",
		old: "approved.HoldPaused(r.halt.EffectivePause(!r.action.Write))", broken: "approved",
		pkg: "./core/operator", test: "TestPauseAndOrders",
	}, {
		name: "a pause is told daily", file: "core/engine/paused.go",
		old: "\t\tcards = cards.Always()\n", broken: "",
		pkg: "./core/engine", test: "TestPauseIsTold",
	}, {
		name: "more than was announced is held", file: "core/plan/thresholds.go",
		old: "\tif why, exceeds := g.exceedsExpected(c); exceeds && !approved {", broken: "\tif why, exceeds := g.exceedsExpected(c); false && exceeds {",
		pkg: "./core/plan", test: "TestGuardExpected",
	}, {
		name: "an announcement is no second proof", file: "core/plan/thresholds.go",
		old: "\tif why, waits := g.awaitsConfirmation(c); waits && !approved {", broken: "\tif why, waits := g.awaitsConfirmation(c); waits && !approved && !g.isExpected(c) {",
		pkg: "./core/plan", test: "TestGuardExpected",
	}, {
		name: "an announcement is counted once", file: "core/state/expectation.go",
		old: "\tcase can.IfMatch:\n\t\treturn change()", broken: "\tcase can.CreateOnly:\n\t\treturn change()",
		pkg: "./core/state", test: "TestExpectationIsNeverOverspent",
	}, {
		name: "what cannot be counted is not removed", file: "core/engine/expect.go",
		old: "\t\t\tlimits.Expected[x.Scope()] = plan.ExpectedRemovals{UpTo: x.UpTo, Until: x.Until}\n", broken: "",
		pkg: "./core/engine", test: "TestExpectedIsCountedFirst",
	}, {
		name: "what events close counts", file: "core/reconcile/reconcile.go",
		old: "\tr.countProved(candidates, proofs)\n", broken: "",
		pkg: "./core/engine", test: "TestExpectedAndEvents",
	}}
}
