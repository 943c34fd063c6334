package cloudtest

import (
	"context"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/wait"
)

// maxPromptTime bounds a call that has nothing to wait for.
const maxPromptTime = 2 * time.Second

// breakList makes calls that list the region fail: the first after ones succeed, then times
// fail (0 = all).
func (h Harness) breakList(w World, fault peertest.Kind, after, times int) {
	w.Break(peertest.Fault{Kind: fault, Action: h.ListAction, Region: h.Region, After: after, Times: times})
}

func testOwner(t *testing.T, h Harness) {
	owner, err := h.New(t).Open(t, InstantRetries(), nil).Owner(t.Context())
	if err != nil || owner != h.Owner {
		t.Errorf("owner %q, error %v; want %q", owner, err, h.Owner)
	}
}

func testRegions(t *testing.T, h Harness) {
	regions, err := h.New(t).Open(t, InstantRetries(), nil).Regions(t.Context())
	if err != nil || !slices.Contains(regions, h.Region) || !slices.IsSorted(regions) {
		t.Errorf("regions %q, error %v; want them sorted, with %q", regions, err, h.Region)
	}
}

// testCompleteList: all pages, each instance once, sorted, with its region; each call is progress of the run.
func testCompleteList(t *testing.T, h Harness) {
	w := h.New(t)
	ids := append(w.Fill(h.Region, 2*h.PageSize+h.PageSize/2), w.FillIPv6(h.Region))
	var noted atomic.Int64
	list, err := w.Open(t, InstantRetries(), nil).List(wait.WithProgress(t.Context(), func() { noted.Add(1) }), h.Region)
	wantIDs(t, list, err, ids)
	if calls := w.Calls(h.ListAction); noted.Load() < int64(calls) {
		t.Errorf("%d of %d calls are progress", noted.Load(), calls)
	}
	for _, row := range list {
		if row.Region != h.Region || len(row.Addresses()) == 0 {
			t.Fatalf("%s has region %q and addresses %q", row.ID, row.Region, row.Addresses())
		}
	}
}

// testOnlyIPv6: an instance without IPv4 has its IPv6 address, in the one form of RFC 5952, wherever it is asked for.
func testOnlyIPv6(t *testing.T, h Harness) {
	w := h.New(t)
	w.Fill(h.Region, 1)
	id := w.FillIPv6(h.Region)
	lister := w.Open(t, InstantRetries(), nil)
	for name, ask := range map[string]func() ([]inventory.Instance, error){
		"list": func() ([]inventory.Instance, error) { return lister.List(t.Context(), h.Region) },
		"find": func() ([]inventory.Instance, error) { return lister.Find(t.Context(), h.Region, []string{id}) },
	} {
		rows, err := ask()
		at := slices.IndexFunc(rows, func(i inventory.Instance) bool { return i.ID == id })
		if err != nil || at < 0 {
			t.Fatalf("%s: %d rows, %v", name, len(rows), err)
		}
		row := rows[at]
		if all := row.Addresses(); len(all) == 0 || !slices.Equal(all, row.IPv6s) || all[0] != cloud.IPv6Texts(all)[0] || !strings.HasPrefix(all[0], "2408:4005:366:8700::") {
			t.Errorf("%s: addresses %q, IPv6 %q", name, all, row.IPv6s)
		}
	}
}

// testEmptyRegion: an empty region is an answer if the right to list is proved, otherwise an error.
func testEmptyRegion(t *testing.T, h Harness) {
	w := h.New(t)
	lister := w.Open(t, InstantRetries(), nil)
	list, err := lister.List(t.Context(), h.Region)
	wantIDs(t, list, err, nil)
	h.breakList(w, peertest.NoPermission, 0, 0)
	list, err = lister.List(t.Context(), h.Region)
	h.wantKind(t, list, err, inventory.Denied)
	w.Fill(h.Region, 3) // the credential does not see them
	list, err = lister.List(t.Context(), h.Region)
	h.wantKind(t, list, err, inventory.Denied)
}

// testNonexistentID: an id of the provider that no instance has proves the right to list, or shows that it is missing,
// in an empty region as in a full one.
func testNonexistentID(t *testing.T, h Harness) {
	for _, n := range []int{0, 2} {
		w := h.New(t)
		w.Fill(h.Region, n)
		lister := w.Open(t, InstantRetries(), nil)
		list, err := FindInstances(t.Context(), lister, h.Region, h.NonexistentID)
		wantIDs(t, list, err, nil)
		h.breakList(w, peertest.NoPermission, 0, 0)
		list, err = FindInstances(t.Context(), lister, h.Region, h.NonexistentID)
		h.wantKind(t, list, err, inventory.Denied)
	}
}

