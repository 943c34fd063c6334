package cloud_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// fake is a lister made of functions; a nil one answers well.
type fake struct {
	owner   func() (string, error)
	regions func() ([]string, error)
	list    func(region string) ([]inventory.Instance, error)
	lookup  func(ids []string) (inventory.FindResult, error)
	owners  atomic.Int32
}

func (f *fake) Owner(context.Context) (string, error) {
	f.owners.Add(1)
	if f.owner == nil {
		return "1111", nil
	}
	return f.owner()
}

func (f *fake) Regions(context.Context) ([]string, error) {
	if f.regions == nil {
		return []string{"r1", "r2"}, nil
	}
	return f.regions()
}

func (f *fake) List(_ context.Context, region string) ([]inventory.Instance, error) {
	if f.list == nil {
		return []inventory.Instance{{ID: "i-2-" + region}, {ID: "i-1-" + region}}, nil
	}
	return f.list(region)
}

func (f *fake) FindVerified(_ context.Context, _ string, ids []string) (inventory.FindResult, error) {
	if f.lookup == nil {
		return inventory.FindResult{}, nil
	}
	return f.lookup(ids)
}

func (f *fake) Find(ctx context.Context, region string, ids []string) ([]inventory.Instance, error) {
	found, err := f.FindVerified(ctx, region, ids)
	return found.Instances, err
}

func kindError(kind inventory.Kind) error { return &inventory.Error{Kind: kind, Message: "as told"} }

func target(name string, lister cloud.Lister, regions ...string) cloud.OpenedAccount {
	return cloud.OpenedAccount{Account: cloud.Account{Cloud: inventory.Alibaba, Name: name, Regions: regions}, Lister: lister}
}

// outline shows listings as "account/region owner count kind".
func outline(listings []inventory.Listing) string {
	var lines []string
	for _, l := range listings {
		lines = append(lines, fmt.Sprintf("%s/%s %s %d %s", l.Account, l.Region, l.Owner, len(l.Instances), inventory.KindOf(l.Err)))
	}
	return strings.Join(lines, "\n")
}

func TestFleetList(t *testing.T) {
	t.Parallel()
	half := func(string) ([]inventory.Instance, error) {
		return []inventory.Instance{{ID: "i-1"}}, kindError(inventory.Temporary)
	}
	rows := func(rows ...inventory.Instance) func(string) ([]inventory.Instance, error) {
		return func(string) ([]inventory.Instance, error) { return rows, nil }
	}
	elsewhere := inventory.Instance{ID: "i-1", Scope: inventory.Scope{Region: "r9"}}
	for name, c := range map[string]struct {
		targets []cloud.OpenedAccount
		narrow  cloud.Filter
		want    string
	}{
		"sorted": {[]cloud.OpenedAccount{target("b", &fake{}, "r2", "r1", "r2", ""), target("a", &fake{})}, cloud.Filter{},
			"a/r1 1111 2 \na/r2 1111 2 \nb/r1 1111 2 \nb/r2 1111 2 "},
		"narrowed": {[]cloud.OpenedAccount{target("b", &fake{}, "r2", "r1"), target("a", &fake{})},
			cloud.Filter{Accounts: []string{"a"}, Regions: []string{"r2", "r7"}}, "a/r2 1111 2 "},
		"narrowed to nothing": {[]cloud.OpenedAccount{target("b", &fake{}, "r1")}, cloud.Filter{Regions: []string{"r7"}}, ""},
		"one region fails": {[]cloud.OpenedAccount{target("a", &fake{list: func(region string) ([]inventory.Instance, error) {
			if region == "r1" {
				return []inventory.Instance{{ID: "i-1"}}, kindError(inventory.Throttled)
			}
			return nil, nil
		}}, "r1", "r2")}, cloud.Filter{}, "a/r1 1111 0 throttled\na/r2 1111 0 "},
		"rows beside an error": {[]cloud.OpenedAccount{target("a", &fake{list: half}, "r1")}, cloud.Filter{}, "a/r1 1111 0 temporary"},
		"a row without id":     {[]cloud.OpenedAccount{target("a", &fake{list: rows(inventory.Instance{})}, "r1")}, cloud.Filter{}, "a/r1 1111 0 incomplete"},
		"a row twice": {[]cloud.OpenedAccount{target("a", &fake{list: rows(inventory.Instance{ID: "i"}, inventory.Instance{ID: "i"})}, "r1")},
			cloud.Filter{}, "a/r1 1111 0 incomplete"},
		"a row of another region": {[]cloud.OpenedAccount{target("a", &fake{list: rows(elsewhere)}, "r1")}, cloud.Filter{}, "a/r1 1111 0 incomplete"},
		"regions fail": {[]cloud.OpenedAccount{target("a", &fake{regions: func() ([]string, error) { return nil, kindError(inventory.Denied) }})},
			cloud.Filter{Regions: []string{"r1"}}, "a/* 1111 0 denied"},
		"no regions": {[]cloud.OpenedAccount{target("a", &fake{regions: func() ([]string, error) { return nil, nil }})},
			cloud.Filter{}, "a/* 1111 0 incomplete"},
		"not opened": {[]cloud.OpenedAccount{{Account: cloud.Account{Name: "a", Regions: []string{"r1", "r2"}}, Err: kindError(inventory.BadCredentials)}},
			cloud.Filter{}, "a/r1  0 bad_credentials\na/r2  0 bad_credentials"},
		"not opened, regions unknown": {[]cloud.OpenedAccount{{Account: cloud.Account{Name: "a"}, Err: kindError(inventory.BadCredentials)}},
			cloud.Filter{}, "a/*  0 bad_credentials"},
		"neither lister nor error": {[]cloud.OpenedAccount{{Account: cloud.Account{Name: "a"}}}, cloud.Filter{}, "a/*  0 unsupported"},
		"panics": {[]cloud.OpenedAccount{target("a", &fake{list: func(region string) ([]inventory.Instance, error) {
			if region == "r1" {
				panic("key LTAI-secret")
			}
			var none []int
			return nil, fmt.Errorf("never made: %d", none[len(region)])
		}}, "r1", "r2"), target("b", &fake{regions: func() ([]string, error) { panic(errors.New("b")) }}),
			target("c", &fake{owner: func() (string, error) { panic("c") }}, "r1")}, cloud.Filter{},
			"a/r1 1111 0 unknown\na/r2 1111 0 unknown\nb/* 1111 0 unknown\nc/r1  0 unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantListings(t, c.targets, c.narrow, c.want)
		})
	}
}

