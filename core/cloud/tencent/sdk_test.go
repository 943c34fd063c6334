package tencent

import (
	"bytes"
	"net/http"
	"reflect"
	"slices"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

func openOffline(t testing.TB, account cloud.Account, r cloudtest.TransportFunc) *lister {
	t.Helper()
	account.Cloud, account.Name, account.AccessKeyID, account.AccessKeySecret = "tencent", "a", secret.New("AKIDtest"), secret.New("secret-of-test")
	l, err := openLister(account, cloud.RetryPolicy{Sleep: cloudtest.InstantRetries().Sleep}, r)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestHosts: HTTPS and Tencent's own hosts by default, those of closed regions where one is asked;
// an endpoint takes all calls.
func TestHosts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account cloud.Account
		region  string
		want    []string // identity, regions, list
	}{
		"own": {cloud.Account{Regions: []string{"ap-typo", "ap-beijing"}}, "ap-beijing",
			[]string{"https://sts.tencentcloudapi.com", "https://region.tencentcloudapi.com", "https://cvm.tencentcloudapi.com"}},
		"finance": {cloud.Account{}, "ap-shanghai-fsi",
			[]string{"https://sts.tencentcloudapi.com", "https://region.tencentcloudapi.com", "https://cvm.ap-shanghai-fsi.tencentcloudapi.com"}},
		"endpoint": {cloud.Account{Endpoint: "https://cvm.example.com"}, "ap-shanghai-fsi", slices.Repeat([]string{"https://cvm.example.com"}, 3)},
		"plain endpoint": {cloud.Account{Endpoint: "http://cvm.example.com:8080/"}, "ap-beijing",
			slices.Repeat([]string{"http://cvm.example.com:8080"}, 3)},
		"services": {cloud.Account{Endpoint: "https://all.example.com", Endpoints: map[string]string{"sts": "https://sts.example.com", "cvm": "http://cvm.example.com"}}, "ap-shanghai-fsi",
			[]string{"https://sts.example.com", "https://all.example.com", "http://cvm.example.com"}},
	} {
		var asked, regions []string
		l := openOffline(t, c.account, func(r *http.Request) (int, []byte) {
			asked = append(asked, r.URL.Scheme+"://"+r.URL.Host)
			regions = append(regions, r.Header.Get("X-TC-Region"))
			if r.Header.Get("X-TC-Language") != "en-US" || r.URL.RawQuery != "" {
				t.Errorf("%s: %v %s", name, r.Header, r.URL)
			}
			return 400, nil
		})
		_, _ = l.Owner(t.Context()) // only the address matters here
		_, _ = l.Regions(t.Context())
		_, _ = l.List(t.Context(), c.region)
		if !slices.Equal(asked, c.want) || !slices.Equal(regions, []string{homeRegion, homeRegion, c.region}) {
			t.Errorf("%s: asked %q for %q, want %q", name, asked, regions, c.want)
		}
	}
}

