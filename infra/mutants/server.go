package main

// serverMutants: what rules read of JumpServer and write there, without taking away what people made.
func serverMutants() []mutant {
	const pkg = "./core/jumpserver"
	return []mutant{{
		name: "server: without rules nothing more is read", file: "core/jumpserver/rows.go",
		old: "if c.needs.Protocols {", broken: "if c.batchSize > 0 {", pkg: pkg, test: "TestReadForRules",
	}, {
		name: "server: a template that a person has just made is looked for", file: "core/jumpserver/knownlist.go",
		old: "if !known && age >= missingPlatformTTL {", broken: "if !known && age < 0 {", pkg: pkg, test: "TestListsOfRulesAreKept",
	}, {
		name: "server: a template that is gone is no longer known", file: "core/jumpserver/rulelists.go",
		old: "\tc.templates.forget()\n\treturn true\n", broken: "\treturn true\n", pkg: pkg, test: "TestRefusedAccounts",
	}, {
		name: "server: a host refused for its accounts says so", file: "core/jumpserver/rulelists.go",
		old: "(r.keys == nil && !r.isEmpty || r.hasKey(\"accounts\"))", broken: "r.hasKey(\"accounts\")", pkg: pkg, test: "TestRefusedAccounts",
	}, {
		name: "server: a host gets all its nodes", file: "core/jumpserver/create.go",
		old: "\"nodes\": a.NodeIDs,", broken: "\"nodes\": a.NodeIDs[:1],", pkg: pkg, test: "TestCreateByRules",
	}, {
		name: "server: protocols are never in a list", file: "core/jumpserver/update.go",
		old: "\t\tif p.Protocols != nil {\n\t\t\tu.sendRows(ctx, rows)\n", broken: "\t\tif p.Protocols != nil && p.Name != nil {\n\t\t\tu.sendRows(ctx, rows)\n", pkg: pkg, test: "TestPatchesOfRules",
	}, {
		name: "server: nodes are written right after they were read", file: "core/jumpserver/update.go",
		old: "q.noRetry = q.noRetry || mustBeFresh(u.patches[i])", broken: "q.noRetry = q.noRetry || u.patches[i].Labels != nil || u.patches[i].Active != nil",
		pkg: pkg, test: "TestStaleNodesAreNotWritten",
	}, {
		name: "server: no host loses its last node", file: "core/jumpserver/patch.go",
		old: "if p.NodeIDs != nil && len(p.NodeIDs) == 0 {", broken: "if p.NodeIDs != nil && len(p.NodeIDs) < 0 {", pkg: pkg, test: "TestRefusedPatchesOfRules",
	}, {
		name: "server: nodes that stayed are told", file: "core/jumpserver/patch.go",
		old: "if want.NodeIDs != nil && nodesOf(row.Nodes) != joinIDs(want.NodeIDs) {", broken: "if want.NodeIDs == nil && nodesOf(row.Nodes) != joinIDs(want.NodeIDs) {",
		pkg: pkg, test: "TestSilentlyKept",
	}, {
		name: "server: an account that is there keeps its secret", file: "core/jumpserver/accounts.go",
		old: "\"on_invalid\": \"skip\"", broken: "\"on_invalid\": \"update\"", pkg: pkg, test: "TestAttachAccounts",
	}, {
		name: "server: an account that was not made is told", file: "core/jumpserver/accounts.go",
		old: "[]string{\"created\", \"skipped\"}", broken: "[]string{\"created\", \"skipped\", \"error\"}", pkg: pkg, test: "TestAttachAccounts",
	}, {
		name: "server: a host that an answer does not name is asked by itself", file: "core/jumpserver/accounts.go",
		old: "\t\tcase len(rows) > 1:\n\t\t\ta.send(ctx, template, []int{n})\n", broken: "", pkg: pkg, test: "TestAttachToRenamed",
	}, {
		name: "server: without the right nothing more is sent", file: "core/jumpserver/accounts.go",
		old: "\t\ta.stopCause = a.stopAfter(err)\n", broken: "\t\t_ = a.stopAfter\n", pkg: pkg, test: "TestAttachStops",
	}, {
		name: "server: only access rules in force count", file: "core/jumpserver/access.go",
		old: "row.Valid == nil || !*row.Valid || ", broken: "row.Valid == nil || ", pkg: pkg, test: "TestAccessRulesRefused",
	}, {
		name: "server: only rules in force are asked for", file: "core/jumpserver/access.go",
		old: "&is_valid=1\" + filter", broken: "\" + filter", pkg: pkg, test: "TestAccessRules",
	}, {
		name: "server: a rule without accounts lets nobody log in", file: "core/jumpserver/access.go",
		old: "rule.LoginDenied = len(*row.Accounts) == 0", broken: "rule.LoginDenied = row.Accounts == nil", pkg: pkg, test: "TestAccessRules",
	}, {
		name: "server: doctor names the rights that rules lack", file: "core/doctor/rules.go",
		old: "if !n.needed || !lacksAll(r, n.names) {", broken: "if !n.needed || r.HasPermissions() {", pkg: "./core/doctor", test: "TestRightsForRules",
	}, {
		name: "server: rights that no rule needs are not asked for", file: "core/doctor/rules.go",
		old: "if !n.needed || !lacksAll(r, n.names) {", broken: "if !lacksAll(r, n.names) {", pkg: "./core/doctor", test: "TestRightsForRules",
	}}
}
