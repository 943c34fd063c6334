package reconcile

import (
	"slices"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/plan"
)

// ruleLists are the lists of JumpServer by which rules name something.
type ruleLists struct {
	read            bool
	zones           []inventory.Zone
	zonesDenied     bool
	templates       []inventory.AccountTemplate
	templatesDenied bool
}

// loadRuleLists reads what the rules of a new asset name, as far as the client does not know it.
func (r *eventRun) loadRuleLists(h *assetIndex) (err error) {
	if h.lists.read {
		return nil
	}
	needs := r.Engine.Rules.Mapping.Needs()
	if needs.Zones {
		h.lists.zones, h.lists.zonesDenied, err = r.Bastion.ListZones(r.ctx, namedZones(r.Engine.Rules)...)
	}
	if needs.Templates && err == nil {
		h.lists.templates, h.lists.templatesDenied, err = r.Bastion.ListTemplates(r.ctx, namedTemplates(r.Engine.Rules)...)
	}
	h.lists.read = err == nil
	return err
}

// namedZones returns the zones that rules name.
func namedZones(rules plan.Rules) []string {
	return namesIn(rules, func(s mapping.Settings) []string { return []string{s.Zone} })
}

// namedTemplates returns the account templates that rules name.
func namedTemplates(rules plan.Rules) []string {
	return namesIn(rules, func(s mapping.Settings) []string { return s.Accounts })
}

func namesIn(rules plan.Rules, of func(mapping.Settings) []string) []string {
	var names []string
	for _, rule := range rules.Mapping.Rules() {
		for _, name := range of(rule.Set) {
			if name != "" && !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

// mayWriteByRules reports whether rules may change assets that exist in ways that only a full run decides: it knows all
// nodes, ports and accounts, bounds how many assets move at once, and weighs what is switched off.
func mayWriteByRules(rules plan.Rules) bool {
	if rules.Mapping == nil {
		return false
	}
	needs := rules.Needs()
	m := rules.Manage
	written := func(p plan.FieldPolicy) bool { return p == plan.WriteAlways || p == plan.WriteIfMissing }
	return needs.Nodes || needs.Protocols || needs.Accounts || needs.Zones || written(m.Platform) || written(m.Labels) ||
		slices.ContainsFunc(rules.Mapping.Rules(), func(r mapping.Rule) bool { return r.Set.Active != nil || r.Set.Address != nil })
}
