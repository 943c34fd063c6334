package jumpservertest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// fields are the checked values of one row; nil means that the row does not name the field.
type fields struct {
	id        string
	name      *string
	address   *string
	platform  *platform
	protocols []Protocol
	given     bool // protocols were given
	nodes     []string
	paths     []string
	zone      *string
	labels    []wantedLabel
	comment   *string
	active    *bool
	accounts  []map[string]any
}

// verdict is what validation says: mistakes by field, or a crash of the server.
type verdict struct {
	mistakes map[string]any
	crash    bool
	late     bool   // the database refuses it, after all else was found right
	missing  string // kind of something that does not exist: 404
}

func (v *verdict) say(field string, what any) {
	if v.mistakes == nil {
		v.mistakes = map[string]any{}
	}
	v.mistakes[field] = what
}

// refusal is the answer to a single write that cannot be done.
func (v verdict) refusal() (answer reply, refused bool) {
	switch {
	case v.missing != "":
		return missing(v.missing), true
	case v.crash:
		return crash(), true
	case len(v.mistakes) > 0:
		return bad(v.mistakes), true
	}
	return crash(), v.late
}

// check validates one row as the serializer does. was is nil on creation; full asks for the
// required fields (POST and PUT).
func (s *Server) check(o *org, row map[string]any, was *host, full, list bool) (fields, verdict) {
	var f fields
	var v verdict
	s.checkID(row, was, &f, &v)
	s.checkText(o, row, was, full, &f, &v)
	s.checkPlatform(row, was, full, list, &f, &v)
	s.checkProtocols(row, was, full, list, &f, &v)
	s.checkPlaces(o, row, &f, &v)
	s.checkLabels(o, row, &f, &v)
	if raw, given := row["is_active"]; given {
		active, isBool := raw.(bool)
		if !isBool {
			v.say("is_active", []string{"Must be a valid boolean."})
		}
		f.active = &active
	}
	if raw, given := row["comment"]; given {
		text, isText := raw.(string)
		if !isText {
			v.say("comment", []string{"This field may not be null."})
		}
		v.crash = v.crash || o.db.refuses(text)
		f.comment = &text
	}
	return f, v
}

func (s *Server) checkID(row map[string]any, was *host, f *fields, v *verdict) {
	raw, given := row["id"]
	if !given || was != nil {
		return
	}
	id, _ := raw.(string)
	id = strings.ToLower(id)
	if uuid.Validate(id) != nil {
		v.say("id", []string{"Must be a valid UUID."})
		return
	}
	for _, o := range s.orgs {
		if o.hosts[id] != nil || slices.ContainsFunc(o.others, func(h *host) bool { return h.ID == id }) {
			v.say("id", []string{"Asset with this id already exists."})
		}
	}
	f.id = id
}

func (s *Server) checkText(o *org, row map[string]any, was *host, full bool, f *fields, v *verdict) {
	f.name = textOf(row, "name", 128, full, v)
	f.address = textOf(row, "address", 767, full, v)
	for _, text := range []*string{f.name, f.address} {
		v.crash = v.crash || text != nil && o.db.refuses(*text)
	}
	if f.name != nil {
		// The host that is to be made is compared with the others, not with the one that has
		// its id already: then only the id is named as the mistake.
		holder, taken := o.names[o.db.key(*f.name)]
		switch taken = taken && holder != f.id && (was == nil || holder != was.ID); {
		case taken && o.hosts[holder] == nil && s.o.Version.since(V41019): // only the database looks at all kinds
			v.late = true
		case taken:
			v.say("name", []string{"This field must be unique."})
		}
	}
}

// textOf reads a field of one to most characters, without the space around it.
func textOf(row map[string]any, name string, most int, required bool, v *verdict) *string {
	raw, given := row[name]
	if !given {
		if required {
			v.say(name, []string{"This field is required."})
		}
		return nil
	}
	text, _ := raw.(string)
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		v.say(name, []string{"This field may not be blank."})
	case utf8.RuneCountInString(text) > most:
		v.say(name, []string{fmt.Sprintf("Ensure this field has no more than %d characters.", most)})
	}
	return &text
}

