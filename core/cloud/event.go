package cloud

import "github.com/jms-sync/jms-sync/core/inventory"

// Origin is what the host of a program knows of where its events come from; all may be "".
type Origin struct {
	ProjectID string // Huawei: of the project in whose region the function runs
}

// EventTarget is where an event says to look. It proves nothing: the cloud is asked for exactly these
// instances, and only its answer counts.
type EventTarget struct {
	Cloud     inventory.Cloud
	AccountID string // the cloud account's own id
	Region    string // "" where the event names none: ProjectID stands in its place
	// ProjectID is that of the project where the event happened; Fleet.ResolveScopes finds its region.
	ProjectID   string
	InstanceIDs []string // at least one, each once
	// IsReleased tells what to wait for while the cloud still says otherwise: a released instance to
	// be absent, or (false) an instance to be there with an address.
	IsReleased bool
}

// ParsedEvent is one event of a payload: a hint, or the reason why it is ignored, or an error that
// names what the event lacks.
type ParsedEvent struct {
	ID            string // the event's own id; "" if it has none
	Description   string // kind and state in the cloud's words, for logs and answers
	Target        EventTarget
	IgnoredReason string
	Err           error
}
