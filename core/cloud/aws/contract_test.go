package aws_test

import (
	"net/http/httptest"
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
	cloudtest.Run(t, cloudtest.Harness{
		New: func(t testing.TB) cloudtest.World { return newWorld(t) }, Region: region, Missing: "us-nowhere-1",
		Owner: good.AccountID, Secrets: secrets(), PageSize: 1000, Absent: aws.Provider(cloud.Policy{}).Absent,
	})
}

const region = "us-west-2"

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
	account *awstest.Account
	url     string
}

func newWorld(t testing.TB) *world {
	t.Helper()
	server := awstest.New(awstest.Options{Reporter: t})
	web := httptest.NewServer(server)
	t.Cleanup(func() { server.Close(); web.Close() })
	return &world{Server: server, account: server.AddAccount(good), url: web.URL}
}

func (w *world) open(t testing.TB, policy cloud.Policy, change func(*cloud.Account)) cloud.Lister {
	t.Helper()
	account := cloud.Account{
		Cloud: inventory.AWS, Name: "aws-prod", Endpoint: w.url, AccessKeyID: secret.New(good.AccessKeyID),
		AccessKeySecret: secret.New(good.AccessKeySecret), SecurityToken: secret.New(good.SessionToken),
		RequestTimeout: time.Minute, // a page of 1,000 may take long where many tests run
	}
	change(&account)
	lister, err := aws.Open(account, policy)
	if err != nil {
		t.Fatal(err)
	}
	return lister
}

func (w *world) Open(t testing.TB, key cloudtest.Key, policy cloud.Policy) cloud.Lister {
	return w.open(t, policy, func(a *cloud.Account) {
		switch key {
		case cloudtest.UnknownKey:
			a.AccessKeyID = secret.New("AKIAUNKNOWN000000001")
		case cloudtest.WrongSecret:
			a.AccessKeySecret = secret.New("another-secret")
		}
	})
}

func (w *world) Fill(region string, n int) (ids []string) {
	w.account.Fill(region, n, awstest.Sample)
	for i := range n {
		ids = append(ids, awstest.Sample(i).ID)
	}
	return ids
}

func (w *world) Break(region string, fault cloudtest.Fault, after, times int) {
	kind := map[cloudtest.Fault]awstest.Kind{
		cloudtest.Throttled: awstest.Throttled, cloudtest.NoPermission: awstest.Unauthorized,
		cloudtest.ServerError: awstest.HTML503, cloudtest.Disconnect: awstest.Reset,
		cloudtest.EmptyBody: awstest.EmptyBody, cloudtest.EmptyObject: awstest.EmptyObject,
		cloudtest.Truncated: awstest.Truncated, cloudtest.WebPage: awstest.HTML200,
		cloudtest.Redirect: awstest.Redirect, cloudtest.NoProgress: awstest.RepeatToken,
		cloudtest.Hang: awstest.Hang,
	}[fault]
	w.Server.Break(awstest.Fault{Kind: kind, Action: awstest.DescribeInstances, Region: region, After: after, Times: times})
}
