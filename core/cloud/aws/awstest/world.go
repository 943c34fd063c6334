package awstest

import (
	"fmt"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// Key is an access key and its account.
type Key struct {
	AccountID       string
	AccessKeyID     string
	AccessKeySecret string
	SessionToken    string // of a role; every call must then carry it
}

// issuedKey is a Key and when it expires.
type issuedKey struct {
	Key
	expires time.Time // zero = never
}

// role is a role that AssumeRole can assume.
type role struct {
	account string
	trusted []string // account ids
	// externalID has to be named by AssumeRole; "" = any.
	externalID string
}

// RequireExternalID makes a role's trust ask for an external id.
func (s *Server) RequireExternalID(arn, externalID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles[arn].externalID = externalID
}

// Account is one AWS account with its instances.
type Account struct {
	*peertest.Regions[Instance]
	id string
}

// Instance is a machine of the emulator. Empty fields are omitted in the answer.
type Instance struct {
	ID, Name                  string // Name is a tag
	PrivateDNS                string
	Platform, PlatformDetails string
	State, Type, VPC          string
	PrivateIP, PublicIP       string // the instance's own fields
	Interfaces                []Interface
	Zone                      string            // "" = a in the region that it was added to; "-" = none
	Reservation               string            // "" = one of its own
	Tags                      map[string]string // further ones
	// What rules may ask for; "" = as the samples have it.
	Subnet, Image string
	Lifecycle     string // "" = none: paid by use
	Launched      string // LaunchTime, that of the last start
	Attached      string // when the primary interface was attached; "" = the answer does not say
	Groups        []string
	Raw           string // if set, the <item> in place of all fields above
}

// Interface is a network interface of an instance.
type Interface struct {
	Card, Device int
	Addresses    []Address
	IPv6s        []string // the last one is the primary
	Groups       []string
}

// Address is a private address of an interface and its public one.
type Address struct {
	Private string
	Primary bool
	Public  string
	Owner   string // of Public: "amazon", or the account of an elastic address
}

// AddAccount adds a key to an account, and creates the account with its first key.
func (s *Server) AddAccount(k Key) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys[k.AccessKeyID] = &issuedKey{Key: k}
	return s.account(k.AccountID)
}

// account returns an account, and creates it if it is new; the caller holds the lock.
func (s *Server) account(id string) *Account {
	if s.accounts[id] == nil {
		s.accounts[id] = &Account{Regions: peertest.NewRegions(func(i Instance) string { return i.ID }), id: id}
	}
	return s.accounts[id]
}

// AddRole creates a role of an account that the keys of the trusted accounts may assume.
func (s *Server) AddRole(arn, account string, trusted ...string) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.roles[arn] = &role{account: account, trusted: trusted}
	return s.account(account)
}

// IssueKey issues a key for a session of a role, which expires after d. They are numbered from 1.
func (s *Server) IssueKey(account string, d time.Duration) (k Key, expires time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.issuedKeys++
	k = Key{
		AccountID: account, AccessKeyID: fmt.Sprintf("ASIAISSUED%010d", s.issuedKeys),
		AccessKeySecret: fmt.Sprintf("issued/secret+%04d", s.issuedKeys), SessionToken: fmt.Sprintf("IssuedToken//%04d+/w==", s.issuedKeys),
	}
	expires = s.Now().Add(d).Truncate(time.Second)
	s.keys[k.AccessKeyID] = &issuedKey{Key: k, expires: expires}
	return k, expires
}

// Remove releases instances as the cloud does; no ids = all of the region. Their rows stay as terminated, without
// network, for up to an hour, until Forget:
// https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/terminating-instances.html
func (a *Account) Remove(region string, ids ...string) {
	if len(ids) == 0 {
		for _, i := range a.All(region) {
			ids = append(ids, i.ID)
		}
	}
	a.Change(region, func(i *Instance) {
		i.State, i.VPC, i.PrivateIP, i.PublicIP, i.PrivateDNS, i.Interfaces = "terminated", "", "", "", "", nil
	}, ids...)
}

// Forget removes instances and their rows; no ids = all of the region.
func (a *Account) Forget(region string, ids ...string) { a.Regions.Remove(region, ids...) }

// SampleInstance returns an ordinary running Linux machine with number i, for Fill. Every three of them share
// a reservation, and the rows of some have no PlatformDetails, as old ones.
func SampleInstance(i int) Instance {
	details := "Linux/UNIX"
	if i%4 == 3 {
		details = ""
	}
	address := fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)
	return Instance{
		ID: fmt.Sprintf("i-%017x", i), Name: fmt.Sprintf("web-%05d", i), PrivateDNS: fmt.Sprintf("ip-10-%d-%d-%d.ec2.internal", i>>16&255, i>>8&255, i&255),
		PlatformDetails: details, State: "running", Type: "m7i.large", VPC: "vpc-0aaaaaaaaaaaaaaa1", PrivateIP: address,
		Interfaces:  []Interface{{Addresses: []Address{{Private: address, Primary: true}}}},
		Reservation: fmt.Sprintf("r-%017x", i/3),
	}
}

// SampleIPv6Instance returns a machine that has only an IPv6 address, with number i of its kind, written
// as no standard form is.
func SampleIPv6Instance(i int) Instance {
	row := SampleInstance(0xa0000 + i)
	row.PrivateIP, row.PrivateDNS = "", ""
	row.Interfaces = []Interface{{IPv6s: []string{"2408:4005:0366:8700::FFFF", fmt.Sprintf("2408:4005:0366:8700::%X", i+10)}}}
	return row
}
