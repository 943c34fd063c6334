package alibabatest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// The emulated calls of SWAS-OPEN.
const (
	ListInstances      = "ListInstances"
	ListInstanceStatus = "ListInstanceStatus"
	ListRegions        = "ListRegions"
)

// swasVersion is the version of SWAS-OPEN.
const swasVersion = "2020-06-01"

// SWASServer is a Simple Application Server. Empty fields are empty in the answer too.
type SWASServer struct {
	ID, Name, Status, Plan string
	OSType, Image          string
	InnerIP, PublicIP      string
	More                   []SWASAddress // NetworkAttributes
	RegionID               string        // "" = the region that it was added to
	// What rules may ask for; "" = as the samples have it.
	ResourceGroup, ImageID, Charge string
	Created, Expires               string // CreationTime and ExpiredTime
	Tags                           map[string]string
	Raw                            json.RawMessage // if set, the answer in place of all fields above
}

// SWASAddress is one of several pairs of addresses.
type SWASAddress struct{ Public, Private string }

// SampleSWAS returns an ordinary running server with number i, for Fill.
func SampleSWAS(i int) SWASServer {
	return SWASServer{
		ID: fmt.Sprintf("ace0706b%024x", i), Name: fmt.Sprintf("light-%05d", i), Status: "Running", Plan: "swas.s.c2m2s50b4.linux",
		OSType: "Linux", Image: "CentOS-7.3", InnerIP: fmt.Sprintf("172.%d.%d.%d", 16+i>>16&15, i>>8&255, i&255),
		PublicIP: fmt.Sprintf("198.%d.%d.%d", 18+i>>16&1, i>>8&255, i&255),
	}
}

// SWAS returns the account's Simple Application Servers.
func (a *Account) SWAS() *peertest.Regions[SWASServer] { return a.swas }

func newSWASRegions() *peertest.Regions[SWASServer] {
	return peertest.NewRegions(func(i SWASServer) string { return i.ID })
}

// SetSWASRegions changes which regions ListRegions of SWAS names; by default all.
func (s *Server) SetSWASRegions(regions ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.swasRegions = regions
}

func (s *Server) swasRegionNames() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.swasRegions == nil {
		return s.regions
	}
	return s.swasRegions
}

// isSWAS reports whether an action is one of SWAS-OPEN.
func isSWAS(action string) bool {
	return slices.Contains([]string{ListInstances, ListInstanceStatus, ListRegions}, action)
}

// swasDocument answers a call of SWAS-OPEN.
func (s *Server) swasDocument(c *call, f Fault) (map[string]any, *apiError) {
	if c.action == ListRegions {
		regions := []map[string]any{}
		for _, id := range s.swasRegionNames() {
			regions = append(regions, map[string]any{"RegionId": id, "LocalName": id, "RegionEndpoint": "swas." + id + ".aliyuncs.com"})
		}
		return map[string]any{"Regions": regions}, nil
	}
	if !slices.Contains(s.swasRegionNames(), c.region) {
		return nil, &apiError{http.StatusNotFound, "InvalidRegionId.NotFound", "The specified RegionId does not exist."}
	}
	return c.listSWAS(f)
}

