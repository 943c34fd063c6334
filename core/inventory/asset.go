package inventory

import (
	"strings"
	"time"
	"unicode/utf8"
)

// The labels by which an asset is ours, and those that remember its state. Each value that was ever used stays in
// JumpServer's label page, so values are shared by many assets where possible, and times are whole minutes (see
// FormatLabelTime). IsStorableLabel says which values JumpServer takes.
const (
	LabelCloud   = "jms-cloud"
	LabelAccount = "jms-account"
	LabelOwner   = "jms-owner"
	LabelRegion  = "jms-region"
	// LabelProject has Instance.Project, if the cloud divides accounts.
	LabelProject = "jms-project"
	// LabelInstance has the instance's id. New assets do not carry it: their comment names the instance (see
	// KeyInstance). Assets of older versions, adopted ones, and those whose comment people have changed carry
	// it.
	LabelInstance = "jms-instance"
	// LabelGone has the time (FormatLabelTime) at which an asset was deactivated.
	LabelGone = "jms-gone"
	// LabelOff stands beside LabelGone if a person had switched the asset off before we did, so that it stays
	// off when its instance returns.
	LabelOff = "jms-off"
	// LabelReopened stands beside LabelGone if a person has switched the asset on again while its instance was
	// gone. If it is off again, a person did that too, and LabelGone starts no grace.
	LabelReopened = "jms-reopened"
	// LabelEvent stands beside LabelGone if an event deactivated the asset: its deletion must still pass the
	// guard of a full run.
	LabelEvent = "jms-event"
	// LabelClosed stands beside LabelGone if the cloud itself had closed the instance (see Closed). Its value is
	// ClosedNow while that lasts, and then the time (FormatLabelTime) of the first run that found the instance
	// absent: the grace counts from it.
	LabelClosed = "jms-closed"
	// LabelApproved stands beside LabelGone or LabelRuleOff if a person had approved or announced the deactivation, so that the
	// guard does not count it among the losses of the fleet.
	LabelApproved = "jms-approved"
	// LabelProtected records that an address of the instance is in protected_ips, for the day when the instance
	// is gone and its addresses with it.
	LabelProtected = "jms-protected"
	// LabelAsset has an asset's own id and makes an adopted asset ours, if its comment names the instance too.
	// A copy of the asset has the label and another id, and so is not ours.
	LabelAsset = "jms-asset"
	// LabelRuleOff is on assets that a mapping rule deactivated (active: false), while it matches: the hour in which it did.
	// It starts no grace, and nothing is deleted on its account. LabelOff or LabelReopened beside it say that a person has switched the asset.
	LabelRuleOff = "jms-rule-off"
	// LabelKept remembers that the instance's own tag (jms:keep) says so, for the day when the instance is gone and its tags
	// with it: the asset is never deactivated or deleted.
	LabelKept = "jms-tag-keep"
	// LabelKeep is set by people, with the reason as its value: the asset is never deactivated or deleted.
	LabelKeep = "jms-keep"
	// LabelReleased is on assets that a person has released: we took our labels off, and nobody has lost them.
	LabelReleased = "jms-released"
	// LabelDue stands beside LabelGone: the time (FormatLabelTime) before which, as people were told, the asset
	// is not deleted; DueNever if they were told that it stays.
	LabelDue = "jms-due"
	// LabelMissing has the time (FormatLabelTime) of the first run that proved the absence of an instance whose
	// small scope has become empty, or whose absence only one kind of call shows.
	LabelMissing = "jms-missing"
)

// The keys in a comment by which an asset says whose it is, each followed by a value: "instance_id: i-1". The
// Python tool writes the first one too.
const (
	KeyInstance = "instance_id:"
	KeyOwner    = "account_id:"
	KeyProject  = "project_id:"
	KeyRegion   = "region:"
	// KeyNodes says which of an asset's nodes the rules put it into, see NoteNodes.
	KeyNodes = "node_ids:"
)

// DueNever is the value of LabelDue on an asset that was deactivated while nothing was ever deleted.
const DueNever = "never"

// ClosedNow is the value of LabelClosed while the cloud keeps a closed instance: the same for all assets, one row of
// JumpServer's label page.
const ClosedNow = "now"

// GoneLabel returns the label with the time of a deactivation.
func GoneLabel(at time.Time) Label { return Label{Name: LabelGone, Value: FormatLabelTime(at)} }

// MissingLabel returns the label with the time at which an absence was first proved.
func MissingLabel(at time.Time) Label { return Label{Name: LabelMissing, Value: FormatLabelTime(at)} }

// labelTimeLayout is the form of times in labels: JumpServer v4.10.17 and later refuse a colon in a value.
const labelTimeLayout = "20060102T1504Z"

// FormatLabelTime returns a time as labels have it, in UTC and whole minutes: "20261128T1435Z". It is rounded up,
// so that no grace or wait that is counted from it gets shorter.
func FormatLabelTime(at time.Time) string { return RoundUpToMinute(at).Format(labelTimeLayout) }

// RoundUpToMinute returns the next whole minute, or the time itself if it is one.
func RoundUpToMinute(at time.Time) time.Time {
	whole := at.UTC().Truncate(time.Minute)
	if whole.Before(at) {
		whole = whole.Add(time.Minute)
	}
	return whole
}

// ParseLabelTime parses the value of a label with a time, also in the form that earlier versions wrote (RFC 3339,
// seconds), which JumpServer takes up to v4.10.16.
func ParseLabelTime(value string) (time.Time, error) {
	value = strings.ToUpper(value) // a database may keep another spelling
	at, err := time.Parse(labelTimeLayout, value)
	if err == nil {
		return at, nil
	}
	return time.Parse(time.RFC3339, value)
}

// MaxLabelLength is how many characters the name and the value of a label may have each.
const MaxLabelLength = 64

