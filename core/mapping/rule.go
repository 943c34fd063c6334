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
	// the value unless anchored, by case unless it begins with (?i)); for ip an address or a network; for cloud any
	// spelling that a configuration may write. With ! before it, it must not match. Of several patterns one of those
	// without ! must match, if there are any, and none of those with !. A key that the instance does not have has no
	// value, which matches only the pattern "" and negations; "" matches an empty value, too, and * does not match none.
	//
	// A key may have several values: group has all security groups, ip all addresses, region that of the scope and that of
	// the cloud, os the system (linux, windows, other) and the cloud's name of it. A pattern matches if it matches one.
	Keys map[string][]string
	Any  []Condition // one of them must hold
	All  []Condition // each must hold
	Not  []Condition // none may hold
}

// Settings are what a rule sets; the zero value of a field sets nothing. Texts marked "template" may have parts such as
// {region} and {tag.app|default}: see Placeholders; {{ and }} are braces. A template with a part that is empty and has no
// default sets nothing.
type Settings struct {
	Node           string            // template: the path of the node, from /DEFAULT/; "/" in what is put in becomes "-"
	Nodes          []string          // templates: further nodes, beside the account's own where no rule sets Node
	Zone           string            // id or name
	Platform       string            // name
	Port           int               // of the platform's primary protocol, and of sftp where that is ssh
	Protocols      []string          // "ssh:2222": all protocols of the asset
	Name           string            // template
	Labels         map[string]string // name → template
	LabelsFromTags []string          // keys of tags that become labels of the same name
	Accounts       []string          // account templates, by name or id
	Address        []string          // AddressKinds or "in: 10.0.0.0/8", in the order of preference; the first that the instance has counts
	Active         *bool             // false: the asset is deactivated while the rule matches
	Skip           string            // why no asset is made; one that exists stays as it is
	MinAge         time.Duration     // since the instance was created, before an asset is made
}

// Mistake is one mistake in a rule. Path is the setting relative to the rule: "set.node", "when.tag.app",
// "when.any[1].region[0]". What is alone in its list has no index. "" is the rule itself.
type Mistake struct {
	Rule int // index
	Path string
	Text language.Text
}
