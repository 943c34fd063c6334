package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/report"
)

// privateVPC is a VPC with hosts that have private addresses only, and no zone.
type privateVPC struct {
	Account string `json:"account"`
	Region  string `json:"region"`
	VPC     string `json:"vpc"`
	Hosts   int    `json:"hosts"`
}

// findPrivateVPCs returns the VPCs whose hosts JumpServer reaches only if it has a way into them, those with most hosts first.
func findPrivateVPCs(listings []inventory.Listing, cfg config.Config) []privateVPC {
	accounts := map[string]config.Cloud{}
	for _, c := range cfg.Clouds {
		accounts[c.Name] = c
	}
	hosts := map[privateVPC]int{}
	for _, l := range listings {
		for n := range l.Instances {
			i := &l.Instances[n]
			isPrivate := i.Existence == inventory.Present && i.VPC != "" && len(i.PrivateIPs) > 0 && len(i.PublicIPs) == 0
			if isPrivate && lacksZone(i, accounts[l.Account], cfg.Mapping) {
				hosts[privateVPC{Account: l.Account, Region: l.Region, VPC: i.VPC}]++
			}
		}
	}
	found := []privateVPC{}
	for v, n := range hosts {
		v.Hosts = n
		found = append(found, v)
	}
	slices.SortFunc(found, func(a, b privateVPC) int {
		return cmp.Or(b.Hosts-a.Hosts, strings.Compare(a.Account, b.Account), strings.Compare(a.Region, b.Region), strings.Compare(a.VPC, b.VPC))
	})
	return found
}

// lacksZone reports whether the asset of an instance is made, and has no zone. What is not known is not said.
func lacksZone(i *inventory.Instance, account config.Cloud, rules *mapping.Set) bool {
	if account.DomainID != "" {
		return false
	}
	o := rules.Map(mapping.Subject{Instance: i, CloudType: account.Type})
	return o.Zone == "" && o.Skip == "" && !o.Inactive && !o.Unread.Has(mapping.FieldZone) && !o.Unread.Has(mapping.FieldSkip)
}

func writePrivateVPCs(b *strings.Builder, all []privateVPC, lang language.Lang) {
	if len(all) == 0 {
		return
	}
	b.WriteString(lang.Text("主机只有私网地址、也没有网域的 VPC（JumpServer 直接连得到就没有问题；否则用规则的 zone 或账号的 domain_id 给它们网域）：\n",
		"VPCs whose hosts have private addresses only, and no zone (fine where JumpServer reaches them directly; else give them one by zone of a rule, or domain_id of the account):\n"))
	rows := [][]string{{lang.Text("账号", "account"), lang.Text("区域", "region"), "VPC", lang.Text("主机", "hosts")}}
	for _, v := range all[:min(mostShown, len(all))] {
		rows = append(rows, []string{v.Account, v.Region, v.VPC, fmt.Sprint(v.Hosts)})
	}
	b.WriteString(report.FormatColumns("  ", rows))
	if more := len(all) - mostShown; more > 0 {
		b.WriteString(lang.Textf("  ……还有 %d 个\n", "  … and %d more\n", more))
	}
}
