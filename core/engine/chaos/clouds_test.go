package chaos

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/aws"
	"github.com/jms-sync/jms-sync/core/cloud/aws/awstest"
	"github.com/jms-sync/jms-sync/core/cloud/azure"
	"github.com/jms-sync/jms-sync/core/cloud/azure/azuretest"
	"github.com/jms-sync/jms-sync/core/cloud/huawei"
	"github.com/jms-sync/jms-sync/core/cloud/huawei/huaweitest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/cloud/tencent"
	"github.com/jms-sync/jms-sync/core/cloud/tencent/tencenttest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// The names of the peers that are clouds.
const (
	alibabaCSP = "alibaba"
	huaweiCSP  = "huawei"
	awsCSP     = "aws"
	tencentCSP = "tencent"
	azureCSP   = "azure"
)

func isCloud(peer string) bool {
	return slices.Contains([]string{alibabaCSP, huaweiCSP, awsCSP, tencentCSP, azureCSP}, peer)
}

// openedKey is what a key of a cloud can reach: the machines of one cloud account.
type openedKey interface {
	put(m *machine)
	remove(m *machine)
	// hide makes lists leave out machines of a region, which everything else still shows; none = lists show all again.
	hide(region string, ids []string)
}

// emulatedCloud is the emulator of one cloud.
type emulatedCloud struct {
	cloud     inventory.Cloud
	spellings []string
	regions   []string
	handler   http.Handler
	owner     func(n int) string // the id of the nth cloud account
	id        func(n int) string // of the nth machine
	// open lets a key open the cloud account of an owner, and no other.
	open func(key, secret, owner string) openedKey
	// region returns the region of a request.
	region func(*http.Request) string
	// revoke takes the right to see instances from every key, in silence where the cloud does so, until it is given back.
	revoke func() (back func())

	keys map[string]keyState // by id
}

type keyState struct {
	owner string
	openedKey
}

// letOpen lets a key open the account of an owner, with its machines.
func (c *emulatedCloud) letOpen(key, secret, owner string, machines []*machine) {
	c.keys[key] = keyState{owner, c.open(key, secret, owner)}
	for _, m := range machines {
		if m.tenant.cloud == c && m.tenant.owner == owner { // also those that went while no key opened the account
			c.sync(m)
		}
	}
}

// sync puts a machine into its cloud, or takes it out.
func (c *emulatedCloud) sync(m *machine) {
	for _, k := range c.keys {
		switch {
		case k.owner != m.tenant.owner:
		case m.Alive:
			m.purged = false
			k.put(m)
		default:
			k.remove(m)
		}
	}
}

// hide makes the lists of an owner leave out some machines; none = they show all again.
func (c *emulatedCloud) hide(owner, region string, ids []string) {
	for _, k := range c.keys {
		if k.owner == owner {
			k.hide(region, ids)
		}
	}
}

// newClouds starts the emulators.
func (w *world) newClouds() []*emulatedCloud {
	page := []int{0, 2, 4}[w.rand.IntN(3)]
	return []*emulatedCloud{w.newAlibaba(page), w.newTencent(), w.newHuawei(), w.newAWS(), w.newAzure(page)}
}

func cloudProviders() []cloud.Provider {
	p := cloud.RetryPolicy{}
	return []cloud.Provider{alibaba.Provider(p), tencent.Provider(p), huawei.Provider(p), aws.Provider(p), azure.Provider(p)}
}

// regionRows is what the emulators that keep instances by region have in common.
type regionRows[T any] struct {
	rows interface {
		Put(region string, rows ...T)
		Remove(region string, ids ...string)
		Hide(region string, ids ...string)
	}
	// place returns where a machine is; nil = in its region.
	place func(*machine) string
	row   func(*machine) T
	bin   func(*T) // makes a row that of a machine in the cloud's recycle bin; nil = it has none
}

func (r regionRows[T]) at(m *machine) string {
	if r.place == nil {
		return m.Region
	}
	return r.place(m)
}

func (r regionRows[T]) put(m *machine) { r.rows.Put(r.at(m), r.row(m)) }

func (r regionRows[T]) remove(m *machine) {
	if r.bin == nil || !m.isInBin() {
		r.rows.Remove(r.at(m), m.ID)
		return
	}
	row := r.row(m)
	r.bin(&row)
	r.rows.Put(r.at(m), row)
}

func (r regionRows[T]) hide(region string, ids []string) { r.rows.Hide(region, ids...) }

func (m *machine) addresses() []string {
	if m.Address == "" {
		return nil
	}
	return []string{m.Address}
}

// ipv6s returns the IPv6 address that every other machine has beside its IPv4 address, and keeps while the cloud does not
// show that one: no host ever gets it.
func (m *machine) ipv6s() []string {
	m.hadIP = m.hadIP || m.Address != ""
	if !m.hadIP || strings.ContainsAny(m.ID[len(m.ID)-1:], "02468ace") {
		return nil
	}
	return []string{"2408:4005:0366:8700::" + m.ID[len(m.ID)-1:]}
}

