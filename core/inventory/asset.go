package inventory

import "time"

// The labels by which an asset is ours, and those that remember its state. Values are at most
// 64 characters, as JumpServer demands.
const (
	LabelCloud    = "jms-cloud"
	LabelAccount  = "jms-account"
	LabelOwner    = "jms-owner"
	LabelRegion   = "jms-region"
	LabelInstance = "jms-instance"
	// LabelGone carries the UTC time (RFC 3339, seconds) at which an asset was deactivated.
	LabelGone = "jms-gone"
	// LabelOff stands beside LabelGone where a person had switched the asset off before we did,
	// so that it stays off when its instance returns.
	LabelOff = "jms-off"
	// LabelEvent stands beside LabelGone where an event closed the asset: its deletion has still
	// to pass the guard of a full run.
	LabelEvent = "jms-event"
	// LabelProtected remembers that an address of the instance is in protected_ips, for the day
	// when the instance is gone and its addresses with it.
	LabelProtected = "jms-protected"
	// LabelAsset carries an asset's own id and makes an adopted asset ours. A copy of the asset has
	// the label and another id, and so is not ours.
	LabelAsset = "jms-asset"
	// LabelKeep is set by people, with the reason as its value: the asset is never deactivated or
	// deleted.
	LabelKeep = "jms-keep"
	// LabelDue stands beside LabelGone: the UTC time (RFC 3339, seconds) before which, as people
	// were told, the asset is not deleted; DueNever where it was said to stay deactivated.
	LabelDue = "jms-due"
	// LabelMissing carries the UTC time (RFC 3339, seconds) of the first run that proved the absence
	// of an instance whose small scope has become empty.
	LabelMissing = "jms-missing"
)

// DueNever is the value of LabelDue on an asset that was deactivated where nothing is deleted.
const DueNever = "never"

// GoneLabel is the label that tells when an asset was deactivated.
func GoneLabel(at time.Time) Label { return timeLabel(LabelGone, at) }

// MissingLabel is the label that tells when an absence was proved first.
func MissingLabel(at time.Time) Label { return timeLabel(LabelMissing, at) }

func timeLabel(name string, at time.Time) Label {
	return Label{Name: name, Value: at.UTC().Format(time.RFC3339)}
}

// Label is one name:value pair on an asset. Several may have one name.
type Label struct{ Name, Value string }

// String gives "name:value", the form in which JumpServer takes labels.
func (l Label) String() string { return l.Name + ":" + l.Value }

// Asset is one host of JumpServer, or (Host false) another asset that only matters because
// it holds a name in the organisation.
type Asset struct {
	ID       string
	Name     string
	Address  string
	Platform string // its name, e.g. "Linux"
	Zone     string // id of the gateway zone (domain before v4.10); "" = none
	Labels   []Label
	Comment  string
	Active   bool
	Host     bool
}

// Label gives the value of the label with this name, if the asset has exactly one of it.
func (a Asset) Label(name string) (string, bool) {
	value, n := "", 0
	for _, l := range a.Labels {
		if l.Name == name {
			value = l.Value
			n++
		}
	}
	return value, n == 1
}

// Count tells how many labels of this name the asset carries.
func (a Asset) Count(name string) int {
	n := 0
	for _, l := range a.Labels {
		if l.Name == name {
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
	// Zones tells whether hosts of this platform may sit behind a gateway; where not, JumpServer
	// drops the zone without a word.
	Zones bool
}

// Bastion is what JumpServer held when it was read: one organisation, complete.
type Bastion struct {
	Assets    []Asset // hosts with all fields; other assets with id and name only
	Platforms map[string]Platform
}

// NewAsset is a host to be created. Protocols are the platform's own defaults.
type NewAsset struct {
	ID       string
	Name     string
	Address  string
	Platform string // name
	Node     string // path as configured, e.g. "/DEFAULT/阿里云/aliyun-prod"
	Zone     string // "" = none
	Labels   []Label
	Comment  string
}

// Patch changes some fields of one host; nil leaves a field as it is.
type Patch struct {
	ID      string
	Name    *string
	Address *string
	Zone    *string
	Active  *bool
	Labels  []Label // replaces all labels; nil leaves them
}
