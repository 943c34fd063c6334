package reconcile_test

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// recordHosts keeps the hosts as they are before a write.
func (s *simulation) recordHosts(r *http.Request) {
	if r.Method == http.MethodGet || r.Method == http.MethodOptions {
		return
	}
	hosts := s.server.Hosts(org)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hostsBefore = hosts
	if events, _ := r.Context().Value(eventKey{}).(bool); events && r.Method == http.MethodDelete {
		s.t.Errorf("an event deletes: %s", r.URL)
	}
}

// checkWrite checks, right after a write, what may never be.
func (s *simulation) checkWrite(r *http.Request) {
	if r.Method == http.MethodGet || r.Method == http.MethodOptions {
		return
	}
	hosts := s.server.Hosts(org)
	s.note("%s %s by run %d", r.Method, r.URL.Path, runNumberOf(r.Context()))
	s.clouds.mu.Lock()
	defer s.clouds.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.countWrite(r, hosts)
	s.checkOnlyReleasedClosed(hosts)
	s.checkNoDuplicates(hosts)
	s.checkForeignUntouched(hosts)
}

// countWrite adds a write to what was seen.
func (s *simulation) countWrite(r *http.Request, hosts []jumpservertest.Host) {
	by := 0
	if events, _ := r.Context().Value(eventKey{}).(bool); events {
		by = 1
	}
	active := func(all []jumpservertest.Host) (n int64) {
		for _, h := range all {
			if h.Active {
				n++
			}
		}
		return n
	}
	s.seen.made[by].Add(max(0, int64(len(hosts)-len(s.hostsBefore))))
	s.seen.deleted.Add(max(0, int64(len(s.hostsBefore)-len(hosts))))
	if len(hosts) == len(s.hostsBefore) {
		s.seen.closed[by].Add(max(0, active(s.hostsBefore)-active(hosts)))
	}
}

// checkOnlyReleasedClosed: no asset was removed or deactivated while its instance lives.
func (s *simulation) checkOnlyReleasedClosed(hosts []jumpservertest.Host) {
	for _, was := range s.hostsBefore {
		at := slices.IndexFunc(hosts, func(h jumpservertest.Host) bool { return h.ID == was.ID })
		closed := at < 0 || was.Active && !hosts[at].Active
		id := s.instanceOf(was)
		if closed && (id == "" || s.isAlive(id)) {
			s.t.Errorf("%s (%s) was closed, and its instance lives", was.Name, id)
		}
		if at >= 0 && s.off[was.ID] && hosts[at].Active {
			s.t.Errorf("%s is active again, which a person switched off", was.Name)
		}
		if closed && s.kept[was.ID] {
			s.t.Errorf("%s was closed, which a person keeps", was.Name)
		}
		if at < 0 {
			delete(s.off, was.ID)
			delete(s.labels, was.ID)
		}
	}
}

func (s *simulation) isAlive(id string) bool {
	return slices.ContainsFunc(s.clouds.machines, func(m *modelInstance) bool { return m.ID == id && m.alive })
}

// checkNoDuplicates: one asset of ours for each instance, with the id that is made of it, and
// names are unique.
func (s *simulation) checkNoDuplicates(hosts []jumpservertest.Host) {
	ours, names := map[string]string{}, map[string]bool{}
	for _, h := range hosts {
		id := s.instanceOf(h)
		if other, twice := ours[id]; twice && id != "" {
			s.t.Errorf("%s has two assets, %s and %s", id, other, h.Name)
		}
		ours[id] = h.Name
		if names[h.Name] {
			s.t.Errorf("the name %s is there twice", h.Name)
		}
		names[h.Name] = true
		for _, m := range s.clouds.machines {
			if m.ID == id && h.ID != inventory.AssetID(m.Cloud, m.Region, m.ID) && h.ID != s.adopted[id] {
				s.t.Errorf("%s has the asset id %s", id, h.ID)
			}
		}
	}
	if s.mentioned != "" && ours[s.mentioned] != "" {
		s.t.Errorf("%s, which another asset names in its comment, was doubled", s.mentioned)
	}
}

// checkForeignUntouched: foreign assets are as they were, and labels of people's stay.
func (s *simulation) checkForeignUntouched(hosts []jumpservertest.Host) {
	foreign := slices.DeleteFunc(slices.Clone(hosts), func(h jumpservertest.Host) bool { return s.instanceOf(h) != "" })
	if !reflect.DeepEqual(foreign, s.foreign) {
		s.t.Errorf("foreign assets changed:\n%+v\nwere\n%+v", foreign, s.foreign)
	}
	for _, h := range hosts {
		if s.labels[h.ID] && !slices.Contains(h.Labels, "team:shop") {
			s.t.Errorf("%s lost a person's label", h.Name)
		}
	}
}

// checkConverged compares JumpServer with the clouds after the last run.
func (s *simulation) checkConverged(last engine.RunResult) {
	s.t.Helper()
	hosts := map[string]jumpservertest.Host{}
	for _, h := range s.server.Hosts(org) {
		if id := s.instanceOf(h); id != "" {
			hosts[id] = h
		}
	}
	held, unproved := map[string]bool{}, map[string]bool{}
	for l := range last.PlanLines {
		switch {
		case l.Action == plan.Hold:
			held[l.InstanceID] = true
		case l.Reason.Code == reason.OursUnproved: // a person edited its comment, then its instance went
			unproved[l.AssetID] = true
		}
	}
	if last.Report.Held != len(held) {
		s.t.Errorf("%d removals are held, and %d reported", len(held), last.Report.Held)
	}
	for n, m := range s.clouds.machines {
		h, there := hosts[m.ID]
		switch {
		case n == 0: // the Python tool's
		case m.alive && len(m.PrivateIPs) > 0 && !there:
			s.t.Errorf("%s lives and has no asset", m.ID)
		case m.alive && there:
			s.checkAsset(m, h)
		case !m.alive && there && h.Active && !held[m.ID] && !s.kept[h.ID] && !unproved[h.ID]:
			s.t.Errorf("%s is gone, its asset %s is active, and nobody is told why", m.ID, h.Name)
		}
	}
}

// checkAsset: name (up to its suffix), address and state are those of a living instance.
func (s *simulation) checkAsset(m *modelInstance, h jumpservertest.Host) {
	if own := s.adopted[m.ID] == h.ID; own && !strings.HasPrefix(h.Name, "hand-") {
		s.t.Errorf("%s was adopted, and its asset is called %s", m.ID, h.Name)
	} else if !own && h.Name != m.Name && h.Name != m.Name+"-"+m.ID && h.Name != m.Name+"-"+m.ID+"-2" {
		s.t.Errorf("%s is called %s, its asset %s", m.ID, m.Name, h.Name)
	}
	if len(m.PrivateIPs) > 0 && h.Address != m.PrivateIPs[0] {
		s.t.Errorf("%s has the address %s, its asset %s", m.ID, m.PrivateIPs[0], h.Address)
	}
	gone := slices.ContainsFunc(h.Labels, func(l string) bool { return strings.HasPrefix(l, inventory.LabelGone) })
	if h.Active == s.off[h.ID] || gone {
		s.t.Errorf("%s lives, its asset has active %t (switched off by a person: %t), labels %v", m.ID, h.Active, s.off[h.ID], h.Labels)
	}
}

// healAll heals everything and lets all that was slow come to pass.
func (s *simulation) healAll() {
	s.clouds.mu.Lock()
	defer s.clouds.mu.Unlock()
	for _, r := range s.clouds.regions {
		r.blind, r.failing, r.leaky = false, false, false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.healed = true
	time.Sleep(time.Minute)
}
