package main

// configMutants: mistakes in rules are found where they stand, and what init offers is only taken by a person.
func configMutants() []mutant {
	return []mutant{{
		name: "config: what begins with ! needs quotes", file: "core/config/rules.go",
		old: "strings.HasPrefix(n.Tag, \"!\") && !", broken: "strings.HasPrefix(n.Tag, \"?\") && !",
		pkg: "./core/config", test: "TestBadFiles",
	}, {
		name: "config: a key of set without a value is a mistake", file: "core/config/rules.go",
		old: "\t\tif n.Value == \"\" {\n", broken: "\t\tif n == nil {\n",
		pkg: "./core/config", test: "TestBadFiles",
	}, {
		name: "config: what follows from a misspelt key is not told", file: "core/config/rules.go",
		old: "\t\t\twithin = rule\n", broken: "\t\t\twithin = path\n",
		pkg: "./core/config", test: "TestBadFiles",
	}, {
		name: "config: a mistake in a rule has its place", file: "core/config/rules.go",
		old: "\t\tk.places[path] = k.placeNear(path)\n", broken: "",
		pkg: "./core/config", test: "TestBadFiles",
	}, {
		name: "config: an unknown key is shown, and not its value", file: "core/config/rules.go",
		old: "if !isConditionKey(key) {", broken: "if isConditionKey(key) {",
		pkg: "./core/config", test: "TestDiagnostics",
	}, {
		name: "config: a rule that may leave a field open decides nothing", file: "core/config/warning.go",
		old: "if f.isConstant && !taken", broken: "if !taken",
		pkg: "./core/config", test: "TestWarnings",
	}, {
		name: "config: the schema refuses keys that no rule has", file: "core/config/schemarules.go",
		old: "func (w schemaWriter) ruleGroup(group reflect.Type) schema {\n\ts := schema{Type: types{\"object\"}, Further: false}", broken: "func (w schemaWriter) ruleGroup(group reflect.Type) schema {\n\ts := schema{Type: types{\"object\"}}",
		pkg: "./core/config", test: "TestSchemaAndLoadAgree",
	}, {
		name: "config: the schema takes words in any case", file: "core/config/schema.go",
		old: "if lower == upper {", broken: "if lower != upper {",
		pkg: "./core/config", test: "TestSchemaAndLoadAgree",
	}, {
		name: "config: --allow-unset forgives nothing else", file: "functions/local/config.go",
		old: "return m.Unset }", broken: "return m.Path != \"\" }",
		pkg: "./functions/local", test: "TestConfigCheck",
	}, {
		name: "config: what may not be seen is no mistake", file: "functions/local/configonline.go",
		old: "\t\tcase denied:\n", broken: "\t\tcase denied && err != nil:\n",
		pkg: "./functions/local", test: "TestConfigCheckMayNotLook",
	}, {
		name: "init: rules that nobody took are comments", file: "functions/local/init_rules.go",
		old: "i.rulesAreOffers = len(i.clouds) > 0 // nobody answers", broken: "i.rulesAreOffers = len(i.clouds) < 0",
		pkg: "./functions/local", test: "TestInitWritesOffers",
	}, {
		name: "init: of two zones that fit alike none is offered", file: "functions/local/survey.go",
		old: "\t\t\tisOnly = false\n", broken: "",
		pkg: "./functions/local", test: "TestSimilarZone",
	}, {
		name: "config: a rule that never holds is told", file: "core/config/warning.go",
		old: "\t\tc.warnOfFacts(i)\n", broken: "", pkg: "./core/config", test: "TestWarningsOfFacts",
	}}
}
