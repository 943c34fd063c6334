package cloud

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Caller makes the calls of one account and names their errors. A lister embeds it, so that all
// clouds fail in the same words. It never changes once it is in use.
type Caller struct {
	Account Account
	Policy  Policy
	// Kind tells what a refusal means, by its code and status.
	Kind func(*Refusal) inventory.Kind
	// Hint gives what a reader should know of a refusal beside its own text; nil = nothing.
	Hint func(*Refusal) string
	// Credentials gives what the next call of CallBy is signed with. Its errors have a kind.
	Credentials func(context.Context) (Credentials, error)
}

// Connected opens a lister on the connections of its account. It fails with Invalid where the proxy
// is no address. An error comes with a nil Lister, which a nil pointer in one would not be.
func Connected[L Lister](a Account, open func(http.RoundTripper) (L, error)) (Lister, error) {
	transport, err := Wire(a)
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
func Call[T any](ctx context.Context, c Caller, op, region string, call func(context.Context) (T, error)) (T, error) {
	c.Credentials = func(context.Context) (Credentials, error) { return Credentials{}, nil }
	return CallBy(ctx, c, op, region, func(ctx context.Context, _ Credentials) (T, error) { return call(ctx) })
}

// CallBy is Call with credentials that may end. They are asked for each time, so that what fails
// there is retried too.
func CallBy[T any](ctx context.Context, c Caller, op, region string, call func(context.Context, Credentials) (T, error)) (T, error) {
	value, err := Retry(ctx, c.Policy, func(ctx context.Context) (T, error) {
		ctx = Listening(ctx)
		by, err := c.Credentials(ctx)
		if err != nil {
			var none T
			return none, err
		}
		value, err := call(ctx, by)
		return value, c.Classify(ctx, by, op, region, err)
	})
	return value, c.Named(op, region, err)
}

// Unanswered is the error of a call that was sent and got no answer, or no whole one, where the SDK
// does not leave net/http's *url.Error to tell it.
type Unanswered struct{ Err error }

// Error gives the text of the cause.
func (u Unanswered) Error() string { return u.Err.Error() }

// Unwrap gives the cause.
func (u Unanswered) Unwrap() error { return u.Err }

// refused is the cause of an error that a cloud refused by a code.
type refused struct{ code, text string }

func (r refused) Error() string { return r.text }

// CodeOf gives the code by which a cloud refused a call, from an error of Classify; "" = it did not.
func CodeOf(err error) string {
	var r refused
	errors.As(err, &r)
	return r.code
}

// Classify turns any error of a call, signed with by, into one with a kind that names operation,
// account and region. The texts of SDKs and of net/http do not get through: some hold the whole
// query, with key and signature.
func (c Caller) Classify(ctx context.Context, by Credentials, op, region string, err error) error {
	if err == nil {
		return nil
	}
	var known *inventory.Error
	if errors.As(err, &known) {
		return known
	}
	clean := NewScrubber(c.Account, by.KeyID, by.Secret, by.Token).Clean
	if r, ok := AsRefusal(err); ok {
		text := clean(r.Error())
		if c.Hint != nil {
			text += c.Hint(r)
		}
		fault := &inventory.Error{Kind: c.Kind(r), Message: c.What(op, region), Err: refused{code: r.Code, text: text}}
		return ByClock(ctx, fault)
	}
	if cause := context.Cause(ctx); cause != nil {
		return &inventory.Error{Kind: inventory.Deadline, Err: cause} // named by who retries
	}
	// A call that was never sent has neither of the two around its cause.
	kind, text := inventory.Unknown, "the SDK could not make the call: "+err.Error()
	var sent *url.Error
	var lost Unanswered
	switch {
	case errors.As(err, &lost):
		kind, text = Broken(lost.Err)
	case errors.As(err, &sent):
		kind, text = Broken(sent)
	}
	return c.Fault(kind, op, region, clean(text))
}

// Fault makes an error that names what was done and where, without any secret of the account.
func (c Caller) Fault(kind inventory.Kind, op, region, text string) error {
	return fault(kind, "%s: %s", c.What(op, region), NewScrubber(c.Account).Clean(text))
}

// Named gives an error of the kind Deadline the name of what the end of time ended, once; others,
// and nil, stay as they are.
func (c Caller) Named(op, region string, err error) error {
	var known *inventory.Error
	if inventory.KindOf(err) != inventory.Deadline || errors.As(err, &known) && known.Message == c.What(op, region) {
		return err
	}
	return &inventory.Error{Kind: inventory.Deadline, Message: c.What(op, region), Err: err}
}

// What names an operation: "alibaba: list instances: account a, region r".
func (c Caller) What(op, region string) string {
	text := string(c.Account.Cloud) + ": " + op + ": account " + c.Account.Name
	if region != "" {
		text += ", region " + region
	}
	return text
}
