package main

// outageMutants: a state store that hangs, is nowhere, or holds another user's files costs neither work nor card, is told,
// and lets nothing be removed that it should hold.
func outageMutants() []mutant {
	return []mutant{{
		name: "outage: one call without an answer ends it", file: "core/session/outage.go",
		old: "if !cancelled && took >= minStoreCall/2 {", broken: "if !cancelled && took < 0 {", pkg: "./core/session", test: "TestStoreShare",
	}, {
		name: "outage: all calls have a share of the run", file: "core/session/outage.go",
		old: "if rest <= 0 && o.down == nil {", broken: "if rest <= 0 && o.down != nil {", pkg: "./core/session", test: "TestStoreShare",
	}, {
		name: "outage: a lease is renewed all the same", file: "core/session/outage.go",
		old: "if ctx.Value(unboundedKey{}) != nil {", broken: "if ctx.Value(unboundedKey{}) == true && o == nil {", pkg: "./core/session", test: "TestGivenUpStore",
	}, {
		name: "outage: the report says it", file: "core/engine/engine.go",
		old: "\tin.Problems = append(in.Problems, e.StoreErrors()...)\n", broken: "\t_ = e.StoreErrors()\n", pkg: "./core/session", test: "TestStoreThatHangsOnce",
	}, {
		name: "outage: the lease is given back", file: "core/session/lease.go",
		old: "reserve = withLastRelease\n", broken: "reserve = withStoreReserve\n", pkg: "./core/session", test: "TestStoreThatHangsOnce",
	}, {
		name: "outage: a refused write is no conflict", file: "core/storage/checked.go",
		old: "if match {\n\t\t\tfault.Kind", broken: "if match || condition.IsCreateOnly() {\n\t\t\tfault.Kind", pkg: "./core/storage", test: "TestNowhereToWrite",
	}, {
		name: "orders: not beside a run of a part", file: "core/session/lease.go",
		old: "err = s.store.CheckLeasesOf(ctx, fullKey)", broken: "err = nil", pkg: "./core/session", test: "TestOrdersAndPartsExcludeEachOther",
	}, {
		name: "orders: no run of a part beside them", file: "core/session/lease.go",
		old: "err = s.store.CheckLease(ctx, orderKey)", broken: "err = nil", pkg: "./core/session", test: "TestOrdersAndPartsExcludeEachOther",
	}, {
		name: "orders: one JumpServer of several is named", file: "core/session/state.go",
		old: "if len(meant) != 1 {", broken: "if len(meant) == 0 {", pkg: "./functions/local", test: "TestWhichInstallation",
	}, {
		name: "orders: nobody knows the organisation of a configuration that cannot be fetched", file: "core/session/state.go",
		old: "!flagged && s.Unread == nil {", broken: "!flagged {", pkg: "./functions/local", test: "TestOrdersWithoutTheConfigurationsOrganisation",
	}, {
		name: "orders: a mistyped variable is no choice", file: "core/config/mistake.go",
		old: "return strings.HasPrefix(m.Path, settingPrefix) || ", broken: "return ", pkg: "./functions/local", test: "TestOrdersWithAConfigurationWithoutSecrets",
	}, {
		name: "orders: what retire removed can be undone", file: "core/session/operator.go",
		old: "if o.Write && out.Report.Deactivated+out.Report.Deleted > 0 && s.store != nil {", broken: "if false {", pkg: "./functions/local", test: "TestRetireCanBeUndone",
	}, {
		name: "history: what is left out is named", file: "core/report/history.go",
		old: "d.Shortened = append(d.Shortened, list)", broken: "_ = list", pkg: "./core/report", test: "TestHistoryOfAnyRun",
	}}
}
