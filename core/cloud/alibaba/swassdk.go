package alibaba

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// swasCall is ListInstances, or ListInstanceStatus, whose rows only have an id.
type swasCall func(context.Context, cloud.Credentials, swasQuery) (swasAnswer, error)

type (
	swasQuery struct {
		region     string
		page, size int      // PageNumber, from 1, and PageSize, at most 100
		ids        []string // InstanceIds, at most 100; nil = all
	}
	swasAnswer struct {
		requestID string
		rows      []inventory.Instance // Region as in the row
		hasList   bool                 // the answer has a list, if only an empty one
		total     int                  // -1 = the answer has none
	}
)

// swasRequest is a request of SWAS-OPEN. The SDK's typed requests have no other fields that are needed.
type swasRequest struct {
	*requests.RpcRequest
	InstanceIds string           `position:"Query" name:"InstanceIds"`
	PageNumber  requests.Integer `position:"Query" name:"PageNumber"`
	PageSize    requests.Integer `position:"Query" name:"PageSize"`
}

// swasInstancesPage is an answer of ListInstances with the fields that are needed:
// https://help.aliyun.com/zh/simple-application-server/developer-reference/api-swas-open-2020-06-01-listinstances
type swasInstancesPage struct {
	*responses.BaseResponse
	RequestId  string
	TotalCount *int
	Instances  []swasRow
}

type swasRow struct {
	InstanceId, InstanceName, Status, PlanId, RegionId string
	InnerIpAddress, PublicIpAddress                    string
	Image                                              struct{ OsType, Platform, ImageName string }
	// NetworkAttributes are those of servers with several public addresses.
	NetworkAttributes []struct{ PublicIpAddress, PrivateIpAddress string }
	swasFactRow
}

// swasFactRow has those fields of a row that only mapping rules read. Its server has no zone, subnet or group that is shown.
type swasFactRow struct {
	ResourceGroupId, ImageId, ChargeType cloud.LenientText
	CreationTime, ExpiredTime            cloud.LenientText
	Tags                                 cloud.Shown[[]inventory.Tag]
}

// swasFactSources says where the answers have the facts.
func swasFactSources() inventory.FactSources {
	return inventory.FactSources{
		inventory.FactStatus: "`Status`", inventory.FactResourceGroup: "`ResourceGroupId`", inventory.FactImage: "`ImageId`", inventory.FactCharge: "`prepaid`",
		inventory.FactCreatedAt: "`CreationTime`", inventory.FactExpiresAt: "`ExpiredTime`",
	}
}

// facts returns what is wanted of a row.
func (r *swasRow) facts(want inventory.Want) *inventory.Facts {
	if want.IsEmpty() {
		return nil
	}
	f := inventory.Facts{
		Status: strings.ToLower(r.Status), ResourceGroup: string(r.ResourceGroupId), Image: string(r.ImageId), Charge: strings.ToLower(string(r.ChargeType)),
		CreatedAt: cloud.ParseTime(r.CreationTime), ExpiresAt: cloud.ParseExpiry(r.ExpiredTime),
	}
	if want.WantsTags() {
		f.Tags, f.TagsUnread = cloud.ReadTags(r.Tags)
	}
	return want.Keep(f)
}

// swasStatusesPage is an answer of ListInstanceStatus:
// https://help.aliyun.com/zh/simple-application-server/developer-reference/api-swas-open-2020-06-01-listinstancestatus
type swasStatusesPage struct {
	*responses.BaseResponse
	RequestId        string
	TotalCount       *int
	InstanceStatuses []struct{ InstanceId string }
}

// swasRegionsPage is an answer of ListRegions:
// https://help.aliyun.com/zh/simple-application-server/developer-reference/api-swas-open-2020-06-01-listregions
type swasRegionsPage struct {
	*responses.BaseResponse
	RequestId string
	Regions   []struct{ RegionId string }
}

