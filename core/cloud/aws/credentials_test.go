package aws

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/aws/awstest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// roleWorld is an emulator, a machine's metadata service, and a clock that the test moves.
type roleWorld struct {
	*awstest.Server
	metadata      awstest.Metadata
	url, machine  string
	ahead         time.Duration
	static        awstest.Key
	role, foreign string
}

func newRoleWorld(t *testing.T) *roleWorld {
	t.Helper()
	s := &roleWorld{
		Server: awstest.New(awstest.Options{Reporter: t, Regions: []string{"us-east-1", "us-west-2"}}),
		static: awstest.Key{AccountID: "1", AccessKeyID: "AKIASTATIC", AccessKeySecret: "static-secret"},
		role:   "arn:aws:iam::2:role/reader", foreign: "arn:aws:iam::3:role/closed",
	}
	web, machine := httptest.NewServer(s.Server), httptest.NewServer(&s.metadata)
	t.Cleanup(func() {
		s.Server.Close()
		web.Close()
		machine.Close()
	})
	s.url, s.machine = web.URL, machine.URL
	s.AddAccount(s.static)
	s.AddRole(s.role, "2", "1").Fill("us-west-2", 3, awstest.SampleInstance)
	s.AddRole(s.foreign, "3", "9")
	return s
}

func (s *roleWorld) open(t *testing.T, account cloud.Account) *lister {
	t.Helper()
	account.Cloud, account.Name, account.Endpoint = inventory.AWS, "a", s.url
	apis, err := cloud.AccountTransport(account)
	if err != nil {
		t.Fatal(err)
	}
	l, err := openLister(account, cloud.RetryPolicy{Sleep: cloudtest.InstantRetries().Sleep, Now: func() time.Time { return time.Now().Add(s.ahead) }},
		transports{apis: apis, metadata: httpx.NewTransport(nil, metadataConnectTimeout), metadataURL: s.machine})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func (s *roleWorld) withKey(arn string) cloud.Account {
	return cloud.Account{
		AccessKeyID: secret.New(s.static.AccessKeyID), AccessKeySecret: secret.New(s.static.AccessKeySecret), AssumeRoleARN: arn,
	}
}

// checkNoSecrets fails a test whose error shows a key, be it the account's or one that a role issued.
func checkNoSecrets(t *testing.T, err error) {
	t.Helper()
	for _, hidden := range []string{"AKIASTATIC", "static-secret", "ASIAISSUED", "issued/secret", "IssuedToken"} {
		if strings.Contains(fmt.Sprint(err), hidden) {
			t.Errorf("%q is shown: %v", hidden, err)
		}
	}
}

// TestAssumeRole: the key only takes the role; whose account it is and what it has are the role's.
func TestAssumeRole(t *testing.T) {
	t.Parallel()
	s := newRoleWorld(t)
	account := s.withKey(s.role)
	account.RoleCache = cloud.NewRoleCache()
	for range 2 { // two listers of one process share the credentials of the role
		l := s.open(t, account)
		if owner, err := l.Owner(t.Context()); owner != "2" || err != nil {
			t.Errorf("owner %q, %v", owner, err)
		}
		if list, err := l.List(t.Context(), "us-west-2"); len(list) != 3 || err != nil {
			t.Errorf("%d rows, %v", len(list), err)
		}
	}
	if n := s.Calls(awstest.AssumeRole); n != 1 {
		t.Errorf("the role was assumed %d times", n)
	}
	s.ahead = 46 * time.Minute // a quarter of an hour before their end they are asked for anew
	l := s.open(t, account)
	if _, err := l.Owner(t.Context()); err != nil || s.Calls(awstest.AssumeRole) != 2 {
		t.Errorf("assumed %d times, %v", s.Calls(awstest.AssumeRole), err)
	}
	s.ahead, account.RoleCache = 0, nil // then the lister remembers by itself
	l = s.open(t, account)
	_, first := l.Owner(t.Context())
	_, second := l.Regions(t.Context())
	if first != nil || second != nil || s.Calls(awstest.AssumeRole) != 3 {
		t.Errorf("assumed %d times, %v, %v", s.Calls(awstest.AssumeRole), first, second)
	}
}

// TestAssumeRoleFails: every way in which a role is not got has a kind, and shows no key.
func TestAssumeRoleFails(t *testing.T) {
	t.Parallel()
	for fault, want := range map[awstest.Kind]inventory.Kind{
		"":                    inventory.Denied, // the role does not trust this account
		awstest.Throttling:    inventory.Throttled,
		awstest.Unavailable:   inventory.Temporary,
		peertest.Reset:        inventory.Temporary,
		awstest.Truncated:     inventory.Incomplete,
		awstest.NoList:        inventory.Incomplete,
		awstest.NoRequestID:   inventory.Incomplete,
		peertest.EmptyBody:    inventory.Incomplete,
		peertest.HTML200:      inventory.Incomplete,
		peertest.Redirect:     inventory.Incomplete,
		awstest.AccessDenied:  inventory.Denied,
		awstest.Expired:       inventory.ClockOff,
		awstest.OddError:      inventory.Invalid,
		awstest.OtherDocument: inventory.Incomplete,
	} {
		s := newRoleWorld(t)
		arn := s.role
		if fault == "" {
			arn = s.foreign
		} else {
			s.Break(awstest.Fault{Kind: fault, Action: awstest.AssumeRole})
		}
		l := s.open(t, s.withKey(arn))
		_, ownerErr := l.Owner(t.Context())
		_, listErr := l.List(t.Context(), "us-west-2")
		for _, err := range []error{ownerErr, listErr} {
			if inventory.KindOf(err) != want || !strings.HasPrefix(fmt.Sprint(err), "aws: assume role: account a: ") {
				t.Errorf("%s: kind %q, want %q: %v", fault, inventory.KindOf(err), want, err)
			}
			checkNoSecrets(t, err)
		}
		if s.Calls(awstest.GetCallerIdentity)+s.Calls(awstest.DescribeInstances) > 0 {
			t.Errorf("%s: a call was made with the key itself", fault)
		}
	}
	s := newRoleWorld(t)
	s.Break(awstest.Fault{Kind: awstest.Throttling, Action: awstest.AssumeRole, Times: 5})
	if owner, err := s.open(t, s.withKey(s.role)).Owner(t.Context()); owner != "2" || err != nil {
		t.Errorf("throttling passes by, but: %q, %v", owner, err)
	}
	l := s.open(t, s.withKey("arn:other:iam::2:role/x"))
	if _, err := l.Owner(t.Context()); inventory.KindOf(err) != inventory.Invalid {
		t.Errorf("an ARN that is none: %v", err)
	}
}

// TestRoleSecrets: what AWS repeats of a role's key and token is not shown.
func TestRoleSecrets(t *testing.T) {
	t.Parallel()
	s := newRoleWorld(t)
	l := s.open(t, s.withKey(s.role))
	got, err := l.credentials(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	k := awstest.Key{AccountID: "2", AccessKeyID: got.KeyID.Reveal(), AccessKeySecret: "rotated", SessionToken: got.Token.Reveal()}
	s.AddAccount(k) // now the signature is wrong, and STS tells with what it was made
	_, err = l.Owner(t.Context())
	if inventory.KindOf(err) != inventory.BadCredentials || !strings.Contains(fmt.Sprint(err), "SignatureDoesNotMatch") {
		t.Error(err)
	}
	checkNoSecrets(t, err)
}

// TestInstanceRole: an account without a key takes the role of the machine, and may take another
// role with it.
func TestInstanceRole(t *testing.T) {
	t.Parallel()
	s := newRoleWorld(t)
	k, expires := s.IssueKey("1", 6*time.Hour)
	s.metadata.SetRole("ec2-role", k, expires)
	l := s.open(t, cloud.Account{Proxy: "http://127.0.0.1:1"}) // which must not be asked for the metadata
	if got, err := l.ownCredentials(t.Context()); err != nil || got.KeyID.Reveal() != k.AccessKeyID {
		t.Error(err)
	}
	l = s.open(t, cloud.Account{})
	for range 3 {
		if owner, err := l.Owner(t.Context()); owner != "1" || err != nil {
			t.Errorf("owner %q, %v", owner, err)
		}
	}
	if n := s.metadata.CredentialCalls(); n != 2 {
		t.Errorf("the metadata was asked %d times, want once for each lister", n)
	}
	if owner, err := s.open(t, cloud.Account{AssumeRoleARN: s.role}).Owner(t.Context()); owner != "2" || err != nil {
		t.Errorf("owner %q, %v", owner, err)
	}
	s.ahead = 50 * time.Minute // the SDK gives such keys an hour at most
	if owner, err := l.Owner(t.Context()); owner != "1" || err != nil || s.metadata.CredentialCalls() != 4 {
		t.Errorf("owner %q, %v, asked %d times", owner, err, s.metadata.CredentialCalls())
	}
}

// TestNoInstanceRole: without a role every call fails soon and says why; opening never does.
func TestNoInstanceRole(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*roleWorld)
		kind  inventory.Kind
		text  string
	}{
		"no role":            {func(*roleWorld) {}, inventory.BadCredentials, "the account has no key, and the EC2 instance has no IAM role"},
		"no metadata":        {func(s *roleWorld) { s.machine = "http://127.0.0.1:1" }, inventory.BadCredentials, "no EC2 instance metadata (IMDSv2) answers here"},
		"forbidden":          {func(s *roleWorld) { s.metadata.Break(403) }, inventory.BadCredentials, "the EC2 instance metadata refuses: Forbidden"},
		"out of order":       {func(s *roleWorld) { s.metadata.Break(500) }, inventory.Temporary, "out of order"},
		"role not assumable": {func(s *roleWorld) { s.metadata.RefuseRole("r", "AssumeRoleUnauthorizedAccess") }, inventory.BadCredentials, "none for its role: AssumeRoleUnauthorizedAccess"},
		"half a key": {func(s *roleWorld) {
			s.metadata.SetRole("r", awstest.Key{AccessKeyID: "ASIAISSUED1"}, time.Now().Add(time.Hour))
		}, inventory.Incomplete, "lack a part"},
		"a redirect": {func(s *roleWorld) { s.metadata.Break(302) }, inventory.BadCredentials, "no EC2 instance metadata (IMDSv2) answers here"},
	} {
		s := newRoleWorld(t)
		c.spoil(s)
		l := s.open(t, cloud.Account{})
		_, ownerErr := l.Owner(t.Context())
		_, listErr := l.List(t.Context(), "us-west-2")
		for _, err := range []error{ownerErr, listErr} {
			if inventory.KindOf(err) != c.kind || !strings.Contains(fmt.Sprint(err), c.text) ||
				!strings.HasPrefix(fmt.Sprint(err), "aws: take the EC2 instance's role: account a: ") {
				t.Errorf("%s: kind %q, want %q: %v", name, inventory.KindOf(err), c.kind, err)
			}
			checkNoSecrets(t, err)
		}
		if s.Calls("") > 0 {
			t.Errorf("%s: a call was made without a key", name)
		}
	}
}

