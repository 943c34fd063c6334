package inventory

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
)

// CloudInfo describes one cloud to the rest of the program. Its adapter fills it in (provider.go of
// core/cloud/<x>), and core/cloud/all lists them: nothing else names a cloud.
type CloudInfo struct {
	Cloud Cloud
	// Spellings are what a configuration may write for type, in any case. The first one without a Chinese
	// character is the one that is offered to people who choose a cloud.
	Spellings []string
	Name      language.Text // in documents and messages
	// Permissions are the rights that a key needs, as the cloud names them, sorted.
	Permissions []string
	// MainKind is what configurations call the kind of instances that is listed by default; "" if there is no other.
	MainKind string
	// Kinds are the other kinds, which are listed only where a configuration names them.
	Kinds []KindInfo
	// AssumePermissions are the rights that take the role of assume_role_arn; empty = the cloud has no such setting.
	AssumePermissions []string
	// OwnerRight is the right that tells the account's own id, as an operator knows it.
	OwnerRight string
	// NeedsTenant says that a key is one of a directory, which tenant_id names.
	NeedsTenant bool
	// SharedCredentials says that one credential may open several accounts: without account_id, whose
	// account it opens may be another tomorrow.
	SharedCredentials bool
	// EventForms are the forms of JSON that this cloud sends, also those that are not read: so an event that nobody
	// expects is told by what it looks like. The first that fits counts.
	EventForms []EventForm
	// HostIdentity says that an account without a key is opened with the identity of the host.
	HostIdentity bool
	// HostIdentities are the words that identity may be, each an identity of the host that serves in place of a key.
	HostIdentities []string
	// IdentityIsUUID says that identity is the id (a UUID) of one of several identities that a host may have.
	IdentityIsUUID bool
	// Services are the names of the APIs that endpoints may place elsewhere, sorted.
	Services []string
	// ZonePattern matches the id of a zone, with its region as the one group that is not empty; "" = zones have no such ids.
	ZonePattern string
	// Facts are the facts that the cloud shows of instances of the main kind; see FactSources.
	Facts FactSources
	// WithoutKey says what serves an account that has no key: the role of a function platform, the host's
	// identity, or nothing.
	WithoutKey language.Text
	// Visibility says what a listing covers, and what the cloud can hide from a key without an error.
	Visibility language.Text
}

// EventForm is a form of an event: a JSON object with a key.
type EventForm struct {
	Key   string
	Holds string // what the key's JSON value contains; "" = any value
	Name  string // what people call it, with its article
}

// Keyword returns the spelling that people are offered.
func (c CloudInfo) Keyword() string {
	for _, spelling := range c.Spellings {
		if !strings.ContainsFunc(spelling, func(r rune) bool { return r > '~' }) {
			return spelling
		}
	}
	return string(c.Cloud)
}

// CloudTable is what a program knows of its clouds, in the order in which people read them.
type CloudTable []CloudInfo

// Find returns the description of a cloud; the zero value for one that is not in the table.
func (t CloudTable) Find(cloud Cloud) CloudInfo {
	i := slices.IndexFunc(t, func(c CloudInfo) bool { return c.Cloud == cloud })
	if i < 0 {
		return CloudInfo{}
	}
	return t[i]
}

// Parse returns the cloud that people write so, in any of its spellings; "" = none.
func (t CloudTable) Parse(written string) Cloud {
	for _, c := range t {
		if slices.Contains(c.Spellings, strings.ToLower(written)) {
			return c.Cloud
		}
	}
	return ""
}

// Spellings returns every spelling of every cloud.
func (t CloudTable) Spellings() []string {
	var all []string
	for _, c := range t {
		all = append(all, c.Spellings...)
	}
	return all
}

// Keywords returns the spelling of each cloud that people are offered.
func (t CloudTable) Keywords() []string {
	var all []string
	for _, c := range t {
		all = append(all, c.Keyword())
	}
	return all
}

// Names returns the names, in both languages, of the clouds for which chosen reports true.
func (t CloudTable) Names(chosen func(CloudInfo) bool) (zh, en []string) {
	for _, c := range t {
		if chosen(c) {
			zh, en = append(zh, c.Name.ZH), append(en, c.Name.EN)
		}
	}
	return zh, en
}
