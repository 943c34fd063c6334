package awstest

import (
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// start is the server's time in these tests.
var start = time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)

// client calls the server like a signing client.
type client struct {
	server *Server
	url    string
	key    Key
	now    time.Time // of the server
}

func newClient(t *testing.T, reporter peertest.Reporter) *client {
	t.Helper()
	c := &client{key: Key{AccountID: "1", AccessKeyID: "AKIATEST", AccessKeySecret: "testsecret"}, now: start}
	c.server = New(Options{Reporter: reporter, Now: func() time.Time { return c.now }})
	web := httptest.NewServer(c.server)
	t.Cleanup(func() {
		c.server.Close()
		web.Close()
	})
	c.url = web.URL
	c.server.AddAccount(c.key)
	return c
}

// request is a call that a test may alter, before and after it was signed.
type request struct {
	params          map[string]string
	region, service string // of the signature
	at              time.Time
	key             Key
	after           func(*http.Request)
}

type document struct {
	XMLName      xml.Name
	EC2          string   `xml:"Errors>Error>Code"`
	STS          string   `xml:"Error>Code"`
	Message      string   `xml:"Error>Message"`
	Why          string   `xml:"Errors>Error>Message"`
	IDs          []string `xml:"reservationSet>item>instancesSet>item>instanceId"`
	Reservations []string `xml:"reservationSet>item>reservationId"`
	Regions      []string `xml:"regionInfo>item>regionName"`
	NextToken    string   `xml:"nextToken"`
	Account      string   `xml:"GetCallerIdentityResult>Account"`
	Credentials  struct {
		AccessKeyId, SecretAccessKey, SessionToken, Expiration string //nolint:revive // AWS's names
	} `xml:"AssumeRoleResult>Credentials"`
}

func (c *client) ask(t *testing.T, q request) (int, document) {
	t.Helper()
	if q.at.IsZero() {
		q.at = start
	}
	if q.key.AccessKeyID == "" {
		q.key = c.key
	}
	if q.region == "" {
		q.region = "us-west-2"
	}
	if q.service == "" {
		q.service = serviceOf(q.params["Action"])
	}
	version, _ := actionParams(q.params["Action"])
	form := url.Values{"Version": {version}}
	for name, value := range q.params {
		form.Set(name, value)
	}
	payload := form.Encode()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, c.url+"/", strings.NewReader(payload))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("X-Amz-Date", q.at.Format("20060102T150405Z"))
	names := []string{"content-length", "host", "x-amz-date"}
	if q.key.SessionToken != "" {
		r.Header.Set("X-Amz-Security-Token", q.key.SessionToken)
		names = append(names, "x-amz-security-token")
	}
	r.Host = r.URL.Host
	scope := strings.Join([]string{q.at.Format("20060102"), q.region, q.service, "aws4_request"}, "/")
	text := "AWS4-HMAC-SHA256\n" + r.Header.Get("X-Amz-Date") + "\n" + scope + "\n" + hashSHA256([]byte(canonicalRequest(r, names, []byte(payload))))
	r.Header.Set("Authorization", fmt.Sprintf("AWS4-HMAC-SHA256 Credential=%s/%s, SignedHeaders=%s, Signature=%s",
		q.key.AccessKeyID, scope, strings.Join(names, ";"), signatureOf(q.key.AccessKeySecret, q.at.Format("20060102"), q.region, q.service, text)))
	if q.after != nil {
		q.after(r)
	}
	return send(t, r)
}

func send(t *testing.T, r *http.Request) (int, document) {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var doc document
	if err := xml.Unmarshal(body, &doc); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	return resp.StatusCode, doc
}

