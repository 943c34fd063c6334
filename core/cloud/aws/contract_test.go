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
	cloudtest.Run(t, harness())
}

const region = "us-west-2"

func harness() cloudtest.Harness {
	return cloudtest.Harness{
		New: func(t testing.TB) cloudtest.World { return newWorld(t) }, Open: aws.Open,
		Account: cloud.Account{
			Cloud: inventory.AWS, Name: "aws-prod", AccessKeyID: secret.New(good.AccessKeyID),
			AccessKeySecret: secret.New(good.AccessKeySecret), SecurityToken: secret.New(good.SessionToken),
			RequestTimeout: time.Minute, // a page of 1,000 may take long where many tests run
		},
		Unknown: "AKIAUNKNOWN000000001", Region: region, Missing: "us-nowhere-1", Absent: aws.Provider(cloud.Policy{}).Absent, Owner: good.AccountID, Secrets: secrets(),
		List: awstest.DescribeInstances, PageSize: 1000, Many: 5, // of which one is a probe, and one asks the second witness
		Keyless: true,
	}
}

// good is the key of the account in these tests, with all that a signature has to escape.
var good = awstest.Key{
	AccountID: "100000000001", AccessKeyID: "ASIATESTKEY000000001", AccessKeySecret: "s3cret/+=*~ofthetest", SessionToken: "IQoJ+token/with=signs==",
}

// secrets are the forms of good that no text may show.
func secrets() []string {
	return []string{
		good.AccessKeyID, "AKIAUNKNOWN000000001", good.AccessKeySecret, "another-secret", good.SessionToken, "IQoJ%2Btoken", "Signature=",
		"ASIAISSUED", "issued/secret", "IssuedToken",
	}
}

// world is an emulator that fails the test on unexpected requests.
type world struct {
	*awstest.Server
	*cloudtest.Site
	account *awstest.Account
}

func newWorld(t testing.TB) *world {
	t.Helper()
	server := awstest.New(awstest.Options{Reporter: t})
	return &world{Server: server, Site: cloudtest.Serve(t, server, server.Close, harness()), account: server.AddAccount(good)}
}

func (w *world) Fill(region string, n int) []string { return w.account.Fill(region, n, awstest.Sample) }

func (w *world) Remove(region string, ids ...string) { w.account.Remove(region, ids...) }

func (w *world) Hide(region string, ids ...string) { w.account.Hide(region, ids...) }
