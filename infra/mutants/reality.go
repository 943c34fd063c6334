package main

// decodingMutants: an event is understood in every form in which clouds deliver it, and told by what it looks like where
// it is not.
func decodingMutants() []mutant {
	return []mutant{{
		name: "events: whose key it is is asked before a removal", file: "core/reconcile/observe.go",
		old: "out.provedAbsent = r.confirmOwner(g, out.provedAbsent)", broken: "_ = r.confirmOwner(g, nil)",
		pkg: "./core/reconcile", test: "TestReleaseWithAnotherKey",
	}, {
		name: "events: an owner that nobody tells", file: "core/reconcile/observe.go",
		old: "case errors.Is(err, inventory.ErrOwnerUnknown):", broken: "case errors.Is(err, inventory.ErrOwnerUnknown) && err == nil:",
		pkg: "./core/reconcile", test: "TestReleaseWithAnotherKey",
	}, {
		name: "events: a message of SNS is opened", file: "core/cloud/envelope.go",
		old: "\t\t{e.Message, isMessage},\n", broken: "\t\t{e.Message, isMessage && false},\n",
		pkg: "./core/cloud/aws", test: "TestEnvelopes",
	}, {
		name: "events: a trace's own message is no envelope", file: "core/cloud/envelope.go",
		old: "\t\t{e.Message, isMessage},\n", broken: "\t\t{e.Message, isMessage || true},\n",
		pkg: "./core/cloud/huawei", test: "TestEnvelopes",
	}, {
		name: "events: Base64 is opened", file: "core/cloud/envelope.go",
		old: "\t\ttext = trimPayload(decoded)\n", broken: "\t\t_ = decoded\n",
		pkg: "./core/cloud/alibaba", test: "TestEnvelopes",
	}, {
		name: "events: a byte order mark", file: "core/cloud/envelope.go",
		old: "[]byte(\"\\xef\\xbb\\xbf\")", broken: "[]byte(\"?\")",
		pkg: "./core/cloud/alibaba", test: "TestEnvelopes",
	}, {
		name: "events: the payload is left as it is", file: "core/cloud/lenient.go",
		old: "\tvar batch []json.RawMessage\n", broken: "\tbatch := []json.RawMessage{payload}[:0]\n",
		pkg: "./core/session", test: "TestEventSender",
	}, {
		name: "events: nothing is released before it is executed", file: "core/cloud/alibaba/event.go",
		old: "\t\tif status != \"Executed\" {", broken: "\t\tif status == \"\" {",
		pkg: "./core/cloud/alibaba", test: "TestCreationUndone",
	}, {
		name: "events: a failed call releases nothing", file: "core/cloud/aws/event.go",
		old: "\tcase t.ErrorCode != \"\":", broken: "\tcase t.ErrorCode == \"?\":",
		pkg: "./core/cloud/aws", test: "TestCloudTrail",
	}, {
		name: "events: unknown ones are nobody's", file: "core/session/events.go",
		old: "return cloud.NameUnknownEvents(p.Events(payload, from), Clouds())", broken: "return p.Events(payload, from)",
		pkg: "./core/session", test: "TestUnknownEvents",
	}}
}

// ipv6Mutants: IPv6 is an address like others, and the last choice.
func ipv6Mutants() []mutant {
	return []mutant{{
		name: "IPv6: an IPv4 address never gives way", file: "core/plan/diff.go",
		old: "\tcase hidesIPv4(i, *a):\n", broken: "\tcase false:\n",
		pkg: "./core/plan", test: "TestIPv6",
	}, {
		name: "IPv6: the whitelist knows the hidden address", file: "core/plan/diff.go",
		old: " && !hidesIPv4(i, *a) ||", broken: " ||",
		pkg: "./core/plan", test: "TestIPv6",
	}, {
		name: "IPv6: public IPv4 comes first", file: "core/inventory/system.go",
		old: "i.ClassicIPs, i.PublicIPs, i.IPv6s} {", broken: "i.ClassicIPs, i.IPv6s, i.PublicIPs} {",
		pkg: "./core/plan", test: "TestIPv6",
	}, {
		name: "IPv6: another spelling is no change", file: "core/plan/diff.go",
		old: "addressKey(c.Address) == addressKey(a.Address),", broken: "c.Address == a.Address,",
		pkg: "./core/plan", test: "TestIPv6",
	}, {
		name: "IPv6: a zone does not unprotect", file: "core/plan/rules.go",
		old: "p.Contains(ip.Unmap().WithZone(\"\"))", broken: "p.Contains(ip.Unmap())",
		pkg: "./core/plan", test: "TestProtectedIPv6",
	}, {
		name: "IPv6: protected_ips sees it", file: "core/inventory/inventory.go",
		old: "i.ClassicIPs, i.PublicIPs, i.IPv6s)", broken: "i.ClassicIPs, i.PublicIPs)",
		pkg: "./core/plan", test: "TestIPv6",
	}, {
		name: "IPv6: a fingerprint has it", file: "core/state/fingerprint.go",
		old: "\tif head&hasIPv6s != 0 {", broken: "\tif head&hasIPv6s > 2 {",
		pkg: "./core/state", test: "TestFingerprintHasEveryFieldThatAPlanReads",
	}, {
		name: "IPv6: no address yet", file: "core/plan/rules.go",
		old: "\"succeeded\"}, i.Status)", broken: "\"succeeded\", \"pending\"}, i.Status)",
		pkg: "./core/plan", test: "TestNoAddress",
	}, {
		name: "IPv6: link-local is none", file: "core/cloud/rows.go",
		old: " || !ip.IsGlobalUnicast() {", broken: " {",
		pkg: "./core/cloud", test: "TestIPv6Texts",
	}}
}
