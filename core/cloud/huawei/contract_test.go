package huawei_test

import (
	"net/http"
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
	cloudtest.RunContract(t, harness())
}

// TestContractWithProject: the same where the configuration names the project, and IAM is only
// asked whose it is.
func TestContractWithProject(t *testing.T) {
	t.Parallel()
	h := harness()
	h.New = func(t testing.TB) cloudtest.World {
		w := newWorld(t)
		w.inProject(&w.Account)
		return w
	}
	cloudtest.RunContract(t, h)
}

const region = "cn-north-4"

func harness() cloudtest.Harness {
	return cloudtest.Harness{
		New: func(t testing.TB) cloudtest.World { return newWorld(t) }, Open: huawei.Open,
		Account: cloud.Account{
			Cloud: inventory.Huawei, Name: "huawei-prod", AccessKeyID: secret.New(testAccountKey.AccessKeyID),
			AccessKeySecret: secret.New(testAccountKey.AccessKeySecret), SecurityToken: secret.New(testAccountKey.SecurityToken),
		},
		UnknownKey: "HST0UNKNOWN000000001", Region: region, MissingRegion: "cn-nowhere-1", NonexistentID: huawei.Provider(cloud.RetryPolicy{}).NonexistentID, Services: huawei.Provider(cloud.RetryPolicy{}).Services, Owner: testAccountKey.DomainID, Secrets: secrets(),
		ListAction: huaweitest.ListServers, VerifyAction: huaweitest.ShowServer, PageSize: 200, ListCalls: 3,
		NoFacts: huawei.Provider(cloud.RetryPolicy{}).Facts.Missing(),
		Statuses: map[string]inventory.Existence{
			"ACTIVE": inventory.Present, "SHUTOFF": inventory.Present, "BUILD": inventory.Present, "REBOOT": inventory.Present, "HARD_REBOOT": inventory.Present, "REBUILD": inventory.Present, "RESIZE": inventory.Present,
			"VERIFY_RESIZE": inventory.Present, "REVERT_RESIZE": inventory.Present, "MIGRATING": inventory.Present, "SHELVED": inventory.Present, "SHELVED_OFFLOADED": inventory.Present, "ERROR": inventory.Present, "UNKNOWN": inventory.Present,
			"SOFT_DELETED": inventory.Closed,
			"DELETED":      inventory.Absent,
		},
	}
}

// testAccountKey is the key of the account in these tests, that of an agency, with all that could need escaping.
var testAccountKey = huaweitest.Key{
	DomainID: "b2b3853af40448fcb9e40d0f89505b0a", AccessKeyID: "HST0TESTKEY000000001", AccessKeySecret: "s3cret/+=*~ of the test",
	SecurityToken: "ggpjbi1ub+token/with=signs&so on",
}

// secrets are the forms of good that no text may show.
func secrets() []string {
	return []string{
		testAccountKey.AccessKeyID, "HST0UNKNOWN000000001", testAccountKey.AccessKeySecret, "another-secret", testAccountKey.SecurityToken, "ggpjbi1ub%2B",
		"Signature=", "SDK-HMAC", "proxy-password",
	}
}

// world is an emulator that fails the test on unexpected requests.
type world struct {
	*huaweitest.Server
	*cloudtest.ServedEmulator
	account *huaweitest.Account
	filled  int                                   // by FillFacts
	before  atomic.Pointer[func(r *http.Request)] // is called before each request is answered
}

func newWorld(t testing.TB) *world {
	t.Helper()
	w := &world{Server: huaweitest.New(huaweitest.Options{Reporter: t})}
	w.account = w.Server.AddAccount(testAccountKey)
	w.ServedEmulator = cloudtest.Serve(t, http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if before := w.before.Load(); before != nil {
			(*before)(r)
		}
		w.Server.ServeHTTP(rw, r)
	}), w.Server.Close, harness())
	return w
}

// inProject lets an account name the region's project, so that IAM is not asked for it.
func (w *world) inProject(a *cloud.Account) {
	a.ProjectID, a.Regions = w.account.ProjectID(region), []string{region}
}

func (w *world) Fill(region string, n int) []string {
	return w.account.Fill(region, n, huaweitest.SampleInstance)
}

func (w *world) FillIPv6(region string) string {
	return w.account.Fill(region, 1, huaweitest.SampleIPv6Instance)[0]
}

func (w *world) Remove(region string, ids ...string) { w.account.Remove(region, ids...) }

func (w *world) SetStatus(region, status string, ids ...string) {
	w.account.Change(region, func(i *huaweitest.Instance) { i.Status = status }, ids...)
}

func (w *world) Hide(region string, ids ...string) { w.account.Hide(region, ids...) }