// wantListings lists a fleet and compares the outline; rows must be sealed, logs clean.
func wantListings(t *testing.T, targets []cloud.OpenedAccount, filter cloud.Filter, want string) {
	t.Helper()
	var log bytes.Buffer
	listings := cloud.NewFleet(targets).WithLogger(slog.New(slog.NewTextHandler(&log, nil))).List(t.Context(), filter)
	if got := outline(listings); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, l := range listings {
		if strings.Contains(log.String()+fmt.Sprint(l.Err), "LTAI-secret") {
			t.Error("the value of a panic is shown")
		}
		for i, row := range l.Instances {
			if row.Scope != l.Scope || row.Owner != l.Owner || i > 0 && row.ID <= l.Instances[i-1].ID {
				t.Errorf("row %d is %+v in %s", i, row, l.Scope)
			}
		}
	}
}

func TestFleetOwner(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		owner      string
		err        error
		configured string
		want       string
		text       string
	}{
		"the cloud's":             {"1111", nil, "", "a/r1 1111 2 \na/r2 1111 2 ", ""},
		"both agree":              {"1111", nil, "1111", "a/r1 1111 2 \na/r2 1111 2 ", ""},
		"both differ":             {"1111", nil, "2222", "a/r1  0 bad_credentials\na/r2  0 bad_credentials", "belongs to account 1111, but account_id is 2222"},
		"none":                    {"", nil, "2222", "a/r1  0 incomplete\na/r2  0 incomplete", ""},
		"denied":                  {"", kindError(inventory.Denied), "2222", "a/r1 2222 2 \na/r2 2222 2 ", ""},
		"not found":               {"", kindError(inventory.NotFound), "2222", "a/r1 2222 2 \na/r2 2222 2 ", ""},
		"denied, not configured":  {"", kindError(inventory.Denied), "", "a/r1  0 denied\na/r2  0 denied", "set account_id, or grant"},
		"temporary":               {"", kindError(inventory.Temporary), "2222", "a/r1  0 temporary\na/r2  0 temporary", ""},
		"bad key":                 {"", kindError(inventory.BadCredentials), "2222", "a/r1  0 bad_credentials\na/r2  0 bad_credentials", ""},
		"an error without a kind": {"", errors.New("plain"), "2222", "a/r1  0 unknown\na/r2  0 unknown", ""},
	} {
		lister := &fake{owner: func() (string, error) { return c.owner, c.err }}
		t1 := target("a", lister, "r1", "r2")
		t1.Account.AccountID = c.configured
		listings := cloud.NewFleet([]cloud.OpenedAccount{t1}).List(t.Context(), cloud.Filter{})
		if got := outline(listings); got != c.want || lister.owners.Load() != 1 {
			t.Errorf("%s: %d calls, got\n%s\nwant\n%s", name, lister.owners.Load(), got, c.want)
		}
		if !strings.Contains(fmt.Sprint(listings[0].Err), c.text) {
			t.Errorf("%s: %v does not say %q", name, listings[0].Err, c.text)
		}
	}
}

