package jumpservertest

import (
	"slices"

	"github.com/google/uuid"
)

// put makes the change, after everything was checked.
func (s *Server) put(o *org, h *host, f fields) {
	h.updated = s.o.Now()
	if f.name != nil {
		o.rename(h, *f.name)
	}
	set(&h.Address, f.address)
	set(&h.Comment, f.comment)
	set(&h.Active, f.active)
	if f.platform != nil {
		other := h.Platform != "" && h.Platform != f.platform.Name
		h.Platform = f.platform.Name
		if f.protocols != nil {
			h.Protocols = f.protocols
		}
		if other {
			h.Protocols = union(h.Protocols, f.platform.Protocols)
		}
	} else if f.protocols != nil {
		h.Protocols = f.protocols
	}
	for name, value := range f.extra {
		h.extra[name] = value
	}
	set(&h.Zone, f.zone)
	if h.Zone != "" && !s.platformByName(h.Platform).Zones {
		h.Zone = ""
	}
	if f.labels != nil {
		h.setLabels(o.labels.rowsOf(f.labels, h.updated), h.updated)
	}
	s.place(o, h, f)
}

// union adds the protocols of a platform that the host does not have by name.
func union(have []Protocol, more []platformProtocol) []Protocol {
	have = slices.Clone(have)
	for _, pp := range more {
		if !slices.ContainsFunc(have, func(p Protocol) bool { return p.Name == pp.Name }) {
			have = append(have, Protocol{pp.Name, pp.Port})
		}
	}
	return have
}

func set[T any](into *T, value *T) {
	if value != nil {
		*into = *value
	}
}

// place puts the host under its nodes: paths win over ids; neither on creation is the root.
func (s *Server) place(o *org, h *host, f fields) {
	switch {
	case len(f.paths) > 0:
		h.nodes = nil
		for _, path := range f.paths {
			if id := o.make(path).id; !slices.Contains(h.nodes, id) {
				h.nodes = append(h.nodes, id)
			}
		}
	case len(f.nodes) > 0:
		h.nodes = f.nodes
	case f.nodes != nil, h.home == nil:
		h.nodes = []string{o.nodes[0].id}
	}
}

// full reports whether no asset more may be made: v4.10.19 counts all of every organisation, the versions
// before it those of the page's kind in the organisation.
func (s *Server) full(c *call) bool {
	if !s.o.Version.since(V41019) {
		return len(s.of(c.org, c.kind)) >= s.o.Limit
	}
	n := 0
	for _, o := range s.orgs {
		n += len(o.hosts) + len(o.others)
	}
	return n >= s.o.Limit
}

func (s *Server) create(c *call, f fields) *host {
	id, o := f.id, c.org
	if id == "" {
		id = uuid.NewString()
	}
	h := &host{Host: Host{ID: id, Active: true}, accounts: f.accounts, created: s.o.Now(), maker: f.maker}
	if f.category != "host" {
		h.category = f.category
	}
	s.fillExtra(h)
	h.links = o.labels.left[id] // of an asset that was deleted
	delete(o.labels.left, id)
	s.put(o, h, f)
	o.add(h)
	return h
}

// limitText is what JumpServer says when its number of assets is used up.
const limitText = "The number of assets exceeds the limit of 5000"
