package fakecloudtest

import (
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// document is any answer.
type document struct {
	Request  string     `json:"request"`
	Account  string     `json:"account,omitempty"`
	Regions  []string   `json:"regions,omitempty"`
	Machines *[]machine `json:"machines,omitempty"`
	Machine  *machine   `json:"machine,omitempty"`
	Next     string     `json:"next,omitempty"`
	Code     string     `json:"code,omitempty"` // of an error
	Message  string     `json:"message,omitempty"`
}

// machine is a row.
type machine struct {
	ID   string `json:"id"`
	Name string `json:"name"`
	IP   string `json:"ip"`
	// Status is the fake cloud's own word; it has no meaning for an asset.
	Status string `json:"status"`
	factRow
}

func convertRows(list []machine, want inventory.Want) []inventory.Instance {
	rows := make([]inventory.Instance, len(list))
	for i, m := range list {
		rows[i] = inventory.Instance{ID: m.ID, Name: m.Name, Status: strings.ToLower(m.Status), Facts: m.facts(want)}
		if cloud.IsIPv6(m.IP) {
			rows[i].IPv6s = cloud.IPv6Texts([]string{m.IP})
			continue
		}
		rows[i].PrivateIPs = []string{m.IP}
	}
	return rows
}
