package azure

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// apiError is an answer that is no success, of Resource Manager or of a service that issues tokens.
type apiError struct {
	*cloud.APIError
	sender     responder     // who sent it
	retryAfter time.Duration // as the answer says; 0 = it does not
}

// Error returns who sent the error, and its text.
func (r *apiError) Error() string { return r.sender.String() + r.APIError.Error() }

// Unwrap returns the error in the form of all clouds.
func (r *apiError) Unwrap() error { return r.APIError }

// aadstsPattern finds the code in the description of an error of Entra ID.
var aadstsPattern = regexp.MustCompile(`AADSTS[0-9]+`)

// newAPIError parses an error document, leniently: gateways write others. That of Resource Manager is
// {"error":{"code":…,"message":…}}, that of a token service {"error":…,"error_description":…}.
func newAPIError(resp *http.Response, body []byte, from responder) *apiError {
	r := &apiError{
		APIError: &cloud.APIError{Status: resp.StatusCode, RequestID: resp.Header.Get("X-Ms-Request-Id")},
		sender:   from, retryAfter: parseRetryAfter(resp.Header, time.Now()),
	}
	var doc map[string]any
	if json.Unmarshal(body, &doc) != nil {
		r.Message = http.StatusText(resp.StatusCode) + ", no JSON document"
		return r
	}
	switch e := doc["error"].(type) {
	case map[string]any:
		r.Code, _ = e["code"].(string)
		r.Message, _ = e["message"].(string)
	case string:
		r.Message, _ = doc["error_description"].(string)
		r.Code = aadstsPattern.FindString(r.Message)
		if r.Code == "" {
			r.Code = e
		}
		// What follows is a trace id and the time.
		r.Message, _, _ = strings.Cut(strings.TrimPrefix(r.Message, r.Code+": "), "Trace ID:")
	default:
		r.Code, _ = doc["code"].(string)
		r.Message, _ = doc["message"].(string)
	}
	return r
}

// parseRetryAfter returns how long to wait: Retry-After, or Resource Graph's x-ms-user-quota-resets-after as hh:mm:ss:
// https://learn.microsoft.com/azure/governance/resource-graph/concepts/guidance-for-throttled-requests
func parseRetryAfter(h http.Header, now time.Time) time.Duration {
	var quota time.Duration
	if at, err := time.Parse(time.TimeOnly, h.Get("X-Ms-User-Quota-Resets-After")); err == nil {
		quota = time.Duration(at.Hour())*time.Hour + time.Duration(at.Minute())*time.Minute + time.Duration(at.Second())*time.Second
	}
	return cmp.Or(httpx.RetryAfter(h, now), quota)
}

// errorKind returns what an error code, or else the HTTP status, means:
// https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors and
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
func errorKind(r *apiError) inventory.Kind {
	status := r.Status
	switch {
	case r.Kind != "":
		return r.Kind
	case status == http.StatusTooManyRequests:
		return inventory.Throttled
	case status >= 500, status == http.StatusRequestTimeout, r.Code == "temporarily_unavailable",
		r.sender.givesTokens() && status == http.StatusGone: // the metadata service is being updated
		return inventory.Temporary
	case slices.Contains([]string{"AADSTS700024", "AADSTS500133"}, r.Code): // an assertion out of its valid time
		return inventory.ClockOff
	case r.sender.givesTokens() && status >= 400, status == http.StatusUnauthorized:
		return inventory.BadCredentials
	case status == http.StatusForbidden:
		return inventory.Denied
	case status == http.StatusNotFound && r.Code != codeNoSuchType:
		return inventory.NotFound
	case status >= 400:
		return inventory.Invalid
	}
	return inventory.Incomplete // a redirect, or a success without a document
}

// The codes that need more than their text to be understood. The first two are those of an API version, or of a kind of
// resource, that a place does not offer.
const (
	codeNoSuchVersion = "NoRegisteredProviderFound"
	codeNoSuchType    = "InvalidResourceType"
	codeNotRegistered = "MissingSubscriptionRegistration"
	codeNoSuchTenant  = "AADSTS90002"
)

