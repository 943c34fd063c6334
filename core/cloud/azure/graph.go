package azure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// kinds names a table of Resource Graph and the types of resources in it:
// https://learn.microsoft.com/azure/governance/resource-graph/reference/supported-tables-resources
type kinds struct{ table, machine, nic, address string }

func ordinary() kinds {
	return kinds{"resources", "microsoft.compute/virtualmachines", "microsoft.network/networkinterfaces", "microsoft.network/publicipaddresses"}
}

func uniform() kinds {
	const machine = "microsoft.compute/virtualmachinescalesets/virtualmachines"
	return kinds{"computeresources", machine, machine + "/networkinterfaces", machine + "/networkinterfaces/ipconfigurations/publicipaddresses"}
}

// query asks for machines by vmId: a row for each machine, interface and public address, with
// properties as Resource Manager gives them. Interfaces name their machine, and public addresses
// the configuration of the interface that they belong to. The ids are UUIDs.
func (k kinds) query(ids []string) string {
	return fmt.Sprintf(`%[1]s
| where type =~ '%[2]s' and tostring(properties.vmId) in~ ('%[5]s')
| project id, name, location, sku, properties, machine = tolower(id)
| join kind=leftouter (%[1]s
  | where type =~ '%[3]s'
  | project nic = tolower(id), machine = tolower(tostring(properties.virtualMachine.id)), interface = properties) on machine
| join kind=leftouter (%[1]s
  | where type =~ '%[4]s'
  | project publicIP = tolower(id), nic = tostring(split(tolower(tostring(properties.ipConfiguration.id)), '/ipconfigurations/')[0]), address = properties) on nic
| project id, name, location, sku, properties, nic, interface, publicIP, address`,
		k.table, k.machine, k.nic, k.address, strings.Join(ids, "', '"))
}

// glance asks for some machines of a region, the ordinary ones first.
func (l *lister) glance(ctx context.Context, subscription, region string, ids []string) ([]inventory.Instance, error) {
	const op = "query Resource Graph"
	var found []inventory.Instance
	left := ids
	for _, k := range []kinds{ordinary(), uniform()} {
		if len(left) == 0 {
			break
		}
		list, err := l.graphRows(ctx, op, subscription, k.query(left))
		if err != nil {
			return nil, err
		}
		for _, row := range list {
			i, asked := slices.BinarySearch(left, row.ID)
			if !asked {
				return nil, l.part(inventory.Incomplete, op, row.ID+" was not asked for, or is there twice")
			}
			left = slices.Delete(slices.Clone(left), i, i+1)
			if row.Region == region {
				found = append(found, row)
			}
		}
	}
	return found, nil
}

// graphRows reads all pages of a query, and joins the rows of each machine.
func (l *lister) graphRows(ctx context.Context, op, subscription, query string) ([]inventory.Instance, error) {
	known, machines := newBook(), []*machine{}
	at := map[string]*machine{} // by resource
	cursor := cloud.Cursor[graphRow]{
		What: op, Same: func(graphRow, graphRow) bool { return true },
		ID: func(r graphRow) string {
			if r.machine.ID == "" {
				return ""
			}
			return r.machine.resource + " " + r.nic.id + " " + r.address.id
		},
		Fetch: func(ctx context.Context, token string) (cloud.Page[graphRow], error) {
			got, err := retried(ctx, l, op, func(ctx context.Context) (answer[graphRow], error) {
				return l.api.graph(ctx, subscription, query, token)
			})
			if err == nil && !got.listed {
				err = l.part(inventory.Incomplete, op, "the answer has no list")
			}
			return cloud.Page[graphRow]{Rows: got.rows, Next: got.next}, err
		},
	}
	rows, err := cursor.All(ctx)
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
	list := make([]inventory.Instance, len(machines))
	for i, m := range machines {
		list[i] = l.complete(m, known)
	}
	return list, nil
}
