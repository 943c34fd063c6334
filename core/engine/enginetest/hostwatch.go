package enginetest

import (
	"net/http"
	"reflect"
	"slices"
	"strings"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/plan"
)

// Machine is an instance of a story as it truly is, whatever its cloud answers.
type Machine struct {
	inventory.Scope
	ID, Name, Address string // Address "" = it has none
	Alive             bool
	Adopted           string // id of the asset that a person made, and that was adopted; "" = none
	// MistakenOwner is set where the machine is of a cloud account that no configured key should open. An asset of it with
	// this jms-owner was made while a key was changed right after it was asked whose it is; it is rightly taken away.
	MistakenOwner string
}

// AssetID returns the id of the machine's asset.
func (m *Machine) AssetID() string {
	if m.Adopted != "" {
		return m.Adopted
	}
	return inventory.AssetID(m.Cloud, m.Region, m.ID)
}

func (m *Machine) isMistaken(host jumpservertest.Host) bool {
	return m.MistakenOwner != "" && slices.Contains(host.Labels, inventory.LabelOwner+":"+m.MistakenOwner)
}

// HostWatch sees every write to an organisation of a JumpServer, and checks after each what may never be. It also knows
// what people made of the hosts there, which must stay.
type HostWatch struct {
	*Diary
	Server   *jumpservertest.Server
	Org      string
	Machines []*Machine // of the story; they change while no run is under way
	Rules    *Ruling    // nil = there are no mapping rules

	mu        sync.Mutex
	foreign   map[string]jumpservertest.Host // other people's hosts, by id
	edited    map[string]jumpservertest.Host // what people made of hosts of ours, by id
	off, on   map[string]bool                // hosts of ours that people switched off; on although their instance is gone
	kept      map[string]bool                // hosts of ours that people labelled jms-keep
	working   map[string]bool                // hosts that people changed since the run under way has planned, and before their last reading
	mentioned map[string]bool                // instances that other people's hosts name
	frozen    map[string]bool                // hosts that people made what is never written to
	unmarked  map[string]bool                // hosts of ours that people took the marks from
	mayDouble bool                           // see ReportedEmpty
}

// NewHostWatch returns a watch of the default organisation of a server.
func NewHostWatch(d *Diary, server *jumpservertest.Server) *HostWatch {
	return &HostWatch{
		Diary: d, Server: server, Org: jumpservertest.DefaultOrg, foreign: map[string]jumpservertest.Host{},
		edited: map[string]jumpservertest.Host{}, off: map[string]bool{}, on: map[string]bool{}, kept: map[string]bool{}, working: map[string]bool{},
		mentioned: map[string]bool{}, frozen: map[string]bool{}, unmarked: map[string]bool{},
	}
}

// Write is what one request did to the hosts of an organisation.
type Write struct {
	Before, After []jumpservertest.Host
	Removed       []Removal
}

// Removal is a host that a write deactivated or deleted.
type Removal struct {
	Host    jumpservertest.Host // as it was
	Machine *Machine            // nil = it is no asset of ours
	Deleted bool
}

// IsWrite reports whether a request to JumpServer may change something.
func IsWrite(r *http.Request) bool {
	return r.Method != http.MethodGet && r.Method != http.MethodOptions
}

// Serve lets the server answer a request; where it is a write, it checks and returns what it did.
func (h *HostWatch) Serve(r *http.Request, answer func()) (w Write) {
	if !IsWrite(r) {
		answer()
		return Write{}
	}
	w.Before = h.Server.Hosts(h.Org)
	var before ruledState
	if h.Rules != nil {
		before = h.ruledState(w.Before)
	}
	answer()
	w.After = h.Server.Hosts(h.Org)
	h.Note("%s %s: %d hosts", r.Method, r.URL.Path, len(w.After))
	now := map[string]jumpservertest.Host{}
	for _, host := range w.After {
		now[host.ID] = host
	}
	for _, was := range w.Before {
		host, there := now[was.ID]
		if !there || was.Active && !host.Active {
			w.Removed = append(w.Removed, h.checkRemoved(was, host, !there))
		}
		if there && !strings.Contains(was.Address, ":") && strings.Contains(host.Address, ":") && h.MachineOf(was) != nil {
			h.Errorf("%s got the address %s in place of its IPv4 address %s", was.Name, host.Address, was.Address)
		}
	}
	if h.Rules != nil {
		h.checkRuled(w, before, h.ruledState(w.After))
	}
	h.checkForeign(now)
	names := map[string]bool{}
	for _, host := range w.After {
		if names[host.Name] {
			h.Errorf("the name %s is there twice", host.Name)
		}
		names[host.Name] = true
		h.checkOurs(host)
	}
	return w
}

// MachineOf returns the machine whose asset a host is; nil = none.
func (h *HostWatch) MachineOf(host jumpservertest.Host) *Machine {
	for _, m := range h.Machines {
		if m.AssetID() == host.ID {
			return m
		}
	}
	return nil
}

