package main

// wordMutants: people read one language, the one that they or their environment chose.
func wordMutants() []mutant {
	return []mutant{{
		name: "words: C is no English", file: "core/language/language.go",
		old: `case name == "c", `, broken: `case `,
		pkg: "./core/language", test: "TestOf",
	}, {
		name: "words: an error speaks where it is wrapped", file: "core/language/error.go",
		old: "both.In(lang), 1)", broken: "both.EN, 1)",
		pkg: "./core/language", test: "TestErrorText",
	}, {
		name: "words: the caller's language is a default", file: "core/config/load.go",
		old: "cmp.Or(string(from.Language), c.Language)", broken: "cmp.Or(c.Language, string(from.Language))",
		pkg: "./core/config", test: "TestWhichLanguage",
	}, {
		name: "words: a platform's locale is nobody's choice", file: "functions/internal/wire/source.go",
		old:    "session.ConfigSource{File: file, Environ: environ}",
		broken: "session.ConfigSource{File: file, Environ: environ, Language: \"en\"}",
		pkg:    "./functions/internal/wire", test: "TestPlatformsLocale",
	}, {
		name: "words: the command goes by the environment", file: "functions/local/sync.go",
		old: "Environ: os.Environ(), Language: o.lang}", broken: "Environ: os.Environ()}",
		pkg: "./functions/local", test: "TestCommandsSpeakOneLanguage",
	}, {
		name: "words: cobra's own", file: "functions/local/usage.go",
		old: "\troot.SetFlagErrorFunc(", broken: "\t(&cobra.Command{}).SetFlagErrorFunc(",
		pkg: "./functions/local", test: "TestHelpSpeaksOneLanguage",
	}, {
		name: "words: East Asian width", file: "core/report/table.go",
		old: "\tcase width.EastAsianWide, width.EastAsianFullwidth:\n", broken: "\tcase width.EastAsianFullwidth:\n",
		pkg: "./core/report", test: "TestColumnsAlign",
	}}
}
