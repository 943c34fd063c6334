package engine_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// create makes an instance that is visible after a while, and may have no address.
func (s *story) create(slow int) {
	s.skies.mu.Lock()
	defer s.skies.mu.Unlock()
	s.made++
	at := s.skies.regions[s.rand.IntN(len(s.skies.regions))]
	m := &vm{alive: true, visible: time.Now(), Instance: inventory.Instance{
		Scope: at.Scope, ID: fmt.Sprintf("i-%03d", s.made), OSType: "linux", Status: "running", Name: s.name(),
		PrivateIPs: []string{s.address()},
	}}
	if slow > 0 {
		m.visible = time.Now().Add(time.Duration(s.rand.IntN(slow)) * time.Second)
		if s.rand.IntN(3) == 0 {
			m.PrivateIPs = nil
		}
	}
	s.skies.machines = append(s.skies.machines, m)
	s.announce(m, false)
	s.note("created %s %s in %s/%s", m.ID, m.Name, m.Account, m.Region)
}

// name is one of few, so that names meet.
func (s *story) name() string {
	names := []string{"web", "db", "app", "old", "web-i-002", "cache"}
	return names[s.rand.IntN(len(names))]
}

// address is one of few, so that addresses are used again.
func (s *story) address() string { return fmt.Sprintf("10.0.0.%d", s.rand.IntN(12)) }

// announce makes the event of a change; the skies are locked.
func (s *story) announce(m *vm, gone bool) {
	i := slices.IndexFunc(s.skies.regions, func(r *region) bool { return r.Scope == m.Scope })
	s.letter(cloud.Heard{ID: m.ID, What: fmt.Sprintf("gone %t", gone), Hint: cloud.Hint{
		Cloud: m.Cloud, AccountID: s.skies.regions[i].owner, Region: m.Region, Instances: []string{m.ID}, Gone: gone,
	}})
}

func (s *story) letter(h cloud.Heard) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.post = append(s.post, h)
}

// change lets one thing happen in the clouds.
func (s *story) change() {
	if s.rand.IntN(4) == 0 {
		s.create(20)
		return
	}
	s.skies.mu.Lock()
	defer s.skies.mu.Unlock()
	if s.rand.IntN(5) == 0 {
		s.weather()
		return
	}
	m := s.skies.machines[s.rand.IntN(len(s.skies.machines))]
	if !m.alive {
		return
	}
	switch s.rand.IntN(6) {
	case 0:
		m.Status = map[string]string{"running": "stopped", "stopped": "running"}[m.Status]
		s.announce(m, false)
	case 1:
		m.Name = s.name()
	case 2:
		m.PrivateIPs = []string{s.address()}
	case 3: // two swap their names
		other := s.skies.machines[s.rand.IntN(len(s.skies.machines))]
		m.Name, other.Name = other.Name, m.Name
		s.announce(m, false)
	default:
		m.alive = false
		m.until = time.Now().Add(time.Duration(max(0, s.rand.IntN(12)-6)) * time.Second)
		s.announce(m, true)
	}
	s.note("changed %s: alive %t, %s %v", m.ID, m.alive, m.Name, m.PrivateIPs)
}

// weather takes and gives permission, or breaks and mends a region. A right does not come and
// go faster than in a minute; faster ones could fool any number of questions.
func (s *story) weather() {
	at := s.skies.regions[s.rand.IntN(len(s.skies.regions))]
	switch s.rand.IntN(4) {
	case 0:
		at.failing = !at.failing
	case 1:
		at.leaky = !at.leaky
	default:
		s.blink(at)
	}
	s.note("%s: blind %t, failing %t, leaky %t", at.Scope, at.blind, at.failing, at.leaky)
}

func (s *story) blink(at *region) {
	if time.Since(at.turned) >= time.Minute {
		at.blind, at.turned = !at.blind, time.Now()
	}
}

