package mapping

import (
	"strconv"
	"strings"
)

// The tags that count without a rule where Options.FromTags says so.
const (
	TagSkip = "jms:skip" // why no asset is made
	TagNode = "jms:node" // the path of the node: "/DEFAULT/a/b", or "a/b" below the root
	TagPort = "jms:port" // of the primary protocol
	TagZone = "jms:zone" // id or name
	TagKeep = "jms:keep" // why the asset is never removed
)

// conventions returns the tags that count without a rule, and the fields that they set.
func conventions() [5]struct {
	tag   string
	field Field
} {
	return [...]struct {
		tag   string
		field Field
	}{{TagSkip, FieldSkip}, {TagNode, FieldNode}, {TagPort, FieldPort}, {TagZone, FieldZone}, {TagKeep, FieldKeep}}
}

// applyTags sets what the instance's own tags say. A tag whose value cannot be used counts as none.
func (m *mapper) applyTags() {
	for _, c := range conventions() {
		if m.isUnread(keyTag) {
			m.unread(c.field)
			continue
		}
		value, has := m.Facts.Tag(c.tag)
		switch {
		case !has:
		case m.takeTag(c.field, strings.TrimSpace(value)):
			m.take(c.field, byTags)
		default:
			m.note(traceEmpty, c.field)
		}
	}
}

// takeTag sets a field to what a tag says, and reports whether it says something that can be used.
func (m *mapper) takeTag(f Field, value string) bool {
	switch f {
	case FieldSkip:
		m.out.Skip = reasonInTag(TagSkip, value)
		return m.out.Skip != ""
	case FieldKeep:
		m.out.Keep = reasonInTag(TagKeep, value)
		return m.out.Keep != ""
	case FieldNode:
		m.node = parseTagPath(value)
		return m.node != ""
	case FieldZone:
		m.out.Zone = clean(value)
		return m.out.Zone != ""
	}
	port, err := strconv.Atoi(value)
	if err != nil || port < 1 || port > 65535 {
		return false
	}
	m.out.Port = port
	return true
}

// reasonInTag returns the reason that the value of a tag is; "" if the value says no. One that only says yes has the
// tag's key as its reason.
func reasonInTag(key, value string) string {
	switch strings.ToLower(value) {
	case "false", "0", "no":
		return ""
	case "", "true", "1", "yes":
		return key
	}
	return clean(value)
}
