package tencent_test

import (
	"fmt"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/cloud/tencent/tencenttest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// defaultOptions are the options of most tests.
var defaultOptions = tencenttest.Options{}

// checkError fails a test whose error shows a secret or does not name what was done for whom.
func checkError(t *testing.T, err error) { t.Helper(); harness().CheckError(t, err) }

// TestFaults: what each fault means for each method, and that no text shows a secret.
func TestFaults(t *testing.T) {
	t.Parallel()
	harness().CheckFaults(t, map[tencenttest.Kind]inventory.Kind{
		tencenttest.Throttled: inventory.Throttled, tencenttest.Unauthorized: inventory.Denied,
		tencenttest.NoResource: inventory.Denied, tencenttest.Expired: inventory.ClockOff, tencenttest.OldError: inventory.Invalid,
		tencenttest.InternalError: inventory.Temporary, tencenttest.Unavailable: inventory.Temporary,
		peertest.HTML500: inventory.Temporary, peertest.HTML503: inventory.Temporary,
		peertest.HTML200: inventory.Incomplete, tencenttest.OddError: inventory.Incomplete,
		peertest.EmptyObject: inventory.Incomplete, peertest.Null: inventory.Incomplete,
		peertest.EmptyBody: inventory.Incomplete, tencenttest.NoRequestID: inventory.Incomplete,
		tencenttest.NullResponse: inventory.Incomplete, tencenttest.EmptyResponse: inventory.Incomplete,
		tencenttest.Truncated:   inventory.Incomplete,
		tencenttest.NotAccepted: inventory.Incomplete, peertest.Redirect: inventory.Incomplete,
		peertest.CutOff: inventory.Temporary, peertest.Reset: inventory.Temporary, peertest.Hang: inventory.Temporary,
	})
}

// TestPagingFaults: what can go wrong with a page. Nothing of it ends in a list.
func TestPagingFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[tencenttest.Kind]inventory.Kind{
		tencenttest.RepeatedPage: inventory.Incomplete, tencenttest.ShortPage: inventory.Incomplete,
		tencenttest.WrongTotal: inventory.Incomplete, tencenttest.NoSet: inventory.Incomplete,
		tencenttest.NullSet: inventory.Incomplete, tencenttest.NoTotal: inventory.Incomplete,
		tencenttest.InternalError: inventory.Temporary, tencenttest.Unauthorized: inventory.Denied,
		tencenttest.Empty: inventory.Incomplete,
	} {
		for after := range 3 {
			w := newWorld(t, defaultOptions)
			w.Fill(region, 250)
			if fault == tencenttest.Empty && after > 0 {
				// A page is said to be empty in each read, so that all of them end there.
				for read := range 3 {
					w.Server.Break(tencenttest.Fault{Kind: fault, After: (read + 1) * after, Times: 1})
				}
			} else {
				w.Server.Break(tencenttest.Fault{Kind: fault, Action: tencenttest.DescribeInstances, After: after})
			}
			harness().CheckListFails(t, fmt.Sprint(fault, " after ", after), w, want)
		}
	}
}

// TestOddRows: an instance without an id or of another region spoils the scope.
func TestOddRows(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]tencenttest.Instance{
		"no id":          {ID: "ins-0000000x", Raw: []byte(`{"InstanceName":"nameless"}`)},
		"null":           {ID: "ins-0000000x", Raw: []byte(`null`)},
		"another region": {ID: "ins-0000000x", Zone: "ap-guangzhou-3"},
		"twice":          {ID: "ins-0000000x", Raw: []byte(`{"InstanceId":"` + tencenttest.SampleInstance(0).ID + `"}`)},
	} {
		w := newWorld(t, defaultOptions)
		w.Fill(region, 3)
		w.account.Put(region, odd)
		harness().CheckListFails(t, name, w, inventory.Incomplete)
	}
	for _, zone := range []string{"-", "somewhere", "ap-beijing-x"} {
		w := newWorld(t, defaultOptions)
		w.account.Put(region, tencenttest.Instance{ID: "ins-0000000x", Zone: zone})
		list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
		if err != nil || len(list) != 1 || list[0].Region != region {
			t.Errorf("a row of zone %q: %v, %v", zone, list, err)
		}
	}
}

// TestNoRegion: what can be no region is refused before anything is sent.
func TestNoRegion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, defaultOptions)
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	for _, id := range []string{"", "ap beijing", "ap-beijing\r\nX: y", "evil.example.com/", "AP-BEIJING"} {
		_, listErr := lister.List(t.Context(), id)
		_, lookupErr := lister.FindVerified(t.Context(), id, []string{"ins-00000001"})
		for _, err := range []error{listErr, lookupErr} {
			if inventory.KindOf(err) != inventory.Invalid {
				t.Errorf("%q: %v", id, err)
			}
			checkError(t, err)
		}
	}
	if w.Calls("") > 0 {
		t.Errorf("%d calls", w.Calls(""))
	}
}
