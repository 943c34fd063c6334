package cloud

import (
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Origin says where a program's events come from, as its host knows it; all fields may be "".
type Origin struct {
	ProjectID string // of the project in whose region the function runs
	AccountID string // of the cloud account to which the function belongs
	Region    string // where the function runs
}

// EventTarget says which instances an event is about. It proves nothing: the cloud is asked for them, and only
// its answer counts.
type EventTarget struct {
	Cloud     inventory.Cloud
	AccountID string // the cloud account's own id
	Region    string // "" where the event names none, but ProjectID
	// ProjectID is that of the project where the event happened; Fleet.ResolveScopes finds its region.
	ProjectID   string
	InstanceIDs []string // at least one, each once
	// IsReleased says what to wait for while the cloud still shows the old state: that the instance is absent
	// or, with false, that it is there and has an address.
	IsReleased bool
}

// ParsedEvent is one event of a payload: a target, or the reason why it is ignored, or an error that
// names what it lacks.
type ParsedEvent struct {
	ID            string    // the event's own id; "" if it has none
	Description   string    // kind and state in the cloud's words, for logs and answers
	At            time.Time // when it happened, as the cloud says; zero = it does not say so. Nothing is decided by it
	Target        EventTarget
	IgnoredReason string
	Err           error
}
