package chaos

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/plan"
)

// traits is what rules may ask of a machine besides what every run reads.
type traits struct {
	tags    map[string]string
	stopped bool
	unread  bool // the cloud does not show the tags now
	created time.Time
}

// rulePool returns the rules of which worlds have some.
func rulePool() []mapping.Rule {
	when := func(key string, patterns ...string) mapping.Condition {
		return mapping.Condition{Keys: map[string][]string{key: patterns}}
	}
	off := false
	return []mapping.Rule{
		{Set: mapping.Settings{Node: "/DEFAULT/{region}/{tag.app|none}"}},
		{When: when("tag.env", "test"), Set: mapping.Settings{Node: "/DEFAULT/test/{tag.app}"}},
		{When: when("tag.app", "*"), Set: mapping.Settings{Nodes: []string{"/DEFAULT/apps/{tag.app}"}}},
		{When: when("name", "web*", "Web*"), Set: mapping.Settings{Nodes: []string{"/DEFAULT/people", "/DEFAULT/web"}}},
		{When: when("tag.env", "prod"), Set: mapping.Settings{Zone: "zone-a"}},
		{When: when("region", "cn-*", "us-*"), Set: mapping.Settings{Zone: "zone-b"}},
		{When: when("tag.app", "cache"), Set: mapping.Settings{Zone: "no such zone"}},
		{When: when("tag.app", "db"), Set: mapping.Settings{Platform: "Linux of ours"}},
		{When: when("tag.env", "test"), Set: mapping.Settings{Platform: "Windows", Port: 2222}},
		{When: when("tag.app", "db"), Set: mapping.Settings{Port: 2200}},
		{When: when("status", "running", "active"), Set: mapping.Settings{Protocols: []string{"ssh:22", "sftp:2022"}}},
		{Set: mapping.Settings{Labels: map[string]string{"env": "{tag.env|none}", "place": "{region}"}, LabelsFromTags: []string{"app", "a:b"}}},
		{When: when("tag.env", "prod"), Set: mapping.Settings{Accounts: []string{"root of ours"}}},
		{Set: mapping.Settings{Accounts: []string{"key of ours", "missing"}}},
		{When: when("status", "stopped", "shutoff"), Set: mapping.Settings{Active: &off}},
		{When: when("tag.env", "off"), Set: mapping.Settings{Active: &off}},
		{When: mapping.Condition{Not: []mapping.Condition{when("tag.app", "*")}}, Set: mapping.Settings{Active: &off}},
		{When: when("tag.env", "skip"), Set: mapping.Settings{Skip: "nobody wants it"}},
		{When: when("tag.app", "db"), Set: mapping.Settings{MinAge: time.Hour}},
		{When: when("ip", "10.0.0.0/30"), Stop: true},
	}
}

// changeMapping lets people write other rules, or none.
func (w *world) changeMapping() {
	r := w.ruleRand
	var rules []mapping.Rule
	if r.IntN(8) > 0 {
		pool := rulePool()
		r.Shuffle(len(pool), reflect.Swapper(pool))
		rules = pool[:1+r.IntN(8)]
	}
	compiled, mistakes := mapping.Compile(rules, mapping.Options{FromTags: len(rules) > 0 && r.IntN(3) == 0, Clouds: cloud.TableOf(cloudProviders())})
	if len(mistakes) > 0 {
		w.Errorf("rules: %v", mistakes)
	}
	w.rules.Mapping = compiled
	w.Note("rules: %s", compiled.Fingerprint())
	for _, rule := range rules {
		w.Note("  %+v", rule)
	}
}

// changeManage lets people decide what of existing assets the rules write, and how much may move at once.
func (w *world) changeManage() {
	pick := func() plan.FieldPolicy {
		return enginetest.Pick(w.ruleRand, "", plan.WriteOnCreate, plan.WriteIfMissing, plan.WriteAlways, plan.WriteAlways, plan.WriteAlways)
	}
	m := &w.rules.Manage
	m.Node, m.Platform, m.Port, m.Labels, m.Accounts, m.Zone = pick(), pick(), pick(), pick(), pick(), pick()
	w.limits.Moves = enginetest.Pick(w.ruleRand, plan.Share{Percent: 30, Min: 3}, plan.Share{Percent: 100, Min: 100})
	w.Note("manage: %+v, moves %+v", *m, w.limits.Moves)
}

// makeMapping makes a world one with rules, or one that will have some.
func (w *world) makeMapping() {
	w.changeManage()
	w.changeMapping()
	w.correctRules.Manage, w.correctLimits.Moves, w.correctRules.Mapping = w.rules.Manage, w.limits.Moves, w.rules.Mapping
	if w.ruleRand.IntN(3) == 0 { // people write the first rules later, and take the last away in the end
		w.rules.Mapping = nil
	}
}

