package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/tencent/tencenttest"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// populate makes the first machines, and what people and the Python tool have in JumpServer.
func (w *world) populate() {
	for range 3 + w.rand.IntN(16) {
		w.createMachine()
	}
	for n := range w.rand.IntN(4) {
		w.addForeignHost(jumpservertest.Host{Name: w.randomName() + strings.Repeat("-x", n), Address: w.randomAddress(), Active: w.rand.IntN(4) > 0, Labels: []string{"team:shop"}})
	}
	if w.rand.IntN(3) == 0 {
		m := w.machines[w.rand.IntN(len(w.machines))]
		w.addForeignHost(jumpservertest.Host{Name: "old-" + m.ID, Address: m.Address, Active: true, Comment: "instance_id: " + m.ID}, m.ID)
	}
	if w.rand.IntN(4) == 0 { // a clone that copied our labels is not ours
		w.addForeignHost(jumpservertest.Host{Name: "clone", Address: "10.0.0.9", Active: true, Labels: []string{
			"jms-cloud:alibaba", "jms-account:one", "jms-owner:1000", "jms-region:cn-a", "jms-instance:i-none",
		}})
	}
	if len(w.machines)%3 == 0 { // labels alone, which somebody wrote on a host that is no machine's, make nobody its owner
		m := w.machines[0]
		const own = "5d3a3f8e-0d0f-4c7f-9a55-0c1f1f0c9a14"
		w.addForeignHost(jumpservertest.Host{ID: own, Name: "forged", Address: "10.99.0.9", Active: true, Comment: "finance", Labels: []string{
			"jms-cloud:" + string(m.Cloud), "jms-account:" + m.Account, "jms-owner:" + m.account.owner, "jms-region:" + m.Region,
			"jms-instance:" + m.ID, "jms-asset:" + own,
		}})
	}
	w.jumpserver.SeedOther(org, "database", "database")
	if w.rand.IntN(2) == 0 { // people have our labels and nodes in other spellings
		for _, text := range []string{"JMS-Account:One", "jms-Cloud:Alibaba", "jms-region:CN-A", "jms-owner:1000", "JMS-Protected:IP"} {
			w.jumpserver.SeedLabel(org, text)
		}
		w.addForeignHost(jumpservertest.Host{Name: "of-people", Address: "10.0.0.8", Active: true, Nodes: []string{"/DEFAULT/Alibaba/ONE", "/DEFAULT/tencent/Two"}})
	}
}

// addForeignHost puts a host of other people's into JumpServer, which names some instances. Its name may be taken, then it
// is not.
func (w *world) addForeignHost(h jumpservertest.Host, mentions ...string) {
	w.emulator.Lock() // a write that is being checked does not see half of it
	defer w.emulator.Unlock()
	if slices.ContainsFunc(w.jumpserver.Hosts(org), func(x jumpservertest.Host) bool { return w.database.SameText(x.Name, h.Name) }) || w.database.RefusesText(h.Name) {
		return
	}
	w.watch.AddForeign(h, mentions...)
}

// randomName is one of few, so that names meet, and some are hard.
func (w *world) randomName() string {
	names := []string{"web", "Web", "wéb", "DATABASE", "db", "app", "web-i-0002", "cache", "标签:名,字", "emoji-🐙", strings.Repeat("long", 40)}
	return names[w.rand.IntN(len(names))]
}

// randomAddress is one of few, so that addresses are used again.
func (w *world) randomAddress() string { return fmt.Sprintf("10.0.0.%d", w.rand.IntN(12)) }

func (w *world) createMachine() {
	a := w.accounts[w.rand.IntN(len(w.accounts))]
	m := newMachine(a, enginetest.Pick(w.rand, a.regions...), len(w.machines)+1, w.randomName(), w.randomAddress())
	if w.rand.IntN(8) == 0 {
		m.Address = ""
	}
	w.addMachine(m)
	if !a.swapped {
		w.syncCloud(m)
	}
	w.Note("created %s %q %s in %s", m.ID, m.Name, m.Address, a.lineName(m.Region))
}

// syncCloud puts a machine into its cloud, or takes it out.
func (w *world) syncCloud(m *machine) {
	var ips []string
	if m.Address != "" {
		ips = []string{m.Address}
	}
	if m.Cloud == "tencent" {
		a := m.account.inTencent
		if !m.Alive {
			a.Remove(m.Region, m.ID)
			return
		}
		a.Put(m.Region, tencenttest.Instance{ID: m.ID, Name: m.Name, OSName: "TencentOS", Status: "RUNNING", Type: "S6", VPC: "v", PrivateIPs: ips, Tags: hardTags()})
		return
	}
	a := m.account.inAlibaba
	if !m.Alive {
		a.Remove(m.Region, m.ID)
		return
	}
	a.Put(m.Region, alibabatest.Instance{ID: m.ID, Name: m.Name, OSType: "linux", Status: "Running", Type: "g7", VPC: "v", PrivateIPs: ips, Tags: hardTags()})
}

