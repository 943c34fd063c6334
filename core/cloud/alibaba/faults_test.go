package alibaba_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

const region = "cn-beijing"

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
	if !strings.HasPrefix(err.Error(), "alibaba: ") || !strings.Contains(err.Error(), "aliyun-prod") {
		t.Errorf("neither operation nor account is named: %v", err)
	}
}

// TestFaults: what each fault means for each method, and that no text shows a secret.
func TestFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[alibabatest.Kind]inventory.Kind{
		alibabatest.Throttled: inventory.Throttled, alibabatest.Forbidden: inventory.Denied,
		alibabatest.InternalError: inventory.Temporary, alibabatest.Unavailable: inventory.Temporary,
		alibabatest.HTML500: inventory.Temporary, alibabatest.HTML503: inventory.Temporary,
		alibabatest.HTML200: inventory.Incomplete, alibabatest.OddError: inventory.Invalid,
		alibabatest.EmptyObject: inventory.Incomplete, alibabatest.Null: inventory.Incomplete,
		alibabatest.EmptyBody: inventory.Incomplete, alibabatest.NoList: inventory.Incomplete,
		alibabatest.NoRequestID: inventory.Incomplete, alibabatest.Truncated: inventory.Incomplete,
		alibabatest.CutOff: inventory.Temporary, alibabatest.Redirect: inventory.Incomplete,
		alibabatest.Reset: inventory.Temporary, alibabatest.NonceUsed: inventory.Temporary,
		alibabatest.Inactive: inventory.BadCredentials, alibabatest.Hang: inventory.Temporary,
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.Fill(region, 3)
			w.Server.Break(alibabatest.Fault{Kind: fault})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			lister := w.open(t, cloudtest.Instant(), func(a *cloud.Account) {
				if a.RequestTimeout = 10 * time.Second; fault == alibabatest.Hang {
					a.RequestTimeout = 20 * time.Millisecond
				}
			})
			_, ownerErr := lister.Owner(ctx)
			_, regionsErr := lister.Regions(ctx)
			_, listErr := lister.List(ctx, region)
			_, lookupErr := lister.Lookup(ctx, region, []string{"i-1"})
			for _, err := range []error{ownerErr, regionsErr, listErr, lookupErr} {
				if got := inventory.KindOf(err); got != want && !(want == inventory.Throttled && got == inventory.Deadline) {
					t.Errorf("kind %q, want %q: %v", got, want, err)
				}
				clean(t, err)
			}
		})
	}
}

// TestPagingFaults: what can go wrong between two pages.
func TestPagingFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[alibabatest.Kind]inventory.Kind{
		alibabatest.RepeatToken: inventory.Incomplete, alibabatest.InvalidToken: inventory.Invalid,
		alibabatest.InternalError: inventory.Temporary, alibabatest.NoList: inventory.Incomplete,
		alibabatest.NoPermission: inventory.Denied,
	} {
		w := newWorld(t)
		w.Fill(region, 250)
		after := 1
		if fault == alibabatest.RepeatToken || fault == alibabatest.InvalidToken {
			after = 0
		}
		w.Server.Break(alibabatest.Fault{Kind: fault, After: after})
		list, err := w.open(t, cloudtest.Instant(), same).List(t.Context(), region)
		if got := inventory.KindOf(err); got != want || list != nil {
			t.Errorf("%s: %d rows, kind %q, want %q: %v", fault, len(list), got, want, err)
		}
		clean(t, err)
	}
}

// TestAnswerWithoutList: once is enough to spoil the scope, though the right to list is proved.
func TestAnswerWithoutList(t *testing.T) {
	t.Parallel()
	for after := range 2 {
		w := newWorld(t)
		w.Fill(region, 150)
		w.Server.Break(alibabatest.Fault{Kind: alibabatest.NoList, After: after, Times: 1})
		list, err := w.open(t, cloudtest.Instant(), same).List(t.Context(), region)
		if inventory.KindOf(err) != inventory.Incomplete || list != nil {
			t.Errorf("page %d: %d rows, %v", after+1, len(list), err)
		}
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
		list, err := w.open(t, cloudtest.Instant(), same).List(t.Context(), region)
		if inventory.KindOf(err) != inventory.Incomplete || list != nil {
			t.Errorf("%s: %d rows, %v", name, len(list), err)
		}
	}
	w := newWorld(t)
	w.account.Put(region, alibabatest.Instance{ID: "i-x", RegionID: "-"})
	list, err := w.open(t, cloudtest.Instant(), same).List(t.Context(), region)
	if err != nil || len(list) != 1 || list[0].Region != region {
		t.Errorf("a row that names no region: %v, %v", list, err)
	}
}

// TestLookupAnswersOther: rows that nobody asked for are no answer.
func TestLookupAnswersOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account.Put(region, alibabatest.Instance{ID: "i-asked", Raw: []byte(`{"InstanceId":"i-other"}`)})
	lister := w.open(t, cloudtest.Instant(), same)
	for _, ids := range [][]string{{"i-asked"}, {""}} {
		if list, err := lister.Lookup(t.Context(), region, ids); err == nil || list != nil {
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

// TestLookupMany: more ids than a call takes.
func TestLookupMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 230)
	list, err := w.open(t, cloudtest.Instant(), same).Lookup(t.Context(), region, append(ids, "i-gone"))
	if err != nil || len(list) != 230 || w.Calls(alibabatest.DescribeInstances) != 4 {
		t.Errorf("%d of 230 in %d calls, want 3 and a probe: %v", len(list), w.Calls(alibabatest.DescribeInstances), err)
	}
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
	web := httptest.NewUnstartedServer(alibabatest.New(alibabatest.Options{Reporter: t}))
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
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := closed.Addr().String()
	_ = closed.Close()
	w := newWorld(t)
	lister := w.open(t, cloudtest.Instant(), func(a *cloud.Account) { a.Proxy = "http://user:proxy-password@" + address })
	_, err = lister.List(t.Context(), region)
	if inventory.KindOf(err) != inventory.Temporary || strings.Contains(err.Error(), "proxy-password") || w.Calls("") > 0 {
		t.Errorf("%v after %d calls", err, w.Calls(""))
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
		"endpoint, no scheme": {func(a *cloud.Account) { key(a); a.Endpoint = "127.0.0.1:80" }, inventory.Invalid},
		"endpoint, ftp":       {func(a *cloud.Account) { key(a); a.Endpoint = "ftp://127.0.0.1" }, inventory.Invalid},
		"endpoint, path":      {func(a *cloud.Account) { key(a); a.Endpoint = "http://127.0.0.1/x" }, inventory.Invalid},
		"endpoint, user":      {func(a *cloud.Account) { key(a); a.Endpoint = "http://another-secret@127.0.0.1" }, inventory.Invalid},
		"proxy":               {func(a *cloud.Account) { key(a); a.Proxy = "://another-secret" }, inventory.Invalid},
	} {
		account := cloud.Account{Name: "aliyun-prod"}
		c.change(&account)
		lister, err := alibaba.Open(account, cloud.Policy{})
		if inventory.KindOf(err) != c.want || lister != nil {
			t.Errorf("%s: %v, %v", name, lister, err)
		}
		clean(t, err)
	}
}
