package aws_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/aws/awstest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// checkError fails a test whose error shows a secret or does not name what was done for whom.
func checkError(t *testing.T, err error) { t.Helper(); harness().CheckError(t, err) }

// TestFaults: what each fault means for each method, and that no text shows a secret.
func TestFaults(t *testing.T) {
	t.Parallel()
	harness().CheckFaults(t, map[awstest.Kind]inventory.Kind{
		awstest.Throttled: inventory.Throttled, awstest.Throttling: inventory.Throttled, awstest.Unauthorized: inventory.Denied,
		awstest.AccessDenied: inventory.Denied, awstest.AuthFailure: inventory.BadCredentials, awstest.NotOptedIn: inventory.Denied,
		awstest.Expired: inventory.ClockOff, awstest.OldSignature: inventory.ClockOff, awstest.InternalError: inventory.Temporary, awstest.Unavailable: inventory.Temporary,
		peertest.HTML500: inventory.Temporary, peertest.HTML503: inventory.Temporary, peertest.HTML200: inventory.Incomplete,
		awstest.OddError: inventory.Invalid, peertest.EmptyObject: inventory.Incomplete, peertest.Null: inventory.Incomplete,
		peertest.EmptyBody: inventory.Incomplete, awstest.NoList: inventory.Incomplete, awstest.NoRequestID: inventory.Incomplete,
		awstest.OtherDocument: inventory.Incomplete, awstest.Truncated: inventory.Incomplete, peertest.CutOff: inventory.Temporary,
		peertest.Redirect: inventory.Incomplete, peertest.Reset: inventory.Temporary, peertest.Hang: inventory.Temporary,
	})
}

// TestPagingFaults: what can go wrong between two pages.
func TestPagingFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[awstest.Kind]inventory.Kind{
		awstest.RepeatedToken: inventory.Incomplete, awstest.InvalidToken: inventory.Invalid, awstest.InternalError: inventory.Temporary,
		awstest.NoList: inventory.Incomplete, awstest.Unauthorized: inventory.Denied, awstest.InstanceGone: inventory.Temporary,
		awstest.OtherDocument: inventory.Incomplete, awstest.Expired: inventory.ClockOff,
	} {
		w := newWorld(t)
		w.Fill(region, 2500)
		after := 1
		if fault == awstest.RepeatedToken || fault == awstest.InvalidToken {
			after = 0
		}
		w.Server.Break(awstest.Fault{Kind: fault, After: after})
		harness().CheckListFails(t, string(fault), w, want)
	}
}

// TestOnceIsEnough: one page without a list spoils the scope, though the right to list is proved.
func TestOnceIsEnough(t *testing.T) {
	t.Parallel()
	for after := range 2 {
		w := newWorld(t)
		w.Fill(region, 1500)
		w.Server.Break(awstest.Fault{Kind: awstest.NoList, After: after, Times: 1})
		harness().CheckListFails(t, fmt.Sprint("page ", after+1), w, inventory.Incomplete)
	}
}

// TestShortPages: a page without rows but with a token is no end, and is probed.
func TestShortPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 1500)
	w.Server.Break(awstest.Fault{Kind: awstest.EmptyPage, Action: awstest.DescribeInstances, After: 1, Times: 2})
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	list, err := lister.List(t.Context(), region)
	if err != nil || len(list) != len(ids) || w.Calls(awstest.DescribeInstances) != 5 {
		t.Errorf("%d of %d in %d calls, want 4 and a probe: %v", len(list), len(ids), w.Calls(awstest.DescribeInstances), err)
	}
	w.Server.Break(awstest.Fault{Kind: awstest.EmptyPage, Action: awstest.DescribeInstances, Times: 1})
	list, err = cloudtest.FindInstances(t.Context(), lister, region, ids[:2]...)
	if err != nil || len(list) != 2 {
		t.Errorf("%d of 2: %v", len(list), err)
	}
}