// seedRuled makes in each JumpServer what rules name.
func (w *world) seedRuled() {
	done := map[*jumpservertest.Server]bool{}
	for _, s := range w.sites {
		if !done[s.server] {
			s.server.AddPlatform("Linux of ours", "linux", 22)
			done[s.server] = true
		}
		if s != w.sites[0] && s.watch == w.sites[0].watch {
			continue
		}
		s.server.SeedZone(s.org, "zone-a")
		s.server.SeedZone(s.org, "zone-b")
		s.server.SeedTemplate(s.org, jumpservertest.AccountTemplate{Name: "root of ours", Username: "root", Secret: canary + "root"})
		s.server.SeedTemplate(s.org, jumpservertest.AccountTemplate{Name: "key of ours", Username: "ops", SecretType: "ssh_key", Secret: canary + "key"})
		s.watch.Rules = &enginetest.Ruling{
			Outcome: w.outcomeOf, Labels: []string{"env", "place", "app", "a"}, MayDeleteAtOnce: func() bool { return w.shortestGrace == 0 }, Count: w.counters.countRuled,
		}
	}
}

// outcomeOf returns what the rules want of a machine's asset, as its cloud shows it now.
func (w *world) outcomeOf(of *enginetest.Machine) mapping.Outcome {
	at := slices.Index(w.watched, of)
	if at < 0 || w.rules.Mapping == nil {
		return mapping.Outcome{}
	}
	m := w.machines[at]
	i := inventory.Instance{Scope: m.Scope, ID: m.ID, Name: m.Name, OSType: "linux", Status: m.status()}
	if m.Address != "" {
		i.PrivateIPs = m.addresses()
	}
	facts := inventory.Facts{Status: m.status(), CreatedAt: m.traits.created, TagsUnread: m.traits.unread}
	if !m.traits.unread {
		for _, key := range slices.Sorted(maps.Keys(m.allTags())) {
			facts.Tags = append(facts.Tags, inventory.Tag{Key: key, Value: m.allTags()[key]})
		}
	}
	i.Facts = w.rules.Mapping.Want().Keep(facts)
	return w.rules.Mapping.Map(mapping.Subject{Instance: &i, CloudType: string(m.Cloud)})
}

// status returns the machine's state in its cloud's word.
func (m *machine) status() string {
	words := map[inventory.Cloud][2]string{
		alibabaCSP: {"Running", "Stopped"}, tencentCSP: {"RUNNING", "STOPPED"}, huaweiCSP: {"ACTIVE", "SHUTOFF"}, awsCSP: {"running", "stopped"}, azureCSP: {"Succeeded", "Succeeded"},
	}
	if m.traits.stopped {
		return words[m.Cloud][1]
	}
	return words[m.Cloud][0]
}

// allTags returns the machine's tags; without rules at play they are as ever.
func (m *machine) allTags() map[string]string {
	tags := maps.Clone(m.traits.tags)
	if m.Cloud == alibabaCSP || m.Cloud == tencentCSP {
		tags = hardTags()
		maps.Copy(tags, m.traits.tags)
	}
	return tags
}

// createdText returns when the machine was created, as its cloud writes it; "" without rules at play.
func (m *machine) createdText() string {
	switch {
	case m.traits.tags == nil:
		return ""
	case m.Cloud == alibabaCSP:
		return m.traits.created.UTC().Format("2006-01-02T15:04Z")
	}
	return m.traits.created.UTC().Format(time.RFC3339)
}

// changeTraits lets people tag a machine, stop or start it, or its cloud show its tags no more, or again.
func (w *world) changeTraits(m *machine) {
	r := w.ruleRand
	t := &m.traits
	if t.tags == nil || r.IntN(3) > 0 {
		t.tags = map[string]string{}
		for key, values := range map[string][]string{"env": {"prod", "prod", "test", "off", "skip", ""}, "app": {"db", "web", "cache", ""}} {
			value := enginetest.Pick(r, values...)
			if value != "" {
				t.tags[key] = value
			}
		}
		if r.IntN(8) == 0 {
			t.tags[enginetest.Pick(r, mapping.TagNode, mapping.TagSkip, mapping.TagKeep, mapping.TagPort, mapping.TagZone)] = enginetest.Pick(r, "tagged/here", "2022", "zone-a", "no")
		}
	}
	t.stopped = r.IntN(5) == 0
	t.unread = m.Cloud != awsCSP && r.IntN(8) == 0
	m.tenant.cloud.sync(m)
	w.Note("%s has %+v", m.ID, *t)
}

// changeRuled lets people change rules, tags, nodes, labels and accounts between two runs.
func (w *world) changeRuled() {
	if !w.ruled {
		return
	}
	r := w.ruleRand
	switch r.IntN(4) {
	case 0:
		w.changeMapping()
		w.forgetClients()
	case 1:
		w.changeManage()
		w.forgetClients()
	}
	for range r.IntN(6) {
		m := w.machines[r.IntN(len(w.machines))]
		if !m.tenant.strange && m.Alive {
			w.changeTraits(m)
		}
	}
	for range r.IntN(4) {
		w.editRuled(enginetest.Pick(r, w.sites...))
	}
}

