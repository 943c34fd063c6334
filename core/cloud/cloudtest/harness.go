// Package cloudtest checks that an adapter keeps the contract of cloud.Lister. Every cloud's adapter runs it
// against its emulator; the engine relies on what it checks.
package cloudtest

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// World is one emulated cloud with one account, new for each test. It embeds a ServedEmulator and, for Break
// and Calls, the emulator.
type World interface {
	// Open returns a lister for the account, changed by change (nil = unchanged), with the policy for its retries.
	Open(t testing.TB, policy cloud.RetryPolicy, change func(*cloud.Account)) cloud.Lister
	// Fill adds n instances to a region, and returns their ids.
	Fill(region string, n int) (ids []string)
	// FillIPv6 adds an instance to a region that has only an IPv6 address, "2408:4005:0366:8700::…", and returns its id.
	FillIPv6(region string) (id string)
	// FillFacts adds an instance to a region that has every fact which the cloud shows, Tags of the harness among them, and
	// returns its id and these facts. Two of them have the same facts.
	FillFacts(region string) (id string, all inventory.Facts)
	// Remove deletes instances of a region.
	Remove(region string, ids ...string)
	// SetStatus sets the status of instances, as the cloud writes it.
	SetStatus(region, status string, ids ...string)
	// Hide makes the list omit instances, also when it is asked for them by id, while the cloud's second
	// kind of call still shows them.
	Hide(region string, ids ...string)
	// Break makes calls fail; see peertest.Fault.
	Break(peertest.Fault) (repair func())
	// SetClockAhead sets the cloud's clock ahead; SetDateAhead only the Date of its answers.
	SetClockAhead(d time.Duration)
	SetDateAhead(d time.Duration)
	// Calls returns how many calls of an action were made; "" = of all.
	Calls(action string) int
}

// Harness is what an adapter's test provides.
type Harness struct {
	New           func(t testing.TB) World
	Open          func(cloud.Account, cloud.RetryPolicy) (cloud.Lister, error) // the adapter's
	Account       cloud.Account                                                // with a valid key; worlds add their address
	UnknownKey    string                                                       // the id of a key that the cloud does not know
	Region        string                                                       // exists
	MissingRegion string                                                       // does not exist
	Owner         string                                                       // the account's id
	Secrets       []string                                                     // that no error may show: key ids, secrets, tokens
	// Services are those of the cloud's table whose address may be configured.
	Services []string
	// ListAction is the emulator's name of the action that lists, and PageSize the number of rows of its pages.
	ListAction    string
	PageSize      int
	NonexistentID string // the provider's id that no instance has
	// ListCalls is how often List is called to find 230 instances and one that is absent; 0 = it varies.
	ListCalls int
	// VerifyAction is the action of the second kind of call that proves an absence; "" = it is List too.
	VerifyAction string
	// VerifyForgets says that the second kind of call knows nothing of a released instance, so that its
	// absence has only one witness.
	VerifyForgets bool
	// Statuses are the cloud's words, as its package doc has them, and what they mean.
	Statuses map[string]inventory.Existence
	// NoIPv6 says that the API shows no IPv6 addresses that are read.
	NoIPv6 bool
	// NoFacts are the facts that the API shows of no instance: Missing of the Facts in the cloud's table.
	NoFacts inventory.Fact
	// FactCalls is how many calls more a List, a Find and a FindVerified take together where facts are wanted.
	FactCalls int
	// UsesTokens says that the cloud issues tokens and verifies no time of ours.
	UsesTokens bool
	// AllowsNoKey says that an account without a key uses the role of its host.
	AllowsNoKey bool
}

// RunContract runs the whole contract.
func RunContract(t *testing.T, h Harness) {
	for name, test := range map[string]func(*testing.T, Harness){
		"owner":                 testOwner,
		"regions":               testRegions,
		"complete":              testCompleteList,
		"IPv6":                  testOnlyIPv6,
		"facts":                 testFacts,
		"facts by id alone":     testFactsOfSecondWitness,
		"facts are kept once":   testFactsShareTexts,
		"empty":                 testEmptyRegion,
		"absent id":             testNonexistentID,
		"bad keys":              testBadKeys,
		"missing region":        testMissingRegion,
		"heals":                 testRetriesSucceed,
		"gives up":              testRetriesEnd,
		"throttled to the end":  testThrottledToTheEnd,
		"never half a list":     testNoPartialList,
		"endless":               testEndlessList,
		"cancelled":             testCancelled,
		"lookup":                testFindVerified,
		"glance":                testFind,
		"lookup without a list": testFindVerifiedFaults,
		"a list loses rows":     testLostRows,
		"gone":                  testReleased,
		"statuses":              testStatuses,
		"one witness":           testVerifyFaults,
		"many":                  testManyIDs,
		"concurrent":            testConcurrent,
		"open refuses":          testOpenRefuses,
		"clock":                 testClock,
		"refused by time":       testRefusedByTime,
		"no server":             testConnectionRefused,
		"TLS":                   testTLS,
		"proxy":                 testProxy,
		"endpoints":             testEndpoints,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, h)
		})
	}
}

// ServedEmulator is an emulator that is served, and the account that uses it.
type ServedEmulator struct {
	Account cloud.Account // with the emulator's address; may be changed before a lister is opened
	open    func(cloud.Account, cloud.RetryPolicy) (cloud.Lister, error)
}

// Serve serves an emulator until the test ends. stop ends its hanging requests.
func Serve(t testing.TB, emulator http.Handler, stop func(), h Harness) *ServedEmulator {
	web := httptest.NewServer(emulator)
	t.Cleanup(func() {
		stop()
		web.Close()
	})
	s := &ServedEmulator{Account: h.Account, open: h.Open}
	s.Account.Endpoint = web.URL
	return s
}

