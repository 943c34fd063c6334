package jumpservertest

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/google/uuid"
)

// rowFields are the validated values of one row; nil means that the row does not name the field.
type rowFields struct {
	id             string
	name           *string
	address        *string
	platform       *platform
	protocols      []Protocol
	protocolsGiven bool // the row names protocols
	nodes          []string
	paths          []string
	zone           *string
	labels         []wantedLabel
	comment        *string
	active         *bool
	accounts       []map[string]any
	extra          map[string]any
	category       string // of an asset that is to be created
	maker          string
}

// validation is the result of validating a row: mistakes by field, or a crash of the server.
type validation struct {
	mistakes          map[string]any
	crash             bool
	refusedByDatabase bool   // the database refuses what the validation accepted
	missing           string // kind of an object that does not exist: 404
}

func (v *validation) addMistake(field string, what any) {
	if v.mistakes == nil {
		v.mistakes = map[string]any{}
	}
	v.mistakes[field] = what
}

// refusalReply returns the answer to a single write that is refused.
func (v validation) refusalReply() (answer reply, refused bool) {
	switch {
	case v.missing != "":
		return notFoundReply(v.missing), true
	case v.crash:
		return crashReply(), true
	case len(v.mistakes) > 0:
		return badRequestReply(v.mistakes), true
	}
	return crashReply(), v.refusedByDatabase
}

// validateRow validates one row like the serializer. was is nil on creation; full requires the
// required fields (POST and PUT).
func (s *Server) validateRow(c *call, row map[string]any, was *host, full, list bool) (rowFields, validation) {
	f, o := rowFields{maker: c.key.title(), category: c.kind.category}, c.org
	if was != nil {
		o = was.org
	}
	var v validation
	if mistake, is := s.missingPlatform(row, was, list); is {
		return f, validation{mistakes: mistake}
	}
	s.validateID(o, row, was, &f, &v)
	s.validateTexts(c, o, row, was, full, &f, &v)
	s.validatePlatform(c, row, was, full, list, &f, &v)
	s.validateProtocols(row, was, full, list, &f, &v)
	s.validateNodesAndZone(o, row, &f, &v)
	s.validateLabels(o, row, &f, &v)
	s.validateExtra(row, was, full, &f, &v)
	if raw, given := row["is_active"]; given {
		active, isBool := raw.(bool)
		if !isBool {
			v.addMistake("is_active", []string{"Must be a valid boolean."})
		}
		f.active = &active
	}
	if raw, given := row["comment"]; given {
		text, isText := raw.(string)
		if !isText {
			v.addMistake("comment", []string{"This field may not be null."})
		}
		v.crash = v.crash || o.db.RefusesText(text)
		f.comment = &text
	}
	return f, v
}

// validateID reads the id: if an asset of the organisation has it that is a mistake; in another organisation, a crash.
func (s *Server) validateID(own *org, row map[string]any, was *host, f *rowFields, v *validation) {
	raw, given := row["id"]
	if !given || was != nil {
		return
	}
	id, _ := raw.(string)
	id = strings.ToLower(id)
	if uuid.Validate(id) != nil {
		v.addMistake("id", []string{"Must be a valid UUID."})
		return
	}
	for _, o := range s.orgs {
		holder := o.findAsset(id)
		switch {
		case holder != nil && o == own:
			v.addMistake("id", []string{"Asset with this id already exists."})
		case holder != nil:
			v.refusedByDatabase = true
		}
	}
	f.id = id
}

func (s *Server) validateTexts(c *call, o *org, row map[string]any, was *host, full bool, f *rowFields, v *validation) {
	f.name = textOf(row, "name", 128, full, v)
	f.address = textOf(row, "address", 767, full, v)
	for _, text := range []*string{f.name, f.address} {
		v.crash = v.crash || text != nil && o.db.RefusesText(*text)
	}
	if f.name != nil {
		// A new host is compared with all others but the one that already has its
		// id: then the mistake is only the id.
		holder, taken := o.names[o.db.collationKey(*f.name)]
		taken = taken && holder != f.id && (was == nil || holder != was.ID)
		switch {
		case taken && s.isNameUnseen(c, o.findAsset(holder), was): // only the database compares all kinds
			v.refusedByDatabase = true
		case taken:
			v.addMistake("name", []string{"This field must be unique."})
		}
	}
}

// isNameUnseen reports whether the validation of a name does not see who has it: from v4.10.19 on, an asset of
// another kind. Gateways see all.
func (s *Server) isNameUnseen(c *call, holder, was *host) bool {
	kind := c.kind.category
	if was != nil && kind != "" {
		kind = was.categoryName()
	}
	return s.options.Version.isSince(V41019) && !c.kind.gateways && kind != "" && holder.categoryName() != kind
}

// textOf reads a field of one to most characters, without surrounding spaces.
func textOf(row map[string]any, name string, most int, required bool, v *validation) *string {
	raw, given := row[name]
	if !given {
		if required {
			v.addMistake(name, []string{"This field is required."})
		}
		return nil
	}
	text, _ := raw.(string)
	text = strings.TrimSpace(text)
	switch {
	case text == "":
		v.addMistake(name, []string{"This field may not be blank."})
	case utf8.RuneCountInString(text) > most:
		v.addMistake(name, []string{fmt.Sprintf("Ensure this field has no more than %d characters.", most)})
	}
	return &text
}
