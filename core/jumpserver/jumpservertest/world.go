package jumpservertest

import (
	"cmp"
	_ "embed"
	"encoding/json"
	"errors"
	"slices"
	"strings"
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

// host is a Host as the server keeps it: nodes by id, labels by their rows. Assets of other categories are kept in
// the same form.
type host struct {
	Host
	home     *org
	key      string // of the name, see Database.key
	category string // "" = host
	nodes    []string
	links    []labelLink
	accounts []map[string]any
	created  time.Time
	updated  time.Time
}

type org struct {
	id, name  string
	hosts     map[string]*host
	db        Database
	names     map[string]string // of all assets, by the database's key → id
	sorted    []*host           // hosts by name; nil = to be made again
	others    []*host           // assets of other categories, by name
	nodes     []*node
	byID      map[string]*node
	byPath    map[string]*node // by nodeKey
	shown     bool             // the node tree was asked for, or a host was made
	zones     map[string]string
	notes     map[string]note // of zones, by id
	labels    labelBook
	templates []map[string]any
}

// note is what the server keeps beside the name of a zone.
type note struct {
	comment string
	created time.Time
}

type node struct {
	id, key, value string
	parent         string // its key
	path           string
	children       int
}

type platform struct {
	ID        int                `json:"id"`
	Name      string             `json:"name"`
	Category  string             `json:"category"`
	Type      string             `json:"type"`
	Zones     bool               `json:"domain_enabled"`
	Protocols []platformProtocol `json:"protocols"`
	extra     map[string]any     // what else a row shows
}

type platformProtocol struct {
	Name     string `json:"name"`
	Port     int    `json:"port"`
	Primary  bool   `json:"primary"`
	Required bool   `json:"required"`
	Default  bool   `json:"default"`
	Public   bool   `json:"public"`
}

//go:embed platforms.json
var platformTable []byte

// hostPlatforms is what v4.10.16 shows of its twelve host platforms beside the table; v4.7.0
// shows the same.
//
//go:embed hostplatforms.json
var hostPlatforms []byte

func loadPlatforms(o Options) []platform {
	var all []platform
	var extra map[string]map[string]any
	if err := errors.Join(json.Unmarshal(platformTable, &all), json.Unmarshal(hostPlatforms, &extra)); err != nil {
		panic(err) // the files are ours
	}
	for n := range all {
		all[n].extra = extra[all[n].Name]
		if id, other := o.Platforms[all[n].Name]; other {
			all[n].ID = id
		}
		if slices.Contains(o.NoZones, all[n].Name) {
			all[n].Zones = false
		}
	}
	return all
}

func (s *Server) platformByID(id int) (platform, bool) {
	at := slices.IndexFunc(s.platforms, func(p platform) bool { return p.ID == id })
	if at < 0 {
		return platform{}, false
	}
	return s.platforms[at], true
}

func (s *Server) platformByName(name string) platform {
	at := slices.IndexFunc(s.platforms, func(p platform) bool { return p.Name == name })
	if at < 0 {
		return platform{}
	}
	return s.platforms[at]
}

// AddOrg makes an organisation with a root node.
func (s *Server) AddOrg(id, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	root := s.o.RootNode
	if id != DefaultOrg {
		root = name
	}
	o := &org{
		id: id, name: name, db: s.o.Database, hosts: map[string]*host{}, names: map[string]string{}, zones: map[string]string{},
		byID: map[string]*node{}, byPath: map[string]*node{}, notes: map[string]note{}, labels: newLabelBook(s.o.Database),
	}
	o.keep(&node{id: uuid.NewString(), key: "1", value: root, path: "/" + root})
	s.orgs[id] = o
}

// Seed puts a host into an organisation, as if it had always been there. What is empty gets a
// default.
func (s *Server) Seed(orgID string, h Host) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orgs[orgID]
	if h.ID == "" {
		h.ID = uuid.NewString()
	}
	if h.Platform == "" {
		h.Platform = "Linux"
	}
	if h.Protocols == nil {
		h.Protocols = defaults(s.platformByName(h.Platform))
	}
	kept := &host{Host: h, created: s.o.Now(), updated: s.o.Now()}
	kept.Labels, kept.links = nil, o.labels.left[h.ID]
	delete(o.labels.left, h.ID)
	kept.setLabels(o.labels.labelsFrom(h.Labels, kept.created), kept.created)
	for _, path := range h.Nodes {
		kept.nodes = append(kept.nodes, o.make(path).id)
	}
	if len(kept.nodes) == 0 {
		kept.nodes = []string{o.nodes[0].id}
	}
	o.add(kept)
	return h.ID
}

