package reconcile_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// createInstance makes an instance that is visible after a while, and may have no address.
func (s *simulation) createInstance(slow int) {
	s.clouds.mu.Lock()
	defer s.clouds.mu.Unlock()
	s.machineCount++
	at := s.clouds.regions[s.rand.IntN(len(s.clouds.regions))]
	m := &modelInstance{visible: time.Now(), Instance: inventory.Instance{
		Scope: at.Scope, ID: fmt.Sprintf("i-%03d", s.machineCount), OSType: "linux", Status: "running", Name: s.randomName(),
		PrivateIPs: []string{s.randomAddress()},
	}}
	if slow > 0 {
		m.visible = time.Now().Add(time.Duration(s.rand.IntN(slow)) * time.Second)
		if s.rand.IntN(3) == 0 {
			m.PrivateIPs = nil
		}
	}
	s.clouds.machines = append(s.clouds.machines, m)
	m.watched = &enginetest.Machine{Scope: m.Scope, ID: m.ID, Alive: true}
	s.watch.Machines = append(s.watch.Machines, m.watched)
	m.updateWatched()
	s.emitEvent(m, false)
	s.Note("created %s %s in %s/%s", m.ID, m.Name, m.Account, m.Region)
}

// updateWatched says what is true of an instance now.
func (m *modelInstance) updateWatched() {
	m.watched.Name, m.watched.Address = m.Name, strings.Join(m.PrivateIPs, "")
}

// randomName is one of few, so that names meet.
func (s *simulation) randomName() string {
	names := []string{"web", "db", "app", "old", "web-i-002", "cache"}
	return names[s.rand.IntN(len(names))]
}

// randomAddress is one of few, so that addresses are used again.
func (s *simulation) randomAddress() string { return fmt.Sprintf("10.0.0.%d", s.rand.IntN(12)) }

// emitEvent makes the event of a change; the skies are locked.
func (s *simulation) emitEvent(m *modelInstance, gone bool) {
	i := slices.IndexFunc(s.clouds.regions, func(r *modelRegion) bool { return r.Scope == m.Scope })
	s.queueEvent(cloud.ParsedEvent{ID: m.ID, Description: fmt.Sprintf("gone %t", gone), Target: cloud.EventTarget{
		Cloud: m.Cloud, AccountID: s.clouds.regions[i].owner, Region: m.Region, InstanceIDs: []string{m.ID}, IsReleased: gone,
	}})
}

func (s *simulation) queueEvent(h cloud.ParsedEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.undelivered = append(s.undelivered, h)
}

// changeCloud lets one thing happen in the clouds.
func (s *simulation) changeCloud() {
	if s.rand.IntN(4) == 0 {
		s.createInstance(20)
		return
	}
	s.clouds.mu.Lock()
	defer s.clouds.mu.Unlock()
	if s.rand.IntN(5) == 0 {
		s.changeRegion()
		return
	}
	m := s.clouds.machines[s.rand.IntN(len(s.clouds.machines))]
	if !m.watched.Alive {
		return
	}
	switch s.rand.IntN(6) {
	case 0:
		m.Status = map[string]string{"running": "stopped", "stopped": "running"}[m.Status]
		s.emitEvent(m, false)
	case 1:
		m.Name = s.randomName()
	case 2:
		m.PrivateIPs = []string{s.randomAddress()}
	case 3: // two swap their names
		other := s.clouds.machines[s.rand.IntN(len(s.clouds.machines))]
		m.Name, other.Name = other.Name, m.Name
		other.updateWatched()
		s.emitEvent(m, false)
	default:
		m.watched.Alive = false
		m.until = time.Now().Add(time.Duration(max(0, s.rand.IntN(12)-6)) * time.Second)
		s.emitEvent(m, true)
	}
	m.updateWatched()
	s.Note("changed %s: alive %t, %s %v", m.ID, m.watched.Alive, m.Name, m.PrivateIPs)
}

