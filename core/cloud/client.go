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
	// KindOf tells what a refusal means, by its code and status.
	KindOf func(*APIError) inventory.Kind
	// Advice gives what a reader should know of a refusal beside its own text; nil = nothing.
	Advice func(*APIError) string
	// Credentials gives what the next call of CallSigned is signed with. Its errors have a kind.
	Credentials func(context.Context) (Credentials, error)
}

// OpenConnected opens a lister on the connections of its account. It fails with Invalid where the proxy
// is no address. An error comes with a nil Lister, which a nil pointer in one would not be.
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

// Call makes one call by the shared rules of retrying (see Retry); call builds and signs anew each
// time. Every error has a kind and names op, account and region ("" = none).
func Call[T any](ctx context.Context, c Client, op, region string, call func(context.Context) (T, error)) (T, error) {
	c.Credentials = func(context.Context) (Credentials, error) { return Credentials{}, nil }
	return CallSigned(ctx, c, op, region, func(ctx context.Context, _ Credentials) (T, error) { return call(ctx) })
}

// CallSigned is Call with credentials that may end. They are asked for each time, so that what fails
// there is retried too.
func CallSigned[T any](ctx context.Context, c Client, op, region string, call func(context.Context, Credentials) (T, error)) (T, error) {
	value, err := Retry(ctx, c.Retry, func(ctx context.Context) (T, error) {
		ctx = WithCallClock(ctx)
		by, err := c.Credentials(ctx)
		if err != nil {
			var none T
			return none, err
		}
		value, err := call(ctx, by)
		return value, c.WrapError(ctx, by, op, region, err)
	})
	return value, c.NameDeadline(op, region, err)
}

// codedError is the cause of an error that a cloud refused by a code.
type codedError struct{ code, text string }

func (r codedError) Error() string { return r.text }

// ErrorCode gives the code by which a cloud refused a call, from an error of Classify; "" = it did not.
func ErrorCode(err error) string {
	var r codedError
	errors.As(err, &r)
	return r.code
}

// WrapError turns any error of a call, signed with by, into one with a kind that names operation,
// account and region. The texts of SDKs and of net/http do not get through: some hold the whole
// query, with key and signature.
func (c Client) WrapError(ctx context.Context, by Credentials, op, region string, err error) error {
	if err == nil {
		return nil
	}
	var known *inventory.Error
	if errors.As(err, &known) {
		return known
	}
	clean := NewScrubber(c.Account, by.KeyID, by.Secret, by.Token).Scrub
	if r, ok := AsAPIError(err); ok {
		text := clean(r.Error())
		if c.Advice != nil {
			text += c.Advice(r)
		}
		fault := &inventory.Error{Kind: c.KindOf(r), Message: c.Operation(op, region), Err: codedError{code: r.Code, text: text}}
		return ExplainBySkew(ctx, fault)
	}
	if cause := context.Cause(ctx); cause != nil {
		return &inventory.Error{Kind: inventory.Deadline, Err: cause} // named by who retries
	}
	// A call that was never sent has neither of the two around its cause.
	kind, text := inventory.Unknown, "the SDK could not make the call: "+err.Error()
	var sent *url.Error
	var lost *httpx.NoAnswerError
	if errors.As(err, &lost) || errors.As(err, &sent) {
		kind, text = ConnectionError(err)
	}
	return c.NewError(kind, op, region, clean(text))
}

// NewError makes an error that names what was done and where, without any secret of the account.
func (c Client) NewError(kind inventory.Kind, op, region, text string) error {
	return newError(kind, "%s: %s", c.Operation(op, region), NewScrubber(c.Account).Scrub(text))
}

// NameDeadline gives an error of the kind Deadline the name of what the end of time ended, once; others,
// and nil, stay as they are.
func (c Client) NameDeadline(op, region string, err error) error {
	var known *inventory.Error
	if inventory.KindOf(err) != inventory.Deadline || errors.As(err, &known) && known.Message == c.Operation(op, region) {
		return err
	}
	return &inventory.Error{Kind: inventory.Deadline, Message: c.Operation(op, region), Err: err}
}

// Operation names an operation: "alibaba: list instances: account a, region r".
func (c Client) Operation(op, region string) string {
	text := string(c.Account.Cloud) + ": " + op + ": account " + c.Account.Name
	if region != "" {
		text += ", region " + region
	}
	return text
}
