package huaweitest

import (
	"cmp"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// apiError is an error of the real APIs.
type apiError struct {
	status        int
	code, message string
}

// sendError answers with an error document, in the gateway's form or in that of ECS.
func (c *call) sendError(r apiError) {
	if strings.HasPrefix(r.code, "APIGW.") {
		c.sendJSON(r.status, map[string]any{"error_code": r.code, "error_msg": r.message, "request_id": c.id})
		return
	}
	c.sendJSON(r.status, map[string]any{"error": map[string]any{"code": r.code, "message": r.message}})
}

func (c *call) sendJSON(status int, doc any) {
	body, err := json.Marshal(doc)
	if err != nil { // a Raw instance that is not JSON: a mistake of the test
		status, body = http.StatusInternalServerError, []byte(err.Error())
	}
	c.sendBody(status, body)
}

func (c *call) sendBody(status int, body []byte) {
	c.w.Header().Set("Content-Type", "application/json;charset=utf8")
	c.w.Header().Set("X-Request-Id", c.id)
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
	body, err := json.Marshal(doc)
	switch {
	case err != nil:
		c.sendJSON(http.StatusOK, doc)
	case f.Kind == Truncated:
		c.sendBody(http.StatusOK, body[:len(body)/2])
	case f.Kind == Trailing:
		c.sendBody(http.StatusOK, append(body, body...))
	default:
		c.sendBody(http.StatusOK, body)
	}
}

type object = map[string]any

func (s *Server) buildDocument(c *call, f Fault) (object, *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := c.account
	if c.project == "" {
		return a.listProjects(f, c.action == OwnProjects && a.agency), nil
	}
	p := a.projects[c.project]
	if p == nil {
		return nil, &apiError{http.StatusForbidden, "Ecs.0003", "the project is not one of this account"}
	}
	if c.action == ShowServer {
		return c.showServer(p)
	}
	return c.listServers(p, f)
}

// listProjects answers with the account's projects.
func (a *Account) listProjects(f Fault, none bool) object {
	doc := object{"links": object{"self": "https://iam.myhuaweicloud.com/v3/projects", "previous": nil, "next": nil}}
	list := []object{}
	for _, id := range a.order {
		p := a.projects[id]
		parent := a.domain
		if region, _, sub := strings.Cut(p.name, "_"); sub {
			parent = a.projectIDOf(region)
		}
		list = append(list, object{
			"domain_id": a.domain, "is_domain": false, "parent_id": parent, "name": p.name, "description": "",
			"links": object{"self": "https://iam.myhuaweicloud.com/v3/projects/" + id}, "id": id, "enabled": !p.disabled,
		})
	}
	switch {
	case f.Kind == NoList:
	case f.Kind == NullList:
		doc["projects"] = nil
	case none:
		doc["projects"] = []object{}
	default:
		doc["projects"] = list
	}
	return doc
}

// showServer answers for one server. One that the key may not see is refused, not reported as missing.
func (c *call) showServer(p *project) (object, *apiError) {
	row, there := c.account.Get(p.name, c.server)
	if !there {
		row, there = c.account.deleted[p.name+"/"+c.server]
	}
	switch {
	case !there:
		return nil, &apiError{http.StatusNotFound, "Ecs.0114", "Instance[" + c.server + "] could not be found."}
	case !c.account.granted[row.EnterpriseProject]:
		return nil, &apiError{http.StatusForbidden, "Ecs.0003", "Policy doesn't allow ecs:cloudServers:showServer to be performed."}
	}
	return object{"server": instanceJSON(p.id, row)}, nil
}

// listServers answers by ids or page by page.
func (c *call) listServers(p *project, f Fault) (object, *apiError) {
	size, err := c.pageSize()
	if err != nil {
		return nil, err
	}
	if f.Kind == Endless {
		row := SampleInstance(c.number)
		return object{"count": 150_000, "servers": []any{instanceJSON(p.id, row)}}, nil
	}
	visible := c.account.visibleIDs(p)
	count := len(visible)
	ids, all := visible, []any{}
	if text := c.r.URL.Query().Get("server_id"); text != "" {
		ids = strings.Split(text, ",")
		if len(ids) > 100 {
			return nil, &apiError{http.StatusRequestURITooLong, "Ecs.0005", "too many ids"}
		}
		count = len(ids)
	} else if marker := c.r.URL.Query().Get("marker"); marker != "" && f.Kind != RepeatedMarker {
		at := slices.Index(visible, marker)
		if at < 0 {
			bad := badMarkerError()
			return nil, &bad
		}
		ids = visible[at+1:]
	}
	if f.Kind == ShortPages {
		size = max(size/2, 1)
	}
	ids = ids[:min(size, len(ids))]
	seen := make(map[string]bool, len(visible))
	for _, id := range visible {
		seen[id] = true
	}
	for _, id := range ids {
		row, _ := c.account.Get(p.name, id)
		if !seen[id] {
			row, was := c.account.deleted[p.name+"/"+id]
			if !was || !c.account.granted[row.EnterpriseProject] {
				all = append(all, unknownRow(id))
				continue
			}
			all = append(all, instanceJSON(p.id, row))
			continue
		}
		all = append(all, instanceJSON(p.id, row))
	}
	return listDocument(f, count, ids, all), nil
}

// listDocument returns the answer, with a fault applied.
func listDocument(f Fault, count int, ids []string, all []any) object {
	doc := object{"count": count, "servers": all}
	switch f.Kind {
	case NoList:
		delete(doc, "servers")
	case NullList:
		doc["servers"] = nil
	case NoCount:
		delete(doc, "count")
	case WrongCount:
		doc["count"] = count + 1
	case PageCount:
		doc["count"] = len(all)
	case NullRow:
		if len(all) > 0 {
			all[len(all)-1] = unknownRow(ids[len(ids)-1])
		}
	case OtherProject:
		if len(all) == 0 {
			break
		}
		if last, ok := all[len(all)-1].(object); ok {
			last["tenant_id"] = "0123456789abcdef0123456789abcdef"
		}
	}
	return doc
}

// pageSize reads how many servers a page has: 25 by default, and at most 1000.
func (c *call) pageSize() (int, *apiError) {
	text := c.r.URL.Query().Get("limit")
	if text == "" {
		return 25, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 1000 {
		return 0, &apiError{http.StatusBadRequest, "Ecs.0005", "The limit is not valid."}
	}
	return n, nil
}

// unknownRow returns the row of an unknown id: everything but the id and the fault is null.
func unknownRow(id string) object {
	row := instanceJSON("", Instance{}).(object)
	for name := range row {
		row[name] = nil
	}
	row["id"] = id
	row["fault"] = object{"code": 404, "message": "Instance " + id + " could not be found."}
	return row
}

// instanceJSON returns a server in the form of the real answer, with the fields that are always present.
func instanceJSON(project string, i Instance) any {
	if i.Raw != nil {
		return i.Raw
	}
	addresses := []object{}
	for n, address := range i.Fixed {
		addresses = append(addresses, object{"version": "4", "addr": address, "OS-EXT-IPS:type": "fixed", "primary": n == 0,
			"OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:01", "OS-EXT-IPS:port_id": "01e48ab1-0000-4000-8000-000000000001"})
	}
	for n, address := range i.IPv6s {
		addresses = append(addresses, object{"version": "6", "addr": address, "OS-EXT-IPS:type": "fixed", "primary": n == 0,
			"OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:01", "OS-EXT-IPS:port_id": "01e48ab1-0000-4000-8000-000000000001"})
	}
	for _, address := range i.Floating {
		addresses = append(addresses, object{"version": "4", "addr": address, "OS-EXT-IPS:type": "floating", "primary": nil,
			"OS-EXT-IPS-MAC:mac_addr": "fa:16:3e:00:00:01", "OS-EXT-IPS:port_id": "01e48ab1-0000-4000-8000-000000000001"})
	}
	enterprise := i.EnterpriseProject
	if enterprise == "" {
		enterprise = "0"
	}
	return object{
		"id": i.ID, "name": i.Name, "status": i.Status, "tenant_id": project, "user_id": "a2f5b1b0c0000000000000000000a2f5",
		"created": cmp.Or(i.Created, "2025-03-01T02:03:04Z"), "updated": "2025-03-01T02:03:04Z", "auto_terminate_time": i.AutoTerminate, "hostId": "c1", "description": "",
		"flavor": object{"id": i.Flavor, "name": i.Flavor, "disk": "0", "vcpus": "2", "ram": "4096", "gpus": []any{}, "asic_accelerators": []any{}},
		"image":  object{"id": cmp.Or(i.Image, "7d940784-ac0a-425f-b3fa-8478f1a1df70")}, "key_name": nil, "security_groups": groupsOf(i),
		"network_interfaces": networkInterfaces(i),
		"metadata": object{"charging_mode": cmp.Or(i.ChargingMode, "0"), "vpc_id": i.VPC, "EcmResStatus": "", "metering.image_id": "7d940784", "image_name": i.ImageName,
			"os_bit": "64", "os_type": i.OSType, "metering.imagetype": "gold", "__support_agent_list": "hss,ces"},
		"addresses": object{i.VPC: addresses}, "OS-EXT-AZ:availability_zone": cmp.Or(i.Zone, "az-1a"), "OS-EXT-SRV-ATTR:hostname": i.HostName,
		"OS-EXT-SRV-ATTR:host": "pod1", "OS-EXT-SRV-ATTR:instance_name": "instance-0001", "OS-EXT-SRV-ATTR:hypervisor_hostname": "nova001",
		"OS-EXT-SRV-ATTR:launch_index": 0, "OS-EXT-SRV-ATTR:root_device_name": "/dev/vda", "OS-EXT-STS:power_state": 1,
		"OS-EXT-STS:task_state": nil, "OS-EXT-STS:vm_state": "active", "OS-DCF:diskConfig": "MANUAL", "progress": 0, "locked": false,
		"os-extended-volumes:volumes_attached": []object{{"id": "v", "delete_on_termination": "true", "bootIndex": "0", "device": "/dev/vda"}},
		"tags":                                 tagsOf(i), "sys_tags": []object{{"key": "_sys_enterprise_project_id", "value": enterprise}},
		"enterprise_project_id": enterprise, "os:scheduler_hints": object{}, "fault": nil, "config_drive": "", "host_status": "UP",
	}
}

func groupsOf(i Instance) []object {
	if i.Groups == nil {
		return []object{{"name": "sg", "id": "s"}}
	}
	groups := []object{}
	for _, id := range i.Groups {
		groups = append(groups, object{"name": "name of " + id, "id": id})
	}
	return groups
}

// networkInterfaces returns a second interface, then the primary one.
func networkInterfaces(i Instance) []object {
	return []object{
		{"port_id": "01e48ab1-0000-4000-8000-000000000002", "primary": false, "ip_addresses": []string{}, "subnet_id": "5ec00000-0000-4000-8000-000000000002"},
		{
			"port_id": "01e48ab1-0000-4000-8000-000000000001", "primary": true, "ip_addresses": append([]string{}, i.Fixed...), "ipv6_addresses": append([]string{}, i.IPv6s...),
			"subnet_id": cmp.Or(i.Subnet, "5ec00000-0000-4000-8000-000000000001"), "association": nil,
		},
	}
}

// tagsOf returns tags as Huawei writes them: the key alone where the value is empty.
func tagsOf(i Instance) []string {
	tags := []string{}
	if i.Tags == nil {
		tags = append(tags, "env=prod")
	}
	for key, value := range i.Tags {
		tag := key
		if value != "" {
			tag += "=" + value
		}
		tags = append(tags, tag)
	}
	return tags
}