// SeedOther puts an asset of another category ("database", "device", "cloud", "web") into an
// organisation, and gives its id.
func (s *Server) SeedOther(orgID, name, category string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orgs[orgID]
	h := &host{Host: Host{ID: uuid.NewString(), Name: name, Active: true}, category: category, created: s.o.Now(), updated: s.o.Now()}
	if at := slices.IndexFunc(s.platforms, func(p platform) bool { return p.Category == category }); at >= 0 {
		h.Platform = s.platforms[at].Name
	}
	h.nodes = []string{o.nodes[0].id}
	h.home = o
	o.hold(h)
	o.others = append(o.others, h)
	slices.SortFunc(o.others, byName)
	return h.ID
}

// SeedZone makes a gateway zone and gives its id.
func (s *Server) SeedZone(orgID, name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	id := uuid.NewString()
	s.orgs[orgID].zones[id] = name
	s.orgs[orgID].notes[id] = note{created: s.o.Now()}
	return id
}

// Edit changes a host as a person would in the web interface. It tells whether the host exists.
func (s *Server) Edit(orgID, id string, edit func(*Host)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orgs[orgID]
	h := o.hosts[id]
	if h == nil {
		return false
	}
	view := o.view(h)
	edit(&view)
	view.ID = h.ID
	o.rename(h, view.Name)
	h.Host = view
	h.Labels, h.nodes = nil, nil
	h.setLabels(o.labels.labelsFrom(view.Labels, s.o.Now()), s.o.Now())
	for _, path := range view.Nodes {
		h.nodes = append(h.nodes, o.make(path).id)
	}
	h.updated = s.o.Now()
	return true
}

// Drop deletes a host as a person would.
func (s *Server) Drop(orgID, id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.orgs[orgID].remove(id)
}

// Hosts gives copies of an organisation's hosts, sorted by name.
func (s *Server) Hosts(orgID string) []Host {
	s.mu.Lock()
	defer s.mu.Unlock()
	o := s.orgs[orgID]
	out := make([]Host, 0, len(o.hosts))
	for _, h := range o.list() {
		out = append(out, o.view(h))
	}
	return out
}

// view is a host with its nodes as paths.
func (o *org) view(h *host) Host {
	v := h.Host
	v.Labels, v.Protocols, v.Nodes = h.labelTexts(), slices.Clone(h.Protocols), nil
	for _, id := range h.nodes {
		if n := o.node(id); n != nil {
			v.Nodes = append(v.Nodes, n.path)
		}
	}
	return v
}

// The hosts' order is kept once it was asked for: sorting 50,000 rows for each page would take
// longer than the page. While nobody has asked, seeding costs nothing.

func (o *org) add(h *host) {
	h.home = o
	o.hosts[h.ID] = h
	o.hold(h)
	o.insert(h)
	o.shown = true
}

// hold notes the name of an asset.
func (o *org) hold(h *host) {
	h.key = o.db.key(h.Name)
	o.names[h.key] = h.ID
}

func (o *org) insert(h *host) {
	if o.sorted != nil {
		at, _ := slices.BinarySearchFunc(o.sorted, h, byName)
		o.sorted = slices.Insert(o.sorted, at, h)
	}
}

func (o *org) take(h *host) {
	if o.sorted != nil {
		if at, found := slices.BinarySearchFunc(o.sorted, h, byName); found {
			o.sorted = slices.Delete(o.sorted, at, at+1)
		}
	}
}

// rename gives a host another name, and keeps the order.
func (o *org) rename(h *host, name string) {
	if h.Name == name {
		return
	}
	if o.hosts[h.ID] == h { // else it is not added yet
		o.take(h)
		delete(o.names, h.key)
	}
	h.Name = name
	if o.hosts[h.ID] == h {
		o.hold(h)
		o.insert(h)
	}
}

func (o *org) remove(id string) bool {
	h := o.hosts[id]
	if h == nil {
		return false
	}
	o.take(h)
	delete(o.names, h.key)
	delete(o.hosts, id)
	if len(h.links) > 0 {
		o.labels.left[id] = h.links
	}
	return true
}

// list gives the hosts by name. Nobody may change or keep it.
func (o *org) list() []*host {
	if o.sorted == nil {
		o.sorted = make([]*host, 0, len(o.hosts))
		for _, h := range o.hosts {
			o.sorted = append(o.sorted, h)
		}
		slices.SortFunc(o.sorted, byName)
	}
	return o.sorted
}

func byName(x, y *host) int {
	return cmp.Or(strings.Compare(x.key, y.key), strings.Compare(x.ID, y.ID))
}

// defaults are the protocols of a host that was made without any.
func defaults(p platform) []Protocol {
	var out []Protocol
	for _, pp := range p.Protocols {
		if pp.Primary || pp.Required || pp.Default {
			out = append(out, Protocol{pp.Name, pp.Port})
		}
	}
	slices.SortStableFunc(out, func(x, y Protocol) int { return strings.Compare(y.Name, x.Name) })
	return out
}
