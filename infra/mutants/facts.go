package main

// factMutants: what rules ask for is what the cloud says, and what it did not show is never taken for empty.
func factMutants() []mutant {
	return []mutant{{
		name: "facts: the second witness shows no tags", file: "core/cloud/alibaba/facts.go",
		old: "\tf.TagsUnread = true\n", broken: "", pkg: "./core/cloud/alibaba", test: "TestFactsOfOneInstance",
	}, {
		name: "facts: nor the resource group", file: "core/cloud/alibaba/facts.go",
		old: "f.Unread |= inventory.FactResourceGroup", broken: "f.Unread |= 0", pkg: "./core/cloud/alibaba", test: "TestFactsOfOneInstance",
	}, {
		name: "facts: nor whether it is preemptible", file: "core/cloud/alibaba/facts.go",
		old: "f.Unread |= inventory.FactCharge", broken: "f.Unread |= 0", pkg: "./core/cloud/alibaba", test: "TestFactsOfOneInstance",
	}, {
		name: "facts: 2099 is never", file: "core/cloud/facts.go",
		old: "if at.Year() >= neverYear {", broken: "if at.Year() > neverYear+1000 {", pkg: "./core/cloud", test: "TestParseTime",
	}, {
		name: "facts: an odd field shows nothing", file: "core/cloud/facts.go",
		old: "\t\treturn value, true\n", broken: "\t\treturn value, false\n", pkg: "./core/cloud", test: "TestShown",
	}, {
		name: "facts: an odd field is not empty", file: "core/cloud/facts.go",
		old: "*unread |= fact", broken: "*unread |= 0", pkg: "./core/cloud", test: "TestShown",
	}, {
		name: "facts: a lost interface shows no subnet", file: "core/cloud/azure/facts.go",
		old: "all.Unread = inventory.FactSubnet | inventory.FactGroups | inventory.FactElastic", broken: "all.Unread = 0", pkg: "./core/cloud/azure", test: "TestFactsWithoutInterface",
	}, {
		name: "facts: a server without interfaces has a subnet all the same", file: "core/cloud/huawei/facts.go",
		old: "f.Unread |= inventory.FactSubnet", broken: "f.Unread |= 0", pkg: "./core/cloud/huawei", test: "TestOddFacts",
	}, {
		name: "facts: the version that shows when a machine was made", file: "core/cloud/azure/sdk.go",
		old: "if s.want.Has(inventory.FactCreatedAt) {", broken: "if false {", pkg: "./core/cloud/azure", test: "TestContract",
	}, {
		name: "facts: a query names what rules read", file: "core/cloud/azure/graph.go",
		old: "if want.WantsTags() || want.Has(inventory.FactZone) {", broken: "if false {", pkg: "./core/cloud/azure", test: "TestContract",
	}, {
		name: "facts: a start is no creation", file: "core/cloud/aws/facts.go",
		old: "at.IsZero() || attachment.AttachTime.Before(at)", broken: "at.IsZero()", pkg: "./core/cloud/aws", test: "TestContract",
	}, {
		name: "facts: a dynamic address is not elastic", file: "core/cloud/azure/list.go",
		old: "if public.isElastic {", broken: "if public.ip != \"\" {", pkg: "./core/cloud/azure", test: "TestElasticAddresses",
	}, {
		name: "facts: shared texts are kept once", file: "core/cloud/intern.go",
		old: "\t\tin.internFactTexts(f)\n\t\treturn f\n", broken: "\t\treturn f\n", pkg: "./core/cloud/alibaba", test: "TestContract",
	}, {
		name: "facts: different facts are never shared", file: "core/cloud/intern.go",
		old: "\tunread := uint64(f.Unread) << 1\n", broken: "\tunread := uint64(0)\n", pkg: "./core/cloud", test: "TestFactsAreShared",
	}, {
		name: "facts: only tags that rules name", file: "core/inventory/facts.go",
		old: "w.AllTags || slices.Contains(w.Tags, t.Key)", broken: "true", pkg: "./core/inventory", test: "TestOnlyNamedTagsAreKept",
	}, {
		name: "facts: what is unread changes the listing", file: "core/state/fingerprint.go",
		old: "binary.AppendUvarint(append(to, unread), uint64(f.Unread))", broken: "append(to, unread)", pkg: "./core/state", test: "TestFingerprintHasEveryFieldThatAPlanReads",
	}, {
		name: "facts: a run reads what its rules ask for", file: "core/session/accounts.go",
		old: "Want: cfg.Mapping.Want(),", broken: "", pkg: "./core/session", test: "TestAccountsKeepWhatRulesAskFor",
	}}
}
