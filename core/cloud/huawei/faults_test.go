package huawei_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/huawei"
	"github.com/jms-sync/jms-sync/core/cloud/huawei/huaweitest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

const region = "cn-north-4"

func same(*cloud.Account) {}

// clean fails a test whose error shows a secret or does not name what was done where.
func clean(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	for _, hidden := range secrets() {
		if strings.Contains(err.Error(), hidden) {
			t.Errorf("%q is shown", hidden)
		}
	}
	if !strings.HasPrefix(err.Error(), "huawei: ") || !strings.Contains(err.Error(), "huawei-prod") {
		t.Errorf("neither operation nor account is named: %v", err)
	}
}

// kinds tells what each fault of any call means.
func kinds() map[huaweitest.Kind]inventory.Kind {
	return map[huaweitest.Kind]inventory.Kind{
		huaweitest.Throttled: inventory.Throttled, huaweitest.NoPermission: inventory.Denied, huaweitest.NoPolicy: inventory.Denied,
		huaweitest.Locked: inventory.BadCredentials, huaweitest.InternalError: inventory.Temporary, huaweitest.Unavailable: inventory.Temporary,
		huaweitest.NotPublished: inventory.NotFound, huaweitest.OddError: inventory.Invalid,
		huaweitest.HTML500: inventory.Temporary, huaweitest.HTML503: inventory.Temporary, huaweitest.HTML200: inventory.Incomplete,
		huaweitest.EmptyObject: inventory.Incomplete, huaweitest.Null: inventory.Incomplete, huaweitest.EmptyBody: inventory.Incomplete,
		huaweitest.NoList: inventory.Incomplete, huaweitest.NullList: inventory.Incomplete, huaweitest.Truncated: inventory.Incomplete,
		huaweitest.Trailing: inventory.Incomplete, huaweitest.CutOff: inventory.Temporary, huaweitest.Redirect: inventory.Incomplete,
		huaweitest.Reset: inventory.Temporary, huaweitest.Hang: inventory.Temporary,
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
			quick := func(a *cloud.Account) {
				if fault == huaweitest.Hang {
					a.RequestTimeout = 50 * time.Millisecond
				}
			}
			lister := w.open(t, cloudtest.Instant(), quick)
			repair := w.Server.Break(huaweitest.Fault{Kind: fault})
			_, ownerErr := lister.Owner(t.Context())
			_, regionsErr := lister.Regions(t.Context())
			repair()
			if fault != huaweitest.Hang { // whose time-out is too short for a busy machine
				if _, err := lister.Owner(t.Context()); err != nil { // an error is not kept
					t.Error(err)
				}
			}
			lister = w.open(t, cloudtest.Instant(), func(a *cloud.Account) {
				quick(a)
				a.ProjectID, a.Regions = w.account.ProjectID(region), []string{region} // so that IAM is not asked
			})
			w.Server.Break(huaweitest.Fault{Kind: fault})
			_, listErr := lister.List(t.Context(), region)
			_, glanceErr := lister.Glance(t.Context(), region, ids)
			_, lookupErr := lister.Lookup(t.Context(), region, ids)
			for name, err := range map[string]error{"owner": ownerErr, "regions": regionsErr, "list": listErr, "glance": glanceErr, "lookup": lookupErr} {
				if got := inventory.KindOf(err); got != want {
					t.Errorf("%s: kind %q, want %q: %v", name, got, want, err)
				}
				clean(t, err)
			}
		})
	}
}

