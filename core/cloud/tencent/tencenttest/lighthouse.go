package tencenttest

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// The emulated calls of Lighthouse, as names for Fault.Action and Calls: CVM has actions of the same names.
const (
	lighthousePrefix        = "lighthouse:"
	LighthouseInstances     = lighthousePrefix + "DescribeInstances"
	LighthouseDeniedActions = lighthousePrefix + "DescribeInstancesDeniedActions"
	LighthouseRegions       = lighthousePrefix + "DescribeRegions"
)

// lighthouseVersion is the version of Lighthouse's API, and of no other one here.
const lighthouseVersion = "2020-03-24"

// actionOf returns the name of a request's action.
func actionOf(header http.Header) string {
	if header.Get("X-TC-Version") == lighthouseVersion {
		return lighthousePrefix + header.Get("X-TC-Action")
	}
	return header.Get("X-TC-Action")
}

// lighthouseParams returns the parameters of a call of Lighthouse; nil = it is none.
func lighthouseParams(action string) map[string]bool {
	switch action {
	case LighthouseInstances:
		return map[string]bool{"InstanceIds": true, "Offset": true, "Limit": true}
	case LighthouseDeniedActions:
		return map[string]bool{"InstanceIds": true}
	case LighthouseRegions:
		return map[string]bool{}
	}
	return nil
}

// LighthouseInstance is an instance of Lighthouse. Empty fields are empty in the answer too.
type LighthouseInstance struct {
	ID, Name, Status, Bundle       string
	PlatformType, Platform, OSName string
	PrivateIPs, PublicIPs          []string
	// What rules may ask for; "" = as the samples have it.
	Blueprint, Charge, Created, Expires string
	Tags                                map[string]string
}

// SampleLighthouse returns an ordinary running instance with number i, for Fill.
func SampleLighthouse(i int) LighthouseInstance {
	return LighthouseInstance{
		ID: fmt.Sprintf("lhins-%08x", i), Name: fmt.Sprintf("light-%05d", i), Status: "RUNNING", Bundle: "bundle_gen_lin_02",
		PlatformType: "LINUX_UNIX", Platform: "TENCENTOS", OSName: "TencentOS Server 3.1 (TK4)",
		PrivateIPs: []string{fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)},
		PublicIPs:  []string{fmt.Sprintf("198.%d.%d.%d", 18+i>>16&1, i>>8&255, i&255)},
	}
}

// Lighthouse returns the account's Lighthouse instances.
func (a *Account) Lighthouse() *peertest.Regions[LighthouseInstance] { return a.light }

// DenyLighthouse makes a policy hide instances: DescribeInstances leaves them out, and calls that name them are refused.
func (a *Account) DenyLighthouse(ids ...string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.denied = append(a.denied, ids...)
}

func newLighthouseRegions() *peertest.Regions[LighthouseInstance] {
	return peertest.NewRegions(func(i LighthouseInstance) string { return i.ID })
}

// lighthouseIDPattern matches ids that are not malformed.
var lighthouseIDPattern = regexp.MustCompile(`^lhins-[0-9a-z]{8}$`)

// describeLighthouse answers DescribeInstances and DescribeInstancesDeniedActions, which takes no call without ids and
// refuses unknown ones.
func (s *Server) describeLighthouse(c *call, f Fault) (object, *apiError) {
	offset, limit, ids := valueOr(c.params.Offset, 0), valueOr(c.params.Limit, 20), c.params.InstanceIds
	if offset < 0 || limit < 1 || limit > 100 || len(ids) > 100 || c.action == LighthouseDeniedActions && len(ids) == 0 {
		return nil, &apiError{"InvalidParameterValue.LimitExceeded", "The number of results, or of instances, is out of its range."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := c.account.light.Newest(c.region)
	if c.action == LighthouseDeniedActions {
		rows = c.account.light.All(c.region)
	}
	for _, id := range ids {
		there := slices.ContainsFunc(rows, func(i LighthouseInstance) bool { return i.ID == id })
		switch {
		case slices.Contains(c.account.denied, id) && c.action == LighthouseDeniedActions:
			return nil, &apiError{"UnauthorizedOperation", "you are not authorized to perform operation (lighthouse:DescribeInstancesDeniedActions)"}
		case !there && !lighthouseIDPattern.MatchString(id):
			return nil, &apiError{"InvalidParameterValue.InstanceIdMalformed", "The instance `" + id + "` is malformed."}
		case !there && (s.options.RefuseUnknown || c.action == LighthouseDeniedActions):
			return nil, &apiError{"ResourceNotFound.InstanceIdNotFound", "The instance `" + id + "` does not exist."}
		}
	}
	rows = slices.DeleteFunc(rows, func(i LighthouseInstance) bool {
		return ids != nil && !slices.Contains(ids, i.ID) || c.action == LighthouseInstances && slices.Contains(c.account.denied, i.ID)
	})
	if c.action == LighthouseDeniedActions {
		return deniedActions(rows), nil
	}
	return lighthousePage(c.region, rows, offset, limit, f.Kind), nil
}

func deniedActions(rows []LighthouseInstance) object {
	list := make([]object, len(rows))
	for i, row := range rows {
		list[i] = object{"InstanceId": row.ID, "DeniedActions": []object{{"Action": "StartInstances", "Code": "UnsupportedOperation.InvalidInstanceState", "Message": "running"}}}
	}
	return object{"InstanceDeniedActionSet": list}
}

// lighthousePage returns the answer of one page, with a fault applied.
func lighthousePage(region string, rows []LighthouseInstance, offset, limit int, kind Kind) object {
	total := len(rows)
	if kind == RepeatedPage {
		offset = 0
	}
	if kind == Endless {
		total += 1_000_000
	}
	rows = rows[min(offset, len(rows)):min(offset+limit, len(rows))]
	list := make([]object, len(rows))
	for i, row := range rows {
		list[i] = object{
			"InstanceId": row.ID, "InstanceName": row.Name, "InstanceState": row.Status, "BundleId": row.Bundle, "BlueprintId": cmp.Or(row.Blueprint, "lhbp-5e8807sc"),
			"PlatformType": row.PlatformType, "Platform": row.Platform, "OsName": row.OSName, "Zone": region + "-3",
			"PrivateAddresses": append([]string{}, row.PrivateIPs...), "PublicAddresses": append([]string{}, row.PublicIPs...),
			"CPU": 2, "Memory": 2, "InstanceChargeType": cmp.Or(row.Charge, "PREPAID"), "RenewFlag": "NOTIFY_AND_MANUAL_RENEW",
			"SystemDisk":         object{"DiskType": "CLOUD_SSD", "DiskSize": 50, "DiskId": "lhdisk-1a2b3c4d"},
			"InternetAccessible": object{"InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR", "InternetMaxBandwidthOut": 4, "PublicIpAssigned": true},
			"LoginSettings":      object{"KeyIds": []string{}}, "InstanceRestrictState": "NORMAL", "Uuid": "", "Tags": tagsOf(row.Tags),
			"LatestOperation": "", "LatestOperationState": "", "LatestOperationRequestId": "", "IsolatedTime": nil,
			"CreatedTime": cmp.Or(row.Created, sampleCreated), "ExpiredTime": cmp.Or(row.Expires, "2099-12-31T16:00:00Z"), "InitInvocationId": "",
		}
	}
	return object{"InstanceSet": list, "TotalCount": total}
}
