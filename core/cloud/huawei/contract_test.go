package huawei_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/huawei"
	"github.com/jms-sync/jms-sync/core/cloud/huawei/huaweitest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

func TestContract(t *testing.T) {
	t.Parallel()
	cloudtest.Run(t, cloudtest.Harness{
		New: func(t testing.TB) cloudtest.World { return newWorld(t) }, Region: region, Missing: "cn-nowhere-1",
		Owner: good.DomainID, Secrets: secrets(), PageSize: 200, Absent: huawei.Provider(cloud.Policy{}).Absent,
	})
}

// TestContractWithProject: the same where the configuration names the project, and IAM is only
// asked whose it is.
func TestContractWithProject(t *testing.T) {
	t.Parallel()
	cloudtest.Run(t, cloudtest.Harness{
		New: func(t testing.TB) cloudtest.World {
			w := newWorld(t)
			w.change = func(a *cloud.Account) { a.ProjectID, a.Regions = w.account.ProjectID(region), []string{region} }
			return w
		},
		Region: region, Missing: "cn-nowhere-1", Owner: good.DomainID, Secrets: secrets(), PageSize: 200, Absent: huawei.Provider(cloud.Policy{}).Absent,
	})
}

// good is the key of the account in these tests, that of an agency, with all that could need escaping.
var good = huaweitest.Key{
	DomainID: "b2b3853af40448fcb9e40d0f89505b0a", AccessKeyID: "HST0TESTKEY000000001", AccessKeySecret: "s3cret/+=*~ of the test",
	SecurityToken: "ggpjbi1ub+token/with=signs&so on",
}

// secrets are the forms of good that no text may show.
func secrets() []string {
	return []string{
		good.AccessKeyID, "HST0UNKNOWN000000001", good.AccessKeySecret, "another-secret", good.SecurityToken, "ggpjbi1ub%2B",
		"Signature=", "SDK-HMAC", "proxy-password",
	}
}

// world is an emulator that fails the test on unexpected requests.
type world struct {
	*huaweitest.Server
	account *huaweitest.Account
	url     string
	change  func(*cloud.Account)                  // of every account that is opened
	before  atomic.Pointer[func(r *http.Request)] // is called before each request is answered
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Server: huaweitest.New(huaweitest.Options{Reporter: t}), change: same}
	web := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if before := w.before.Load(); before != nil {
			(*before)(r)
		}
		w.Server.ServeHTTP(rw, r)
	}))
	t.Cleanup(func() { w.Server.Close(); web.Close() })
	w.account, w.url = w.Server.AddAccount(good), web.URL
	return w
}

func (w *world) open(t testing.TB, policy cloud.Policy, change func(*cloud.Account)) cloud.Lister {
	t.Helper()
	account := cloud.Account{
		Cloud: inventory.Huawei, Name: "huawei-prod", Endpoint: w.url, AccessKeyID: secret.New(good.AccessKeyID),
		AccessKeySecret: secret.New(good.AccessKeySecret), SecurityToken: secret.New(good.SecurityToken),
	}
	w.change(&account)
	change(&account)
	lister, err := huawei.Open(account, policy)
	if err != nil {
		t.Fatal(err)
	}
	return lister
}

func (w *world) Open(t testing.TB, key cloudtest.Key, policy cloud.Policy) cloud.Lister {
	return w.open(t, policy, func(a *cloud.Account) {
		switch key {
		case cloudtest.UnknownKey:
			a.AccessKeyID = secret.New("HST0UNKNOWN000000001")
		case cloudtest.WrongSecret:
			a.AccessKeySecret = secret.New("another-secret")
		}
	})
}

func (w *world) Fill(region string, n int) (ids []string) {
	w.account.Fill(region, n, huaweitest.Sample)
	for i := range n {
		ids = append(ids, huaweitest.Sample(i).ID)
	}
	return ids
}

func (w *world) Break(region string, fault cloudtest.Fault, after, times int) {
	kind := map[cloudtest.Fault]huaweitest.Kind{
		cloudtest.Throttled: huaweitest.Throttled, cloudtest.NoPermission: huaweitest.NoPermission,
		cloudtest.ServerError: huaweitest.HTML503, cloudtest.Disconnect: huaweitest.Reset,
		cloudtest.EmptyBody: huaweitest.EmptyBody, cloudtest.EmptyObject: huaweitest.EmptyObject,
		cloudtest.Truncated: huaweitest.Truncated, cloudtest.WebPage: huaweitest.HTML200,
		cloudtest.Redirect: huaweitest.Redirect, cloudtest.NoProgress: huaweitest.RepeatMarker,
		cloudtest.Hang: huaweitest.Hang,
	}[fault]
	w.Server.Break(huaweitest.Fault{Kind: kind, Action: huaweitest.ListServers, Region: region, After: after, Times: times})
}
