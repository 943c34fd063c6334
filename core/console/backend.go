package console

import "context"

// Backend answers the console's questions and carries its orders out. Its errors are *Failure where it is known what a
// person should read; all others are told as a failure of the store or the run, scrubbed.
//
// A Backend checks nobody's role and writes no audit log: the handler does both before it calls.
type Backend interface {
	About(ctx context.Context) About
	Overview(ctx context.Context) (Overview, error)
	Runs(ctx context.Context, days int) (Runs, error)
	Run(ctx context.Context, id string) (Run, error)
	Held(ctx context.Context) (Held, error)
	HeldSet(ctx context.Context, hash string) (HeldDetail, error)
	// Approve and Reject fail where the set is not the one that the order is about.
	Approve(ctx context.Context, by Person, hash string, o HeldOrder) (HeldResult, error)
	Reject(ctx context.Context, by Person, hash string, o HeldOrder) (HeldResult, error)
	Explain(ctx context.Context, query, lang string) (Explained, error)
	Doctor(ctx context.Context) (Doctor, error)
	Config(ctx context.Context) (Config, error)
	Pause(ctx context.Context) (PauseState, error)
	SetPause(ctx context.Context, by Person, o PauseOrder) (PauseState, error)
	Resume(ctx context.Context, by Person) (PauseState, error)
	// Plan makes a dry run. What it does meanwhile goes to watch.
	Plan(ctx context.Context, o PlanOrder, watch Watch) (PlanResult, error)
	// Apply makes the ticked rows of a plan that Plan kept.
	Apply(ctx context.Context, by Person, plan string, o ApplyOrder, watch Watch) (ApplyResult, error)
	Audit(ctx context.Context, days int) (Audit, error)
	// RecordAudit writes an entry; one that has the ID of another replaces it.
	RecordAudit(ctx context.Context, e AuditEntry) error
}

// About is what the backend is for.
type About struct {
	Server, Organisation, Environment string
	Language, Zone                    string
	Store                             bool
}

// Person is who orders something.
type Person struct {
	ID, Name string
	Role     Role
}

// Watch is told what a run does. Its functions are called by one goroutine at a time.
type Watch struct {
	Stage    func(Stage)
	Progress func(Progress)
	Rows     func(PlanRows)
}

// Failure is an error that a person reads, and its code and HTTP status.
type Failure struct {
	Problem
	Status int
	Err    error // the cause, may be nil

	retryAfter string // seconds; "" = not said
}

// The codes of failures. Others are kinds of errors.
const (
	CodeUnauthorized = "unauthorized" // 401: nobody is signed in, or the session ended
	CodeForbidden    = "forbidden"    // 403: the role does not allow it
	CodeCSRF         = "csrf"         // 403: the token or the origin is missing or wrong
	CodeHost         = "host"         // 421: asked for by another host name
	CodeNotFound     = "not_found"    // 404
	CodeBadRequest   = "bad_request"  // 400
	CodeTooLarge     = "too_large"    // 413
	CodeTooMany      = "too_many"     // 429: Retry-After says when
	CodeNoStore      = "no_store"     // 503: there is no state store
	CodeStore        = "store"        // 503: the store cannot be reached; nothing was done
	CodeAudit        = "audit"        // 503: the audit log cannot be written; nothing was done
	CodeChanged      = "changed"      // 409: the set or the plan is not what the person saw
	CodeExpired      = "expired"      // 410: the set, the plan or the link is too old
	CodeBusy         = "busy"         // 409: another run is at work
	CodePaused       = "paused"       // 409: a person has paused it
	CodeLogin        = "login"        // 403: the provider refused, or the person has no role here
	CodeFailed       = "failed"       // 502: JumpServer or a cloud failed
	CodeLinkOff      = "link_off"     // 404: links that approve are not allowed
	CodeLink         = "link"         // 403: the link is forged or cut
	CodeConfig       = "config"       // 503: the configuration cannot be used
)

// Error implements error.
func (f *Failure) Error() string { return f.EN }

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }
