package inventory

import (
	"context"
	"errors"
	"time"
)

// Kind says what an error means for the run; code decides by kinds, never by texts.
type Kind string

// The kinds of errors, with their consequence.
const (
	Throttled      Kind = "throttled"       // wait (up to the next minute) inside the deadline, then the scope has failed
	Denied         Kind = "denied"          // the right is missing; only a person can help
	BadCredentials Kind = "bad_credentials" // key unknown, off, expired or its secret wrong
	NotFound       Kind = "not_found"       // what was named does not exist
	Temporary      Kind = "temporary"       // 5xx, time-out, broken connection: tried again
	Unanswered     Kind = "unanswered"      // a write was sent and no answer came: it may have been carried out, or still be; read back, never repeated as it is
	Incomplete     Kind = "incomplete"      // an answer that cannot be trusted to be whole
	Unsupported    Kind = "unsupported"     // this program has no such cloud
	Deadline       Kind = "deadline"        // the time of the run is over
	Invalid        Kind = "invalid"         // the other side refuses what we sent
	Conflict       Kind = "conflict"        // somebody else holds the id
	NameTaken      Kind = "name_taken"      // another asset has the name, perhaps in another spelling
	Limit          Kind = "limit"           // JumpServer's number of assets is used up
	Organisation   Kind = "organisation"    // another organisation answers than the configured one
	OtherAccount   Kind = "other_account"   // the key is of another cloud account than the configured account was
	Front          Kind = "front"           // something in front of JumpServer answered in its place; see Advice
	ClockOff       Kind = "clock_off"       // a signature or token is refused for its time: this machine's clock is wrong, see Skew
	Unknown        Kind = "unknown"
)

// ErrOwnerUnknown is the cause where a cloud refuses to say whose key it is, so that the configured account_id stands
// alone: a key of another account, which sees none of the instances, would look the same.
var ErrOwnerUnknown = errors.New("the cloud does not tell whose key it is")

// ErrStaleRead is the cause where a write of assets was not sent, because it had to wait for its turn for so long
// that what was read of them before is no longer fresh.
var ErrStaleRead = errors.New("too long ago that the assets were read")

// Error is an error with a kind. Its message names the operation and the object, and never
// holds a key, a signature or a token.
type Error struct {
	Kind    Kind
	Message string
	Err     error // the cause, may be nil
	// RetryAfter is how long the other side asked to wait; 0 = it did not say. With Unanswered it is how long
	// the write may still be carried out, from now on.
	RetryAfter time.Duration
	// Skew, with ClockOff, is how far this machine's clock is ahead of that of who refused; 0 = it is not
	// known, or they agree.
	Skew time.Duration
	// Advice is what a person has to change; "" = more is not known than kind and message say.
	Advice Advice
}

// Error gives the message and its cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	if e.Message == "" {
		return e.Err.Error()
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf finds the kind of an error: of the outermost Error in its chain, Deadline for an
// ended context, "" for nil, Unknown for all else.
func KindOf(err error) Kind {
	if err == nil {
		return ""
	}
	var fault *Error
	if errors.As(err, &fault) {
		return fault.Kind
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return Deadline
	}
	return Unknown
}
