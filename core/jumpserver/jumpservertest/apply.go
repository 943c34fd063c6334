package jumpservertest

import (
	"slices"

	"github.com/google/uuid"
)

// applyFields applies a row that was validated.
func (s *Server) applyFields(o *org, h *host, f rowFields) {
	h.updated = s.options.Now()
	if f.name != nil {
		o.renameAsset(h, *f.name)
	}
	setIfGiven(&h.Address, f.address)
	setIfGiven(&h.Comment, f.comment)
	setIfGiven(&h.Active, f.active)
	if f.platform != nil {
		other := h.Platform != "" && h.Platform != f.platform.Name
		h.Platform = f.platform.Name
		if f.protocols != nil {
			h.Protocols = f.protocols
		}
		if other {
			h.Protocols = mergeProtocols(h.Protocols, f.platform.Protocols)
		}
	} else if f.protocols != nil {
		h.Protocols = f.protocols
	}
	for name, value := range f.extra {
		h.extra[name] = value
	}
	setIfGiven(&h.Zone, f.zone)
	if h.Zone != "" && !s.platformByName(h.Platform).Zones {
		h.Zone = ""
	}
	if f.labels != nil {
		h.setLabels(o.labels.rowsOf(f.labels, h.updated), h.updated)
	}
	s.applyNodes(o, h, f)
}

// mergeProtocols adds the protocols of a platform whose names the host does not have.
func mergeProtocols(have []Protocol, more []platformProtocol) []Protocol {
	have = slices.Clone(have)
	for _, pp := range more {
		if !slices.ContainsFunc(have, func(p Protocol) bool { return p.Name == pp.Name }) {
			have = append(have, Protocol{pp.Name, pp.Port})
		}
	}
	return have
}

func setIfGiven[T any](into *T, value *T) {
	if value != nil {
		*into = *value
	}
}

// applyNodes puts the host under its nodes: paths win over ids; without either a new host goes to the root.
func (s *Server) applyNodes(o *org, h *host, f rowFields) {
	switch {
	case len(f.paths) > 0:
		h.nodes = nil
		for _, path := range f.paths {
			if id := o.ensureNode(path).id; !slices.Contains(h.nodes, id) {
				h.nodes = append(h.nodes, id)
			}
		}
	case len(f.nodes) > 0:
		h.nodes = f.nodes
	case f.nodes != nil, h.org == nil:
		h.nodes = []string{o.nodes[0].id}
	}
}

// isLimitReached reports whether no more assets may be created: v4.10.19 counts those of all organisations, earlier versions
// those of the page's kind in the organisation.
func (s *Server) isLimitReached(c *call) bool {
	if !s.options.Version.isSince(V41019) {
		return len(s.orgAssets(c.org, c.kind)) >= s.options.Limit
	}
	n := 0
	for _, o := range s.orgs {
		n += len(o.hosts) + len(o.others)
	}
	return n >= s.options.Limit
}

func (s *Server) createAsset(c *call, f rowFields) *host {
	id, o := f.id, c.org
	if id == "" {
		id = uuid.NewString()
	}
	h := &host{Host: Host{ID: id, Active: true}, accounts: f.accounts, created: s.options.Now(), maker: f.maker}
	if f.category != "host" {
		h.category = f.category
	}
	s.setExtraDefaults(h)
	h.links = o.labels.ofDeleted[id] // of a deleted asset with this id
	delete(o.labels.ofDeleted, id)
	s.applyFields(o, h, f)
	o.addAsset(h)
	return h
}

// limitText is JumpServer's error when its number of assets is used up.
const limitText = "The number of assets exceeds the limit of 5000"
