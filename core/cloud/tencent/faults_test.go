package tencent_test

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
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/tencent"
	"github.com/jms-sync/jms-sync/core/cloud/tencent/tencenttest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

const region = "ap-beijing"

func same(*cloud.Account) {}

// plain are the options of most tests.
var plain = tencenttest.Options{}

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
	if !strings.HasPrefix(err.Error(), "tencent: ") || !strings.Contains(err.Error(), "tencent-prod") {
		t.Errorf("neither operation nor account is named: %v", err)
	}
}

// TestFaults: what each fault means for each method, and that no text shows a secret.
func TestFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[tencenttest.Kind]inventory.Kind{
		tencenttest.Throttled: inventory.Throttled, tencenttest.Unauthorized: inventory.Denied,
		tencenttest.Expired: inventory.BadCredentials, tencenttest.OldError: inventory.Invalid,
		tencenttest.InternalError: inventory.Temporary, tencenttest.Unavailable: inventory.Temporary,
		tencenttest.HTML500: inventory.Temporary, tencenttest.HTML503: inventory.Temporary,
		tencenttest.HTML200: inventory.Incomplete, tencenttest.OddError: inventory.Incomplete,
		tencenttest.EmptyObject: inventory.Incomplete, tencenttest.Null: inventory.Incomplete,
		tencenttest.EmptyBody: inventory.Incomplete, tencenttest.NoRequestID: inventory.Incomplete,
		tencenttest.NullResponse: inventory.Incomplete, tencenttest.EmptyResponse: inventory.Incomplete,
		tencenttest.Truncated:   inventory.Incomplete,
		tencenttest.NotAccepted: inventory.Incomplete, tencenttest.Redirect: inventory.Incomplete,
		tencenttest.CutOff: inventory.Temporary, tencenttest.Reset: inventory.Temporary, tencenttest.Hang: inventory.Temporary,
	} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, plain)
			w.Fill(region, 3)
			w.Server.Break(tencenttest.Fault{Kind: fault})
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			lister := w.open(t, cloudtest.Instant(), func(a *cloud.Account) {
				if a.RequestTimeout = 10 * time.Second; fault == tencenttest.Hang {
					a.RequestTimeout = 20 * time.Millisecond
				}
			})
			_, ownerErr := lister.Owner(ctx)
			_, regionsErr := lister.Regions(ctx)
			_, listErr := lister.List(ctx, region)
			_, lookupErr := lister.Lookup(ctx, region, []string{"ins-00000001"})
			for _, err := range []error{ownerErr, regionsErr, listErr, lookupErr} {
				if got := inventory.KindOf(err); got != want && !(want == inventory.Throttled && got == inventory.Deadline) {
					t.Errorf("kind %q, want %q: %v", got, want, err)
				}
				clean(t, err)
			}
		})
	}
}

// TestPagingFaults: what can go wrong with a page. Nothing of it ends in a list.
func TestPagingFaults(t *testing.T) {
	t.Parallel()
	for fault, want := range map[tencenttest.Kind]inventory.Kind{
		tencenttest.SamePage: inventory.Incomplete, tencenttest.ShortPage: inventory.Incomplete,
		tencenttest.WrongTotal: inventory.Incomplete, tencenttest.NoSet: inventory.Incomplete,
		tencenttest.NullSet: inventory.Incomplete, tencenttest.NoTotal: inventory.Incomplete,
		tencenttest.InternalError: inventory.Temporary, tencenttest.Unauthorized: inventory.Denied,
		tencenttest.Empty: inventory.Incomplete,
	} {
		for after := range 3 {
			w := newWorld(t, plain)
			w.Fill(region, 250)
			if fault == tencenttest.Empty && after > 0 {
				// A page is said to be empty in each read, so that all of them end there.
				for read := range 3 {
					w.Server.Break(tencenttest.Fault{Kind: fault, After: (read + 1) * after, Times: 1})
				}
			} else {
				w.Server.Break(tencenttest.Fault{Kind: fault, Action: tencenttest.DescribeInstances, After: after})
			}
			list, err := w.open(t, cloudtest.Instant(), same).List(t.Context(), region)
			if got := inventory.KindOf(err); got != want || list != nil {
				t.Errorf("%s after %d: %d rows, kind %q, want %q: %v", fault, after, len(list), got, want, err)
			}
			clean(t, err)
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
		"twice":          {ID: "ins-0000000x", Raw: []byte(`{"InstanceId":"` + tencenttest.Sample(0).ID + `"}`)},
	} {
		w := newWorld(t, plain)
		w.Fill(region, 3)
		w.account.Put(region, odd)
		list, err := w.open(t, cloudtest.Instant(), same).List(t.Context(), region)
		if inventory.KindOf(err) != inventory.Incomplete || list != nil {
			t.Errorf("%s: %d rows, %v", name, len(list), err)
		}
	}
	for _, zone := range []string{"-", "somewhere", "ap-beijing-x"} {
		w := newWorld(t, plain)
		w.account.Put(region, tencenttest.Instance{ID: "ins-0000000x", Zone: zone})
		list, err := w.open(t, cloudtest.Instant(), same).List(t.Context(), region)
		if err != nil || len(list) != 1 || list[0].Region != region {
			t.Errorf("a row of zone %q: %v, %v", zone, list, err)
		}
	}
}

// TestNoServer: a connection that is refused is no empty region.
func TestNoServer(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plain)
	gone := httptest.NewServer(nil)
	gone.Close()
	_, err := w.open(t, cloudtest.Instant(), func(a *cloud.Account) { a.Endpoint = gone.URL }).List(t.Context(), region)
	if inventory.KindOf(err) != inventory.Temporary {
		t.Error(err)
	}
	clean(t, err)
}

// TestTLS: a certificate that is not trusted is an error at once, not an outage.
func TestTLS(t *testing.T) {
	t.Parallel()
	web := httptest.NewUnstartedServer(tencenttest.New(tencenttest.Options{Reporter: t}))
	web.Config.ErrorLog = log.New(io.Discard, "", 0) // it would tell of the handshake that fails
	web.StartTLS()
	defer web.Close()
	w := newWorld(t, plain)
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
	w := newWorld(t, plain)
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
		"endpoint, user":      {func(a *cloud.Account) { key(a); a.Endpoint = "http://another-secret@127.0.0.1" }, inventory.Invalid},
		"proxy":               {func(a *cloud.Account) { key(a); a.Proxy = "://another-secret" }, inventory.Invalid},
	} {
		account := cloud.Account{Name: "tencent-prod"}
		c.change(&account)
		lister, err := tencent.Open(account, cloud.Policy{})
		if inventory.KindOf(err) != c.want || lister != nil {
			t.Errorf("%s: %v, %v", name, lister, err)
		}
		clean(t, err)
	}
}

// TestNoRegion: what can be no region is refused before anything is sent.
func TestNoRegion(t *testing.T) {
	t.Parallel()
	w := newWorld(t, plain)
	lister := w.open(t, cloudtest.Instant(), same)
	for _, id := range []string{"", "ap beijing", "ap-beijing\r\nX: y", "evil.example.com/", "AP-BEIJING"} {
		_, listErr := lister.List(t.Context(), id)
		_, lookupErr := lister.Lookup(t.Context(), id, []string{"ins-00000001"})
		for _, err := range []error{listErr, lookupErr} {
			if inventory.KindOf(err) != inventory.Invalid {
				t.Errorf("%q: %v", id, err)
			}
			clean(t, err)
		}
	}
	if w.Calls("") > 0 {
		t.Errorf("%d calls", w.Calls(""))
	}
}