// TestInstanceGone: a page that fails because an instance went away makes the listing start again.
func TestInstanceGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 1500)
	w.Server.Break(awstest.Fault{Kind: awstest.InstanceGone, After: 1, Times: 1})
	list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
	if err != nil || len(list) != len(ids) || w.Calls(awstest.DescribeInstances) != 4 {
		t.Errorf("%d of %d in %d calls, want 2 and 2 again: %v", len(list), len(ids), w.Calls(awstest.DescribeInstances), err)
	}
	w.Server.Break(awstest.Fault{Kind: awstest.InstanceGone})
	list, err = w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
	if inventory.KindOf(err) != inventory.Temporary || list != nil || w.Calls(awstest.DescribeInstances) != 8 {
		t.Errorf("%d rows after %d calls, want 4 more: %v", len(list), w.Calls(awstest.DescribeInstances), err)
	}
}

// TestTerminated: a terminated instance is gone though its row lingers; one that shuts down, stops
// or starts is there.
func TestTerminated(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 6)
	for n, state := range []string{"pending", "running", "shutting-down", "stopping", "stopped"} {
		i := awstest.SampleInstance(n)
		i.State = state
		w.account.Put(region, i)
	}
	w.account.Remove(region, ids[5])
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	for name, ask := range map[string]func() ([]inventory.Instance, error){
		"list":   func() ([]inventory.Instance, error) { return lister.List(t.Context(), region) },
		"glance": func() ([]inventory.Instance, error) { return lister.Find(t.Context(), region, ids) },
		"lookup": func() ([]inventory.Instance, error) {
			return cloudtest.FindInstances(t.Context(), lister, region, ids...)
		},
	} {
		before := w.Calls(awstest.DescribeInstances)
		list, err := ask()
		if err != nil || len(list) != 5 || list[2].Status != "shutting-down" {
			t.Errorf("%s: %d rows, %v", name, len(list), err)
		}
		want := 1
		if name == "lookup" {
			want = 3 // the terminated one is absent, which takes a proof and a second witness
		}
		if got := w.Calls(awstest.DescribeInstances) - before; got != want {
			t.Errorf("%s: %d calls, want %d", name, got, want)
		}
	}
	w.Server.Break(awstest.Fault{Kind: awstest.Unauthorized, Action: awstest.DescribeInstances, After: 1})
	if list, err := cloudtest.FindInstances(t.Context(), lister, region, ids[5:]...); inventory.KindOf(err) != inventory.Denied || list != nil {
		t.Errorf("without the proof: %v, %v", list, err)
	}
}

// TestTerminatedMeanwhile: an instance that ends between two pages is on both, and gone.
func TestTerminatedMeanwhile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fill(region, 1200)
	last := awstest.SampleInstance(0) // the last of the second page
	ended := last
	ended.ID, ended.Raw = awstest.SampleInstance(1).ID, "<item><instanceId>"+awstest.SampleInstance(1199).ID+
		"</instanceId><instanceState><name>terminated</name></instanceState></item>"
	w.account.Put(region, ended)
	list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
	if err != nil || len(list) != 1198 || list[len(list)-1].ID != awstest.SampleInstance(1198).ID {
		t.Errorf("%d rows, %v", len(list), err)
	}
}

