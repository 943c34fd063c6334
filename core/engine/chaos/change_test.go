package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/tencent/tencenttest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// populate makes the first machines, and what people and the Python tool have in JumpServer.
func (w *world) populate() {
	for range 3 + w.rand.IntN(16) {
		w.create()
	}
	for n := range w.rand.IntN(4) {
		w.plant(jumpservertest.Host{Name: w.name() + strings.Repeat("-x", n), Address: w.address(), Active: w.rand.IntN(4) > 0, Labels: []string{"team:shop"}})
	}
	if w.rand.IntN(3) == 0 {
		m := w.machines[w.rand.IntN(len(w.machines))]
		w.mention[m.id] = true
		w.plant(jumpservertest.Host{Name: "old-" + m.id, Address: m.ip, Active: true, Comment: "instance_id: " + m.id})
	}
	if w.rand.IntN(4) == 0 { // a clone that copied our labels is not ours
		w.plant(jumpservertest.Host{Name: "clone", Address: "10.0.0.9", Active: true, Labels: []string{
			"jms-cloud:alibaba", "jms-account:one", "jms-owner:1000", "jms-region:cn-a", "jms-instance:i-none",
		}})
	}
	if len(w.machines)%3 == 0 { // labels alone, which somebody wrote on a host that is no machine's, make nobody its owner
		m := w.machines[0]
		const own = "5d3a3f8e-0d0f-4c7f-9a55-0c1f1f0c9a14"
		w.plant(jumpservertest.Host{ID: own, Name: "forged", Address: "10.99.0.9", Active: true, Comment: "finance", Labels: []string{
			"jms-cloud:" + string(m.cloud), "jms-account:" + m.account.name, "jms-owner:" + m.owner, "jms-region:" + m.region,
			"jms-instance:" + m.id, "jms-asset:" + own,
		}})
	}
	w.jump.SeedOther(org, "database", "database")
	if w.rand.IntN(2) == 0 { // people have our labels and nodes in other spellings
		for _, text := range []string{"JMS-Account:One", "jms-Cloud:Alibaba", "jms-region:CN-A", "jms-owner:1000", "JMS-Protected:IP"} {
			w.jump.SeedLabel(org, text)
		}
		w.plant(jumpservertest.Host{Name: "of-people", Address: "10.0.0.8", Active: true, Nodes: []string{"/DEFAULT/Alibaba/ONE", "/DEFAULT/tencent/Two"}})
	}
}

// plant puts a host of other people's into JumpServer. Its name may be taken, then it is not.
func (w *world) plant(h jumpservertest.Host) {
	w.emulator.Lock() // a write that is being checked does not see half of it
	defer w.emulator.Unlock()
	if slices.ContainsFunc(w.jump.Hosts(org), func(x jumpservertest.Host) bool { return w.database.Same(x.Name, h.Name) }) || w.database.Refuses(h.Name) {
		return
	}
	id := w.jump.Seed(org, h)
	for _, x := range w.jump.Hosts(org) {
		if x.ID == id {
			w.mu.Lock()
			w.foreign[id] = x
			w.mu.Unlock()
		}
	}
}

// name is one of few, so that names meet, and some are hard.
func (w *world) name() string {
	names := []string{"web", "Web", "wéb", "DATABASE", "db", "app", "web-i-0002", "cache", "标签:名,字", "emoji-🐙", strings.Repeat("long", 40)}
	return names[w.rand.IntN(len(names))]
}

// address is one of few, so that addresses are used again.
func (w *world) address() string { return fmt.Sprintf("10.0.0.%d", w.rand.IntN(12)) }

func (w *world) create() {
	a := w.accounts[w.rand.IntN(len(w.accounts))]
	m := &machine{account: a, region: a.regions[w.rand.IntN(len(a.regions))], name: w.name(), ip: w.address(), alive: true}
	m.id = a.instanceID(len(w.machines) + 1)
	if w.rand.IntN(8) == 0 {
		m.ip = ""
	}
	w.mu.Lock()
	w.machines = append(w.machines, m)
	w.mu.Unlock()
	if !a.swapped {
		w.show(m)
	}
	w.note("created %s %q %s in %s", m.id, m.name, m.ip, m.line(m.region))
}

// show puts a machine into its cloud, or takes it out.
func (w *world) show(m *machine) {
	var ips []string
	if m.ip != "" {
		ips = []string{m.ip}
	}
	if m.cloud == inventory.Tencent {
		a := m.inTencent
		if !m.alive {
			a.Remove(m.region, m.id)
			return
		}
		a.Put(m.region, tencenttest.Instance{ID: m.id, Name: m.name, OSName: "TencentOS", Status: "RUNNING", Type: "S6", VPC: "v", PrivateIPs: ips, Tags: hardTags()})
		return
	}
	a := m.inAlibaba
	if !m.alive {
		a.Remove(m.region, m.id)
		return
	}
	a.Put(m.region, alibabatest.Instance{ID: m.id, Name: m.name, OSType: "linux", Status: "Running", Type: "g7", VPC: "v", PrivateIPs: ips, Tags: hardTags()})
}

// hardTags must never keep an asset from being made, whatever becomes of them.
func hardTags() map[string]string {
	return map[string]string{"a:b": "c,d", "🐙": strings.Repeat("长", 256), strings.Repeat("k", 128): "", " ": "\t"}
}

