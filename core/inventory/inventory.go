// Package inventory has the nouns that all stages share: scopes, instances, assets and errors. It promises to do no
// I/O and to import no other package of this module.
package inventory

import (
	"cmp"
	"slices"
	"strings"

	"github.com/google/uuid"
)

// Cloud names a cloud in ids, labels, logs and results. It is part of every asset id, so a name that was ever used
// must never change.
type Cloud string

// The clouds on which this program itself can run, by whose names functions know their role and stores
// their credentials. All other clouds are named in their adapters alone, see CloudInfo.
const (
	Alibaba Cloud = "alibaba"
	Huawei  Cloud = "huawei"
	AWS     Cloud = "aws"
)

// Scope is what is listed as a whole: one kind of instances in one region of one account. It is complete or failed.
type Scope struct {
	Cloud   Cloud
	Account string // the account's name in the configuration
	Region  string // with the kind as suffix where it is not the main one, see RegionOfKind
}

// String returns "cloud/account/region", as logs and errors name a scope.
func (s Scope) String() string { return string(s.Cloud) + "/" + s.Account + "/" + s.Region }

// Compare orders scopes by cloud, account and region.
func (s Scope) Compare(o Scope) int {
	return cmp.Or(
		strings.Compare(string(s.Cloud), string(o.Cloud)), strings.Compare(s.Account, o.Account), strings.Compare(s.Region, o.Region))
}

// Instance is one virtual machine as its cloud describes it. Listers fill it without any judgement: they filter,
// choose and rename nothing.
type Instance struct {
	Scope
	Owner    string // the cloud account's own id, as the credential shows it
	ID       string
	Name     string // untrimmed
	HostName string
	OSType   string // "linux", "windows" or "", in lower case
	OSName   string // e.g. "Ubuntu 22.04 64位"
	Status   string // the cloud's own word, in lower case
	// Existence is what Status means for the asset, by the table in the adapter's package doc.
	Existence Existence
	Type      string // instance type or flavour
	VPC       string
	// Project is the id of the part of the account in which the instance was listed, if the cloud divides
	// accounts (Huawei: the IAM project); otherwise "".
	Project string
	// PrivateIPs are VPC addresses, that of the primary interface first.
	PrivateIPs []string
	// ClassicIPs are addresses of the classic network's inner interface.
	ClassicIPs []string
	// PublicIPs are elastic addresses first, then other public ones.
	PublicIPs []string
	// IPv6s are IPv6 addresses as cloud.IPv6Texts writes them, those of the primary interface first. They are kept apart
	// so that an instance is reached by IPv4 where it has that.
	IPv6s []string
	// Facts are what mapping rules ask for; nil = they ask for nothing. Instances of a listing may share them: they are
	// never changed.
	Facts *Facts
	// AddressesPartial says that the cloud names an interface or a public address of the instance that its own
	// lists left out: there are more addresses, and the first ones and VPC may be wrong.
	AddressesPartial bool
}

// Existence is what a cloud's status word means for an asset. A word that an adapter does not know is Present:
// nothing is removed on doubt.
type Existence uint8

// The meanings.
const (
	Present Existence = iota // it exists, running or not
	NotMade                  // it exists and is going: no asset is made or activated for it, and none is removed
	// Closed means that its owner gave it up, and the cloud keeps it for some days, in a recycle bin: its asset is
	// deactivated, and not deleted while this lasts.
	Closed
	Absent // it does not exist any more, although the cloud still has a row of it: no lister returns it
)

// Addresses returns every address of the instance, in the order of preference. Lightweight servers are reached by
// their public address: their private network is the vendor's, and not joined with the account's own by default.
func (i Instance) Addresses() []string {
	if KindOfRegion(i.Region) != "" {
		return slices.Concat(i.PublicIPs, i.PrivateIPs, i.ClassicIPs, i.IPv6s)
	}
	return slices.Concat(i.PrivateIPs, i.ClassicIPs, i.PublicIPs, i.IPv6s)
}

// AssetID returns the stable id of an instance's asset: UUIDv5 in the URL namespace of
// "jms-sync://<cloud>/<region>/<instance-id>". It never depends on a name, an address or the account's name.
func AssetID(cloud Cloud, region, instance string) string {
	name := "jms-sync://" + string(cloud) + "/" + region + "/" + instance
	return uuid.NewSHA1(uuid.NameSpaceURL, []byte(name)).String()
}

// AnyRegion is the region of the failed listing of an account whose regions could not be listed. Each kind of
// instances has its own, see RegionOfKind.
const AnyRegion = "*"

// Listing is the outcome of listing one scope: complete with all its instances, or failed with none. There is
// nothing between.
type Listing struct {
	Scope
	Owner string // the cloud account's own id; "" = unknown
	// OwnerUnknown says that account_id alone tells the Owner: the cloud refuses to, or the API that would cannot be reached.
	OwnerUnknown bool
	Instances    []Instance
	// Projects are the parts of the account that were read, sorted; see Instance.Project. A complete listing
	// says nothing about other parts. nil = the account is not divided.
	Projects []string
	Err      error
}

// IsComplete reports whether the scope was read as a whole.
func (l Listing) IsComplete() bool { return l.Err == nil }

// FindResult is a cloud's answer when asked for instances by their ids, if no call failed.
type FindResult struct {
	Instances []Instance // those that exist, sorted by id
	// Weak has those of the absent ids whose absence only one kind of call shows, each with the reason why the
	// second kind shows nothing. nil = two kinds of calls agree on every absence.
	Weak map[string]error
	// Projects are the parts of the account that were asked, sorted; see Instance.Project. Instances in other
	// parts are not proved absent. nil = the account is not divided.
	Projects []string
}
