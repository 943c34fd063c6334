package main

// campaignMutants: what only whole runs over changing worlds show. The worlds that notice are among those of TestSeeds.
func campaignMutants() []mutant {
	const pkg, test = "./core/engine/chaos", "TestSeeds"
	return []mutant{{
		name: "campaign: what people keep", file: "core/plan/absent.go",
		old: "\tcase keep:\n", broken: "\tcase keep && false:\n", pkg: pkg, test: test,
	}, {
		name: "campaign: what a lookup still shows lives", file: "core/engine/proof.go",
		old: "Absent: err == nil && !there[c.InstanceID]", broken: "Absent: err == nil && (c.InstanceID != \"\" || there[c.InstanceID])", pkg: pkg, test: test,
	}, {
		name: "campaign: a machine whose clock is off", file: "core/plan/thresholds.go",
		old: "\tif g.limits.Clock.Code != \"\" {\n\t\treturn Hold", broken: "\tif g.limits.Clock.Code == \"none\" {\n\t\treturn Hold", pkg: pkg, test: test,
	}, {
		name: "campaign: every removal is approved", file: "core/plan/thresholds.go",
		old: "needsApproval(c); asks && !approved {", broken: "needsApproval(c); asks && approved {", pkg: pkg, test: test,
	}, {
		name: "campaign: lost labels are named", file: "core/plan/lostmarks.go",
		old: "\t\tb.addSkip(c, why)\n", broken: "\t\t_ = why\n", pkg: pkg, test: test,
	}, {
		name: "campaign: orphans are named", file: "core/plan/orphan.go",
		old: "\t\tb.plan.notes = append(b.plan.notes, c)\n", broken: "", pkg: pkg, test: test,
	}, {
		name: "campaign: a lost label and an emptied comment", file: "core/plan/lostmarks.go",
		old: " || mayBeAssetID(a.ID) && hasOwnershipLabel(*a) {", broken: " {", pkg: "./core/plan", test: "TestLostMarks",
	}, {
		name: "campaign: switched on again by a person", file: "core/plan/absent.go",
		old: "\tcase gone && a.Active:\n", broken: "\tcase gone && a.Active && false:\n", pkg: pkg, test: test,
	}, {
		name: "campaign: gateways", file: "core/plan/absent.go",
		old: "\tcase isNeverWritten:\n\t\treturn why, true", broken: "\tcase isNeverWritten && false:\n\t\treturn why, true", pkg: pkg, test: test,
	}, {
		name: "campaign: no_delete", file: "core/plan/absent.go",
		old: "\tcase b.rules.NoDelete:\n", broken: "\tcase b.rules.NoDelete && false:\n", pkg: pkg, test: test,
	}, {
		name: "campaign: outside the whitelist", file: "core/plan/absent.go",
		old: "\tcase !b.rules.isWhitelisted(a.Address):\n", broken: "\tcase !b.rules.isWhitelisted(a.Address) && false:\n", pkg: pkg, test: test,
	}, {
		name: "campaign: mode deactivate", file: "core/plan/grace.go",
		old: "\tif r.Mode == ModeDelete && (r.DeleteAdopted", broken: "\tif r.Mode != \"\" && (r.DeleteAdopted", pkg: pkg, test: test,
	}, {
		name: "campaign: off by a person stays off", file: "core/plan/ruleactive.go",
		old: "if a.Active || !gone && !off {", broken: "if !a.Active && !gone && !off {\n\t\tc.Patch.Active = new(true)\n\t}\n\tif a.Active || !gone && !off {", pkg: pkg, test: test,
	}, {
		name: "campaign: a listing of another owner closes nothing", file: "core/plan/retire.go",
		old:    "case !strings.EqualFold(l.Owner, m.owner):\n\t\treturn reason.New(reason.OtherOwner",
		broken: "case !strings.EqualFold(l.Owner, m.owner) && false:\n\t\treturn reason.New(reason.OtherOwner", pkg: pkg, test: test,
	}, {
		name: "campaign: events delete nothing", file: "core/plan/absent.go",
		old: "b.rules.Grace == 0 && !b.rules.Partial:", broken: "b.rules.Grace == 0:", pkg: pkg, test: test,
	}, {
		name: "campaign: an asset whose comment was emptied is named", file: "core/plan/absent.go",
		old: "b.isOpenCopy(*a, b.ownerships[n])", broken: "false", pkg: pkg, test: test,
	}}
}
