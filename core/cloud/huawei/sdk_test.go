package huawei

import (
	"bytes"
	"net/http"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

func openOffline(t testing.TB, account cloud.Account, r cloudtest.TransportFunc) *lister {
	t.Helper()
	account.Cloud, account.Name, account.AccessKeyID, account.AccessKeySecret = inventory.Huawei, "a", secret.New("HST0TEST"), secret.New("secret-of-test")
	l, err := openLister(account, cloud.RetryPolicy{Sleep: cloudtest.InstantRetries().Sleep, Window: time.Hour}, r)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// inProject is an account that lists one region without asking IAM.
func inProject() cloud.Account {
	return cloud.Account{ProjectID: "0605767b0000000000000000000000c1", Regions: []string{"cn-north-4"}}
}

// TestHosts: HTTPS and Huawei's own hosts by default; an endpoint takes all calls, IAM's too. The
// headers are those of an agency's key where there is a token.
func TestHosts(t *testing.T) {
	t.Parallel()
	const projects = `{"projects":[{"id":"p1","name":"cn-north-4","domain_id":"d1","enabled":true}]}`
	for name, c := range map[string]struct {
		account cloud.Account
		want    []string // identity, list, look
	}{
		"own": {cloud.Account{}, []string{
			"https://iam.myhuaweicloud.com/v3/auth/projects", "https://ecs.cn-north-4.myhuaweicloud.com/v1/p1/cloudservers/detail",
			"https://ecs.cn-north-4.myhuaweicloud.com/v1/p1/cloudservers/" + nonexistentID}},
		"endpoint": {cloud.Account{Endpoint: "https://huawei.example.com"}, []string{"https://huawei.example.com/v3/auth/projects",
			"https://huawei.example.com/v1/p1/cloudservers/detail", "https://huawei.example.com/v1/p1/cloudservers/" + nonexistentID}},
		"plain endpoint, token": {cloud.Account{Endpoint: "http://huawei.example.com:8080/", SecurityToken: secret.New("token-of-test")},
			[]string{"http://huawei.example.com:8080/v3/auth/projects", "http://huawei.example.com:8080/v1/p1/cloudservers/detail",
				"http://huawei.example.com:8080/v1/p1/cloudservers/" + nonexistentID}},
		"services": {cloud.Account{Endpoint: "https://huawei.example.com", Endpoints: map[string]string{"iam": "https://iam.example.com"}},
			[]string{"https://iam.example.com/v3/auth/projects", "https://huawei.example.com/v1/p1/cloudservers/detail", "https://huawei.example.com/v1/p1/cloudservers/" + nonexistentID}},
	} {
		var asked []string
		l := openOffline(t, c.account, func(r *http.Request) (int, []byte) {
			asked = append(asked, r.URL.Scheme+"://"+r.URL.Host+r.URL.Path)
			if agent, token := r.UserAgent(), r.Header.Get("X-Security-Token"); !strings.HasSuffix(agent, "; jms-sync") || token != c.account.SecurityToken.Reveal() {
				t.Errorf("%s: user agent %q, token %q", name, agent, token)
			}
			switch {
			case strings.HasPrefix(r.URL.Path, "/v3/"):
				return 200, []byte(projects)
			case strings.HasSuffix(r.URL.Path, "/detail"):
				return 200, []byte(`{"count":0,"servers":[]}`)
			}
			return 404, []byte(`{"error":{"code":"Ecs.0114","message":"m"}}`)
		})
		if list, err := l.List(t.Context(), "cn-north-4"); err != nil || len(list) > 0 || !slices.Equal(asked, c.want) {
			t.Errorf("%s: asked %q, want %q: %v", name, asked, c.want, err)
		}
	}
}

// TestHostsOfRegions: Europe has a domain and accounts of its own; the international regions share one IAM with those in
// China. Clouds that are built with Huawei's software name regions otherwise, and are known by their endpoints.
func TestHostsOfRegions(t *testing.T) {
	t.Parallel()
	otc := map[string]string{"iam": "https://iam.eu-de.otc.t-systems.com", "ecs": "https://ecs.eu-de.otc.t-systems.com"}
	for region, c := range map[string]struct {
		endpoints map[string]string
		iam, ecs  string // "" = the region is not known
	}{
		"cn-north-4":       {nil, "https://iam.myhuaweicloud.com", "https://ecs.cn-north-4.myhuaweicloud.com"},
		"ap-southeast-3":   {nil, "https://iam.myhuaweicloud.com", "https://ecs.ap-southeast-3.myhuaweicloud.com"},
		"la-north-2":       {nil, "https://iam.myhuaweicloud.com", "https://ecs.la-north-2.myhuaweicloud.com"},
		"my-kualalumpur-1": {nil, "https://iam.myhuaweicloud.com", "https://ecs.my-kualalumpur-1.myhuaweicloud.com"},
		"eu-west-101":      {nil, "https://iam.eu-west-101.myhuaweicloud.eu", "https://ecs.eu-west-101.myhuaweicloud.eu"},
		"eu-de":            {otc, "https://iam.eu-de.otc.t-systems.com", "https://ecs.eu-de.otc.t-systems.com"},
		"sa-fb-1":          {otc, "https://iam.eu-de.otc.t-systems.com", "https://ecs.eu-de.otc.t-systems.com"},
		"eu-nl":            {nil, "https://iam.myhuaweicloud.com", ""},
	} {
		var asked []string
		l := openOffline(t, cloud.Account{Regions: []string{region}, Endpoints: c.endpoints}, func(r *http.Request) (int, []byte) {
			asked = append(asked, r.URL.Scheme+"://"+r.URL.Host)
			if strings.HasPrefix(r.URL.Path, "/v3/") {
				return 200, []byte(`{"projects":[{"id":"p1","name":"` + region + `","domain_id":"d1","enabled":true}]}`)
			}
			return 404, []byte(`{"error":{"code":"Ecs.0114","message":"m"}}`)
		})
		_, _ = l.List(t.Context(), region) // only the addresses matter here
		if asked[0] != c.iam || (c.ecs == "") != (len(asked) == 1) || c.ecs != "" && asked[1] != c.ecs {
			t.Errorf("%s: asked %q, want %s and %s", region, asked, c.iam, c.ecs)
		}
	}
}

// TestEnvironment: the SDK writes no file into the home directory, and reads neither keys nor hosts
// from the environment.
func TestEnvironment(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	for name, value := range map[string]string{
		"HUAWEICLOUD_SDK_IAM_ENDPOINT": "http://elsewhere.invalid", "HUAWEICLOUD_SDK_STS_ENDPOINT": "http://elsewhere.invalid",
		"HUAWEICLOUD_SDK_REGION_ECS_CN_NORTH_4": "http://elsewhere.invalid", "HUAWEICLOUD_SDK_AK": "HST0OTHER", "HUAWEICLOUD_SDK_SK": "other",
		"HUAWEICLOUD_SDK_PROJECT_ID": "other", "HUAWEICLOUD_SDK_DOMAIN_ID": "other", "HUAWEICLOUD_SDK_SECURITY_TOKEN": "other",
	} {
		t.Setenv(name, value)
	}
	l := openOffline(t, cloud.Account{}, func(r *http.Request) (int, []byte) {
		if strings.Contains(r.URL.Host, "elsewhere") || !strings.Contains(r.Header.Get("Authorization"), "Access=HST0TEST,") || r.Header.Get("X-Security-Token") != "" {
			t.Errorf("asked %s as %q", r.URL.Host, r.Header)
		}
		if strings.HasPrefix(r.URL.Path, "/v3/") {
			return 200, []byte(`{"projects":[{"id":"p1","name":"cn-north-4","domain_id":"d1","enabled":true}]}`)
		}
		return 200, []byte(`{"count":1,"servers":[{"id":"s1","status":"ACTIVE"}]}`)
	})
	if list, err := l.List(t.Context(), "cn-north-4"); err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	if files := folderFiles(t, home); len(files) > 0 {
		t.Errorf("the home directory has %q", files)
	}
}

// TestConversion: every field of a server, in the shape of the real answer.
func TestConversion(t *testing.T) {
	t.Parallel()
	const answer = `{"count":3,"servers":[
	{"id":"s3","name":" web 1 ","status":"SHUTOFF","tenant_id":"0605767b0000000000000000000000c1","OS-EXT-SRV-ATTR:hostname":"web-1",
	 "flavor":{"id":"s7n.large.2","name":"x"},"metadata":{"os_type":"Windows","image_name":"Windows Server 2022","vpc_id":"vpc-b","charging_mode":"1"},
	 "addresses":{"vpc-c":[{"addr":"10.9.0.1","OS-EXT-IPS:type":"fixed","version":"4"}],
	  "vpc-a":[{"addr":"10.8.0.1","OS-EXT-IPS:type":"fixed","version":4,"primary":null}],
	  "vpc-b":[{"addr":"fd00::1","OS-EXT-IPS:type":"fixed","version":"6","primary":true},{"addr":"10.0.0.3","OS-EXT-IPS:type":"fixed","primary":false},
	   {"addr":"47.0.0.2","OS-EXT-IPS:type":"floating","primary":null},{"addr":"10.0.0.2","OS-EXT-IPS:type":"fixed","primary":true},
	   {"addr":"10.0.0.2","OS-EXT-IPS:type":"fixed"},{"addr":"","OS-EXT-IPS:type":"fixed"},{"addr":"47.0.0.1","OS-EXT-IPS:type":"floating"}]},
	 "locked":null,"tags":null,"fault":null,"OS-EXT-STS:power_state":4,"unknown":{"a":[1]}},
	{"id":"s2","name":"bms","status":"ACTIVE","metadata":{"os_type":"Linux","__bms":"x"},"addresses":{"net":[{"addr":"192.168.0.4"}]},"sys_tags":[{"key":"__type_baremetal"}]},
	{"id":"s1","status":"BUILD","metadata":null,"addresses":null,"flavor":null,"name":null}]}`
	l := openOffline(t, inProject(), func(*http.Request) (int, []byte) { return 200, []byte(answer) })
	got, err := l.List(t.Context(), "cn-north-4")
	if err != nil {
		t.Fatal(err)
	}
	scope := inventory.Scope{Cloud: inventory.Huawei, Account: "a", Region: "cn-north-4"}
	want := []inventory.Instance{
		{Scope: scope, ID: "s1", Status: "build"},
		{Scope: scope, ID: "s2", Name: "bms", OSType: "linux", Status: "active", PrivateIPs: []string{"192.168.0.4"}},
		{Scope: scope, ID: "s3", Name: " web 1 ", HostName: "web-1", OSType: "windows", OSName: "Windows Server 2022",
			Status: "shutoff", Type: "s7n.large.2", VPC: "vpc-b",
			PrivateIPs: []string{"10.0.0.2", "10.0.0.3", "10.8.0.1", "10.9.0.1"}, PublicIPs: []string{"47.0.0.2", "47.0.0.1"}, IPv6s: []string{"fd00::1"}},
	}
	for n := range want {
		want[n].Project = inProject().ProjectID
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// TestKinds: Huawei's error codes and statuses, by what they mean for us.
func TestKinds(t *testing.T) {
	t.Parallel()
	for kind, refusals := range map[inventory.Kind][]cloud.APIError{
		inventory.Throttled: {{Status: 429}, {Code: "APIGW.0308", Status: 400}, {Code: "APIG.0308", Status: 429},
			{Status: 403, Message: "The throttling threshold has been reached: policy ip over ratelimit"}},
		inventory.Denied:         {{Code: "Ecs.0003", Status: 403}, {Code: "Ecs.0003", Status: 400}, {Status: 403}, {Code: "EPS.0003", Status: 401, Message: "policy doesn't allow x"}},
		inventory.BadCredentials: {{Code: "APIGW.0301", Status: 401}, {Code: "APIG.0301", Status: 400}, {Code: "APIGW.0307", Status: 401}, {Status: 401}},
		inventory.ClockOff: {{Code: "APIGW.0301", Status: 401, Message: "Incorrect IAM authentication information: Signature expired"},
			{Code: "APIG.0301", Status: 401, Message: "the X-Sdk-Date is too old"}},
		inventory.NotFound:   {{Code: "Ecs.0114", Status: 404}, {Code: "Ecs.0114", Status: 400}, {Code: "APIGW.0101", Status: 404}, {Status: 404}, {Code: "Ecs.0614", Status: 400}},
		inventory.Temporary:  {{Status: 500}, {Code: "Ecs.0000", Status: 500}, {Status: 502}, {Status: 503}, {Status: 504}, {Status: 408}, {Status: 499}},
		inventory.Invalid:    {{Code: "Ecs.0005", Status: 400}, {Status: 414}, {Status: 400}},
		inventory.Incomplete: {{Status: 302}},
	} {
		for _, r := range refusals {
			if got := errorKind(&r); got != kind {
				t.Errorf("%q %d is %q, want %q", r.Code, r.Status, got, kind)
			}
		}
	}
}

// TestAPIErrorForms: the documents in which errors come.
func TestAPIErrorForms(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"error_code":"APIGW.0301","error_msg":"m","request_id":"r"}`:              "APIGW.0301 (HTTP 400, request r): m",
		`{"error":{"code":"Ecs.0114","message":"Instance[x] could not be found."}}`: "Ecs.0114 (HTTP 400): Instance[x] could not be found.",
		`{"error":{"error_code":"EPS.0004","error_msg":"Permission error."}}`:       "EPS.0004 (HTTP 400): Permission error.",
		`{"error":{"code":403,"message":"Forbidden operation","title":"t"}}`:        "HTTP 400: Forbidden operation",
		`{"code":"X.1","message":"m"}`:                                              "X.1 (HTTP 400): m",
		`{"itemNotFound":{"code":404,"message":"Instance x could not be found."}}`:  "HTTP 400: Instance x could not be found.",
		`{"b":{"message":"second"},"a":{"message":"first"}}`:                        "HTTP 400: first",
		`{"error_code":7,"error":{"code":[],"message":{}}}`:                         "HTTP 400",
		`[]`: "HTTP 400: Bad Request, no JSON document", `<html>`: "HTTP 400: Bad Request, no JSON document",
	} {
		if got := newAPIError(400, []byte(body)).Error(); got != want {
			t.Errorf("%s\n got %s\nwant %s", body, got, want)
		}
	}
}

// TestTooBig: an answer without an end is none.
func TestTooBig(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte(" "), 32<<20+1)
	l := openOffline(t, inProject(), func(*http.Request) (int, []byte) { return 200, body })
	if _, err := l.List(t.Context(), "cn-north-4"); inventory.KindOf(err) != inventory.Incomplete {
		t.Error(err)
	}
}

// TestOddProjects: lists of projects that contradict themselves.
func TestOddProjects(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"no domain":      `{"projects":[{"id":"p1","name":"cn-north-4","enabled":true}]}`,
		"no id":          `{"projects":[{"name":"cn-north-4","domain_id":"d1","enabled":true}]}`,
		"an odd id":      `{"projects":[{"id":"../p","name":"cn-north-4","domain_id":"d1","enabled":true}]}`,
		"two domains":    `{"projects":[{"id":"p1","name":"cn-north-4","domain_id":"d1"},{"id":"p2","name":"MOS","domain_id":"d2"}]}`,
		"a region twice": `{"projects":[{"id":"p1","name":"cn-north-4","domain_id":"d1","enabled":true},{"id":"p2","name":"cn-north-4","domain_id":"d1","enabled":true}]}`,
		"a page":         `{"projects":[{"id":"p1","name":"cn-north-4","domain_id":"d1","enabled":true}],"links":{"next":"https://iam/v3/projects?page=2"}}`,
		"null":           `{"projects":[null]}`,
		"no array":       `{"projects":{"id":"p1"}}`,
	} {
		l := openOffline(t, cloud.Account{}, func(*http.Request) (int, []byte) { return 200, []byte(body) })
		if owner, err := l.Owner(t.Context()); inventory.KindOf(err) != inventory.Incomplete || owner != "" {
			t.Errorf("%s: %q, %v", name, owner, err)
		}
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	want := []string{"ecs:cloudServers:list", "ecs:cloudServers:showServer", "iam:projects:listProjects"}
	if got := Permissions(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

// folderFiles returns the names of a folder's files.
func folderFiles(t *testing.T, folder string) []string {
	t.Helper()
	list, err := os.ReadDir(folder)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}
