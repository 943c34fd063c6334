// Package cloudtest is the contract of cloud.Lister as tests. Every cloud's adapter runs it
// against its emulator; what the suite checks is what the engine relies on.
package cloudtest

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// Fault is a misbehaviour that every cloud's emulator can show.
type Fault string

// The faults of the listing call (and its probe) that the suite asks for.
const (
	Throttled    Fault = "throttled"     // the cloud's own throttling error
	NoPermission Fault = "no permission" // as the cloud shows that the right to list is missing
	ServerError  Fault = "server error"  // 5xx
	Disconnect   Fault = "disconnect"    // the connection breaks
	EmptyBody    Fault = "empty body"    // a success with nothing in it
	EmptyObject  Fault = "empty object"  // a success with {}
	Truncated    Fault = "truncated"     // a success with half of the document
	WebPage      Fault = "web page"      // a success with HTML
	Redirect     Fault = "redirect"
	NoProgress   Fault = "no progress" // the cursor stands still
	Hang         Fault = "hang"        // no answer
)

// Key tells with which credentials a lister is opened.
type Key int

// The credentials that a World knows.
const (
	GoodKey Key = iota
	UnknownKey
	WrongSecret
)

// World is one emulated cloud with one account, fresh for each test.
type World interface {
	// Open gives a lister for the account, with the policy for its retries.
	Open(t testing.TB, key Key, policy cloud.Policy) cloud.Lister
	// Fill puts n instances into a region, and gives their ids.
	Fill(region string, n int) (ids []string)
	// Break makes listing calls of a region fail: the first `after` ones are answered well, then
	// `times` badly (0 = for ever).
	Break(region string, fault Fault, after, times int)
}

// Harness is what an adapter's test provides.
type Harness struct {
	New     func(t testing.TB) World
	Region  string   // exists
	Missing string   // does not exist
	Owner   string   // the account's id
	Secrets []string // that no error may show: key ids, secrets, tokens
	// PageSize is the number of rows of one answer.
	PageSize int
	Absent   string // the provider's id that no instance has
}

// Run runs the whole contract.
func Run(t *testing.T, h Harness) {
	for name, test := range map[string]func(*testing.T, Harness){
		"owner":                 testOwner,
		"regions":               testRegions,
		"complete":              testComplete,
		"empty":                 testEmpty,
		"absent id":             testAbsentID,
		"bad keys":              testBadKeys,
		"missing region":        testMissingRegion,
		"heals":                 testHeals,
		"gives up":              testGivesUp,
		"throttled to the end":  testThrottledToTheEnd,
		"never half a list":     testNeverHalf,
		"cancelled":             testCancelled,
		"lookup":                testLookup,
		"glance":                testGlance,
		"lookup without a list": testLookupFaults,
		"concurrent":            testConcurrent,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, h)
		})
	}
}

// Instant is a policy whose waits take no time.
func Instant() cloud.Policy {
	return cloud.Policy{Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

// faulty gives the error of a call that must fail without a result and without a secret.
func (h Harness) faulty(t *testing.T, list []inventory.Instance, err error) inventory.Kind {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, but %d instances", len(list))
	}
	if len(list) > 0 {
		t.Errorf("%d instances beside the error %v", len(list), err)
	}
	for _, secret := range h.Secrets {
		if secret != "" && strings.Contains(err.Error(), secret) {
			t.Errorf("the error shows a secret: %v", strings.ReplaceAll(err.Error(), secret, "<<SECRET>>"))
		}
	}
	if kind := inventory.KindOf(err); kind != "" && kind != inventory.Unknown {
		return kind
	}
	t.Errorf("the error has no kind: %v", err)
	return inventory.Unknown
}

// wantKind fails a test whose error is of another kind.
func (h Harness) wantKind(t *testing.T, list []inventory.Instance, err error, want ...inventory.Kind) {
	t.Helper()
	if got := h.faulty(t, list, err); !slices.Contains(want, got) {
		t.Errorf("kind %q, want one of %q: %v", got, want, err)
	}
}

// wantIDs fails a test whose instances are not exactly these, sorted.
func wantIDs(t *testing.T, list []inventory.Instance, err error, want []string) {
	t.Helper()
	if err != nil {
		t.Fatalf("error: %v", err)
	}
	got := make([]string, len(list))
	for i, row := range list {
		got[i] = row.ID
	}
	if want = slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
		t.Errorf("%d instances %.200q, want %d sorted %.200q", len(got), got, len(want), want)
	}
}