func (w *world) newAlibaba(page int) *emulatedCloud {
	regions := []string{"cn-a", "cn-b", "cn-hangzhou"}
	s := alibabatest.New(alibabatest.Options{Reporter: w, Regions: regions, PageCap: page})
	return &emulatedCloud{
		cloud: alibabaCSP, spellings: []string{"阿里云", "aliyun"}, regions: regions[:2], handler: s, keys: map[string]keyState{},
		owner:  func(n int) string { return fmt.Sprintf("100%d", n) },
		id:     func(n int) string { return fmt.Sprintf("i-%04d", n) },
		region: func(r *http.Request) string { return r.URL.Query().Get("RegionId") },
		// An empty list; only a dry run tells.
		revoke: func() func() { return s.Break(alibabatest.Fault{Kind: alibabatest.NoPermission}) },
		open: func(key, secret, owner string) openedKey {
			a := s.AddAccount(alibabatest.Key{AccountID: owner, AccessKeyID: key, AccessKeySecret: secret})
			return regionRows[alibabatest.Instance]{rows: a, row: func(m *machine) alibabatest.Instance {
				return alibabatest.Instance{ID: m.ID, Name: m.Name, OSType: "linux", Status: m.status(), Type: "g7", VPC: "v", PrivateIPs: m.addresses(), Tags: m.allTags(), Created: m.createdText(),
					Interfaces: []alibabatest.Interface{{Type: "Primary", IPv6s: m.ipv6s()}}}
			}}
		},
	}
}

func (w *world) newTencent() *emulatedCloud {
	regions := []string{"ap-a", "ap-b", "ap-guangzhou"}
	s := tencenttest.New(tencenttest.Options{Reporter: w, Regions: regions})
	return &emulatedCloud{
		cloud: tencentCSP, spellings: []string{"腾讯云", "tencent"}, regions: regions[:2], handler: s, keys: map[string]keyState{},
		owner:  func(n int) string { return fmt.Sprintf("200%d", n) },
		id:     func(n int) string { return fmt.Sprintf("ins-%08d", n) },
		region: func(r *http.Request) string { return r.Header.Get("X-TC-Region") },
		revoke: func() func() { // an empty list; the second API tells
			one := s.Break(tencenttest.Fault{Kind: tencenttest.Empty, Action: tencenttest.DescribeInstances})
			two := s.Break(tencenttest.Fault{Kind: tencenttest.Unauthorized, Action: tencenttest.DescribeInstancesStatus})
			return func() {
				one()
				two()
			}
		},
		open: func(key, secret, owner string) openedKey {
			a := s.AddAccount(tencenttest.Key{AccountID: owner, AccessKeyID: key, AccessKeySecret: secret})
			return regionRows[tencenttest.Instance]{rows: a, bin: func(i *tencenttest.Instance) { i.Status = "SHUTDOWN" }, row: func(m *machine) tencenttest.Instance {
				return tencenttest.Instance{ID: m.ID, Name: m.Name, OSName: "TencentOS", Status: m.status(), Type: "S6", VPC: "v", PrivateIPs: m.addresses(), IPv6s: m.ipv6s(), Tags: m.allTags(), Created: m.createdText()}
			}}
		},
	}
}

// teamProject is the second project of Huawei's first region.
const teamProject = "cn-north-4_team"

// project returns the name of the machine's project: every third one of the first region is in the team's.
func (m *machine) project() string {
	if m.inTeam {
		return teamProject
	}
	return m.Region
}

