package tencent_test

import (
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
			h := harness()
			h.New = func(t testing.TB) cloudtest.World { return newWorld(t, options) }
			cloudtest.RunContract(t, h)
		})
	}
}

const region = "ap-beijing"

func harness() cloudtest.Harness {
	return cloudtest.Harness{
		New: func(t testing.TB) cloudtest.World { return newWorld(t, defaultOptions) }, Open: tencent.Open,
		Account: cloud.Account{
			Cloud: "tencent", Name: "tencent-prod", AccessKeyID: secret.New(testAccountKey.AccessKeyID),
			AccessKeySecret: secret.New(testAccountKey.AccessKeySecret), SecurityToken: secret.New(testAccountKey.SecurityToken),
		},
		UnknownKey: "AKIDunknown00000001", Region: region, MissingRegion: "ap-nowhere", NonexistentID: tencent.Provider(cloud.RetryPolicy{}).NonexistentID, Services: []string{"cvm", "region", "sts"}, Owner: testAccountKey.AccountID, Secrets: secrets(),
		ListAction: tencenttest.DescribeInstances, VerifyAction: tencenttest.DescribeInstancesStatus, PageSize: 100,
		NoFacts: tencent.Provider(cloud.RetryPolicy{}).Facts.Missing(),
		Statuses: map[string]inventory.Existence{
			"PENDING": inventory.Present, "RUNNING": inventory.Present, "STOPPED": inventory.Present, "STARTING": inventory.Present, "STOPPING": inventory.Present, "REBOOTING": inventory.Present,
			"TERMINATING":   inventory.NotMade,
			"SHUTDOWN":      inventory.Closed,
			"LAUNCH_FAILED": inventory.Absent,
		},
	}
}

// testAccountKey is the key of the account in these tests.
var testAccountKey = tencenttest.Key{
	AccountID: "100000000001", AccessKeyID: "AKIDtestkey0000000001", AccessKeySecret: "s3cret/+=*~ofthetest", SecurityToken: "token+with/signs&so=on",
}

// secrets are what no text may show.
func secrets() []string {
	return []string{
		testAccountKey.AccessKeyID, "AKIDunknown00000001", testAccountKey.AccessKeySecret, "another-secret", testAccountKey.SecurityToken, "TC3-HMAC", "Signature=", "Credential=",
	}
}

// world is an emulator that fails the test on unexpected requests.
type world struct {
	*tencenttest.Server
	*cloudtest.ServedEmulator
	account *tencenttest.Account
	filled  int // by FillFacts
}

func newWorld(t testing.TB, options tencenttest.Options) *world {
	t.Helper()
	options.Reporter = t
	server := tencenttest.New(options)
	return &world{Server: server, ServedEmulator: cloudtest.Serve(t, server, server.Close, harness()), account: server.AddAccount(testAccountKey)}
}

func (w *world) Fill(region string, n int) []string {
	return w.account.Fill(region, n, tencenttest.SampleInstance)
}

func (w *world) FillIPv6(region string) string {
	return w.account.Fill(region, 1, tencenttest.SampleIPv6Instance)[0]
}

func (w *world) Remove(region string, ids ...string) { w.account.Remove(region, ids...) }

func (w *world) SetStatus(region, status string, ids ...string) {
	w.account.Change(region, func(i *tencenttest.Instance) { i.Status = status }, ids...)
}

func (w *world) Hide(region string, ids ...string) { w.account.Hide(region, ids...) }