// TestSignatureVector is the worked example of AWS's own description of signature version 4
// ("GET ListUsers", 30 August 2015).
func TestSignatureVector(t *testing.T) {
	t.Parallel()
	r := httptest.NewRequest(http.MethodGet, "https://iam.amazonaws.com/?Action=ListUsers&Version=2010-05-08", nil)
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	r.Header.Set("X-Amz-Date", "20150830T123600Z")
	canonical := hashSHA256([]byte(canonicalRequest(r, []string{"content-type", "host", "x-amz-date"}, nil)))
	if want := "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59"; canonical != want {
		t.Errorf("canonical request %s, want %s", canonical, want)
	}
	text := "AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/iam/aws4_request\n" + canonical
	got := signatureOf("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "20150830", "us-east-1", "iam", text)
	if want := "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"; got != want {
		t.Errorf("signature %s, want %s", got, want)
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	n := &peertest.RecordingReporter{}
	c := newClient(t, n)
	role := Key{AccountID: "1", AccessKeyID: "ASIATEST", AccessKeySecret: "rolesecret", SessionToken: "token+/=="}
	c.server.AddAccount(role)
	short, _ := c.server.IssueKey("1", time.Minute)
	list := map[string]string{"Action": DescribeInstances, "MaxResults": "100"}
	with := func(more ...string) map[string]string {
		params := maps.Clone(list)
		for i := 0; i < len(more); i += 2 {
			params[more[i]] = more[i+1]
		}
		return params
	}
	who := map[string]string{"Action": GetCallerIdentity}
	old, late := start.Add(-5*time.Minute-time.Second), start.Add(2*time.Minute)
	for name, x := range map[string]struct {
		q      request
		now    time.Time
		status int
		code   string
	}{
		"good":                  {request{params: list}, start, 200, ""},
		"good, who":             {request{params: who}, start, 200, ""},
		"a role":                {request{params: list, key: role}, start, 200, ""},
		"without its token":     {request{params: list, key: Key{AccessKeyID: role.AccessKeyID, AccessKeySecret: role.AccessKeySecret}}, start, 401, "AuthFailure"},
		"another token":         {request{params: who, key: Key{AccessKeyID: role.AccessKeyID, AccessKeySecret: role.AccessKeySecret, SessionToken: "x"}}, start, 403, "InvalidClientTokenId"},
		"unknown key":           {request{params: list, key: Key{AccessKeyID: "AKIAOTHER"}}, start, 401, "AuthFailure"},
		"unknown key, who":      {request{params: who, key: Key{AccessKeyID: "AKIAOTHER"}}, start, 403, "InvalidClientTokenId"},
		"wrong secret":          {request{params: list, key: Key{AccessKeyID: "AKIATEST", AccessKeySecret: "x"}}, start, 401, "AuthFailure"},
		"wrong secret, who":     {request{params: who, key: Key{AccessKeyID: "AKIATEST", AccessKeySecret: "x"}}, start, 403, "SignatureDoesNotMatch"},
		"changed after":         {request{params: who, after: func(r *http.Request) { r.Host = "elsewhere" }}, start, 403, "SignatureDoesNotMatch"},
		"old":                   {request{params: who, at: old}, start, 403, "SignatureDoesNotMatch"},
		"just in time":          {request{params: who, at: old.Add(time.Second)}, start, 200, ""},
		"expired":               {request{params: list, at: late, key: short}, late, 400, "RequestExpired"},
		"expired, who":          {request{params: who, at: late, key: short}, late, 403, "ExpiredToken"},
		"region not enabled":    {request{params: list, region: "ap-east-1"}, start, 401, "AuthFailure"},
		"region does not exist": {request{params: who, region: "us-nowhere-1"}, start, 403, "InvalidClientTokenId"},
		"dry run":               {request{params: with("DryRun", "true")}, start, 412, "DryRunOperation"},
		"too many":              {request{params: with("MaxResults", "1001")}, start, 400, "InvalidParameterValue"},
		"no size":               {request{params: map[string]string{"Action": DescribeInstances}}, start, 400, "InvalidParameterValue"},
		"a token of nobody":     {request{params: with("NextToken", "bm8=")}, start, 400, "InvalidParameterValue"},
		"another filter":        {request{params: with("Filter.1.Name", "vpc-id", "Filter.1.Value.1", "vpc-1")}, start, 400, "FilterLimitExceeded"},
	} {
		c.now = x.now
		if status, doc := c.ask(t, x.q); status != x.status || doc.EC2+doc.STS != x.code {
			t.Errorf("%s: %d %+v", name, status, doc)
		}
	}
	if len(n.Lines)+len(c.server.Unexpected()) > 0 {
		t.Errorf("unexpected: %q", n.Lines)
	}
}

// TestStrict: what no lister should ask is refused, recorded and reported.
func TestStrict(t *testing.T) {
	t.Parallel()
	who := map[string]string{"Action": GetCallerIdentity}
	for name, q := range map[string]request{
		"action":          {params: map[string]string{"Action": "TerminateInstances"}},
		"ids and pages":   {params: map[string]string{"Action": DescribeInstances, "InstanceId.1": "i-1", "MaxResults": "5"}},
		"version":         {params: map[string]string{"Action": GetCallerIdentity, "Version": "2016-11-15"}},
		"empty":           {params: map[string]string{"Action": DescribeInstances, "NextToken": ""}},
		"another service": {params: who, service: "ec2"},
		"another day":     {params: who, after: func(r *http.Request) { r.Header.Set("X-Amz-Date", "20260103T030405Z") }},
		"no signature":    {params: who, after: func(r *http.Request) { r.Header.Del("Authorization") }},
		"unsigned token":  {params: who, after: func(r *http.Request) { r.Header.Set("X-Amz-Security-Token", "x") }},
		"JSON":            {params: who, after: func(r *http.Request) { r.Header.Set("Content-Type", "application/json") }},
		"query":           {params: who, after: func(r *http.Request) { r.URL.RawQuery = "x=1" }},
		"path":            {params: who, after: func(r *http.Request) { r.URL.Path = "/elsewhere" }},
		"method":          {params: who, after: func(r *http.Request) { r.Method = http.MethodPut }},
		"twice": {params: who, after: func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader("Action=a&Action=b")), 17
		}},
	} {
		n := &peertest.RecordingReporter{}
		c := newClient(t, n)
		status, doc := c.ask(t, q)
		if status != 400 || doc.EC2+doc.STS != "InvalidParameterValue" || len(n.Lines) != 1 || len(c.server.Unexpected()) != 1 {
			t.Errorf("%s: %d %+v, reported %q", name, status, doc, n.Lines)
		}
		if strings.Contains(fmt.Sprint(n.Lines), "AKIATEST") {
			t.Errorf("%s: the report shows the key: %q", name, n.Lines)
		}
	}
}

