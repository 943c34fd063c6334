package main

import (
	"net/netip"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/session"
)

// instanceKeys are the keys of an instance in an expectation: those of conditions, and those of explain --json. The last
// ones are what explain tells and no rule asks for.
func instanceKeys() []string {
	return []string{
		"cloud", "account", "region", "kind", "zone", "vpc", "subnet", "group", "groups", "resource_group", "project", "type", "image", "charge",
		"os", "os_name", "name", "hostname", "id", "status", "ip", "eip", "private_ips", "public_ips", "classic_ips", "ipv6s", "elastic_ips", "tags", "tags_unread", "addresses_partial",
		"owner", "existence", "created_at", "expires_at",
	}
}

// instanceReader reads one instance of an expectation.
type instanceReader struct {
	*expectationReader
	cfg   config.Config
	found inventory.Instance
	kind  string
	cloud string // as it is written
	eips  []string
}

// readInstance reads an instance, and returns it with its account.
func (r *expectationReader) readInstance(n *yaml.Node, cfg config.Config) (inventory.Instance, config.Cloud) {
	i := &instanceReader{expectationReader: r, cfg: cfg}
	i.found.Facts = &inventory.Facts{}
	for _, p := range r.group(n, instanceKeys()) {
		i.read(p)
	}
	account := i.account(n)
	i.complete(account, n)
	return i.found, account
}

// read reads one key.
func (i *instanceReader) read(p yamlPair) {
	facts := i.found.Facts
	one := map[string]*string{
		"account": &i.found.Account, "cloud": &i.cloud, "kind": &i.kind, "region": &i.found.Region, "zone": &facts.Zone, "vpc": &i.found.VPC, "subnet": &facts.Subnet,
		"resource_group": &facts.ResourceGroup, "project": &i.found.Project, "type": &i.found.Type, "image": &facts.Image, "charge": &facts.Charge, "os_name": &i.found.OSName,
		"name": &i.found.Name, "hostname": &i.found.HostName, "id": &i.found.ID, "status": &i.found.Status, "owner": &i.found.Owner,
	}[p.name]
	several := map[string]*[]string{
		"group": &facts.Groups, "groups": &facts.Groups, "private_ips": &i.found.PrivateIPs, "public_ips": &i.found.PublicIPs, "classic_ips": &i.found.ClassicIPs,
		"ipv6s": &i.found.IPv6s, "eip": &i.eips,
	}[p.name]
	switch {
	case one != nil:
		*one = i.text(p.value)
	case several != nil:
		*several = append(*several, i.texts(p.value)...)
	case p.name == "os":
		i.readSystem(i.text(p.value))
	case p.name == "ip":
		i.readAddresses(p.value)
	case p.name == "elastic_ips":
		facts.Elastic = i.number(p.value)
	case p.name == "tags":
		facts.Tags = i.readTags(p.value)
	case p.name == "tags_unread":
		facts.TagsUnread = i.flag(p.value)
	case p.name == "addresses_partial":
		i.found.AddressesPartial = i.flag(p.value)
	}
}

// readSystem reads linux, windows or other, or the name of a system.
func (i *instanceReader) readSystem(text string) {
	switch strings.ToLower(text) {
	case "linux", "windows":
		i.found.OSType = strings.ToLower(text)
	case "other", "":
	default:
		i.found.OSName = text
	}
}

// readAddresses reads addresses of any kind.
func (i *instanceReader) readAddresses(n *yaml.Node) {
	for _, text := range i.texts(n) {
		ip, err := netip.ParseAddr(text)
		switch {
		case err != nil:
			i.fault(n, language.Newf("%q 不是 IP 地址", "%q is no IP address", text))
		case ip.Is6() && !ip.Is4In6():
			i.found.IPv6s = append(i.found.IPv6s, text)
		case ip.IsPrivate():
			i.found.PrivateIPs = append(i.found.PrivateIPs, text)
		default:
			i.found.PublicIPs = append(i.found.PublicIPs, text)
		}
	}
}

// readTags reads tags: a group, or a list of {key, value} as explain --json has it.
func (i *instanceReader) readTags(n *yaml.Node) []inventory.Tag {
	var tags []inventory.Tag
	if n.Kind == yaml.SequenceNode {
		for _, item := range n.Content {
			var tag inventory.Tag
			for _, p := range i.group(item, []string{"key", "value"}) {
				if p.name == "key" {
					tag.Key = i.text(p.value)
				} else {
					tag.Value = i.text(p.value)
				}
			}
			tags = append(tags, tag)
		}
	} else {
		for _, p := range i.group(n, nil) {
			tags = append(tags, inventory.Tag{Key: p.name, Value: i.text(p.value)})
		}
	}
	slices.SortFunc(tags, func(a, b inventory.Tag) int { return strings.Compare(a.Key, b.Key) })
	return tags
}

// account returns the account of the instance: the one that it names, or else the only one, or the only one of its cloud.
func (i *instanceReader) account(n *yaml.Node) config.Cloud {
	var all []config.Cloud
	var names []string
	for _, c := range i.cfg.Clouds {
		if c.Cloud == "" { // accounts that are switched off are not checked
			c.Cloud = session.Clouds().Parse(c.Type)
		}
		isOfCloud := i.cloud == "" || c.Cloud == session.Clouds().Parse(i.cloud)
		if isOfCloud && (i.found.Account == "" || c.Name == i.found.Account) {
			all = append(all, c)
		}
		names = append(names, c.Name)
	}
	switch {
	case len(all) == 1:
		return all[0]
	case len(all) > 1:
		i.fault(n, language.New("instance 属于哪个账号？写上 account", "to which account does the instance belong? Set account"))
	case i.cloud != "" && session.Clouds().Parse(i.cloud) == "":
		i.fault(n, language.Newf("没有 %q 这种云", "there is no cloud %q", i.cloud))
	default:
		i.fault(n, unknownAccount(i.found.Account, names))
	}
	return config.Cloud{}
}

func unknownAccount(name string, names []string) language.Text {
	near := language.Nearest(name, names)
	if name != "" && near != "" && near != name {
		return language.Newf("配置里没有账号 %q；是不是 %s？", "the configuration has no account %q; is it %s?", name, near)
	}
	return language.Newf("配置里没有这样的账号；有 %s", "the configuration has no such account; there are %s", strings.Join(names, ", "))
}

// complete adds what an expectation need not say.
func (i *instanceReader) complete(account config.Cloud, n *yaml.Node) {
	info := session.Clouds().Find(account.Cloud)
	i.found.Account, i.found.Cloud = account.Name, account.Cloud
	if i.found.Region == "" && len(account.Regions) > 0 {
		i.found.Region = account.Regions[0]
	}
	kinds := info.KindNames()
	switch {
	case i.kind != "" && !slices.Contains(kinds, i.kind) && account.Name != "":
		i.fault(n, language.Newf("账号 %s 的云没有 %q 这种实例", "the cloud of account %s has no kind %q of instances", account.Name, i.kind))
	case i.kind != "" && inventory.KindOfRegion(i.found.Region) == "":
		i.found.Region = inventory.RegionOfKind(i.found.Region, info.ScopeKinds([]string{i.kind})[0])
	}
	if i.found.ID == "" {
		i.found.ID = "i-1"
	}
	if i.found.Status == "" {
		i.found.Status = "running"
	}
	i.found.Status = strings.ToLower(i.found.Status)
	i.found.Facts.Status = i.found.Status
	i.found.PublicIPs = append(i.eips, i.found.PublicIPs...)
	i.found.Facts.Elastic = max(i.found.Facts.Elastic, len(i.eips))
}
