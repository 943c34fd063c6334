package main

// labelMutants: labels that anybody may write make no asset ours.
func labelMutants() []mutant {
	return []mutant{{
		name: "marks: an adopted asset needs its comment", file: "core/plan/ownership.go",
		old: "isAdopted(a) && m.commentNamesInstance(a))", broken: "isAdopted(a))", pkg: "./core/plan", test: "TestForgedMarks",
	}, {
		name: "marks: likewise by events", file: "core/plan/ownership.go",
		old: "isAdopted(a) && m.commentNamesInstance(a))", broken: "isAdopted(a))", pkg: "./core/engine", test: "TestForgedLabels",
	}, {
		name: "marks: another region in the comment", file: "core/plan/ownership.go",
		old:    "if !m.matchesAssetID(a.ID) && !strings.EqualFold(region, m.region)",
		broken: "if m.matchesAssetID(a.ID) && !strings.EqualFold(region, m.region)", pkg: "./core/plan", test: "TestForgedMarks",
	}, {
		name: "marks: a label names an instance at its address only", file: "core/plan/recognise.go",
		old: "if hasAddress(*i, a.Address) {", broken: "if a.Address != \"\" {", pkg: "./core/plan", test: "TestForgedMarks",
	}, {
		name: "marks: adopt does not launder labels", file: "core/plan/adopt.go",
		old: "ids := instancesInComment(a.Comment)", broken: "ids := mentionedInstances(a)", pkg: "./core/plan", test: "TestAdopt",
	}, {
		name: "marks: adopt writes the whole witness", file: "core/plan/proofcomment.go",
		old: "!said {", broken: "!said && line.key == inventory.KeyInstance {", pkg: "./core/plan", test: "TestAdoptWritesTheWitness",
	}, {
		name: "marks: retire --adopted proves orphans nowhere", file: "core/plan/retire.go",
		old: "case isOrphanCode(why.Code):", broken: "case isOrphanCode(why.Code) && false:", pkg: "./core/plan", test: "TestRetireAdopted",
	}, {
		name: "marks: off by a person stays off", file: "core/plan/ruleactive.go",
		old:    "if a.Active || !gone && !off {",
		broken: "if !a.Active && !gone && !off {\n\t\tc.Patch.Active = new(true)\n\t}\n\tif a.Active || !gone && !off {", pkg: "./core/plan", test: "TestSwitchedOffByAPerson",
	}, {
		name: "marks: retire with a key of another account", file: "core/operator/retire.go",
		old:    "\tr.listings = r.FailForeignListings(ctx, r.listings",
		broken: "\t_ = r.FailForeignListings(ctx, r.listings", pkg: "./core/operator", test: "TestRetireWithAnotherKey",
	}, {
		name: "marks: a comment that a person edited meanwhile", file: "core/apply/reread.go",
		old: "before.Comment != now.Comment", broken: "before.Comment != now.Comment && before.Comment == \"\"",
		pkg: "./core/apply", test: "TestAdoptKeepsAPersonsComment",
	}}
}
