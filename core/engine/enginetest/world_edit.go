package enginetest

import (
	"cmp"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// CloudEdit is what happens in one region of an account.
type CloudEdit struct {
	Account string     `json:"account"` // "" = the first
	Region  string     `json:"region"`  // "" = cn-beijing
	Put     []Instance `json:"put"`
	Fill    int        `json:"fill"` // so many plain ones, web-00000 and on
	Remove  []string   `json:"remove"`
	Empty   bool       `json:"empty"` // releases all
	Hide    []string   `json:"hide"`  // the list loses these
	Show    bool       `json:"show"`  // the list shows all again
	// Names and IPs of instances that are there, by id.
	Rename map[string]string `json:"rename"`
	Move   map[string]string `json:"move"`
	Rotate bool              `json:"rotate"` // the key's secret
	// Statuses and tags of instances that are there, by id.
	Status map[string]string            `json:"status"`
	Tag    map[string]map[string]string `json:"tag"` // all tags of each
}

// Instance is a machine; what is empty gets the value of a plain Linux machine.
type Instance struct {
	ID, Name string
	HostName string `json:"hostname"`
	IP       string `json:"ip"` // "none" = without any
	EIP      string `json:"eip"`
	Inner    string `json:"inner"`
	OSType   string `json:"os_type"`
	OSName   string `json:"os_name"`
	Status   string `json:"status"`

	// What rules may ask for.
	Tags          map[string]string `json:"tags"`
	Zone          string            `json:"zone"`
	VPC           string            `json:"vpc"`
	Subnet        string            `json:"subnet"`
	Groups        []string          `json:"groups"`
	ResourceGroup string            `json:"resource_group"`
	Image         string            `json:"image"`
	Charge        string            `json:"charge"`
	Spot          string            `json:"spot"`
	Created       string            `json:"created"` // "2026-11-28T00:00Z"
}

// EditCloud edits what runs in a region.
func (w *World) EditCloud(e CloudEdit) {
	w.T.Helper()
	a := w.Account(e.Account)
	if e.Region == "" {
		e.Region = "cn-beijing"
	}
	for _, i := range e.Put {
		w.putMachine(a, e.Region, newMachine(i))
	}
	for n := range e.Fill {
		w.putMachine(a, e.Region, alibabatest.SampleInstance(n))
	}
	for id, name := range e.Rename {
		i := w.machineByID(a, e.Region, id)
		i.Name = name
		w.putMachine(a, e.Region, i)
	}
	for id, ip := range e.Move {
		i := w.machineByID(a, e.Region, id)
		i.PrivateIPs, i.Interfaces = []string{ip}, nil
		switch {
		case ip == "none":
			i.PrivateIPs = nil
		case strings.Contains(ip, ":"):
			i.PrivateIPs, i.Interfaces = nil, []alibabatest.Interface{{Type: "Primary", IPv6s: i.PrivateIPs}}
		}
		w.putMachine(a, e.Region, i)
	}
	for id, status := range e.Status {
		i := w.machineByID(a, e.Region, id)
		i.Status = status
		w.putMachine(a, e.Region, i)
	}
	for id, tags := range e.Tag {
		i := w.machineByID(a, e.Region, id)
		i.Tags = tags
		w.putMachine(a, e.Region, i)
	}
	if len(e.Remove) > 0 || e.Empty {
		a.Cloud.Remove(e.Region, e.Remove...)
	}
	if len(e.Hide) > 0 || e.Show {
		a.Cloud.Hide(e.Region, e.Hide...)
	}
	if e.Rotate {
		a.Cloud.SetSecret("another-secret")
	}
}

func (w *World) putMachine(a *Account, region string, i alibabatest.Instance) {
	a.instances[region+" "+i.ID] = i
	a.Cloud.Put(region, i)
}

func (w *World) machineByID(a *Account, region, id string) alibabatest.Instance {
	w.T.Helper()
	i, ok := a.instances[region+" "+id]
	if !ok {
		w.T.Fatalf("no instance %s in %s", id, region)
	}
	return i
}

// newMachine returns an address of its own to each id that has none.
func newMachine(i Instance) alibabatest.Instance {
	m := alibabatest.Instance{
		ID: i.ID, Name: i.Name, HostName: i.HostName, OSType: "linux", OSName: "Ubuntu  22.04 64位", Status: "Running",
		Type: "ecs.g7.large", VPC: cmp.Or(i.VPC, "vpc-1"), EIP: i.EIP, Tags: i.Tags, Zone: i.Zone, Subnet: i.Subnet, Groups: i.Groups,
		ResourceGroup: i.ResourceGroup, Image: i.Image, Charge: i.Charge, Spot: i.Spot, Created: i.Created,
	}
	if i.OSType != "" || i.OSName != "" {
		m.OSType, m.OSName = strings.TrimPrefix(i.OSType, "-"), i.OSName
	}
	if i.Status != "" {
		m.Status = i.Status
	}
	if i.Inner != "" {
		m.InnerIPs = []string{i.Inner}
	}
	switch i.IP {
	case "none":
	case "":
		sum := 0
		for _, r := range i.ID {
			sum = sum*31 + int(r)
		}
		m.PrivateIPs = []string{fmt.Sprintf("10.9.%d.%d", sum>>8&255, sum&255)}
	default:
		m.PrivateIPs = []string{i.IP}
		if strings.Contains(i.IP, ":") {
			m.PrivateIPs, m.Interfaces = nil, []alibabatest.Interface{{Type: "Primary", IPv6s: m.PrivateIPs}}
		}
	}
	return m
}

// HostEdit is what a person does in JumpServer.
type HostEdit struct {
	Host     string    `json:"host"` // an instance's id, or a name
	Active   *bool     `json:"active"`
	Name     string    `json:"name"`
	Address  string    `json:"address"`
	Comment  *string   `json:"comment"`
	Label    []string  `json:"label"`   // put on
	Unlabel  []string  `json:"unlabel"` // taken off: those that begin so
	Port     int       `json:"port"`    // of its first protocol
	Nodes    []string  `json:"nodes"`
	Zone     string    `json:"zone"` // by its name
	Platform string    `json:"platform"`
	Delete   bool      `json:"delete"`
	Clone    string    `json:"clone"` // as a new host of this name
	Add      *NewHost  `json:"add"`
	Other    string    `json:"database"`    // adds a database of this name
	Many     int       `json:"many"`        // adds so many plain hosts
	Row      string    `json:"label_row"`   // adds a row to the label page
	Node     string    `json:"rename_node"` // the node at this path, to Name
	Org      *otherOrg `json:"organisation"`
}

// NewHost is a host that people add.
type NewHost struct {
	Name, Address, Comment string
	Labels, Nodes          []string
	Platform               string
	Off                    bool
}

// otherOrg is a second organisation; Holds are instances whose asset ids it has.
type otherOrg struct {
	ID, Name string
	Holds    []string
}

// Interruption is edits that are made right before the first request that matches is answered.
type Interruption struct {
	On     string      `json:"on"` // "cloud", else JumpServer
	Method string      `json:"method"`
	Path   string      `json:"part"`
	After  int         `json:"after"` // so many matching requests go before
	People []HostEdit  `json:"people"`
	Cloud  []CloudEdit `json:"cloud"`
}

// ArmInterruptions arms the edits of one run.
func (w *World) ArmInterruptions(all []Interruption) {
	seen := make([]atomic.Int32, len(all))
	hook := func(side string) func(*http.Request) {
		return func(r *http.Request) {
			for n, m := range all {
				if m.On == side && jumpservertest.MatchRequest(m.Method, m.Path)(r) && int(seen[n].Add(1)) == m.After+1 {
					w.interrupt(m)
				}
			}
		}
	}
	w.JumpServer.OnRequest(hook(""))
	asked := hook("cloud")
	w.OnCloud.Store(&asked)
}

func (w *World) interrupt(m Interruption) {
	w.editing.Lock()
	defer w.editing.Unlock()
	w.EditHosts(m.People)
	for _, e := range m.Cloud {
		w.EditCloud(e)
	}
}

// EditHosts edits hosts as people do.
func (w *World) EditHosts(all []HostEdit) {
	w.T.Helper()
	for _, e := range all {
		w.EditHost(e)
	}
}

// EditHost edits a host as people do.
func (w *World) EditHost(e HostEdit) {
	w.T.Helper()
	if w.addToJumpServer(e) {
		return
	}
	id := w.AssetOf(e.Host)
	was, there := w.FindHost(id)
	switch {
	case !there:
		w.T.Errorf("no host %q to edit", e.Host)
	case e.Delete:
		w.JumpServer.DeleteAsset(jumpservertest.DefaultOrg, id)
	case e.Clone != "":
		was.ID, was.Name = "", e.Clone
		w.JumpServer.Seed(jumpservertest.DefaultOrg, was)
	default:
		zone := w.zoneID(e.Zone) // not below, where the server holds its lock
		w.JumpServer.Edit(jumpservertest.DefaultOrg, id, func(h *jumpservertest.Host) { e.apply(h, zone) })
	}
}

// addToJumpServer makes what was not there; it reports whether the edit was of this kind.
func (w *World) addToJumpServer(e HostEdit) bool {
	const org = jumpservertest.DefaultOrg
	switch {
	case e.Add != nil:
		w.JumpServer.Seed(org, jumpservertest.Host{
			Name: e.Add.Name, Address: e.Add.Address, Comment: e.Add.Comment, Labels: e.Add.Labels,
			Platform: e.Add.Platform, Nodes: e.Add.Nodes, Active: !e.Add.Off,
		})
	case e.Other != "":
		w.JumpServer.SeedOther(org, e.Other, "database")
	case e.Node != "":
		w.JumpServer.RenameNode(org, e.Node, e.Name)
	case e.Row != "":
		w.JumpServer.SeedLabel(org, e.Row)
	case e.Org != nil:
		w.JumpServer.AddOrg(e.Org.ID, e.Org.Name)
		for _, id := range e.Org.Holds {
			w.JumpServer.Seed(e.Org.ID, jumpservertest.Host{ID: w.AssetOf(id), Name: "held-" + id, Address: "10.0.0.1", Active: true})
		}
	case e.Many > 0:
		for n := range e.Many {
			w.JumpServer.Seed(org, jumpservertest.Host{Name: fmt.Sprintf("plain-%05d", n), Address: "10.8.0.1", Active: true})
		}
	default:
		return false
	}
	return true
}

func (e HostEdit) apply(h *jumpservertest.Host, zone string) {
	if e.Active != nil {
		h.Active = *e.Active
	}
	if e.Name != "" {
		h.Name = e.Name
	}
	if e.Address != "" {
		h.Address = e.Address
	}
	if e.Comment != nil {
		h.Comment = *e.Comment
	}
	for _, begin := range e.Unlabel {
		h.Labels = slices.DeleteFunc(h.Labels, func(l string) bool { return strings.HasPrefix(l, begin) })
	}
	h.Labels = append(h.Labels, e.Label...)
	if e.Port > 0 {
		h.Protocols[0].Port = e.Port
	}
	if e.Nodes != nil {
		h.Nodes = e.Nodes
	}
	if zone != "" {
		h.Zone = zone
	}
	if e.Platform != "" {
		h.Platform = e.Platform
	}
}
