package main

// statusMutants: what a cloud's status means. Only what a vendor's own tool takes for gone is absent; what the cloud keeps
// for its owner is deactivated through the guard, and never deleted while that lasts.
func statusMutants() []mutant {
	return []mutant{{
		name: "status: huawei's DELETED is absent", file: "core/cloud/huawei/rows.go",
		old: "\tcase \"DELETED\":\n\t\treturn inventory.Absent", broken: "\tcase \"DELETED\":\n\t\treturn inventory.Present",
		pkg: "./core/cloud/huawei", test: "TestContract",
	}, {
		name: "status: huawei's SOFT_DELETED is not absent", file: "core/cloud/huawei/rows.go",
		old: "\tcase \"SOFT_DELETED\":\n\t\treturn inventory.Closed", broken: "\tcase \"SOFT_DELETED\":\n\t\treturn inventory.Absent",
		pkg: "./core/cloud/huawei", test: "TestContract",
	}, {
		name: "status: huawei's list alone proves nothing", file: "core/cloud/huawei/verify.go",
		old: "return row, row.Existence != inventory.Absent, nil", broken: "return row, false, nil",
		pkg: "./core/cloud/huawei", test: "TestDeletedByTheListAlone",
	}, {
		name: "status: tencent's SHUTDOWN is kept", file: "core/cloud/tencent/rows.go",
		old: "\tcase \"SHUTDOWN\":\n\t\treturn inventory.Closed", broken: "\tcase \"SHUTDOWN\":\n\t\treturn inventory.Absent",
		pkg: "./core/cloud/tencent", test: "TestContract",
	}, {
		name: "status: aws's shutting-down is there", file: "core/cloud/aws/rows.go",
		old: "\tcase \"shutting-down\":\n\t\treturn inventory.NotMade", broken: "\tcase \"shutting-down\":\n\t\treturn inventory.Absent",
		pkg: "./core/cloud/aws", test: "TestContract",
	}, {
		name: "closed: never deleted while it lasts", file: "core/plan/absent.go",
		old: "\tcase gone && c.closedStatus != \"\":\n\t\tb.keepClosed(c, a)\n", broken: "",
		pkg: "./core/plan", test: "TestClosedInstance",
	}, {
		name: "closed: shown by its id only", file: "core/plan/closed.go",
		old: "proofs[c.AssetID].Closed != \"\" && !c.isClosed() }", broken: "false }",
		pkg: "./core/plan", test: "TestClosedByID",
	}, {
		name: "closed: is neither there nor holds its scope", file: "core/plan/thresholds.go",
		old: "(proof.Closed == \"\" || g.plan.retired)", broken: "true",
		pkg: "./core/plan", test: "TestClosedByID",
	}, {
		name: "closed: empties its scope", file: "core/plan/closed.go",
		old: "if instances[k].Existence != inventory.Closed {", broken: "if k >= 0 {",
		pkg: "./core/plan", test: "TestClosedPassesTheGuard",
	}, {
		name: "closed: the grace begins with the absence", file: "core/plan/grace.go",
		old: "\tcase begins:", broken: "\tcase begins && false:",
		pkg: "./core/plan", test: "TestClosedInstance",
	}, {
		name: "closed: of another owner", file: "core/plan/closed.go",
		old: "case !strings.EqualFold(m.owner, i.Owner):", broken: "case false && !strings.EqualFold(m.owner, i.Owner):",
		pkg: "./core/plan", test: "TestClosedInstance",
	}, {
		name: "closed: protected by an address of the instance", file: "core/plan/closed.go",
		old: "case b.hasProtectedAddress(*i, *a):", broken: "case false:",
		pkg: "./core/plan", test: "TestClosedInstance",
	}, {
		name: "going: no asset is made", file: "core/plan/build.go",
		old: "case i.Existence != inventory.Present:", broken: "case false:",
		pkg: "./core/plan", test: "TestGoingInstance",
	}, {
		name: "going: no asset is activated", file: "core/plan/closed.go",
		old: "case e.instance.Existence == inventory.NotMade && a.", broken: "case false && a.",
		pkg: "./core/plan", test: "TestGoingInstance",
	}, {
		name: "closed: of events only a release", file: "core/reconcile/observe.go",
		old: "found[at].Existence == inventory.Closed && s.released:", broken: "found[at].Existence == inventory.Closed:",
		pkg: "./core/reconcile", test: "TestEventsClosed",
	}, {
		name: "closed: no small change", file: "core/reconcile/changes.go",
		old: "return i.Existence != inventory.Present }) {", broken: "return false }) {",
		pkg: "./core/reconcile", test: "TestClosedIsNoSmallChange",
	}, {
		name: "closed: the fingerprint has it", file: "core/state/fingerprint.go",
		old: "\thead |= byte(i.Existence) << existenceShift\n", broken: "\t_ = existenceShift\n",
		pkg: "./core/state", test: "TestFingerprintHasEveryFieldThatAPlanReads",
	}, {
		name: "azure: two machines with one vmId", file: "core/cloud/azure/list.go",
		old: "a.Region == c.Region && a.isOfSet() != c.isOfSet() {", broken: "a.Region == c.Region {",
		pkg: "./core/cloud/azure", test: "TestTwoMachinesWithOneVMID",
	}, {
		name: "azure: a set goes after its machines were read", file: "core/cloud/azure/list.go",
		old: "if inventory.KindOf(err) == inventory.NotFound { // the set went", broken: "if false { // the set went",
		pkg: "./core/cloud/azure", test: "TestScaleSetGoesWithItsInterfaces",
	}, {
		name: "azure: no such type is no deleted set", file: "core/cloud/azure/errors.go",
		old: "status == http.StatusNotFound && r.Code != codeNoSuchType:", broken: "status == http.StatusNotFound:",
		pkg: "./core/cloud/azure", test: "TestKinds",
	}, {
		name: "closed: who lost our labels is told", file: "core/plan/build.go",
		old: "Unlisted: exists && i.Existence == inventory.Closed &&", broken: "Unlisted: false && exists && i.Existence == inventory.Closed &&",
		pkg: "./core/plan", test: "TestClosedWithoutOurLabels",
	}, {
		name: "a repeated request shows no credential", file: "core/cloud/errors.go",
		old: "credentialPattern.ReplaceAllString(text, \"$1$2 \"+secret.Redacted)", broken: "text",
		pkg: "./core/cloud", test: "TestScrubber",
	}, {
		name: "errors keep their end", file: "core/cloud/errors.go",
		old: "httpx.TruncateMiddle(", broken: "httpx.Truncate(",
		pkg: "./core/cloud", test: "TestScrubber",
	}}
}
