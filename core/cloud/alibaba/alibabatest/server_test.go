package alibabatest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
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
	nonce  int
}

func newClient(t *testing.T, reporter peertest.Reporter) *client {
	t.Helper()
	s := New(Options{Reporter: reporter, Now: func() time.Time { return start }})
	web := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		web.Close()
	})
	key := Key{AccountID: "1", AccessKeyID: "testid", AccessKeySecret: "testsecret"}
	s.AddAccount(key)
	return &client{server: s, url: web.URL, key: key}
}

type document struct {
	Code, Message, RequestId, NextToken, AccountId, InstanceId string
	Instances                                                  struct{ Instance []struct{ InstanceId string } }
}

// ask makes a signed call; change may alter it before it is signed, and after.
func (c *client) ask(t *testing.T, params map[string]string, after func(map[string]string)) (int, document) {
	t.Helper()
	c.nonce++
	all := map[string]string{
		"Version": "2014-05-26", "Format": "JSON", "Timestamp": start.Format(time.RFC3339), "AccessKeyId": c.key.AccessKeyID,
		"SignatureMethod": "HMAC-SHA1", "SignatureVersion": "1.0", "SignatureNonce": fmt.Sprint(c.nonce), "RegionId": "cn-beijing",
	}
	maps.Copy(all, params)
	all["Signature"] = signatureOf(stringToSign(http.MethodGet, all), c.key.AccessKeySecret)
	if after != nil {
		after(all)
	}
	query := url.Values{}
	for name, value := range all {
		query.Set(name, value)
	}
	resp, err := http.Get(c.url + "/?" + query.Encode())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var doc document
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	return resp.StatusCode, doc
}

