package tencent

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// document is an answer, parsed once, with the fields that are needed. The SDK's own types are not used for
// it: the SDK parses each answer five times with a JSON package of its own, four of them in search
// of an error, and its rows have sixty fields.
type document[T interface{ answer() answerHead }] struct{ content T }

// answerHead is what every answer has.
type answerHead struct {
	RequestId string
	Error     *struct{ Code, Message string }
}

func (h answerHead) answer() answerHead { return h }

// ParseErrorFromHTTPResponse gets every answer with HTTP 200 from the SDK. It returns a *cloud.APIError for an
// error, in the form of API 3.0 or in that of gateways, and for what is not the JSON that it should be;
// the JSON package's own text would repeat parts of the answer.
func (d *document[T]) ParseErrorFromHTTPResponse(body []byte) error {
	var whole struct {
		Response T
		Code     int    `json:"code"`
		CodeDesc string `json:"codeDesc"`
		Message  string `json:"message"`
	}
	if json.Unmarshal(body, &whole) != nil {
		return &cloud.APIError{Status: http.StatusOK, Kind: inventory.Incomplete, Message: "the answer is not the JSON that it should be"}
	}
	head := whole.Response.answer()
	switch {
	case head.Error != nil:
		return &cloud.APIError{Status: http.StatusOK, Code: head.Error.Code, Message: head.Error.Message, RequestID: head.RequestId}
	case whole.Code != 0:
		return &cloud.APIError{Status: http.StatusOK, Code: whole.CodeDesc, Message: whole.Message}
	}
	d.content = whole.Response
	return nil
}

// UnmarshalJSON ignores the SDK's own parsing of the answer: it is parsed already.
func (d *document[T]) UnmarshalJSON([]byte) error { return nil }

// The documents. Fields have Tencent's names; what an answer may lack is a pointer.
type (
	// https://cloud.tencent.com/document/api/1312/66098
	identityDocument struct {
		answerHead
		AccountId string
	}
	// https://cloud.tencent.com/document/api/1312/48197
	assumeDocument struct {
		answerHead
		Credentials struct{ Token, TmpSecretId, TmpSecretKey string } //nolint:revive // as in the answer
		ExpiredTime int64
	}
	// https://cloud.tencent.com/document/product/1596/77930
	regionsDocument struct {
		answerHead
		TotalCount *int
		RegionSet  []struct{ Region, RegionState string }
	}
	// https://cloud.tencent.com/document/api/213/15728
	instancesDocument struct {
		answerHead
		TotalCount  *int
		InstanceSet []instanceRow
	}
	// https://cloud.tencent.com/document/api/213/15738
	statusesDocument struct {
		answerHead
		TotalCount        *int
		InstanceStatusSet []struct{ InstanceId, InstanceState string }
	}
)

// instanceRow is a row: https://cloud.tencent.com/document/api/213/15753#Instance
type instanceRow struct {
	InstanceId, InstanceName, OsName      string
	InstanceState, InstanceType           string
	PrivateIpAddresses, PublicIpAddresses []string
	IPv6Addresses, PublicIPv6Addresses    []string // null where there are none
	VirtualPrivateCloud                   struct {
		VpcId    string
		SubnetId cloud.LenientText
	}
	Placement struct {
		Zone      string
		ProjectId cloud.LenientText // a number; 0 = the default project
	}
	factRow
}

func convertRow(row *instanceRow) inventory.Instance {
	i := inventory.Instance{
		Scope:      inventory.Scope{Region: regionOfZone(row.Placement.Zone)},
		ID:         row.InstanceId,
		Name:       row.InstanceName,
		OSName:     row.OsName,
		Status:     strings.ToLower(row.InstanceState),
		Existence:  existenceOf(row.InstanceState),
		Type:       row.InstanceType,
		VPC:        row.VirtualPrivateCloud.VpcId,
		PrivateIPs: cloud.UniqueTexts(row.PrivateIpAddresses),
		PublicIPs:  cloud.UniqueTexts(row.PublicIpAddresses),
		IPv6s:      cloud.IPv6Texts(row.IPv6Addresses, row.PublicIPv6Addresses),
	}
	// CVM names the operating system only. "Windows" in it is certain; the plan knows the other names.
	if strings.Contains(strings.ToLower(row.OsName), "windows") {
		i.OSType = "windows"
	}
	return i
}

// existenceOf returns what a state means, by the table in the package doc.
func existenceOf(state string) inventory.Existence {
	switch strings.ToUpper(state) {
	case "LAUNCH_FAILED":
		return inventory.Absent
	case "SHUTDOWN":
		return inventory.Closed
	case "TERMINATING":
		return inventory.NotMade
	}
	return inventory.Present
}

// valueOrMissing returns a number, or -1 where there is none.
func valueOrMissing(n *int) int {
	if n == nil {
		return -1
	}
	return *n
}