// TestConversion: every field of an instance, in the shape of the real answer.
func TestConversion(t *testing.T) {
	t.Parallel()
	const answer = `{"Response":{"RequestId":"R","TotalCount":2,"InstanceSet":[
	{"InstanceId":"ins-2","InstanceName":" web 1 ","OsName":"Windows Server 2022 DataCenter 64bitCN","InstanceState":"SHUTDOWN","InstanceType":"S6.LARGE8",
	 "Placement":{"Zone":"ap-beijing-7","ProjectId":0},"VirtualPrivateCloud":{"VpcId":"vpc-1","SubnetId":"subnet-1"},"RestrictState":"PROTECTIVELY_ISOLATED",
	 "PrivateIpAddresses":["10.0.0.2","10.0.0.3","10.0.0.2"],"PublicIpAddresses":["47.0.0.1",null,"39.0.0.1"],"IPv6Addresses":["fd00::1"],"PublicIPv6Addresses":["2402:4E00::1","fd00:0::1"],"Unknown":{"a":[1]}},
	{"InstanceId":"ins-1","InstanceName":null,"OsName":"TencentOS Server 3.1 (TK4)","InstanceState":"RUNNING","Placement":null,"VirtualPrivateCloud":null,
	 "PrivateIpAddresses":null,"PublicIpAddresses":null,"IPv6Addresses":null,"PublicIPv6Addresses":null}]}}`
	l := openOffline(t, cloud.Account{}, func(*http.Request) (int, []byte) { return 200, []byte(answer) })
	got, err := l.List(t.Context(), "ap-beijing")
	if err != nil {
		t.Fatal(err)
	}
	scope := inventory.Scope{Cloud: "tencent", Account: "a", Region: "ap-beijing"}
	want := []inventory.Instance{
		{Scope: scope, ID: "ins-1", OSName: "TencentOS Server 3.1 (TK4)", Status: "running"},
		{Scope: scope, ID: "ins-2", Name: " web 1 ", OSType: "windows", OSName: "Windows Server 2022 DataCenter 64bitCN",
			Status: "shutdown", Existence: inventory.Closed, Type: "S6.LARGE8", VPC: "vpc-1", PrivateIPs: []string{"10.0.0.2", "10.0.0.3"}, PublicIPs: []string{"47.0.0.1", "39.0.0.1"},
			IPv6s: []string{"fd00::1", "2402:4e00::1"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// TestRegionDocuments: answers of DescribeRegions that are not whole.
func TestRegionDocuments(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]inventory.Kind{
		`{"RequestId":"R","TotalCount":1,"RegionSet":[{"Region":"b","RegionState":"AVAILABLE"}]}`:                       "",
		`{"RequestId":"R","TotalCount":2,"RegionSet":[{"Region":"b","RegionState":"AVAILABLE"}]}`:                       inventory.Incomplete,
		`{"RequestId":"R","RegionSet":[{"Region":"b","RegionState":"AVAILABLE"}]}`:                                      inventory.Incomplete,
		`{"TotalCount":1,"RegionSet":[{"Region":"b","RegionState":"AVAILABLE"}]}`:                                       inventory.Incomplete,
		`{"RequestId":"R","TotalCount":1,"RegionSet":[{"Region":"b"}]}`:                                                 inventory.Incomplete,
		`{"RequestId":"R","TotalCount":1,"RegionSet":[{"Region":"b","RegionState":"UNAVAILABLE"}]}`:                     inventory.Incomplete,
		`{"RequestId":"R","TotalCount":1,"RegionSet":[null]}`:                                                           inventory.Incomplete,
		`{"RequestId":"R","TotalCount":0,"RegionSet":[]}`:                                                               inventory.Incomplete,
		`{"RequestId":"R","Error":{"Code":"UnauthorizedOperation","Message":"no permission (region:DescribeRegions)"}}`: inventory.Denied,
	} {
		l := openOffline(t, cloud.Account{}, func(*http.Request) (int, []byte) { return 200, []byte(`{"Response":` + body + `}`) })
		got, err := l.Regions(t.Context())
		if inventory.KindOf(err) != want || (err == nil) != slices.Equal(got, []string{"b"}) {
			t.Errorf("%s: %q, %v; want %q", body, got, err, want)
		}
	}
}

// TestKinds: Tencent's error codes and statuses, by what they mean for us.
func TestKinds(t *testing.T) {
	t.Parallel()
	for kind, refusals := range map[inventory.Kind][]cloud.APIError{
		inventory.Throttled: {{Code: "RequestLimitExceeded"}, {Code: "RequestLimitExceeded.UinLimitExceeded"}, {Code: "RequestLimitExceeded.IPLimitExceeded"},
			{Code: "LimitExceeded"}, {Code: "LimitExceeded.Frequency"}, {Status: 429}},
		inventory.Denied: {{Code: "UnauthorizedOperation"}, {Code: "UnauthorizedOperation.PermissionDenied"}, {Code: "AuthFailure.UnauthorizedOperation"},
			{Code: "UnauthorizedOperation.MFAExpired"}, {Code: "OperationDenied"}, {Code: "SecretidNotAuthAccessResource"},
			{Code: "AuthFailure.SecretIdNotAuthAccessResource"}, {Code: "InvalidParameter.PermissionDenied"}, {Status: 403}, {Status: 401}},
		inventory.BadCredentials: {{Code: "AuthFailure.SecretIdNotFound"}, {Code: "AuthFailure.SignatureFailure"},
			{Code: "AuthFailure.TokenFailure"}, {Code: "AuthFailure.InvalidSecretId"}, {Code: "AuthFailure.InvalidAuthorization"}, {Code: "AuthFailure.MFAFailure"},
			{Code: "UnauthorizedOperation.InvalidToken"}},
		inventory.ClockOff: {{Code: "AuthFailure.SignatureExpire"}, {Code: "RequestExpired"}},
		inventory.NotFound: {{Code: "UnsupportedRegion"}, {Code: "InvalidRegion.NotFound"}, {Code: "InvalidRegion.Unavailable"}, {Code: "InvalidParameterValue.InvalidRegion"},
			{Code: "InvalidInstanceId.NotFound"}, {Code: "ResourceNotFound"}, {Status: 404}},
		inventory.Temporary: {{Code: "InternalError", Status: 200}, {Code: "InternalServerError"}, {Code: "InternalError.TradeUnknownError"}, {Code: "ServiceUnavailable"},
			{Code: "ResourceUnavailable"}, {Code: "Strange", Status: 502}, {Status: 500}, {Status: 408}},
		inventory.Invalid: {{Code: "InvalidParameter"}, {Code: "InvalidParameterValue.LimitExceeded"}, {Code: "InvalidFilterValue.LimitExceeded"},
			{Code: "RequestSizeLimitExceeded"}, {Code: "MissingParameter"}, {Code: "NoSuchVersion"}, {Code: "UnsupportedOperation", Status: 200}, {Status: 400}},
		inventory.Incomplete: {{Status: 302}, {Status: 200}, {Kind: inventory.Incomplete, Status: 500}},
	} {
		for _, r := range refusals {
			if got := errorKind(&r); got != kind {
				t.Errorf("%q %d is %q, want %q", r.Code, r.Status, got, kind)
			}
		}
	}
}

// TestSecretsOfAnAnswer: what a server repeats of a key, and an answer that is no JSON, are not
// passed on.
func TestSecretsOfAnAnswer(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`{"Response":{"Error":{"Code":"AuthFailure.X","Message":"key AKIDtest with secret-of-test"},"RequestId":"R"}}`,
		`<html>AKIDtest secret-of-test</html>`, `{"code":1,"codeDesc":"AKIDtest","message":"secret-of-test"}`,
	} {
		l := openOffline(t, cloud.Account{}, func(*http.Request) (int, []byte) { return 200, []byte(body) })
		_, err := l.Owner(t.Context())
		if err == nil || bytes.Contains([]byte(err.Error()), []byte("AKIDtest")) || bytes.Contains([]byte(err.Error()), []byte("secret-of-test")) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestTooBig(t *testing.T) {
	t.Parallel()
	body := bytes.Repeat([]byte(" "), 32<<20+1)
	l := openOffline(t, cloud.Account{}, func(*http.Request) (int, []byte) { return 200, body })
	if _, err := l.List(t.Context(), "r"); inventory.KindOf(err) != inventory.Incomplete {
		t.Error(err)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	want := []string{"cvm:DescribeInstances", "cvm:DescribeInstancesStatus", "region:DescribeRegions", "sts:GetCallerIdentity"}
	if got := Permissions(); !slices.Equal(got, want) || !slices.IsSorted(got) {
		t.Errorf("%q", got)
	}
}