// change lets one thing happen in the clouds.
func (w *world) change() {
	if w.rand.IntN(4) == 0 {
		w.create()
		return
	}
	m := w.machines[w.rand.IntN(len(w.machines))]
	if m.elsewhere {
		return
	}
	w.mu.Lock()
	switch k := w.rand.IntN(8); {
	case !m.alive:
		m.alive = w.rand.IntN(3) == 0 // it returns
	case k == 0:
		m.name = w.name()
	case k == 1:
		m.ip = w.address()
	case k == 2: // two swap their names and addresses
		other := w.machines[w.rand.IntN(len(w.machines))]
		if other.alive && !other.elsewhere {
			m.name, other.name, m.ip, other.ip = other.name, m.name, other.ip, m.ip
			if !other.account.swapped {
				defer w.show(other)
			}
		}
	default:
		m.alive = false
	}
	w.mu.Unlock()
	if !m.account.swapped {
		w.show(m)
	}
	w.note("changed %s: alive %t, %q %s", m.id, m.alive, m.name, m.ip)
}

// peopleEdit is what people do in JumpServer in the middle of a run. JumpServer has no way to
// write only if nothing changed, so that right before a write (not noticed) hosts of ours are only
// edited in fields that we never write; other people's hosts are edited at will.
func (w *world) peopleEdit(noticed bool) {
	w.mu.Lock()
	w.number++
	n := w.number
	counts := noticed && w.writes
	w.mu.Unlock()
	hosts := w.jump.Hosts(org)
	if n%4 == 0 || len(hosts) == 0 {
		w.plant(jumpservertest.Host{Name: fmt.Sprintf("web-%d", n), Address: "10.0.0.3", Active: true})
		return
	}
	for at := range hosts { // of all, so that one is hit that matters
		w.edit(hosts[at].ID, func(h *jumpservertest.Host) {
			if counts {
				w.mu.Lock()
				w.working[h.ID] = true
				w.mu.Unlock()
			}
			if n%4 == 1 { // moved, and nothing else
				h.Nodes = []string{fmt.Sprintf("/DEFAULT/moved-%d", n)}
				return
			}
			h.Comment += fmt.Sprintf("\nedited %d", n)
			if noticed {
				h.Labels = append(h.Labels, fmt.Sprintf("team:m%d", n))
			}
			if noticed && n%2 == 0 {
				w.switchOn(h)
			}
		})
	}
}

// switchOn makes a host active, as a person does.
func (w *world) switchOn(h *jumpservertest.Host) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.on[h.ID], w.off[h.ID] = w.on[h.ID] || gone(*h), false
	h.Active = true
}

// edit changes a host as people do, and keeps what they made of it.
func (w *world) edit(id string, change func(*jumpservertest.Host)) {
	w.emulator.Lock()
	defer w.emulator.Unlock()
	if !w.jump.Edit(org, id, change) {
		return
	}
	for _, h := range w.jump.Hosts(org) {
		if h.ID != id {
			continue
		}
		w.mu.Lock()
		if _, other := w.foreign[id]; other {
			w.foreign[id] = h
		} else {
			w.touched[id] = h
		}
		w.mu.Unlock()
	}
}

// person edits a host between two runs: then all of it must stay, but what follows the cloud.
func (w *world) person() {
	hosts := w.jump.Hosts(org)
	if len(hosts) == 0 {
		return
	}
	h := hosts[w.rand.IntN(len(hosts))]
	w.number++
	n := w.number
	k := w.rand.IntN(6)
	_, other := w.foreign[h.ID]
	if k == 5 && !other {
		w.jump.Drop(org, h.ID)
		w.telling.lost = w.telling.lost || gone(h)
		for _, kept := range []map[string]bool{w.off, w.on} {
			delete(kept, h.ID)
		}
		delete(w.touched, h.ID)
		w.note("a person deleted %s", h.Name)
		return
	}
	w.edit(h.ID, func(h *jumpservertest.Host) {
		switch k {
		case 0:
			h.Active = false
			w.off[h.ID], w.on[h.ID] = w.off[h.ID] || !gone(*h), false
		case 1:
			w.switchOn(h)
		case 2:
			h.Labels = append(h.Labels, fmt.Sprintf("team:t%d", n))
		case 3:
			h.Nodes = append(h.Nodes, "/DEFAULT/people")
		default:
			if !other { // the Python tool's keep their line
				h.Comment = ""
			}
			h.Comment += fmt.Sprintf("\nedited %d", n)
		}
	})
	w.note("a person edited %s, %d", h.Name, k)
}

// swapKey makes the key of a line's account open another account, which has nothing or another
// machine. It stays so until all is healed.
func (w *world) swapKey(name string) {
	for _, a := range w.accounts {
		if strings.HasPrefix(name, string(a.cloud)+" "+a.name+" ") && !a.swapped {
			w.emulator.Lock()
			w.openTo(a, "9999")
			w.emulator.Unlock()
		}
	}
}

// heal ends all faults.
func (w *world) heal() {
	w.chances.mu.Lock()
	w.chances.faults, w.chances.dead, w.chances.until = nil, false, time.Time{}
	w.chances.mu.Unlock()
	for _, a := range w.accounts {
		if a.swapped {
			w.openTo(a, a.owner)
		}
	}
	w.jumpTo(0)
	w.client = nil // a new process
}

func (w *world) note(format string, args ...any) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.diary = append(w.diary, time.Now().Format("15:04:05 ")+fmt.Sprintf(format, args...))
}
