package tencent_test

import (
	"net/http/httptest"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/tencent"
	"github.com/jms-sync/jms-sync/core/cloud/tencent/tencenttest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

func TestContract(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]tencenttest.Options{
		"unknown ids are left out": {}, "unknown ids are refused": {RefuseUnknown: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cloudtest.Run(t, cloudtest.Harness{
				New: func(t testing.TB) cloudtest.World { return newWorld(t, options) }, Region: "ap-beijing", Missing: "ap-nowhere",
				Owner: good.AccountID, Secrets: secrets(), PageSize: 100, Absent: tencent.Provider(cloud.Policy{}).Absent,
			})
		})
	}
}

// good is the key of the account in these tests.
var good = tencenttest.Key{
	AccountID: "100000000001", AccessKeyID: "AKIDtestkey0000000001", AccessKeySecret: "s3cret/+=*~ofthetest", SecurityToken: "token+with/signs&so=on",
}

// secrets are what no text may show.
func secrets() []string {
	return []string{
		good.AccessKeyID, "AKIDunknown00000001", good.AccessKeySecret, "another-secret", good.SecurityToken, "TC3-HMAC", "Signature=", "Credential=",
	}
}

// world is an emulator that fails the test on unexpected requests.
type world struct {
	*tencenttest.Server
	account *tencenttest.Account
	url     string
}

func newWorld(t testing.TB, options tencenttest.Options) *world {
	t.Helper()
	options.Reporter = t
	server := tencenttest.New(options)
	web := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); web.Close() })
	return &world{Server: server, account: server.AddAccount(good), url: web.URL}
}

func (w *world) open(t testing.TB, policy cloud.Policy, change func(*cloud.Account)) cloud.Lister {
	t.Helper()
	account := cloud.Account{
		Cloud: inventory.Tencent, Name: "tencent-prod", Endpoint: w.url, AccessKeyID: secret.New(good.AccessKeyID),
		AccessKeySecret: secret.New(good.AccessKeySecret), SecurityToken: secret.New(good.SecurityToken),
	}
	change(&account)
	lister, err := tencent.Open(account, policy)
	if err != nil {
		t.Fatal(err)
	}
	return lister
}

func (w *world) Open(t testing.TB, key cloudtest.Key, policy cloud.Policy) cloud.Lister {
	return w.open(t, policy, func(a *cloud.Account) {
		switch key {
		case cloudtest.UnknownKey:
			a.AccessKeyID = secret.New("AKIDunknown00000001")
		case cloudtest.WrongSecret:
			a.AccessKeySecret = secret.New("another-secret")
		}
	})
}

func (w *world) Fill(region string, n int) (ids []string) {
	w.account.Fill(region, n, tencenttest.Sample)
	for i := range n {
		ids = append(ids, tencenttest.Sample(i).ID)
	}
	return ids
}

func (w *world) Break(region string, fault cloudtest.Fault, after, times int) {
	kind := map[cloudtest.Fault]tencenttest.Kind{
		cloudtest.Throttled: tencenttest.Throttled, cloudtest.NoPermission: tencenttest.Unauthorized,
		cloudtest.ServerError: tencenttest.HTML503, cloudtest.Disconnect: tencenttest.Reset,
		cloudtest.EmptyBody: tencenttest.EmptyBody, cloudtest.EmptyObject: tencenttest.EmptyObject,
		cloudtest.Truncated: tencenttest.Truncated, cloudtest.WebPage: tencenttest.HTML200,
		cloudtest.Redirect: tencenttest.Redirect, cloudtest.NoProgress: tencenttest.SamePage,
		cloudtest.Hang: tencenttest.Hang,
	}[fault]
	w.Server.Break(tencenttest.Fault{Kind: kind, Action: tencenttest.DescribeInstances, Region: region, After: after, Times: times})
}
