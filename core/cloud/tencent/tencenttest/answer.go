package tencenttest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
)

type object = map[string]any

// apiError is an error of the real API.
type apiError struct{ code, message string }

// sendError answers with an error document, and like the real API with HTTP 200.
func (c *call) sendError(r apiError) {
	c.sendJSON(http.StatusOK, object{"Response": object{"Error": object{"Code": r.code, "Message": r.message}, "RequestId": c.id}})
}

func (c *call) sendJSON(status int, doc any) {
	body, err := json.Marshal(doc)
	if err != nil { // a Raw instance that is not JSON: a mistake of the test
		status, body = http.StatusInternalServerError, []byte(err.Error())
	}
	c.sendBody(status, "application/json", body)
}

func (c *call) sendBody(status int, kind string, body []byte) {
	c.w.Header().Set("Content-Type", kind)
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body) // a client that went away is not our fault
}

// handle answers a call. A fault may change the answer; the zero Fault does not.
func (s *Server) handle(c *call, f Fault) {
	doc, refused := s.buildDocument(c, f)
	if s.options.AfterPage != nil && (c.action == DescribeInstances || c.action == LighthouseInstances) {
		s.options.AfterPage(c.region, valueOr(c.params.Offset, 0))
	}
	if refused != nil {
		c.sendError(*refused)
		return
	}
	doc["RequestId"] = c.id
	if f.Kind == NoRequestID {
		delete(doc, "RequestId")
	}
	body, err := json.Marshal(object{"Response": doc})
	switch {
	case err != nil:
		c.sendJSON(http.StatusOK, func() {}) // says what is wrong
	case f.Kind == Truncated:
		c.sendBody(http.StatusOK, "application/json", body[:len(body)/2])
	case f.Kind == NotAccepted:
		c.sendBody(http.StatusAccepted, "application/json", body)
	default:
		c.sendBody(http.StatusOK, "application/json", body)
	}
}

func (s *Server) buildDocument(c *call, f Fault) (object, *apiError) {
	switch c.action {
	case DescribeRegions, LighthouseRegions:
		return s.describeRegions(), nil
	case GetCallerIdentity:
		return object{
			"Arn": "qcs::cam::uin/" + c.account.id + ":uin/100020000001", "AccountId": c.account.id, "UserId": "100020000001",
			"PrincipalId": "100020000001", "Type": "CAMUser",
		}, nil
	}
	if c.action == AssumeRole {
		return s.assumeRole(c, f)
	}
	if !slices.Contains(s.options.Regions, c.region) {
		return nil, &apiError{"UnsupportedRegion", "The region `" + c.region + "` is not supported."}
	}
	if lighthouseParams(c.action) != nil {
		return s.describeLighthouse(c, f)
	}
	return s.describeInstances(c, f)
}

// describeRegions returns the regions, and one more that is not available.
func (s *Server) describeRegions() object {
	regions := []object{{"Region": "ap-closed", "RegionName": "closed", "RegionState": "UNAVAILABLE"}}
	for _, id := range s.options.Regions {
		regions = append(regions, object{"Region": id, "RegionName": id, "RegionState": "AVAILABLE", "RegionIdMC": "1"})
	}
	return object{"RegionSet": regions, "TotalCount": len(regions)}
}

// instanceIDPattern matches ids that are not malformed.
var instanceIDPattern = regexp.MustCompile(`^ins-[0-9a-z]{8}$`)

