package tencent

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common"
	sdkerrors "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	tchttp "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/http"
	"github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/profile"
	cvm "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/cvm/v20170312"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// This file alone knows tencentcloud-sdk-go.

// domain is that of all hosts.
const domain = "tencentcloudapi.com"

// session is what every client of an account is made of. Each call has a client of its own,
// because its courier remembers how the call went; the connections are shared.
type session struct {
	account   cloud.Account
	at        cloud.Endpoint
	transport http.RoundTripper
}

func newAPI(account cloud.Account, at cloud.Endpoint, transport http.RoundTripper) api {
	s := session{account: account, at: at, transport: transport}
	return api{identity: s.identity, regions: s.regions, instances: s.instances, statuses: s.statuses}
}

// host gives the host of a service. Closed regions (finance) have hosts of their own.
func (s session) host(service, region string) string {
	if s.at.Host == "" && strings.HasSuffix(region, "-fsi") {
		service += "." + region
	}
	return cmp.Or(s.at.Host, service+"."+domain)
}

// prepare fills in a client for one call.
func (s session) prepare(client *common.Client, service, region string) *courier {
	by := &courier{Courier: cloud.Courier{Base: s.transport, Timeout: s.account.RequestTimeout, Refuse: newRefusal}}
	p := profile.NewClientProfile()
	p.Language = "en-US" // of error messages
	p.HttpProfile.Scheme = cmp.Or(s.at.Scheme, "https")
	p.HttpProfile.Endpoint = s.host(service, region)
	p.HttpProfile.ReqTimeout = 0 // the courier ends the call
	// Tries are counted in one place, which is not the SDK; nor does it choose another region.
	p.NetworkFailureMaxRetries, p.RateLimitExceededMaxRetries = 0, 0
	p.DisableRegionBreaker = true
	client.Init(region).WithCredential(s.credential()).WithProfile(p).WithHttpTransport(by)
	return by
}

func (s session) credential() *common.Credential {
	return common.NewTokenCredential(s.account.AccessKeyID.Reveal(), s.account.AccessKeySecret.Reveal(), s.account.SecurityToken.Reveal())
}

// send makes a call and reads its answer. It is what the SDK's …WithContext calls do, but for the
// type of the answer.
func send[T interface{ told() head }](ctx context.Context, by *courier, client *common.Client, request tchttp.Request) (T, error) {
	var answer document[T]
	request.SetContext(ctx)
	err := client.Send(request, &answer)
	return answer.content, unwrapSDK(by, err)
}

// generic makes a call for which no typed client is linked.
func generic[T interface{ told() head }](ctx context.Context, s session, service, version, action string, params map[string]any) (T, error) {
	var client common.Client
	by := s.prepare(&client, service, homeRegion)
	request := tchttp.NewCommonRequest(service, version, action)
	if err := request.SetActionParameters(params); err != nil {
		var none T
		return none, unwrapSDK(by, err)
	}
	return send[T](ctx, by, &client, request)
}

func (s session) identity(ctx context.Context) (identityAnswer, error) {
	doc, err := generic[identityDocument](ctx, s, "sts", "2018-08-13", "GetCallerIdentity", map[string]any{})
	return identityAnswer{requestID: doc.RequestId, account: doc.AccountId}, err
}

func (s session) regions(ctx context.Context) (regionsAnswer, error) {
	doc, err := generic[regionsDocument](ctx, s, "region", "2022-06-27", "DescribeRegions", map[string]any{"Product": "cvm"})
	answer := regionsAnswer{requestID: doc.RequestId, total: count(doc.TotalCount)}
	for _, r := range doc.RegionSet {
		answer.regions = append(answer.regions, region{id: r.Region, state: r.RegionState})
	}
	return answer, err
}

func (s session) instances(ctx context.Context, q query) (instancesAnswer, error) {
	var client cvm.Client
	by := s.prepare(&client.Client, "cvm", q.region)
	request := cvm.NewDescribeInstancesRequest()
	request.InstanceIds, request.Offset, request.Limit = q.parameters()
	doc, err := send[instancesDocument](ctx, by, &client.Client, request)
	rows := make([]inventory.Instance, len(doc.InstanceSet))
	for i := range doc.InstanceSet {
		rows[i] = fromRow(&doc.InstanceSet[i])
	}
	return instancesAnswer{requestID: doc.RequestId, rows: rows, listed: doc.InstanceSet != nil, total: count(doc.TotalCount)}, err
}

func (s session) statuses(ctx context.Context, q query) (instancesAnswer, error) {
	var client cvm.Client
	by := s.prepare(&client.Client, "cvm", q.region)
	request := cvm.NewDescribeInstancesStatusRequest()
	request.InstanceIds, request.Offset, request.Limit = q.parameters()
	doc, err := send[statusesDocument](ctx, by, &client.Client, request)
	rows := make([]inventory.Instance, len(doc.InstanceStatusSet))
	for i, row := range doc.InstanceStatusSet {
		rows[i].ID = row.InstanceId
	}
	return instancesAnswer{requestID: doc.RequestId, rows: rows, listed: doc.InstanceStatusSet != nil, total: count(doc.TotalCount)}, err
}

func (q query) parameters() (ids []*string, offset, limit *int64) {
	if q.ids != nil {
		ids = common.StringPtrs(q.ids)
	}
	return ids, common.Int64Ptr(int64(q.from)), common.Int64Ptr(int64(q.limit))
}

// unwrapSDK finds what failed: the transport, whose error the SDK only quotes; the reading of the
// answer, whose refusal it passes on; or the SDK itself, of which only the fact is told, because its
// texts repeat the whole answer.
func unwrapSDK(by *courier, err error) error {
	var local *sdkerrors.TencentCloudSDKError
	switch {
	case err == nil:
		return nil
	case by.failed != nil:
		return cloud.Unanswered{Err: by.failed}
	case errors.As(err, &local):
		return &cloud.Refusal{Status: http.StatusOK, Kind: inventory.Incomplete, Text: "the answer is none that the SDK reads (" + local.Code + ")"}
	}
	return err
}

func fromRow(row *instance) inventory.Instance {
	i := inventory.Instance{
		Scope:      inventory.Scope{Region: regionOf(row.Placement.Zone)},
		ID:         row.InstanceId,
		Name:       row.InstanceName,
		OSName:     row.OsName,
		Status:     strings.ToLower(row.InstanceState),
		Type:       row.InstanceType,
		VPC:        row.VirtualPrivateCloud.VpcId,
		PrivateIPs: cloud.Distinct(row.PrivateIpAddresses),
		PublicIPs:  cloud.Distinct(row.PublicIpAddresses),
	}
	// CVM tells the system's name only. That of Windows says so; the plan knows the others.
	if strings.Contains(strings.ToLower(row.OsName), "windows") {
		i.OSType = "windows"
	}
	return i
}

// regionOf gives the region of a zone: ap-guangzhou-3 lies in ap-guangzhou. "" = not known.
func regionOf(zone string) string {
	i := strings.LastIndexByte(zone, '-')
	if i < 0 || strings.Trim(zone[i+1:], "0123456789") != "" {
		return ""
	}
	return zone[:i]
}

// count gives a number, or -1 where there is none.
func count(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}
