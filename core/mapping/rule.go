package mapping

import (
	"time"

	"github.com/jms-sync/jms-sync/core/language"
)

// Rule is one rule as it is configured.
type Rule struct {
	Name string
	When Condition
	Set  Settings
	Stop bool // no later rule is looked at
}

// Condition says which instances a rule is for. All that it has must hold; the zero value holds for all.
type Condition struct {
	// Keys has the patterns of each key ("cloud", "region", "tag.app"), as they are configured.
	//
	// A pattern is a text with * (any text) and ? (one character), without regard to case; or /regexp/ (RE2, anywhere in
	// the value unless anchored); for ip an address or a network. With ! before it, it must not match. Of several patterns
	// one of those without ! must match, if there are any, and none of those with !. A key that the instance does not have
	// has no value, which matches only the pattern "" and negations.
	Keys map[string][]string
	Any  []Condition // one of them must hold
	All  []Condition // each must hold
	Not  []Condition // none may hold
}

// Settings are what a rule sets; the zero value of a field sets nothing. Texts marked "template" may have parts such as
// {region} and {tag.app|default}: see Placeholders. A template with a part that is empty and has no default sets nothing.
type Settings struct {
	Node           string            // template: the path of the node
	Nodes          []string          // templates: further nodes
	Zone           string            // id or name
	Platform       string            // name
	Port           int               // of the platform's primary protocol, and of sftp where that is ssh
	Protocols      []string          // "ssh:2222": all protocols of the asset
	Name           string            // template
	Labels         map[string]string // name → template
	LabelsFromTags []string          // keys of tags that become labels of the same name
	Accounts       []string          // account templates, by name or id
	Address        []string          // in the order of preference: private, public, eip, ipv6, hostname, or "in: 10.0.0.0/8"
	Active         *bool             // false: the asset is deactivated while the rule matches
	Skip           string            // why no asset is made; one that exists stays as it is
	MinAge         time.Duration     // since the instance was created, before an asset is made
}

// Mistake is one mistake in a rule. Path is the setting relative to the rule: "when.tag.app[1]", "set.node".
type Mistake struct {
	Rule int // index
	Path string
	Text language.Text
}