// describeInstances answers DescribeInstances and DescribeInstancesStatus, with all instances or by ids.
func (s *Server) describeInstances(c *call, f Fault) (object, *apiError) {
	offset, limit := valueOr(c.params.Offset, 0), valueOr(c.params.Limit, 20)
	if offset < 0 || limit < 1 || limit > 100 || len(c.params.InstanceIds) > 100 {
		return nil, &apiError{"InvalidParameterValue.LimitExceeded", "The number of results, or of instances, is out of its range."}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	rows := c.account.visibleRows(c.action, c.region)
	if ids := c.params.InstanceIds; ids != nil {
		for _, id := range ids {
			there := slices.ContainsFunc(rows, func(i Instance) bool { return i.ID == id })
			switch {
			case !there && !instanceIDPattern.MatchString(id):
				return nil, &apiError{"InvalidInstanceId.Malformed", "The instance `" + id + "` is malformed."}
			case !there && s.options.RefuseUnknown:
				return nil, &apiError{"InvalidInstanceId.NotFound", "The instances `['" + id + "']` do not exist."}
			}
		}
		rows = slices.DeleteFunc(rows, func(i Instance) bool { return !slices.Contains(ids, i.ID) })
	}
	return listDocument(c, rows, offset, limit, f.Kind), nil
}

// listDocument returns the answer of one page, with a fault applied.
func listDocument(c *call, rows []Instance, offset, limit int, kind Kind) object {
	total := len(rows)
	switch kind {
	case Empty:
		rows, total = nil, 0
	case RepeatedPage:
		offset = 0
	case WrongTotal:
		total++
	case Endless:
		total += 1_000_000
	}
	rows = rows[min(offset, len(rows)):min(offset+limit, len(rows))]
	if kind == ShortPage {
		rows = rows[:len(rows)/2]
	}
	list := make([]any, len(rows))
	for i, row := range rows {
		list[i] = instanceJSON(c.region, row)
		if c.action == DescribeInstancesStatus {
			list[i] = object{"InstanceId": row.ID, "InstanceState": row.Status}
		}
	}
	name := map[string]string{DescribeInstances: "InstanceSet", DescribeInstancesStatus: "InstanceStatusSet"}[c.action]
	doc := object{name: list, "TotalCount": total}
	switch kind {
	case NoSet:
		delete(doc, name)
	case NullSet:
		doc[name] = nil
	case NoTotal:
		delete(doc, "TotalCount")
	}
	return doc
}

// instanceJSON returns an instance in the form of the real answer, with the fields that are always present.
func instanceJSON(region string, i Instance) any {
	if i.Raw != nil {
		return i.Raw
	}
	placement := object{"Zone": region + "-3", "ProjectId": i.Project, "HostId": ""}
	switch i.Zone {
	case "":
	case "-":
		placement["Zone"] = nil
	default:
		placement["Zone"] = i.Zone
	}
	groups := i.Groups
	if groups == nil {
		groups = []string{"sg-2ze00001"}
	}
	var public any // null where there is none
	if len(i.PublicIPs) > 0 {
		public = i.PublicIPs
	}
	return object{
		"InstanceId": i.ID, "InstanceName": i.Name, "InstanceType": i.Type, "InstanceState": i.Status, "OsName": i.OSName,
		"Placement": placement, "VirtualPrivateCloud": object{"VpcId": i.VPC, "SubnetId": cmp.Or(i.Subnet, "subnet-2ze00001"), "AsVpcGateway": false},
		"PrivateIpAddresses": append([]string{}, i.PrivateIPs...), "PublicIpAddresses": public, "IPv6Addresses": i.IPv6s,
		"CPU": 2, "Memory": 8, "RestrictState": "NORMAL", "InstanceChargeType": cmp.Or(i.Charge, "POSTPAID_BY_HOUR"), "ImageId": cmp.Or(i.Image, "img-eb30mz89"),
		"SystemDisk":         object{"DiskType": "CLOUD_BSSD", "DiskId": "disk-1a2b3c4d", "DiskSize": 50, "CdcId": nil},
		"DataDisks":          nil,
		"InternetAccessible": object{"InternetChargeType": "TRAFFIC_POSTPAID_BY_HOUR", "InternetMaxBandwidthOut": 0},
		"SecurityGroupIds":   groups, "LoginSettings": object{"Password": nil, "KeepImageLogin": nil, "KeyIds": nil},
		"CreatedTime": cmp.Or(i.Created, sampleCreated), "ExpiredTime": textOrNull(i.Expires), "RenewFlag": nil, "Tags": tagsOf(i.Tags),
		"StopChargingMode": "NOT_APPLICABLE", "Uuid": "", "LatestOperation": nil, "LatestOperationState": nil,
		"DisasterRecoverGroupId": "", "CamRoleName": "", "HpcClusterId": "", "IsolatedSource": "NOTISOLATED",
		"DisableApiTermination": false, "DefaultLoginUser": "root", "DefaultLoginPort": 22, "LicenseType": "TencentCloud",
	}
}

// sampleCreated is when every instance was made that says nothing else.
const sampleCreated = "2025-03-01T02:03:04Z"

func tagsOf(tags map[string]string) []object {
	list := []object{}
	for key, value := range tags {
		list = append(list, object{"Key": key, "Value": value})
	}
	return list
}

func textOrNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func valueOr(n *int, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return *n
}
