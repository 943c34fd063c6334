package awstest

import (
	"cmp"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// reservations gives a page in the shape of the real answer: instances that one RunInstances
// started are in one reservation, which a page may cut in two.
func reservations(account, region string, rows []Instance) string {
	var b strings.Builder
	b.WriteString("<reservationSet>")
	open := ""
	for _, i := range rows {
		id := cmp.Or(i.Reservation, "r-of-"+i.ID)
		if id != open {
			if open != "" {
				b.WriteString("</instancesSet></item>")
			}
			b.WriteString("<item>" + element("reservationId", id) + element("ownerId", account) + "<groupSet/><instancesSet>")
			open = id
		}
		b.WriteString(item(region, i))
	}
	if open != "" {
		b.WriteString("</instancesSet></item>")
	}
	b.WriteString("</reservationSet>")
	return b.String()
}

// item gives an instance, with the further fields that are always there.
func item(region string, i Instance) string {
	if i.Raw != "" {
		return i.Raw
	}
	zone := cmp.Or(i.Zone, region+"a")
	if zone == "-" {
		zone = ""
	}
	var b strings.Builder
	b.WriteString("<item>" + element("instanceId", i.ID) + element("imageId", "ami-0abcdef1234567890"))
	if i.State != "" {
		b.WriteString("<instanceState>" + element("code", code(i.State)) + element("name", i.State) + "</instanceState>")
	}
	b.WriteString(element("privateDnsName", i.PrivateDNS) + "<dnsName/><reason/><amiLaunchIndex>0</amiLaunchIndex><productCodes/>" +
		element("instanceType", i.Type) + "<launchTime>2025-03-01T02:03:04.000Z</launchTime>" +
		"<placement>" + element("availabilityZone", zone) + "<groupName/><tenancy>default</tenancy></placement>" +
		"<monitoring><state>disabled</state></monitoring>" + element("platform", i.Platform) + element("subnetId", "subnet-0a1") +
		element("vpcId", i.VPC) + element("privateIpAddress", i.PrivateIP) + element("ipAddress", i.PublicIP) +
		"<sourceDestCheck>true</sourceDestCheck><groupSet><item><groupId>sg-0a1</groupId><groupName>default</groupName></item></groupSet>" +
		"<architecture>x86_64</architecture><rootDeviceType>ebs</rootDeviceType><rootDeviceName>/dev/xvda</rootDeviceName>" +
		"<virtualizationType>hvm</virtualizationType><clientToken/>" + tags(i) + "<hypervisor>xen</hypervisor>" +
		"<networkInterfaceSet>")
	for _, nic := range i.Interfaces {
		b.WriteString(nic.item())
	}
	b.WriteString("</networkInterfaceSet><ebsOptimized>false</ebsOptimized><enaSupport>true</enaSupport>" +
		element("platformDetails", i.PlatformDetails) + "<usageOperation>RunInstances</usageOperation></item>")
	return b.String()
}

func code(state string) string {
	return map[string]string{"pending": "0", "running": "16", "shutting-down": "32", "terminated": "48", "stopping": "64", "stopped": "80"}[state]
}

func tags(i Instance) string {
	all := map[string]string{}
	maps.Copy(all, i.Tags)
	if i.Name != "" {
		all["Name"] = i.Name
	}
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(all)) {
		b.WriteString("<item>" + element("key", name) + element("value", all[name]) + "</item>")
	}
	return "<tagSet>" + b.String() + "</tagSet>"
}

func (nic Interface) item() string {
	var list strings.Builder
	own := ""
	for _, a := range nic.Addresses {
		association := ""
		if a.Public != "" {
			association = "<association>" + element("publicIp", a.Public) + element("ipOwnerId", cmp.Or(a.Owner, "amazon")) + "</association>"
		}
		fields := element("privateIpAddress", a.Private) + association
		if a.Primary {
			own = fields
		}
		list.WriteString("<item>" + fields + element("primary", strconv.FormatBool(a.Primary)) + "</item>")
	}
	return "<item><networkInterfaceId>eni-0a1</networkInterfaceId><status>in-use</status>" + own +
		"<attachment>" + element("deviceIndex", strconv.Itoa(nic.Device)) + element("networkCardIndex", strconv.Itoa(nic.Card)) +
		"<status>attached</status></attachment><privateIpAddressesSet>" + list.String() + "</privateIpAddressesSet></item>"
}
