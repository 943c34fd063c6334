package mapping

import (
	"net/netip"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// key is what a condition asks for and a template puts in. Those that cost least to compare come first.
type key uint8

// The keys.
const (
	keyCloud key = iota
	keyAccount
	keyRegion
	keyKind
	keyZone
	keyVPC
	keySubnet
	keyResourceGroup
	keyProject
	keyType
	keyImage
	keyCharge
	keyStatus
	keyID
	keyName
	keyHostname
	keyOS
	keyGroup
	keyTag
	keyIP

	keyCount
)

// tagPrefix begins the key of a tag: "tag.app".
const tagPrefix = "tag."

// keyNames has the names of the keys as configurations write them.
func keyNames() [keyCount]string {
	return [...]string{
		keyCloud: "cloud", keyAccount: "account", keyRegion: "region", keyKind: "kind", keyZone: "zone", keyVPC: "vpc", keySubnet: "subnet",
		keyResourceGroup: "resource_group", keyProject: "project", keyType: "type", keyImage: "image", keyCharge: "charge", keyStatus: "status",
		keyID: "id", keyName: "name", keyHostname: "hostname", keyOS: "os", keyGroup: "group", keyTag: "tag.<key>", keyIP: "ip",
	}
}

// ConditionKeys returns the keys that a Condition may have; "tag.<key>" stands for those of tags.
func ConditionKeys() []string {
	names := keyNames()
	return names[:]
}

// Placeholders returns what may stand between braces in a template, each also with "|default"; "tag.<key>" stands for tags.
func Placeholders() []string {
	var all []string
	for k, name := range keyNames() {
		if key(k) != keyGroup {
			all = append(all, name)
		}
	}
	return all
}

// findKey returns the key with a name, and that of the tag where it is one.
func findKey(name string) (k key, tag string, found bool) {
	tag, isTag := strings.CutPrefix(name, tagPrefix)
	if isTag {
		return keyTag, tag, tag != ""
	}
	for k, known := range keyNames() {
		if known == name && key(k) != keyTag {
			return key(k), "", true
		}
	}
	return 0, "", false
}

// FactOf returns which fact a key of a Condition needs; 0 = none but what every sync reads.
func FactOf(name string) inventory.Fact {
	k, _, _ := findKey(name)
	return k.fact()
}

// fact returns which fact a key needs; 0 = what every sync reads.
func (k key) fact() inventory.Fact {
	switch k {
	case keyZone:
		return inventory.FactZone
	case keySubnet:
		return inventory.FactSubnet
	case keyResourceGroup:
		return inventory.FactResourceGroup
	case keyImage:
		return inventory.FactImage
	case keyCharge:
		return inventory.FactCharge
	case keyStatus:
		return inventory.FactStatus
	case keyGroup:
		return inventory.FactGroups
	}
	return 0
}

// maxAddresses is how many addresses of an instance are kept parsed; those of an instance with more are parsed each time.
const maxAddresses = 8

// view is an instance while it is looked at: what several rules ask for is made once.
type view struct {
	Subject
	mainKind  string // what configurations call the main kind of this cloud
	want      *inventory.Want
	system    string // of key os; "" = not asked yet
	addresses [maxAddresses]netip.Addr
	parsed    int // how many addresses there are; -1 = not parsed yet
}

// facts returns the instance's facts.
func (v *view) facts() inventory.Facts {
	if v.Facts == nil {
		return inventory.Facts{Status: v.Status}
	}
	return *v.Facts
}

// isUnread reports whether the cloud did not show what an instance has of a key. Where facts are missing that should be
// there, none was shown.
func (v *view) isUnread(k key) bool {
	switch k {
	case keyTag:
		return v.want.WantsTags() && (v.Facts == nil || v.Facts.TagsUnread)
	case keyIP, keyVPC:
		return v.AddressesPartial
	case keyStatus:
		return false // each listing shows it
	}
	return k.fact() != 0 && v.isFactUnread(k.fact())
}

func (v *view) isFactUnread(f inventory.Fact) bool {
	if v.Facts == nil {
		return v.want.Has(f)
	}
	return v.Facts.Unread&f != 0
}

// pair has the values of keys that have at most two.
type pair [2]string

// values returns the values of a key other than ip: none if the instance does not have it.
func (v *view) values(k key, tag string, into *pair) []string {
	switch k {
	case keyGroup:
		if v.Facts == nil {
			return nil
		}
		return v.Facts.Groups
	case keyTag:
		value, has := v.Facts.Tag(tag)
		into[0] = value
		if has {
			return into[:1]
		}
		return nil
	case keyCloud:
		into[0], into[1] = string(v.Cloud), v.CloudType
	case keyRegion:
		into[0] = v.Region
		plain, kind := inventory.SplitRegion(v.Region)
		if kind != "" {
			into[1] = plain
		}
	case keyOS:
		into[0], into[1] = v.value(keyOS, ""), v.OSName
	default:
		into[0] = v.value(k, tag)
	}
	switch {
	case into[0] == "":
		return nil
	case into[1] == "":
		return into[:1]
	}
	return into[:]
}

// value returns the one value of a key that a template puts in; "" = none.
func (v *view) value(k key, tag string) string {
	switch k {
	case keyCloud:
		return v.cloudType()
	case keyAccount:
		return v.Account
	case keyRegion:
		plain, _ := inventory.SplitRegion(v.Region)
		return plain
	case keyKind:
		kind := inventory.KindOfRegion(v.Region)
		if kind == "" {
			return v.mainKind
		}
		return kind
	case keyVPC:
		return v.VPC
	case keyProject:
		return v.Project
	case keyType:
		return v.Type
	case keyID:
		return v.ID
	case keyName:
		return v.Name
	case keyHostname:
		return v.HostName
	case keyOS:
		if v.system == "" {
			v.system = strings.ToLower(string(v.System()))
		}
		return v.system
	case keyTag:
		value, _ := v.Facts.Tag(tag)
		return value
	case keyIP:
		return v.PrimaryAddress()
	}
	return v.factValue(k)
}

// factValue returns the one value of a key that is a fact.
func (v *view) factValue(k key) string {
	if v.Facts == nil {
		if k == keyStatus {
			return v.Status
		}
		return ""
	}
	switch k {
	case keyZone:
		return v.Facts.Zone
	case keySubnet:
		return v.Facts.Subnet
	case keyResourceGroup:
		return v.Facts.ResourceGroup
	case keyImage:
		return v.Facts.Image
	case keyCharge:
		return v.Facts.Charge
	case keyStatus:
		return v.Facts.Status
	}
	return ""
}

// cloudType returns the account's type as the configuration writes it.
func (v *view) cloudType() string {
	if v.CloudType == "" {
		return string(v.Cloud)
	}
	return v.CloudType
}

// lists returns the instance's addresses, in the order of preference.
func (v *view) lists() [4][]string {
	if inventory.KindOfRegion(v.Region) != "" {
		return [...][]string{v.PublicIPs, v.PrivateIPs, v.ClassicIPs, v.IPv6s}
	}
	return [...][]string{v.PrivateIPs, v.ClassicIPs, v.PublicIPs, v.IPv6s}
}

// isInAny reports whether one of the instance's addresses lies in one of some networks.
func (v *view) isInAny(networks []netip.Prefix) bool {
	for _, network := range networks {
		if v.isIn(network) {
			return true
		}
	}
	return false
}

// isIn reports whether one of the instance's addresses lies in a network.
func (v *view) isIn(network netip.Prefix) bool {
	if v.parsed < 0 {
		v.parseAddresses()
	}
	for _, one := range v.addresses[:min(v.parsed, maxAddresses)] {
		if network.Contains(one) {
			return true
		}
	}
	return v.parsed > maxAddresses && v.firstIn(network) != ""
}

func (v *view) parseAddresses() {
	v.parsed = 0
	for _, some := range v.lists() {
		for _, text := range some {
			if v.parsed < maxAddresses {
				v.addresses[v.parsed] = parseAddress(text)
			}
			v.parsed++
		}
	}
}

// firstIn returns the first of the instance's addresses that lies in a network; "" = none.
func (v *view) firstIn(network netip.Prefix) string {
	for _, some := range v.lists() {
		for _, text := range some {
			if network.Contains(parseAddress(text)) {
				return text
			}
		}
	}
	return ""
}

// parseAddress returns an address; the zero value, which lies in no network, for a text that is none.
func parseAddress(text string) netip.Addr {
	ip, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}
	}
	return ip.Unmap().WithZone("")
}
