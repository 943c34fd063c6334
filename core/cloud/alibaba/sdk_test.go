package alibaba

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
	account.Cloud, account.Name, account.AccessKeyID, account.AccessKeySecret = inventory.Alibaba, "a", secret.New("LTAItest"), secret.New("secret-of-test")
	l, err := openLister(account, cloud.RetryPolicy{}, transports{apis: r, metadata: r, metadataURL: metadataURL})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestHosts: HTTPS and Alibaba's own hosts by default; an endpoint takes all calls.
func TestHosts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account cloud.Account
		want    []string // identity, regions, list
	}{
		"own": {cloud.Account{Regions: []string{"cn-typo", "cn-beijing"}},
			[]string{"https://sts.aliyuncs.com", "https://ecs-cn-hangzhou.aliyuncs.com", "https://ecs.cn-beijing.aliyuncs.com"}},
		"government": {cloud.Account{Regions: []string{"cn-north-2-gov-1", "cn-shenzhen-finance-1"}},
			[]string{"https://sts.aliyuncs.com", "https://ecs-cn-hangzhou.aliyuncs.com", "https://ecs.cn-beijing.aliyuncs.com"}},
		"inside a VPC": {cloud.Account{Endpoints: map[string]string{"sts": "https://sts-vpc.cn-north-2-gov-1.aliyuncs.com"}},
			[]string{"https://sts-vpc.cn-north-2-gov-1.aliyuncs.com", "https://ecs-cn-hangzhou.aliyuncs.com", "https://ecs.cn-beijing.aliyuncs.com"}},
		"Apsara Stack": {cloud.Account{Endpoint: "https://other.example.com", Endpoints: map[string]string{"ecs": "http://ecs.example.com:81"}},
			[]string{"https://other.example.com", "http://ecs.example.com:81", "http://ecs.example.com:81"}},
		"endpoint":       {cloud.Account{Endpoint: "https://ecs.example.com"}, slices.Repeat([]string{"https://ecs.example.com"}, 3)},
		"plain endpoint": {cloud.Account{Endpoint: "http://ecs.example.com:8080/"}, slices.Repeat([]string{"http://ecs.example.com:8080"}, 3)},
	} {
		var asked, regions []string
		l := openOffline(t, c.account, func(r *http.Request) (int, []byte) {
			asked = append(asked, r.URL.Scheme+"://"+r.URL.Host)
			regions = append(regions, r.URL.Query().Get("RegionId"))
			return 400, nil
		})
		_, _ = l.Owner(t.Context()) // only the address matters here
		_, _ = l.Regions(t.Context())
		_, _ = l.List(t.Context(), "cn-beijing")
		if !slices.Equal(asked, c.want) || regions[2] != "cn-beijing" {
			t.Errorf("%s: asked %q for %q, want %q", name, asked, regions, c.want)
		}
	}
}

