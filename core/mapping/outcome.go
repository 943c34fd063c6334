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

// Outcome is what the rules want of one instance's asset. The zero value is what it is without rules.
type Outcome struct {
	Nodes     []string // paths, that of "node" first; nil = the account's own node
	Zone      string   // id or name; "" = the account's
	Platform  string   // "" = the account's
	Port      int      // of the primary protocol; 0 = the platform's
	Protocols []inventory.Protocol
	Name      string // "" = as without rules
	Labels    []inventory.Label
	Accounts  []string // account templates, by name or id
	// Address is where the instance is reached. AddressMissing says that rules want a kind of address that the instance
	// does not have (now). Both empty = as without rules.
	Address        string
	AddressMissing string
	Inactive       bool          // the asset is deactivated while this lasts
	Skip           string        // why no asset is made; "" = it is made
	MinAge         time.Duration // 0 = it is made at once
	Keep           string        // why the asset is never removed; "" = it may be
	// Unread are the fields that rest on tags which the cloud did not show: they stay as they are.
	Unread FieldSet
	// by has 1 + the index of the (first) rule that set each field; 0 = none.
	by [fieldCount]uint16
}

// SetBy returns the index of the first rule that set a field; ok is false where none did, or a tag convention.
func (o Outcome) SetBy(f Field) (rule int, ok bool) {
	return int(o.by[f]) - 1, o.by[f] > 0
}

// FieldSet is a set of fields.
type FieldSet uint32

// Has reports whether a field is in the set.
func (s FieldSet) Has(f Field) bool { return s&(1<<f) != 0 }