// hint returns what a reader should know of a refusal beside its own text; "" = nothing:
// https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/error-register-resource-provider and
// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
func (r *apiError) hint() string {
	switch r.Code {
	case codeNoSuchVersion, codeNoSuchType:
		return " (this cloud does not offer the version of the API that jms-sync asks for, which is of 2021 or older: " +
			"are regions and endpoint those of the account's own cloud? An Azure Stack has older APIs, and is not supported)"
	case codeNotRegistered:
		return " (the resource provider that the text names is not registered in the subscription: az provider register --namespace …)"
	case codeNoSuchTenant:
		return " (the directory is not known there: is tenant_id right? An account of Azure China or Azure Government has to name its regions, " +
			"such as chinaeast2 or usgovvirginia, or its endpoint)"
	}
	return ""
}

// wrapError turns any error of a call into one with a kind. It leaves out the SDK's own texts: they hold
// whole requests and answers, those with tokens too.
func (l *lister) wrapError(ctx context.Context, op string, err error) error {
	var known *inventory.Error
	var refused *apiError
	var lost *httpx.NoAnswerError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &known):
		return err
	case errors.As(err, &refused):
		fault := l.newPartError(errorKind(refused), op, refused.Error())
		fault.Message += refused.hint()
		fault.RetryAfter = refused.retryAfter
		return cloud.ExplainBySkew(ctx, fault)
	case context.Cause(ctx) != nil:
		return &inventory.Error{Kind: inventory.Deadline, Message: op, Err: context.Cause(ctx)}
	case errors.As(err, &lost):
		kind, text := cloud.ConnectionError(lost)
		return l.newPartError(kind, op, text)
	}
	return l.newPartError(inventory.Incomplete, op, "the answer is not the document that it should be")
}

// callRetried makes one call and retries it as cloud.Retry does. A panic of the SDK, or of what parses its
// answers, is an error of the call, which may run in a goroutine of ours.
func callRetried[T any](ctx context.Context, l *lister, op string, call func(context.Context) (T, error)) (T, error) {
	return cloud.Retry(ctx, l.policy, func(ctx context.Context) (T, error) {
		ctx, failed := withLastError(cloud.WithCallClock(ctx))
		value, err := recoverPanic(func() (T, error) { return call(ctx) })
		if err != nil {
			err = failed.preferRecorded(err)
		}
		return value, l.wrapError(ctx, op, err)
	})
}

// recoverPanic makes an error of a panic. The text of a panic may hold anything; that of a runtime error does not.
func recoverPanic[T any](call func() (T, error)) (value T, err error) {
	defer func() {
		if broken := recover(); broken != nil {
			text := fmt.Sprintf("a %T", broken)
			if e, ok := broken.(runtime.Error); ok {
				text = e.Error()
			}
			err = &inventory.Error{Kind: inventory.Unknown, Message: "the lister broke: " + text}
		}
	}()
	return call()
}

// newPartError returns an error of one step of a method, without account and region.
func (l *lister) newPartError(kind inventory.Kind, op, text string) *inventory.Error {
	text = l.scrub.Scrub(text)
	if op != "" {
		text = op + ": " + text
	}
	return &inventory.Error{Kind: kind, Message: text}
}

// nameError adds to an error what was done for which account and region; nil stays nil.
func (l *lister) nameError(op, region string, err error) error {
	if err == nil {
		return nil
	}
	out := &inventory.Error{Kind: inventory.KindOf(err), Message: cloud.Client{Account: l.account}.Operation(op, region), Err: err}
	var inner *inventory.Error
	if errors.As(err, &inner) {
		out.RetryAfter, out.Skew = inner.RetryAfter, inner.Skew
	}
	return out
}

// newError returns an error of a method as a whole.
func (l *lister) newError(kind inventory.Kind, op, text string) error {
	return l.nameError(op, "", l.newPartError(kind, "", text))
}
