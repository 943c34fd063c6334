package notifytest

import "github.com/jms-sync/jms-sync/core/notify"

// HostileNames returns names that an instance can have, and that would mention, link, colour or format something in one chat
// program or another.
func HostileNames() []string {
	return []string{
		"<@all>", "@all", "<@zhangsan>", "<!channel>", "<!here|here>", "<@U012AB3CD>", "<!subteam^SAZ94GDB8>", "<at id=all></at>", "<at user_id=\"all\">所有人</at>",
		"<at>anna@example.com</at>", "&lt;!channel&gt;", "&#60;at id=all&#62;", "[x](https://evil.example/)", "<https://evil.example/|x>", "https://evil.example/", "HTTP://evil.example",
		"![x](https://evil.example/p.png)", "<a href='https://evil.example'>x</a>", `<font color="warning">x</font>`, "<font color='red'>x</font>", "**x**", "*x*", "_x_", "__x__", "~x~", "~~x~~",
		"`x`", "```x```", "> x", "# x", "- x", "\\*x\\*", "x\n\n### y", "x\r\ny", "x\u2028y", "| x | y |", "$x$", "\xff", `"},{"tag":"at"`, "x\x00y",
	}
}

// HostileMessage returns a message whose every text holds a name, as it would if nothing made it harmless before: in the title,
// a list, facts, a table and a paragraph. Where the name itself would be another form in the message, it is written as report
// does.
func HostileMessage(name string) notify.Message {
	name = oneLine(name)
	return notify.Message{
		Title: "[PROD] 1 failed: " + name, LinkText: "View", LinkURL: "https://jms.example.com/",
		Markdown: "**PROD · 1 failed: " + name + "**\n\n### Failures\n\n- **acc**: " + name + "\n\n### Result\n\n| Metric | Value |\n| --- | --- |\n| Total | 1 |\n| " + name + " | 2 |\n\n" +
			"### Hosts\n\n| Name | Address | Platform |\n| --- | --- | --- |\n| " + name + " | 10.0.0.1 | Linux |\n\n" + name,
	}
}

// oneLine returns a name without what parts lines, cells and spans of a message: report lets none of that in.
func oneLine(name string) string {
	out := ""
	for _, r := range name {
		switch r {
		case '\n', '\r', '|', '*':
			r = '·'
		case '#', '-':
			out += "x"
		}
		out += string(r)
	}
	return out
}
