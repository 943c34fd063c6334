package notify

import "time"

// Kind says what a failed message means; code decides by kinds, never by texts.
type Kind string

// The kinds, with what to do.
const (
	InvalidConfig Kind = "config"    // address, token, signature or content is refused: a person must correct it
	RateLimited   Kind = "too_fast"  // more messages than the channel accepts: wait, and send fewer
	Temporary     Kind = "temporary" // broken connection, time-out, the other side is busy: try later
	Unknown       Kind = "unknown"   // any other refusal
)

// Error is a message that was not accepted. Its text never contains an address's token, a signature
// or a secret.
type Error struct {
	Kind    Kind
	Message string
	// RetryAfter is how long the channel should be left alone; 0 = unknown.
	RetryAfter time.Duration
	// Err is context.Canceled or context.DeadlineExceeded if the caller's context ended, else nil:
	// network errors name the address, so Message describes them without it.
	Err error
}

// Error returns the message and its cause.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
