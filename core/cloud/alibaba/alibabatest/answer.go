package alibabatest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// apiError is an error of the real API.
type apiError struct {
	status        int
	code, message string
}

// sendError answers with an error document.
func (c *call) sendError(r apiError) {
	c.sendJSON(r.status, map[string]any{
		"RequestId": c.id, "HostId": c.r.Host, "Code": r.code, "Message": r.message,
		"Recommend": "https://api.aliyun.com/troubleshoot?q=" + r.code + "&product=Ecs&requestId=" + c.id,
	})
}

func (c *call) sendJSON(status int, doc any) {
	body, err := json.Marshal(doc)
	if err != nil { // a Raw instance that is not JSON: a mistake of the test
		status, body = http.StatusInternalServerError, []byte(err.Error())
	}
	c.sendBody(status, "application/json;charset=utf-8", body)
}

func (c *call) sendBody(status int, kind string, body []byte) {
	c.w.Header().Set("Content-Type", kind)
	c.w.Header().Set("X-Acs-Request-Id", c.id)
	c.w.WriteHeader(status)
	_, _ = c.w.Write(body) // a client that went away is not our fault
}

// handle answers a call. A fault may change the answer; the zero Fault does not.
func (s *Server) handle(c *call, f Fault) {
	doc, refused := s.buildDocument(c, f)
	if refused != nil {
		c.sendError(*refused)
		return
	}
	if f.Kind != NoRequestID {
		doc["RequestId"] = c.id
	}
	if f.Kind == Truncated {
		body, err := json.Marshal(doc)
		if err == nil {
			c.sendBody(http.StatusOK, "application/json;charset=utf-8", body[:len(body)/2])
		}
		return
	}
	c.sendJSON(http.StatusOK, doc)
}

func (s *Server) buildDocument(c *call, f Fault) (map[string]any, *apiError) {
	switch c.action {
	case DescribeRegions:
		return s.describeRegions(), nil
	case GetCallerIdentity:
		return map[string]any{
			"IdentityType": "RAMUser", "AccountId": c.account.id, "PrincipalId": "20000001", "UserId": "20000001",
			"Arn": "acs:ram::" + c.account.id + ":user/jms-sync",
		}, nil
	case AssumeRole:
		return s.assumeRole(c, f)
	}
	if isSWAS(c.action) {
		return s.swasDocument(c, f)
	}
	if !slices.Contains(s.regionNames(), c.region) {
		return nil, &apiError{http.StatusNotFound, "InvalidRegionId.NotFound", "The specified RegionId does not exist."}
	}
	if c.action == DescribeInstanceAttribute {
		return c.describeInstance()
	}
	if c.params["DryRun"] == "true" {
		return nil, &apiError{http.StatusBadRequest, "DryRunOperation", "Request validation has been passed with DryRun flag set."}
	}
	return c.describeInstances(f)
}

func (s *Server) describeRegions() map[string]any {
	var regions []map[string]any
	for _, id := range s.regionNames() {
		regions = append(regions, map[string]any{
			"RegionId": id, "RegionEndpoint": "ecs." + id + ".aliyuncs.com", "LocalName": id, "Status": "available",
		})
	}
	return map[string]any{"Regions": map[string]any{"Region": regions}}
}

