package main

// reopeningMutants: only what a run deactivated is activated again, and no run deactivates it unnoticed.
func reopeningMutants() []mutant {
	return []mutant{{
		name: "reopen: closed by another run since", file: "core/plan/reopen.go",
		old:    `case recorded != "" && !inventory.MayBeEqual(value, recorded):`,
		broken: `case recorded != "" && value == "":`, pkg: "./core/plan", test: "TestReopen",
	}, {
		name: "reopen: a person had switched it off before", file: "core/plan/reopen.go",
		old: "case switchedOffByPerson(a):", broken: "case false:", pkg: "./core/plan", test: "TestReopen",
	}, {
		name: "reopen: off again by a person is no old closing", file: "core/plan/absent.go",
		old:    "case gone && a.LabelCount(inventory.LabelReopened) > 0:",
		broken: "case gone && a.Active:", pkg: "./core/plan", test: "TestRunsLeaveWhatWasReopened",
	}, {
		name: "reopen: the mark stays on what was reopened", file: "core/plan/reopen.go",
		old:    "return hasAnyName(l, inventory.LabelDue, inventory.LabelEvent, inventory.LabelApproved, inventory.LabelClosed)",
		broken: "return hasAnyName(l, inventory.LabelDue, inventory.LabelEvent, inventory.LabelGone)",
		pkg:    "./core/plan", test: "TestRunsLeaveWhatWasReopened",
	}, {
		name: "reopen: a gateway is not reopened", file: "core/plan/reopen.go",
		old: "case isNeverWritten:", broken: "case isNeverWritten && false:", pkg: "./core/plan", test: "TestReopen",
	}, {
		name: "reopen: made a gateway between plan and write", file: "core/apply/reread.go",
		old: ", c.Reason.Code == reason.Reopened, c.Reason.Code == reason.ReopenedFromRule:", broken: ":", pkg: "./core/operator", test: "TestReactivateReadsAgain",
	}, {
		name: "reopen: the approved set and no more", file: "core/report/undo.go",
		old:    `case approved != "" && c.Approved != approved:`,
		broken: "case false:", pkg: "./functions/local", test: "TestReactivateOfAnApprovedSet",
	}, {
		name: "reopen: reactivate waits for the lease", file: "core/session/operator.go",
		old: "\tif writes {\n\t\tdefer s.saveRate(ctx)\n\t\tleased", broken: "\tif false {\n\t\tleased", pkg: "./functions/local", test: "TestReactivateWaitsForARun",
	}}
}