// TestConversion: every field of an instance, in the shape of the real answer.
func TestConversion(t *testing.T) {
	t.Parallel()
	const answer = `{"RequestId":"R","NextToken":"","TotalCount":0,"Instances":{"Instance":[
	{"InstanceId":"i-2","InstanceName":" web 1 ","HostName":"iZ1","OSType":"Windows","OSName":"","OSNameEn":"Windows Server 2022","Status":"Stopped",
	 "InstanceType":"ecs.g7.large","RegionId":"cn-beijing","Memory":8192,"InstanceOwnerId":"","VpcAttributes":{"VpcId":"vpc-1","PrivateIpAddress":{"IpAddress":["10.0.0.2"]}},
	 "NetworkInterfaces":{"NetworkInterface":[
	  {"Type":"Secondary","PrimaryIpAddress":"10.0.9.1","PrivateIpSets":{"PrivateIpSet":[{"PrivateIpAddress":"10.0.9.1","Primary":true},{"PrivateIpAddress":"10.0.9.2"}]},
	   "Ipv6Sets":{"Ipv6Set":[{"Ipv6Address":"2408:4005::9"}]}},
	  {"Type":"Primary","PrimaryIpAddress":"10.0.0.2","PrivateIpSets":{"PrivateIpSet":[{"PrivateIpAddress":"10.0.0.2","Primary":true},{"PrivateIpAddress":"10.0.0.3"}]},
	   "Ipv6Sets":{"Ipv6Set":[{"Ipv6Address":"2408:4005:0::02"},{"Ipv6Address":"fe80::1"},{"Ipv6Address":""}]}}]},
	 "EipAddress":{"IpAddress":"47.0.0.1"},"PublicIpAddress":{"IpAddress":["39.0.0.1","47.0.0.1"]}},
	{"InstanceId":"i-1","OSType":"linux","OSName":"CentOS 6","OSNameEn":"CentOS 6","InnerIpAddress":{"IpAddress":["10.1.0.1",""]},"PublicIpAddress":{"IpAddress":[]},
	 "NetworkInterfaces":{"NetworkInterface":null}}]}}`
	l := openOffline(t, cloud.Account{}, func(*http.Request) (int, []byte) { return 200, []byte(answer) })
	got, err := l.List(t.Context(), "cn-beijing")
	if err != nil {
		t.Fatal(err)
	}
	scope := inventory.Scope{Cloud: inventory.Alibaba, Account: "a", Region: "cn-beijing"}
	want := []inventory.Instance{
		{Scope: scope, ID: "i-1", OSType: "linux", OSName: "CentOS 6", ClassicIPs: []string{"10.1.0.1"}},
		{Scope: scope, ID: "i-2", Name: " web 1 ", HostName: "iZ1", OSType: "windows", OSName: "Windows Server 2022",
			Status: "stopped", Type: "ecs.g7.large", VPC: "vpc-1",
			PrivateIPs: []string{"10.0.0.2", "10.0.0.3", "10.0.9.1", "10.0.9.2"}, PublicIPs: []string{"47.0.0.1", "39.0.0.1"},
			IPv6s: []string{"2408:4005::2", "2408:4005::9"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
}

// TestKinds: Alibaba's error codes and statuses, by what they mean for us.
func TestKinds(t *testing.T) {
	t.Parallel()
	for kind, refusals := range map[inventory.Kind][]cloud.APIError{
		inventory.Throttled: {{Code: "Throttling"}, {Code: "Throttling.User"}, {Code: "Throttling.Api"}, {Code: "Rejected.Throttling", Status: 400}, {Code: "Rejected.Throttling"}, {Code: "ServiceUnavailable", Status: 503,
			Message: "denied by Flow Control"}, {Status: 429}},
		inventory.Denied: {{Code: "Forbidden.RAM", Status: 403}, {Code: "Forbidden"}, {Code: "NoPermission"}, {Code: "UnauthorizedOperation"}, {Status: 403}, {Status: 401}},
		inventory.BadCredentials: {{Code: "InvalidAccessKeyId.NotFound", Status: 404}, {Code: "InvalidAccessKeyId.Inactive"}, {Code: "SignatureDoesNotMatch"},
			{Code: "IncompleteSignature"}, {Code: "InvalidSecurityToken.Expired"}, {Code: "InvalidSecurityToken.Malformed"}, {Code: "NoEnabledAccessKey", Status: 403}, {Code: "Forbidden.AccessKeyDisabled", Status: 403},
			{Code: "Forbidden.AccessKey"}},
		inventory.ClockOff:   {{Code: "InvalidTimeStamp.Expired", Status: 400}, {Code: "InvalidTimeStamp.Format"}, {Code: "IllegalTimestamp", Status: 400}},
		inventory.NotFound:   {{Code: "InvalidRegionId.NotFound", Status: 404}, {Code: "InvalidInstanceId.NotFound"}, {Code: "EntityNotExist.Role", Status: 404}, {Code: "Forbidden.InstanceNotFound", Status: 403}, {Code: "Instance.Notfound"}, {Status: 404}},
		inventory.Temporary:  {{Code: "InternalError"}, {Code: "ServiceUnavailable"}, {Code: "SignatureNonceUsed", Status: 400}, {Code: "SystemBusy", Status: 400}, {Status: 500}, {Status: 502}, {Status: 408}},
		inventory.Invalid:    {{Code: "InvalidParameter", Status: 400}, {Code: "DryRunOperation", Status: 400}},
		inventory.Incomplete: {{Status: 302}},
	} {
		for _, r := range refusals {
			if got := errorKind(&r); got != kind {
				t.Errorf("%q %d is %q, want %q", r.Code, r.Status, got, kind)
			}
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
	want := []string{"ecs:DescribeInstanceAttribute", "ecs:DescribeInstances", "ecs:DescribeRegions", "sts:GetCallerIdentity"}
	if got := Permissions(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := AssumePermissions(); !slices.Equal(got, []string{"sts:AssumeRole"}) {
		t.Errorf("%q", got)
	}
}
