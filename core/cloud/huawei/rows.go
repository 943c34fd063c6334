package huawei

import (
	"maps"
	"net/netip"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// serverPage is an answer of ListServersDetails with the fields that are needed: the SDK's own rows have
// some eighty fields, and one of another type than the SDK expects would spoil the list.
// https://support.huaweicloud.com/api-ecs/zh-cn_topic_0094148850.html
type serverPage struct {
	Count   *int        `json:"count"`
	Servers []serverRow `json:"servers"`
	// HttpStatusCode is filled in by the SDK.
	HttpStatusCode int `json:"-"`
}

func (p serverPage) totalCount() int { return *p.Count }

// serverAnswer is an answer of ShowServer.
type serverAnswer struct {
	Server         *serverRow `json:"server"`
	HttpStatusCode int        `json:"-"`
}

type serverRow struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Status   string `json:"status"`
	TenantID string `json:"tenant_id"` // of the project
	HostName string `json:"OS-EXT-SRV-ATTR:hostname"`
	Flavor   struct {
		ID string `json:"id"`
	} `json:"flavor"`
	Metadata struct {
		OSType    string `json:"os_type"` // Linux or Windows
		ImageName string `json:"image_name"`
		VPC       string `json:"vpc_id"`
		factMetadata
	} `json:"metadata"`
	Addresses map[string][]addressRow `json:"addresses"` // by VPC
	factRow
}

type addressRow struct {
	Addr    string `json:"addr"`
	Type    string `json:"OS-EXT-IPS:type"` // fixed or floating
	Primary bool   `json:"primary"`         // of the primary interface
}

// isUnknownID reports whether a row is that of an unknown id: every server has a status.
func (s *serverRow) isUnknownID() bool { return s.Status == "" }

// convertRow copies what is needed of a row, so that the page itself can be freed.
func (l *lister) convertRow(at projectScope, s *serverRow) inventory.Instance {
	i := inventory.Instance{
		Scope:    inventory.Scope{Cloud: inventory.Huawei, Account: l.Account.Name, Region: at.region},
		ID:       s.ID,
		Name:     s.Name,
		HostName: s.HostName,
		OSType:   strings.ToLower(s.Metadata.OSType),
		OSName:   s.Metadata.ImageName,
		Status:   strings.ToLower(s.Status), Existence: existenceOf(s.Status),
		Type:    s.Flavor.ID,
		VPC:     s.Metadata.VPC,
		Project: at.project,
	}
	var others, ipv6s, otherIPv6s []string
	for _, a := range s.sortedAddresses() {
		ip, err := netip.ParseAddr(a.Addr)
		switch {
		case err != nil:
		case !ip.Is4() && a.Primary:
			ipv6s = append(ipv6s, a.Addr)
		case !ip.Is4():
			otherIPv6s = append(otherIPv6s, a.Addr)
		case a.Type == "floating":
			i.PublicIPs = append(i.PublicIPs, a.Addr)
		case a.Primary:
			i.PrivateIPs = append(i.PrivateIPs, a.Addr)
		default:
			others = append(others, a.Addr)
		}
	}
	i.PrivateIPs = cloud.UniqueTexts(append(i.PrivateIPs, others...))
	i.PublicIPs = cloud.UniqueTexts(i.PublicIPs)
	i.IPv6s = cloud.IPv6Texts(ipv6s, otherIPv6s)
	i.Facts = s.facts(l.Account.Want, len(i.PublicIPs))
	return i
}

// sortedAddresses returns the addresses of the server's own VPC, then those of others by the VPC's id. JSON
// objects have no order, and an address must not change from run to run.
func (s *serverRow) sortedAddresses() []addressRow {
	all := slices.Clone(s.Addresses[s.Metadata.VPC])
	for _, vpc := range slices.Sorted(maps.Keys(s.Addresses)) {
		if vpc != s.Metadata.VPC {
			all = append(all, s.Addresses[vpc]...)
		}
	}
	return all
}

// alphanumericChars is the character set of the ids of accounts and projects.
const alphanumericChars = "abcdefghijklmnopqrstuvwxyz" + cloud.UpperChars + cloud.DigitChars

// existenceOf returns what a status means, by the table in the package doc.
func existenceOf(status string) inventory.Existence {
	switch strings.ToUpper(status) {
	case "DELETED":
		return inventory.Absent
	case "SOFT_DELETED":
		return inventory.Closed
	}
	return inventory.Present
}
