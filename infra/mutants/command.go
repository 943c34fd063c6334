package main

// commandMutants: what went wrong is told where people look, and nothing old or wrong is taken for a result.
func commandMutants() []mutant {
	return []mutant{{
		name: "command: a failed scope is an error", file: "core/cloud/fleet.go",
		old: `log.Error("not listed"`, broken: `log.Warn("not listed"`,
		pkg: "./functions/local", test: "TestFailedScopesAreErrors",
	}, {
		name: "command: a mistake reaches the error log", file: "functions/local/main.go",
		old: "\t\to.logEnd(err)\n", broken: "",
		pkg: "./functions/local", test: "TestMistakesAreInTheErrorLog",
	}, {
		name: "command: no folder that nobody asked for", file: "functions/local/log.go",
		old: ` && !hasFolder(s.File) {`, broken: ` && s.File == "-" {`,
		pkg: "./functions/local", test: "TestUnreadableConfiguration",
	}, {
		name: "command: results of an earlier run go", file: "functions/local/output.go",
		old: "if o.written || !o.isSet()", broken: "if !o.written || !o.isSet()",
		pkg: "./functions/local", test: "TestEarlierResultsDoNotStay",
	}, {
		name: "command: standard output has the document alone", file: "functions/local/output.go",
		old: "\tif s.output.isStandardOutput() {\n\t\treturn s.stderr\n", broken: "\tif s.output == nil {\n\t\treturn s.stderr\n",
		pkg: "./functions/local", test: "TestResultsOnStandardOutput",
	}, {
		name: "command: a terminal shows warnings", file: "functions/local/log.go",
		old: `	return "WARNING"`, broken: `	return ""`,
		pkg: "./functions/local", test: "TestLogOnATerminal",
	}, {
		name: "command: a level that was asked for wins", file: "functions/local/log.go",
		old: "case o.verbose, cfg.Log.LevelIsSet, !terminal:", broken: "case o.verbose, !terminal:",
		pkg: "./functions/local", test: "TestLogOnATerminal",
	}, {
		name: "command: each line names its run", file: "functions/internal/logs/run.go",
		old: `if id != "" && !h.named {`, broken: `if id != "" && h.named {`,
		pkg: "./functions/internal/logs", test: "TestRunInEveryLine",
	}, {
		name: "command: a function's log names the request", file: "functions/internal/wire/app.go",
		old: "Log: namedLog(ctx, w.log)", broken: "Log: w.log",
		pkg: "./functions/internal/wire", test: "TestEveryLineNamesTheRequest",
	}, {
		name: "command: times are in the configured zone", file: "functions/internal/logs/logs.go",
		old: "v.In(cmp.Or(s.Location, time.Local))", broken: "v.In(time.Local)",
		pkg: "./functions/internal/logs", test: "TestTimesInOneZone",
	}, {
		name: "command: an account that nobody knows", file: "core/operator/account.go",
		old: `configured || wanted == "" {`, broken: `configured || wanted != "-" {`,
		pkg: "./core/operator", test: "TestUnknownAccount",
	}, {
		name: "command: doctor looks at the mode", file: "core/doctor/store.go",
		old: "const others = 0o006", broken: "const others = 0o000",
		pkg: "./functions/local", test: "TestDoctorWarnsOfAReadableConfiguration",
	}, {
		name: "command: init shows no secret", file: "functions/local/prompt.go",
		old: "term.ReadPassword(fd)", broken: "a.in.ReadBytes('\\n')",
		pkg: "./functions/local", test: "TestInitNeverShowsASecret",
	}, {
		name: "command: init asks again", file: "functions/local/prompt.go",
		old:    "\t\tif mistake == nil || ended {\n\t\t\treturn line, mistake\n\t\t}\n\t\ta.refuse(mistake)\n\t}\n}\n\n// refuse",
		broken: "\t\treturn line, mistake\n\t}\n}\n\n// refuse",
		pkg:    "./functions/local", test: "TestInitAsksAgain",
	}, {
		name: "command: the journal knows errors", file: "functions/internal/logs/journal.go",
		old: `return "<3>"`, broken: `return "<6>"`,
		pkg: "./functions/local", test: "TestJournal",
	}}
}