func (s *Server) checkPlatform(row map[string]any, was *host, full, list bool, f *fields, v *verdict) {
	raw, given := row["platform"]
	number, readable := platformKey(raw, list && was != nil && s.o.Version == V47)
	p, found := s.platformByID(int(number))
	unknown := ""
	switch {
	case !given && !full:
		return
	case !given:
		unknown = "This field is required."
	case !readable:
		v.crash = true
		return
	case number == 0:
		unknown = `Invalid pk "None" - object does not exist.`
	case !found:
		unknown = `Invalid pk "` + trimFloat(number) + `" - object does not exist.`
	case p.Category != "host":
		v.say("platform", map[string]any{"platform": "Platform does not match: " + p.Name})
		v.say("protocols", map[string]any{"protocols": "Protocol is required: " + primary(p)})
		return
	default:
		f.platform = &p
		return
	}
	v.say("platform", []string{unknown})
	if was == nil { // else the host's own platform is looked at
		v.say("protocols", map[string]any{"platform": "Platform not exist"})
	}
}

// platformKey reads 1, {"pk":1} or {"id":1}; 0 where such an object holds no number. Some lists
// take only objects.
func platformKey(raw any, objectOnly bool) (number float64, readable bool) {
	object, isObject := raw.(map[string]any)
	if isObject {
		if raw = object["pk"]; raw == nil {
			raw = object["id"]
		}
	}
	number, isNumber := raw.(float64)
	return number, isObject || isNumber && !objectOnly
}

func trimFloat(n float64) string {
	raw, _ := json.Marshal(n)
	return string(raw)
}

// checkProtocols: a single create may leave them out, a list create and a PUT may not.
func (s *Server) checkProtocols(row map[string]any, was *host, full, list bool, f *fields, v *verdict) {
	raw, given := row["protocols"]
	f.given = given
	p := s.platformFor(f, was)
	needed := full && (list || was != nil)
	switch {
	case p == nil:
		if given {
			readProtocols(raw, f, v)
		}
		return
	case !given && !needed && was == nil:
		f.protocols = defaults(*p)
		return
	case !given && !needed, given && !readProtocols(raw, f, v):
		return
	}
	if !slices.ContainsFunc(f.protocols, func(x Protocol) bool { return x.Name == primary(*p) }) {
		v.say("protocols", map[string]any{"protocols": "Protocol is required: " + primary(*p)})
	}
}

// platformFor is the platform that a row asks for, or else the host's own.
func (s *Server) platformFor(f *fields, was *host) *platform {
	if f.platform != nil || was == nil {
		return f.platform
	}
	own := s.platformByName(was.Platform)
	return &own
}

// readProtocols reads a list of protocols, and tells whether it could be read.
func readProtocols(raw any, f *fields, v *verdict) bool {
	items, isList := raw.([]any)
	v.crash = v.crash || !isList
	for _, item := range items {
		given, _ := item.(map[string]any)
		name, _ := given["name"].(string)
		port, hasPort := given["port"].(float64)
		switch {
		case !hasPort:
			v.crash = true
			return false
		case port > 65535:
			v.say("protocols", []any{map[string]any{"port": []string{"Ensure this value is less than or equal to 65535."}}})
			return false
		}
		f.protocols = append(f.protocols, Protocol{name, int(port)})
	}
	return isList
}

func primary(p platform) string {
	for _, pp := range p.Protocols {
		if pp.Primary {
			return pp.Name
		}
	}
	return ""
}

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
		if h.Platform != "" && h.Platform != f.platform.Name && s.platformByName(h.Platform).Type != f.platform.Type {
			h.Protocols = union(h.Protocols, f.platform.Protocols)
		}
		h.Platform = f.platform.Name
	}
	if f.protocols != nil {
		h.Protocols = f.protocols
	}
	set(&h.Zone, f.zone)
	if h.Zone != "" && !s.platformByName(h.Platform).Zones {
		h.Zone = ""
	}
	if f.labels != nil {
		o.labels.put(h, f.labels, h.updated)
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
	case f.nodes != nil, len(h.nodes) == 0:
		h.nodes = []string{o.nodes[0].id}
	}
}

func (s *Server) full(o *org) bool { return len(o.hosts)+len(o.others) >= s.o.Limit }

func (s *Server) create(o *org, f fields) *host {
	id := f.id
	if id == "" {
		id = uuid.NewString()
	}
	h := &host{Host: Host{ID: id, Active: true}, accounts: f.accounts, created: s.o.Now()}
	h.links = o.labels.left[id] // of an asset that was deleted
	delete(o.labels.left, id)
	s.put(o, h, f)
	o.add(h)
	return h
}

// limitText is what JumpServer says when its number of assets is used up.
const limitText = "The number of assets exceeds the limit of 5000"
