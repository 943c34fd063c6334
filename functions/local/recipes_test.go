package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// recipe is a recipe of docs/mapping: the part of a configuration, and what is expected of it.
type recipe struct{ title, settings, expectations string }

// readRecipes returns the accounts of a document's recipes, and the recipes.
func (d *desk) readRecipes(document string) (accounts string, all []recipe) {
	d.Helper()
	for _, section := range strings.Split(document, "\n### ") {
		var r recipe
		r.title, _, _ = strings.Cut(section, "\n")
		for _, m := range fence.FindAllStringSubmatch(section, -1) {
			switch {
			case m[1] != "yaml":
			case strings.HasPrefix(m[2], "clouds:"):
				accounts = m[2]
			case strings.HasPrefix(m[2], "# expect.yaml"):
				r.expectations += m[2]
			default:
				r.settings += m[2]
			}
		}
		number := fmt.Sprint(len(all)+1) + ". "
		if strings.HasPrefix(r.title, number) {
			all = append(all, r)
		}
	}
	return accounts, all
}

// TestRecipes: each recipe of the documents is a configuration without mistakes and warnings, its expectations are met,
// and they reach each of its rules.
func TestRecipes(t *testing.T) {
	t.Parallel()
	const recipes = 10
	for _, name := range []string{"mapping.md", "mapping.en.md"} {
		d := newDesk(t)
		accounts, all := d.readRecipes(d.readFile(filepath.Join(repository, "docs", name)))
		if len(all) != recipes || accounts == "" {
			t.Errorf("%s has %d recipes, not %d, with the accounts %q", name, len(all), recipes, accounts)
		}
		jumpServer := fmt.Sprintf("language: en\njumpserver: {url: 'https://jms.example.com', access_key_id: %s, access_key_secret: x}\n", jumpservertest.KeyID)
		for _, r := range all {
			config := d.saveFile("config.yaml", jumpServer+accounts+r.settings)
			d.runRaw(d.Context(), exitDone, "-c", config, "config", "check")
			if !strings.HasPrefix(d.stdout.String(), "no mistakes (accounts: 2, rules: ") {
				t.Errorf("%s: %s:\n%s", name, r.title, &d.stdout)
			}
			d.runRaw(d.Context(), exitDone, "-c", config, "rules", "test", d.saveFile("expect.yaml", r.expectations))
			if !strings.HasPrefix(d.stdout.String(), "All expectations are met: ") {
				t.Errorf("%s: %s:\n%s", name, r.title, &d.stdout)
			}
		}
	}
}
