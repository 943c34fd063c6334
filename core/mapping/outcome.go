package mapping

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Field is something that a rule can set.
type Field uint8

// The fields.
const (
	FieldNode Field = iota // node and nodes
	FieldZone
	FieldPlatform
	FieldPort // port and protocols
	FieldName
	FieldLabels
	FieldAccounts
	FieldAddress
	FieldActive
	FieldSkip
	FieldMinAge
	FieldKeep // by the tag jms:keep

	fieldCount
)

// String returns the field as configurations write it; of a field with two settings, the first one.
func (f Field) String() string {
	return [...]string{
		FieldNode: "node", FieldZone: "zone", FieldPlatform: "platform", FieldPort: "port", FieldName: "name", FieldLabels: "labels",
		FieldAccounts: "accounts", FieldAddress: "address", FieldActive: "active", FieldSkip: "skip", FieldMinAge: "min_age", FieldKeep: "keep",
	}[f]
}

// Outcome is what the rules want of one instance's asset. The zero value is what it is without rules. Its slices may be
// those of other outcomes: nobody changes them.
type Outcome struct {
	// Nodes are paths: that of "node" first, or the account's own node where only "nodes" is set; nil = the account's own
	// node.
	Nodes     []string
	Zone      string // id or name; "" = the account's
	Platform  string // "" = the account's
	Port      int    // of the primary protocol; 0 = the platform's
	Protocols []inventory.Protocol
	Name      string            // not shortened yet; "" = as without rules
	Labels    []inventory.Label // sorted by name
	Accounts  []string          // account templates, by name or id
	// Address is where the instance is reached. AddressMissing says that rules want a kind of address that the instance
	// does not have (now). Both empty = as without rules.
	Address        string
	AddressMissing string
	Inactive       bool          // the asset is deactivated while this lasts
	Skip           string        // why no asset is made; "" = it is made
	MinAge         time.Duration // 0 = it is made at once
	Keep           string        // why the asset is never removed; "" = it may be
	// Unread are the fields that rest on what the cloud did not show of the instance: tags (Facts.TagsUnread), other facts
	// (Facts.Unread), addresses and VPC (AddressesPartial). They stay as they are, and have their zero value here. All other
	// fields are as they would be whatever it had shown.
	Unread FieldSet
	// by has 1 + the index of the (first) rule that set each field; 0 = none, setByTag = a tag jms:….
	by [fieldCount]uint16
}

// setByTag stands in Outcome.by for a tag in place of a rule.
const setByTag = 1<<16 - 1

// SetBy returns the index of the first rule that set a field; ok is false where none did, or a tag convention.
func (o Outcome) SetBy(f Field) (rule int, ok bool) {
	if o.IsSetByTag(f) {
		return byTags, false
	}
	return int(o.by[f]) - 1, o.by[f] > 0
}

// IsSetByTag reports whether one of the tags jms:… set a field.
func (o Outcome) IsSetByTag(f Field) bool { return o.by[f] == setByTag }

// clearUnread takes away what was found of fields that rest on what the cloud did not show.
func (o *Outcome) clearUnread() {
	for f := range fieldCount {
		if o.Unread.Has(f) {
			o.clear(f)
			o.by[f] = 0
		}
	}
}

func (o *Outcome) clear(f Field) {
	switch f {
	case FieldNode:
		o.Nodes = nil
	case FieldZone:
		o.Zone = ""
	case FieldPlatform:
		o.Platform = ""
	case FieldPort:
		o.Port, o.Protocols = 0, nil
	case FieldName:
		o.Name = ""
	case FieldLabels:
		o.Labels = nil
	case FieldAccounts:
		o.Accounts = nil
	case FieldAddress:
		o.Address, o.AddressMissing = "", ""
	case FieldActive:
		o.Inactive = false
	case FieldSkip:
		o.Skip = ""
	case FieldMinAge:
		o.MinAge = 0
	case FieldKeep:
		o.Keep = ""
	}
}

// FieldSet is a set of fields.
type FieldSet uint32

// Has reports whether a field is in the set.
func (s FieldSet) Has(f Field) bool { return s&(1<<f) != 0 }

// HasAny reports whether one of some fields is in the set.
func (s FieldSet) HasAny(some ...Field) bool {
	for _, f := range some {
		if s.Has(f) {
			return true
		}
	}
	return false
}
