package explain

import (
	"time"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// Explanation is all that is known of one instance and its asset. Its JSON is what explain --json writes: additions only.
type Explanation struct {
	Cloud      inventory.Cloud `json:"cloud"`
	Account    string          `json:"account"`
	Region     string          `json:"region"`
	InstanceID string          `json:"instance_id"` // "" = nothing says whose the asset is
	AssetID    string          `json:"asset_id"`    // that the instance has, or would get
	// Instance is what the cloud says; nil = no complete listing has it, and NotListed says why.
	Instance  *Instance `json:"instance"`
	NotListed string    `json:"not_listed,omitempty"`
	// Rules are the mapping rules in their order, and what became of each; empty without rules, and without an instance.
	Rules []Rule `json:"rules"`
	// Asset is what JumpServer has; nil = nothing.
	Asset *Asset `json:"asset"`
	// Fields are the fields of the asset: as they are, as the instance wants them, and who decides.
	Fields []Field `json:"fields"`
	// Verdicts are what a run would do now, and why; never empty.
	Verdicts []Verdict `json:"verdicts"`
	// Access is who can reach the asset; nil = not asked. AccessError says why not all is known.
	Access      *access.Host `json:"access,omitempty"`
	AccessError string       `json:"access_error,omitempty"`

	places []string
}

// Places are where access rules are looked for if the asset does not exist yet: paths of its nodes.
func (e Explanation) Places() []string { return e.places }

// Instance is an instance as the cloud describes it. What the cloud does not say is left out.
type Instance struct {
	Name          string     `json:"name"`
	HostName      string     `json:"hostname,omitempty"`
	Status        string     `json:"status"`
	Existence     string     `json:"existence,omitempty"` // "releasing" or "closed"; "" = present
	Owner         string     `json:"owner"`
	System        string     `json:"os,omitempty"` // linux, windows or other, as rules see it
	OSName        string     `json:"os_name,omitempty"`
	Type          string     `json:"type,omitempty"`
	Kind          string     `json:"kind,omitempty"`
	Zone          string     `json:"zone,omitempty"`
	VPC           string     `json:"vpc,omitempty"`
	Subnet        string     `json:"subnet,omitempty"`
	Groups        []string   `json:"groups,omitempty"`
	ResourceGroup string     `json:"resource_group,omitempty"`
	Project       string     `json:"project,omitempty"`
	Image         string     `json:"image,omitempty"`
	Charge        string     `json:"charge,omitempty"`
	CreatedAt     *time.Time `json:"created_at,omitempty"`
	ExpiresAt     *time.Time `json:"expires_at,omitempty"`
	PrivateIPs    []string   `json:"private_ips,omitempty"`
	PublicIPs     []string   `json:"public_ips,omitempty"`
	Elastic       int        `json:"elastic_ips,omitempty"` // how many of the first of PublicIPs are elastic ones
	ClassicIPs    []string   `json:"classic_ips,omitempty"`
	IPv6s         []string   `json:"ipv6s,omitempty"`
	PartIPs       bool       `json:"addresses_partial,omitempty"` // the cloud did not show all addresses
	Tags          []Tag      `json:"tags,omitempty"`
	TagsUnread    bool       `json:"tags_unread,omitempty"` // the cloud did not show the tags
}

// Tag is a tag of an instance.
type Tag struct {
	Key   string `json:"key"`
	Value string `json:"value"`
}

// Rule is one mapping rule, and what became of it.
type Rule struct {
	Rule    int    `json:"rule"` // its number, from 1; 0 = the tags jms:…, which count before all rules
	Name    string `json:"name,omitempty"`
	Matched bool   `json:"matched"`
	Skipped bool   `json:"skipped,omitempty"` // not looked at, as an earlier rule stops
	Stops   bool   `json:"stops,omitempty"`   // it matched, and no later one is looked at
	// Unread says that it is not known whether it matches: that rests on tags which the cloud did not show.
	Unread bool `json:"unread,omitempty"`
	// Unmet is the condition that does not hold.
	Unmet *Unmet   `json:"unmet,omitempty"`
	Set   []string `json:"set,omitempty"`   // fields that it decided or added to
	Lost  []string `json:"lost,omitempty"`  // that it sets too, and an earlier rule has decided
	Empty []string `json:"empty,omitempty"` // whose template has a part without a value
	// UnreadFields rest on tags that the cloud did not show, and are left as they are.
	UnreadFields []string `json:"unread_fields,omitempty"`
}

// Unmet is a condition of a rule that does not hold for the instance.
type Unmet struct {
	Key    string   `json:"key"`
	Have   string   `json:"have"`
	Wanted []string `json:"wanted"`
}

// Asset is what JumpServer has.
type Asset struct {
	Name   string `json:"name"`
	Active bool   `json:"active"`
	// Whose says what the asset is to us: "ours", "adopted", or "foreign", which is never touched.
	Whose string `json:"whose"`
	// Labels are our own labels on it.
	Labels []string `json:"own_labels,omitempty"`
}

// What an asset is to us.
const (
	Ours    = "ours"
	Adopted = "adopted"
	Foreign = "foreign"
)

// Field is one field of an asset.
type Field struct {
	Field string `json:"field"`
	Now   string `json:"now"` // in JumpServer; "" = none, or there is no asset
	// NotRead says that Now is not known: it is read only where a run writes the field.
	NotRead bool   `json:"not_read,omitempty"`
	Wanted  string `json:"wanted"` // by instance, rules and configuration; "" = nothing is wanted
	// Source says what decided Wanted: "rule", "tags" (jms:…), "cloud", "account" (the account's settings), "platform"; "" =
	// nothing.
	Source string `json:"source,omitempty"`
	Rule   int    `json:"rule,omitempty"` // the rule's number where Source is "rule"
	// Differs says that Now is not what is wanted; what was not read does not differ.
	Differs bool `json:"differs"`
	// Policy says when the field is written to an existing asset: "always", "create", "missing"; "never" = this asset is
	// never written to.
	Policy  string `json:"policy,omitempty"`
	Setting string `json:"setting,omitempty"` // that decides on Policy
	Changes bool   `json:"changes"`           // a run would write it now
	After   string `json:"after,omitempty"`   // what it would be then
}

// What decides on a field.
const (
	SourceRule     = "rule"
	SourceTags     = "tags"
	SourceCloud    = "cloud"
	SourceAccount  = "account"
	SourcePlatform = "platform"

	PolicyNever = "never"
)

// Verdict is what a run would do with the asset, or why nothing.
type Verdict struct {
	Action plan.Action        `json:"action"` // "" = the asset is as its instance wants it, or nobody's
	Code   string             `json:"code"`
	Reason string             `json:"reason"`
	Values []plan.FieldChange `json:"values,omitempty"`
}
