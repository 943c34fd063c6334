package huawei_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/huawei/huaweitest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// checkError fails a test whose error shows a secret or does not name what was done for whom.
func checkError(t *testing.T, err error) { t.Helper(); harness().CheckError(t, err) }

// kinds says what each fault of any call means.
func kinds() map[huaweitest.Kind]inventory.Kind {
	return map[huaweitest.Kind]inventory.Kind{
		huaweitest.Throttled: inventory.Throttled, huaweitest.NoPermission: inventory.Denied, huaweitest.NoPolicy: inventory.Denied,
		huaweitest.ExpiredSignature: inventory.ClockOff, huaweitest.Locked: inventory.BadCredentials, huaweitest.InternalError: inventory.Temporary, huaweitest.ClosedRequest: inventory.Temporary, huaweitest.Unavailable: inventory.Temporary,
		huaweitest.NotPublished: inventory.NotFound, huaweitest.OddError: inventory.Invalid,
		peertest.HTML500: inventory.Temporary, peertest.HTML503: inventory.Temporary, peertest.HTML200: inventory.Incomplete,
		peertest.EmptyObject: inventory.Incomplete, peertest.Null: inventory.Incomplete, peertest.EmptyBody: inventory.Incomplete,
		huaweitest.NoList: inventory.Incomplete, huaweitest.NullList: inventory.Incomplete, huaweitest.Truncated: inventory.Incomplete,
		huaweitest.Trailing: inventory.Incomplete, peertest.CutOff: inventory.Temporary, peertest.Redirect: inventory.Incomplete,
		peertest.Reset: inventory.Temporary, peertest.Hang: inventory.Temporary,
	}
}

// TestFaults: what each fault means for each method, and that no text shows a secret.
func TestFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range kinds() {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			ids := w.Fill(region, 3)
			lister := w.Open(t, cloudtest.InstantRetries(), cloudtest.ShortTimeout(fault))
			repair := w.Server.Break(huaweitest.Fault{Kind: fault})
			errs := cloudtest.MethodErrors(t.Context(), lister, region, ids) // of IAM, which is asked first
			repair()
			if fault != peertest.Hang { // whose time-out is too short for a busy machine
				if _, err := lister.Owner(t.Context()); err != nil { // an error is not kept
					t.Error(err)
				}
			}
			lister = w.Open(t, cloudtest.InstantRetries(), func(a *cloud.Account) {
				cloudtest.ShortTimeout(fault)(a)
				w.inProject(a)
			})
			w.Server.Break(huaweitest.Fault{Kind: fault})
			for name, err := range cloudtest.MethodErrors(t.Context(), lister, region, ids) { // of ECS
				errs["in a project: "+name] = err
			}
			for name, err := range errs {
				if got := inventory.KindOf(err); got != want {
					t.Errorf("%s: kind %q, want %q: %v", name, got, want, err)
				}
				checkError(t, err)
			}
		})
	}
}

// TestOddLists: lists that contradict themselves are Incomplete, be it in the first page or later.
func TestOddLists(t *testing.T) {
	t.Parallel()
	for _, fault := range []huaweitest.Kind{
		huaweitest.NoCount, huaweitest.WrongCount, huaweitest.PageCount, huaweitest.NullRow, huaweitest.OtherProject, huaweitest.RepeatedMarker,
	} {
		for after := range 2 {
			w := newWorld(t)
			w.Fill(region, 450)
			w.Server.Break(huaweitest.Fault{Kind: fault, Action: huaweitest.ListServers, After: after})
			harness().CheckListFails(t, fmt.Sprint(fault, " after ", after), w, inventory.Incomplete)
		}
	}
	for name, raw := range map[string]string{
		"no id": `{"name":"nameless","status":"ACTIVE"}`, "null": `null`, "only an id": `{"id":"i-x"}`, "a number as name": `{"id":"i-x","name":7,"status":"ACTIVE"}`,
	} {
		w := newWorld(t)
		w.Fill(region, 3)
		w.account.Put(region, huaweitest.Instance{ID: "i-x", Raw: []byte(raw)})
		harness().CheckListFails(t, name, w, inventory.Incomplete)
	}
}

// TestShortPages: a page may be short though more follow, and full though none does.
func TestShortPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fill(region, 450)
	repair := w.Server.Break(huaweitest.Fault{Kind: huaweitest.ShortPages})
	list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
	if calls := w.Calls(huaweitest.ListServers); err != nil || len(list) != 450 || calls != 5 {
		t.Errorf("%d rows in %d calls, %v", len(list), calls, err)
	}
	repair()
	w.account.Remove(region, huaweitest.SampleInstance(0).ID)
	for n := range 49 {
		w.account.Remove(region, huaweitest.SampleInstance(n+1).ID)
	}
	list, err = w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
	if calls := w.Calls(huaweitest.ListServers) - 5; err != nil || len(list) != 400 || calls != 3 {
		t.Errorf("%d rows in %d calls, %v", len(list), calls, err)
	}
}