// TestRegionNotEnabled: EC2 says AuthFailure where a region is not enabled for the account, or
// does not exist; the error says which, and that the key is not to blame.
func TestRegionNotEnabled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		region string
		fault  awstest.Fault
		kind   inventory.Kind
		text   string
	}{
		"not enabled":               {"ap-east-1", awstest.Fault{}, inventory.Denied, "region ap-east-1: the region is not enabled for the account (not-opted-in)"},
		"no such region":            {"ap-nowhere-9", awstest.Fault{}, inventory.NotFound, "region ap-nowhere-9: AWS has no such region"},
		"may not ask for regions":   {"ap-east-1", awstest.Fault{Kind: awstest.Unauthorized, Action: awstest.DescribeRegions}, inventory.Denied, "AuthFailure, though us-east-1 accepts the key: the region is probably not enabled"},
		"the answer is broken":      {"ap-east-1", awstest.Fault{Kind: awstest.NoList, Action: awstest.DescribeRegions}, inventory.BadCredentials, "AuthFailure (HTTP 401"},
		"the key is wrong there":    {region, awstest.Fault{Kind: awstest.AuthFailure, Action: awstest.DescribeInstances}, inventory.BadCredentials, "AuthFailure (HTTP 401"},
		"the key is wrong at home":  {"us-east-1", awstest.Fault{Kind: awstest.AuthFailure}, inventory.BadCredentials, "AuthFailure (HTTP 401"},
		"not subscribed":            {region, awstest.Fault{Kind: awstest.NotOptedIn, Action: awstest.DescribeInstances}, inventory.Denied, "OptInRequired (HTTP 403"},
		"the key is wrong anywhere": {region, awstest.Fault{Kind: awstest.AuthFailure}, inventory.BadCredentials, "AuthFailure (HTTP 401"},
	} {
		w := newWorld(t)
		if c.fault.Kind != "" {
			w.Server.Break(c.fault)
		}
		lister := w.Open(t, cloudtest.InstantRetries(), func(a *cloud.Account) { a.Regions = []string{c.region} })
		list, err := lister.List(t.Context(), c.region)
		if inventory.KindOf(err) != c.kind || list != nil || !strings.Contains(fmt.Sprint(err), c.text) {
			t.Errorf("%s: kind %q, want %q: %v", name, inventory.KindOf(err), c.kind, err)
		}
		checkError(t, err)
		if n := w.Calls(awstest.DescribeRegions); n > 1 {
			t.Errorf("%s: the home region was asked %d times", name, n)
		}
	}
}

// TestRegions: those that are enabled, and no others.
func TestRegions(t *testing.T) {
	t.Parallel()
	got, err := newWorld(t).Open(t, cloudtest.InstantRetries(), nil).Regions(t.Context())
	if want := "[eu-central-1 us-east-1 us-west-2]"; err != nil || fmt.Sprint(got) != want {
		t.Errorf("%v, %v, want %s", got, err, want)
	}
}

// TestOddRows: an instance without an id or a state, or of another region, spoils the scope.
func TestOddRows(t *testing.T) {
	t.Parallel()
	for name, odd := range map[string]awstest.Instance{
		"no id":          {ID: "i-x", Raw: "<item><instanceState><name>running</name></instanceState></item>"},
		"no state":       {ID: "i-x", Raw: "<item><instanceId>i-x</instanceId></item>"},
		"empty":          {ID: "i-x", Raw: "<item/>"},
		"another region": {ID: "i-x", State: "running", Zone: "us-west-1a"},
	} {
		w := newWorld(t)
		w.Fill(region, 3)
		w.account.Put(region, odd)
		harness().CheckListFails(t, name, w, inventory.Incomplete)
	}
	w := newWorld(t)
	w.account.Put(region, awstest.Instance{ID: "i-1", State: "running", Zone: "-"}, awstest.Instance{ID: "i-2", State: "running", Zone: region + "-lax-1a"})
	list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
	if err != nil || len(list) != 2 || list[0].Region != region {
		t.Errorf("no zone, and a local zone: %v, %v", list, err)
	}
}

// TestFindVerifiedAnswersOther: rows that nobody asked for are no answer; what would ask for others
// than it names is not asked.
func TestFindVerifiedAnswersOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account.Put(region, awstest.Instance{ID: "i-asked", Raw: "<item><instanceId>i-other</instanceId><instanceState><name>running</name></instanceState></item>"})
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	for _, id := range []string{"i-asked", "", "i-*", "i-?", `i-\1`} {
		if list, err := cloudtest.FindInstances(t.Context(), lister, region, id); err == nil || list != nil {
			t.Errorf("%q: %v, %v", id, list, err)
		}
	}
	for _, odd := range []string{"", "us west 2?x", "US-WEST-2"} {
		if _, err := lister.List(t.Context(), odd); inventory.KindOf(err) != inventory.Invalid {
			t.Errorf("a region that is none, %q: %v", odd, err)
		}
	}
}
