package tencenttest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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
	server  *Server
	account *Account
	url     string
	key     Key
}

func newClient(t *testing.T, reporter peertest.Reporter, options Options) *client {
	t.Helper()
	options.Reporter, options.Now = reporter, func() time.Time { return start }
	s := New(options)
	web := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		web.Close()
	})
	key := Key{AccountID: "1", AccessKeyID: "testid", AccessKeySecret: "testsecret"}
	return &client{server: s, account: s.AddAccount(key), url: web.URL, key: key}
}

// ask is a call; zero fields have valid values.
type ask struct {
	action, version, service, region, body, token string
	at                                            time.Time
	after                                         func(*http.Request) // alters it after it was signed
}

type document struct {
	Response struct {
		Error                          struct{ Code, Message string }
		RequestId, AccountId           string
		TotalCount                     int
		InstanceSet, InstanceStatusSet []struct{ InstanceId string }
		RegionSet                      []struct{ Region, RegionState string }
	}
}

func (d document) ids() (ids []string) {
	for _, row := range append(d.Response.InstanceSet, d.Response.InstanceStatusSet...) {
		ids = append(ids, row.InstanceId)
	}
	return ids
}

func or(text, otherwise string) string {
	if text == "" {
		return otherwise
	}
	return text
}

func (c *client) ask(t *testing.T, a ask) document {
	t.Helper()
	service, version, _ := actionParams(a.action)
	body := []byte(or(a.body, "{}"))
	r, err := http.NewRequest(http.MethodPost, c.url+"/", strings.NewReader(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	if a.at.IsZero() {
		a.at = start
	}
	service = or(a.service, service)
	for name, value := range map[string]string{
		"Content-Type": "application/json", "X-TC-Action": a.action, "X-TC-Version": or(a.version, version),
		"X-TC-Region": or(a.region, "ap-beijing"), "X-TC-Timestamp": fmt.Sprint(a.at.Unix()), "X-TC-Token": a.token,
	} {
		r.Header.Set(name, value)
	}
	signature := signatureOf(&call{r: r, body: body}, a.at, service, "content-type;host", c.key.AccessKeySecret)
	r.Header.Set("Authorization", fmt.Sprintf("TC3-HMAC-SHA256 Credential=%s/%s/%s/tc3_request, SignedHeaders=content-type;host, Signature=%s",
		c.key.AccessKeyID, a.at.Format(time.DateOnly), service, signature))
	if a.after != nil {
		a.after(r)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var doc document
	if err := json.Unmarshal(text, &doc); err != nil || resp.StatusCode != http.StatusOK || doc.Response.RequestId == "" {
		t.Fatalf("%d, %v in %q", resp.StatusCode, err, text)
	}
	return doc
}

// TestSignatureVector is the worked example of Tencent's own description of signature v3.
func TestSignatureVector(t *testing.T) {
	t.Parallel()
	body := `{"Limit": 1, "Filters": [{"Values": ["\u672a\u547d\u540d"], "Name": "instance-name"}]}`
	r := httptest.NewRequest(http.MethodPost, "https://cvm.tencentcloudapi.com/", nil)
	r.Header.Set("Content-Type", "application/json; charset=utf-8")
	const want = "72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168"
	at := time.Unix(1551113065, 0).UTC()
	if got := signatureOf(&call{r: r, body: []byte(body)}, at, "cvm", "content-type;host", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"); got != want {
		t.Errorf("%s, want %s", got, want)
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	n := &peertest.RecordingReporter{}
	c := newClient(t, n, Options{})
	for name, x := range map[string]struct {
		ask  ask
		code string
	}{
		"good": {ask{}, ""},
		"changed after": {ask{after: func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(strings.NewReader(`{} `)), 3
		}}, "AuthFailure.SignatureFailure"},
		"another time":   {ask{after: func(r *http.Request) { r.Header.Set("X-TC-Timestamp", fmt.Sprint(start.Unix()-1)) }}, "AuthFailure.SignatureFailure"},
		"old":            {ask{at: start.Add(-5*time.Minute - time.Second)}, "AuthFailure.SignatureExpire"},
		"just in time":   {ask{at: start.Add(-5 * time.Minute)}, ""},
		"of the future":  {ask{at: start.Add(6 * time.Minute)}, "AuthFailure.SignatureExpire"},
		"no time":        {ask{after: func(r *http.Request) { r.Header.Set("X-TC-Timestamp", "now") }}, "AuthFailure.SignatureExpire"},
		"another's key":  {ask{service: "sts"}, "AuthFailure.SignatureFailure"},
		"a token":        {ask{token: "x"}, "AuthFailure.TokenFailure"},
		"unsigned":       {ask{after: func(r *http.Request) { r.Header.Del("Authorization") }}, "AuthFailure.InvalidAuthorization"},
		"skipped":        {ask{after: func(r *http.Request) { r.Header.Set("Authorization", "SKIP") }}, "AuthFailure.InvalidAuthorization"},
		"no region":      {ask{region: "ap-nowhere"}, "UnsupportedRegion"},
		"malformed":      {ask{body: `{"InstanceIds":["i-1"]}`}, "InvalidInstanceId.Malformed"},
		"a big page":     {ask{body: `{"Limit":101}`}, "InvalidParameterValue.LimitExceeded"},
		"before nothing": {ask{body: `{"Offset":-1}`}, "InvalidParameterValue.LimitExceeded"},
		"unknown key": {ask{after: func(r *http.Request) {
			r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), "testid", "other", 1))
		}}, "AuthFailure.SecretIdNotFound"},
	} {
		x.ask.action = DescribeInstances
		if doc := c.ask(t, x.ask); doc.Response.Error.Code != x.code {
			t.Errorf("%s: %+v", name, doc)
		}
	}
	c.account.SetSecret("rotated")
	if doc := c.ask(t, ask{action: GetCallerIdentity}); doc.Response.Error.Code != "AuthFailure.SignatureFailure" {
		t.Errorf("after the rotation: %+v", doc)
	}
	c.server.AddAccount(Key{AccessKeyID: "testid", AccessKeySecret: "testsecret", SecurityToken: "x"})
	if doc := c.ask(t, ask{action: DescribeRegions, body: `{"Product":"cvm"}`}); doc.Response.Error.Code != "AuthFailure.TokenFailure" {
		t.Errorf("without its token: %+v", doc)
	}
	if len(n.Lines)+len(c.server.Unexpected()) > 0 {
		t.Errorf("unexpected: %q", n.Lines)
	}
}

