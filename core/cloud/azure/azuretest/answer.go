package azuretest

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

type object = map[string]any

func (c *call) sendDocument(status int, doc any, half bool) {
	body, err := json.Marshal(doc)
	if err != nil { // a Raw machine that is not JSON: a mistake of the test
		status, body = http.StatusInternalServerError, []byte(err.Error())
	}
	if half {
		body = body[:len(body)/2]
	}
	c.sendBody(status, "application/json; charset=utf-8", body)
}

func (c *call) sendBody(status int, kind string, body []byte) {
	c.w.Header().Set("Content-Type", kind)
	c.w.Header().Set("X-Ms-Request-Id", c.id)
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
	if f.Kind == NoList {
		for _, name := range []string{"value", "data", "subscriptionId", "properties"} {
			delete(doc, name)
		}
	}
	c.sendDocument(http.StatusOK, doc, f.Kind == Truncated)
}

func (s *Server) buildDocument(c *call, f Fault) (object, *apiError) {
	if c.action == QueryGraph {
		return s.answerGraph(c, f)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	var rows []listRow
	switch c.action {
	case GetSubscription:
		return c.subject.document(), nil
	case ListSubscriptions:
		rows = s.visible(c.principal)
	case GetMachine:
		return c.showMachine(f)
	case ListLocations:
		return object{"value": s.locations(c.subject)}, nil
	case ListPermissions:
		rows = c.subject.permissions()
	default:
		var refused *apiError
		rows, refused = c.subject.listRows(c)
		if refused != nil {
			return nil, refused
		}
		for _, row := range rows {
			c.hideNewFields(row.doc)
		}
	}
	if f.Kind == NoPermission {
		rows = nil
	}
	return c.buildPage(rows, f)
}

// showMachine answers for a machine by its resource id, also for a hidden one.
func (c *call) showMachine(f Fault) (object, *apiError) {
	a := c.subject
	if f.Kind == NoPermission || len(a.groups) > 0 && !a.groups[c.group] {
		return nil, faultError(Forbidden)
	}
	doc, refused := a.machineAt(c.group, c.set, c.name)
	if refused != nil {
		return nil, refused
	}
	out, is := doc.(object)
	if !is {
		return nil, &apiError{http.StatusInternalServerError, "InternalServerError", "a raw machine is not emulated alone"}
	}
	c.hideNewFields(out)
	return out, nil
}

// hideNewFields removes from a document what the call's version does not show.
func (c *call) hideNewFields(doc any) {
	whole, _ := doc.(object)
	if properties, has := whole["properties"].(object); has && c.version < createdVersion {
		delete(properties, "timeCreated")
	}
}

// machineAt returns a machine by its names; set is "" for an ordinary one.
func (a *Subscription) machineAt(group, set, name string) (any, *apiError) {
	known := false
	for _, vm := range a.rows {
		if strings.EqualFold(vm.Group, group) {
			known = true
			if set == "" && strings.EqualFold(vm.Name, name) {
				return a.machine(vm).doc, nil
			}
		}
	}
	for _, of := range a.sets {
		known = known || strings.EqualFold(of.Group, group)
	}
	in, found := a.findSet(group, set)
	switch {
	case !known:
		return nil, &apiError{http.StatusNotFound, "ResourceGroupNotFound", "Resource group '" + group + "' could not be found."}
	case set == "":
		return nil, faultError(Gone)
	case !found:
		return nil, &apiError{http.StatusNotFound, "ParentResourceNotFound", "Failed to perform 'read' on resource(s) of type 'virtualMachineScaleSets/virtualMachines', because the parent resource could not be found."}
	}
	for _, p := range in.placedVMs() {
		if fmt.Sprint(p.index) == name {
			return a.setMachine(p).doc, nil
		}
	}
	return nil, faultError(Gone)
}

// buildPage returns one page, with the address of the next. The cursor is a key, not a position: a changing
// fleet neither hides nor repeats what stays.
func (c *call) buildPage(rows []listRow, f Fault) (object, *apiError) {
	after, err := base64.RawURLEncoding.DecodeString(c.query.Get("$skipToken"))
	if err != nil {
		return nil, &apiError{http.StatusBadRequest, "InvalidSkipToken", "The skip token is not valid."}
	}
	if len(after) > 0 {
		rows = slices.DeleteFunc(rows, func(r listRow) bool { return r.key >= string(after) })
	}
	value := []any{}
	n := min(c.server.options.PageSize, len(rows))
	for _, row := range rows[:n] {
		value = append(value, row.doc)
	}
	doc := object{"value": value}
	if n < len(rows) {
		doc["nextLink"] = c.nextLink(rows[n-1].key)
	}
	switch {
	case f.Kind == RepeatedToken && len(after) > 0:
		doc["nextLink"] = c.nextLink(string(after))
	case f.Kind == Endless:
		doc["nextLink"] = c.nextLink(fmt.Sprintf("\x00%09d", c.server.Calls(""))) // after all rows
	case f.Kind == ForeignLink:
		doc["nextLink"] = "https://elsewhere.example" + c.r.URL.Path + "?api-version=" + c.version + "&$skipToken=x"
	}
	return doc, nil
}

// nextLink returns an address like the real service: with https, and sometimes with its port.
func (c *call) nextLink(after string) string {
	return "https://" + c.r.Host + c.r.URL.Path + "?api-version=" + c.version + "&$skipToken=" +
		url.QueryEscape(base64.RawURLEncoding.EncodeToString([]byte(after)))
}

func (a *Subscription) document() object {
	return object{"id": "/subscriptions/" + a.id, "subscriptionId": a.id, "displayName": "sub " + a.id[:4], "state": a.state,
		"tenantId": "00000000-0000-0000-0000-000000000000", "authorizationSource": "RoleBased"}
}

func (s *Server) visible(who *Principal) []listRow {
	var rows []listRow
	for _, id := range slices.Sorted(maps.Keys(s.subscriptions)) {
		if sub := s.subscriptions[id]; sub.readers[who.ClientID] {
			rows = append(rows, listRow{key: id, doc: sub.document()})
		}
	}
	slices.Reverse(rows)
	return rows
}

func (s *Server) locations(a *Subscription) []object {
	all := []object{{"id": "/subscriptions/" + a.id + "/locations/europe", "name": "europe", "displayName": "Europe", "metadata": object{"regionType": "Logical"}}}
	for _, name := range s.options.Locations {
		all = append(all, object{"id": "/subscriptions/" + a.id + "/locations/" + name, "name": name, "displayName": name,
			"type": "Region", "metadata": object{"regionType": "Physical", "regionCategory": "Recommended"}})
	}
	return all
}

// permissions returns, besides the role that counts, one that grants nothing.
func (a *Subscription) permissions() []listRow {
	entry := func(actions, except []string) object {
		return object{"actions": append([]string{}, actions...), "notActions": append([]string{}, except...), "dataActions": []string{}, "notDataActions": []string{}}
	}
	return []listRow{{key: "1", doc: entry([]string{"Microsoft.Support/*"}, nil)}, {key: "0", doc: entry(a.actions, a.notActions)}}
}

func (a *Subscription) groupPath(group string) string {
	return "/subscriptions/" + a.id + "/resourceGroups/" + group
}

// resourceID returns the id of a machine; the list of machines writes groups in capitals, the other
// lists do not.
func (a *Subscription) resourceID(p placedVM) string {
	if p.set.Name != "" {
		return fmt.Sprintf("%s/providers/Microsoft.Compute/virtualMachineScaleSets/%s/virtualMachines/%d", a.groupPath(p.Group), p.set.Name, p.index)
	}
	return a.groupPath(p.Group) + "/providers/Microsoft.Compute/virtualMachines/" + p.Name
}

func (a *Subscription) nicID(p placedVM, n NIC) string {
	if p.set.Name != "" {
		return a.resourceID(p) + "/networkInterfaces/" + n.Name
	}
	return a.groupPath(p.Group) + "/providers/Microsoft.Network/networkInterfaces/" + n.Name
}

func (a *Subscription) addressID(p placedVM, n NIC, i int) string {
	if p.set.Name != "" {
		return fmt.Sprintf("%s/ipConfigurations/config%d/publicIPAddresses/ip", a.nicID(p, n), i)
	}
	return fmt.Sprintf("%s/providers/Microsoft.Network/publicIPAddresses/%s-ip%d", a.groupPath(p.Group), n.Name, i)
}

func (a *Subscription) machine(vm VM) listRow {
	p := placedVM{VM: vm}
	shouting := p
	shouting.Group = strings.ToUpper(vm.Group)
	doc := object{"id": a.resourceID(shouting), "name": vm.Name, "type": "Microsoft.Compute/virtualMachines", "location": vm.Location,
		"properties": a.properties(p), "tags": tagsOf(p), "zones": zonesOf(p)}
	return listRow{vm.ID, vm.ID, vm.Group, rawOr(vm, doc)}
}

func (a *Subscription) setMachine(p placedVM) listRow {
	doc := object{"id": a.resourceID(p), "name": fmt.Sprintf("%s_%d", p.set.Name, p.index), "instanceId": fmt.Sprint(p.index), "location": p.Location,
		"sku": object{"name": p.Size, "tier": "Standard"}, "properties": a.properties(p), "tags": tagsOf(p), "zones": zonesOf(p)}
	return listRow{p.ID, p.ID, p.Group, rawOr(p.VM, doc)}
}

func tagsOf(p placedVM) map[string]string {
	if p.Tags == nil {
		return map[string]string{"env": "prod"}
	}
	return p.Tags
}

// zonesOf returns a machine's zone as a list; null where it has none.
func zonesOf(p placedVM) []string {
	if p.Zone == "" {
		return nil
	}
	return []string{p.Zone}
}

func rawOr(vm VM, doc object) any {
	if vm.Raw != nil {
		return vm.Raw
	}
	return doc
}

// properties returns those that ordinary machines and machines of sets share; the size of the latter is in
// their sku.
func (a *Subscription) properties(p placedVM) object {
	nics := []object{}
	for _, n := range p.NICs {
		ref := object{"id": a.nicID(p, n)}
		if len(p.NICs) > 1 {
			ref["properties"] = object{"primary": n.Primary}
		}
		nics = append(nics, ref)
	}
	image := object{"publisher": "publisher", "offer": p.OSOffer, "sku": p.OSSKU, "version": "latest"}
	if p.Image != "" {
		image = object{"id": p.Image}
	}
	doc := object{
		"vmId": strings.ToUpper(p.ID), "provisioningState": p.State, "timeCreated": cmp.Or(p.Created, "2025-03-01T02:03:04.1234567+00:00"),
		"storageProfile": object{"osDisk": object{"osType": p.OSType, "createOption": "FromImage", "diskSizeGB": 30}, "imageReference": image, "dataDisks": []object{}},
		"osProfile":      object{"computerName": p.HostName, "adminUsername": "azureuser", "secrets": []object{}},
		"networkProfile": object{"networkInterfaces": nics},
	}
	if p.Priority != "" {
		doc["priority"] = p.Priority
	}
	if p.set.Name == "" {
		doc["hardwareProfile"] = object{"vmSize": p.Size}
	}
	return doc
}

func (a *Subscription) nic(p placedVM, n NIC) listRow {
	configs := []object{}
	group, network, _ := strings.Cut(n.Network, "/")
	for i, c := range n.Configs {
		properties := object{"privateIPAddress": c.Private, "primary": c.Primary, "privateIPAddressVersion": versionOf(c.Private),
			"subnet": object{"id": a.groupPath(group) + "/providers/Microsoft.Network/virtualNetworks/" + network + "/subnets/" + cmp.Or(n.Subnet, "default")}}
		if c.Public != "" {
			properties["publicIPAddress"] = object{"id": a.addressID(p, n, i)}
		}
		configs = append(configs, object{"name": fmt.Sprintf("config%d", i), "properties": properties})
	}
	properties := object{"primary": n.Primary, "macAddress": "00-0D-3A-00-00-01", "virtualMachine": object{"id": a.resourceID(p)}, "ipConfigurations": configs}
	if group, name, has := strings.Cut(n.SecurityGroup, "/"); has {
		properties["networkSecurityGroup"] = object{"id": a.groupPath(group) + "/providers/Microsoft.Network/networkSecurityGroups/" + name}
	}
	return listRow{n.Name + " " + p.ID, n.Name, p.Group, object{"id": a.nicID(p, n), "name": n.Name, "location": p.Location, "properties": properties}}
}

func versionOf(address string) string {
	if strings.Contains(address, ":") {
		return "IPv6"
	}
	return "IPv4"
}

func (a *Subscription) address(p placedVM, n NIC, i int) listRow {
	allocation := "Static"
	if n.Configs[i].Dynamic {
		allocation = "Dynamic"
	}
	return listRow{fmt.Sprintf("%s %s %d", n.Name, p.ID, i), n.Configs[i].Public, p.Group, object{
		"id": strings.Replace(a.addressID(p, n, i), "publicIPAddresses", "publicipaddresses", 1), "location": p.Location,
		"properties": object{"ipAddress": n.Configs[i].Public, "publicIPAllocationMethod": allocation, "publicIPAddressVersion": versionOf(n.Configs[i].Public), "ipConfiguration": object{"id": fmt.Sprintf("%s/ipConfigurations/config%d", a.nicID(p, n), i)}},
	}}
}

func (a *Subscription) scaleSet(set Set) listRow {
	properties := object{"provisioningState": "Succeeded", "uniqueId": "0"}
	if set.Flexible {
		properties["orchestrationMode"] = "Flexible"
	} else if len(set.VMs)%2 == 0 { // old sets do not say
		properties["orchestrationMode"] = "Uniform"
	}
	return listRow{set.Group + "/" + set.Name, set.Name, set.Group, object{
		"id": a.groupPath(set.Group) + "/providers/Microsoft.Compute/virtualMachineScaleSets/" + set.Name, "name": set.Name, "location": set.Location,
		"sku": object{"name": "Standard_D2s_v5", "capacity": len(set.VMs)}, "properties": properties,
	}}
}
