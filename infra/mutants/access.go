package main

// accessMutants: who gains and who loses hosts is right, bounded, and in nobody's way.
func accessMutants() []mutant {
	return []mutant{{
		name: "access: who has both nodes neither gains nor loses", file: "core/access/diff.go",
		old: "if _, has := otherSide[k]; has {", broken: "if _, has := otherSide[k]; has && hosts < 0 {", pkg: "./core/access", test: "TestDiff",
	}, {
		name: "access: a deactivated host is reached by nobody", file: "core/access/moves.go",
		old: "\tcase c.Patch != nil && c.Patch.Active != nil:\n\t\treturn *c.Patch.Active\n", broken: "", pkg: "./core/access", test: "TestDiff",
	}, {
		name: "access: a host that is off gives nobody anything by moving", file: "core/access/moves.go",
		old: "was == is && !(is && moves)", broken: "was == is && !moves", pkg: "./core/access", test: "TestDiff",
	}, {
		name: "access: a host made switched off is reached by nobody", file: "core/access/moves.go",
		old: "a != nil && !a.Inactive", broken: "a != nil", pkg: "./core/access", test: "TestInactiveNewAssetIsReachedByNobody",
	}, {
		name: "access: a new node has the rules of its nearest ancestor", file: "core/access/read.go",
		old: "if err != nil || id != \"\" {", broken: "if err != nil || id != \"\" || path == place {", pkg: "./core/access", test: "TestDiff",
	}, {
		name: "access: a rule without accounts lets nobody log in", file: "core/access/read.go",
		old: "if rule.LoginDenied {", broken: "if rule.LoginDenied && rule.Users < 0 {", pkg: "./core/access", test: "TestRuleWithoutAccountsGivesNothing",
	}, {
		name: "access: once a node", file: "core/access/read.go",
		old: "\treached, asked := r.reaches[id]\n\tif asked {", broken: "\treached, asked := r.reaches[id]\n\tif asked && r.limits.Rules < 0 {", pkg: "./core/access", test: "TestCallsAreByNodeAndRule",
	}, {
		name: "access: once a rule", file: "core/access/read.go",
		old: "if asked || rule.Users+rule.Groups == 0 {", broken: "if asked && rule.Users < 0 || rule.Users+rule.Groups == 0 {", pkg: "./core/access", test: "TestCallsAreByNodeAndRule",
	}, {
		name: "access: no more nodes than the limit", file: "core/access/read.go",
		old: "\t\tr.left--\n", broken: "", pkg: "./core/access", test: "TestLimits",
	}, {
		name: "access: many nodes are one question", file: "core/access/read.go",
		old: "len(m.places()) < grantsFrom ||", broken: "len(m.places()) > 0 ||", pkg: "./core/access", test: "TestManyNodesAreOneQuestion",
	}, {
		name: "access: of many nodes those above count too", file: "core/access/read.go",
		old: "range lineage {", broken: "range lineage[:1] {", pkg: "./core/access", test: "TestDiffIsThatOfEachHost",
	}, {
		name: "access: no more rules than the limit", file: "core/access/read.go",
		old: "if len(r.members) >= r.limits.Rules {", broken: "if len(r.members) > r.limits.Rules {", pkg: "./core/access", test: "TestLimits",
	}, {
		name: "access: hosts that nobody looked at are counted", file: "core/access/diff.go",
		old: "\t\t\td.Unknown += move.hosts\n", broken: "", pkg: "./core/access", test: "TestLimits",
	}, {
		name: "access: no part of a run's time but a tenth", file: "core/access/read.go",
		old: "min(left/10, 20*time.Second)", broken: "min(left, 20*time.Second)", pkg: "./core/access", test: "TestRunKeepsItsTime",
	}, {
		name: "access: what was not done changes nothing", file: "core/engine/access.go",
		old: "\t\tif i.State == apply.Done {\n\t\t\tmade.Add(i.Change)\n\t\t}\n", broken: "\t\tmade.Add(i.Change)\n\t\t_ = apply.Done\n", pkg: "./core/engine", test: "TestAccessOfWhatWasDone",
	}, {
		name: "access: what is held changes nothing yet", file: "core/engine/access.go",
		old: "\t\theld.Add(c)\n", broken: "\t\tmade.Add(c)\n", pkg: "./core/engine", test: "TestAccessOfWhatIsHeld",
	}, {
		name: "access: without rules nobody is asked", file: "core/session/engine.go",
		old: "if s.cfg.Mapping != nil {", broken: "if s.cfg.Mapping == nil {", pkg: "./core/session", test: "TestAccessIsAskedWithRulesAlone",
	}, {
		name: "access: a new node that people reach asks for nobody", file: "core/report/report.go",
		old: "n.IsNew && !r.isReached(n.Path)", broken: "n.IsNew", pkg: "./core/report", test: "TestNewNodeThatIsReached",
	}, {
		name: "access: the card says it", file: "core/report/message.go",
		old: "{who, t[6]}, ", broken: "", pkg: "./core/report", test: "TestAccess",
	}, {
		name: "access: parts of a run say it together", file: "core/report/merge.go",
		old: "\t\tm.Access = access.Merge(m.Access, r.Access)\n", broken: "\t\t_ = access.Merge\n", pkg: "./core/report", test: "TestAccessMerged",
	}}
}
