package all_test

import (
	"cmp"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// expectation is what a raw row says of an instance, read without any SDK and without the adapters' types.
type expectation struct {
	id, name, status, os, region, vpc, project string
	private, public, ipv6                      []string // the first private one is the instance's own
	partial                                    bool     // the recording lacks what the row refers to
	gone                                       bool     // its cloud says that it does not exist any more
	twice                                      bool     // the recording has it twice, with different fields
	facts                                      factTexts
}

// expectations returns what an answer says, by the cloud's own documents, which rows.go of each adapter cites.
func (a recordedAnswer) expectations() []expectation {
	var all []expectation
	switch a.cloud {
	case inventory.Alibaba:
		all = expectEach(a.rows, withFacts(a.cloud, nil, expectAlibaba))
	case inventory.AWS:
		for _, reservation := range a.rows {
			names := sdkNames
			if a.wire {
				names = wireName
			}
			all = append(all, expectEach(list(reservation, names("Instances")), withFacts(a.cloud, names, func(row object) expectation { return expectAWS(row, names) }))...)
		}
	case cloudTencent:
		all = expectEach(a.rows, withFacts(a.cloud, nil, expectTencent))
	case inventory.Huawei:
		all = expectEach(a.rows, withFacts(a.cloud, nil, expectHuawei))
	default:
		all = a.azure.expectations()
	}
	slices.SortStableFunc(all, func(x, y expectation) int { return strings.Compare(x.id, y.id) })
	return all
}

// withFacts adds what a row says of its facts.
func withFacts(c inventory.Cloud, names func(string) string, expect func(object) expectation) func(object) expectation {
	return func(row object) expectation {
		e := expect(row)
		e.facts = factsSaid(c, row, names)
		return e
	}
}

func expectEach(rows []object, expect func(object) expectation) []expectation {
	all := make([]expectation, 0, len(rows))
	for _, row := range rows {
		one := expect(row)
		one.splitFamilies()
		all = append(all, one)
	}
	return all
}

// splitFamilies moves the IPv6 addresses into their own list, and drops repeated and empty ones.
func (e *expectation) splitFamilies() {
	_, all := splitAddresses(e.ipv6)
	for _, addresses := range []*[]string{&e.private, &e.public} {
		four, six := splitAddresses(*addresses)
		*addresses = four
		all = append(all, six...)
	}
	e.ipv6 = sortedTexts(all)
}

// splitAddresses returns the addresses that are no IPv6 in their order, and those that are.
func splitAddresses(addresses []string) (four, six []string) {
	for _, text := range addresses {
		ip, err := netip.ParseAddr(text)
		switch {
		case text == "" || slices.Contains(four, text):
		case err == nil && ip.Is6():
			six = append(six, ip.String())
		default:
			four = append(four, text)
		}
	}
	return four, six
}

func sortedTexts(texts []string) []string {
	texts = slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return text == "" })
	slices.Sort(texts)
	return slices.Compact(texts)
}

func expectAlibaba(row object) expectation {
	e := expectation{
		id: text(row, "InstanceId"), name: text(row, "InstanceName"), status: text(row, "Status"), os: text(row, "OSType"),
		region: text(row, "RegionId"), vpc: text(row, "VpcAttributes", "VpcId"),
		private: texts(row, "VpcAttributes", "PrivateIpAddress", "IpAddress"),
		public:  append([]string{text(row, "EipAddress", "IpAddress")}, texts(row, "PublicIpAddress", "IpAddress")...),
	}
	for _, nic := range list(row, "NetworkInterfaces", "NetworkInterface") {
		e.private = append(e.private, text(nic, "PrimaryIpAddress"))
		for _, set := range list(nic, "PrivateIpSets", "PrivateIpSet") {
			e.private = append(e.private, text(set, "PrivateIpAddress"))
		}
		for _, set := range list(nic, "Ipv6Sets", "Ipv6Set") {
			e.ipv6 = append(e.ipv6, text(set, "Ipv6Address"))
		}
	}
	e.private = append(e.private, texts(row, "InnerIpAddress", "IpAddress")...)
	return e
}

var zonePattern = regexp.MustCompile(`^[a-z]{2}(-[a-z]+)+-[0-9]+`)

func expectAWS(row object, names func(string) string) expectation {
	get := func(of object, path ...string) string {
		for i := range path {
			path[i] = names(path[i])
		}
		return text(of, path...)
	}
	e := expectation{
		id: get(row, "InstanceId"), status: cmp.Or(text(row, "State", "Name"), text(row, "instanceState", "name")), os: "linux",
		region: zonePattern.FindString(get(row, "Placement", "AvailabilityZone")), vpc: get(row, "VpcId"),
		private: []string{get(row, "PrivateIpAddress")}, public: []string{get(row, "PublicIpAddress")}, ipv6: []string{get(row, "Ipv6Address")},
	}
	// https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html: "windows", or nothing.
	if strings.Contains(strings.ToLower(get(row, "Platform")+get(row, "PlatformDetails")), "windows") {
		e.os = "windows"
	}
	for _, tag := range list(row, names("Tags")) {
		if get(tag, "Key") == "Name" {
			e.name = get(tag, "Value")
		}
	}
	for _, nic := range list(row, names("NetworkInterfaces")) {
		addresses := append([]object{nic}, list(nic, names("PrivateIpAddresses"))...)
		for _, one := range addresses {
			e.private = append(e.private, get(one, "PrivateIpAddress"))
			e.public = append(e.public, get(one, "Association", "PublicIp"))
		}
		for _, one := range list(nic, names("Ipv6Addresses")) {
			e.ipv6 = append(e.ipv6, get(one, "Ipv6Address"))
		}
	}
	e.gone = e.status == "terminated"
	return e
}