// Open implements World.
func (s *ServedEmulator) Open(t testing.TB, policy cloud.RetryPolicy, change func(*cloud.Account)) cloud.Lister {
	t.Helper()
	account := s.Account
	if change != nil {
		change(&account)
	}
	lister, err := s.open(account, policy)
	if err != nil {
		t.Fatal(err)
	}
	return lister
}

// InstantRetries returns a policy whose waits take no time.
func InstantRetries() cloud.RetryPolicy {
	return cloud.RetryPolicy{Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() }}
}

// FindInstances returns the instances that FindVerified finds.
func FindInstances(ctx context.Context, l cloud.Lister, region string, ids ...string) ([]inventory.Instance, error) {
	found, err := l.FindVerified(ctx, region, ids)
	return found.Instances, err
}

// failureKind returns the kind of an error, which must come without a result and without a secret.
func (h Harness) failureKind(t *testing.T, list []inventory.Instance, err error) inventory.Kind {
	t.Helper()
	if err == nil {
		t.Fatalf("no error, but %d instances", len(list))
	}
	if len(list) > 0 {
		t.Errorf("%d instances beside the error %v", len(list), err)
	}
	h.CheckError(t, err)
	if kind := inventory.KindOf(err); kind != "" && kind != inventory.Unknown {
		return kind
	}
	t.Errorf("the error has no kind: %v", err)
	return inventory.Unknown
}

// CheckError fails the test unless the error exists, shows no secret, and names operation and account once.
func (h Harness) CheckError(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	text := err.Error()
	for _, secret := range h.Secrets {
		if secret != "" && strings.Contains(text, secret) {
			t.Errorf("the error shows a secret: %v", strings.ReplaceAll(text, secret, "<<SECRET>>"))
		}
	}
	if !strings.HasPrefix(text, string(h.Account.Cloud)+": ") || strings.Count(text, h.Account.Name) != 1 {
		t.Errorf("operation and account are not named once: %v", err)
	}
}

// CheckListFails fails the test unless listing the region fails with this kind. what names the case.
func (h Harness) CheckListFails(t *testing.T, what string, w World, want inventory.Kind) {
	t.Helper()
	list, err := w.Open(t, InstantRetries(), nil).List(t.Context(), h.Region)
	if got := h.failureKind(t, list, err); got != want {
		t.Errorf("%s: kind %q, want %q: %v", what, got, want, err)
	}
}

// CheckOpenFails fails the test unless opening the changed account fails with this kind.
func (h Harness) CheckOpenFails(t *testing.T, want inventory.Kind, change func(*cloud.Account)) {
	t.Helper()
	account := h.Account
	change(&account)
	lister, err := h.Open(account, cloud.RetryPolicy{})
	if lister != nil {
		t.Errorf("a lister beside the error %v", err)
	}
	h.wantKind(t, nil, err, want)
}

// MethodErrors returns the error of each method, by its name.
func MethodErrors(ctx context.Context, l cloud.Lister, region string, ids []string) map[string]error {
	_, owner := l.Owner(ctx)
	_, regions := l.Regions(ctx)
	_, list := l.List(ctx, region)
	_, lookup := l.FindVerified(ctx, region, ids)
	_, glance := l.Find(ctx, region, ids)
	return map[string]error{"owner": owner, "regions": regions, "list": list, "lookup": lookup, "glance": glance}
}

// CheckFaults checks what each fault of all calls means for each method.
func (h Harness) CheckFaults(t *testing.T, wants map[peertest.Kind]inventory.Kind) {
	for fault, want := range wants {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			w := h.New(t)
			ids := w.Fill(h.Region, 3)
			w.Break(peertest.Fault{Kind: fault})
			h.CheckAllFail(t, w.Open(t, InstantRetries(), ShortTimeout(fault)), ids, want)
		})
	}
}

// CheckAllFail fails the test unless every method fails with this kind.
func (h Harness) CheckAllFail(t *testing.T, l cloud.Lister, ids []string, want inventory.Kind) {
	t.Helper()
	for name, err := range MethodErrors(t.Context(), l, h.Region, ids) {
		if got := inventory.KindOf(err); got != want {
			t.Errorf("%s: kind %q, want %q: %v", name, got, want, err)
		}
		h.CheckError(t, err)
	}
}

// ShortTimeout returns a change of an account's time-out: longer than any busy machine needs, and short for Hang, where
// nothing else ends a call.
func ShortTimeout(fault peertest.Kind) func(*cloud.Account) {
	return func(a *cloud.Account) {
		a.RequestTimeout = time.Minute
		if fault == peertest.Hang {
			a.RequestTimeout = 20 * time.Millisecond
		}
	}
}

// wantKind fails the test unless the error has one of these kinds.
func (h Harness) wantKind(t *testing.T, list []inventory.Instance, err error, want ...inventory.Kind) {
	t.Helper()
	if got := h.failureKind(t, list, err); !slices.Contains(want, got) {
		t.Errorf("kind %q, want one of %q: %v", got, want, err)
	}
}

// wantIDs fails the test unless the instances are exactly these, sorted.
func wantIDs(t *testing.T, list []inventory.Instance, err error, want []string) {
	t.Helper()
	if err != nil {
		t.Fatalf("error: %v", err)
	}
	got := make([]string, len(list))
	for i, row := range list {
		got[i] = row.ID
	}
	want = slices.Sorted(slices.Values(want))
	if !slices.Equal(got, want) {
		t.Errorf("%d instances %.200q, want %d sorted %.200q", len(got), got, len(want), want)
	}
}
