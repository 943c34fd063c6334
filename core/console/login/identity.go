package login

import (
	"strings"
)

// Identity is who a provider says a person is.
type Identity struct {
	ID   string // an e-mail address that the provider verified, otherwise the provider's id
	Name string // for people
	// Names are all that a pattern can mean: "anna@example.com", "id:…", "group:…".
	Names []string
}

// The prefixes of names that are no e-mail addresses.
const (
	idPrefix    = "id:"
	groupPrefix = "group:"
)

// newIdentity returns an identity. An e-mail address counts only where the provider verified it: otherwise anybody could
// take any. A text with a prefix of another kind is no address.
func newIdentity(id, name, email string, groups []string) Identity {
	who := Identity{ID: id, Name: name}
	email = strings.ToLower(strings.TrimSpace(email))
	if strings.Contains(email, "@") && !strings.HasPrefix(email, idPrefix) && !strings.HasPrefix(email, groupPrefix) {
		who.ID = email
		who.Names = append(who.Names, email)
	}
	if id != "" {
		who.Names = append(who.Names, idPrefix+id)
	}
	for _, g := range groups {
		if g != "" {
			who.Names = append(who.Names, groupPrefix+g)
		}
	}
	if who.Name == "" {
		who.Name = who.ID
	}
	return who
}

// Patterns name people: "*@example.com", "id:ou_1", "group:sre". * stands for any text.
type Patterns []string

// matching returns those of names that a pattern means.
func (p Patterns) matching(names []string) []string {
	var found []string
	for _, name := range names {
		for _, pattern := range p {
			if matches(pattern, name) {
				found = append(found, name)
				break
			}
		}
	}
	return found
}

// Match reports whether a pattern means one of the names.
func (p Patterns) Match(names []string) bool { return len(p.matching(names)) > 0 }

// matches reports whether a pattern means a name. Kinds do not mix: "*" alone means addresses, and never a group.
func matches(pattern, name string) bool {
	for _, prefix := range []string{idPrefix, groupPrefix} {
		rest, ofKind := strings.CutPrefix(pattern, prefix)
		text, is := strings.CutPrefix(name, prefix)
		if ofKind != is {
			return false
		}
		if is {
			return glob(rest, text)
		}
	}
	return glob(strings.ToLower(pattern), strings.ToLower(name))
}

// glob reports whether a text is as a pattern says, in which * stands for any text.
func glob(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, rest, found := strings.Cut(text, part)
		if !found {
			return false
		}
		text = rest
	}
	return true
}
