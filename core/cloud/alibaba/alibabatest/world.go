package alibabatest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
)

// Key is an access key and the account to which it belongs.
type Key struct {
	AccountID       string
	AccessKeyID     string
	AccessKeySecret string
	SecurityToken   string // of a role; must then come with every call
}

// Account is one cloud account with its instances.
type Account struct {
	server *Server
	id     string
	key    string
	secret string
	token  string
	ends   time.Time         // of the key; zero = never
	places map[string]*place // by region
}

// place is one region of an account; order holds the ids descending and is nil when stale.
type place struct {
	rows  map[string]Instance
	order []string
}

// Instance is a machine of the emulator. What is empty is empty in the answer too.
type Instance struct {
	ID, Name, HostName       string
	OSType, OSName, OSNameEn string
	Status, Type, VPC        string
	PrivateIPs               []string // VpcAttributes
	Interfaces               []Interface
	InnerIPs                 []string // classic network
	EIP                      string
	PublicIPs                []string
	RegionID                 string            // "" = the region it was put into; "-" = none
	Tags                     map[string]string // TagKey → TagValue
	Raw                      json.RawMessage   // if set, answered in place of all the above
}

// Interface is a network interface of an instance.
type Interface struct {
	Type      string // "Primary" or "Secondary"
	Primary   string // PrimaryIpAddress
	Addresses []string
}

// AddAccount makes an account that its key opens.
func (s *Server) AddAccount(k Key) *Account {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &Account{
		server: s, id: k.AccountID, key: k.AccessKeyID, secret: k.AccessKeySecret, token: k.SecurityToken,
		places: map[string]*place{},
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

// Put adds instances to a region, or replaces those with the same id.
func (a *Account) Put(region string, instances ...Instance) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	p := a.place(region)
	for _, i := range instances {
		p.rows[i.ID] = i
	}
	p.order = nil
}

// Fill puts n instances into a region, each made by a function of its number from 0.
func (a *Account) Fill(region string, n int, at func(i int) Instance) {
	instances := make([]Instance, n)
	for i := range instances {
		instances[i] = at(i)
	}
	a.Put(region, instances...)
}

// Remove releases instances; no ids = all of the region.
func (a *Account) Remove(region string, ids ...string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	p := a.place(region)
	if len(ids) == 0 {
		clear(p.rows)
	}
	for _, id := range ids {
		delete(p.rows, id)
	}
	p.order = nil
}

// Sample is a plain running Linux machine with number i, for Fill.
func Sample(i int) Instance {
	address := fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)
	return Instance{
		ID: fmt.Sprintf("i-%016x", i), Name: fmt.Sprintf("web-%05d", i), HostName: fmt.Sprintf("iZ%08x", i),
		OSType: "linux", OSName: "Ubuntu  22.04 64位", OSNameEn: "Ubuntu  22.04 64 bit",
		Status: "Running", Type: "ecs.g7.large", VPC: "vpc-2ze000000000000000001",
		PrivateIPs: []string{address},
		Interfaces: []Interface{{Type: "Primary", Primary: address, Addresses: []string{address}}},
	}
}

// place gives a region of the account; the lock is held.
func (a *Account) place(region string) *place {
	p := a.places[region]
	if p == nil {
		p = &place{rows: map[string]Instance{}}
		a.places[region] = p
	}
	return p
}

// page gives up to n instances after a cursor (an id, "" for the start) in the server's order,
// which is descending so that nobody relies on a sorted answer. next is "" at the end. The
// cursor is a key, not a place: a changing fleet neither hides nor repeats a lasting instance.
func (a *Account) page(region, after string, n int) (rows []Instance, next string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	p := a.place(region)
	if p.order == nil {
		p.order = slices.Sorted(maps.Keys(p.rows))
		slices.Reverse(p.order)
	}
	from := 0
	if after != "" {
		at, met := slices.BinarySearchFunc(p.order, after, func(id, want string) int {
			switch {
			case id > want:
				return -1
			case id < want:
				return 1
			}
			return 0
		})
		if from = at; met {
			from++
		}
	}
	to := min(from+n, len(p.order))
	for _, id := range p.order[from:to] {
		rows = append(rows, p.rows[id])
	}
	if to < len(p.order) {
		next = p.order[to-1]
	}
	return rows, next
}

// byID gives those of the named instances that exist.
func (a *Account) byID(region string, ids []string) []Instance {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	var rows []Instance
	for _, id := range slices.Compact(slices.Sorted(slices.Values(ids))) {
		if row, ok := a.place(region).rows[id]; ok {
			rows = append(rows, row)
		}
	}
	return rows
}