// spite gives permission back, or takes it, right when a probe is about to be answered.
func (s *story) spite() {
	s.skies.mu.Lock()
	defer s.skies.mu.Unlock()
	for _, at := range s.skies.regions {
		if s.turns.waits(at.Account + " " + at.Region + " probe") {
			s.blink(at)
			s.note("%s: blind %t before the probe", at.Scope, at.blind)
		}
	}
}

// deliver starts a run on some events: new and old ones, doubled, in any order, and forged.
func (s *story) deliver() {
	s.mu.Lock()
	var heard []cloud.Heard
	for range 1 + s.rand.IntN(4) {
		if len(s.post) > 0 {
			at := len(s.post) - 1 - min(s.rand.IntN(len(s.post)), s.rand.IntN(6))
			at = max(at, 0)
			heard = append(heard, s.post[at])
			if s.rand.IntN(3) > 0 {
				s.post = slices.Delete(s.post, at, at+1)
			}
		}
	}
	s.mu.Unlock()
	if s.rand.IntN(2) == 0 {
		heard = append(heard, s.forged())
	}
	if len(heard) == 0 {
		return
	}
	limit := []time.Duration{3 * time.Second, 12 * time.Second, 30 * time.Second}[s.rand.IntN(3)]
	var all []string
	for _, h := range heard {
		all = append(all, h.Hint.AccountID+"/"+h.Hint.Region+"/"+h.ID+" "+h.What)
	}
	s.start(limit.String()+" for events "+strings.Join(all, ", "), func(ctx context.Context) { s.hear(ctx, heard, limit) })
}

// forged is an event that nothing has caused, also of an account or region that is not the
// instance's.
func (s *story) forged() cloud.Heard {
	id := fmt.Sprintf("i-%03d", 1+s.rand.IntN(s.made+2))
	at := s.skies.regions[s.rand.IntN(len(s.skies.regions))]
	gone := s.rand.IntN(2) == 0
	return cloud.Heard{ID: id, What: fmt.Sprintf("forged, gone %t", gone), Hint: cloud.Hint{
		Cloud: inventory.Alibaba, AccountID: at.owner, Region: at.Region, Instances: []string{id}, Gone: gone,
	}}
}

// person edits an asset of ours, while no run is under way: JumpServer has no way to write only
// if nothing changed.
func (s *story) person() {
	hosts := s.server.Hosts(org)
	h := hosts[s.rand.IntN(len(hosts))]
	if s.instance(h) == "" || s.busy() > 0 {
		return
	}
	s.server.Edit(org, h.ID, func(h *jumpservertest.Host) {
		switch s.rand.IntN(4) {
		case 3:
			if h.Active && !s.kept[h.ID] {
				h.Labels = append(h.Labels, inventory.LabelKeep+":audit")
				s.kept[h.ID] = true
			}
		case 0:
			h.Active = false
			if !slices.ContainsFunc(h.Labels, func(l string) bool { return strings.HasPrefix(l, inventory.LabelGone) }) {
				s.off[h.ID] = true
			}
		case 1:
			h.Comment = "edited"
			if s.adopted[s.instance(*h)] == h.ID { // without the id it would be nobody's
				h.Comment = "edited\ninstance_id: " + s.instance(*h)
			}
		default:
			if !s.labels[h.ID] {
				h.Labels = append(h.Labels, "team:shop")
			}
			s.labels[h.ID] = true
		}
	})
	s.note("a person edited %s", h.Name)
}

// instance gives the instance of an asset of ours, "" for others.
func (s *story) instance(h jumpservertest.Host) string {
	for _, l := range h.Labels {
		if id, ok := strings.CutPrefix(l, inventory.LabelInstance+":"); ok {
			return id
		}
	}
	for _, m := range s.skies.machines {
		at := strings.Contains(h.Comment, "instance_id: "+m.ID+"\n") && slices.Contains(h.Labels, "jms-region:"+m.Region)
		if at || h.ID == inventory.AssetID(m.Cloud, m.Region, m.ID) {
			return m.ID
		}
	}
	return ""
}
