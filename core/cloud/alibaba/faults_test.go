package alibaba_test

import (
	"fmt"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// checkError fails a test whose error shows a secret or does not name what was done for whom.
func checkError(t *testing.T, err error) { t.Helper(); harness().CheckError(t, err) }

// TestFaults: what each fault means for each method, and that no text shows a secret.
func TestFaults(t *testing.T) {
	t.Parallel()
	harness().CheckFaults(t, map[alibabatest.Kind]inventory.Kind{
		alibabatest.Throttled: inventory.Throttled, alibabatest.Forbidden: inventory.Denied,
		alibabatest.InternalError: inventory.Temporary, alibabatest.Unavailable: inventory.Temporary,
		peertest.HTML500: inventory.Temporary, peertest.HTML503: inventory.Temporary,
		peertest.HTML200: inventory.Incomplete, alibabatest.OddError: inventory.Invalid,
		peertest.EmptyObject: inventory.Incomplete, peertest.Null: inventory.Incomplete,
		peertest.EmptyBody: inventory.Incomplete, alibabatest.NoList: inventory.Incomplete,
		alibabatest.NoRequestID: inventory.Incomplete, alibabatest.Truncated: inventory.Incomplete,
		peertest.CutOff: inventory.Temporary, peertest.Redirect: inventory.Incomplete,
		peertest.Reset: inventory.Temporary, alibabatest.NonceUsed: inventory.Temporary,
		alibabatest.ExpiredSignature: inventory.ClockOff, alibabatest.IllegalTime: inventory.ClockOff,
		alibabatest.Inactive: inventory.BadCredentials, alibabatest.NoKey: inventory.BadCredentials,
		alibabatest.Rejected: inventory.Throttled, alibabatest.Busy: inventory.Temporary, peertest.Hang: inventory.Temporary,
	})
}

// TestPagingFaults: what can go wrong between two pages.
func TestPagingFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[alibabatest.Kind]inventory.Kind{
		alibabatest.RepeatedToken: inventory.Incomplete, alibabatest.InvalidToken: inventory.Invalid,
		alibabatest.InternalError: inventory.Temporary, alibabatest.NoList: inventory.Incomplete,
		alibabatest.NoPermission: inventory.Denied,
	} {
		w := newWorld(t)
		w.Fill(region, 250)
		after := 1
		if fault == alibabatest.RepeatedToken || fault == alibabatest.InvalidToken {
			after = 0
		}
		w.Server.Break(alibabatest.Fault{Kind: fault, After: after})
		harness().CheckListFails(t, string(fault), w, want)
	}
}

// TestAnswerWithoutList: once is enough to spoil the scope, though the right to list is proved.
func TestAnswerWithoutList(t *testing.T) {
	t.Parallel()
	for after := range 2 {
		w := newWorld(t)
		w.Fill(region, 150)
		w.Server.Break(alibabatest.Fault{Kind: alibabatest.NoList, After: after, Times: 1})
		harness().CheckListFails(t, fmt.Sprint("page ", after+1), w, inventory.Incomplete)
	}
}

// TestOddRows: an instance without an id or of another region spoils the scope.
func TestOddRows(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]alibabatest.Instance{
		"no id":          {ID: "i-x", Raw: []byte(`{"InstanceName":"nameless"}`)},
		"null":           {ID: "i-x", Raw: []byte(`null`)},
		"another region": {ID: "i-x", RegionID: "cn-hangzhou"},
	} {
		w := newWorld(t)
		w.Fill(region, 3)
		w.account.Put(region, odd)
		harness().CheckListFails(t, name, w, inventory.Incomplete)
	}
	w := newWorld(t)
	w.account.Put(region, alibabatest.Instance{ID: "i-x", RegionID: "-"})
	list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
	if err != nil || len(list) != 1 || list[0].Region != region {
		t.Errorf("a row that names no region: %v, %v", list, err)
	}
}

// TestFindVerifiedAnswersOther: rows that nobody asked for are no answer.
func TestFindVerifiedAnswersOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account.Put(region, alibabatest.Instance{ID: "i-asked", Raw: []byte(`{"InstanceId":"i-other"}`)})
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	for _, ids := range [][]string{{"i-asked"}, {""}} {
		if list, err := cloudtest.FindInstances(t.Context(), lister, region, ids...); err == nil || list != nil {
			t.Errorf("%q: %v, %v", ids, list, err)
		}
	}
	if _, err := lister.List(t.Context(), ""); inventory.KindOf(err) != inventory.Invalid {
		t.Errorf("no region: %v", err)
	}
	if _, err := lister.List(t.Context(), "cn beijing?x"); inventory.KindOf(err) != inventory.Invalid {
		t.Errorf("a region that is none: %v", err)
	}
}

// TestDryRunThatSucceeds: only the refusal DryRunOperation proves the right to list. A gateway that drops the parameter
// answers 2xx, and so would an empty list that hides everything.
func TestDryRunThatSucceeds(t *testing.T) {
	t.Parallel()
	for name, fill := range map[string]int{"an empty region": 0, "a region with instances": 3} {
		w := newWorld(t)
		w.Fill(region, fill)
		w.Server.Break(alibabatest.Fault{Kind: alibabatest.DryRunIgnored, Action: alibabatest.DescribeInstances})
		_, err := w.Open(t, cloudtest.InstantRetries(), nil).FindVerified(t.Context(), region, []string{"i-released"})
		if inventory.KindOf(err) != inventory.Incomplete {
			t.Errorf("%s: %v", name, err)
		}
		if fill == 0 {
			harness().CheckListFails(t, name, w, inventory.Incomplete)
		}
	}
}
