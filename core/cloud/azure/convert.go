package azure

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/network/armnetwork/v7"
	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/resourcegraph/armresourcegraph"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// graphPage is the most rows that Resource Graph gives at once.
const graphPage = 1000

// The documents for which we have no module:
// https://learn.microsoft.com/rest/api/resources/subscriptions and
// https://learn.microsoft.com/rest/api/authorization/permissions
type (
	subscriptionDoc struct {
		ID    string `json:"subscriptionId"`
		Name  string `json:"displayName"`
		State string `json:"state"` // Enabled, Warned, PastDue, Disabled, Deleted
	}
	locationDoc struct {
		Name     string `json:"name"`
		Metadata struct {
			Type string `json:"regionType"` // Physical, Logical
		} `json:"metadata"`
	}
	permissionDoc struct {
		Actions    []string `json:"actions"`
		NotActions []string `json:"notActions"`
	}
)

func (d *subscriptionDoc) convert() subscription {
	return subscription{id: strings.ToLower(d.ID), name: d.Name, state: strings.ToLower(d.State)}
}

func (d *locationDoc) convert() location {
	return location{name: placeName(d.Name), physical: !strings.EqualFold(d.Metadata.Type, "Logical")}
}

func (d *permissionDoc) convert() permission {
	return permission{actions: d.Actions, except: d.NotActions}
}

// placeName gives a location as it is written now: old resources have "East US".
func placeName(location string) string {
	return strings.ToLower(strings.ReplaceAll(location, " ", ""))
}

// text reads what the SDK keeps behind a pointer.
func text[T ~string](p *T) string {
	if p == nil {
		return ""
	}
	return string(*p)
}

func lower[T ~string](p *T) string { return strings.ToLower(text(p)) }

func fromMachine(row *armcompute.VirtualMachine) machine {
	p := row.Properties
	if p == nil {
		return machine{}
	}
	m := machine{resource: lower(row.ID)}
	m.ID, m.Name, m.Region = lower(p.VMID), text(row.Name), placeName(text(row.Location))
	m.Status = lower(p.ProvisioningState)
	describe(&m, p.HardwareProfile, p.OSProfile, p.StorageProfile, p.NetworkProfile)
	return m
}

func fromSetMachine(row *armcompute.VirtualMachineScaleSetVM) machine {
	p := row.Properties
	if p == nil {
		return machine{}
	}
	m := machine{resource: lower(row.ID)}
	m.ID, m.Name, m.Region = lower(p.VMID), text(row.Name), placeName(text(row.Location))
	m.Status = lower(p.ProvisioningState)
	describe(&m, p.HardwareProfile, p.OSProfile, p.StorageProfile, p.NetworkProfile)
	if m.Type == "" && row.SKU != nil {
		m.Type = text(row.SKU.Name)
	}
	return m
}

// describe fills in what ordinary machines and those of scale sets have in one shape.
func describe(m *machine, hardware *armcompute.HardwareProfile, os *armcompute.OSProfile, storage *armcompute.StorageProfile, network *armcompute.NetworkProfile) {
	if hardware != nil {
		m.Type = text(hardware.VMSize)
	}
	if os != nil {
		m.HostName = text(os.ComputerName)
	}
	if storage != nil {
		if storage.OSDisk != nil {
			m.OSType = lower(storage.OSDisk.OSType)
		}
		m.OSName = imageName(storage.ImageReference)
	}
	if network == nil {
		return
	}
	for _, one := range network.NetworkInterfaces {
		switch {
		case one == nil || text(one.ID) == "":
		case one.Properties != nil && one.Properties.Primary != nil && *one.Properties.Primary:
			m.nics = slices.Insert(m.nics, 0, lower(one.ID))
		default:
			m.nics = append(m.nics, lower(one.ID))
		}
	}
}

// imageName gives "offer sku" of a market image, or the name of one's own: the last part but
// versions of an id like …/galleries/g/images/golden/versions/1.0.0.
func imageName(image *armcompute.ImageReference) string {
	if image == nil {
		return ""
	}
	if offer := text(image.Offer); offer != "" {
		return strings.TrimSpace(offer + " " + text(image.SKU))
	}
	id := cmp.Or(text(image.ID), text(image.SharedGalleryImageID), text(image.CommunityGalleryImageID))
	return after(id, "images")
}

// after gives the part of a resource's id that follows a name: the value of one of its pairs.
func after(id, name string) string {
	parts := strings.Split(id, "/")
	for i := len(parts) - 2; i >= 0; i-- {
		if strings.EqualFold(parts[i], name) {
			return parts[i+1]
		}
	}
	return ""
}