// checkRemoved: nothing of a living instance is ever deactivated, but by a rule that says so now, or deleted, nor what people
// keep, switched on again or changed in any way while the run was at work, nor anything of other people's.
func (h *HostWatch) checkRemoved(was, now jumpservertest.Host, deleted bool) Removal {
	m := h.MachineOf(was)
	h.mu.Lock()
	on, working, kept := h.on[was.ID], h.working[was.ID], h.kept[was.ID]
	if deleted {
		h.forget(was.ID)
	}
	h.mu.Unlock()
	switch {
	case m == nil:
		h.Errorf("%s was removed, which is no asset of ours", was.Name)
	case m.Alive && !m.isMistaken(was) && (deleted || !h.mayRuleOff(m, now)):
		h.Errorf("%s was removed, and its instance %s lives", was.Name, m.ID)
	case kept:
		h.Errorf("%s was removed, which a person keeps", was.Name)
	case on, was.Active && IsRuledOff(was) && !deleted && !IsGone(now): // of the latter only a rule is contradicted, and not that it is gone
		h.Errorf("%s was removed, which a person switched on again", was.Name)
	case working:
		h.Errorf("%s was removed, which a person changed after the plan and before its last reading: %+v", was.Name, was)
	}
	return Removal{Host: was, Machine: m, Deleted: deleted}
}

// forget forgets what people made of a host that is no more; h.mu is held.
func (h *HostWatch) forget(id string) {
	for _, known := range []map[string]bool{h.off, h.on, h.kept} {
		delete(known, id)
	}
	delete(h.edited, id)
}

// checkForeign: nothing of other people's is touched.
func (h *HostWatch) checkForeign(now map[string]jumpservertest.Host) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, want := range h.foreign {
		if got, there := now[id]; !there || !reflect.DeepEqual(got, want) {
			h.Errorf("other people's %s changed: %+v, was %+v", want.Name, got, want)
			h.foreign[id] = got // told once
		}
	}
}

// checkOurs: every other asset is that of an instance, with the marks, and what people made of it stays.
func (h *HostWatch) checkOurs(host jumpservertest.Host) {
	m := h.MachineOf(host)
	h.mu.Lock()
	defer h.mu.Unlock()
	_, other := h.foreign[host.ID]
	if !isClosed(host) {
		delete(h.on, host.ID)
	}
	asset := AssetOf(host)
	switch {
	case other:
		return
	case m == nil:
		h.Errorf("%s was made for no instance, or twice: %+v", host.Name, host)
	case !h.unmarked[host.ID] && !plan.IsOurs(asset) && !plan.IsUnproved(asset):
		h.Errorf("%s is there without its marks: %v", host.Name, host.Labels)
	case h.mentioned[m.ID] && !h.mayDouble:
		h.Errorf("%s is doubled, which another host names in its comment", m.ID)
	case h.off[host.ID] && host.Active:
		h.Errorf("%s is active again, which a person switched off", host.Name)
	}
	h.checkEdited(host)
}

// checkEdited: what people made of an asset stays; h.mu is held.
func (h *HostWatch) checkEdited(host jumpservertest.Host) {
	mine, edited := h.edited[host.ID]
	if !edited {
		return
	}
	missing := slices.DeleteFunc(slices.Clone(mine.Labels), func(l string) bool {
		name := strings.ToLower(l) // a database may keep another spelling
		ours := strings.HasPrefix(name, "jms-") && !strings.HasPrefix(name, inventory.LabelKeep+":")
		return ours || h.Rules.setsLabel(l) || slices.Contains(host.Labels, l)
	})
	changed := host.Comment != mine.Comment || !reflect.DeepEqual(host.Protocols, mine.Protocols) || !reflect.DeepEqual(host.Nodes, mine.Nodes)
	if h.Rules != nil { // they change ports and nodes, of which checkRuled knows, and note nodes in a line of the comment
		changed = inventory.NoteNodes(host.Comment, nil) != inventory.NoteNodes(mine.Comment, nil)
	}
	if changed || len(missing) > 0 {
		h.Errorf("%s lost what people made of it: %+v, was %+v", host.Name, host, mine)
	}
}

// AssetOf returns of a host what its marks are made of.
func AssetOf(host jumpservertest.Host) inventory.Asset {
	a := inventory.Asset{ID: host.ID, Comment: host.Comment, Host: true}
	for _, l := range host.Labels {
		name, value, _ := strings.Cut(l, ":")
		a.Labels = append(a.Labels, inventory.Label{Name: name, Value: value})
	}
	return a
}

// IsGone reports whether a host carries jms-gone.
func IsGone(host jumpservertest.Host) bool { return HasLabel(host, inventory.LabelGone) }

// isClosed reports whether a host carries one of the labels with which we deactivate.
func isClosed(host jumpservertest.Host) bool { return IsGone(host) || IsRuledOff(host) }

// HasLabel reports whether a host has a label of this name.
func HasLabel(host jumpservertest.Host, name string) bool {
	return slices.ContainsFunc(host.Labels, func(l string) bool { return strings.HasPrefix(l, name+":") })
}
