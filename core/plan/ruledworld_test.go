package plan

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// ruledWorld returns a random world with random rules, facts and policies.
func ruledWorld(t *testing.T, d *dice) *world {
	t.Helper()
	w := randomWorld(d)
	moves := Share{pick(d, 0, 30, 100), pick(d, 0, 1, 3, 100)}
	rules := make([]mapping.Rule, 1+d.intN(5))
	for n := range rules {
		rules[n] = d.rule(n)
	}
	w.setRules(t, rules...)
	w.limits.Moves = moves
	if d.oneIn(3) {
		w.rules.Mapping, _ = mapping.Compile(rules, mapping.Options{}) // the tags jms:… do not count
	}
	policy := func() FieldPolicy { return pick(d, "", WriteOnCreate, WriteIfMissing, WriteAlways, WriteAlways) }
	m := &w.rules.Manage
	m.Node, m.Platform, m.Port, m.Labels, m.Accounts = policy(), policy(), policy(), policy(), policy()
	w.rules.Remap = d.oneIn(6)
	facts := map[string]*inventory.Facts{} // the same, whichever account shows an instance
	for n, l := range w.listings {
		w.listings[n].Instances = slices.Clone(l.Instances)
		for k, i := range l.Instances {
			if facts[i.ID] == nil {
				facts[i.ID] = d.facts()
			}
			w.listings[n].Instances[k].Facts = facts[i.ID]
		}
	}
	for n := range w.assets {
		d.editRuled(&w.assets[n])
	}
	w.edit = d.hide()
	return w
}

func (d *dice) rule(n int) mapping.Rule {
	r := mapping.Rule{Name: pick(d, "", fmt.Sprint("rule ", n)), Stop: d.oneIn(6)}
	if !d.oneIn(4) {
		key, pattern := "tag.app", pick(d, "shop", "!shop", "*", "")
		switch d.intN(4) {
		case 0:
			key, pattern = "name", pick(d, "web*", "!web*", "/^w/")
		case 1:
			key, pattern = "region", pick(d, beijing, shanghai)
		case 2:
			key, pattern = "os", pick(d, "linux", "windows")
		}
		r.When.Keys = map[string][]string{key: {pattern}}
	}
	for range 1 + d.intN(3) {
		d.setting(&r.Set)
	}
	return r
}

func (d *dice) setting(s *mapping.Settings) {
	off := false
	switch d.intN(12) {
	case 0:
		s.Node = pick(d, "/DEFAULT/web", "/DEFAULT/{tag.app|other}", "/DEFAULT/{region}/{account}", "/DEFAULT/网站🚀")
	case 1:
		s.Nodes = pick(d, []string{"/DEFAULT/db"}, []string{"/DEFAULT/{name}", "/DEFAULT/web"})
	case 2:
		s.Zone = pick(d, "beijing", "z-2", "mars")
	case 3:
		s.Platform = pick(d, "Rocky", "Windows", "NoZones", "Gateway", "nothing")
	case 4:
		s.Port, s.Protocols = pick(d, 22, 2222), nil
	case 5:
		s.Port, s.Protocols = 0, pick(d, []string{"ssh:22", "vnc:5901"}, []string{"rdp:3389"})
	case 6:
		s.Name = pick(d, "{name}-{tag.app|x}", "srv", "🚀")
	case 7:
		s.Labels = pick(d, map[string]string{"app": "{tag.app|none}"}, map[string]string{"team": "b", "env": "prod"})
	case 8:
		s.Accounts = pick(d, []string{"root", "deploy key"}, []string{"root again"}, []string{"nobody", "token"})
	case 9:
		s.Address = pick(d, []string{"public"}, []string{"public", "private"}, []string{"ipv6", "private"})
	case 10:
		s.Active = &off
	default:
		if d.oneIn(2) {
			s.Skip = "no"
		}
		s.MinAge = time.Hour
	}
}

func (d *dice) facts() *inventory.Facts {
	f := inventory.Facts{CreatedAt: now().Add(-pick(d, time.Minute, 48*time.Hour)), TagsUnread: d.oneIn(6)}
	if d.oneIn(2) && !f.TagsUnread {
		f.Tags = append(f.Tags, inventory.Tag{Key: "app", Value: pick(d, "shop", "db", "")})
		if d.oneIn(4) {
			f.Tags = append(f.Tags, inventory.Tag{Key: pick(d, "jms:keep", "jms:skip", "jms:node", "jms:zone"), Value: pick(d, "", "/DEFAULT/web", "beijing", "false")})
		}
	}
	return inventory.WantAll().Keep(f)
}

// editRuled changes an asset as rules and people may have.
func (d *dice) editRuled(a *inventory.Asset) {
	if !a.Host {
		return
	}
	inNodes(pick(d, []string{defaultNode}, []string{"/DEFAULT"}, []string{"/DEFAULT/web"}, []string{"/DEFAULT/db", "/DEFAULT/web"}, []string{"/DEFAULT/gone"})...)(a)
	if d.oneIn(3) {
		notingNodes(pick(d, "/DEFAULT/web", "/DEFAULT/db", "/DEFAULT/gone"))(a)
	}
	a.Protocols = pick(d, []inventory.Protocol{}, []inventory.Protocol{{Name: "ssh", Port: 22}}, []inventory.Protocol{{Name: "ssh", Port: 2222}, {Name: "sftp", Port: 2222}})
	if d.oneIn(3) {
		a.Accounts = []inventory.Account{{Username: "root", SecretType: "password", TemplateID: pick(d, "", "t-root", "t-twin")}}
	}
	if d.oneIn(8) {
		withExtraLabel(inventory.LabelRuleOff, "1")(a)
		a.Active = d.oneIn(3)
	}
	if d.oneIn(12) {
		withExtraLabel(inventory.LabelKept, keptValue)(a)
	}
	if d.oneIn(6) {
		withExtraLabel(pick(d, "app", "env", "App"), pick(d, "shop", "old"))(a)
	}
}

// hide returns what takes away from what is read of JumpServer; mostly nothing.
func (d *dice) hide() func(*inventory.JumpServerAssets) {
	switch d.intN(8) {
	case 0:
		return func(c *inventory.JumpServerAssets) {
			c.Zones, c.ZonesDenied, c.Templates, c.TemplatesDenied = nil, true, nil, true
		}
	case 1:
		return func(c *inventory.JumpServerAssets) { c.NodesUnsure, c.AccountsUnread = true, true }
	case 2:
		return func(c *inventory.JumpServerAssets) { c.Nodes = nil }
	case 3:
		return func(c *inventory.JumpServerAssets) {
			c.NodesByPath = map[string]string{"/DEFAULT/web": nodeIDOf("/DEFAULT/web"), "/DEFAULT/db": "n-gone"}
		}
	}
	return nil
}
