package huaweitest

import (
	"crypto/md5"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/jms-sync/jms-sync/core/cloud/peertest"
)

// Key is an access key and its account.
type Key struct {
	DomainID        string
	AccessKeyID     string
	AccessKeySecret string
	SecurityToken   string // of an agency; every call must then carry it
}

// Account is one cloud account: its IAM projects, with their servers by the project's name, which is the
// id of a region.
type Account struct {
	*peertest.Regions[Instance]
	server   *Server
	domain   string
	key      string
	secret   string
	token    string
	agency   bool // its key belongs to an agency, not to a user: it has no projects of its own
	projects map[string]*project
	order    []string // ids of projects in IAM's order
	granted  map[string]bool
	deleted  map[string]Instance // what was released, by project and id; see Remove
}

// project is one IAM project.
type project struct {
	id, name string
	disabled bool
}

// Instance is a server of the emulator. Empty fields are empty in the answer too.
type Instance struct {
	ID, Name, HostName string
	OSType, ImageName  string // in metadata
	Status, Flavor     string
	VPC                string
	Fixed              []string // addresses of the VPC, the primary interface's first
	Floating           []string // public addresses
	IPv6s              []string // of the VPC, the primary interface's first
	EnterpriseProject  string   // "" = the default one
	// What rules may ask for; "" = as the samples have it.
	Zone, Subnet, Image    string
	ChargingMode           string // "" = "0": paid by use
	Created, AutoTerminate string
	Groups                 []string
	Tags                   map[string]string
	Raw                    json.RawMessage // if set, the answer in place of all fields above
}

// AddAccount creates an account with a key, and with the projects cn-east-3, cn-north-4,
// ap-southeast-1 and MOS, which is no region.
func (s *Server) AddAccount(k Key) *Account {
	s.mu.Lock()
	a := &Account{
		server: s, domain: k.DomainID, key: k.AccessKeyID, secret: k.AccessKeySecret, token: k.SecurityToken,
		Regions: peertest.NewRegions(func(i Instance) string { return i.ID }), projects: map[string]*project{}, granted: map[string]bool{"": true}, deleted: map[string]Instance{},
	}
	s.accounts[k.AccessKeyID] = a
	s.mu.Unlock()
	for _, name := range []string{"cn-north-4", "MOS", "cn-east-3", "ap-southeast-1"} {
		a.AddProject(name)
	}
	return a
}

// AddProject creates a project and returns its id; a sub-project is named "<region>_<name>".
func (a *Account) AddProject(name string) string {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	id := a.projectIDOf(name)
	if a.projects[id] == nil {
		a.projects[id] = &project{id: id, name: name}
		a.order = append(a.order, id)
	}
	return id
}

// RemoveProject removes a project from IAM's lists, or disables it.
func (a *Account) RemoveProject(name string, disable bool) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	id := a.projectIDOf(name)
	if disable {
		a.projects[id].disabled = true
		return
	}
	delete(a.projects, id)
	a.Regions.Remove(name)
	a.order = slices.DeleteFunc(a.order, func(other string) bool { return other == id })
}

// Remove releases servers as the cloud does; no ids = all of the project. Lists do not have them any more, and whoever
// asks for one by its id is shown its row with the status DELETED, until Forget:
// https://github.com/huaweicloud/terraform-provider-huaweicloud, resource_huaweicloud_compute_instance.go
func (a *Account) Remove(project string, ids ...string) {
	if len(ids) == 0 {
		for _, i := range a.All(project) {
			ids = append(ids, i.ID)
		}
	}
	a.server.mu.Lock()
	for _, id := range ids {
		if row, there := a.Get(project, id); there {
			row.Status = "DELETED"
			a.deleted[project+"/"+id] = row
		}
	}
	a.server.mu.Unlock()
	a.Regions.Remove(project, ids...)
}

// Forget removes servers and all trace of them: whoever asks for one is told that there is none.
func (a *Account) Forget(project string, ids ...string) {
	a.Remove(project, ids...)
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	for _, id := range ids {
		delete(a.deleted, project+"/"+id)
	}
}

// ProjectID returns the id of the project with this name.
func (a *Account) ProjectID(name string) string { return a.projectIDOf(name) }

func (a *Account) projectIDOf(name string) string {
	return fmt.Sprintf("%x", md5.Sum([]byte(a.domain+"/"+name)))
}

// MakeAgency makes the key that of an agency, to which IAM's list of a user's projects shows none.
func (a *Account) MakeAgency() {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.agency = true
}

// Grant sets whether the key may see an enterprise project; it sees the default one ("").
func (a *Account) Grant(enterpriseProject string, may bool) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.granted[enterpriseProject] = may
}

// SetSecret changes the key's secret, as a rotation does.
func (a *Account) SetSecret(secret string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.secret = secret
}

// SampleInstance returns an ordinary running Linux server with number i, for Fill.
func SampleInstance(i int) Instance {
	return Instance{
		ID: fmt.Sprintf("%08x-0000-4000-8000-%012x", i*2654435761&0xffffffff, i), Name: fmt.Sprintf("web-%05d", i), HostName: fmt.Sprintf("web-%05d", i),
		OSType: "Linux", ImageName: "Ubuntu 22.04 server 64bit", Status: "ACTIVE", Flavor: "s7n.large.2",
		VPC: "9f6c2f0e-0000-4000-8000-000000000001", Fixed: []string{fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)},
	}
}

// visibleIDs returns the ids that the key may see, the newest first as Nova lists them; the caller holds the lock.
func (a *Account) visibleIDs(p *project) []string {
	var ids []string
	for _, row := range a.Newest(p.name) {
		if a.granted[row.EnterpriseProject] {
			ids = append(ids, row.ID)
		}
	}
	return ids
}

// SampleIPv6Instance returns a machine that has only an IPv6 address, with number i of its kind, written
// as no standard form is.
func SampleIPv6Instance(i int) Instance {
	row := SampleInstance(0xa0000 + i)
	row.Fixed, row.IPv6s = nil, []string{fmt.Sprintf("2408:4005:0366:8700::%X", i+10)}
	return row
}
