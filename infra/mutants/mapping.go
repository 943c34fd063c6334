package main

// mappingMutants: rules do what is written, and what a cloud did not show decides nothing.
func mappingMutants() []mutant {
	const pkg = "./core/mapping"
	return []mutant{{
		name: "mapping: a condition on tags that were not read is open", file: "core/mapping/condition.go",
		old: "\tcase v.isUnread(t.key):\n\t\treturn maybe\n", broken: "", pkg: pkg, test: "TestProperties",
	}, {
		name: "mapping: an open condition is no match", file: "core/mapping/mapper.go",
		old: "\tcase holds == maybe:\n\t\tm.mayHaveStopped = m.mayHaveStopped || r.stop\n\t\tm.leaveOpen(r)\n\t\treturn false\n", broken: "", pkg: pkg, test: "TestProperties",
	}, {
		name: "mapping: behind an open stop nothing is known", file: "core/mapping/mapper.go",
		old: "m.mayHaveStopped = m.mayHaveStopped || r.stop", broken: "m.mayHaveStopped = false", pkg: pkg, test: "TestProperties",
	}, {
		name: "mapping: an open rule that adds nodes leaves them open, whatever the main one is", file: "core/mapping/mapper.go",
		old: "addsNodes := f == FieldNode && len(r.further) > 0", broken: "addsNodes := f == FieldNode && len(r.further) < 0", pkg: pkg, test: "TestProperties",
	}, {
		name: "mapping: a node of tags that were not read is not known", file: "core/mapping/mapper.go",
		old: "\tif p.isUnread(&m.view) {\n", broken: "\tif p.isUnread(&m.view) && p.static != \"\" {\n", pkg: pkg, test: "TestProperties",
	}, {
		name: "mapping: what is not known has no value", file: "core/mapping/mapper.go",
		old: "\tm.out.clearUnread()\n", broken: "", pkg: pkg, test: "TestProperties",
	}, {
		name: "mapping: addresses that were not shown may be anywhere", file: "core/mapping/keys.go",
		old: "return v.AddressesPartial", broken: "return v.AddressesPartial && v.want == nil", pkg: pkg, test: "TestProperties",
	}, {
		name: "mapping: facts that should be there and are not are unread", file: "core/mapping/keys.go",
		old: "return v.want.WantsTags() && (v.Facts == nil || v.Facts.TagsUnread)", broken: "return v.Facts != nil && v.Facts.TagsUnread", pkg: pkg, test: "TestMissingFacts",
	}, {
		name: "mapping: the first rule wins", file: "core/mapping/mapper.go",
		old: "\tif m.taken.Has(f) {\n\t\tm.note(traceLost, f)\n\t\treturn false\n\t}\n", broken: "", pkg: pkg, test: "TestSettings",
	}, {
		name: "mapping: stop ends", file: "core/mapping/mapper.go",
		old: "\tm.applyWhether(index, r)\n\treturn r.stop\n", broken: "\tm.applyWhether(index, r)\n\treturn false\n", pkg: pkg, test: "TestSettings",
	}, {
		name: "mapping: ! excludes", file: "core/mapping/condition.go",
		old: "t.isWanted(values) && !t.isUnwanted(values)", broken: "t.isWanted(values)", pkg: pkg, test: "TestConditions",
	}, {
		name: "mapping: * is no value that is not there", file: "core/mapping/keys.go",
		old: "\t\tif has {\n\t\t\treturn into[:1]\n\t\t}\n\t\treturn nil\n", broken: "\t\t_ = has\n\t\treturn into[:1]\n", pkg: pkg, test: "TestConditions",
	}, {
		name: "mapping: a glob ends where it ends", file: "core/mapping/pattern.go",
		old: "!hasLower(value, end, pieces[last])", broken: "!hasLower(value, 0, pieces[last][:0])", pkg: pkg, test: "TestConditions",
	}, {
		name: "mapping: what stands between two * is in its order", file: "core/mapping/pattern.go",
		old: "\t\tfrom += len(piece)\n", broken: "", pkg: pkg, test: "FuzzGlob",
	}, {
		name: "mapping: never the root node", file: "core/mapping/path.go",
		old: "return string(whole), len(whole) > len(rootPath)", broken: "return string(whole), true", pkg: pkg, test: "TestSettings",
	}, {
		name: "mapping: a value makes no level of its own", file: "core/mapping/path.go",
		old: "\tif strings.Contains(value, \"/\") {\n\t\tvalue = strings.ReplaceAll(value, \"/\", \"-\")\n\t}\n", broken: "", pkg: pkg, test: "TestSettings",
	}, {
		name: "mapping: what is cut stays apart", file: "core/mapping/text.go",
		old: "hash := sha256.Sum256([]byte(text))", broken: "hash := sha256.Sum256(nil)", pkg: pkg, test: "TestCut",
	}, {
		name: "mapping: a label takes no colon", file: "core/mapping/text.go",
		old: "strings.ReplaceAll(strings.ReplaceAll(text, \":\", \"-\"), \",\", \"-\")", broken: "strings.ReplaceAll(text, \",\", \"-\")", pkg: pkg, test: "TestSettings",
	}, {
		name: "mapping: our own labels are nobody's", file: "core/mapping/settings.go",
		old: "strings.HasPrefix(inventory.FoldName(name), \"jms-\")", broken: "strings.HasPrefix(name, \"jms-sync\")", pkg: pkg, test: "TestMistakes",
	}, {
		name: "mapping: an empty condition is a mistake", file: "core/mapping/compile.go",
		old: "if len(w.Keys) == 0 && w.Any == nil && w.All == nil && w.Not == nil {", broken: "if len(w.Keys) < 0 {", pkg: pkg, test: "TestMistakes",
	}, {
		name: "mapping: tags count only where they are switched on", file: "core/mapping/set.go",
		old: "\tif s.fromTags {\n\t\tm.applyTags()\n\t}\n", broken: "\tm.applyTags()\n", pkg: pkg, test: "TestTagsThatCount",
	}, {
		name: "mapping: other rules have another fingerprint", file: "core/mapping/set.go",
		old: "}{1, o.FromTags, rules})", broken: "}{1, o.FromTags, nil})", pkg: pkg, test: "TestFingerprint",
	}, {
		name: "mapping: nothing is asked of clouds that no rule names", file: "core/mapping/settings.go",
		old: "\tif age != 0 {\n\t\tc.want.Facts |= inventory.FactCreatedAt\n\t}\n", broken: "\tc.want.Facts |= inventory.FactCreatedAt\n", pkg: pkg, test: "TestWant",
	}, {
		name: "rules test: a list is compared whole", file: "functions/local/rulestest.go",
		old: "\"accounts\": joinSorted(o.Accounts)", broken: "\"accounts\": joinSorted(o.Accounts[:min(1, len(o.Accounts))])", pkg: "./functions/local", test: "TestRulesTest",
	}, {
		name: "rules test: what is not known is not met", file: "functions/local/rulestest.go",
		old: "if !o.Unread.Has(field) && (", broken: "if (", pkg: "./functions/local", test: "TestRulesTestUnmet",
	}, {
		name: "config: rules are tried on no half configuration", file: "core/config/rulesettings.go",
		old: "\t\tif concernsRules(m) {\n\t\t\treturn Config{}, false\n\t\t}\n", broken: "\t\t_ = concernsRules(m)\n", pkg: "./core/config", test: "TestRuleSettings",
	}}
}
