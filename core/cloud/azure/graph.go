package azure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// maxIDsPerQuery is how many ids one query of Resource Graph names.
const maxIDsPerQuery = 100

// graphKinds names a table of Resource Graph and the types of resources in it:
// https://learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources
type graphKinds struct{ table, machine, nic, address string }

func ordinaryKinds() graphKinds {
	return graphKinds{"resources", "microsoft.compute/virtualmachines", "microsoft.network/networkinterfaces", "microsoft.network/publicipaddresses"}
}

func uniformKinds() graphKinds {
	const machine = "microsoft.compute/virtualmachinescalesets/virtualmachines"
	return graphKinds{"computeresources", machine, machine + "/networkinterfaces", machine + "/networkinterfaces/ipconfigurations/publicipaddresses"}
}

// buildQuery returns a query for machines by vmId: a row for each machine, interface and public address, with
// the properties that Resource Manager shows. Interfaces name their machine, and public addresses the
// configuration of the interface that they belong to. The ids are UUIDs.
func (k graphKinds) buildQuery(ids []string, want inventory.Want) string {
	more := "" // columns that only rules read
	if want.WantsTags() || want.Has(inventory.FactZone) {
		more = ", tags, zones"
	}
	return fmt.Sprintf(`%[1]s
| where type =~ '%[2]s' and tostring(properties.vmId) in~ ('%[5]s')
| project id, name, location, sku%[6]s, properties, machine = tolower(id)
| join kind=leftouter (%[1]s
  | where type =~ '%[3]s'
  | project nic = tolower(id), machine = tolower(tostring(properties.virtualMachine.id)), interface = properties) on machine
| join kind=leftouter (%[1]s
  | where type =~ '%[4]s'
  | project publicIP = tolower(id), nic = tostring(split(tolower(tostring(properties.ipConfiguration.id)), '/ipconfigurations/')[0]), address = properties) on nic
| project id, name, location, sku%[6]s, properties, nic, interface, publicIP, address`,
		k.table, k.machine, k.nic, k.address, strings.Join(ids, "', '"), more)
}

const opGraph = "query Resource Graph"

// findInRegion returns those of the machines that are in a region.
func (l *lister) findInRegion(ctx context.Context, subscription, region string, ids []string) ([]inventory.Instance, error) {
	machines, known, err := l.findAnywhere(ctx, subscription, ids)
	if err != nil {
		return nil, err
	}
	var found []inventory.Instance
	met := map[string]bool{}
	for _, m := range machines {
		if met[m.ID] {
			return nil, l.newPartError(inventory.Incomplete, opGraph, m.ID+" is there twice")
		}
		met[m.ID] = true
		if m.Region == region {
			found = append(found, l.convertRow(m, known))
		}
	}
	return found, nil
}

// findAnywhere returns machines of any region by their sorted ids, the ordinary ones first, then those of uniform scale
// sets, with what is known of their addresses.
func (l *lister) findAnywhere(ctx context.Context, subscription string, ids []string) (found []*machine, known networkIndex, err error) {
	known = l.newNetworkIndex()
	left := ids
	for _, k := range []graphKinds{ordinaryKinds(), uniformKinds()} {
		if len(left) == 0 {
			break
		}
		machines, err := l.queryMachines(ctx, subscription, k.buildQuery(left, l.account.Want), known)
		if err != nil {
			return nil, known, err
		}
		seen := map[string]bool{}
		for _, m := range machines {
			if _, asked := slices.BinarySearch(left, m.ID); !asked {
				return nil, known, l.newPartError(inventory.Incomplete, opGraph, m.ID+" was not asked for")
			}
			seen[m.ID] = true
		}
		found = append(found, machines...)
		left = slices.DeleteFunc(slices.Clone(left), func(id string) bool { return seen[id] })
	}
	return found, known, nil
}

// queryMachines reads all pages of a query, joins the rows of each machine, and indexes their addresses.
func (l *lister) queryMachines(ctx context.Context, subscription, query string, known networkIndex) (machines []*machine, err error) {
	at := map[string]*machine{} // by resource
	cursor := cloud.CursorReader[graphRow]{
		Operation: opGraph, SameRow: func(graphRow, graphRow) bool { return true },
		ID: func(r graphRow) string {
			if r.machine.ID == "" {
				return ""
			}
			return r.machine.resource + " " + r.nic.id + " " + r.address.id
		},
		Fetch: func(ctx context.Context, token string) (cloud.CursorPage[graphRow], error) {
			got, err := callRetried(ctx, l, opGraph, func(ctx context.Context) (answerPage[graphRow], error) {
				return l.api.queryGraph(ctx, subscription, query, token)
			})
			if err == nil && !got.hasList {
				err = l.newPartError(inventory.Incomplete, opGraph, "the answer has no list")
			}
			return cloud.CursorPage[graphRow]{Rows: got.rows, Next: got.next}, err
		},
	}
	rows, err := cursor.ReadAll(ctx)
	if err != nil {
		return nil, err
	}
	for i := range rows {
		r := &rows[i]
		if at[r.machine.resource] == nil {
			at[r.machine.resource] = &r.machine
			machines = append(machines, &r.machine)
		}
		if nics := &at[r.machine.resource].nics; r.nic.id != "" && !slices.Contains(*nics, r.nic.id) {
			*nics = append(*nics, r.nic.id)
		}
		known.add([]nic{r.nic}, []address{r.address})
	}
	return machines, nil
}
