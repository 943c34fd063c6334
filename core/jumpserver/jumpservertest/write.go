package jumpservertest

import (
	"fmt"
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
		v.crash = v.crash || o.db.Refuses(text)
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
		v.crash = v.crash || text != nil && o.db.Refuses(*text)
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
