package alibabatest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// Key is an access key and its account.
type Key struct {
	AccountID       string
	AccessKeyID     string
	AccessKeySecret string
	SecurityToken   string // of a role; every call must then carry it
}

// Account is one cloud account with its instances.
type Account struct {
	*peertest.Regions[Instance]
	server  *Server
	id      string
	key     string
	secret  string
	token   string
	expires time.Time // of the key; zero = never
	denied  map[string]bool
	swas    *peertest.Regions[SWASServer]
}

// Instance is a machine of the emulator. Empty fields are empty in the answer too.
type Instance struct {
	ID, Name, HostName       string
	OSType, OSName, OSNameEn string
	Status, Type, VPC        string
	PrivateIPs               []string // VpcAttributes
	Interfaces               []Interface
	InnerIPs                 []string // classic network
	EIP                      string
	PublicIPs                []string
	RegionID                 string            // "" = the region that it was added to; "-" = none
	Tags                     map[string]string // TagKey → TagValue
	// What rules may ask for; "" = as the samples have it.
	Zone, Subnet, ResourceGroup, Image string
	Charge, Spot                       string // InstanceChargeType and SpotStrategy
	Created, Expires                   string // CreationTime and ExpiredTime
	Groups                             []string
	Raw                                json.RawMessage // if set, the answer in place of all fields above
}

// Interface is a network interface of an instance.
type Interface struct {
	Type      string // "Primary" or "Secondary"
	Primary   string // PrimaryIpAddress
	Addresses []string
	IPv6s     []string
}

// AddAccount creates an account with a key.
func (s *Server) AddAccount(k Key) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &Account{
		server: s, id: k.AccountID, key: k.AccessKeyID, secret: k.AccessKeySecret, token: k.SecurityToken,
		Regions: newRegions(), swas: newSWASRegions(),
	}
	s.accounts[k.AccessKeyID] = a
	return a
}

// DenyInstances makes a policy deny the key all calls that name one of these instances.
func (a *Account) DenyInstances(ids ...string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	if a.denied == nil {
		a.denied = map[string]bool{}
	}
	for _, id := range ids {
		a.denied[id] = true
	}
}

func (a *Account) isDenied(id string) bool {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	return a.denied[id]
}

// SetSecret changes the key's secret, as a rotation does.
func (a *Account) SetSecret(secret string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.secret = secret
}

// SampleInstance returns an ordinary running Linux machine with number i, for Fill.
func SampleInstance(i int) Instance {
	address := fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)
	return Instance{
		ID: fmt.Sprintf("i-%016x", i), Name: fmt.Sprintf("web-%05d", i), HostName: fmt.Sprintf("iZ%08x", i),
		OSType: "linux", OSName: "Ubuntu  22.04 64位", OSNameEn: "Ubuntu  22.04 64 bit",
		Status: "Running", Type: "ecs.g7.large", VPC: "vpc-2ze000000000000000001",
		PrivateIPs: []string{address},
		Interfaces: []Interface{{Type: "Primary", Primary: address, Addresses: []string{address}}},
	}
}

// SampleIPv6Instance returns a machine that has only an IPv6 address, with number i of its kind, written
// as no standard form is.
func SampleIPv6Instance(i int) Instance {
	row := SampleInstance(0xa0000 + i)
	row.PrivateIPs = nil
	row.Interfaces = []Interface{{Type: "Secondary", IPv6s: []string{"fe80::1"}}, {Type: "Primary", IPv6s: []string{fmt.Sprintf("2408:4005:0366:8700::%X", i+10)}}}
	return row
}

func newRegions() *peertest.Regions[Instance] {
	return peertest.NewRegions(func(i Instance) string { return i.ID })
}
