package fakecloudtest_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/fakecloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

var testKey = fakecloudtest.Key{AccountID: "700", ID: "FAKEtestkey000001", Secret: "s3cret/of+the=test"}

// TestContract runs what every cloud's adapter has to keep.
func TestContract(t *testing.T) {
	t.Parallel()
	cloudtest.RunContract(t, harness())
}

func harness() cloudtest.Harness {
	return cloudtest.Harness{
		New: newWorld, Open: fakecloudtest.Open,
		Account:    cloud.Account{Cloud: "fakecloud", Name: "fake-prod", AccessKeyID: secret.New(testKey.ID), AccessKeySecret: secret.New(testKey.Secret)},
		UnknownKey: "FAKEunknown000001", Region: "r-one", MissingRegion: "r-none", Owner: testKey.AccountID,
		Secrets:    []string{testKey.ID, testKey.Secret, "FAKEunknown000001"},
		ListAction: fakecloudtest.ListMachines, VerifyAction: fakecloudtest.ShowMachine, PageSize: fakecloudtest.PageSize,
		NoFacts:       fakecloudtest.Provider(cloud.RetryPolicy{}).Facts.Missing(),
		Statuses:      map[string]inventory.Existence{"running": inventory.Present, "": inventory.Present},
		NonexistentID: fakecloudtest.Provider(cloud.RetryPolicy{}).NonexistentID, Services: fakecloudtest.Provider(cloud.RetryPolicy{}).Services,
	}
}

type world struct {
	*fakecloudtest.Server
	*cloudtest.ServedEmulator
	filled *int // by FillFacts
}

// FillFacts implements cloudtest.World.
func (w world) FillFacts(region string) (string, inventory.Facts) {
	*w.filled++
	id := w.Server.FillFacts(region, *w.filled, "r-one-b", harness().TagMap())
	return id, inventory.Facts{Status: "running", Zone: "r-one-b", Tags: harness().Tags()}
}

func newWorld(t testing.TB) cloudtest.World {
	server := fakecloudtest.NewServer(t, testKey, "r-one", "r-two")
	return world{server, cloudtest.Serve(t, server, server.Close, harness()), new(int)}
}