// listSWAS answers ListInstances and ListInstanceStatus page by page, by ids or all. Hidden servers are shown by
// ListInstanceStatus alone. A policy that denies one of the named servers refuses the call.
func (c *call) listSWAS(f Fault) (map[string]any, *apiError) {
	number, size, err := c.swasPage()
	if err != nil {
		return nil, err
	}
	rows := c.account.swas.Newest(c.region)
	if c.action == ListInstanceStatus {
		rows = c.account.swas.All(c.region)
	}
	if text, given := c.params["InstanceIds"]; given {
		var ids []string
		if json.Unmarshal([]byte(text), &ids) != nil || len(ids) == 0 || len(ids) > 100 {
			return nil, &apiError{http.StatusBadRequest, "InvalidInstanceIds.Malformed", "The specified InstanceIds are not well-formed, or more than 100."}
		}
		if slices.ContainsFunc(ids, c.account.isDenied) {
			return nil, faultError(Forbidden)
		}
		rows = slices.DeleteFunc(rows, func(i SWASServer) bool { return !slices.Contains(ids, i.ID) })
	}
	total, from := len(rows), (number-1)*size
	if f.Kind == RepeatedToken { // each page is the first one
		from = 0
	}
	if f.Kind == Endless {
		total += 1_000_000
	}
	if f.Kind == NoRows {
		total, rows = 0, nil
	}
	rows = rows[min(from, len(rows)):min(from+size, len(rows))]
	list := make([]any, len(rows))
	for i, row := range rows {
		list[i] = swasJSON(c.action, c.region, row)
	}
	name := map[string]string{ListInstances: "Instances", ListInstanceStatus: "InstanceStatuses"}[c.action]
	return map[string]any{name: list, "TotalCount": total, "PageNumber": number, "PageSize": size}, nil
}

// swasPage reads PageNumber (default 1) and PageSize (default 10, at most 100).
func (c *call) swasPage() (number, size int, refused *apiError) {
	number, size = 1, 10
	for name, into := range map[string]*int{"PageNumber": &number, "PageSize": &size} {
		text := c.params[name]
		if text == "" {
			continue
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || name == "PageSize" && n > 100 {
			return 0, 0, &apiError{http.StatusBadRequest, "InvalidParam", "The specified parameter " + name + " is not valid."}
		}
		*into = n
	}
	return number, size, nil
}

// swasJSON returns a server in the form of the real answer, with the fields that are always present.
func swasJSON(action, region string, i SWASServer) any {
	type object = map[string]any
	if i.RegionID != "" {
		region = i.RegionID
	}
	switch {
	case action == ListInstanceStatus:
		return object{"InstanceId": i.ID, "Status": i.Status}
	case i.Raw != nil:
		return i.Raw
	}
	networks := []object{{"PublicIpAddress": i.PublicIP, "PrivateIpAddress": i.InnerIP, "PeakBandwidth": 30, "PublicIpDdosStatus": "Normal"}}
	for _, more := range i.More {
		networks = append(networks, object{"PublicIpAddress": more.Public, "PrivateIpAddress": more.Private, "PeakBandwidth": 30, "PublicIpDdosStatus": "Normal"})
	}
	return object{
		"InstanceId": i.ID, "InstanceName": i.Name, "Status": i.Status, "PlanId": i.Plan, "PlanType": "NORMAL", "RegionId": region,
		"InnerIpAddress": i.InnerIP, "PublicIpAddress": i.PublicIP, "NetworkAttributes": networks,
		"Image": object{
			"OsType": i.OSType, "Platform": "CentOS", "ImageName": i.Image, "ImageVersion": "7.3", "ImageType": "system",
			"ImageIconUrl": "", "ImageContact": "", "Description": "",
		},
		"ResourceSpec": object{"Cpu": 2, "Memory": 2, "DiskSize": 50, "DiskCategory": "ESSD", "Bandwidth": 4, "Flow": 1024},
		"Disks":        []object{}, "Tags": swasTags(i), "ResourceGroupId": i.ResourceGroup, "Uuid": "", "ImageId": cmp.Or(i.ImageID, "fe9c66133a9d4688872869726b52****"),
		"ChargeType": cmp.Or(i.Charge, "PrePaid"), "BusinessStatus": "Normal", "DdosStatus": "Normal", "DisableReason": "",
		"Combination": false, "CombinationInstanceId": "", "CreationTime": cmp.Or(i.Created, "2025-03-01T02:03:04Z"), "ExpiredTime": cmp.Or(i.Expires, "2099-12-31T16:00:00Z"),
	}
}

func swasTags(i SWASServer) []map[string]any {
	tags := []map[string]any{}
	for key, value := range i.Tags {
		tags = append(tags, map[string]any{"Key": key, "Value": value})
	}
	return tags
}
