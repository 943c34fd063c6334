package cloudtest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// testLostRows: a list that omits a row, also when it is asked for it by id, proves no
// absence, in a full region as in one that seems to be empty.
func testLostRows(t *testing.T, h Harness) {
	w := h.New(t)
	ids := w.Fill(h.Region, 3)
	lister := w.Open(t, InstantRetries(), nil)
	w.Hide(h.Region, ids[0])
	list, err := lister.List(t.Context(), h.Region)
	wantIDs(t, list, err, ids[1:]) // the list alone cannot show it
	h.wantUnproved(t, lister, ids, ids[0])
	h.wantUnproved(t, lister, ids[:1], ids[0])
	w.Hide(h.Region, ids...)
	h.wantUnproved(t, lister, ids, ids[0])
}

// wantUnproved fails the test if the answer is that an instance is absent, weakly or not.
func (h Harness) wantUnproved(t *testing.T, lister cloud.Lister, ids []string, id string) {
	t.Helper()
	found, err := lister.FindVerified(t.Context(), h.Region, ids)
	switch {
	case err != nil && inventory.KindOf(err) != inventory.Incomplete:
		t.Errorf("of %s: kind %q, want %q: %v", id, inventory.KindOf(err), inventory.Incomplete, err)
	case err != nil:
		h.CheckError(t, err)
	case !slices.ContainsFunc(found.Instances, func(i inventory.Instance) bool { return i.ID == id }):
		t.Errorf("%s is said to be absent: %+v", id, found)
	}
}

// testReleased: both witnesses say that an instance is released, or the second one knows nothing.
func testReleased(t *testing.T, h Harness) {
	w := h.New(t)
	ids := w.Fill(h.Region, 3)
	w.Remove(h.Region, ids[0])
	found, err := w.Open(t, InstantRetries(), nil).FindVerified(t.Context(), h.Region, ids)
	wantIDs(t, found.Instances, err, ids[1:])
	why, weak := found.Weak[ids[0]]
	if weak != h.VerifyForgets || len(found.Weak) > 1 || weak && why == nil {
		t.Errorf("weakly absent: %v, want it %t", found.Weak, h.VerifyForgets)
	}
}

// testVerifyFaults: whatever the second kind of call answers wrongly, the list alone proves no absence.
func testVerifyFaults(t *testing.T, h Harness) {
	if h.VerifyAction == "" {
		t.Skip("both kinds are one action: what makes one fail makes both fail")
	}
	for _, fault := range []peertest.Kind{
		peertest.NoPermission, peertest.Throttled, peertest.HTML503, peertest.HTML200, peertest.Reset, peertest.EmptyBody,
		peertest.EmptyObject, peertest.Null, peertest.Redirect, peertest.CutOff,
	} {
		w := h.New(t)
		ids := w.Fill(h.Region, 3)
		w.Remove(h.Region, ids[0])
		w.Break(peertest.Fault{Kind: fault, Action: h.VerifyAction})
		found, err := w.Open(t, InstantRetries(), nil).FindVerified(t.Context(), h.Region, ids)
		if err != nil {
			h.failureKind(t, found.Instances, err)
			continue
		}
		wantIDs(t, found.Instances, err, ids[1:])
		if found.Weak[ids[0]] == nil {
			t.Errorf("%s: the list alone proves an absence", fault)
		}
	}
}

// testStatuses: each status means what the table in the package doc says, in lists, in look-ups and in proofs; one that
// nobody knows is present. A region in which nothing exists any more is empty, and no error.
func testStatuses(t *testing.T, h Harness) {
	if len(h.Statuses) == 0 {
		t.Fatal("the harness names no statuses")
	}
	statuses := maps.Clone(h.Statuses)
	statuses["Brand-New"] = inventory.Present
	for status, want := range statuses {
		w := h.New(t)
		ids := w.Fill(h.Region, 2)
		w.SetStatus(h.Region, status, ids[0])
		lister := w.Open(t, InstantRetries(), nil)
		there := ids
		if want == inventory.Absent {
			there = ids[1:]
		}
		list, err := lister.List(t.Context(), h.Region)
		wantIDs(t, list, err, there)
		h.wantExistence(t, status, list, ids[0], want)
		list, err = lister.Find(t.Context(), h.Region, ids)
		wantIDs(t, list, err, there)
		h.wantExistence(t, status, list, ids[0], want)
		found, err := lister.FindVerified(t.Context(), h.Region, ids)
		wantIDs(t, found.Instances, err, there)
		h.wantExistence(t, status, found.Instances, ids[0], want)
		w.SetStatus(h.Region, status, ids[1])
		list, err = lister.List(t.Context(), h.Region)
		if want == inventory.Absent {
			there = nil
		}
		wantIDs(t, list, err, there)
	}
}

func (h Harness) wantExistence(t *testing.T, status string, list []inventory.Instance, id string, want inventory.Existence) {
	t.Helper()
	for _, i := range list {
		if i.ID == id && (i.Existence != want || i.Status != strings.ToLower(status)) {
			t.Errorf("%s: status %q, existence %d, want %d", status, i.Status, i.Existence, want)
		}
	}
}
