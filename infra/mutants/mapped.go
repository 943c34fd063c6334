package main

// mappedMutants: mapping rules move nobody's access unseen, remove nothing by themselves, and leave what people chose.
func mappedMutants() []mutant {
	const pkg = "./core/plan"
	return []mutant{{
		name: "mapped: a skip that is not known leaves the asset", file: "core/plan/ruleskip.go",
		old: "if !o.Unread.Has(mapping.FieldSkip) {", broken: "if true {", pkg: pkg, test: "TestSkipUnread",
	}, {
		name: "mapped: moves are bounded", file: "core/plan/moves.go",
		old: "if limits.Moves.isExceeded(moving, of) {", broken: "if limits.Moves.isExceeded(moving, of) && false {", pkg: pkg, test: "TestMovesAreBounded",
	}, {
		name: "mapped: an approval serves one move", file: "core/plan/moves.go",
		old: "text.WriteString(v.Field + \"=\" + v.Value + \"\\n\")", broken: "text.WriteString(v.Field)", pkg: pkg, test: "TestMovesAreApproved",
	}, {
		name: "mapped: unread tags make no asset in the wrong place", file: "core/plan/ruleskip.go",
		old: "case len(unread) > 0:", broken: "case len(unread) > 99:", pkg: pkg, test: "TestRuledCreateUnread",
	}, {
		name: "mapped: a zone that is not there", file: "core/plan/ruleskip.go",
		old: "o.Zone); !known {", broken: "o.Zone); !known && false {", pkg: pkg, test: "TestRuledCreate",
	}, {
		name: "mapped: the minimum age", file: "core/plan/ruleskip.go",
		old: "return due, b.rules.Now.Before(due)", broken: "return due, false", pkg: pkg, test: "TestRuledCreate",
	}, {
		name: "mapped: what protects from removal protects from rules", file: "core/plan/ruleactive.go",
		old: "b.sparedReason(i, *a, o); isSpared {", broken: "b.sparedReason(i, *a, o); isSpared && false {", pkg: pkg, test: "TestRuleOff",
	}, {
		name: "mapped: a person switched it on again", file: "core/plan/ruleactive.go",
		old: "\tcase isRuledOff(*a):\n", broken: "\tcase isRuledOff(*a) && false:\n", pkg: pkg, test: "TestRuleOff",
	}, {
		name: "mapped: events deactivate nothing by rules", file: "core/plan/ruleactive.go",
		old: "\tcase b.rules.Partial:\n", broken: "\tcase b.rules.Partial && false:\n", pkg: pkg, test: "TestRuleOff",
	}, {
		name: "mapped: deactivations by rules are losses", file: "core/plan/thresholds.go",
		old: "case g.limits.tooMany(s.lost, s.assets):", broken: "case g.limits.tooMany(s.lost, s.assets) && false:", pkg: pkg, test: "TestRuleOffPassesTheGuard",
	}, {
		name: "mapped: jms-approved stands beside a rule too", file: "core/plan/fleet.go",
		old: "c.Patch == nil || !g.isLifted(c) {", broken: "c.Patch == nil || c.ruledOff || !g.isLifted(c) {", pkg: pkg, test: "TestRuleOffPassesTheGuard",
	}, {
		name: "mapped: what a rule switched off returns", file: "core/plan/ownership.go",
		old: "!a.Active && (!wasRuledOff(a) || switchedOffByPerson(a))", broken: "!a.Active", pkg: pkg, test: "TestRuleOffNeverLeadsToDeletion",
	}, {
		name: "mapped: never a platform of another type", file: "core/plan/rulefields.go",
		old: "have.Type == should.Type && ", broken: "", pkg: pkg, test: "TestRuledUpdate",
	}, {
		name: "mapped: no platform loses the zone", file: "core/plan/rulefields.go",
		old: " && (a.Zone == \"\" || should.SupportsZones)", broken: "", pkg: pkg, test: "TestRuledUpdate",
	}, {
		name: "mapped: nodes of people stay", file: "core/plan/rulenodes.go",
		old: "slices.Contains(wanted, id) || !slices.Contains(ours, id) && !move.fromRoot {", broken: "slices.Contains(wanted, id) {", pkg: pkg, test: "TestRuledUpdate",
	}, {
		name: "mapped: a renamed node is the same", file: "core/plan/rulenodes.go",
		old: "x.paths[known]; exists {", broken: "x.paths[known]; exists && false {", pkg: pkg, test: "TestRuledRenamedNode",
	}, {
		name: "mapped: a renamed node is the same without a store", file: "core/plan/rulenodes.go",
		old: "x.paths[noted]; exists {", broken: "x.paths[noted]; exists && false {", pkg: pkg, test: "TestRuledRenamedNode",
	}, {
		name: "mapped: names are settled in the run that deactivates by rule", file: "core/plan/assignnames.go",
		old: "claim.active = claim.active && !off[d.assetID]", broken: "claim.active = claim.active && off != nil", pkg: pkg, test: "TestRuleOffSettlesNames",
	}, {
		name: "mapped: deactivations by rules count in the fleet for a day", file: "core/plan/fleet.go",
		old: "\tf.ruledOff += n\n", broken: "", pkg: pkg, test: "TestRuleOffAndTheFleet",
	}, {
		name: "mapped: those of an hour count in the limit of a run", file: "core/plan/verdict.go",
		old: "g.plan.fleet.byRuns+g.plan.fleet.ruledOffLately,", broken: "g.plan.fleet.byRuns,", pkg: pkg, test: "TestRuleOffAndTheFleet",
	}, {
		name: "mapped: a rule that has ended counts no more", file: "core/plan/ruleactive.go",
		old: "b.plan.fleet.countRuledOff(a, m.accountScope(), b.rules.Now, -1)", broken: "b.plan.fleet.countRuledOff(a, m.accountScope(), b.rules.Now, 0)", pkg: pkg, test: "TestRuleOffAndTheFleet",
	}, {
		name: "mapped: jms-approved goes when the rule ends", file: "core/plan/ruleactive.go",
		old: "inventory.LabelReopened, inventory.LabelApproved)", broken: "inventory.LabelReopened)", pkg: pkg, test: "TestRuleOff",
	}, {
		name: "mapped: accounts of many assets at once are held", file: "core/plan/rulefields.go",
		old: "c.moves|moveAccounts", broken: "c.moves", pkg: pkg, test: "TestMovesAreBounded",
	}, {
		name: "mapped: ports of many assets at once are held", file: "core/plan/rulefields.go",
		old: "c.moves|movePort", broken: "c.moves", pkg: pkg, test: "TestMovesAreBounded",
	}, {
		name: "mapped: many addresses do not go back at once", file: "core/plan/diff.go",
		old: "if b.rules.Mapping != nil && hasAddress(i, a.Address) {", broken: "if chosen {", pkg: pkg, test: "TestEndOfAnAddress",
	}, {
		name: "mapped: a label that a person wrote switches nothing on", file: "core/plan/ruleactive.go",
		old: "\tcase !gone && !wasRuledOff(a):\n", broken: "\tcase !gone && !isRuledOff(a):\n", pkg: pkg, test: "TestRuleOff",
	}, {
		name: "mapped: deactivations by rules in small steps count together", file: "core/plan/ruleactive.go",
		old: "\t\ts.ruledOff++\n", broken: "\t\ts.ruledOff += 0\n", pkg: pkg, test: "TestRuleOffInManySteps",
	}, {
		name: "mapped: unseen templates are not attached in every run", file: "core/plan/rulefields.go",
		old: "case b.mayHaveAccountOf(a, id):", broken: "case b.mayHaveAccountOf(a, id) && false:", pkg: pkg, test: "TestRuledAccountsUnseen",
	}, {
		name: "mapped: no label of ours by a rule", file: "core/plan/rulelabels.go",
		old: " && !looksLikeOurs(l.Name) {", broken: " {", pkg: pkg, test: "TestRuledLabelsAreNeverOurs",
	}, {
		name: "mapped: one account for each username", file: "core/plan/ruledparts.go",
		old: "case same >= 0:", broken: "case same >= 99:", pkg: pkg, test: "TestRuledCreate",
	}, {
		name: "mapped: jms:keep outlives its instance", file: "core/plan/absent.go",
		old: "case a.LabelCount(inventory.LabelKept) > 0:", broken: "case a.LabelCount(inventory.LabelKept) > 99:", pkg: pkg, test: "TestTagKeep",
	}}
}