// TestSignatureVector is the worked example of Alibaba's own description of the RPC signature.
func TestSignatureVector(t *testing.T) {
	t.Parallel()
	text := stringToSign("GET", map[string]string{
		"Timestamp": "2016-02-23T12:46:24Z", "Format": "XML", "AccessKeyId": "testid", "Action": "DescribeRegions",
		"SignatureMethod": "HMAC-SHA1", "SignatureNonce": "3ee8c1b8-83d3-44af-a94f-4e0ad82fd6cf", "Version": "2014-05-26", "SignatureVersion": "1.0",
	})
	if got := signatureOf(text, "testsecret"); got != "OLeaidS1JvxuMvnyHOwuJ+uX5qY=" {
		t.Errorf("%s of %s", got, text)
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	n := &peertest.RecordingReporter{}
	c := newClient(t, n)
	list := map[string]string{"Action": DescribeInstances}
	for name, x := range map[string]struct {
		params map[string]string
		after  func(map[string]string)
		status int
		code   string
	}{
		"good":          {nil, nil, 200, ""},
		"unknown key":   {map[string]string{"AccessKeyId": "other"}, nil, 404, "InvalidAccessKeyId.NotFound"},
		"changed after": {nil, func(p map[string]string) { p["RegionId"] = "cn-hangzhou" }, 400, "SignatureDoesNotMatch"},
		"old":           {map[string]string{"Timestamp": "2026-01-02T02:49:04Z"}, nil, 400, "InvalidTimeStamp.Expired"},
		"just in time":  {map[string]string{"Timestamp": "2026-01-02T02:49:05Z"}, nil, 200, ""},
		"no time":       {map[string]string{"Timestamp": "now"}, nil, 400, "InvalidTimeStamp.Format"},
		"a token":       {map[string]string{"SecurityToken": "x"}, nil, 400, "InvalidSecurityToken.Malformed"},
		"no region":     {map[string]string{"RegionId": "cn-nowhere"}, nil, 404, "InvalidRegionId.NotFound"},
		"dry run":       {map[string]string{"DryRun": "true"}, nil, 400, "DryRunOperation"},
	} {
		params := maps.Clone(list)
		maps.Copy(params, x.params)
		if status, doc := c.ask(t, params, x.after); status != x.status || doc.Code != x.code || doc.RequestId == "" {
			t.Errorf("%s: %d %+v", name, status, doc)
		}
	}
	again := map[string]string{"Action": DescribeInstances, "SignatureNonce": "once"}
	c.ask(t, again, nil)
	if status, doc := c.ask(t, again, nil); status != 400 || doc.Code != "SignatureNonceUsed" {
		t.Errorf("a nonce twice: %d %+v", status, doc)
	}
	c.server.AddAccount(Key{AccessKeyID: "testid", AccessKeySecret: "testsecret", SecurityToken: "x"})
	if _, doc := c.ask(t, list, nil); doc.Code != "MissingSecurityToken" {
		t.Errorf("without its token: %+v", doc)
	}
	if len(n.Lines)+len(c.server.Unexpected()) > 0 {
		t.Errorf("unexpected: %q", n.Lines)
	}
}

// TestStrict: what no lister should ask is refused, recorded and reported, without a signature.
func TestStrict(t *testing.T) {
	t.Parallel()
	for name, params := range map[string]map[string]string{
		"action":        {"Action": "DeleteInstance"},
		"pages":         {"Action": DescribeInstances, "PageNumber": "1"},
		"version":       {"Action": GetCallerIdentity},
		"format":        {"Action": DescribeRegions, "Format": "XML"},
		"no region":     {"Action": DescribeRegions, "RegionId": ""},
		"bearer tokens": {"Action": DescribeRegions, "SignatureType": "BEARERTOKEN"},
	} {
		n := &peertest.RecordingReporter{}
		c := newClient(t, n)
		status, doc := c.ask(t, params, nil)
		if status != 400 || doc.Code != "InvalidParameter" || len(n.Lines) != 1 || len(c.server.Unexpected()) != 1 {
			t.Errorf("%s: %d %+v, reported %q", name, status, doc, n.Lines)
		}
		if strings.Contains(fmt.Sprint(n.Lines), "testid") {
			t.Errorf("%s: the report shows the key: %q", name, n.Lines)
		}
	}
	c := newClient(t, nil)
	for _, path := range []string{"/elsewhere", "/?Action=DescribeRegions&Action=DescribeRegions"} {
		resp, err := http.Get(c.url + path)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
	}
	if got := c.server.Unexpected(); len(got) != 2 {
		t.Errorf("unexpected: %q", got)
	}
}

// TestCursor: pages of the requested size, complete though the fleet changes between two of them.
func TestCursor(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	account := c.server.AddAccount(c.key)
	account.Fill("cn-beijing", 35, SampleInstance)
	account.Put("cn-hangzhou", Instance{ID: "i-other"})
	seen, token := map[string]bool{}, ""
	for page := 0; ; page++ {
		_, doc := c.ask(t, map[string]string{"Action": DescribeInstances, "NextToken": token}, nil)
		for _, row := range doc.Instances.Instance {
			seen[row.InstanceId] = true
		}
		switch page { // the instance of the cursor is removed, and a new one comes before it
		case 0:
			account.Remove("cn-beijing", SampleInstance(25).ID)
			account.Put("cn-beijing", Instance{ID: "i-zzz"})
		}
		token = doc.NextToken
		if token == "" {
			break
		}
	}
	if len(seen) != 35 {
		t.Errorf("%d seen of 35 that lasted", len(seen))
	}
	if _, doc := c.ask(t, map[string]string{"Action": DescribeInstances, "NextToken": "bm8="}, nil); doc.Code != "InvalidParameter.NextToken" {
		t.Errorf("a foreign token: %+v", doc)
	}
	if _, doc := c.ask(t, map[string]string{"Action": DescribeInstances, "MaxResults": "x"}, nil); doc.Code != "InvalidParameter.MaxResults" {
		t.Errorf("MaxResults: %+v", doc)
	}
	if got := c.server.Calls(DescribeInstances); got != 6 || c.server.Calls("") != 6 {
		t.Errorf("%d calls", got)
	}
}

// TestFaultsCount: After, Times, Until, region, key and repair.
func TestFaultsCount(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	list := map[string]string{"Action": DescribeInstances}
	codes := func(n int) (got string) {
		for range n {
			_, doc := c.ask(t, list, nil)
			got += doc.Code + ","
		}
		return got
	}
	c.server.Break(Fault{Kind: Throttled, Region: "cn-hangzhou"})
	c.server.Break(Fault{Kind: Throttled, Action: DescribeRegions})
	c.server.Break(Fault{Kind: Throttled, Key: "other"})
	c.server.Break(Fault{Kind: Throttled, Until: start})
	c.server.Break(Fault{Kind: Throttled, After: 1, Times: 2})
	if got := codes(4); got != ",Throttling.User,Throttling.User,," {
		t.Errorf("codes %q", got)
	}
	repair := c.server.Break(Fault{Kind: Forbidden})
	if got := codes(1); got != "Forbidden.RAM," {
		t.Errorf("codes %q", got)
	}
	repair()
	c.server.Break(Fault{Kind: peertest.Slow, Delay: 20 * time.Millisecond})
	c.server.SetLatency(20 * time.Millisecond)
	began := time.Now()
	if got := codes(1); got != "," || time.Since(began) < 40*time.Millisecond {
		t.Errorf("codes %q after %s", got, time.Since(began))
	}
	c.server.Repair()
}

// TestOneInstance: a call for one instance shows one that the lists omit, and distinguishes one that is withheld
// from one that does not exist; an answer by ids shows neither.
func TestOneInstance(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	account := c.server.AddAccount(c.key)
	ids := account.Fill("cn-beijing", 3, SampleInstance)
	account.Hide("cn-beijing", ids[0])
	account.DenyInstances(ids[1])
	for id, want := range map[string]string{ids[0]: "", ids[1]: "Forbidden.RAM", ids[2]: "", "i-none": "InvalidInstanceId.NotFound"} {
		if _, doc := c.ask(t, map[string]string{"Action": DescribeInstanceAttribute, "InstanceId": id}, nil); doc.Code != want || want == "" && doc.InstanceId != id {
			t.Errorf("%s: %+v, want %q", id, doc, want)
		}
	}
	for named, want := range map[string]int{`["` + ids[0] + `","` + ids[2] + `"]`: 1, `["` + ids[1] + `","` + ids[2] + `"]`: 0} {
		if _, doc := c.ask(t, map[string]string{"Action": DescribeInstances, "InstanceIds": named}, nil); len(doc.Instances.Instance) != want {
			t.Errorf("%s: %+v", named, doc)
		}
	}
}
