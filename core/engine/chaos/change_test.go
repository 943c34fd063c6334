package chaos

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// populate makes the first machines, and what people and the Python tool have in JumpServer.
func (w *world) populate() {
	for range 3 + w.rand.IntN(16) {
		w.createMachine()
	}
	for _, s := range w.sites {
		if s != w.sites[0] && s.watch == w.sites[0].watch {
			continue
		}
		w.populateSite(s)
	}
}

func (w *world) populateSite(s *site) {
	for n := range w.rand.IntN(4) {
		w.addForeignHost(s, jumpservertest.Host{Name: w.randomName() + strings.Repeat("-x", n), Address: w.randomAddress(), Active: w.rand.IntN(4) > 0, Labels: []string{"team:shop"}})
	}
	if w.rand.IntN(3) == 0 {
		m := w.machines[w.rand.IntN(len(w.machines))]
		w.addForeignHost(s, jumpservertest.Host{Name: "old-" + m.ID, Address: m.Address, Active: true, Comment: "instance_id: " + m.ID}, m.ID)
	}
	if w.rand.IntN(4) == 0 { // a clone that copied our labels is not ours
		w.addForeignHost(s, jumpservertest.Host{Name: "clone", Address: "10.0.0.9", Active: true, Labels: []string{
			"jms-cloud:alibaba", "jms-account:one", "jms-owner:1000", "jms-region:cn-a", "jms-instance:i-none",
		}})
	}
	if len(w.machines)%3 == 0 { // labels alone, which somebody wrote on a host that is no machine's, make nobody its owner
		m := w.machines[0]
		const own = "5d3a3f8e-0d0f-4c7f-9a55-0c1f1f0c9a14"
		w.addForeignHost(s, jumpservertest.Host{ID: own, Name: "forged", Address: "10.99.0.9", Active: true, Comment: "finance", Labels: []string{
			"jms-cloud:" + string(m.Cloud), "jms-account:one", "jms-owner:" + m.tenant.owner, "jms-region:" + m.Region,
			"jms-instance:" + m.ID, "jms-asset:" + own,
		}})
	}
	s.server.SeedOther(s.org, "database", "database")
	if w.rand.IntN(2) == 0 { // people have our labels and nodes in other spellings
		for _, text := range []string{"JMS-Account:One", "jms-Cloud:Alibaba", "jms-region:CN-A", "jms-owner:1000", "JMS-Protected:IP"} {
			s.server.SeedLabel(s.org, text)
		}
		w.addForeignHost(s, jumpservertest.Host{Name: "of-people", Address: "10.0.0.8", Active: true, Nodes: []string{"/DEFAULT/Alibaba/ONE", "/DEFAULT/tencent/Two"}})
	}
}

// addForeignHost puts a host of other people's into JumpServer, which names some instances. Its name may be taken, then it
// is not.
func (w *world) addForeignHost(s *site, h jumpservertest.Host, mentions ...string) {
	w.emulator.Lock() // a write that is being checked does not see half of it
	defer w.emulator.Unlock()
	if slices.ContainsFunc(s.server.Hosts(s.org), func(x jumpservertest.Host) bool { return w.database.SameText(x.Name, h.Name) }) || w.database.RefusesText(h.Name) {
		return
	}
	if h.ID != "" && slices.ContainsFunc(w.sites, func(o *site) bool { return o != s && o.server == s.server }) {
		return // an id is there once, in whatever organisation
	}
	s.watch.AddForeign(h, mentions...)
}

// randomName is one of few, so that names meet, and some are hard.
func (w *world) randomName() string {
	return enginetest.Pick(w.rand, "web", "Web", "wéb", "DATABASE", "db", "app", "web-i-0002", "cache", "标签:名,字", "emoji-🐙", strings.Repeat("long", 40))
}

// plainName is one that every cloud can have.
func (w *world) plainName() string {
	return enginetest.Pick(w.rand, "web", "Web", "DATABASE", "db", "app", "cache")
}

// randomAddress is one of few, so that addresses are used again.
func (w *world) randomAddress() string { return fmt.Sprintf("10.0.0.%d", w.rand.IntN(12)) }