// TestPages: pages of the requested size, complete though the fleet changes between two of them, and
// reservations that keep together what was started together.
func TestPages(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	account := c.server.AddAccount(c.key)
	account.Fill("us-west-2", 35, SampleInstance)
	account.Put("us-east-1", Instance{ID: "i-other"})
	seen, token := map[string]bool{}, ""
	for page := 0; ; page++ {
		params := map[string]string{"Action": DescribeInstances, "MaxResults": "10"}
		if token != "" {
			params["NextToken"] = token
		}
		_, doc := c.ask(t, request{params: params})
		for _, id := range doc.IDs {
			seen[id] = true
		}
		if len(doc.Reservations) >= len(doc.IDs) && len(doc.IDs) > 1 {
			t.Errorf("%d instances in %d reservations", len(doc.IDs), len(doc.Reservations))
		}
		if page == 0 { // the instance of the cursor is removed, and a new one comes before it
			account.Remove("us-west-2", SampleInstance(25).ID)
			account.Put("us-west-2", Instance{ID: "i-zzz"})
		}
		token = doc.NextToken
		if token == "" {
			break
		}
	}
	if len(seen) != 35 {
		t.Errorf("%d seen of 35 that lasted", len(seen))
	}
	account.Remove("us-west-2", SampleInstance(3).ID)
	_, doc := c.ask(t, request{params: map[string]string{"Action": DescribeInstances, "MaxResults": "10", "Filter.1.Name": "instance-id",
		"Filter.1.Value.1": SampleInstance(3).ID, "Filter.1.Value.2": "i-none"}})
	if !slices.Equal(doc.IDs, []string{SampleInstance(3).ID}) {
		t.Errorf("a terminated instance lingers: %q", doc.IDs)
	}
	_, enabled := c.ask(t, request{params: map[string]string{"Action": DescribeRegions}})
	_, all := c.ask(t, request{params: map[string]string{"Action": DescribeRegions, "AllRegions": "true"}})
	if len(enabled.Regions) != 3 || len(all.Regions) != 4 {
		t.Errorf("regions %q and %q", enabled.Regions, all.Regions)
	}
}

