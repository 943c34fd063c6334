package main

// kindsMutants: each kind of instances is a scope of its own, and a missing right is never an absence.
func kindsMutants() []mutant {
	const swas, fleet = "./core/cloud/alibaba", "./core/cloud"
	return []mutant{{
		name: "kinds: a kind that is not configured leaves orphans", file: "core/plan/orphan.go",
		old: "case !inventory.HasKind(account.Regions, account.Kinds, inventory.KindOfRegion(m.region)):", broken: "case false:", pkg: "./core/plan", test: "TestOrphans",
	}, {
		name: "kinds: regions of one kind say nothing of another", file: "core/plan/orphan.go",
		old: "others = others || inventory.KindOfRegion(l.Region) == inventory.KindOfRegion(s.Region)", broken: "others = true", pkg: "./core/plan", test: "TestOrphans",
	}, {
		name: "kinds: failed regions of one kind hold no other", file: "core/inventory/kinds.go",
		old: "plain == AnyRegion && kind == KindOfRegion(region)", broken: "plain == AnyRegion && kind != \" \"", pkg: "./core/plan", test: "TestKinds",
	}, {
		name: "kinds: an id of one kind is none of another", file: "core/plan/instancekey.go",
		old: "return instanceKey{m.cloud, inventory.KindOfRegion(m.region), m.instanceID}", broken: "return instanceKey{m.cloud, \"\", m.instanceID}", pkg: "./core/plan", test: "TestKinds",
	}, {
		name: "kinds: lightweight servers have their public address", file: "core/inventory/system.go",
		old: "KindOfRegion(i.Region) != \"\" && len(i.PublicIPs) > 0 {", broken: "false {", pkg: "./core/plan", test: "TestKinds",
	}, {
		name: "kinds: each kind is listed by its own lister", file: "core/cloud/kinds.go",
		old: "	if kind == \"\" {\n		return t.Lister, plain, t.Err", broken: "	if true {\n		return t.Lister, plain, t.Err", pkg: fleet, test: "TestFleetFindsByKind",
	}, {
		name: "kinds: regions without a kind are passed over", file: "core/cloud/kinds.go",
		old: "return !slices.Contains(all, region) }), nil", broken: "return false }), nil", pkg: fleet, test: "TestFleetListsKinds",
	}, {
		name: "kinds: a kind whose regions are denied has failed", file: "core/cloud/fleet.go",
		old: "failed = append(failed, failedListings(t.Account, t.plannedRegions(kind, only), owner.id, err)...)", broken: "_ = failed", pkg: fleet, test: "TestFleetListsKinds",
	}, {
		name: "kinds: events mean the main kind", file: "core/cloud/resolve.go",
		old: "return inventory.IsAskedFor(a.Regions, a.Kinds, region)", broken: "return len(a.Regions) == 0 || inventory.IsAskedFor(a.Regions, a.Kinds, region)", pkg: fleet, test: "TestEventsMeanTheMainKind",
	}, {
		name: "kinds: pages by number are read twice", file: "core/cloud/offset.go",
		old: "if err == nil && o.Numbered && len(rows) > o.Limit {", broken: "if false {", pkg: fleet, test: "TestNumberedPages",
	}, {
		name: "kinds: a missing right is told once assets are of the kind", file: "core/engine/kinds.go",
		old: " && !used[[2]string{string(l.Cloud), kind}] {", broken: " {", pkg: "./core/engine", test: "TestKindWithoutRight",
	}, {
		name: "kinds: a missing right of an unused kind is no alarm", file: "core/engine/kinds.go",
		old: "l.Err = &unusedKindError{l.Err}", broken: "_ = l", pkg: "./core/engine", test: "TestKindWithoutRight",
	}, {
		name: "kinds: an absence without a witness is weak", file: "core/cloud/alibaba/swasverify.go",
		old: "	if witness == \"\" {\n		// The", broken: "	if false {\n		// The", pkg: swas, test: "TestSWASAbsence",
	}, {
		name: "kinds: a witness that is not shown proves nothing", file: "core/cloud/alibaba/swasverify.go",
		old: "case witness != \"\" && len(shown) == 0:", broken: "case false:", pkg: swas, test: "TestSWASAbsence",
	}, {
		name: "kinds: a withheld server is there", file: "core/cloud/alibaba/swasverify.go",
		old: "	if inventory.KindOf(err) == inventory.Denied {\n		return refusal, nil\n	}", broken: "	if true {\n		return refusal, nil\n	}", pkg: swas, test: "TestSWASAbsence",
	}, {
		name: "kinds: what the second call alone shows is there", file: "core/cloud/alibaba/swasverify.go",
		old: "case hidden >= 0:", broken: "case false:", pkg: swas, test: "TestSWASContract",
	}, {
		name: "kinds: an empty region of swas is asked twice", file: "core/cloud/alibaba/swas.go",
		old: "	if err == nil && len(list) == 0 {\n		err = l.verifyEmpty(ctx, region)\n	}", broken: "", pkg: swas, test: "TestSWASAbsence",
	}, {
		name: "kinds: an empty region of lighthouse needs the second right", file: "core/cloud/tencent/list.go",
		old: "	if err == nil && len(list) == 0 {\n		err = l.verifyEmpty(ctx, region)\n	}", broken: "", pkg: "./core/cloud/tencent", test: "TestLighthouseEmptyRegion",
	}}
}