// TestOddLists: lists that contradict themselves are Incomplete, be it in the first page or later.
func TestOddLists(t *testing.T) {
	t.Parallel()
	for _, fault := range []huaweitest.Kind{
		huaweitest.NoCount, huaweitest.WrongCount, huaweitest.PageCount, huaweitest.NullRow, huaweitest.OtherProject, huaweitest.RepeatMarker,
	} {
		for after := range 2 {
			w := newWorld(t)
			w.Fill(region, 450)
			w.Server.Break(huaweitest.Fault{Kind: fault, Action: huaweitest.ListServers, After: after})
			list, err := w.open(t, cloudtest.Instant(), same).List(t.Context(), region)
			if inventory.KindOf(err) != inventory.Incomplete || list != nil {
				t.Errorf("%s after %d: %d rows, %v", fault, after, len(list), err)
			}
			clean(t, err)
		}
	}
	for name, raw := range map[string]string{
		"no id": `{"name":"nameless","status":"ACTIVE"}`, "null": `null`, "only an id": `{"id":"i-x"}`, "a number as name": `{"id":"i-x","name":7,"status":"ACTIVE"}`,
	} {
		w := newWorld(t)
		w.Fill(region, 3)
		w.account.Put(region, huaweitest.Instance{ID: "i-x", Raw: []byte(raw)})
		list, err := w.open(t, cloudtest.Instant(), same).List(t.Context(), region)
		if inventory.KindOf(err) != inventory.Incomplete || list != nil {
			t.Errorf("%s: %d rows, %v", name, len(list), err)
		}
	}
}

// TestShortPages: a page may be short though more follow, and full though none does.
func TestShortPages(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fill(region, 450)
	repair := w.Server.Break(huaweitest.Fault{Kind: huaweitest.ShortPages})
	list, err := w.open(t, cloudtest.Instant(), same).List(t.Context(), region)
	if calls := w.Calls(huaweitest.ListServers); err != nil || len(list) != 450 || calls != 5 {
		t.Errorf("%d rows in %d calls, %v", len(list), calls, err)
	}
	repair()
	w.account.Remove(region, huaweitest.Sample(0).ID)
	for n := range 49 {
		w.account.Remove(region, huaweitest.Sample(n+1).ID)
	}
	list, err = w.open(t, cloudtest.Instant(), same).List(t.Context(), region)
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
				a.Remove(region, huaweitest.Sample(449).ID)
			}
		}, 449, 6, ""},
		"the marker's goes": {func(a *huaweitest.Account, n int) {
			if n == 2 {
				a.Remove(region, huaweitest.Sample(250).ID)
			}
		}, 449, 5, ""},
		"one goes ahead": {func(a *huaweitest.Account, n int) {
			if n == 2 {
				a.Remove(region, huaweitest.Sample(0).ID)
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
				a.Remove(region, huaweitest.Sample(449).ID)
			}
		}, 450, 3, ""}, // the total is the same: what came is shown by the next run
		"one goes in every call": {func(a *huaweitest.Account, n int) { a.Remove(region, huaweitest.Sample(n).ID) }, 0, 12, inventory.Incomplete},
		"the marker's goes each time": {func(a *huaweitest.Account, n int) {
			if n%2 == 0 {
				a.Remove(region, huaweitest.Sample(251-n/2).ID)
			}
		}, 0, 0, inventory.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Fill(region, 450)
			w.onList(func(n int) { c.change(w.account, n) })
			list, err := w.open(t, cloudtest.Instant(), same).List(t.Context(), region)
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
	list, err := w.open(t, cloudtest.Instant(), same).List(t.Context(), region)
	if inventory.KindOf(err) != inventory.Invalid || list != nil || w.Calls(huaweitest.ListServers) != 8 {
		t.Errorf("%d rows in %d calls, %v", len(list), w.Calls(huaweitest.ListServers), err)
	}
	clean(t, err)
}

// TestNoServer: a connection that is refused is no empty region.
func TestNoServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gone := httptest.NewServer(nil)
	gone.Close()
	lister := w.open(t, cloudtest.Instant(), func(a *cloud.Account) { a.Endpoint = gone.URL })
	_, err := lister.List(t.Context(), region)
	if inventory.KindOf(err) != inventory.Temporary {
		t.Error(err)
	}
	clean(t, err)
}

// TestTLS: a certificate that is not trusted is an error at once, not an outage.
func TestTLS(t *testing.T) {
	t.Parallel()
	web := httptest.NewUnstartedServer(huaweitest.New(huaweitest.Options{Reporter: t}))
	web.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of the handshake that fails
	web.StartTLS()
	defer web.Close()
	w := newWorld(t)
	_, err := w.open(t, cloud.Policy{}, func(a *cloud.Account) { a.Endpoint = web.URL }).List(t.Context(), region)
	if inventory.KindOf(err) != inventory.Invalid || !strings.Contains(fmt.Sprint(err), "certificate") {
		t.Error(err)
	}
	clean(t, err)
}