// describeInstance answers for one instance, also for a hidden one.
func (c *call) describeInstance() (map[string]any, *apiError) {
	row, there := c.account.Get(c.region, c.params["InstanceId"])
	switch {
	case !there:
		return nil, &apiError{http.StatusNotFound, "InvalidInstanceId.NotFound", "The specified InstanceId does not exist."}
	case c.account.isDenied(row.ID):
		return nil, faultError(Forbidden)
	}
	return map[string]any{
		"InstanceId": row.ID, "InstanceName": row.Name, "HostName": row.HostName, "Status": row.Status, "InstanceType": row.Type,
		"RegionId": c.region, "ZoneId": cmp.Or(row.Zone, c.region+"-h"), "CreationTime": cmp.Or(row.Created, sampleCreated), "ExpiredTime": cmp.Or(row.Expires, sampleExpires),
		"ImageId": cmp.Or(row.Image, sampleImage), "InstanceChargeType": cmp.Or(row.Charge, sampleCharge), "SecurityGroupIds": map[string]any{"SecurityGroupId": groupsOf(row)},
		"InstanceNetworkType": "vpc", "VpcAttributes": map[string]any{"VpcId": row.VPC, "VSwitchId": cmp.Or(row.Subnet, sampleSubnet), "PrivateIpAddress": map[string]any{"IpAddress": notNil(row.PrivateIPs)}},
		"InnerIpAddress": map[string]any{"IpAddress": notNil(row.InnerIPs)}, "PublicIpAddress": map[string]any{"IpAddress": notNil(row.PublicIPs)},
		"EipAddress": map[string]any{"IpAddress": row.EIP, "AllocationId": ""}, "Cpu": 2, "Memory": 8192, "OperationLocks": map[string]any{"LockReason": []string{}},
	}, nil
}

// describeInstances answers by ids or page by page. With tokens TotalCount means nothing; it is
// 0 here, so that a client that relies on it fails.
func (c *call) describeInstances(f Fault) (map[string]any, *apiError) {
	size, err := c.pageSize()
	if err != nil {
		return nil, err
	}
	after, err := c.decodeToken()
	if err != nil {
		return nil, err
	}
	var rows []Instance
	var next string
	if text, given := c.params["InstanceIds"]; given {
		var ids []string
		if json.Unmarshal([]byte(text), &ids) != nil || len(ids) > 100 {
			return nil, &apiError{http.StatusBadRequest, "InvalidInstanceIds.Malformed",
				"The specified InstanceIds are not well-formed, or more than 100."}
		}
		if !slices.ContainsFunc(ids, c.account.isDenied) { // otherwise RAM refuses the call, which is an empty list
			rows, _ = c.account.Page(c.region, append([]string{}, ids...), "", len(ids))
		}
	} else {
		rows, next = c.account.Page(c.region, nil, after, size)
	}
	token := ""
	if next != "" {
		token = c.encodeToken(next)
	}
	switch {
	case f.Kind == RepeatedToken && c.params["NextToken"] != "":
		token = c.params["NextToken"]
	case f.Kind == Endless:
		token = c.encodeToken("~" + c.id) // after all instances
	}
	list := make([]any, len(rows))
	for i, row := range rows {
		list[i] = instanceJSON(c.region, row)
	}
	return map[string]any{
		"Instances": map[string]any{"Instance": list}, "NextToken": token, "TotalCount": 0, "PageSize": 0, "PageNumber": 0,
	}, nil
}