// TestStrict: what no lister should ask is refused, recorded and reported, without a signature.
func TestStrict(t *testing.T) {
	t.Parallel()
	for name, a := range map[string]ask{
		"action":            {action: "TerminateInstances"},
		"version":           {action: DescribeInstances, version: "2018-08-13"},
		"filters":           {action: DescribeInstances, body: `{"Filters":[]}`},
		"another's filter":  {action: GetCallerIdentity, body: `{"Limit":1}`},
		"another type":      {action: DescribeInstances, body: `{"Limit":"1"}`},
		"no object":         {action: DescribeInstances, body: `[]`},
		"another product":   {action: DescribeRegions, body: `{"Product":"cbs"}`},
		"GET":               {action: DescribeInstances, after: func(r *http.Request) { r.Method = http.MethodGet }},
		"a form":            {action: DescribeInstances, after: func(r *http.Request) { r.Header.Set("Content-Type", "application/x-www-form-urlencoded") }},
		"no region at all":  {action: DescribeInstances, after: func(r *http.Request) { r.Header.Del("X-TC-Region") }},
		"another path":      {action: DescribeInstances, after: func(r *http.Request) { r.URL.Path = "/elsewhere" }},
		"a signature shown": {action: DescribeInstances, after: func(r *http.Request) { r.URL.RawQuery = "SecretId=testid" }},
	} {
		n := &peertest.RecordingReporter{}
		c := newClient(t, n, Options{})
		doc := c.ask(t, a)
		if doc.Response.Error.Code != "InvalidParameter" || len(n.Lines) != 1 || len(c.server.Unexpected()) != 1 {
			t.Errorf("%s: %+v, reported %q", name, doc, n.Lines)
		}
		if strings.Contains(fmt.Sprint(n.Lines), "testid") {
			t.Errorf("%s: the report shows the key: %q", name, n.Lines)
		}
	}
}