// TestAssumeRole: the keys of a role's session open the role's account, until they end.
func TestAssumeRole(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	const arn, closed = "arn:aws:iam::2:role/r", "arn:aws:iam::3:role/r"
	c.server.AddRole(arn, "2", "1").Fill("us-west-2", 1, SampleInstance)
	c.server.AddRole(closed, "3", "2")
	assume := func(arn, session, seconds string) (int, document) {
		return c.ask(t, request{params: map[string]string{"Action": AssumeRole, "RoleArn": arn, "RoleSessionName": session, "DurationSeconds": seconds}})
	}
	for _, x := range [][4]string{
		{closed, "s1", "900", "AccessDenied"}, {"arn:aws:iam::9:role/none", "s1", "900", "AccessDenied"},
		{arn, "a b", "900", "ValidationError"}, {"role", "s1", "900", "ValidationError"}, {arn, "s1", "899", "ValidationError"},
	} {
		if _, doc := assume(x[0], x[1], x[2]); doc.STS != x[3] {
			t.Errorf("%q: %+v", x, doc)
		}
	}
	_, doc := assume(arn, "s1", "900")
	got := Key{AccessKeyID: doc.Credentials.AccessKeyId, AccessKeySecret: doc.Credentials.SecretAccessKey, SessionToken: doc.Credentials.SessionToken}
	if doc.Credentials.Expiration != start.Add(15*time.Minute).Format(time.RFC3339) {
		t.Errorf("%+v", doc.Credentials)
	}
	_, who := c.ask(t, request{params: map[string]string{"Action": GetCallerIdentity}, key: got})
	_, list := c.ask(t, request{params: map[string]string{"Action": DescribeInstances, "MaxResults": "5"}, key: got})
	if who.Account != "2" || len(list.IDs) != 1 {
		t.Errorf("account %q, %d instances", who.Account, len(list.IDs))
	}
}

// TestNamed: by InstanceIds all are shown, also hidden ones, or the call is refused and
// names those that do not exist.
func TestNamed(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	account := c.server.AddAccount(c.key)
	account.Fill("us-west-2", 3, SampleInstance)
	account.Hide("us-west-2", SampleInstance(1).ID)
	named := func(ids ...string) document {
		params := map[string]string{"Action": DescribeInstances}
		for n, id := range ids {
			params[fmt.Sprint("InstanceId.", n+1)] = id
		}
		_, doc := c.ask(t, request{params: params})
		return doc
	}
	for want, ids := range map[string][]string{
		"InvalidInstanceID.NotFound The instance ID '" + SampleInstance(8).ID + "' does not exist":                              {SampleInstance(0).ID, SampleInstance(8).ID},
		"InvalidInstanceID.NotFound The instance IDs '" + SampleInstance(8).ID + ", " + SampleInstance(9).ID + "' do not exist": {SampleInstance(8).ID, SampleInstance(1).ID, SampleInstance(9).ID},
		`InvalidInstanceID.Malformed Invalid id: "i-odd"`:                                                                       {SampleInstance(0).ID, "i-odd", "odd"},
	} {
		if doc := named(ids...); doc.EC2+" "+doc.Why != want {
			t.Errorf("%q: %+v, want %s", ids, doc, want)
		}
	}
	if doc := named(SampleInstance(1).ID, SampleInstance(2).ID); len(doc.IDs) != 2 {
		t.Errorf("one is hidden from lists: %+v", doc)
	}
	if _, doc := c.ask(t, request{params: map[string]string{"Action": DescribeInstances, "MaxResults": "10"}}); len(doc.IDs) != 2 {
		t.Errorf("the list has %q", doc.IDs)
	}
	c.server.Break(Fault{Kind: LostRow})
	if doc := named(SampleInstance(1).ID, SampleInstance(2).ID); !slices.Equal(doc.IDs, []string{SampleInstance(2).ID}) {
		t.Errorf("a lost row: %+v", doc)
	}
}
