package main

// explainMutants: what people look at before they let a plan be made is what it does.
func explainMutants() []mutant {
	return []mutant{{
		name: "plan: one instance of a plan is that one", file: "core/plan/find.go",
		old: "return !s.Has(c) })", broken: "return !s.Has(c) && c.Action != Create })", pkg: "./core/plan", test: "TestSelect",
	}, {
		name: "plan: a text that means nothing is refused", file: "core/engine/look.go",
		old: "if len(unknown) > 0 {", broken: "if len(unknown) > len(p.req.Only) {", pkg: "./functions/local", test: "TestPlanNarrowed",
	}, {
		name: "plan: the file of one instance holds no others", file: "core/engine/look.go",
		old: "return !selected.HasAsset(l.AssetID)", broken: "return false", pkg: "./functions/local", test: "TestPlanNarrowed",
	}, {
		name: "plan: what a field was is shown", file: "core/plan/fieldchange.go",
		old: "addText(FieldAddress, before.Address, p.Address)", broken: "addText(FieldAddress, \"\", p.Address)", pkg: "./core/plan", test: "TestFieldChanges",
	}, {
		name: "plan: what a held update would set is shown", file: "core/plan/fieldchange.go",
		old: "cmp.Or(c.Patch, c.heldPatch)", broken: "cmp.Or(c.Patch, c.Patch)", pkg: "./core/plan", test: "TestFieldChanges",
	}, {
		name: "plan: a region that cannot be read is no empty plan", file: "functions/local/plan.go",
		old:    "\t\tchanges = out.Report.HasChanges() && (out.Report.Outcome == report.OK || out.Report.Outcome == report.Held)\n",
		broken: "\t\tchanges = out.Report.HasChanges() && out.Report.Outcome != report.Failed\n", pkg: "./functions/local", test: "TestDetailedExitCode",
	}, {
		name: "plan: with --detailed-exitcode a mistake is no change", file: "functions/local/plan.go",
		old: "\treturn exitFailed\n", broken: "\treturn code\n", pkg: "./functions/local", test: "TestDetailedExitCode",
	}, {
		name: "apply: a file of plan --remap is made by the same rules", file: "functions/local/planfile.go",
		old: "o.remap = p.Remap", broken: "o.remap = false", pkg: "./functions/local", test: "TestExplainAgreesWithPlan",
	}, {
		name: "explain: a field that a run writes is called changed", file: "core/explain/fields.go",
		old: "f.Changes, f.After = true, c.After", broken: "f.Changes, f.After = c.Field == plan.FieldName, c.After", pkg: "./core/explain", test: "TestExplainsThePlan",
	}, {
		name: "explain: who decides on a field is the rule that set it first", file: "core/explain/build.go",
		old: "if _, set := e.setBy[f]; !set {", broken: "if _, set := e.setBy[f]; !set || set {", pkg: "./core/explain", test: "TestNewInstance",
	}, {
		name: "explain: a scope that failed is named, and not called complete", file: "core/explain/build.go",
		old: "case sameScope && !l.IsComplete():", broken: "case sameScope && !l.IsComplete() && l.Account == \"\":", pkg: "./core/explain", test: "TestVerdicts",
	}, {
		name: "explain: accounts that nobody read are not called none", file: "core/explain/fields.go",
		old: "!e.basis.Rules.Needs().Accounts || ", broken: "", pkg: "./core/explain", test: "TestAccountsNotRead",
	}, {
		name: "the output says what is left alone until somebody acts", file: "core/report/summary.go",
		old: "w.skipLines(r), ", broken: "", pkg: "./core/report", test: "TestSummary",
	}, {
		name: "rules unmatched: a VPC whose hosts have a zone is none of those without", file: "functions/local/rulesprivate.go",
		old: "o.Zone == \"\" && ", broken: "", pkg: "./functions/local", test: "TestPrivateVPCs",
	}}
}