func testBadKeys(t *testing.T, h Harness) {
	w := h.New(t)
	w.Fill(h.Region, 1)
	for _, spoil := range []func(*cloud.Account){
		func(a *cloud.Account) { a.AccessKeyID = secret.New(h.UnknownKey) },
		func(a *cloud.Account) { a.AccessKeySecret = secret.New(WrongSecret) },
	} {
		lister := w.Open(t, InstantRetries(), spoil)
		list, err := lister.List(t.Context(), h.Region)
		h.wantKind(t, list, err, inventory.BadCredentials)
		_, err = lister.Owner(t.Context())
		h.wantKind(t, nil, err, inventory.BadCredentials)
		_, err = lister.Regions(t.Context())
		h.wantKind(t, nil, err, inventory.BadCredentials)
	}
}

func testMissingRegion(t *testing.T, h Harness) {
	lister := h.New(t).Open(t, InstantRetries(), nil)
	for _, odd := range []string{h.MissingRegion, "no region?x"} {
		list, err := lister.List(t.Context(), odd)
		h.wantKind(t, list, err, inventory.NotFound, inventory.Invalid)
	}
	list, err := lister.List(t.Context(), "")
	h.wantKind(t, list, err, inventory.Invalid)
}

// testRetriesSucceed: transient faults are waited for, also in the middle of a list.
func testRetriesSucceed(t *testing.T, h Harness) {
	for _, c := range []struct {
		fault        peertest.Kind
		after, times int
	}{
		{peertest.Throttled, 0, 1}, {peertest.Throttled, 1, 6}, {peertest.HTML503, 0, 3}, {peertest.HTML503, 1, 2}, {peertest.Reset, 1, 1},
	} {
		w := h.New(t)
		ids := w.Fill(h.Region, h.PageSize+1)
		h.breakList(w, c.fault, c.after, c.times)
		list, err := w.Open(t, InstantRetries(), nil).List(t.Context(), h.Region)
		wantIDs(t, list, err, ids)
	}
}

// testRetriesEnd: an outage ends a scope with Temporary, after a few tries.
func testRetriesEnd(t *testing.T, h Harness) {
	for _, fault := range []peertest.Kind{peertest.HTML503, peertest.Reset} {
		w := h.New(t)
		w.Fill(h.Region, 1)
		h.breakList(w, fault, 0, 0)
		list, err := w.Open(t, InstantRetries(), nil).List(t.Context(), h.Region)
		h.wantKind(t, list, err, inventory.Temporary)
	}
}

// testThrottledToTheEnd: the throttled error is returned at once if waiting makes no sense.
func testThrottledToTheEnd(t *testing.T, h Harness) {
	w := h.New(t)
	w.Fill(h.Region, 1)
	h.breakList(w, peertest.Throttled, 0, 0)
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	list, err := w.Open(t, cloud.RetryPolicy{}, nil).List(ctx, h.Region)
	h.wantKind(t, list, err, inventory.Throttled)
	if ctx.Err() != nil {
		t.Error("the deadline was slept into")
	}
}

// testNoPartialList: whatever is wrong with an answer, there is no list.
func testNoPartialList(t *testing.T, h Harness) {
	for _, after := range []int{0, 1} {
		for _, fault := range []peertest.Kind{
			peertest.NoPermission, peertest.HTML503, peertest.Reset, peertest.EmptyBody, peertest.EmptyObject, peertest.Truncated, peertest.HTML200, peertest.Redirect,
		} {
			w := h.New(t)
			w.Fill(h.Region, h.PageSize+1)
			h.breakList(w, fault, after, 0)
			list, err := w.Open(t, InstantRetries(), nil).List(t.Context(), h.Region)
			if kind := h.failureKind(t, list, err); fault == peertest.EmptyObject && kind != inventory.Incomplete {
				t.Errorf("%s: kind %s", fault, kind)
			}
		}
	}
	w := h.New(t)
	w.Fill(h.Region, 2*h.PageSize+1)
	h.breakList(w, peertest.NoProgress, 0, 0)
	list, err := w.Open(t, InstantRetries(), nil).List(t.Context(), h.Region)
	h.wantKind(t, list, err, inventory.Incomplete)
}

// testEndlessList: a list that never ends is given up, whatever it shows.
func testEndlessList(t *testing.T, h Harness) {
	w := h.New(t)
	w.Fill(h.Region, 2)
	h.breakList(w, peertest.Endless, 0, 0)
	list, err := w.Open(t, InstantRetries(), nil).List(t.Context(), h.Region)
	h.wantKind(t, list, err, inventory.Incomplete)
}