// changeRegion takes and gives permission, or breaks and mends a region. A right does not come and
// go faster than in a minute; faster ones could fool any number of questions.
func (s *simulation) changeRegion() {
	at := s.clouds.regions[s.rand.IntN(len(s.clouds.regions))]
	switch s.rand.IntN(4) {
	case 0:
		at.failing = !at.failing
	case 1:
		at.leaky = !at.leaky
	default:
		s.togglePermission(at)
	}
	s.Note("%s: blind %t, failing %t, leaky %t", at.Scope, at.blind, at.failing, at.leaky)
}

func (s *simulation) togglePermission(at *modelRegion) {
	if time.Since(at.blindChangedAt) >= time.Minute {
		at.blind, at.blindChangedAt = !at.blind, time.Now()
	}
}

// togglePermissionAtProbe returns permission back, or takes it, right when a probe is about to be answered.
func (s *simulation) togglePermissionAtProbe() {
	s.clouds.mu.Lock()
	defer s.clouds.mu.Unlock()
	for _, at := range s.clouds.regions {
		if s.scheduler.isWaiting(at.Account + " " + at.Region + " probe") {
			s.togglePermission(at)
			s.Note("%s: blind %t before the probe", at.Scope, at.blind)
		}
	}
}

// deliverEvents starts a run on some events: new and old ones, doubled, in any order, and forged.
func (s *simulation) deliverEvents() {
	s.mu.Lock()
	var heard []cloud.ParsedEvent
	for range 1 + s.rand.IntN(4) {
		if len(s.undelivered) > 0 {
			at := len(s.undelivered) - 1 - min(s.rand.IntN(len(s.undelivered)), s.rand.IntN(6))
			at = max(at, 0)
			heard = append(heard, s.undelivered[at])
			if s.rand.IntN(3) > 0 {
				s.undelivered = slices.Delete(s.undelivered, at, at+1)
			}
		}
	}
	s.mu.Unlock()
	if s.rand.IntN(2) == 0 {
		heard = append(heard, s.forgedEvent())
	}
	if len(heard) == 0 {
		return
	}
	limit := []time.Duration{3 * time.Second, 12 * time.Second, 30 * time.Second}[s.rand.IntN(3)]
	var all []string
	for _, h := range heard {
		all = append(all, h.Target.AccountID+"/"+h.Target.Region+"/"+h.ID+" "+h.Description)
	}
	s.startRun(limit.String()+" for events "+strings.Join(all, ", "), func(ctx context.Context) { s.handleEvents(ctx, heard, limit) })
}

// forgedEvent is an event that nothing has caused, also of an account or region that is not the
// instance's.
func (s *simulation) forgedEvent() cloud.ParsedEvent {
	id := fmt.Sprintf("i-%03d", 1+s.rand.IntN(s.machineCount+2))
	at := s.clouds.regions[s.rand.IntN(len(s.clouds.regions))]
	gone := s.rand.IntN(2) == 0
	return cloud.ParsedEvent{ID: id, Description: fmt.Sprintf("forged, gone %t", gone), Target: cloud.EventTarget{
		Cloud: inventory.Alibaba, AccountID: at.owner, Region: at.Region, InstanceIDs: []string{id}, IsReleased: gone,
	}}
}

// editAsPerson edits an asset of ours, while no run is under way: JumpServer has no way to write only
// if nothing changed.
func (s *simulation) editAsPerson() {
	hosts := s.server.Hosts(org)
	h := hosts[s.rand.IntN(len(hosts))]
	m := s.watch.MachineOf(h)
	if m == nil || s.activeRuns() > 0 {
		return
	}
	s.watch.Edit(h.ID, func(h *jumpservertest.Host) {
		switch s.rand.IntN(4) {
		case 3:
			s.watch.Keep(h)
		case 0:
			s.watch.SwitchOff(h)
		case 1:
			h.Comment = "edited"
			if m.Adopted != "" { // without the id it would be nobody's
				h.Comment = "edited\ninstance_id: " + m.ID
			}
		default:
			if !slices.Contains(h.Labels, "team:shop") {
				h.Labels = append(h.Labels, "team:shop")
			}
		}
	})
	s.Note("a person edited %s", h.Name)
}