// TestPages: pages by offset, the newest first, that a change between two of them shifts; by
// default 20 rows.
func TestPages(t *testing.T) {
	t.Parallel()
	var c *client
	c = newClient(t, t, Options{AfterPage: func(_ string, offset int) {
		if offset == 0 {
			c.account.Remove("ap-beijing", SampleInstance(29).ID)
		}
	}})
	c.account.Fill("ap-beijing", 30, SampleInstance)
	c.account.Put("ap-guangzhou", Instance{ID: "ins-other000"})
	first := c.ask(t, ask{action: DescribeInstances})
	second := c.ask(t, ask{action: DescribeInstances, body: `{"Offset":20,"Limit":100}`})
	if ids := first.ids(); len(ids) != 20 || ids[0] != SampleInstance(29).ID || first.Response.TotalCount != 30 {
		t.Errorf("%d of %d from %.20q", len(ids), first.Response.TotalCount, ids)
	}
	if ids := second.ids(); len(ids) != 9 || ids[0] != SampleInstance(8).ID || second.Response.TotalCount != 29 {
		t.Errorf("%d of %d from %q", len(ids), second.Response.TotalCount, ids)
	}
	if got := c.server.Calls(DescribeInstances); got != 2 || c.server.Calls("") != 2 {
		t.Errorf("%d calls", got)
	}
}

// TestByID: unknown ids are omitted or refused, as the options say; hidden ones are known only
// to the second API.
func TestByID(t *testing.T) {
	t.Parallel()
	body := `{"InstanceIds":["` + SampleInstance(1).ID + `","` + SampleInstance(9).ID + `"]}`
	c := newClient(t, t, Options{})
	c.account.Fill("ap-beijing", 3, SampleInstance)
	if doc := c.ask(t, ask{action: DescribeInstances, body: body}); !slices.Equal(doc.ids(), []string{SampleInstance(1).ID}) || doc.Response.TotalCount != 1 {
		t.Errorf("%+v", doc)
	}
	c.account.Hide("ap-beijing", SampleInstance(1).ID)
	if doc := c.ask(t, ask{action: DescribeInstances, body: body}); len(doc.ids()) > 0 {
		t.Errorf("hidden: %+v", doc)
	}
	if doc := c.ask(t, ask{action: DescribeInstancesStatus, body: body}); !slices.Equal(doc.ids(), []string{SampleInstance(1).ID}) {
		t.Errorf("hidden, but known: %+v", doc)
	}
	c = newClient(t, t, Options{RefuseUnknown: true})
	c.account.Fill("ap-beijing", 3, SampleInstance)
	if doc := c.ask(t, ask{action: DescribeInstancesStatus, body: body}); doc.Response.Error.Code != "InvalidInstanceId.NotFound" {
		t.Errorf("refused: %+v", doc)
	}
}

// TestFaults: counted ones, by action, region and key.
func TestFaults(t *testing.T) {
	t.Parallel()
	c := newClient(t, t, Options{})
	c.server.Break(Fault{Kind: Throttled, Region: "ap-guangzhou"})
	c.server.Break(Fault{Kind: Throttled, Key: "other"})
	c.server.Break(Fault{Kind: Throttled, Action: DescribeInstances, After: 1, Times: 1})
	got := ""
	for range 3 {
		got += c.ask(t, ask{action: DescribeInstances}).Response.Error.Code + ","
	}
	if got != ",RequestLimitExceeded,," {
		t.Errorf("codes %q", got)
	}
	c.server.Break(Fault{Kind: Unauthorized, Key: "testid"})
	if doc := c.ask(t, ask{action: GetCallerIdentity}); doc.Response.Error.Code != "UnauthorizedOperation" {
		t.Errorf("%+v", doc)
	}
}
