package aws_test

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/aws"
	"github.com/jms-sync/jms-sync/core/cloud/aws/awstest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

func TestContract(t *testing.T) {
	t.Parallel()
	cloudtest.RunContract(t, harness())
}

const region = "us-west-2"

func harness() cloudtest.Harness {
	return cloudtest.Harness{
		New: func(t testing.TB) cloudtest.World { return newWorld(t) }, Open: aws.Open,
		Account: cloud.Account{
			Cloud: inventory.AWS, Name: "aws-prod", AccessKeyID: secret.New(testAccountKey.AccessKeyID),
			AccessKeySecret: secret.New(testAccountKey.AccessKeySecret), SecurityToken: secret.New(testAccountKey.SessionToken),
			RequestTimeout: time.Minute, // a page of 1,000 may take long where many tests run
		},
		UnknownKey: "AKIAUNKNOWN000000001", Region: region, MissingRegion: "us-nowhere-1", NonexistentID: aws.Provider(cloud.RetryPolicy{}).NonexistentID, Services: aws.Provider(cloud.RetryPolicy{}).Services, Owner: testAccountKey.AccountID, Secrets: secrets(),
		ListAction: awstest.DescribeInstances, PageSize: 1000, ListCalls: 5, // of which one is a probe, and one asks the second witness
		AllowsNoKey: true,
		NoFacts:     aws.Provider(cloud.RetryPolicy{}).Facts.Missing(),
		Statuses: map[string]inventory.Existence{
			"pending": inventory.Present, "running": inventory.Present, "stopping": inventory.Present, "stopped": inventory.Present,
			"shutting-down": inventory.NotMade,
			"terminated":    inventory.Absent,
		},
	}
}

// testAccountKey is the key of the account in these tests, with all that a signature has to escape.
var testAccountKey = awstest.Key{
	AccountID: "100000000001", AccessKeyID: "ASIATESTKEY000000001", AccessKeySecret: "s3cret/+=*~ofthetest", SessionToken: "IQoJ+token/with=signs==",
}

// secrets are the forms of good that no text may show.
func secrets() []string {
	return []string{
		testAccountKey.AccessKeyID, "AKIAUNKNOWN000000001", testAccountKey.AccessKeySecret, "another-secret", testAccountKey.SessionToken, "IQoJ%2Btoken", "Signature=",
		"ASIAISSUED", "issued/secret", "IssuedToken",
	}
}

// world is an emulator that fails the test on unexpected requests.
type world struct {
	*awstest.Server
	*cloudtest.ServedEmulator
	account *awstest.Account
	filled  int // by FillFacts
}

func newWorld(t testing.TB) *world {
	t.Helper()
	server := awstest.New(awstest.Options{Reporter: t})
	return &world{Server: server, ServedEmulator: cloudtest.Serve(t, server, server.Close, harness()), account: server.AddAccount(testAccountKey)}
}

func (w *world) Fill(region string, n int) []string {
	return w.account.Fill(region, n, awstest.SampleInstance)
}

func (w *world) FillIPv6(region string) string {
	return w.account.Fill(region, 1, awstest.SampleIPv6Instance)[0]
}

func (w *world) Remove(region string, ids ...string) { w.account.Remove(region, ids...) }

func (w *world) SetStatus(region, status string, ids ...string) {
	w.account.Change(region, func(i *awstest.Instance) { i.State = status }, ids...)
}

func (w *world) Hide(region string, ids ...string) { w.account.Hide(region, ids...) }
