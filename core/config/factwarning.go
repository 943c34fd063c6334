package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// elastic is the kind of address that takes a fact.
const elastic = "eip"

// warnOfFacts warns of a rule that asks for a fact that is shown by no cloud of the accounts that it may be for, so that it
// fits nothing; and of an elastic address where a cloud does not show which ones are.
func (c *Checked) warnOfFacts(i int) {
	rule := c.Config.Rules[i]
	accounts := c.accountsOf(rule.When)
	for _, key := range slices.Sorted(maps.Keys(rule.When.Keys)) {
		fact := mapping.FactOf(key)
		without := c.accountsWithout(accounts, fact)
		if fact != 0 && len(accounts) > 0 && len(without) == len(accounts) && !c.fitsEmpty(key, rule.When.Keys[key]) {
			c.warn(fmt.Sprintf("rules[%d].when.%s", i, key), language.Newf("从不成立：账号 %s 的云不给出它", "never holds: the clouds of %s do not show it", strings.Join(without, ", ")))
		}
	}
	without := c.accountsWithout(accounts, inventory.FactElastic)
	if slices.Contains(rule.Set.Address, elastic) && len(without) > 0 {
		c.warn(fmt.Sprintf("rules[%d].set.address", i), language.Newf("eip 对账号 %s 没有作用：它们的云不给出哪个地址是弹性地址，写上 public",
			"eip has no effect for %s: their clouds do not show which addresses are elastic, add public", strings.Join(without, ", ")))
	}
}

// accountsOf returns the enabled accounts that a condition may be for, as far as its keys cloud and account say.
func (c *Checked) accountsOf(when mapping.Condition) []Cloud {
	keys := maps.Clone(when.Keys)
	maps.DeleteFunc(keys, func(key string, _ []string) bool { return key != "cloud" && key != "account" })
	return slices.DeleteFunc(slices.Clone(c.Config.Clouds), func(a Cloud) bool {
		i := inventory.Instance{Scope: inventory.Scope{Cloud: a.Cloud, Account: a.Name}}
		return !a.Enabled || !c.fits(keys, mapping.Subject{Instance: &i, CloudType: a.Type})
	})
}

// accountsWithout returns the names of the accounts whose clouds do not show a fact, of no kind of instances that is listed.
// Of a cloud that tells no facts nothing is known.
func (c *Checked) accountsWithout(accounts []Cloud, fact inventory.Fact) (names []string) {
	for _, a := range accounts {
		info := c.clouds.Find(a.Cloud)
		shown := len(info.Facts) == 0
		for _, kind := range slices.Concat(info.Kinds, []inventory.KindInfo{{Name: info.MainKind, Facts: info.Facts}}) {
			isListed := slices.Contains(a.Kinds, kind.Name) || len(a.Kinds) == 0 && kind.Name == info.MainKind
			shown = shown || isListed && kind.Facts.Missing()&fact == 0
		}
		if !shown {
			names = append(names, a.Name)
		}
	}
	return names
}

// fitsEmpty reports whether the patterns of a key fit an instance of which the key is not shown.
func (c *Checked) fitsEmpty(key string, patterns []string) bool {
	return c.fits(map[string][]string{key: patterns}, mapping.Subject{Instance: &inventory.Instance{Facts: &inventory.Facts{}}})
}

func (c *Checked) fits(keys map[string][]string, s mapping.Subject) bool {
	const marked = "fits"
	set, mistakes := mapping.Compile([]mapping.Rule{{When: mapping.Condition{Keys: keys}, Set: mapping.Settings{Name: marked}}}, mapping.Options{Clouds: c.clouds})
	return len(mistakes) > 0 || set.Map(s).Name == marked
}
