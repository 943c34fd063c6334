package main

// boundMutants: what never ends is given up, and what is given up is a failure and no partial list.
func boundMutants() []mutant {
	return []mutant{{
		name: "a list with a new token on every page ends", file: "core/cloud/pagebound.go",
		old: "\tcase b.stalePages >= maxStalePages:", broken: "\tcase false:",
		pkg: "./core/cloud", test: "TestEndlessPages",
	}, {
		name: "a list with a new row on every page ends", file: "core/cloud/pagebound.go",
		old: "\tcase b.pages >= maxPages:", broken: "\tcase false:",
		pkg: "./core/cloud", test: "TestEndlessPages",
	}, {
		name: "a list that is given up is not shown in part", file: "core/cloud/cursor.go",
		old: "\t\t\treturn nil, c.incompleteError(\"%s\", why)", broken: "\t\t\treturn rows, nil",
		pkg: "./core/cloud", test: "TestEndlessPages",
	}, {
		name: "JumpServer's pages are not followed row by row", file: "core/jumpserver/list.go",
		old: "\tif count > maxPages*len(first) {", broken: "\tif false {",
		pkg: "./core/jumpserver", test: "TestReadIncomplete",
	}, {
		name: "a throttled region does not hold up the others", file: "core/engine/engine.go",
		old: "\treturn cloud.LimitThrottling(work), cancel", broken: "\t_ = cloud.LimitThrottling(work)\n\treturn work, cancel",
		pkg: "./core/engine", test: "TestThrottledRegion",
	}, {
		name: "a proof has a share of the time of its own", file: "core/engine/proof.go",
		old: "\tctx = cloud.LimitThrottling(ctx)\n", broken: "\t_ = cloud.LimitThrottling(ctx)\n",
		pkg: "./core/engine", test: "TestProofAfterThrottledRegion",
	}, {
		name: "a hung run loses its lease", file: "core/session/lease.go",
		old: "\t\tif watch.isStalled() {", broken: "\t\tif false {",
		pkg: "./core/session", test: "TestLeaseOfAHungRunEnds",
	}, {
		name: "a call of a cloud is progress", file: "core/httpx/transport.go",
		old: "\tdefer wait.Progress(ctx)\n", broken: "\tdefer wait.Progress(context.Background())\n",
		pkg: "./core/cloud/aws", test: "TestContract",
	}, {
		name: "a call of JumpServer is progress", file: "core/jumpserver/retry.go",
		old: "\tdefer wait.Progress(ctx)\n", broken: "\tdefer wait.Progress(context.Background())\n",
		pkg: "./core/jumpserver", test: "TestReadPages",
	}, {
		name: "a run of the command has a deadline", file: "core/session/sync.go",
		old: "\tctx, end := s.WithRunTimeout(ctx)\n\tdefer end()\n", broken: "",
		pkg: "./core/session", test: "TestHungRunEnds",
	}, {
		name: "an operator's action has a deadline", file: "core/session/operator.go",
		old: "\tctx, end := s.WithRunTimeout(ctx)\n\tdefer end()\n", broken: "",
		pkg: "./core/session", test: "TestHungRunEnds",
	}, {
		name: "all tries of a command share its time", file: "functions/local/sync.go",
		old: "\tctx, cancel := s.WithRunTimeout(ctx)\n\tdefer cancel()\n", broken: "",
		pkg: "./functions/local", test: "TestRunTimeoutOfACommand",
	}}
}
