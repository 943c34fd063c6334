package main

// decodingMutants: an event is understood in every form in which clouds deliver it, and told by what it looks like where
// it is not.
func decodingMutants() []mutant {
	return []mutant{{
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