// createMachine creates a machine in a cloud account of the configuration, sometimes in a region or a project that nobody
// lists.
func (w *world) createMachine() {
	a := enginetest.Pick(w.rand, w.accounts...)
	region := enginetest.Pick(w.rand, a.correct.regions...)
	if w.rand.IntN(8) == 0 {
		region = enginetest.Pick(w.rand, a.own.cloud.regions...)
	}
	m := w.newMachine(a.own, region, len(w.machines)+1, w.randomName(), w.randomAddress())
	switch a.own.cloud.cloud {
	case azureCSP:
		m.Name = w.plainName()
	case huaweiCSP:
		m.inTeam = region == a.own.cloud.regions[0] && (a.correct.project == teamProject) == (w.rand.IntN(5) > 0)
	}
	if w.rand.IntN(8) == 0 {
		m.Address = ""
	}
	w.addMachine(m)
	m.traits.created = time.Now()
	if w.ruled {
		w.changeTraits(m)
	}
	a.own.cloud.sync(m)
	w.queueEvent(m, false)
	w.Note("created %s %q %s in %s", m.ID, m.Name, m.Address, a.lineName(m.Region))
}

// hardTags must never keep an asset from being made, whatever becomes of them.
func hardTags() map[string]string {
	return map[string]string{"a:b": "c,d", "🐙": strings.Repeat("长", 256), strings.Repeat("k", 128): "", " ": "\t"}
}

// changeClouds lets some things happen in the clouds.
func (w *world) changeClouds(times int) {
	for range times {
		w.changeCloud()
	}
}

// changeCloud lets one thing happen in the clouds.
func (w *world) changeCloud() {
	k := w.rand.IntN(16)
	switch {
	case k < 4:
		w.createMachine()
		return
	case k == 4 && w.rand.IntN(2) == 0:
		w.emptyRegion()
		return
	case k == 5:
		w.hideRows()
		return
	}
	m := w.machines[w.rand.IntN(len(w.machines))]
	if m.tenant.strange {
		return
	}
	change := w.rand.IntN(8)
	switch {
	case !m.Alive:
		m.Alive = w.rand.IntN(3) == 0 // it returns, or a recycle bin drops it
		m.purged = true
	case change == 0 && m.Cloud != azureCSP: // there a machine's name is its own
		m.Name = w.randomName()
	case change == 1:
		m.Address = w.randomAddress()
	case change == 2: // two swap their names and addresses
		w.swapNames(m)
	default:
		m.Alive = false
	}
	m.tenant.cloud.sync(m)
	w.queueEvent(m, !m.Alive)
	w.Note("changed %s: alive %t, %q %s", m.ID, m.Alive, m.Name, m.Address)
}

func (w *world) swapNames(m *machine) {
	other := w.machines[w.rand.IntN(len(w.machines))]
	if !other.Alive || other.tenant.strange || m.Cloud == azureCSP || other.Cloud == azureCSP {
		return
	}
	m.Name, other.Name, m.Address, other.Address = other.Name, m.Name, other.Address, m.Address
	other.tenant.cloud.sync(other)
}

// emptyRegion releases all machines of a region at once, or of all regions.
func (w *world) emptyRegion() {
	of := w.machines[w.rand.IntN(len(w.machines))]
	everywhere := w.rand.IntN(3) == 0
	for _, m := range w.machines {
		if m.Alive && !m.tenant.strange && (everywhere || m.tenant == of.tenant && m.Region == of.Region) {
			m.Alive = false
			m.tenant.cloud.sync(m)
			w.queueEvent(m, true)
		}
	}
	w.Note("released all of %s %s, everywhere %t", of.tenant.owner, of.Region, everywhere)
}

// hideRows makes the lists of a region leave out some machines, which lookups still show, until all is healed.
func (w *world) hideRows() {
	of := w.machines[w.rand.IntN(len(w.machines))]
	var ids []string
	for _, m := range w.machines {
		if m.tenant == of.tenant && m.Region == of.Region && !m.inTeam && w.rand.IntN(2) == 0 {
			ids = append(ids, m.ID)
		}
	}
	of.tenant.cloud.hide(of.tenant.owner, of.Region, ids)
	w.Note("lists of %s %s lack %v", of.tenant.owner, of.Region, ids)
}

// healAll ends all faults.
func (w *world) healAll() {
	w.schedule.mu.Lock()
	w.schedule.faults, w.schedule.dead, w.schedule.restartUntil = nil, false, time.Time{}
	w.schedule.mu.Unlock()
	w.correctConfig()
	for _, m := range w.machines {
		m.tenant.cloud.hide(m.tenant.owner, m.Region, nil)
		m.traits.unread = false
		if m.isInBin() {
			m.purged = true
			m.tenant.cloud.sync(m)
		}
	}
	for _, s := range w.sites {
		if s.store == nil {
			continue
		}
		err := s.savePause(true, 0)
		if err != nil {
			w.Errorf("resume: %v", err)
		}
	}
	w.setClock(0)
	w.forgetClients() // a new process
}
