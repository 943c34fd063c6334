package tencenttest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// Key is an API key and its account.
type Key struct {
	AccountID       string // the uin of the main account
	AccessKeyID     string // SecretId
	AccessKeySecret string // SecretKey
	SecurityToken   string // of temporary credentials; every call must then carry it
}

// Account is one cloud account with its instances.
type Account struct {
	*peertest.Regions[Instance]
	light  *peertest.Regions[LighthouseInstance]
	server *Server
	id     string
	secret string
	token  string
	denied []string // Lighthouse instances that a policy hides
	// expires is when temporary credentials end; zero = never.
	expires time.Time
}

// Instance is a machine of the emulator. Empty fields are empty in the answer too.
type Instance struct {
	ID, Name                     string
	OSName, Status, Type, VPC    string
	PrivateIPs, PublicIPs, IPv6s []string
	Zone                         string            // "" = zone 3 of the region that it was added to; "-" = none
	Tags                         map[string]string // Key → Value
	// What rules may ask for; "" = as the samples have it.
	Subnet, Image, Charge string
	Project               int    // 0 = the default one
	Created, Expires      string // CreatedTime and ExpiredTime, which is null for what is paid by use
	Groups                []string
	Raw                   json.RawMessage // if set, the answer in place of all fields above
}

// AddAccount creates an account with a key.
func (s *Server) AddAccount(k Key) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &Account{
		server: s, id: k.AccountID, secret: k.AccessKeySecret, token: k.SecurityToken,
		Regions: peertest.NewRegions(func(i Instance) string { return i.ID }), light: newLighthouseRegions(),
	}
	s.accounts[k.AccessKeyID] = a
	return a
}

// SetSecret changes the key's secret, as a rotation does.
func (a *Account) SetSecret(secret string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.secret = secret
}

// SampleInstance returns an ordinary running Linux machine with number i, for Fill.
func SampleInstance(i int) Instance {
	return Instance{
		ID: fmt.Sprintf("ins-%08x", i), Name: fmt.Sprintf("web-%05d", i), OSName: "TencentOS Server 3.1 (TK4)",
		Status: "RUNNING", Type: "S6.LARGE8", VPC: "vpc-2ze00001",
		PrivateIPs: []string{fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)},
	}
}

// visibleRows returns a region's instances as a call sees them, the newest first: DescribeInstances neither shows
// nor counts hidden ones, as with a policy on some resources.
func (a *Account) visibleRows(action, region string) []Instance {
	if action == DescribeInstances {
		return a.Newest(region)
	}
	return a.All(region)
}

// SampleIPv6Instance returns a machine that has only an IPv6 address, with number i of its kind, written
// as no standard form is.
func SampleIPv6Instance(i int) Instance {
	row := SampleInstance(0xa0000 + i)
	row.PrivateIPs, row.IPv6s = nil, []string{fmt.Sprintf("2408:4005:0366:8700::%X", i+10)}
	return row
}
