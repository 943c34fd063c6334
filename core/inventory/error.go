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
	Throttled      Kind = "throttled"       // wait (up to the next minute) within the deadline, then the scope has failed
	Denied         Kind = "denied"          // a permission is missing; only a person can help
	BadCredentials Kind = "bad_credentials" // the key is unknown, disabled or expired, or its secret is wrong
	NotFound       Kind = "not_found"       // what was named does not exist
	Temporary      Kind = "temporary"       // 5xx, time-out, broken connection: tried again
	Unanswered     Kind = "unanswered"      // a write was sent and no answer came: it may have been carried out, or may still be; read back, never repeated blindly
	Incomplete     Kind = "incomplete"      // an answer that may not be complete
	Unsupported    Kind = "unsupported"     // this program has no such cloud
	Deadline       Kind = "deadline"        // the run's time is over
	Invalid        Kind = "invalid"         // the other side refuses what we sent
	Conflict       Kind = "conflict"        // somebody else holds the id
	NameTaken      Kind = "name_taken"      // another asset has the name, perhaps in another spelling
	Limit          Kind = "limit"           // JumpServer's limit of assets is used up
	Organisation   Kind = "organisation"    // another organisation answers than the configured one
	OtherAccount   Kind = "other_account"   // the key belongs to another cloud account than before
	Front          Kind = "front"           // something in front of JumpServer answered in its place; see Advice
	ClockOff       Kind = "clock_off"       // a signature or token is refused because of its time: this machine's clock is wrong, see Skew
	MarksLost      Kind = "marks_lost"      // many assets have lost the labels that say that they are ours
	Unknown        Kind = "unknown"
)

// ErrOwnerUnknown is the cause if a cloud refuses to say whose key it is, so that only the configured account_id is
// known: a key of another account, which sees none of the instances, would look the same.
var ErrOwnerUnknown = errors.New("the cloud does not tell whose key it is")

// ErrStaleRead is the cause if a write of assets was not sent, because it had to wait so long that what was read of
// them before is no longer fresh.
var ErrStaleRead = errors.New("too long ago that the assets were read")

// Error is an error with a kind. Its message names the operation and the object, and never contains a key, a
// signature or a token.
type Error struct {
	Kind    Kind
	Message string
	Err     error // the cause, may be nil
	// RetryAfter is how long the other side asked to wait; 0 = it did not say. With Unanswered it is how long
	// from now the write may still be carried out.
	RetryAfter time.Duration
	// Skew, with ClockOff, is how far this machine's clock is ahead of the other side's; 0 = unknown, or they
	// agree.
	Skew time.Duration
	// Advice is what a person has to change; "" = unknown.
	Advice Advice
}

// Error returns the message and its cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	if e.Message == "" {
		return e.Err.Error()
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// KindOf returns the kind of an error: that of the outermost Error in its chain, Deadline for an ended context, ""
// for nil, Unknown for all else.
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

// NotReachedError is the cause if a call was not sent, because no connection could be made.
type NotReachedError struct{ Text string }

// Error returns the text.
func (e *NotReachedError) Error() string { return e.Text }

// IsNotReached reports whether an error says that the other side cannot be reached at all: it has neither answered nor
// got anything.
func IsNotReached(err error) bool {
	var lost *NotReachedError
	return errors.As(err, &lost)
}