// editRuled lets a person do in JumpServer what rules do too.
func (w *world) editRuled(s *site) {
	r := w.ruleRand
	hosts := s.server.Hosts(s.org)
	if len(hosts) == 0 {
		return
	}
	h := hosts[r.IntN(len(hosts))]
	if s.watch.IsForeign(h.ID) {
		return
	}
	w.editNumber++
	k, n := r.IntN(4), w.editNumber
	if k == 3 {
		s.server.SeedAccount(s.org, h.ID, jumpservertest.Account{Name: fmt.Sprintf("own-%d", n), Username: enginetest.Pick(r, "root", "ops", fmt.Sprintf("u%d", n)), Secret: canary + "own"})
		w.Note("a person gave %s an account", h.Name)
		return
	}
	w.editHost(s, h.ID, func(h *jumpservertest.Host) {
		switch k {
		case 0:
			h.Nodes = append(h.Nodes, enginetest.Pick(r, "/DEFAULT/people", "/DEFAULT/web", "/DEFAULT/apps/db", fmt.Sprintf("/DEFAULT/own/%d", n)))
			h.Nodes = slices.Compact(slices.Sorted(slices.Values(h.Nodes)))
		case 1: // moved, out of all that it was in
			h.Nodes = []string{enginetest.Pick(r, "/DEFAULT/people", "/DEFAULT/test/db", fmt.Sprintf("/DEFAULT/own/%d", n))}
		case 2:
			h.Labels = append(h.Labels, fmt.Sprintf("mine:%d", n))
		}
	})
	w.Note("a person put %s elsewhere, %d", h.Name, k)
}

// hideTags takes the tags of machines whose cloud does not show them out of its answer.
func (w *world) hideTags(body []byte) []byte {
	if !w.ruled || !slices.ContainsFunc(w.machines, func(m *machine) bool { return m.traits.unread }) {
		return body
	}
	var doc any
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if d.Decode(&doc) != nil {
		return body
	}
	w.hideTagsOf(doc)
	out, err := json.Marshal(doc)
	if err != nil {
		return body
	}
	return out
}

func (w *world) hideTagsOf(doc any) {
	switch at := doc.(type) {
	case []any:
		for _, row := range at {
			w.hideTagsOf(row)
		}
	case map[string]any:
		if w.isUnread(at) {
			for _, key := range []string{"Tags", "tags"} {
				if _, has := at[key]; has {
					at[key] = 7
				}
			}
		}
		for _, inner := range at {
			w.hideTagsOf(inner)
		}
	}
}

// isUnread reports whether a row is that of a machine whose tags its cloud does not show.
func (w *world) isUnread(row map[string]any) bool {
	properties, _ := row["properties"].(map[string]any)
	var ids []string
	for _, id := range []any{row["InstanceId"], row["id"], properties["vmId"]} {
		text, _ := id.(string)
		ids = append(ids, text)
	}
	return slices.ContainsFunc(w.machines, func(m *machine) bool {
		return m.traits.unread && slices.ContainsFunc(ids, func(id string) bool { return strings.EqualFold(id, m.ID) })
	})
}

// checkRuled: after a clean run, with nothing held, each asset that the rules may write is where they want it.
func (w *world) checkRuled(s *site, last engine.RunResult) {
	if !w.ruled || last.Report.Held > 0 {
		return
	}
	told := map[string]bool{}
	for l := range last.PlanLines {
		told[l.AssetID] = true
	}
	hosts, paths := s.server.Hosts(s.org), s.server.NodePaths(s.org)
	for _, h := range hosts {
		m := s.watch.MachineOf(h)
		if m == nil || !m.Alive || told[h.ID] || m.MistakenOwner != "" || s.watch.IsFrozen(h.ID) || !plan.IsOurs(enginetest.AssetOf(h)) {
			continue
		}
		o := w.outcomeOf(m)
		if w.rules.Manage.Labels == plan.WriteAlways {
			for _, l := range o.Labels {
				if !slices.Contains(h.Labels, l.String()) {
					w.Errorf("%s is to have the label %s, has %v, and nobody is told", h.Name, l, h.Labels)
				}
			}
		}
		if w.rules.Manage.Node != plan.WriteAlways {
			continue
		}
		for _, path := range o.Nodes {
			if strings.HasPrefix(path, "/DEFAULT/"+string(m.Cloud)+"/") { // that of its account, whose name is not known here
				continue
			}
			noted, at := inventory.NotedAt(h.Comment, path), strings.Replace(path, "/DEFAULT", rootOf(paths), 1)
			if !slices.Contains(h.Nodes, at) && !slices.Contains(h.Nodes, paths[noted]) {
				w.Errorf("%s is to be in %s, is in %v, and nobody is told: %q", h.Name, path, h.Nodes, h.Comment)
			}
		}
	}
}

// rootOf returns the path of an organisation's root node, which has the organisation's name.
func rootOf(paths map[string]string) string {
	for _, path := range paths {
		if strings.Count(path, "/") == 1 {
			return path
		}
	}
	return ""
}