// TestProxy: an account's proxy is used, and its password is not shown.
func TestProxy(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fill(region, 1)
	var asked atomic.Int32
	proxy := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.IsAbs() && r.Header.Get("Proxy-Authorization") != "" {
			asked.Add(1)
		}
		w.Server.ServeHTTP(rw, r)
	}))
	defer proxy.Close()
	through := func(address string) cloud.Lister {
		return w.open(t, cloudtest.Instant(), func(a *cloud.Account) {
			a.Endpoint, a.Proxy = "http://huawei.invalid", "http://user:proxy-password@"+address
		})
	}
	if list, err := through(proxy.Listener.Addr().String()).List(t.Context(), region); err != nil || len(list) != 1 || asked.Load() != 2 {
		t.Errorf("%d rows after %d requests to the proxy, %v", len(list), asked.Load(), err)
	}
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	_ = closed.Close()
	_, err = through(address).List(t.Context(), region)
	if inventory.KindOf(err) != inventory.Temporary {
		t.Error(err)
	}
	clean(t, err)
}

func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	key := func(a *cloud.Account) {
		a.AccessKeyID, a.AccessKeySecret = secret.New(good.AccessKeyID), secret.New(good.AccessKeySecret)
	}
	for name, c := range map[string]struct {
		change func(*cloud.Account)
		want   inventory.Kind
	}{
		"no key":              {same, inventory.BadCredentials},
		"half a key":          {func(a *cloud.Account) { a.AccessKeyID = secret.New(good.AccessKeyID) }, inventory.BadCredentials},
		"only a token":        {func(a *cloud.Account) { a.SecurityToken = secret.New(good.SecurityToken) }, inventory.BadCredentials},
		"project":             {func(a *cloud.Account) { key(a); a.ProjectID = "../another-secret" }, inventory.Invalid},
		"endpoint, no scheme": {func(a *cloud.Account) { key(a); a.Endpoint = "127.0.0.1:80" }, inventory.Invalid},
		"endpoint, path":      {func(a *cloud.Account) { key(a); a.Endpoint = "http://127.0.0.1/x" }, inventory.Invalid},
		"endpoint, user":      {func(a *cloud.Account) { key(a); a.Endpoint = "http://another-secret@127.0.0.1" }, inventory.Invalid},
		"proxy":               {func(a *cloud.Account) { key(a); a.Proxy = "://another-secret" }, inventory.Invalid},
	} {
		account := cloud.Account{Name: "huawei-prod"}
		c.change(&account)
		lister, err := huawei.Open(account, cloud.Policy{})
		if inventory.KindOf(err) != c.want || lister != nil {
			t.Errorf("%s: %v, %v", name, lister, err)
		}
		clean(t, err)
	}
}

// TestRequestsThatCannotBe: what would become another request is refused before it is made.
func TestRequestsThatCannotBe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lister := w.open(t, cloudtest.Instant(), same)
	for _, odd := range []string{"", "cn north 4", "cn-north-4.evil.example/", "CN-NORTH-4", strings.Repeat("x", 65)} {
		if list, err := lister.List(t.Context(), odd); inventory.KindOf(err) != inventory.Invalid || list != nil {
			t.Errorf("region %q: %v", odd, err)
		}
	}
	for _, odd := range []string{"", "a,b", "../../projects", "a/b", "detail?x", "a b", "{project_id}", strings.Repeat("x", 65)} {
		for name, ask := range map[string]func(context.Context, string, []string) ([]inventory.Instance, error){"glance": lister.Glance, "lookup": lister.Lookup} {
			if list, err := ask(t.Context(), region, []string{odd}); inventory.KindOf(err) != inventory.Invalid || list != nil {
				t.Errorf("%s %q: %v", name, odd, err)
			}
		}
	}
	if w.Calls("") > 0 {
		t.Errorf("%d calls", w.Calls(""))
	}
}