// hardTags must never keep an asset from being made, whatever becomes of them.
func hardTags() map[string]string {
	return map[string]string{"a:b": "c,d", "🐙": strings.Repeat("长", 256), strings.Repeat("k", 128): "", " ": "\t"}
}

// changeCloud lets one thing happen in the clouds.
func (w *world) changeCloud() {
	if w.rand.IntN(4) == 0 {
		w.createMachine()
		return
	}
	m := w.machines[w.rand.IntN(len(w.machines))]
	if m.inOtherAccount() {
		return
	}
	w.mu.Lock()
	k := w.rand.IntN(8)
	switch {
	case !m.Alive:
		m.Alive = w.rand.IntN(3) == 0 // it returns
	case k == 0:
		m.Name = w.randomName()
	case k == 1:
		m.Address = w.randomAddress()
	case k == 2: // two swap their names and addresses
		other := w.machines[w.rand.IntN(len(w.machines))]
		if other.Alive && !other.inOtherAccount() {
			m.Name, other.Name, m.Address, other.Address = other.Name, m.Name, other.Address, m.Address
			if !other.account.swapped {
				defer w.syncCloud(other)
			}
		}
	default:
		m.Alive = false
	}
	w.mu.Unlock()
	if !m.account.swapped {
		w.syncCloud(m)
	}
	w.Note("changed %s: alive %t, %q %s", m.ID, m.Alive, m.Name, m.Address)
}

// editDuringRun is what people do in JumpServer in the middle of a run. JumpServer has no way to
// write only if nothing changed, so that right before a write (not noticed) hosts of ours are only
// edited in fields that we never write; other people's hosts are edited at will.
func (w *world) editDuringRun(noticed bool) {
	w.mu.Lock()
	w.editNumber++
	n := w.editNumber
	counts := noticed && w.writes
	w.mu.Unlock()
	hosts := w.jumpserver.Hosts(org)
	if n%4 == 0 || len(hosts) == 0 {
		w.addForeignHost(jumpservertest.Host{Name: fmt.Sprintf("web-%d", n), Address: "10.0.0.3", Active: true})
		return
	}
	for at := range hosts { // of all, so that one is hit that matters
		w.editHost(hosts[at].ID, func(h *jumpservertest.Host) {
			if counts {
				w.watch.ChangedMeanwhile(h.ID)
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
				w.watch.SwitchOn(h)
			}
		})
	}
}

// editHost changes a host as people do.
func (w *world) editHost(id string, change func(*jumpservertest.Host)) {
	w.emulator.Lock()
	defer w.emulator.Unlock()
	w.watch.Edit(id, change)
}

// editAsPerson edits a host between two runs: then all of it must stay, but what follows the cloud.
func (w *world) editAsPerson() {
	hosts := w.jumpserver.Hosts(org)
	if len(hosts) == 0 {
		return
	}
	h := hosts[w.rand.IntN(len(hosts))]
	w.editNumber++
	n := w.editNumber
	k := w.rand.IntN(6)
	other := w.watch.IsForeign(h.ID)
	if k == 5 && !other {
		w.watch.Delete(h.ID)
		w.notified.mayMiss = w.notified.mayMiss || enginetest.IsGone(h)
		w.Note("a person deleted %s", h.Name)
		return
	}
	w.editHost(h.ID, func(h *jumpservertest.Host) {
		switch k {
		case 0:
			w.watch.SwitchOff(h)
		case 1:
			w.watch.SwitchOn(h)
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
	w.Note("a person edited %s, %d", h.Name, k)
}

// swapKey makes the key of a line's account open another account, which has nothing or another
// machine. It stays so until all is healed.
func (w *world) swapKey(name string) {
	for _, a := range w.accounts {
		if strings.HasPrefix(name, string(a.cloud)+" "+a.name+" ") && !a.swapped {
			w.emulator.Lock()
			w.setKeyOwner(a, "9999")
			w.emulator.Unlock()
		}
	}
}

// healAll ends all faults.
func (w *world) healAll() {
	w.schedule.mu.Lock()
	w.schedule.faults, w.schedule.dead, w.schedule.restartUntil = nil, false, time.Time{}
	w.schedule.mu.Unlock()
	for _, a := range w.accounts {
		if a.swapped {
			w.setKeyOwner(a, a.owner)
		}
	}
	w.setClock(0)
	w.client = nil // a new process
}
