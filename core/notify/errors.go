package notify

import "time"

// Kind says what a failed message means; tests and channels decide by kinds, never by texts.
type Kind string

// The kinds, with their consequence.
const (
	InvalidConfig Kind = "config"    // address, token, signature or content is refused: only a person can help
	RateLimited   Kind = "too_fast"  // more messages than the channel takes: wait, and send fewer
	Temporary     Kind = "temporary" // broken connection, time-out, the other side is busy: another time
	Unknown       Kind = "unknown"   // a refusal that has no kind
)

// Error is a message that was not taken. Its text never holds an address's token, a signature
// or a secret.
type Error struct {
	Kind    Kind
	Message string
	// RetryAfter is how long the channel should be left alone; 0 = not known.
	RetryAfter time.Duration
	// Err is context.Canceled or context.DeadlineExceeded where the caller's time was over, else nil:
	// errors of the network name the address, and are worded into Message without it.
	Err error
}

// Error gives the message.
func (e *Error) Error() string {
	if e.Err == nil {
		return e.Message
	}
	return e.Message + ": " + e.Err.Error()
}

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }
