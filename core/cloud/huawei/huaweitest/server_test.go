package huaweitest

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
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

func newClient(t *testing.T, reporter peertest.Reporter) *client {
	t.Helper()
	s := New(Options{Reporter: reporter, Now: func() time.Time { return start }})
	web := httptest.NewServer(s)
	t.Cleanup(func() {
		s.Close()
		web.Close()
	})
	key := Key{DomainID: "d1", AccessKeyID: "testid", AccessKeySecret: "testsecret"}
	return &client{server: s, account: s.AddAccount(key), url: web.URL, key: key}
}

type document struct {
	ErrorCode string `json:"error_code"`
	Error     struct{ Code any }
	Count     int
	Servers   []struct {
		ID     string
		Status *string
	}
	Server   struct{ ID string }
	Projects []struct{ ID, Name string }
}

// code returns the error's code in either form.
func (d document) code() string {
	if d.Error.Code != nil {
		return fmt.Sprint(d.Error.Code)
	}
	return d.ErrorCode
}

// ask makes a signed call; before may set headers that are signed, and after may alter the request.
func (c *client) ask(t *testing.T, path string, before func(http.Header), after func(*http.Request)) (int, document) {
	t.Helper()
	r, err := http.NewRequest(http.MethodGet, c.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Body = http.NoBody
	r.Header.Set("X-Sdk-Date", start.Format(dateFormat))
	r.Header.Set("User-Agent", "x; jms-sync")
	if parts := strings.Split(path, "/"); parts[1] == "v1" {
		r.Header.Set("X-Project-Id", parts[2])
	}
	headers := []string{"host", "user-agent", "x-sdk-date"}
	if before != nil {
		before(r.Header)
		if r.Header.Get("X-Security-Token") != "" {
			headers = []string{"host", "user-agent", "x-sdk-date", "x-security-token"}
		}
	}
	text, err := stringToSign(r, headers)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", fmt.Sprintf("SDK-HMAC-SHA256 Access=%s, SignedHeaders=%s, Signature=%s",
		c.key.AccessKeyID, strings.Join(headers, ";"), signatureOf(text, c.key.AccessKeySecret)))
	if after != nil {
		after(r)
	}
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
	if err := json.Unmarshal(body, &doc); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	return resp.StatusCode, doc
}

func (c *client) detail(query string) string {
	return "/v1/" + c.account.ProjectID("cn-north-4") + "/cloudservers/detail?enterprise_project_id=all_granted_eps" + query
}

// TestSignatureVectors are those of huaweicloud-sdk-go-v3's own tests (core/auth/signer, v0.1.207).
func TestSignatureVectors(t *testing.T) {
	t.Parallel()
	for _, v := range []struct{ method, target, body, want string }{
		{"GET", "/path?limit=1", "", "5a2ce64c865e0e6046321c6f3d5a77ba8413eeaf355c3166c03d58d02ac79624"},
		{"POST", "/path?key=value", `{"Name":"test","Id":1}` + "\n", "cecc2af119b18ab70b4d094c0750f3b42c02f254903179a0fc2cc72fc9db4f59"},
	} {
		r := httptest.NewRequest(v.method, v.target, strings.NewReader(v.body))
		r.Header.Set("X-Sdk-Date", "20060102T150405Z")
		text, err := stringToSign(r, []string{"x-sdk-date"})
		if got := signatureOf(text, "SecretKey"); err != nil || got != v.want {
			t.Errorf("%s %s: %s, %v", v.method, v.target, got, err)
		}
	}
}

func TestAuthentication(t *testing.T) {
	t.Parallel()
	n := &peertest.RecordingReporter{}
	c := newClient(t, n)
	date := func(text string) func(http.Header) { return func(h http.Header) { h.Set("X-Sdk-Date", text) } }
	for name, x := range map[string]struct {
		before func(http.Header)
		after  func(*http.Request)
		status int
	}{
		"good":          {nil, nil, 200},
		"just in time":  {date("20260102T024905Z"), nil, 200},
		"old":           {date("20260102T024904Z"), nil, 401},
		"early":         {date("20260102T031906Z"), nil, 401},
		"no time":       {date("now"), nil, 401},
		"no signature":  {nil, func(r *http.Request) { r.Header.Del("Authorization") }, 401},
		"half of one":   {nil, func(r *http.Request) { r.Header.Set("Authorization", "SDK-HMAC-SHA256 Access=testid") }, 401},
		"another key":   {nil, func(r *http.Request) { swap(r, "testid", "other") }, 401},
		"fewer headers": {nil, func(r *http.Request) { swap(r, "host;", "") }, 401},
		"time unsigned": {nil, func(r *http.Request) { swap(r, ";x-sdk-date", "") }, 401},
		"other query":   {nil, func(r *http.Request) { r.URL.RawQuery += "&limit=7" }, 401},
		"other header":  {nil, func(r *http.Request) { r.Header.Set("User-Agent", "y; jms-sync") }, 401},
		"a token":       {func(h http.Header) { h.Set("X-Security-Token", "x") }, nil, 401},
		"other project": {nil, func(r *http.Request) { r.Header.Set("X-Project-Id", "p") }, 401},
	} {
		if status, doc := c.ask(t, c.detail(""), x.before, x.after); status != x.status || (doc.code() == "APIGW.0301") != (status == 401) {
			t.Errorf("%s: %d %+v", name, status, doc)
		}
	}
	c.key.SecurityToken = "tok"
	c.server.AddAccount(c.key)
	token := func(h http.Header) { h.Set("X-Security-Token", "tok") }
	if status, _ := c.ask(t, c.detail(""), token, nil); status != 200 {
		t.Errorf("with its token: %d", status)
	}
	if status, _ := c.ask(t, c.detail(""), nil, func(r *http.Request) { token(r.Header) }); status != 401 {
		t.Errorf("with a token that is not signed: %d", status)
	}
	if status, _ := c.ask(t, c.detail(""), nil, nil); status != 401 {
		t.Errorf("without its token: %d", status)
	}
	if len(n.Lines)+len(c.server.Unexpected()) > 0 {
		t.Errorf("unexpected: %q", n.Lines)
	}
}

func swap(r *http.Request, from, to string) {
	r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), from, to, 1))
}

// TestStrict: what no lister should ask is refused, recorded and reported, without a signature.
func TestStrict(t *testing.T) {
	t.Parallel()
	for name, path := range map[string]string{
		"pages by number": "&offset=2", "another project": "?", "a filter": "&status=ACTIVE", "a parameter twice": "&limit=1&limit=2", "an empty one": "&marker=",
		"a marker beside ids": "&server_id=a&marker=b", "not escaped": "&limit=%zz",
	} {
		n := &peertest.RecordingReporter{}
		c := newClient(t, n)
		path = c.detail(path)
		if name == "another project" {
			path, _, _ = strings.Cut(path, "?")
		}
		status, _ := c.ask(t, path, nil, nil)
		if status != 400 || len(n.Lines) != 1 || len(c.server.Unexpected()) != 1 || strings.Contains(fmt.Sprint(n.Lines), "testid") {
			t.Errorf("%s: %d, reported %q", name, status, n.Lines)
		}
	}
	n := &peertest.RecordingReporter{}
	c := newClient(t, n)
	for _, path := range []string{"/elsewhere", "/v3/projects?name=cn-north-4", "/v1/%7Bproject_id%7D/cloudservers/detail?enterprise_project_id=all_granted_eps"} {
		c.ask(t, path, nil, nil)
	}
	c.ask(t, "/v3/projects", nil, func(r *http.Request) { r.Method = http.MethodPost })
	c.ask(t, "/v3/projects", func(h http.Header) { h.Set("User-Agent", "huaweicloud-usdk-go/3.0; app/1") }, nil)
	if len(n.Lines) != 5 {
		t.Errorf("%d reported: %q", len(n.Lines), n.Lines)
	}
}

// TestPages: the newest first, from the marker on, with the total of the visible ones.
func TestPages(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	c.account.Fill("cn-north-4", 30, SampleInstance)
	hidden := SampleInstance(99)
	hidden.EnterpriseProject = "eps"
	c.account.Put("cn-north-4", hidden)
	_, doc := c.ask(t, c.detail(""), nil, nil)
	if doc.Count != 30 || len(doc.Servers) != 25 || doc.Servers[0].ID != SampleInstance(29).ID {
		t.Errorf("%d of %d, first %+v", len(doc.Servers), doc.Count, doc.Servers[0])
	}
	_, doc = c.ask(t, c.detail("&limit=10&marker="+SampleInstance(5).ID), nil, nil)
	if doc.Count != 30 || len(doc.Servers) != 5 || doc.Servers[4].ID != SampleInstance(0).ID {
		t.Errorf("%+v", doc)
	}
	c.account.Remove("cn-north-4", SampleInstance(5).ID)
	if status, doc := c.ask(t, c.detail("&marker="+SampleInstance(5).ID), nil, nil); status != 400 || doc.code() != "Ecs.0005" {
		t.Errorf("a marker that is gone: %d %+v", status, doc)
	}
	if status, _ := c.ask(t, c.detail("&limit=1001"), nil, nil); status != 400 {
		t.Errorf("limit: %d", status)
	}
	_, doc = c.ask(t, c.detail("&server_id="+SampleInstance(1).ID+","+hidden.ID+",none"), nil, nil)
	if len(doc.Servers) != 3 || doc.Servers[0].Status == nil || doc.Servers[1].Status != nil || doc.Servers[2].ID != "none" {
		t.Errorf("by ids: %+v", doc)
	}
}

// TestLostRows: a server that the lists omit is shown only by the call for it alone.
func TestLostRows(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	c.account.Fill("cn-north-4", 3, SampleInstance)
	c.account.Hide("cn-north-4", SampleInstance(1).ID)
	_, doc := c.ask(t, c.detail(""), nil, nil)
	_, named := c.ask(t, c.detail("&server_id="+SampleInstance(1).ID+","+SampleInstance(2).ID), nil, nil)
	if doc.Count != 2 || len(doc.Servers) != 2 || len(named.Servers) != 2 || named.Servers[0].Status != nil || named.Servers[1].Status == nil {
		t.Errorf("%+v, by ids %+v", doc, named)
	}
	if status, doc := c.ask(t, "/v1/"+c.account.ProjectID("cn-north-4")+"/cloudservers/"+SampleInstance(1).ID, nil, nil); status != 200 || doc.Server.ID != SampleInstance(1).ID {
		t.Errorf("alone: %d %+v", status, doc)
	}
}

// TestSingleServersAndProjects: who is shown, who is hidden, and who is not there.
func TestSingleServersAndProjects(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	hidden := SampleInstance(99)
	hidden.EnterpriseProject = "eps"
	c.account.Put("cn-north-4", SampleInstance(1), hidden)
	for id, want := range map[string]struct {
		status int
		code   string
	}{SampleInstance(1).ID: {200, ""}, hidden.ID: {403, "Ecs.0003"}, "none": {404, "Ecs.0114"}} {
		status, doc := c.ask(t, "/v1/"+c.account.ProjectID("cn-north-4")+"/cloudservers/"+id, nil, nil)
		if status != want.status || doc.code() != want.code || status == 200 && doc.Server.ID != id {
			t.Errorf("%s: %d %+v", id, status, doc)
		}
	}
	if status, doc := c.ask(t, "/v1/another/cloudservers/"+hidden.ID, nil, nil); status != 403 || doc.code() != "Ecs.0003" {
		t.Errorf("another account's project: %d %+v", status, doc)
	}
	c.account.AddProject("cn-north-4_team")
	for _, path := range []string{"/v3/projects", "/v3/auth/projects"} {
		if _, doc := c.ask(t, path, nil, nil); len(doc.Projects) != 5 || doc.Projects[1].Name != "MOS" {
			t.Errorf("%s: %+v", path, doc)
		}
	}
	c.account.MakeAgency()
	if _, doc := c.ask(t, "/v3/auth/projects", nil, nil); len(doc.Projects) != 0 {
		t.Errorf("%+v", doc)
	}
}

// TestFaultsByRegion: a fault of one region leaves the others and IAM alone.
func TestFaultsByRegion(t *testing.T) {
	t.Parallel()
	c := newClient(t, t)
	sub := c.account.AddProject("cn-north-4_team")
	c.server.Break(Fault{Kind: Throttled, Region: "cn-north-4"})
	for path, want := range map[string]int{
		c.detail(""): 429, "/v1/" + sub + "/cloudservers/x": 429, "/v1/" + c.account.ProjectID("cn-east-3") + "/cloudservers/x": 404, "/v3/projects": 200,
	} {
		if status, _ := c.ask(t, path, nil, nil); status != want {
			t.Errorf("%s: %d, want %d", path, status, want)
		}
	}
	c.account.SetSecret("other")
	if status, _ := c.ask(t, "/v3/projects", nil, nil); status != 401 {
		t.Errorf("after the secret was changed: %d", status)
	}
}