// TestFleetParallel: regions run at once, up to the limit of each account.
func TestFleetParallel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		running, most := map[string]int{}, map[string]int{}
		count := func(name string, by int) {
			mu.Lock()
			defer mu.Unlock()
			running[name] += by
			most[name] = max(most[name], running[name])
		}
		slow := func(name string) *fake {
			return &fake{list: func(string) ([]inventory.Instance, error) {
				count(name, 1)
				defer count(name, -1)
				time.Sleep(time.Second)
				return nil, nil
			}}
		}
		regions := make([]string, 150)
		for i := range regions {
			regions[i] = fmt.Sprintf("r%03d", i)
		}
		fleet := cloud.NewFleet([]cloud.OpenedAccount{target("a", slow("a"), regions...), target("b", slow("b"), regions...)})
		started := time.Now()
		if listings := fleet.List(t.Context(), cloud.Filter{}); len(listings) != 300 {
			t.Errorf("%d listings", len(listings))
		}
		if took := time.Since(started); most["a"] != 64 || most["b"] != 64 || took != 3*time.Second {
			t.Errorf("at most %v at once in %s, want 64 of each and 3 s", most, took)
		}
		clear(most)
		fleet.WithParallel(2).List(t.Context(), cloud.Filter{Accounts: []string{"a"}})
		if most["a"] != 2 {
			t.Errorf("at most %v at once, want 2", most)
		}
	})
}

// TestFleetSlowestRegion: listing takes as long as the slowest region and not as the sum. None of
// 5 accounts × 10 regions ends before all are under way; where any waited for another to end,
// nothing would ever go on, which synctest reports as a deadlock.
func TestFleetSlowestRegion(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var underWay sync.WaitGroup
		lister := &fake{list: func(region string) ([]inventory.Instance, error) {
			underWay.Done()
			underWay.Wait()
			if region == "r5" {
				time.Sleep(time.Minute)
			}
			return []inventory.Instance{{ID: "i-1"}}, nil
		}}
		var targets []cloud.OpenedAccount
		for n := range 5 {
			var regions []string
			for r := range 10 {
				regions = append(regions, fmt.Sprintf("r%d", r))
			}
			targets = append(targets, target(fmt.Sprintf("a%d", n), lister, regions...))
		}
		underWay.Add(50)
		started := time.Now()
		for _, l := range cloud.NewFleet(targets).List(t.Context(), cloud.Filter{}) {
			if !l.IsComplete() || len(l.Instances) != 1 {
				t.Errorf("%s: %d instances, %v", l.Scope, len(l.Instances), l.Err)
			}
		}
		if took := time.Since(started); took != time.Minute {
			t.Errorf("took %s, the slowest region 1m0s", took)
		}
	})
}

func TestOpen(t *testing.T) {
	t.Parallel()
	accounts := []cloud.Account{
		{Cloud: inventory.Alibaba, Name: "a", Regions: []string{"r1"}, AccessKeyID: secret.New("x")},
		{Cloud: inventory.Alibaba, Name: "b", Regions: []string{"r1"}},
		{Cloud: inventory.Huawei, Name: "c", Regions: []string{"r1", "r2"}},
	}
	providers := []cloud.Provider{{CloudInfo: inventory.CloudInfo{Cloud: inventory.Alibaba}, Open: func(a cloud.Account) (cloud.Lister, error) {
		if a.AccessKeyID.IsEmpty() {
			return nil, kindError(inventory.BadCredentials)
		}
		return &fake{}, nil
	}}}
	fleet := cloud.Open(accounts, providers)
	want := "a/r1 1111 2 \nb/r1  0 bad_credentials\nc/r1  0 unsupported\nc/r2  0 unsupported"
	if got := outline(fleet.List(t.Context(), cloud.Filter{})); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := fleet.UnknownAccounts(cloud.Filter{Accounts: []string{"a", "z"}}); fmt.Sprint(got) != "[z]" {
		t.Errorf("unknown accounts %q", got)
	}
}

// TestConfirm: whose key it is is asked anew, whatever is remembered.
func TestConfirm(t *testing.T) {
	t.Parallel()
	owner := "1001"
	var failure error
	lister := &asked{owner: func() (string, error) { return owner, failure }}
	scope := inventory.Scope{Cloud: inventory.Alibaba, Account: "prod", Region: "r"}
	f := cloud.NewFleet([]cloud.OpenedAccount{{Account: cloud.Account{Cloud: inventory.Alibaba, Name: "prod", Regions: []string{"r"}}, Lister: lister}})
	f.List(t.Context(), cloud.Filter{}) // remembers it
	if err := f.VerifyOwner(t.Context(), scope, "1001"); err != nil {
		t.Error(err)
	}
	owner = "9999"
	if err := f.VerifyOwner(t.Context(), scope, "1001"); inventory.KindOf(err) != inventory.BadCredentials {
		t.Errorf("the key of another account: %v", err)
	}
	owner, failure = "", &inventory.Error{Kind: inventory.Temporary}
	if err := f.VerifyOwner(t.Context(), scope, "1001"); inventory.KindOf(err) != inventory.Temporary {
		t.Errorf("no answer: %v", err)
	}
	scope.Account = "other"
	if err := f.VerifyOwner(t.Context(), scope, "1001"); inventory.KindOf(err) != inventory.NotFound {
		t.Errorf("no such account: %v", err)
	}
}

// asked is a lister without instances, whose owner may change.
type asked struct {
	cloud.Lister
	owner func() (string, error)
}

func (a *asked) Owner(context.Context) (string, error) { return a.owner() }

func (a *asked) List(context.Context, string) ([]inventory.Instance, error) { return nil, nil }