func (w *world) newHuawei() *emulatedCloud {
	s := huaweitest.New(huaweitest.Options{Reporter: w})
	c := &emulatedCloud{
		cloud: huaweiCSP, spellings: []string{"华为云", "huawei"}, regions: []string{"cn-north-4", "cn-east-3"}, handler: s, keys: map[string]keyState{},
		owner: func(n int) string { return fmt.Sprintf("0a1b2c3d4e5f60718293a4b5c6d7e%03d", n) },
		id:    func(n int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", n*2654435761&0xffffffff, n) },
		region: func(r *http.Request) string {
			if !strings.Contains(r.URL.Path, "/cloudservers/") {
				return "iam"
			}
			project := strings.Split(r.URL.Path, "/")[2]
			return project[:min(6, len(project))]
		},
		revoke: func() func() { return s.Break(huaweitest.Fault{Kind: huaweitest.NoPermission}) },
	}
	c.open = func(key, secret, owner string) openedKey {
		a := s.AddAccount(huaweitest.Key{DomainID: owner, AccessKeyID: key, AccessKeySecret: secret})
		a.AddProject(teamProject)
		return regionRows[huaweitest.Instance]{rows: a, bin: func(i *huaweitest.Instance) { i.Status = "SOFT_DELETED" }, place: (*machine).project, row: func(m *machine) huaweitest.Instance {
			return huaweitest.Instance{ID: m.ID, Name: m.Name, HostName: "h", OSType: "Linux", ImageName: "Ubuntu", Status: m.status(), Tags: m.allTags(), Created: m.createdText(), Flavor: "s7", VPC: "v", Fixed: m.addresses(), IPv6s: m.ipv6s()}
		}}
	}
	return c
}

// projectID returns the id of a project of a Huawei account.
func projectID(c *emulatedCloud, key, name string) string {
	rows, _ := c.keys[key].openedKey.(regionRows[huaweitest.Instance])
	a, _ := rows.rows.(*huaweitest.Account)
	if a == nil {
		return ""
	}
	return a.ProjectID(name)
}

func (w *world) newAWS() *emulatedCloud {
	s := awstest.New(awstest.Options{Reporter: w})
	return &emulatedCloud{
		cloud: awsCSP, spellings: []string{"aws", "AWS"}, regions: []string{"us-east-1", "eu-central-1"}, handler: s, keys: map[string]keyState{},
		owner: func(n int) string { return fmt.Sprintf("30000000000%d", n) },
		id:    func(n int) string { return fmt.Sprintf("i-%017x", n) },
		region: func(r *http.Request) string {
			_, scope, _ := strings.Cut(r.Header.Get("Authorization"), "Credential=")
			parts := strings.Split(scope, "/")
			if len(parts) < 4 {
				return ""
			}
			return parts[2] + " " + parts[3]
		},
		revoke: func() func() { return s.Break(awstest.Fault{Kind: awstest.Unauthorized}) },
		open: func(key, secret, owner string) openedKey {
			a := s.AddAccount(awstest.Key{AccountID: owner, AccessKeyID: key, AccessKeySecret: secret})
			return regionRows[awstest.Instance]{rows: a, row: func(m *machine) awstest.Instance {
				i := awstest.Instance{ID: m.ID, Name: m.Name, PlatformDetails: "Linux/UNIX", State: m.status(), Tags: m.allTags(), Launched: m.createdText(), Type: "m7i", VPC: "vpc-1", PrivateIP: m.Address}
				if m.Address != "" {
					i.Interfaces = []awstest.Interface{{Addresses: []awstest.Address{{Private: m.Address, Primary: true}}}}
				}
				if v6 := m.ipv6s(); v6 != nil {
					i.Interfaces = append(i.Interfaces, awstest.Interface{Device: 1, IPv6s: v6})
				}
				return i
			}}
		},
	}
}

// azureTenant is the directory of all applications.
const azureTenant = "99999999-8888-4777-8666-555555555555"

// azureKey is a subscription that an application may read.
type azureKey struct {
	*azuretest.Subscription
}

func (a azureKey) put(m *machine) {
	vm := azuretest.VM{
		ID: m.ID, Name: m.Name, Group: "g-" + m.ID, Location: m.Region, HostName: "h", OSType: "Linux", Size: "D2", State: m.status(), Tags: m.allTags(), Created: m.createdText(),
	}
	if m.Address != "" {
		vm.NICs = []azuretest.NIC{{Name: m.ID + "-nic", Primary: true, Network: "Net/hub", Configs: []azuretest.Config{{Private: m.Address, Primary: true}}}}
	}
	if v6 := m.ipv6s(); v6 != nil {
		vm.NICs = append(vm.NICs, azuretest.NIC{Name: m.ID + "-nic6", Network: "Net/hub", Configs: []azuretest.Config{{Private: v6[0]}}})
	}
	a.Put(vm)
}

func (a azureKey) remove(m *machine) { a.Remove(m.ID) }

func (a azureKey) hide(_ string, ids []string) {
	a.Unhide(azuretest.ListMachines)
	a.Hide(azuretest.ListMachines, ids...)
}

func (w *world) newAzure(page int) *emulatedCloud {
	s := azuretest.New(azuretest.Options{Reporter: w, PageSize: page})
	c := &emulatedCloud{
		cloud: azureCSP, spellings: []string{"azure", "Azure"}, regions: []string{"eastus", "northeurope"}, handler: s, keys: map[string]keyState{},
		owner:  func(n int) string { return fmt.Sprintf("33333333-4444-4555-8666-7777777770%02d", n) },
		id:     func(n int) string { return fmt.Sprintf("%08x-5ab1-4e00-8000-%012x", n*2654435761&0xffffffff, n) },
		region: func(*http.Request) string { return "" },
		revoke: func() func() { return s.Break(peertest.Fault{Kind: azuretest.NoPermission}) },
	}
	// Several applications may read one subscription, and each only one.
	readers := map[string]string{} // subscriptions by application
	c.open = func(key, secret, owner string) openedKey {
		s.AddPrincipal(azuretest.Principal{Tenant: azureTenant, ClientID: key, Secret: secret})
		before := readers[key]
		readers[key] = owner
		var opened azureKey
		for _, subscription := range []string{before, owner} {
			if subscription == "" {
				continue
			}
			var all []string
			for reader, of := range readers {
				if of == subscription {
					all = append(all, reader)
				}
			}
			opened = azureKey{s.AddSubscription(subscription, all...)}
			for _, reader := range all {
				if reader != key {
					c.keys[reader] = keyState{subscription, opened}
				}
			}
			for _, m := range w.machines {
				if m.tenant.cloud == c && m.tenant.owner == subscription && m.Alive {
					opened.put(m)
				}
			}
		}
		return opened
	}
	return c
}
