package azuretest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Principal is an application or a managed identity.
type Principal struct {
	Tenant, ClientID, Secret string
}

// Subscription is a subscription with its machines.
type Subscription struct {
	server        *Server
	id            string
	state         string
	readers       map[string]bool // by client id
	actions       []string
	notActions    []string
	groups        map[string]bool            // if not empty, the only resource groups in lists
	rows          map[string]VM              // ordinary machines, by key
	twins         []VM                       // further ones, with the id of another
	sets          map[string]Set             // by group/name
	hidden        map[string]map[string]bool // by action, see Hide
	graphSnapshot *Subscription              // what Resource Graph still shows; nil = the current state
}

// VM is a machine of the emulator. Empty fields are empty in the answer too.
type VM struct {
	ID                               string // vmId
	Name, Group, Location            string
	HostName, OSType, OSOffer, OSSKU string
	Image                            string // id of a custom image
	Size, State                      string
	NICs                             []NIC
	Tags                             map[string]string // nil = as the samples have them
	// What rules may ask for; "" = the answer does not say.
	Zone, Priority, Created string
	Raw                     json.RawMessage // if set, the answer in place of all fields above
}

// NIC is a network interface of a machine. Those with one name are the same interface.
type NIC struct {
	Name    string
	Primary bool
	Network string // group/name
	Configs []Config
	Hidden  bool // the machine names it, but no list has it
	// Subnet is that of Network, "" = default; SecurityGroup is "group/name", "" = none.
	Subnet, SecurityGroup string
}

// Config is an IP configuration.
type Config struct {
	Private, Public string
	Primary         bool
	Dynamic         bool // Public is not the account's own
}

// Set is a scale set. The machines of a flexible one are ordinary machines.
type Set struct {
	Name, Group, Location string
	Flexible              bool
	VMs                   []VM
}

// AddPrincipal creates an application with a secret.
func (s *Server) AddPrincipal(p Principal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.principals[p.ClientID] = &p
}

// SetIdentity sets the host's managed identity, and the secret by which App Service recognises its host
// ("" = the host is a virtual machine).
func (s *Server) SetIdentity(clientID, header string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.identity, s.header = &Principal{ClientID: clientID}, header
}

// AssignIdentity adds a managed identity to the host, for which tokens are asked by its client id.
func (s *Server) AssignIdentity(clientID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.assigned == nil {
		s.assigned = map[string]*Principal{}
	}
	s.assigned[clientID] = &Principal{ClientID: clientID}
}

// AddSubscription creates a subscription that some clients may read as a whole.
func (s *Server) AddSubscription(id string, readers ...string) *Subscription {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := &Subscription{
		server: s, id: strings.ToLower(id), state: "Enabled", readers: map[string]bool{}, actions: []string{"*/read"},
		rows: map[string]VM{}, sets: map[string]Set{},
	}
	for _, reader := range readers {
		sub.readers[reader] = true
	}
	s.subscriptions[sub.id] = sub
	return sub
}

// SetState changes the subscription's state: Enabled, Warned, PastDue, Disabled or Deleted.
func (a *Subscription) SetState(state string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.state = state
}

// Grant changes what readers may do on the subscription itself; groups are resource
// groups whose content they see all the same, as with a role on these.
func (a *Subscription) Grant(actions, except, groups []string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.actions, a.notActions, a.groups = actions, except, map[string]bool{}
	for _, group := range groups {
		a.groups[group] = true
	}
}

// Put adds machines, or replaces those with the same id.
func (a *Subscription) Put(machines ...VM) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	for _, vm := range machines {
		a.rows[vm.ID] = vm
	}
}

// PutTwin adds a machine that has the vmId of another one.
func (a *Subscription) PutTwin(vm VM) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.twins = append(a.twins, vm)
}

// PutSet adds a scale set, or replaces it.
func (a *Subscription) PutSet(set Set) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.sets[set.Group+"/"+set.Name] = set
}

// RemoveSet deletes a scale set.
func (a *Subscription) RemoveSet(group, name string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	delete(a.sets, group+"/"+name)
}

// Fill adds n machines to a location, each made by a function of its number from 0.
func (a *Subscription) Fill(location string, n int, at func(i int) VM) (ids []string) {
	for i := range n {
		vm := at(i)
		vm.Location = location
		a.Put(vm)
		ids = append(ids, vm.ID)
	}
	return ids
}

// Remove deletes machines; no ids = all ordinary ones.
func (a *Subscription) Remove(ids ...string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	if len(ids) == 0 {
		clear(a.rows)
	}
	for _, id := range ids {
		delete(a.rows, id)
	}
}

// SetStatus sets the provisioning state of machines.
func (a *Subscription) SetStatus(state string, ids ...string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	for _, id := range ids {
		vm := a.rows[id]
		vm.State = state
		a.rows[id] = vm
	}
}

// SampleVM returns an ordinary Linux machine with number i, for Fill.
func SampleVM(i int) VM {
	address := fmt.Sprintf("10.%d.%d.%d", i>>16&255, i>>8&255, i&255)
	return VM{
		ID: fmt.Sprintf("%08x-5ab1-4e00-8000-%012x", i*2654435761&0xffffffff, i), Name: fmt.Sprintf("web-%05d", i), Group: "Prod",
		HostName: fmt.Sprintf("web-%05d", i), OSType: "Linux", OSOffer: "ubuntu-24_04-lts", OSSKU: "server", Size: "Standard_D2s_v5", State: "Succeeded",
		NICs: []NIC{{Name: fmt.Sprintf("web-%05d-nic", i), Primary: true, Network: "Net/hub", Configs: []Config{{Private: address, Primary: true}}}},
	}
}

