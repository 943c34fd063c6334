package main

// accountedMutants: every asset of ours is accounted for, and lost labels hold all removals.
func accountedMutants() []mutant {
	return []mutant{{
		name: "accounted: an account that moved to another cloud", file: "core/plan/orphan.go",
		old: "account.Cloud != \"\" && account.Cloud != m.cloud:", broken: "false:", pkg: "./core/plan", test: "TestOrphans",
	}, {
		name: "accounted: a region that the cloud no longer names", file: "core/plan/orphan.go",
		old: "len(account.Regions) == 0 && b.isRegionUnnamed(m):", broken: "false:", pkg: "./core/plan", test: "TestOrphans",
	}, {
		name: "accounted: a narrowed run knows no other regions", file: "core/plan/orphan.go",
		old: "(b.input.AllRegions || slices.Contains(b.input.Regions, m.region)) &&", broken: "true &&", pkg: "./core/plan", test: "TestOrphans",
	}, {
		name: "accounted: regions that could not be listed", file: "core/plan/orphan.go",
		old: "if inventory.CoversRegion(l.Region, s.Region) {", broken: "if l.Region == s.Region {", pkg: "./core/plan", test: "TestOrphans",
	}, {
		name: "accounted: the engine says which regions it asked for", file: "core/engine/engine.go",
		old: "AllRegions: len(p.req.Regions) == 0, ", broken: "", pkg: "./core/engine", test: "TestRegionNoLongerNamed",
	}, {
		name: "accounted: a kept asset is told", file: "core/plan/absent.go",
		old: "c.Unlisted = a.Active && !saysScope(why.Code)", broken: "c.Unlisted = a.Active && proved", pkg: "./core/plan", test: "TestStaysOpen",
	}, {
		name: "accounted: a failed scope speaks for itself", file: "core/plan/absent.go",
		old: "c.Unlisted = a.Active && !saysScope(why.Code)", broken: "c.Unlisted = a.Active", pkg: "./core/plan", test: "TestStaysOpen",
	}, {
		name: "accounted: what the cloud shows when asked is present", file: "core/plan/guard.go",
		old: "c.Unlisted && v.why.Code != reason.StillThere", broken: "c.Unlisted", pkg: "./core/plan", test: "TestStaysOpen",
	}, {
		name: "accounted: copies stay open too", file: "core/plan/absent.go",
		old: "c.Before, c.Unlisted = nil, !b.listed[n] && b.isOpenCopy(*a, b.ownerships[n])", broken: "c.Before = nil", pkg: "./core/plan", test: "TestStaysOpen",
	}, {
		name: "accounted: in one line, not in none", file: "core/plan/accounted.go",
		old: "if len(lines) != 1 {", broken: "if len(lines) > 1 {", pkg: "./core/plan", test: "TestUnaccounted",
	}, {
		name: "accounted: the report groups what failed to be removed", file: "core/report/build.go",
		old: "open && !c.Interim {", broken: "open && false {", pkg: "./core/report", test: "TestStaysOpen",
	}, {
		name: "accounted: the card says it", file: "core/report/message.go",
		old: "{open, t[3]}, ", broken: "", pkg: "./core/report", test: "TestStaysOpenIsShown",
	}, {
		name: "accounted: the output says it", file: "core/report/summary.go",
		old: "w.skipLines(r), w.openLines(r),", broken: "w.skipLines(r),", pkg: "./core/report", test: "TestStaysOpenIsShown",
	}, {
		name: "accounted: shards say it once", file: "core/report/shards.go",
		old: "\tr.dropRepeated()\n", broken: "", pkg: "./core/report", test: "TestStaysOpenOfSeveral",
	}, {
		name: "accounted: lost labels hold the removals", file: "core/plan/thresholds.go",
		old: "g.plan.LostMarks(g.limits); many && !approved {", broken: "g.plan.LostMarks(g.limits); many && false {", pkg: "./core/plan", test: "TestManyLostMarks",
	}, {
		name: "accounted: lost labels are told without any removal", file: "core/engine/engine.go",
		old: "unreadError(desired), lostMarks)", broken: "unreadError(desired))", pkg: "./core/engine", test: "TestLostLabels",
	}, {
		name: "accounted: no run is unchanged while labels are lost", file: "core/engine/incremental.go",
		old: "p.holdsForLostMarks && ", broken: "p.req.DryRun && ", pkg: "./core/engine", test: "TestLostLabelsOfAssetsThatAreOff",
	}, {
		name: "accounted: what was released has lost nothing", file: "core/plan/lostmarks.go",
		old: "b.ownerships[n].cloud != \"\" || isReleased(*a) {", broken: "b.ownerships[n].cloud != \"\" {", pkg: "./core/plan", test: "TestReleasedIsNotLost",
	}, {
		name: "accounted: who writes jms-released hides no lost label", file: "core/plan/lostmarks.go",
		old: "a.LabelCount(inventory.LabelReleased) > 0 && !hasOwnershipLabel(a)", broken: "a.LabelCount(inventory.LabelReleased) > 0", pkg: "./core/plan", test: "TestLostMarks",
	}, {
		name: "accounted: an adoption takes jms-released off", file: "core/plan/lostmarks.go",
		old: "inventory.LabelInstance, inventory.LabelReleased)", broken: "inventory.LabelInstance)", pkg: "./core/plan", test: "TestAdoptTakesReleasedOff",
	}, {
		name: "accounted: release says so", file: "core/plan/adopt.go",
		old: "return append(out, inventory.Label{Name: inventory.LabelReleased, Value: releasedBy})", broken: "return out", pkg: "./core/plan", test: "TestReleasedIsNotLost",
	}, {
		name: "accounted: restored labels need the id", file: "core/plan/lostmarks.go",
		old: " || !lost.byID || ", broken: " || ", pkg: "./core/plan", test: "TestRestoringProves",
	}, {
		name: "accounted: restored labels need the owner's listing", file: "core/plan/lostmarks.go",
		old: "|| l.Region != m.region || !strings.EqualFold(l.Owner, m.owner) {", broken: "|| l.Region != m.region {", pkg: "./core/plan", test: "TestRestoringProves",
	}, {
		name: "accounted: restored labels keep jms-gone", file: "core/plan/adopt.go",
		old: "if !isReleased(a) && a.ID == inventory.AssetID", broken: "if false && a.ID == inventory.AssetID", pkg: "./core/plan", test: "TestAdoptRestoresLostMarks",
	}, {
		name: "accounted: retire keeps to what nobody asks for", file: "core/plan/retire.go",
		old: "what.Cloud != \"\" && what.Cloud != account.Cloud:", broken: "what.Cloud != \"\":", pkg: "./core/engine", test: "TestAccountMovedToAnotherCloud",
	}, {
		name: "accounted: retire of a region needs the cloud's word", file: "core/operator/retire.go",
		old: "what.RegionUnnamed = rules.IsRegionUnnamed(what, r.listings)\n", broken: "", pkg: "./core/engine", test: "TestRegionNoLongerNamed",
	}, {
		name: "accounted: status shows the newest word", file: "core/state/open.go",
		old: "c := y.At.Compare(x.At); c != 0", broken: "c := x.At.Compare(y.At); c != 0", pkg: "./core/state", test: "TestOpenLists",
	}, {
		name: "accounted: an unchanged run forgets nothing", file: "core/session/sync.go",
		old: "if !out.Report.Compared() {", broken: "if false {", pkg: "./functions/local", test: "TestStatusListsWhatStaysOpen",
	}}
}
