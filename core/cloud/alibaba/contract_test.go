package alibaba_test

import (
	"slices"
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
	cloudtest.RunContract(t, harness())
}

const region = "cn-beijing"

func harness() cloudtest.Harness {
	return cloudtest.Harness{
		New: func(t testing.TB) cloudtest.World { return newWorld(t) }, Open: alibaba.Open,
		Account: cloud.Account{
			Cloud: inventory.Alibaba, Name: "aliyun-prod", AccessKeyID: secret.New(testAccountKey.AccessKeyID),
			AccessKeySecret: secret.New(testAccountKey.AccessKeySecret), SecurityToken: secret.New(testAccountKey.SecurityToken),
		},
		UnknownKey: "LTAIunknown000000001", Region: region, MissingRegion: "cn-nowhere", NonexistentID: alibaba.Provider(cloud.RetryPolicy{}).NonexistentID, Services: servicesBut("swas"), Owner: testAccountKey.AccountID, Secrets: secrets(),
		ListAction: alibabatest.DescribeInstances, VerifyAction: alibabatest.DescribeInstanceAttribute, PageSize: 100, ListCalls: 4, // and of these one is a probe
		NoFacts: alibaba.Provider(cloud.RetryPolicy{}).Facts.Missing(),
		Statuses: map[string]inventory.Existence{
			"Pending": inventory.Present, "Starting": inventory.Present, "Running": inventory.Present, "Stopping": inventory.Present, "Stopped": inventory.Present,
		},
	}
}

// servicesBut returns the services that may have an address of their own, without one that only another kind calls.
func servicesBut(other string) []string {
	return slices.DeleteFunc(alibaba.Provider(cloud.RetryPolicy{}).Services, func(service string) bool { return service == other })
}

// testAccountKey is the key of the account in these tests, with all that a signature has to escape.
var testAccountKey = alibabatest.Key{
	AccountID: "1000000000000001", AccessKeyID: "STS.NTaTestKey00000001", AccessKeySecret: "s3cret/+=*~ of the test", SecurityToken: "CAIS+token/with=signs&so on",
}

// secrets are the forms of good that no text may show.
func secrets() []string {
	return []string{
		testAccountKey.AccessKeyID, "LTAIunknown000000001", testAccountKey.AccessKeySecret, "another-secret", testAccountKey.SecurityToken, "CAIS%2Btoken", "CAIS%252Btoken", "Signature=", "SignatureNonce%3D",
		"STS.ISSUED", "issued/secret", "issued%2Fsecret", "CAISissued",
	}
}

// world is an emulator that fails the test on unexpected requests.
type world struct {
	*alibabatest.Server
	*cloudtest.ServedEmulator
	account *alibabatest.Account
	filled  int // by FillFacts
}

func newWorld(t testing.TB) *world {
	t.Helper()
	server := alibabatest.New(alibabatest.Options{Reporter: t})
	return &world{Server: server, ServedEmulator: cloudtest.Serve(t, server, server.Close, harness()), account: server.AddAccount(testAccountKey)}
}

func (w *world) Fill(region string, n int) []string {
	return w.account.Fill(region, n, alibabatest.SampleInstance)
}

func (w *world) FillIPv6(region string) string {
	return w.account.Fill(region, 1, alibabatest.SampleIPv6Instance)[0]
}

func (w *world) Remove(region string, ids ...string) { w.account.Remove(region, ids...) }

func (w *world) SetStatus(region, status string, ids ...string) {
	w.account.Change(region, func(i *alibabatest.Instance) { i.Status = status }, ids...)
}

func (w *world) Hide(region string, ids ...string) { w.account.Hide(region, ids...) }