// Hide makes a list, or QueryGraph, omit rows that everything else still shows: machines by their vmId,
// interfaces and scale sets by their names, public addresses by the address itself.
func (a *Subscription) Hide(action string, names ...string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	if a.hidden == nil {
		a.hidden = map[string]map[string]bool{}
	}
	if a.hidden[action] == nil {
		a.hidden[action] = map[string]bool{}
	}
	for _, name := range names {
		a.hidden[action][name] = true
	}
}

// Unhide undoes Hide for an action.
func (a *Subscription) Unhide(action string) {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	delete(a.hidden, action)
}

// FreezeGraph makes Resource Graph lag behind: it shows the current state until ThawGraph.
func (a *Subscription) FreezeGraph() {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	frozen := *a
	frozen.rows, frozen.sets = maps.Clone(a.rows), maps.Clone(a.sets)
	a.graphSnapshot = &frozen
}

// ThawGraph makes Resource Graph show the current state again.
func (a *Subscription) ThawGraph() {
	a.server.mu.Lock()
	defer a.server.mu.Unlock()
	a.graphSnapshot = nil
}

// listRow is one row of a list: its key in the list's order, the name by which it can be hidden, and its document.
type listRow struct {
	key, name, group string
	doc              any
}

// listRows returns the rows of an action in the server's order, which is descending so that nobody relies
// on a sorted answer. Filtered lists omit groups that the caller may not see. The caller holds the lock.
func (a *Subscription) listRows(c *call) ([]listRow, *apiError) {
	var all []listRow
	set, found := a.findSet(c.group, c.set)
	if c.set != "" && !found {
		return nil, faultError(Gone)
	}
	switch c.action {
	case ListMachines:
		all = convertRows(slices.Concat(slices.Collect(maps.Values(a.rows)), a.twins), a.machine)
	case ListInterfaces:
		all = convertNICs(slices.Collect(maps.Values(a.rows)), a.nic)
	case ListAddresses:
		all = convertAddresses(slices.Collect(maps.Values(a.rows)), a.address)
	case ListSets:
		all = convertRows(slices.Collect(maps.Values(a.sets)), a.scaleSet)
	case ListSetMachines:
		all = convertRows(set.placedVMs(), a.setMachine)
	case ListSetInterfaces:
		all = convertNICs(set.placedVMs(), a.nic)
	case ListSetAddresses:
		all = convertAddresses(set.placedVMs(), a.address)
	}
	slices.SortFunc(all, func(x, y listRow) int { return strings.Compare(y.key, x.key) })
	all = slices.DeleteFunc(all, func(r listRow) bool { return a.hidden[c.action][r.name] })
	if len(a.groups) > 0 {
		all = slices.DeleteFunc(all, func(r listRow) bool { return !a.groups[r.group] })
	}
	return all, nil
}

func (a *Subscription) findSet(group, name string) (Set, bool) {
	for _, set := range a.sets {
		if strings.EqualFold(set.Group, group) && strings.EqualFold(set.Name, name) {
			return set, true
		}
	}
	return Set{}, false
}

// placedVM is a machine with its place: in a set, if that has a name.
type placedVM struct {
	VM
	set   Set
	index int
}

func (s Set) placedVMs() []placedVM {
	var all []placedVM
	for i, vm := range s.VMs {
		vm.Group, vm.Location = s.Group, s.Location
		all = append(all, placedVM{vm, s, i})
	}
	return all
}

// toPlaced returns the machine of a row as a placed one.
func toPlaced(row any) placedVM {
	if p, ok := row.(placedVM); ok {
		return p
	}
	vm, _ := row.(VM)
	return placedVM{VM: vm}
}

func convertRows[T any](rows []T, convert func(T) listRow) []listRow {
	var all []listRow
	for _, row := range rows {
		all = append(all, convert(row))
	}
	return all
}

func convertNICs[T any](rows []T, convert func(placedVM, NIC) listRow) []listRow {
	var all []listRow
	for _, row := range rows {
		p := toPlaced(row)
		for _, n := range p.NICs {
			if !n.Hidden {
				all = append(all, convert(p, n))
			}
		}
	}
	return all
}

func convertAddresses[T any](rows []T, convert func(placedVM, NIC, int) listRow) []listRow {
	var all []listRow
	for _, row := range rows {
		p := toPlaced(row)
		for _, n := range p.NICs {
			for i, config := range n.Configs {
				if config.Public != "" {
					all = append(all, convert(p, n, i))
				}
			}
		}
	}
	return all
}

// SampleIPv6VM returns a machine that has only an IPv6 address, with number i of its kind, written
// as no standard form is.
func SampleIPv6VM(i int) VM {
	row := SampleVM(0xa0000 + i)
	row.NICs[0].Configs = []Config{{Private: fmt.Sprintf("2408:4005:0366:8700::%X", i+10), Primary: true}}
	return row
}