func expectTencent(row object) expectation {
	e := expectation{
		id: text(row, "InstanceId"), name: text(row, "InstanceName"), status: text(row, "InstanceState"), os: text(row, "OsName"),
		vpc:     text(row, "VirtualPrivateCloud", "VpcId"),
		private: texts(row, "PrivateIpAddresses"), public: texts(row, "PublicIpAddresses"), ipv6: texts(row, "IPv6Addresses"),
	}
	if zone := text(row, "Placement", "Zone"); zone != "" {
		e.region = strings.TrimRight(strings.TrimRight(zone, "0123456789"), "-")
	}
	// The vendor's provider takes it for one that does not exist.
	e.gone = e.status == "LAUNCH_FAILED"
	return e
}

func expectHuawei(row object) expectation {
	e := expectation{
		id: text(row, "id"), name: text(row, "name"), status: text(row, "status"), os: text(row, "metadata", "os_type"),
		vpc: text(row, "metadata", "vpc_id"), project: text(row, "tenant_id"),
	}
	networks, _ := row["addresses"].(object)
	var primary, others []string
	for network := range networks {
		for _, one := range list(networks, network) {
			address := text(one, "addr")
			_, err := netip.ParseAddr(address)
			switch {
			case err != nil: // examples have "192.168.*.*"
			case text(one, "OS-EXT-IPS:type") == "floating":
				e.public = append(e.public, address)
			case text(one, "primary") == "true":
				primary = append(primary, address)
			default:
				others = append(others, address)
			}
		}
	}
	e.private = append(primary, others...)
	// The vendor's provider takes it for one that does not exist.
	e.gone = strings.EqualFold(e.status, "DELETED")
	return e
}

// expectationOf is the listed instance in the form of an expectation.
func expectationOf(i inventory.Instance) expectation {
	e := expectation{
		id: i.ID, name: i.Name, status: i.Status, os: i.OSType, region: i.Region, vpc: i.VPC, project: i.Project, partial: i.AddressesPartial,
		facts: factsListed(i.Facts), private: slices.Concat(i.PrivateIPs, i.ClassicIPs), public: slices.Clone(i.PublicIPs), ipv6: i.Addresses(),
	}
	_, e.ipv6 = splitAddresses(e.ipv6)
	if i.Cloud == cloudTencent {
		e.os = i.OSName
	}
	e.splitFamilies()
	return e
}

// compare counts the fields, and notes the wrong ones.
func (f *replayedFile) compare(said, listed []expectation) {
	met := map[string]expectation{}
	for _, one := range listed {
		met[one.id] = one
	}
	for _, want := range said {
		got, ok := met[want.id]
		delete(met, want.id)
		switch {
		case ok && want.twice:
			f.notes = append(f.notes, "a row twice, with different fields: not compared")
		case ok && want.gone:
			f.note("extra", want.id+" is listed, but "+want.status)
		case ok:
			f.compareFields(want, got)
		case !want.gone:
			f.note("missing", want.id)
		}
	}
	for id := range met {
		f.note("extra", id)
	}
}

func (f *replayedFile) compareFields(want, got expectation) {
	id := want.id
	same := func(field, want, got string) {
		f.fields++
		if !strings.EqualFold(want, got) {
			f.note(field, fmt.Sprintf("%s: %q, the answer says %q", id, got, want))
		}
	}
	for _, one := range [][3]string{
		{"name", want.name, got.name}, {"status", want.status, got.status}, {"os", want.os, got.os}, {"region", want.region, got.region},
	} {
		same(one[0], one[1], one[2])
	}
	f.compareFacts(want, got, same)
	if want.partial {
		same("partial", fmt.Sprint(want.partial), fmt.Sprint(got.partial))
		return
	}
	same("vpc", want.vpc, got.vpc)
	same("private", fmt.Sprint(first(want.private), sortedTexts(want.private)), fmt.Sprint(first(got.private), sortedTexts(got.private)))
	same("public", fmt.Sprint(sortedTexts(want.public)), fmt.Sprint(sortedTexts(got.public)))
	same("ipv6", fmt.Sprint(want.ipv6), fmt.Sprint(got.ipv6))
}

func (f *replayedFile) note(field, example string) {
	if f.wrong == nil {
		f.wrong = map[string][]string{}
	}
	f.wrong[field] = append(f.wrong[field], example)
}

func first(texts []string) string { return strings.Join(texts[:min(1, len(texts))], "") }

// descend returns the value at a path, nil where there is none.
func descend(of any, path ...string) any {
	for _, key := range path {
		fields, ok := of.(object)
		if !ok {
			return nil
		}
		of = fields[key]
	}
	return of
}

func text(of object, path ...string) string {
	switch v := descend(of, path...).(type) {
	case nil, object, []any:
		return ""
	case time.Time:
		return v.Format(time.RFC3339)
	default:
		return fmt.Sprint(v)
	}
}

func texts(of object, path ...string) []string {
	values, _ := descend(of, path...).([]any)
	all := make([]string, 0, len(values))
	for _, value := range values {
		all = append(all, fmt.Sprint(value))
	}
	return all
}

func list(of object, path ...string) []object {
	values, _ := descend(of, path...).([]any)
	return objects(values)
}
