package cloud

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// Client makes the calls of one account and names their errors. A lister embeds it, so that all
// clouds fail in the same words. It never changes once it is in use.
type Client struct {
	Account Account
	Retry   RetryPolicy
	// KindOf returns what an API error means, by its code and status.
	KindOf func(*APIError) inventory.Kind
	// Advice returns what a reader should know of an API error beside its own text; nil = nothing.
	Advice func(*APIError) string
	// Credentials returns what the next call of CallSigned is signed with. Its errors have a kind.
	Credentials func(context.Context) (Credentials, error)
}

// OpenConnected opens a lister on the connections of its account. It fails with Invalid where the proxy
// is no address. On error the Lister is an untyped nil.
func OpenConnected[L Lister](a Account, open func(http.RoundTripper) (L, error)) (Lister, error) {
	transport, err := AccountTransport(a)
	if err != nil {
		return nil, err
	}
	lister, err := open(transport)
	if err != nil {
		return nil, err
	}
	return lister, nil
}

// Call makes one call and retries it as Retry does; call builds and signs a new request each time. Every
// error has a kind and names op, account and region ("" = none).
func Call[T any](ctx context.Context, c Client, op, region string, call func(context.Context) (T, error)) (T, error) {
	c.Credentials = func(context.Context) (Credentials, error) { return Credentials{}, nil }
	return CallSigned(ctx, c, op, region, func(ctx context.Context, _ Credentials) (T, error) { return call(ctx) })
}

// CallSigned is Call with credentials that may expire. It asks for them before each try, so that a failure
// to get them is retried too.
func CallSigned[T any](ctx context.Context, c Client, op, region string, call func(context.Context, Credentials) (T, error)) (T, error) {
	value, err := Retry(ctx, c.Retry, func(ctx context.Context) (T, error) {
		ctx = WithCallClock(ctx)
		credentials, err := c.Credentials(ctx)
		if err != nil {
			var none T
			return none, err
		}
		value, err := call(ctx, credentials)
		return value, c.WrapError(ctx, credentials, op, region, err)
	})
	return value, c.NameDeadline(op, region, err)
}

// codedError is the cause of an error that the cloud answered with a code.
type codedError struct{ code, text string }

func (r codedError) Error() string { return r.text }

// ErrorCode returns the code of the API error in an error's chain; "" = there is none.
func ErrorCode(err error) string {
	var r codedError
	errors.As(err, &r)
	return r.code
}

// WrapError turns any error of a call, signed with credentials, into one with a kind that names operation,
// account and region. It leaves out the texts of SDKs and of net/http: some hold the whole query, with
// key and signature.
func (c Client) WrapError(ctx context.Context, credentials Credentials, op, region string, err error) error {
	if err == nil {
		return nil
	}
	var known *inventory.Error
	if errors.As(err, &known) {
		return known
	}
	clean := NewScrubber(c.Account, credentials.KeyID, credentials.Secret, credentials.Token).Scrub
	if r, ok := AsAPIError(err); ok {
		text := clean(r.Error())
		if c.Advice != nil {
			text += c.Advice(r)
		}
		fault := &inventory.Error{Kind: c.KindOf(r), Message: c.Operation(op, region), Err: codedError{code: r.Code, text: text}}
		return ExplainBySkew(ctx, fault)
	}
	if cause := context.Cause(ctx); cause != nil {
		return &inventory.Error{Kind: inventory.Deadline, Err: cause} // Retry names what it ended
	}
	// The error of a call that was never sent is neither a NoAnswerError nor a url.Error.
	kind, text := inventory.Unknown, "the SDK could not make the call: "+err.Error()
	var sent *url.Error
	var lost *httpx.NoAnswerError
	if errors.As(err, &lost) || errors.As(err, &sent) {
		kind, text = ConnectionError(err)
	}
	if kind == inventory.Temporary && isNotConnected(err) {
		return &inventory.Error{Kind: kind, Message: c.Operation(op, region), Err: &inventory.NotReachedError{Text: clean(text)}}
	}
	return c.NewError(kind, op, region, clean(text))
}

// NewError returns an error that names the operation, account and region, and holds no secret of the account.
func (c Client) NewError(kind inventory.Kind, op, region, text string) error {
	return newError(kind, "%s: %s", c.Operation(op, region), NewScrubber(c.Account).Scrub(text))
}

// NameDeadline adds the operation to an error of the kind Deadline that does not have it yet, and returns
// every other error, and nil, unchanged.
func (c Client) NameDeadline(op, region string, err error) error {
	var known *inventory.Error
	if inventory.KindOf(err) != inventory.Deadline || errors.As(err, &known) && known.Message == c.Operation(op, region) {
		return err
	}
	return &inventory.Error{Kind: inventory.Deadline, Message: c.Operation(op, region), Err: err}
}

// Operation returns the name of an operation in errors: "alibaba: list instances: account a, region r".
func (c Client) Operation(op, region string) string {
	text := string(c.Account.Cloud) + ": " + op + ": account " + c.Account.Name
	if region != "" {
		text += ", region " + region
	}
	return text
}