// IsStorableLabel reports whether every version of JumpServer takes a value for a label: 1 to MaxLabelLength
// characters, no space at the ends, and neither ":" nor "," (v4.10.17 and later answer 400 to them).
func IsStorableLabel(value string) bool {
	return value != "" && utf8.RuneCountInString(value) <= MaxLabelLength &&
		value == strings.TrimSpace(value) && !strings.ContainsAny(value, ":,")
}

// Label is one name:value pair on an asset. Several may have the same name.
type Label struct{ Name, Value string }

// String returns "name:value", the form in which JumpServer takes labels.
func (l Label) String() string { return l.Name + ":" + l.Value }

// Is reports whether the label has this name, one of the Label… constants. A database may keep another spelling of
// it (JMS-Keep), and people may write one: when in doubt, the label counts.
func (l Label) Is(name string) bool {
	return l.Name == name || equalTrimmed(l.Name, name) || !isASCII(l.Name) && MayBeEqual(l.Name, name)
}

// equalTrimmed reports whether two texts differ by nothing but case and surrounding spaces.
func equalTrimmed(text, name string) bool { return strings.EqualFold(strings.TrimSpace(text), name) }

func isASCII(text string) bool {
	for n := range len(text) {
		if text[n] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// Asset is one host of JumpServer, or (Host false) another asset, which only matters because it has a name in the
// organisation.
type Asset struct {
	ID       string
	Name     string
	Address  string
	Platform string // its name, e.g. "Linux"
	Zone     string // id of the gateway zone (domain before v4.10); "" = none
	Labels   []Label
	Comment  string
	// Nodes are the ids of the host's nodes, sorted and joined by commas: renaming a node changes nothing. "" =
	// JumpServer did not show them.
	Nodes string
	// NodeNames are the names of these nodes in the same order, joined by ", ", for people.
	NodeNames string
	// Protocols are read only where they are compared; nil = not read.
	Protocols []Protocol
	// Accounts are read only where some are to be made, and with all hosts at once (see JumpServerAssets.AccountsUnread).
	Accounts []Account
	Active   bool
	Host     bool
}

// Label returns the value of the label with this name (see Label.Is), and reports whether the asset has exactly
// one.
func (a Asset) Label(name string) (string, bool) {
	value, n := "", 0
	for _, l := range a.Labels {
		if l.Is(name) {
			value = l.Value
			n++
		}
	}
	return value, n == 1
}

// LabelCount returns how many labels of this name (see Label.Is) the asset has.
func (a Asset) LabelCount(name string) int {
	n := 0
	for _, l := range a.Labels {
		if l.Is(name) {
			n++
		}
	}
	return n
}

// Platform is a host platform of JumpServer.
type Platform struct {
	ID   int
	Name string
	Type string // "linux", "windows", "unix", "other"
	// Protocols are those of a host that names none: the primary one first.
	Protocols []Protocol
	// SupportsZones says that hosts of this platform may be behind a gateway. Otherwise JumpServer drops the
	// zone without an error.
	SupportsZones bool
}

// JumpServerAssets is what one organisation of JumpServer held when it was read, completely.
type JumpServerAssets struct {
	Assets    []Asset // hosts with all fields; other assets with id and name only
	Platforms map[string]Platform
	// Zones and Templates are read only where mapping rules name some. ZonesDenied and TemplatesDenied say that the
	// access key's user may not list them: what a name means is unknown then, while an id can be used as it is.
	Zones           []Zone
	ZonesDenied     bool
	Templates       []AccountTemplate
	TemplatesDenied bool
	// AccountsUnread says that accounts could not be listed, because the access key's user may not or for another reason:
	// Asset.Accounts mean nothing.
	AccountsUnread bool
	// Nodes are all nodes of the organisation, with their ids, and with paths as configurations write them: the root node
	// is /DEFAULT, whatever its name. nil = not read.
	Nodes []Node
	// NodesByPath are the ids of nodes that are remembered of configured paths, wherever people have put them since. They
	// count before the paths of Nodes. NodesUnsure says that not all could be read: then no asset changes its node.
	NodesByPath map[string]string
	NodesUnsure bool
	// DeleteDenied says that the access key's user may not delete assets.
	DeleteDenied bool
}

// NewAsset is a host to be created.
type NewAsset struct {
	ID       string
	Name     string
	Address  string
	Platform string // its name
	// NodePaths are as configured, e.g. "/DEFAULT/阿里云/aliyun-prod": at least one.
	NodePaths []string
	NodeIDs   []string // of the nodes that the paths mean, set by apply
	// NotesNodes says that apply notes NodeIDs in the comment, see NoteNodes: rules set them, or runs write those of existing
	// assets.
	NotesNodes bool
	Zone       string     // id; "" = none
	Protocols  []Protocol // nil = those of the platform
	Accounts   []string   // ids of account templates
	Inactive   bool
	Labels     []Label
	Comment    string
}

// Patch changes some fields of one host; nil leaves a field as it is.
type Patch struct {
	ID      string
	Name    *string
	Address *string
	Zone    *string
	Active  *bool
	Comment *string
	Labels  []Label // replaces all labels; nil leaves them

	Platform  *string    // its name, of the same type as the present one
	Protocols []Protocol // replaces all protocols; nil leaves them. Such a patch goes alone
	NodeIDs   []string   // replaces all nodes; nil leaves them
	// NodePaths are further nodes, which the plan does not know: apply finds or makes them, adds their ids to NodeIDs, and
	// notes them in the comment beside those that Comment notes, see NoteNodes.
	NodePaths []string
	// Accounts are ids of account templates of which the host gets an account, if it has none of that username. They are
	// no part of the PATCH: apply attaches them afterwards.
	Accounts []string
}
