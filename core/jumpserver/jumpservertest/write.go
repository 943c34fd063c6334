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
	extra     map[string]any
	category  string // of an asset that is to be made
	maker     string
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
func (s *Server) check(c *call, row map[string]any, was *host, full, list bool) (fields, verdict) {
	f, o := fields{maker: c.key.title(), category: c.kind.category}, c.org
	if was != nil {
		o = was.home
	}
	var v verdict
	if mistake, is := s.noPlatform(row, was, list); is {
		return f, verdict{mistakes: mistake}
	}
	s.checkID(o, row, was, &f, &v)
	s.checkText(c, o, row, was, full, &f, &v)
	s.checkPlatform(c, row, was, full, list, &f, &v)
	s.checkProtocols(row, was, full, list, &f, &v)
	s.checkPlaces(o, row, &f, &v)
	s.checkLabels(o, row, &f, &v)
	s.checkExtra(row, was, full, &f, &v)
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

// checkID: an id that an asset of the organisation has is a mistake; of one in another, a crash.
func (s *Server) checkID(own *org, row map[string]any, was *host, f *fields, v *verdict) {
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
		switch holder := o.asset(id); {
		case holder != nil && o == own:
			v.say("id", []string{"Asset with this id already exists."})
		case holder != nil:
			v.late = true
		}
	}
	f.id = id
}

func (s *Server) checkText(c *call, o *org, row map[string]any, was *host, full bool, f *fields, v *verdict) {
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
		case taken && s.blind(c, o.asset(holder), was): // only the database looks at all kinds
			v.late = true
		case taken:
			v.say("name", []string{"This field must be unique."})
		}
	}
}

// blind reports whether the check of a name does not see who has it: from v4.10.19 on, an asset of
// another kind. Gateways look at all.
func (s *Server) blind(c *call, holder, was *host) bool {
	kind := c.kind.category
	if was != nil && kind != "" {
		kind = was.kind()
	}
	return s.o.Version.since(V41019) && !c.kind.gateways && kind != "" && holder.kind() != kind
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

// noPlatform is the only mistake of a single create that tells neither a platform nor protocols, as the
// protocols' default is looked for first.
func (s *Server) noPlatform(row map[string]any, was *host, list bool) (mistake map[string]any, is bool) {
	if was != nil || list || row["protocols"] != nil {
		return nil, false
	}
	number, readable := platformKey(row["platform"], false)
	if _, found := s.platformByID(int(number)); found || row["platform"] != nil && !readable {
		return nil, false
	}
	if s.o.Version.since(V41019) {
		return map[string]any{"Platform": []string{unknownPK(number)}}, true
	}
	return map[string]any{"platform": "Platform not exist"}, true
}

func unknownPK(number float64) string {
	if number == 0 {
		return `Invalid pk "None" - object does not exist.`
	}
	return `Invalid pk "` + trimFloat(number) + `" - object does not exist.`
}

func (s *Server) checkPlatform(c *call, row map[string]any, was *host, full, list bool, f *fields, v *verdict) {
	raw, given := row["platform"]
	number, readable := platformKey(raw, list && was != nil && s.o.Version == V47)
	p, found := s.platformByID(int(number))
	unknown := ""
	switch {
	case !given && !full:
		return
	case !given:
		unknown = "This field is required."
	case !readable && s.o.Version.since(V41019):
		unknown = "Incorrect type. Expected pk value, received " + pythonType(raw) + "."
	case !readable:
		v.crash = true
		return
	case number == 0, !found:
		unknown = unknownPK(number)
	case c.kind.gateways && !strings.HasPrefix(p.Name, gatewayPlatform):
		f.platform = &p
		v.say("platform", []string{"The platform must start with Gateway"})
		return
	case c.kind.category != "" && p.Category != c.kind.category, was != nil && p.Category != was.kind():
		v.say("platform", map[string]any{"platform": "Platform does not match: " + p.Name})
		v.say("protocols", map[string]any{"protocols": "Protocol is required: " + primary(p)})
		return
	default:
		f.platform = &p
		return
	}
	v.say("platform", []string{unknown})
	switch {
	case was != nil: // the host's own platform is looked at
	case s.o.Version.since(V41019) && given:
		v.say("protocols", map[string]any{"Platform": []string{unknown}})
	default:
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
			s.readProtocols(raw, f, v)
		}
		return
	case !given && !needed && was == nil:
		f.protocols = defaults(*p)
		return
	case !given && needed && list && s.o.Version.since(V41019), !given && needed && was != nil && s.o.Version.since(V41019):
		v.say("protocols", []string{"This field is required."})
		return
	case !given && !needed, given && !s.readProtocols(raw, f, v):
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
func (s *Server) readProtocols(raw any, f *fields, v *verdict) bool {
	items, isList := raw.([]any)
	v.crash = v.crash || !isList
	for _, item := range items {
		given, _ := item.(map[string]any)
		name, _ := given["name"].(string)
		_, told := given["port"]
		port, hasPort := given["port"].(float64)
		switch {
		case !told && s.o.Version.since(V41019):
			v.say("protocols", []any{map[string]any{"port": []string{"This field is required."}}})
			return false
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
