package alibaba_test

import (
	"net/http/httptest"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

func TestContract(t *testing.T) {
	t.Parallel()
	cloudtest.Run(t, cloudtest.Harness{
		New: func(t testing.TB) cloudtest.World { return newWorld(t) }, Region: "cn-beijing", Missing: "cn-nowhere",
		Owner: good.AccountID, Secrets: secrets(), PageSize: 100, Absent: alibaba.Provider(cloud.Policy{}).Absent,
	})
}

// good is the key of the account in these tests, with all that a signature has to escape.
var good = alibabatest.Key{
	AccountID: "1000000000000001", AccessKeyID: "STS.NTaTestKey00000001", AccessKeySecret: "s3cret/+=*~ of the test", SecurityToken: "CAIS+token/with=signs&so on",
}

// secrets are the forms of good that no text may show.
func secrets() []string {
	return []string{
		good.AccessKeyID, "LTAIunknown000000001", good.AccessKeySecret, "another-secret", good.SecurityToken, "CAIS%2Btoken", "CAIS%252Btoken", "Signature=", "SignatureNonce%3D",
		"STS.ISSUED", "issued/secret", "issued%2Fsecret", "CAISissued",
	}
}

// world is an emulator that fails the test on unexpected requests.
type world struct {
	*alibabatest.Server
	account *alibabatest.Account
	url     string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	server := alibabatest.New(alibabatest.Options{Reporter: t})
	web := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); web.Close() })
	return &world{Server: server, account: server.AddAccount(good), url: web.URL}
}

func (w *world) open(t testing.TB, policy cloud.Policy, change func(*cloud.Account)) cloud.Lister {
	t.Helper()
	account := cloud.Account{
		Cloud: inventory.Alibaba, Name: "aliyun-prod", Endpoint: w.url, AccessKeyID: secret.New(good.AccessKeyID),
		AccessKeySecret: secret.New(good.AccessKeySecret), SecurityToken: secret.New(good.SecurityToken),
	}
	change(&account)
	lister, err := alibaba.Open(account, policy)
	if err != nil {
		t.Fatal(err)
	}
	return lister
}

func (w *world) Open(t testing.TB, key cloudtest.Key, policy cloud.Policy) cloud.Lister {
	return w.open(t, policy, func(a *cloud.Account) {
		switch key {
		case cloudtest.UnknownKey:
			a.AccessKeyID = secret.New("LTAIunknown000000001")
		case cloudtest.WrongSecret:
			a.AccessKeySecret = secret.New("another-secret")
		}
	})
}

func (w *world) Fill(region string, n int) (ids []string) {
	w.account.Fill(region, n, alibabatest.Sample)
	for i := range n {
		ids = append(ids, alibabatest.Sample(i).ID)
	}
	return ids
}

func (w *world) Break(region string, fault cloudtest.Fault, after, times int) {
	kind := map[cloudtest.Fault]alibabatest.Kind{
		cloudtest.Throttled: alibabatest.Throttled, cloudtest.NoPermission: alibabatest.NoPermission,
		cloudtest.ServerError: alibabatest.HTML503, cloudtest.Disconnect: alibabatest.Reset,
		cloudtest.EmptyBody: alibabatest.EmptyBody, cloudtest.EmptyObject: alibabatest.EmptyObject,
		cloudtest.Truncated: alibabatest.Truncated, cloudtest.WebPage: alibabatest.HTML200,
		cloudtest.Redirect: alibabatest.Redirect, cloudtest.NoProgress: alibabatest.RepeatToken,
		cloudtest.Hang: alibabatest.Hang,
	}[fault]
	w.Server.Break(alibabatest.Fault{Kind: kind, Action: alibabatest.DescribeInstances, Region: region, After: after, Times: times})
}