// TestHome: where the account's own matters are asked.
func TestHome(t *testing.T) {
	t.Parallel()
	for want, accounts := range map[homeRegion][]cloud.Account{
		{"us-east-1", true}:      {{}, {AssumeRoleARN: "role"}},
		{"us-east-1", false}:     {{Regions: []string{"eu-west-1", "cn-north-1"}}, {AssumeRoleARN: "arn:aws:iam::1:role/r"}},
		{"cn-north-1", false}:    {{Regions: []string{"", "cn-northwest-1"}}, {AssumeRoleARN: "arn:aws-cn:iam::1:role/r"}},
		{"us-gov-west-1", false}: {{Regions: []string{"us-gov-east-1"}}, {AssumeRoleARN: "arn:aws-us-gov:iam::1:role/r"}},
		{"us-iso-east-1", false}: {{Regions: []string{"us-iso-west-1"}}}, {"us-isob-east-1", false}: {{Regions: []string{"us-isob-west-1"}}},
		{"eu-isoe-west-1", false}: {{Regions: []string{"eu-isoe-west-1"}}}, {"us-isof-south-1", false}: {{Regions: []string{"us-isof-east-1"}}},
		{"eusc-de-east-1", false}: {{Regions: []string{"eusc-de-east-1"}}},
	} {
		for _, a := range accounts {
			if got := homeRegionOf(a); got != want {
				t.Errorf("%q %q: %+v, want %+v", a.Regions, a.AssumeRoleARN, got, want)
			}
		}
	}
}

// TestMetadataHangs: the end of a run ends the wait for the metadata service too.
func TestMetadataHangs(t *testing.T) {
	t.Parallel()
	hanging := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer hanging.Close()
	s := newRoleWorld(t)
	s.machine = hanging.URL
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(20*time.Millisecond, cancel)
	_, err := s.open(t, cloud.Account{}).Owner(ctx)
	if inventory.KindOf(err) != inventory.Deadline || !strings.Contains(fmt.Sprint(err), "account a") {
		t.Error(err)
	}
}

// TestExternalID: it is sent where it is configured; a role whose trust asks for another refuses.
func TestExternalID(t *testing.T) {
	t.Parallel()
	s := newRoleWorld(t)
	s.RequireExternalID(s.role, "e-1")
	for id, want := range map[string]string{"e-1": "2", "e-2": "", "": ""} {
		account := s.withKey(s.role)
		account.ExternalID = id
		owner, err := s.open(t, account).Owner(t.Context())
		if owner != want || (want == "") != (inventory.KindOf(err) == inventory.Denied) {
			t.Errorf("%q: %q, %v", id, owner, err)
		}
	}
}
