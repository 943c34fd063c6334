package awstest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// reservationsXML returns a page in the form of the real answer: instances that one RunInstances
// started share a reservation, which two pages may split.
func reservationsXML(account, region string, rows []Instance) string {
	var b strings.Builder
	b.WriteString("<reservationSet>")
	open := ""
	for _, i := range rows {
		id := cmp.Or(i.Reservation, "r-of-"+i.ID)
		if id != open {
			if open != "" {
				b.WriteString("</instancesSet></item>")
			}
			b.WriteString("<item>" + xmlElement("reservationId", id) + xmlElement("ownerId", account) + "<groupSet/><instancesSet>")
			open = id
		}
		b.WriteString(instanceXML(region, i))
	}
	if open != "" {
		b.WriteString("</instancesSet></item>")
	}
	b.WriteString("</reservationSet>")
	return b.String()
}

// instanceXML returns an instance, with the fields that are always present.
func instanceXML(region string, i Instance) string {
	if i.Raw != "" {
		return i.Raw
	}
	zone := cmp.Or(i.Zone, region+"a")
	if zone == "-" {
		zone = ""
	}
	var b strings.Builder
	b.WriteString("<item>" + xmlElement("instanceId", i.ID) + xmlElement("imageId", cmp.Or(i.Image, "ami-0abcdef1234567890")))
	if i.State != "" {
		b.WriteString("<instanceState>" + xmlElement("code", stateCode(i.State)) + xmlElement("name", i.State) + "</instanceState>")
	}
	b.WriteString(xmlElement("privateDnsName", i.PrivateDNS) + "<dnsName/><reason/><amiLaunchIndex>0</amiLaunchIndex><productCodes/>" +
		xmlElement("instanceType", i.Type) + xmlElement("launchTime", cmp.Or(i.Launched, "2025-03-01T02:03:04.000Z")) +
		"<placement>" + xmlElement("availabilityZone", zone) + "<groupName/><tenancy>default</tenancy></placement>" +
		"<monitoring><state>disabled</state></monitoring>" + xmlElement("platform", i.Platform) + xmlElement("subnetId", cmp.Or(i.Subnet, "subnet-0a1")) +
		xmlElement("vpcId", i.VPC) + xmlElement("privateIpAddress", i.PrivateIP) + xmlElement("ipAddress", i.PublicIP) +
		"<sourceDestCheck>true</sourceDestCheck>" + groupsXML(groupsOr(i.Groups)) +
		"<architecture>x86_64</architecture><rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName>" +
		"<virtualizationType>hvm</virtualizationType>" + xmlElement("instanceLifecycle", i.Lifecycle) + "<clientToken/>" + tagsXML(i) + "<hypervisor>xen</hypervisor>" +
		"<networkInterfaceSet>")
	for n, nic := range i.Interfaces {
		attached := ""
		if n == 0 {
			attached = xmlElement("attachTime", i.Attached)
		}
		b.WriteString(nic.interfaceXML(attached))
	}
	b.WriteString("</networkInterfaceSet><ebsOptimized>false</ebsOptimized><enaSupport>true</enaSupport>" +
		xmlElement("platformDetails", i.PlatformDetails) + "<usageOperation>RunInstances</usageOperation></item>")
	return b.String()
}

func stateCode(state string) string {
	return map[string]string{"pending": "0", "running": "16", "shutting-down": "32", "terminated": "48", "stopping": "64", "stopped": "80"}[state]
}

func tagsXML(i Instance) string {
	all := map[string]string{}
	maps.Copy(all, i.Tags)
	if i.Name != "" {
		all["Name"] = i.Name
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.WriteString("<item>" + xmlElement("key", name) + xmlElement("value", all[name]) + "</item>")
	}
	return "<tagSet>" + b.String() + "</tagSet>"
}

func (nic Interface) ipv6XML() string {
	var list strings.Builder
	for n, address := range nic.IPv6s {
		list.WriteString("<item>" + xmlElement("ipv6Address", address) + xmlElement("isPrimaryIpv6", strconv.FormatBool(n == len(nic.IPv6s)-1)) + "</item>")
	}
	return list.String()
}

// groupsOr returns the groups, or the one that every instance has that names none.
func groupsOr(groups []string) []string {
	if groups == nil {
		return []string{"sg-0a1"}
	}
	return groups
}

func groupsXML(groups []string) string {
	var b strings.Builder
	for _, id := range groups {
		b.WriteString("<item>" + xmlElement("groupId", id) + xmlElement("groupName", "name of "+id) + "</item>")
	}
	return "<groupSet>" + b.String() + "</groupSet>"
}

func (nic Interface) interfaceXML(attached string) string {
	var list strings.Builder
	own := ""
	for _, a := range nic.Addresses {
		association := ""
		if a.Public != "" {
			association = "<association>" + xmlElement("publicIp", a.Public) + xmlElement("ipOwnerId", cmp.Or(a.Owner, "amazon")) + "</association>"
		}
		fields := xmlElement("privateIpAddress", a.Private) + association
		if a.Primary {
			own = fields
		}
		list.WriteString("<item>" + fields + xmlElement("primary", strconv.FormatBool(a.Primary)) + "</item>")
	}
	return "<item><networkInterfaceId>eni-0a1</networkInterfaceId><status>in-use</status>" + own +
		"<attachment>" + xmlElement("deviceIndex", strconv.Itoa(nic.Device)) + xmlElement("networkCardIndex", strconv.Itoa(nic.Card)) +
		"<status>attached</status>" + attached + "</attachment>" + groupsXML(nic.Groups) + "<privateIpAddressesSet>" + list.String() + "</privateIpAddressesSet><ipv6AddressesSet>" + nic.ipv6XML() + "</ipv6AddressesSet></item>"
}