func fromSet(row *armcompute.VirtualMachineScaleSet) scaleSet {
	id := text(row.ID)
	out := scaleSet{id: strings.ToLower(id), group: after(id, "resourceGroups"), name: text(row.Name), uniform: true}
	if p := row.Properties; p != nil && p.OrchestrationMode != nil {
		out.uniform = !strings.EqualFold(string(*p.OrchestrationMode), string(armcompute.OrchestrationModeFlexible))
	}
	if out.group == "" || out.name == "" {
		return scaleSet{} // without an id no list with it is believed
	}
	return out
}

func fromInterface(row *armnetwork.Interface) nic {
	out := fromInterfaceProperties(row.Properties)
	out.id = lower(row.ID)
	return out
}

func fromInterfaceProperties(p *armnetwork.InterfacePropertiesFormat) (out nic) {
	if p == nil {
		return out
	}
	out.primary = p.Primary != nil && *p.Primary
	for _, one := range p.IPConfigurations {
		if one == nil || one.Properties == nil {
			continue
		}
		config := ipConfig{private: text(one.Properties.PrivateIPAddress)}
		if one.Properties.PublicIPAddress != nil {
			config.public = lower(one.Properties.PublicIPAddress.ID)
		}
		if one.Properties.Subnet != nil {
			out.vpc = cmp.Or(out.vpc, networkName(text(one.Properties.Subnet.ID)))
		}
		if one.Properties.Primary != nil && *one.Properties.Primary {
			out.configs = slices.Insert(out.configs, 0, config)
		} else {
			out.configs = append(out.configs, config)
		}
	}
	return out
}

// networkName gives "group/network" in lower case, which is unique in a subscription, of the id of
// a subnet. A machine's network is always in its own subscription.
func networkName(subnet string) string {
	group, network := after(subnet, "resourceGroups"), after(subnet, "virtualNetworks")
	if network == "" {
		return ""
	}
	return strings.ToLower(group + "/" + network)
}

func fromAddress(row *armnetwork.PublicIPAddress) address {
	out := address{id: lower(row.ID)}
	if row.Properties != nil {
		out.ip = text(row.Properties.IPAddress)
	}
	return out
}

// graphDoc is a row of our query, with the shapes of Resource Manager.
type graphDoc struct {
	ID         *string                                        `json:"id"`
	Name       *string                                        `json:"name"`
	Location   *string                                        `json:"location"`
	SKU        *armcompute.SKU                                `json:"sku"`
	Properties *armcompute.VirtualMachineScaleSetVMProperties `json:"properties"`
	NIC        string                                         `json:"nic"`
	Interface  *armnetwork.InterfacePropertiesFormat          `json:"interface"`
	PublicIP   string                                         `json:"publicIP"`
	Address    *armnetwork.PublicIPAddressPropertiesFormat    `json:"address"`
}

func (d *graphDoc) convert() graphRow {
	// What we read of ordinary machines is the same in those of scale sets.
	row := graphRow{machine: fromSetMachine(&armcompute.VirtualMachineScaleSetVM{
		ID: d.ID, Name: d.Name, Location: d.Location, SKU: d.SKU, Properties: d.Properties,
	})}
	row.nic = fromInterfaceProperties(d.Interface)
	row.nic.id = strings.ToLower(d.NIC)
	row.address = fromAddress(&armnetwork.PublicIPAddress{ID: &d.PublicIP, Properties: d.Address})
	return row
}

// graph makes a query of Resource Graph. It is believed only if the answer says of itself that it is
// whole: https://learn.microsoft.com/azure/governance/resource-graph/concepts/work-with-data
func (s session) graph(ctx context.Context, id, query, token string) (answer[graphRow], error) {
	if err := s.ready(ctx); err != nil {
		return answer[graphRow]{}, err
	}
	request := armresourcegraph.QueryRequest{
		Query: &query, Subscriptions: []*string{&id},
		Options: &armresourcegraph.QueryRequestOptions{
			ResultFormat: to.Ptr(armresourcegraph.ResultFormatObjectArray), Top: to.Ptr(int32(graphPage)), AllowPartialScopes: to.Ptr(false),
		},
	}
	if token != "" {
		request.Options.SkipToken = &token
	}
	got, err := s.graphs.Resources(ctx, request, nil)
	if err != nil {
		return answer[graphRow]{}, err
	}
	data, err := json.Marshal(got.Data)
	if err != nil {
		return answer[graphRow]{}, err
	}
	var list []*graphDoc
	if err := json.Unmarshal(data, &list); err != nil {
		return answer[graphRow]{}, err
	}
	next := text(got.SkipToken)
	whole := got.Count != nil && *got.Count == int64(len(list)) && got.TotalRecords != nil && *got.TotalRecords >= *got.Count &&
		(next != "" || text(got.ResultTruncated) == "false")
	if !whole {
		return answer[graphRow]{}, &refusal{Refusal: &cloud.Refusal{Status: http.StatusOK, Kind: inventory.Incomplete, Text: "the answer is a part without a continuation"}}
	}
	out, err := rowsOf(s, list, nil, (*graphDoc).convert)
	out.next = next
	return out, err
}
