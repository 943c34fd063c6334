package alibaba_test

import (
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
	cloudtest.Run(t, harness())
}

const region = "cn-beijing"

func harness() cloudtest.Harness {
	return cloudtest.Harness{
		New: func(t testing.TB) cloudtest.World { return newWorld(t) }, Open: alibaba.Open,
		Account: cloud.Account{
			Cloud: inventory.Alibaba, Name: "aliyun-prod", AccessKeyID: secret.New(good.AccessKeyID),
			AccessKeySecret: secret.New(good.AccessKeySecret), SecurityToken: secret.New(good.SecurityToken),
		},
		Unknown: "LTAIunknown000000001", Region: region, Missing: "cn-nowhere", Absent: alibaba.Provider(cloud.Policy{}).Absent, Owner: good.AccountID, Secrets: secrets(),
		List: alibabatest.DescribeInstances, Second: alibabatest.DescribeInstanceAttribute, PageSize: 100, Many: 4, // and of these one is a probe
	}
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
	*cloudtest.Site
	account *alibabatest.Account
}

func newWorld(t testing.TB) *world {
	t.Helper()
	server := alibabatest.New(alibabatest.Options{Reporter: t})
	return &world{Server: server, Site: cloudtest.Serve(t, server, server.Close, harness()), account: server.AddAccount(good)}
}

func (w *world) Fill(region string, n int) []string {
	return w.account.Fill(region, n, alibabatest.Sample)
}

func (w *world) Remove(region string, ids ...string) { w.account.Remove(region, ids...) }

func (w *world) Hide(region string, ids ...string) { w.account.Hide(region, ids...) }
