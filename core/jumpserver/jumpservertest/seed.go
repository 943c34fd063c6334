package jumpservertest

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// Host is one host as people and tests see it.
type Host struct {
	ID        string
	Name      string
	Address   string
	Platform  string // name
	Protocols []Protocol
	Nodes     []string // paths
	Zone      string   // id; "" = none
	Labels    []string // "name:value"
	Comment   string
	Active    bool
}

// Protocol is one protocol of a host.
type Protocol struct {
	Name string `json:"name"`
	Port int    `json:"port"`
}

// host is a Host as the server stores it: nodes by id, labels by their rows. Assets of other
// categories are stored in the same form.
type host struct {
	Host
	org      *org
	key      string // of the name, see Database.collationKey
	category string // "" = host
	nodes    []string
	links    []labelLink
	extra    map[string]any // what only its category has
	accounts []map[string]any
	created  time.Time
	updated  time.Time
	maker    string // who created it
}

type node struct {
	id, key, value string
	parent         string // its key
	path           string
	children       int
}

// AddOrg creates an organisation with a root node. Without Options.Enterprise nobody can enter it.
func (s *Server) AddOrg(id, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orgs[id] = s.newOrg(id, name)
}

func (s *Server) newOrg(id, name string) *org {
	root := s.options.RootNode
	if id != DefaultOrg {
		root = name
	}
	o := &org{
		id: id, name: name, maker: "System", db: s.options.Database, hosts: map[string]*host{}, others: map[string]*host{}, names: map[string]string{},
		zones: map[string]*zone{}, byID: map[string]*node{}, byPath: map[string]*node{}, labels: newLabelBook(s.options.Database),
	}
	o.addNode(&node{id: uuid.NewString(), key: "1", value: root, path: "/" + root})
	return o
}

// Seed adds a host to an organisation, as if it had always been there, and returns its id. Empty
// fields get defaults; labels may contain what the version refuses now.
func (s *Server) Seed(orgID string, h Host) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seedAsset(s.orgs[orgID], "", h)
}

// SeedOther adds an asset of another category ("database", "device", "cloud", "web") to an
// organisation, and returns its id.
func (s *Server) SeedOther(orgID, name, category string) string {
	return s.SeedAsset(orgID, category, Host{Name: name, Active: true})
}

// SeedAsset is Seed for an asset of any category.
func (s *Server) SeedAsset(orgID, category string, h Host) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.seedAsset(s.orgs[orgID], category, h)
}

func (s *Server) seedAsset(o *org, category string, h Host) string {
	if h.ID == "" {
		h.ID = uuid.NewString()
	}
	if category == "host" {
		category = ""
	}
	added := &host{Host: h, category: category, created: s.options.Now(), updated: s.options.Now(), maker: "Administrator"}
	if added.Platform == "" {
		added.Platform = s.defaultPlatform(added.categoryName()).Name
	}
	if added.Protocols == nil {
		added.Protocols = defaultProtocols(s.platformByName(added.Platform))
	}
	added.Labels, added.links = nil, o.labels.ofDeleted[h.ID]
	delete(o.labels.ofDeleted, h.ID)
	added.setLabels(o.labels.labelsFrom(h.Labels, added.created), added.created)
	for _, path := range h.Nodes {
		added.nodes = append(added.nodes, o.ensureNode(path).id)
	}
	if len(added.nodes) == 0 {
		added.nodes = []string{o.nodes[0].id}
	}
	s.setExtraDefaults(added)
	o.addAsset(added)
	return h.ID
}

// SeedZone creates a gateway zone and returns its id.
func (s *Server) SeedZone(orgID, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.orgs[orgID].addZone(uuid.NewString(), name, s.options.Now()).id
}

// Edit changes a host as a person would in the web interface. It reports whether the host exists.
func (s *Server) Edit(orgID, id string, edit func(*Host)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orgs[orgID]
	h := o.hosts[id]
	if h == nil {
		return false
	}
	view := o.toHost(h)
	edit(&view)
	view.ID = h.ID
	o.renameAsset(h, view.Name)
	h.Host = view
	h.Labels, h.nodes = nil, nil
	h.setLabels(o.labels.labelsFrom(view.Labels, s.options.Now()), s.options.Now())
	for _, path := range view.Nodes {
		h.nodes = append(h.nodes, o.ensureNode(path).id)
	}
	h.updated = s.options.Now()
	return true
}

// DeleteAsset deletes a host as a person would.
func (s *Server) DeleteAsset(orgID, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orgs[orgID].removeAsset(id)
}

// Hosts returns copies of an organisation's hosts, sorted by name.
func (s *Server) Hosts(orgID string) []Host {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orgs[orgID]
	out := make([]Host, 0, len(o.hosts))
	for _, h := range o.listHosts() {
		out = append(out, o.toHost(h))
	}
	return out
}

// CountInactive returns how many of an organisation's hosts are switched off.
func (s *Server) CountInactive(orgID string) int {
	hosts := s.Hosts(orgID)
	return len(slices.DeleteFunc(hosts, func(h Host) bool { return h.Active }))
}

// toHost returns a host with its nodes as paths.
func (o *org) toHost(h *host) Host {
	v := h.Host
	v.Labels, v.Protocols, v.Nodes = h.labelTexts(), slices.Clone(h.Protocols), nil
	for _, id := range h.nodes {
		if n := o.nodeByID(id); n != nil {
			v.Nodes = append(v.Nodes, n.path)
		}
	}
	return v
}