// onList calls change before the nth question for a list (from 1) is answered, while change says so.
func (w *world) onList(change func(n int)) {
	var n atomic.Int32
	before := func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/cloudservers/detail") {
			change(int(n.Add(1)))
		}
	}
	w.before.Store(&before)
}

// TestChangingFleet: a list during which servers come or go is read anew until it comes out even;
// one that never does is Incomplete.
func TestChangingFleet(t *testing.T) {
	t.Parallel()
	newcomer := huaweitest.Instance{ID: "newcomer", Name: "n", Status: "BUILD"}
	for name, c := range map[string]struct {
		change func(a *huaweitest.Account, n int)
		rows   int
		calls  int
		want   inventory.Kind
	}{
		"nothing": {func(*huaweitest.Account, int) {}, 450, 3, ""},
		"one goes behind the cursor": {func(a *huaweitest.Account, n int) {
			if n == 2 {
				a.Remove(region, huaweitest.SampleInstance(449).ID)
			}
		}, 449, 6, ""},
		"the marker's goes": {func(a *huaweitest.Account, n int) {
			if n == 2 {
				a.Remove(region, huaweitest.SampleInstance(250).ID)
			}
		}, 449, 5, ""},
		"one goes ahead": {func(a *huaweitest.Account, n int) {
			if n == 2 {
				a.Remove(region, huaweitest.SampleInstance(0).ID)
			}
		}, 449, 6, ""},
		"one comes": {func(a *huaweitest.Account, n int) {
			if n == 3 {
				a.Put(region, newcomer)
			}
		}, 451, 7, ""},
		"one comes and one goes": {func(a *huaweitest.Account, n int) {
			if n == 2 {
				a.Put(region, newcomer)
				a.Remove(region, huaweitest.SampleInstance(449).ID)
			}
		}, 450, 3, ""}, // the total is the same: what came is shown by the next run
		"one goes in every call": {func(a *huaweitest.Account, n int) { a.Remove(region, huaweitest.SampleInstance(n).ID) }, 0, 12, inventory.Incomplete},
		"the marker's goes each time": {func(a *huaweitest.Account, n int) {
			if n%2 == 0 {
				a.Remove(region, huaweitest.SampleInstance(251-n/2).ID)
			}
		}, 0, 0, inventory.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Fill(region, 450)
			w.onList(func(n int) { c.change(w.account, n) })
			list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
			if len(list) != c.rows || inventory.KindOf(err) != c.want || c.calls > 0 && w.Calls(huaweitest.ListServers) != c.calls {
				t.Errorf("%d rows in %d calls, %v", len(list), w.Calls(huaweitest.ListServers), err)
			}
		})
	}
}

// TestRefusedMarkers: a server that takes no marker ends the scope, after a bounded number of calls.
func TestRefusedMarkers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fill(region, 450)
	w.Server.Break(huaweitest.Fault{Kind: huaweitest.BadMarker})
	list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
	if inventory.KindOf(err) != inventory.Invalid || list != nil || w.Calls(huaweitest.ListServers) != 8 {
		t.Errorf("%d rows in %d calls, %v", len(list), w.Calls(huaweitest.ListServers), err)
	}
	checkError(t, err)
}

// TestOpenRefuses: what is no key or project, beside the contract.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	h := harness()
	h.CheckOpenFails(t, inventory.BadCredentials, func(a *cloud.Account) { a.AccessKeyID, a.AccessKeySecret = secret.Value{}, secret.Value{} }) // only a token
	h.CheckOpenFails(t, inventory.Invalid, func(a *cloud.Account) { a.ProjectID = "../another-secret" })
}

// TestRequestsThatCannotBe: what would become another request is refused before it is made.
func TestRequestsThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	for _, odd := range []string{"", "cn north 4", "cn-north-4.evil.example/", "CN-NORTH-4", strings.Repeat("x", 65)} {
		if list, err := lister.List(t.Context(), odd); inventory.KindOf(err) != inventory.Invalid || list != nil {
			t.Errorf("region %q: %v", odd, err)
		}
	}
	for _, odd := range []string{"", "a,b", "../../projects", "a/b", "detail?x", "a b", "{project_id}", strings.Repeat("x", 65)} {
		verified := func(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
			return cloudtest.FindInstances(ctx, lister, region, ids...)
		}
		for name, ask := range map[string]func(context.Context, string, []string) ([]inventory.Instance, error){"glance": lister.Find, "lookup": verified} {
			if list, err := ask(t.Context(), region, []string{odd}); inventory.KindOf(err) != inventory.Invalid || list != nil {
				t.Errorf("%s %q: %v", name, odd, err)
			}
		}
	}
	if w.Calls("") > 0 {
		t.Errorf("%d calls", w.Calls(""))
	}
}
