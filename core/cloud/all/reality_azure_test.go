package all_test

import (
	"net/http"
	"regexp"
	"slices"
	"strings"
)

// azureResources are the documents of a file by what they are, each once: a recording of one machine has its
// interface and its public address in other answers, of lists or of one resource.
type azureResources struct{ machines, nics, addresses []object }

// The ids of what is kept. The machines of uniform scale sets stand below their set.
var (
	azureMachine = regexp.MustCompile(`(?i)^(/subscriptions/[^/]+/resourceGroups/[^/]+)/providers/Microsoft\.Compute/(?:virtualMachineScaleSets/([^/]+)/)?virtualMachines/[^/]+$`)
	azureNIC     = regexp.MustCompile(`(?i)^/subscriptions/.+/networkInterfaces/[^/]+$`)
	azureAddress = regexp.MustCompile(`(?i)^/subscriptions/.+/publicIPAddresses/[^/]+$`)
)

// add keeps an object that is a whole resource; a reference has an id, but not these properties.
func (a *azureResources) add(v object) {
	id := text(v, "id")
	has := func(name string) bool { return descend(v, "properties", name) != nil }
	switch {
	case azureMachine.MatchString(id) && has("vmId") && v["location"] != nil:
		keepResource(&a.machines, v)
	case azureNIC.MatchString(id) && has("ipConfigurations"):
		keepResource(&a.nics, v)
	case azureAddress.MatchString(id) && (has("ipAddress") || has("publicIPAllocationMethod")):
		keepResource(&a.addresses, v)
	}
}

// keepResource keeps the first document of each resource.
func keepResource(all *[]object, v object) {
	if findResource(*all, text(v, "id")) == nil {
		*all = append(*all, v)
	}
}

func findResource(all []object, id string) object {
	for _, one := range all {
		if strings.EqualFold(text(one, "id"), id) {
			return one
		}
	}
	return nil
}

func subscriptionOf(v object) string {
	parts := strings.Split(text(v, "id"), "/")
	return strings.ToLower(parts[min(2, len(parts)-1)])
}

func (a azureResources) expectations() []expectation {
	return expectEach(a.machines, func(row object) expectation {
		e := expectation{
			id: strings.ToLower(text(row, "properties", "vmId")), name: text(row, "name"), status: text(row, "properties", "provisioningState"),
			os: text(row, "properties", "storageProfile", "osDisk", "osType"), region: strings.ToLower(strings.ReplaceAll(text(row, "location"), " ", "")), project: subscriptionOf(row),
		}
		e.facts = factsOfMachine(row)
		var own, others []object
		for _, link := range list(row, "properties", "networkProfile", "networkInterfaces") {
			nic := findResource(a.nics, text(link, "id"))
			switch {
			case nic == nil:
				e.partial = true
			case text(nic, "properties", "primary") == "true":
				own = append(own, nic)
			default:
				others = append(others, nic)
			}
		}
		for _, nic := range append(own, others...) {
			a.expectInterface(&e, nic)
		}
		return e
	})
}

var azureNetwork = regexp.MustCompile(`(?i)/resourceGroups/([^/]+)/.*/virtualNetworks/([^/]+)`)

// expectInterface adds the addresses of an interface, those of its primary configuration first.
func (a azureResources) expectInterface(e *expectation, nic object) {
	configs := list(nic, "properties", "ipConfigurations")
	slices.SortStableFunc(configs, func(x, y object) int {
		return strings.Compare(text(y, "properties", "primary"), text(x, "properties", "primary")) // "true" > "false"
	})
	if len(configs) > 0 {
		e.facts.addInterface(nic, configs[0])
	}
	for _, config := range configs {
		e.private = append(e.private, text(config, "properties", "privateIPAddress"))
		if found := azureNetwork.FindStringSubmatch(text(config, "properties", "subnet", "id")); found != nil && e.vpc == "" {
			e.vpc = found[1] + "/" + found[2]
		}
		if id := text(config, "properties", "publicIPAddress", "id"); id != "" {
			address := findResource(a.addresses, id)
			e.partial = e.partial || address == nil
			e.public = append(e.public, text(address, "properties", "ipAddress"))
		}
	}
}

// handler answers as Resource Manager does for a subscription, with what was recorded of it.
func (a azureResources) handler(at place) http.Handler {
	page := func(rows []object) object { return object{"value": append([]object{}, rows...)} }
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.ToLower(r.URL.Path)
		set := ""
		if _, rest, ok := strings.Cut(path, "/virtualmachinescalesets/"); ok {
			set, _, _ = strings.Cut(rest, "/")
		}
		switch {
		case strings.HasSuffix(path, "/openid-configuration"):
			base := "https://" + r.Host + "/tenant"
			sendJSON(w, http.StatusOK, object{"issuer": base + "/v2.0", "token_endpoint": base + "/oauth2/v2.0/token", "authorization_endpoint": base + "/oauth2/v2.0/authorize"})
		case strings.HasSuffix(path, "/token"):
			sendJSON(w, http.StatusOK, object{"token_type": "Bearer", "expires_in": 3600, "access_token": "recorded"})
		case strings.HasSuffix(path, "/locations"):
			sendJSON(w, http.StatusOK, page([]object{{"name": at.region, "metadata": object{"regionType": "Physical"}}}))
		case strings.HasSuffix(path, "/permissions"):
			sendJSON(w, http.StatusOK, page([]object{{"actions": []string{"*/read"}, "notActions": []string{}}}))
		case strings.HasSuffix(path, "/virtualmachines"):
			sendJSON(w, http.StatusOK, page(a.of(a.machines, at, set, true)))
		case strings.HasSuffix(path, "/networkinterfaces"):
			sendJSON(w, http.StatusOK, page(a.of(a.nics, at, set, false)))
		case strings.HasSuffix(path, "/publicipaddresses"):
			sendJSON(w, http.StatusOK, page(a.of(a.addresses, at, set, false)))
		case strings.HasSuffix(path, "/virtualmachinescalesets"):
			sendJSON(w, http.StatusOK, page(a.sets(at)))
		default:
			sendJSON(w, http.StatusNotFound, object{"error": object{"code": "NotFound", "message": path}})
		}
	})
}

// of returns the documents of a subscription and of a scale set, "" for those that are in none.
func (a azureResources) of(all []object, at place, set string, here bool) []object {
	return slices.DeleteFunc(slices.Clone(all), func(v object) bool {
		id := strings.ToLower(text(v, "id"))
		_, below, _ := strings.Cut(id, "/virtualmachinescalesets/")
		own, _, _ := strings.Cut(below, "/")
		region := strings.ToLower(strings.ReplaceAll(text(v, "location"), " ", ""))
		return subscriptionOf(v) != at.project || own != set || here && region != at.region
	})
}

// sets returns the uniform scale sets whose machines were recorded.
func (a azureResources) sets(at place) []object {
	var all []object
	for _, machine := range a.machines {
		found := azureMachine.FindStringSubmatch(text(machine, "id"))
		if found[2] != "" && subscriptionOf(machine) == at.project {
			keepResource(&all, object{
				"id": found[1] + "/providers/Microsoft.Compute/virtualMachineScaleSets/" + found[2], "name": found[2], "location": at.region, "properties": object{"orchestrationMode": "Uniform"},
			})
		}
	}
	return all
}