// testCancelled: a cancelled context ends a call at once, with the kind Deadline.
func testCancelled(t *testing.T, h Harness) {
	w := h.New(t)
	w.Fill(h.Region, 1)
	h.breakList(w, peertest.Hang, 0, 0)
	ctx, cancel := context.WithCancel(t.Context())
	started := time.Now()
	time.AfterFunc(50*time.Millisecond, cancel)
	lister := w.Open(t, cloud.RetryPolicy{}, nil)
	list, err := lister.List(ctx, h.Region)
	h.wantKind(t, list, err, inventory.Deadline)
	list, err = FindInstances(ctx, lister, h.Region, "i-1")
	h.wantKind(t, list, err, inventory.Deadline)
	if took := time.Since(started); took > maxPromptTime {
		t.Errorf("it took %s to be cancelled", took)
	}
}

// testFindVerified: present instances are found, absent ones are proved absent.
func testFindVerified(t *testing.T, h Harness) {
	w := h.New(t)
	ids := w.Fill(h.Region, 3)
	lister := w.Open(t, InstantRetries(), nil)
	list, err := FindInstances(t.Context(), lister, h.Region, ids...)
	wantIDs(t, list, err, ids)
	absent := ids[0][:len(ids[0])-1] + "~"
	list, err = FindInstances(t.Context(), lister, h.Region, absent, ids[1], ids[1])
	wantIDs(t, list, err, ids[1:2])
	list, err = FindInstances(t.Context(), lister, h.Region, absent)
	wantIDs(t, list, err, nil)
	list, err = FindInstances(t.Context(), lister, h.Region)
	wantIDs(t, list, err, nil)
	list, err = FindInstances(t.Context(), lister, h.Region, ids[0], "")
	h.wantKind(t, list, err, inventory.Invalid)
}

// testManyIDs: more ids than fit in one call.
func testManyIDs(t *testing.T, h Harness) {
	w := h.New(t)
	ids := w.Fill(h.Region, 230)
	absent := ids[0][:len(ids[0])-1] + "~"
	list, err := FindInstances(t.Context(), w.Open(t, InstantRetries(), nil), h.Region, append(slices.Clone(ids), absent)...)
	wantIDs(t, list, err, ids)
	if calls := w.Calls(h.ListAction); h.ListCalls > 0 && calls != h.ListCalls {
		t.Errorf("%d calls, want %d", calls, h.ListCalls)
	}
}

// testFindVerifiedFaults: no fault counts as an absence.
func testFindVerifiedFaults(t *testing.T, h Harness) {
	for _, fault := range []peertest.Kind{peertest.NoPermission, peertest.HTML503, peertest.Reset, peertest.EmptyBody, peertest.EmptyObject, peertest.Truncated, peertest.HTML200, peertest.Redirect} {
		w := h.New(t)
		ids := w.Fill(h.Region, 2)
		h.breakList(w, fault, 0, 0)
		list, err := FindInstances(t.Context(), w.Open(t, InstantRetries(), nil), h.Region, ids...)
		if kind := h.failureKind(t, list, err); fault == peertest.NoPermission && kind != inventory.Denied {
			t.Errorf("%s: kind %s", fault, kind)
		}
	}
}

// testFind: the answer of one call; every fault except a missing right is an error too.
func testFind(t *testing.T, h Harness) {
	w := h.New(t)
	ids := w.Fill(h.Region, 3)
	lister := w.Open(t, InstantRetries(), nil)
	list, err := lister.Find(t.Context(), h.Region, append(ids[1:], ids[0][:len(ids[0])-1]+"~"))
	wantIDs(t, list, err, ids[1:])
	for _, fault := range []peertest.Kind{peertest.HTML503, peertest.Reset, peertest.EmptyBody, peertest.EmptyObject, peertest.Truncated, peertest.HTML200, peertest.Redirect} {
		w := h.New(t)
		ids := w.Fill(h.Region, 2)
		h.breakList(w, fault, 0, 0)
		list, err := w.Open(t, InstantRetries(), nil).Find(t.Context(), h.Region, ids)
		h.failureKind(t, list, err)
	}
}

// testConcurrent: one lister serves many goroutines; run with -race.
func testConcurrent(t *testing.T, h Harness) {
	w := h.New(t)
	ids := w.Fill(h.Region, h.PageSize+1)
	lister := w.Open(t, InstantRetries(), nil)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			list, err := lister.List(t.Context(), h.Region)
			if err != nil || len(list) != len(ids) {
				t.Errorf("%d of %d instances, error %v", len(list), len(ids), err)
			}
			if _, err := lister.Owner(t.Context()); err != nil {
				t.Errorf("owner: %v", err)
			}
		})
	}
	group.Wait()
}