// swasHost returns the host of a region, as ListRegions names it (RegionEndpoint).
func swasHost(region string) apiHost {
	return apiHost{service: serviceSWAS, host: "swas." + region + ".aliyuncs.com"}
}

// callSWAS makes one call of SWAS-OPEN.
func (s sdkClient) callSWAS(ctx context.Context, credentials cloud.Credentials, action string, q swasQuery, answer responses.AcsResponse) error {
	transport, client := s.newTransport(ctx), &sdk.Client{}
	defer transport.slot.Free()
	if err := s.prepareClient(transport, client, credentials, q.region, swasHost(q.region)); err != nil {
		return err
	}
	request := &swasRequest{RpcRequest: &requests.RpcRequest{}}
	request.InitWithApiInfo("SWAS-OPEN", "2020-06-01", action, "", "")
	request.Method = requests.POST
	if q.size > 0 {
		request.PageNumber, request.PageSize = requests.NewInteger(q.page), requests.NewInteger(q.size)
	}
	if q.ids != nil {
		ids, err := json.Marshal(q.ids)
		if err != nil {
			return err
		}
		request.InstanceIds = string(ids)
	}
	return unwrapSDKError(client.DoAction(request, answer))
}

func (s sdkClient) swasRegions(ctx context.Context, credentials cloud.Credentials) (regionsAnswer, error) {
	page := &swasRegionsPage{BaseResponse: &responses.BaseResponse{}}
	err := s.callSWAS(ctx, credentials, "ListRegions", swasQuery{region: homeRegion}, page)
	answer := regionsAnswer{requestID: page.RequestId}
	for _, region := range page.Regions {
		answer.ids = append(answer.ids, region.RegionId)
	}
	return answer, err
}

func (s sdkClient) swasInstances(ctx context.Context, credentials cloud.Credentials, q swasQuery) (swasAnswer, error) {
	page := &swasInstancesPage{BaseResponse: &responses.BaseResponse{}}
	err := s.callSWAS(ctx, credentials, "ListInstances", q, page)
	answer := swasAnswer{requestID: page.RequestId, hasList: page.Instances != nil, total: numberOrMissing(page.TotalCount)}
	for i := range page.Instances {
		row := convertSWASRow(&page.Instances[i])
		row.Facts = page.Instances[i].facts(s.account.Want)
		answer.rows = append(answer.rows, row)
	}
	return answer, err
}

func (s sdkClient) swasStatuses(ctx context.Context, credentials cloud.Credentials, q swasQuery) (swasAnswer, error) {
	page := &swasStatusesPage{BaseResponse: &responses.BaseResponse{}}
	err := s.callSWAS(ctx, credentials, "ListInstanceStatus", q, page)
	answer := swasAnswer{requestID: page.RequestId, hasList: page.InstanceStatuses != nil, total: numberOrMissing(page.TotalCount)}
	for _, row := range page.InstanceStatuses {
		answer.rows = append(answer.rows, inventory.Instance{ID: row.InstanceId})
	}
	return answer, err
}

func convertSWASRow(row *swasRow) inventory.Instance {
	private, public := []string{row.InnerIpAddress}, []string{row.PublicIpAddress}
	for _, network := range row.NetworkAttributes {
		private, public = append(private, network.PrivateIpAddress), append(public, network.PublicIpAddress)
	}
	return inventory.Instance{
		Scope:      inventory.Scope{Region: row.RegionId},
		ID:         row.InstanceId,
		Name:       row.InstanceName,
		OSType:     strings.ToLower(row.Image.OsType),
		OSName:     row.Image.ImageName,
		Status:     strings.ToLower(row.Status),
		Type:       row.PlanId,
		PrivateIPs: cloud.UniqueTexts(private),
		PublicIPs:  cloud.UniqueTexts(public),
	}
}

// numberOrMissing returns a number, or -1 where there is none.
func numberOrMissing(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}
