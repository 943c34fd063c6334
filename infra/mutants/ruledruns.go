package main

// ruledRunMutants: runs and events obey mapping rules, and move or open nothing by accident.
func ruledRunMutants() []mutant {
	return []mutant{{
		name: "ruled runs: an address that a rule chooses takes a full run", file: "core/reconcile/rules.go",
		old: " || r.Set.Address != nil })", broken: " })", pkg: "./core/engine", test: "TestAddressByRulesInRunsOfFewChanges",
	}, {
		name: "ruled runs: an asset that misses one of its nodes is not made", file: "core/apply/nodes.go",
		old: "if err := n.pathErrors[path]; err != nil {", broken: "if err := n.pathErrors[path]; err != nil && path == paths[0] {", pkg: "./core/apply", test: "TestSeveralNodesOfNewAssets",
	}, {
		name: "ruled runs: a node that is gone is looked for anew, whichever it is", file: "core/apply/nodes.go",
		old: "for at, path := range a.NodePaths {\n\t\tid, err", broken: "for at, path := range a.NodePaths[:1] {\n\t\tid, err", pkg: "./core/apply", test: "TestSeveralNodesOfNewAssets",
	}, {
		name: "ruled runs: new assets note their nodes", file: "core/apply/nodes.go",
		old: "if a.NotesNodes {", broken: "if a.NotesNodes && len(ids) == 0 {", pkg: "./core/apply", test: "TestSeveralNodesOfNewAssets",
	}, {
		name: "ruled runs: moved assets note their new nodes", file: "core/apply/parts.go",
		old: "slices.Concat(inventory.NodeNotes(comment), notes))", broken: "slices.Concat(inventory.NodeNotes(comment), notes[:0]))", pkg: "./core/apply", test: "TestNodesOfAPatch",
	}, {
		name: "ruled runs: a node that a person changed meanwhile stays", file: "core/apply/reread.go",
		old: "c.Patch.NodeIDs != nil && before.Nodes != now.Nodes {", broken: "c.Patch.NodeIDs != nil && before.Nodes != now.Nodes && false {", pkg: "./core/apply", test: "TestNodesOfAPatch",
	}, {
		name: "ruled runs: a change of nodes reads them right before", file: "core/apply/update.go",
		old: "return p.Labels != nil || p.NodeIDs != nil || p.Platform != nil", broken: "return p.Labels != nil || p.Platform != nil", pkg: "./core/apply", test: "TestNodesOfAPatch",
	}, {
		name: "ruled runs: protocols go alone", file: "core/apply/parts.go",
		old: "patch.Protocols, patch.Accounts = nil, nil", broken: "patch.Accounts = nil", pkg: "./core/apply", test: "TestPartsOfAChange",
	}, {
		name: "ruled runs: a port that a person changed meanwhile stays", file: "core/apply/reread.go",
		old: "!sameProtocols(before.Protocols, now.Protocols) {", broken: "!sameProtocols(now.Protocols, now.Protocols) {", pkg: "./core/apply", test: "TestFailedPart",
	}, {
		name: "ruled runs: what follows a part that failed is not made", file: "core/apply/job.go",
		old: "if i.State == Done && r.putOffNext(c) {", broken: "if r.putOffNext(c) {", pkg: "./core/apply", test: "TestFailedPart",
	}, {
		name: "ruled runs: an asset is made without the accounts that are refused, and that is said", file: "core/apply/create.go",
		old: "c.Reason = reason.New(reason.MadeWithoutAccounts,", broken: "_ = reason.New(reason.MadeWithoutAccounts,", pkg: "./core/apply", test: "TestAccountsOfNewAssets",
	}, {
		name: "ruled runs: a deactivation by rule is recognised", file: "core/apply/update.go",
		old: "\t\tcase inventory.LabelRuleOff:\n\t\t\tfound = l\n", broken: "", pkg: "./core/engine", test: "TestAnswerOfRuleOffIsLost",
	}, {
		name: "ruled runs: a deactivation by rule is told whatever becomes of the process", file: "core/engine/intents.go",
		old: "return there && !a.Active && a.LabelCount(inventory.LabelRuleOff) > 0", broken: "return false", pkg: "./core/engine", test: "TestKilledAfterRuleOff",
	}, {
		name: "ruled runs: nothing moves while it is not known which nodes paths mean", file: "core/engine/nodes.go",
		old: "\t\tbastion.NodesUnsure = true\n", broken: "", pkg: "./core/engine", test: "TestRenamedNodeOfRules",
	}, {
		name: "ruled runs: nodes of existing assets are remembered", file: "core/engine/engine.go",
		old: "\t\te.saveRuleNodes(ctx, desired.NodePaths())\n", broken: "", pkg: "./core/engine", test: "TestRenamedNodeOfRules",
	}, {
		name: "ruled runs: who approved a move approved no other", file: "core/engine/approval.go",
		old: "approved[approvedChange{c.AssetID, c.ApprovalKey()}]", broken: "approved[approvedChange{c.AssetID, c.ApprovalKey()}] || len(approved) > 0", pkg: "./core/engine", test: "TestApprovedMoves",
	}, {
		name: "ruled runs: an existing asset that rules may move takes the full path", file: "core/reconcile/changes.go",
		old: "if g.hasAssets() && mayWriteByRules(e.Rules) {", broken: "if g.hasAssets() && mayWriteByRules(e.Rules) && len(g.targets) == 0 {", pkg: "./core/engine", test: "TestRulesInRunsOfFewChanges",
	}, {
		name: "ruled runs: what a rule lets wait becomes due", file: "core/engine/incremental.go",
		old: "earlier(known.NextDue, due[l.Scope])", broken: "known.NextDue", pkg: "./core/engine", test: "TestLinesOfRulesThatLast",
	}, {
		name: "ruled runs: what rules skip makes no run a full one", file: "core/engine/incremental.go",
		old: "\t\treason.RuleSkips, ", broken: "\t\t", pkg: "./core/engine", test: "TestLinesOfRulesThatLast",
	}, {
		name: "ruled runs: events know the account templates", file: "core/reconcile/rules.go",
		old: "if needs.Templates && err == nil {", broken: "if needs.Templates && err != nil {", pkg: "./core/reconcile", test: "TestEventsObeyRules",
	}, {
		name: "ruled runs: events are not bounded as moves are", file: "core/reconcile/reconcile.go",
		old: "Moves: plan.Share{Percent: 100, Min: all}, ", broken: "", pkg: "./core/reconcile", test: "TestZoneOfTheAccountByEvents",
	}, {
		name: "ruled runs: assets that rest on unread tags are told", file: "core/engine/engine.go",
		old: "unreadError(desired), lostMarks)", broken: "lostMarks)", pkg: "./core/engine", test: "TestUnreadIsTold",
	}, {
		name: "ruled runs: unread tags of what people manage are not told", file: "core/plan/ruleunread.go",
		old: "if !is || !o.Unread.Has(field) {", broken: "if !(is || o.Unread.Has(field)) || !o.Unread.Has(field) {", pkg: "./core/plan", test: "TestUnread",
	}, {
		name: "ruled runs: other rules, another salt", file: "core/session/store.go",
		old: ", cfg.Mapping.Fingerprint()}", broken: ", \"\"}", pkg: "./core/session", test: "TestSaltOfRules",
	}}
}
