package main

// sessionMutants: whoever starts a run or an operator action, it is complete.
func sessionMutants() []mutant {
	return []mutant{{
		name: "session: apply keeps quarantine", file: "core/session/engine.go",
		old:    "quarantines != nil && !r.request.DryRun {",
		broken: "quarantines != nil && !r.request.DryRun && r.request.ReviewedLines == nil {",
		pkg:    "./functions/local", test: "TestApplyKeepsQuarantine",
	}, {
		name: "session: one card window", file: "core/session/engine.go",
		old: "if s.store != nil && s.cfg.Notification.Window > 0 {", broken: "if s.store != nil && s.cfg.Notification.Window < 0 {",
		pkg: "./functions/local", test: "TestEventSharesTheWindow",
	}, {
		name: "session: events raise the alarm", file: "core/session/events.go",
		old: "\ts.checkStalenessAfterEvent(ctx)\n", broken: "",
		pkg: "./functions/local", test: "TestEventRaisesTheAlarm",
	}, {
		name: "session: operator actions wait for a run", file: "core/session/operator.go",
		old: "s.runExclusively(ctx, o.Write, func(ctx context.Context) {\n\t\tout = run", broken: "s.runExclusively(ctx, false, func(ctx context.Context) {\n\t\tout = run",
		pkg: "./functions/local", test: "TestOperatorActionsWaitForARun",
	}, {
		name: "session: operator actions use the learnt rate", file: "core/session/session.go",
		old: "useStoredRate(s.store, ", broken: "useStoredRate(nil, ",
		pkg: "./core/session", test: "TestOperatorActionsUseTheStoredRate",
	}, {
		name: "session: removals by events reach a card", file: "core/session/engine.go",
		old:    "e.RemovalTracking = &engine.RemovalTracking{Store: s.store, ShardKey: \"events\"}",
		broken: "_ = &engine.RemovalTracking{Store: s.store, ShardKey: \"events\"}",
		pkg:    "./core/session", test: "TestEventsAndOperatorActionsAreWhole",
	}, {
		name: "session: a run with the lease is the only one", file: "core/session/engine.go",
		old: "Exclusive: exclusive}", broken: "Exclusive: true}",
		pkg: "./core/session", test: "TestEveryRunIsWhole",
	}}
}