// pageSize reads MaxResults: 10 by default, at least 10 and at most 100.
func (c *call) pageSize() (int, *apiError) {
	text := c.params["MaxResults"]
	if text == "" {
		return 10, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n <= 0 {
		return 0, &apiError{http.StatusBadRequest, "InvalidParameter.MaxResults", "The specified MaxResults is not valid."}
	}
	return min(max(n, 10), 100, cmp.Or(c.pageCap, 100)), nil
}

// encodeToken encodes a cursor. It is valid for one account and region, as the real one is.
func (c *call) encodeToken(id string) string {
	return base64.StdEncoding.EncodeToString([]byte(c.account.id + "|" + c.region + "|" + id))
}

// decodeToken decodes what encodeToken encoded.
func (c *call) decodeToken() (string, *apiError) {
	text := c.params["NextToken"]
	if text == "" {
		return "", nil
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	id, ok := strings.CutPrefix(string(plain), c.account.id+"|"+c.region+"|")
	if err != nil || !ok {
		return "", invalidToken()
	}
	return id, nil
}

func invalidToken() *apiError {
	return &apiError{http.StatusBadRequest, "InvalidParameter.NextToken", "The specified NextToken is not valid."}
}

// instanceJSON returns an instance in the form of the real answer, with the fields that are always present.
func instanceJSON(region string, i Instance) any {
	if i.Raw != nil {
		return i.Raw
	}
	switch i.RegionID {
	case "":
	case "-":
		region = ""
	default:
		region = i.RegionID
	}
	type object = map[string]any
	nics := make([]object, len(i.Interfaces))
	for n, nic := range i.Interfaces {
		sets := make([]object, len(nic.Addresses))
		for k, address := range nic.Addresses {
			sets[k] = object{"PrivateIpAddress": address, "Primary": address == nic.Primary}
		}
		ipv6s := make([]object, len(nic.IPv6s))
		for k, address := range nic.IPv6s {
			ipv6s[k] = object{"Ipv6Address": address}
		}
		nics[n] = object{"Type": nic.Type, "PrimaryIpAddress": nic.Primary, "PrivateIpSets": object{"PrivateIpSet": sets}, "Ipv6Sets": object{"Ipv6Set": ipv6s}}
	}
	tags := []object{}
	for key, value := range i.Tags {
		tags = append(tags, object{"TagKey": key, "TagValue": value})
	}
	network := "vpc"
	if len(i.InnerIPs) > 0 {
		network = "classic"
	}
	return object{
		"InstanceId": i.ID, "InstanceName": i.Name, "HostName": i.HostName, "Description": "",
		"OSType": i.OSType, "OSName": i.OSName, "OSNameEn": i.OSNameEn, "Status": i.Status, "StoppedMode": "Not-applicable",
		"InstanceType": i.Type, "InstanceTypeFamily": "ecs.g7", "Cpu": 2, "CPU": 2, "Memory": 8192,
		"RegionId": region, "ZoneId": cmp.Or(i.Zone, region+"-h"), "ResourceGroupId": i.ResourceGroup, "InstanceOwnerId": 0, "ImageId": cmp.Or(i.Image, sampleImage),
		"CreationTime": cmp.Or(i.Created, sampleCreated), "ExpiredTime": cmp.Or(i.Expires, sampleExpires), "InstanceChargeType": cmp.Or(i.Charge, sampleCharge), "SpotStrategy": cmp.Or(i.Spot, "NoSpot"),
		"InstanceNetworkType": network, "DeletionProtection": false, "Recyclable": false, "IoOptimized": true,
		"SecurityGroupIds": object{"SecurityGroupId": groupsOf(i)},
		"VpcAttributes": object{"VpcId": i.VPC, "VSwitchId": cmp.Or(i.Subnet, sampleSubnet), "NatIpAddress": "",
			"PrivateIpAddress": object{"IpAddress": notNil(i.PrivateIPs)}},
		"InnerIpAddress": object{"IpAddress": notNil(i.InnerIPs)}, "PublicIpAddress": object{"IpAddress": notNil(i.PublicIPs)},
		"EipAddress":        object{"IpAddress": i.EIP, "AllocationId": "", "InternetChargeType": "", "Bandwidth": 0},
		"NetworkInterfaces": object{"NetworkInterface": nics}, "Tags": object{"Tag": tags},
		"OperationLocks": object{"LockReason": []string{}}, "MetadataOptions": object{"HttpTokens": "", "HttpEndpoint": ""},
	}
}

// What every instance has that says nothing else.
const (
	sampleSubnet  = "vsw-2ze0000000000000001"
	sampleImage   = "ubuntu_22_04_x64_20G_alibase_20250101.vhd"
	sampleCharge  = "PostPaid"
	sampleCreated = "2025-03-01T02:03Z"
	sampleExpires = "2099-12-31T15:59Z" // of what is paid by use
)

func groupsOf(i Instance) []string {
	if i.Groups == nil {
		return []string{"sg-2ze00000000000000001"}
	}
	return i.Groups
}

// notNil returns an empty list for nil: the real service never answers null.
func notNil(texts []string) []string { return append([]string{}, texts...) }
