package aws

import (
	"bytes"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

func openOffline(t testing.TB, account cloud.Account, r cloudtest.TransportFunc) *lister {
	t.Helper()
	account.Cloud, account.Name, account.AccessKeyID, account.AccessKeySecret = inventory.AWS, "a", secret.New("AKIATEST"), secret.New("secret-of-test")
	l, err := openLister(account, cloud.RetryPolicy{}, transports{apis: r, metadata: r, metadataURL: metadataURL})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// scopeOf returns region and service of a request's signature.
func scopeOf(r *http.Request) string {
	_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=AKIATEST/")
	parts := strings.Split(scope, "/")
	if len(parts) < 3 {
		return "unsigned"
	}
	return parts[1] + "/" + parts[2]
}

// TestHosts: HTTPS and AWS's own hosts by default; an endpoint takes all calls, each signed for
// its own region.
func TestHosts(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account cloud.Account
		region  string
		want    []string // identity, regions, list
	}{
		"own": {cloud.Account{Regions: []string{"eu-typo-1", "eu-west-1"}}, "eu-west-1",
			[]string{"https://sts.us-east-1.amazonaws.com us-east-1/sts", "https://ec2.us-east-1.amazonaws.com us-east-1/ec2", "https://ec2.eu-west-1.amazonaws.com eu-west-1/ec2"}},
		"China": {cloud.Account{AssumeRoleARN: ""}, "cn-northwest-1",
			[]string{"https://sts.us-east-1.amazonaws.com us-east-1/sts", "https://ec2.us-east-1.amazonaws.com us-east-1/ec2", "https://ec2.cn-northwest-1.amazonaws.com.cn cn-northwest-1/ec2"}},
		"China, named": {cloud.Account{Regions: []string{"cn-northwest-1"}}, "cn-northwest-1",
			[]string{"https://sts.cn-north-1.amazonaws.com.cn cn-north-1/sts", "https://ec2.cn-north-1.amazonaws.com.cn cn-north-1/ec2", "https://ec2.cn-northwest-1.amazonaws.com.cn cn-northwest-1/ec2"}},
		"GovCloud": {cloud.Account{Regions: []string{"us-gov-east-1"}}, "us-gov-east-1",
			[]string{"https://sts.us-gov-west-1.amazonaws.com us-gov-west-1/sts", "https://ec2.us-gov-west-1.amazonaws.com us-gov-west-1/ec2", "https://ec2.us-gov-east-1.amazonaws.com us-gov-east-1/ec2"}},
		"endpoint": {cloud.Account{Endpoint: "http://ec2.example.com:8080/"}, "eu-west-1",
			[]string{"http://ec2.example.com:8080 us-east-1/sts", "http://ec2.example.com:8080 us-east-1/ec2", "http://ec2.example.com:8080 eu-west-1/ec2"}},
		"services": {cloud.Account{Endpoints: map[string]string{"ec2": "https://vpce-1.ec2.eu-west-1.vpce.amazonaws.com"}}, "eu-west-1",
			[]string{"https://sts.us-east-1.amazonaws.com us-east-1/sts", "https://vpce-1.ec2.eu-west-1.vpce.amazonaws.com us-east-1/ec2", "https://vpce-1.ec2.eu-west-1.vpce.amazonaws.com eu-west-1/ec2"}},
	} {
		var asked []string
		l := openOffline(t, c.account, func(r *http.Request) (int, []byte) {
			asked = append(asked, r.URL.Scheme+"://"+r.URL.Host+" "+scopeOf(r))
			return 400, nil
		})
		_, _ = l.Owner(t.Context()) // only the address matters here
		_, _ = l.Regions(t.Context())
		_, _ = l.List(t.Context(), c.region)
		if !slices.Equal(asked, c.want) {
			t.Errorf("%s: asked\n%q, want\n%q", name, asked, c.want)
		}
	}
}

// TestGuessed: a key of AWS China is unknown in the public partition; the error says what to do.
func TestGuessed(t *testing.T) {
	t.Parallel()
	refuse := func(*http.Request) (int, []byte) {
		return 403, []byte(`<ErrorResponse><Error><Code>InvalidClientTokenId</Code><Message>` + strings.Repeat("long ", 100) + `</Message></Error></ErrorResponse>`)
	}
	for hinted, account := range map[bool]cloud.Account{true: {}, false: {Regions: []string{"eu-west-1"}}} {
		_, err := openOffline(t, account, refuse).Owner(t.Context())
		if inventory.KindOf(err) != inventory.BadCredentials || strings.Contains(err.Error(), "China") != hinted {
			t.Error(err)
		}
	}
}

// TestConversion: every field of an instance, in the shape of the real answer.
func TestConversion(t *testing.T) {
	t.Parallel()
	const answer = `<?xml version="1.0" encoding="UTF-8"?>
<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">
 <requestId>R</requestId>
 <reservationSet>
  <item><reservationId>r-1</reservationId><ownerId>1</ownerId><instancesSet>
   <item><instanceId>i-2</instanceId><instanceState><code>80</code><name>stopped</name></instanceState>
    <privateDnsName>ip-10-0-0-2.eu-west-1.compute.internal</privateDnsName><instanceType>m7i.large</instanceType>
    <placement><availabilityZone>eu-west-1a</availabilityZone></placement><platform>windows</platform><vpcId>vpc-1</vpcId>
    <privateIpAddress>10.0.0.2</privateIpAddress><ipAddress>3.0.0.1</ipAddress>
    <tagSet><item><key>name</key><value>no</value></item><item><key>Name</key><value> web 1 </value></item></tagSet>
    <networkInterfaceSet>
     <item><attachment><deviceIndex>1</deviceIndex></attachment><privateIpAddress>10.0.9.1</privateIpAddress>
      <privateIpAddressesSet><item><privateIpAddress>10.0.9.1</privateIpAddress><primary>true</primary>
       <association><publicIp>3.0.0.9</publicIp><ipOwnerId>1</ipOwnerId></association></item></privateIpAddressesSet>
      <ipv6AddressesSet><item><ipv6Address>2600:1f14::9</ipv6Address></item></ipv6AddressesSet></item>
     <item><attachment><deviceIndex>0</deviceIndex></attachment><privateIpAddress>10.0.0.2</privateIpAddress>
      <association><publicIp>3.0.0.1</publicIp><ipOwnerId>amazon</ipOwnerId></association>
      <privateIpAddressesSet>
       <item><privateIpAddress>10.0.0.4</privateIpAddress><primary>false</primary></item>
       <item><privateIpAddress>10.0.0.3</privateIpAddress><primary>false</primary>
        <association><publicIp>3.0.0.3</publicIp><ipOwnerId>1</ipOwnerId></association></item>
       <item><privateIpAddress>10.0.0.2</privateIpAddress><primary>true</primary>
        <association><publicIp>3.0.0.1</publicIp><ipOwnerId>amazon</ipOwnerId></association></item>
      </privateIpAddressesSet>
      <ipv6AddressesSet><item><ipv6Address>2600:1f14::1</ipv6Address><isPrimaryIpv6>false</isPrimaryIpv6></item>
       <item><ipv6Address>2600:1F14:0::0002</ipv6Address><isPrimaryIpv6>true</isPrimaryIpv6></item></ipv6AddressesSet></item>
    </networkInterfaceSet><platformDetails>Windows with SQL Server Standard</platformDetails></item>
   <item><instanceId>i-1</instanceId><instanceState><name>Running</name></instanceState><platformDetails>Red Hat Enterprise Linux</platformDetails></item>
  </instancesSet></item>
  <item><instancesSet><item><instanceId>i-3</instanceId><instanceState><name>pending</name></instanceState></item></instancesSet></item>
 </reservationSet>
</DescribeInstancesResponse>`
	l := openOffline(t, cloud.Account{}, func(*http.Request) (int, []byte) { return 200, []byte(answer) })
	got, err := l.List(t.Context(), "eu-west-1")
	if err != nil {
		t.Fatal(err)
	}
	scope := inventory.Scope{Cloud: inventory.AWS, Account: "a", Region: "eu-west-1"}
	want := []inventory.Instance{
		{Scope: scope, ID: "i-1", OSType: "linux", OSName: "Red Hat Enterprise Linux", Status: "running"},
		{Scope: scope, ID: "i-2", Name: " web 1 ", HostName: "ip-10-0-0-2", OSType: "windows", OSName: "Windows with SQL Server Standard",
			Status: "stopped", Type: "m7i.large", VPC: "vpc-1",
			PrivateIPs: []string{"10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.9.1"}, PublicIPs: []string{"3.0.0.3", "3.0.0.9", "3.0.0.1"},
			IPv6s: []string{"2600:1f14::2", "2600:1f14::1", "2600:1f14::9"}},
		{Scope: scope, ID: "i-3", OSType: "linux", Status: "pending"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%+v\nwant\n%+v", got, want)
	}
	testBroken(t, answer)
}

// testBroken cuts an answer at every byte: nothing but the whole document is ever a list.
func testBroken(t *testing.T, answer string) {
	at := 0
	l := openOffline(t, cloud.Account{}, func(*http.Request) (int, []byte) { return 200, []byte(answer[:at]) })
	for at = range len(answer) {
		if list, err := l.List(t.Context(), "eu-west-1"); err == nil || inventory.KindOf(err) != inventory.Incomplete || list != nil {
			t.Fatalf("cut at %d, after %.40q: %d rows, %v", at, answer[max(0, at-40):at], len(list), err)
		}
	}
}

func TestOSType(t *testing.T) {
	t.Parallel()
	for want, pairs := range map[string][][2]string{
		"windows": {{"windows", ""}, {"Windows", "x"}, {"", "Windows"}, {"", "Windows BYOL"}, {"", "SQL Server Web, Windows"}},
		"linux":   {{"", "Linux/UNIX"}, {"", "Red Hat BYOL Linux"}, {"", "SUSE Linux"}, {"", "Ubuntu Pro"}, {"", "SQL Server Enterprise"}, {"", ""}},
	} {
		for _, p := range pairs {
			if got := osType(p[0], p[1]); got != want {
				t.Errorf("%q is %q, want %q", p, got, want)
			}
		}
	}
}

// TestKinds: AWS's error codes and statuses, by what they mean for us.
func TestKinds(t *testing.T) {
	t.Parallel()
	for kind, refusals := range map[inventory.Kind][]cloud.APIError{
		inventory.Throttled: {{Code: "RequestLimitExceeded", Status: 503}, {Code: "Throttling", Status: 400}, {Code: "ThrottlingException"}, {Status: 429}},
		inventory.Denied: {{Code: "UnauthorizedOperation", Status: 403}, {Code: "AccessDenied", Status: 403}, {Code: "OptInRequired"}, {Code: "Blocked"},
			{Code: "PendingVerification"}, {Code: "RegionDisabledException", Status: 403}, {Status: 403}, {Status: 401}},
		inventory.BadCredentials: {{Code: "AuthFailure", Status: 401}, {Code: "InvalidClientTokenId", Status: 403}, {Code: "SignatureDoesNotMatch", Status: 403},
			{Code: "ExpiredToken", Status: 403}, {Code: "IncompleteSignature"}, {Code: "MissingAuthenticationToken"}},
		inventory.ClockOff: {{Code: "RequestExpired", Status: 400}, {Code: "RequestTimeTooSkewed", Status: 403},
			{Code: "SignatureDoesNotMatch", Status: 403, Message: "Signature expired: 2026 is now earlier than 2027"},
			{Code: "SignatureDoesNotMatch", Status: 403, Message: "Signature not yet current: 2027 is still later than 2026"}},
		inventory.NotFound:   {{Code: "InvalidInstanceID.NotFound", Status: 400}, {Status: 404}},
		inventory.Temporary:  {{Code: "InternalError", Status: 500}, {Code: "Unavailable", Status: 503}, {Code: "ServiceUnavailable"}, {Status: 502}, {Status: 408}},
		inventory.Invalid:    {{Code: "InvalidParameterValue", Status: 400}, {Code: "DryRunOperation", Status: 412}, {Code: "ValidationError", Status: 400}},
		inventory.Incomplete: {{Status: 302}, {Status: 503, Kind: inventory.Incomplete}},
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
	if _, err := l.List(t.Context(), "us-east-1"); inventory.KindOf(err) != inventory.Incomplete {
		t.Error(err)
	}
}

func TestPermissions(t *testing.T) {
	t.Parallel()
	want := []string{"ec2:DescribeInstances", "ec2:DescribeRegions", "sts:GetCallerIdentity"}
	if got := Permissions(); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	if got := AssumePermissions(); !slices.Equal(got, []string{"sts:AssumeRole"}) {
		t.Errorf("%q", got)
	}
}
