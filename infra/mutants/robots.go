package main

// robotMutants: a robot's message counts as told only where the robot said so, and nothing in it mentions, links or formats but what
// the configuration says.
func robotMutants() []mutant {
	return []mutant{{
		name: "robots: WeCom's 200 alone says nothing", file: "core/notify/wecom/wecom.go",
		old: "\tcase 0:\n\t\treturn nil\n", broken: "\tcase 0, 93000:\n\t\treturn nil\n", pkg: "./core/notify/wecom", test: "TestAnswers",
	}, {
		name: "robots: WeCom mentions nobody whom a name names", file: "core/notify/wecom/card.go",
		old: "\"`*<>[]|\\\\~#&@\"", broken: "\"`*[]|\\\\~#&\"", pkg: "./core/notify/wecom", test: "TestHostileNames",
	}, {
		name: "robots: WeCom's messages are never over its limit", file: "core/notify/wecom/card.go",
		old: "len(write(rows, left)) <= MaxContentBytes", broken: "len([]rune(write(rows, left))) <= MaxContentBytes", pkg: "./core/notify/wecom", test: "TestContract",
	}, {
		name: "robots: Feishu's signature has its key from the time", file: "core/notify/feishu/feishu.go",
		old: "[]byte(timestamp+\"\\n\"+key)", broken: "[]byte(key+\"\\n\"+timestamp)", pkg: "./core/notify/feishu", test: "TestSignature",
	}, {
		name: "robots: both of Feishu's codes count", file: "core/notify/feishu/feishu.go",
		old: "[]*int64{reply.StatusCode, reply.Code}", broken: "[]*int64{reply.StatusCode}", pkg: "./core/notify/feishu", test: "TestAnswers",
	}, {
		name: "robots: Feishu's marks are escaped", file: "core/notify/feishu/card.go",
		old: "\"&<>*_~[]()#`!|\\\\:$\"", broken: "\"&*_~[]()#`!|\\\\:$\"", pkg: "./core/notify/feishu", test: "TestHostileNames",
	}, {
		name: "robots: Feishu mentions where people must act, and nowhere else", file: "core/notify/feishu/card.go",
		old: "if m.Mention && len(b.mention) > 0 {", broken: "if len(b.mention) > 0 {", pkg: "./core/notify/feishu", test: "TestContract",
	}, {
		name: "robots: Slack took only what it calls ok", file: "core/notify/slack/slack.go",
		old: "case status == http.StatusOK && word == \"ok\":", broken: "case status == http.StatusOK:", pkg: "./core/notify/slack", test: "TestAnswers",
	}, {
		name: "robots: Slack's notification is no markup", file: "core/notify/slack/card.go",
		old: "strings.NewReplacer(\"&\", \"&amp;\", \"<\", \"&lt;\", \">\", \"&gt;\")", broken: "strings.NewReplacer(\"&\", \"&amp;\")",
		pkg: "./core/notify/slack", test: "TestHostileNames",
	}, {
		name: "robots: an error within a success of Teams is one", file: "core/notify/teams/teams.go",
		old: "case within != \"\":", broken: "case within == \"?\":", pkg: "./core/notify/teams", test: "TestAnswers",
	}, {
		name: "robots: facts of Teams are no Markdown", file: "core/notify/teams/card.go",
		old: "return post.FullWidth(oneLine(cell.Plain()), \"*_`~[]()<>#\\\\!|&\")", broken: "return oneLine(cell.Plain())",
		pkg: "./core/notify/teams", test: "TestHostileNames",
	}, {
		name: "robots: no error shows a part of a webhook", file: "core/notify/post/address.go",
		old: "\tparts = append(parts, strings.Split(address.EscapedPath(), \"/\")...)\n", broken: "\tparts = append(parts, strings.Split(address.Opaque, \"/\")...)\n", pkg: "./core/notify/feishu", test: "TestAnswers",
	}, {
		name: "robots: what is left out is counted", file: "core/notify/post/rows.go",
		old: "\tleft = countLines(rows[len(shown):])\n", broken: "\tleft = min(1, len(rows)-len(shown))\n", pkg: "./core/notify/post", test: "TestFit",
	}}
}
