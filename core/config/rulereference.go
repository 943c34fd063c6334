package config

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// RenderRules returns the tables of the keys of rules in Markdown. docs/configuration.md and docs/configuration.en.md
// contain these texts, and a test compares them.
func RenderRules() (zh, en string) {
	var b, c strings.Builder
	for _, table := range []struct {
		head language.Text
		rows []described
	}{
		{language.New("`when` 的键", "key of `when`"), slices.Concat(conditionKeys(), []described{{"tag.<key>", tagKey().text}}, nestedKeys())},
		{language.New("`set` 的键", "key of `set`"), describedKeys(reflect.TypeFor[setKeys]())},
	} {
		fmt.Fprintf(&b, "\n| %s | %s |\n|---|---|\n", table.head.ZH, language.New("说明", "what it is").ZH)
		fmt.Fprintf(&c, "\n| %s | %s |\n|---|---|\n", table.head.EN, language.New("说明", "what it is").EN)
		for _, row := range table.rows {
			fmt.Fprintf(&b, "| `%s` | %s |\n", row.word, row.text.ZH)
			fmt.Fprintf(&c, "| `%s` | %s |\n", row.word, row.text.EN)
		}
	}
	parts := "`{" + strings.Join(mapping.Placeholders(), "}` `{") + "}`"
	text := language.New("\n模板里可以写："+parts+"。\n", "\nA template may have: "+parts+".\n")
	return b.String()[1:] + text.ZH, c.String()[1:] + text.EN
}

// describedKeys returns the keys of a group of a rule with what they mean. A bar would end a cell of a table.
func describedKeys(group reflect.Type) []described {
	var all []described
	for field := range group.Fields() {
		zh, en, _ := strings.Cut(strings.ReplaceAll(field.Tag.Get("doc"), "|", `\|`), ";")
		all = append(all, described{field.Tag.Get("yaml"), language.New(zh, en)})
	}
	return all
}
