package chaos

import (
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// editDuringRun is what people do in JumpServer in the middle of a run. JumpServer has no way to
// write only if nothing changed, so that right before a write (not noticed) hosts of ours are only
// edited in fields that we never write; other people's hosts are edited at will.
func (w *world) editDuringRun(s *site, noticed bool) {
	w.mu.Lock()
	w.editNumber++
	n := w.editNumber
	counts := noticed && w.writes
	w.mu.Unlock()
	hosts := s.server.Hosts(s.org)
	if n%4 == 0 || len(hosts) == 0 || w.ruled && !noticed { // with rules, nodes and comments are written too
		w.addForeignHost(s, jumpservertest.Host{Name: fmt.Sprintf("web-%d", n), Address: "10.0.0.3", Active: true})
		return
	}
	for at := range hosts { // of all, so that one is hit that matters
		w.editHost(s, hosts[at].ID, func(h *jumpservertest.Host) {
			if counts {
				s.watch.ChangedMeanwhile(h.ID)
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
				s.watch.SwitchOn(h)
			}
		})
	}
}

// editHost changes a host as people do.
func (w *world) editHost(s *site, id string, change func(*jumpservertest.Host)) {
	w.emulator.Lock()
	defer w.emulator.Unlock()
	s.watch.Edit(id, change)
}

// editBetweenRuns lets people do some things in JumpServer.
func (w *world) editBetweenRuns() {
	for range w.rand.IntN(3) {
		s := enginetest.Pick(w.rand, w.sites...)
		if w.rand.IntN(5) == 0 {
			w.editInBulk(s)
		} else {
			w.editAsPerson(s)
		}
	}
}

// editAsPerson edits a host between two runs: then all of it must stay, but what follows the cloud.
func (w *world) editAsPerson(s *site) {
	hosts := s.server.Hosts(s.org)
	if len(hosts) == 0 {
		return
	}
	h := hosts[w.rand.IntN(len(hosts))]
	w.editNumber++
	n := w.editNumber
	k := w.rand.IntN(9)
	other := s.watch.IsForeign(h.ID)
	if k == 5 && !other {
		s.watch.Delete(h.ID)
		w.notified.mayMiss = w.notified.mayMiss || enginetest.IsGone(h)
		w.Note("a person deleted %s", h.Name)
		return
	}
	w.editHost(s, h.ID, func(h *jumpservertest.Host) {
		switch {
		case k == 0:
			s.watch.SwitchOff(h)
		case k == 1:
			s.watch.SwitchOn(h)
		case k == 2:
			h.Labels = append(h.Labels, fmt.Sprintf("team:t%d", n))
		case k == 3:
			h.Nodes = append(h.Nodes, "/DEFAULT/people")
		case k == 6 && !other:
			s.watch.Keep(h)
		case k == 7 && !other:
			h.Name = fmt.Sprintf("renamed-%d", n)
		case k == 8 && !other:
			h.Platform = enginetest.Pick(w.rand, "Gateway", "Windows")
			s.watch.Freeze(h.ID)
		default:
			if !other { // the Python tool's keep their line
				h.Comment = ""
			}
			h.Comment += fmt.Sprintf("\nedited %d", n)
		}
	})
	w.Note("a person edited %s, %d", h.Name, k)
}

// editInBulk is one click of a person that changes many assets: on the label page, or in the tree of nodes.
func (w *world) editInBulk(s *site) {
	defer s.watch.Refresh()
	w.notified.mayMiss = true
	k := w.rand.IntN(4)
	if k == 3 {
		w.editNodes(s)
		return
	}
	var rows []string
	for _, row := range s.server.LabelRows(s.org) {
		if strings.HasPrefix(row.Name, "jms-") && row.Resources > 0 {
			rows = append(rows, row.Name+":"+row.Value)
		}
	}
	if len(rows) == 0 {
		return
	}
	row := rows[w.rand.IntN(len(rows))]
	name, value, _ := strings.Cut(row, ":")
	into := enginetest.Pick(w.rand, value+"9", "9999", strings.ToUpper(value))
	if k == 0 && !strings.HasPrefix(name, "jms-keep") {
		s.server.EditLabel(s.org, row, name+":"+into)
		w.Note("a person made %s of the label %s", into, row)
		return
	}
	s.server.DeleteLabel(s.org, row)
	w.Note("a person deleted the label %s", row)
}

// editNodes renames, moves or deletes a node of ours.
func (w *world) editNodes(s *site) {
	nodes := map[string]bool{}
	for _, h := range s.server.Hosts(s.org) {
		for _, node := range h.Nodes {
			if strings.Count(node, "/") > 2 {
				nodes[node] = true
			}
		}
	}
	if len(nodes) == 0 {
		return
	}
	node := enginetest.Pick(w.rand, sortedKeys(nodes)...)
	w.editNumber++
	k := w.rand.IntN(3)
	switch k {
	case 0:
		s.server.RenameNode(s.org, node, fmt.Sprintf("renamed-%d", w.editNumber))
	case 1:
		s.server.MoveNode(s.org, node, "/DEFAULT/attic")
	case 2:
		s.server.DeleteNode(s.org, node)
	}
	w.Note("a person changed the node %s, %d", node, k)
}
