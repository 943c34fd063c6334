package plan

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/reason"
)

// Mode says how far a removal may go.
type Mode string

// The modes of removal.
const (
	ModeDelete     Mode = "delete"     // deactivate first, delete when the grace is over
	ModeDeactivate Mode = "deactivate" // never delete
)

// Account is what the rules need to know of a configured account.
type Account struct {
	Type string // as the configuration writes it, and as it is in the node's path
	Zone string // id of the gateway zone for new assets and for those without one; "" = none

	Platforms Platforms

	Enabled        bool
	Cloud          inventory.Cloud
	Regions        []string // of its scopes, see inventory.RegionOfKind; empty = all, but for ExcludeRegions
	ExcludeRegions []string // as the cloud names them: of no kind
	Kinds          []string // if Regions is empty: the kinds that are listed, see inventory.AskedKinds
	Owner          string   // the cloud account's own id as configured; "" = not configured
}

// Platforms are the names of the platforms of new assets, by the operating system of their instance; "" =
// JumpServer's own platform of that name.
type Platforms struct{ Linux, Windows, Other string }

// canList reports whether a full run would ask this account for a region, and the account may be the owner's.
func (a Account) canList(cloud inventory.Cloud, owner, region string) bool {
	return a.Enabled && a.Cloud == cloud && (a.Owner == "" || strings.EqualFold(a.Owner, owner)) &&
		a.CoversRegion(region)
}

// CoversRegion reports whether the configuration asks for a scope's region of the account, should the cloud have it.
func (a Account) CoversRegion(region string) bool {
	plain, _ := inventory.SplitRegion(region)
	return inventory.IsAskedFor(a.Regions, a.Kinds, region) && !slices.Contains(a.ExcludeRegions, plain)
}

// FieldPolicy says when a field of an asset of ours is written.
type FieldPolicy string

// The policies. The zero value is the field's default, see FieldPolicies.
const (
	WriteAlways    FieldPolicy = "always"  // it follows the cloud, or the configuration
	WriteOnCreate  FieldPolicy = "create"  // only on new assets; later it is people's
	WriteIfMissing FieldPolicy = "missing" // on new assets, and if an asset has none
)

// FieldPolicies says which fields of our assets we write. Differences elsewhere are drift: reported, and left.
type FieldPolicies struct {
	Name        FieldPolicy // default WriteAlways
	Address     FieldPolicy // default WriteAlways
	Zone        FieldPolicy // default WriteIfMissing
	AdoptedName FieldPolicy // of adopted assets; default WriteOnCreate, so that they keep theirs
	// The following are written as mapping rules set them; default WriteOnCreate.
	Node     FieldPolicy // WriteIfMissing: the asset is in the root node alone
	Platform FieldPolicy // never one of another type
	Port     FieldPolicy // WriteIfMissing: the asset has no protocols
	Labels   FieldPolicy // WriteIfMissing: names that the asset does not have
	Accounts FieldPolicy // WriteIfMissing: the asset has no accounts
}

func (m FieldPolicies) managesName(a inventory.Asset) bool {
	if isAdopted(a) {
		return m.AdoptedName == WriteAlways
	}
	return m.Name != WriteOnCreate
}

func (m FieldPolicies) managesZone(a inventory.Asset) bool {
	return m.Zone == WriteAlways || m.Zone != WriteOnCreate && a.Zone == ""
}

// releasesName reports whether an asset of ours may be renamed to release its name. It may not if the name is
// people's.
func (r Rules) releasesName(a inventory.Asset) bool {
	_, isNeverWritten := r.neverWritten(a)
	return !isNeverWritten && r.Manage.managesName(a)
}

// Rules are the settings that the plan obeys.
type Rules struct {
	// Accounts holds every configured account by name, also those that this run did not ask.
	Accounts map[string]Account
	Manage   FieldPolicies
	Mapping  *mapping.Set // nil = no rules: assets are as the accounts' settings want them
	// Remap makes a plan in which every field that the mapping rules set on an instance is written to its asset, whatever
	// Manage says: it brings assets made before the rules to where these want them, and is for a person to review.
	Remap     bool
	Whitelist []netip.Prefix // empty = all
	Protected []netip.Prefix
	// ProtectedNames are patterns (see matchesPattern) for names of assets that are never written to.
	ProtectedNames []string
	// OwnHosts are the addresses of JumpServer itself: assets that have one are never written to.
	OwnHosts  []string
	NoDelete  bool
	HostNames bool // name assets by HostName rather than Name
	Mode      Mode
	Grace     time.Duration // 0: delete at once
	// DeleteAdopted applies Mode to adopted assets too, which are otherwise only deactivated, see removalMode.
	DeleteAdopted bool
	Now           time.Time
	Lang          language.Lang // of the comment on new assets
	// Partial says that only some assets of JumpServer were read, as for events. A name may have a holder that
	// was not read, so an asset that has "<name>-<instance id>" keeps it; and nothing is deleted, whatever Mode
	// and Grace say.
	Partial bool
	// UTF8MB3 says that JumpServer's database cannot hold characters of four bytes (emoji, rare Han): names are
	// made without them.
	UTF8MB3 bool
}

// noAddressReason returns why an instance without any address gets no asset. It gets one by itself while it is made, and
// a status that nobody knows may mean that; one that runs or was stopped has all that it gets.
func noAddressReason(i inventory.Instance) reason.Reason {
	if slices.Contains([]string{"running", "stopped", "active", "shutoff", "succeeded"}, i.Status) {
		return reason.New(reason.WithoutAddress)
	}
	return reason.New(reason.NoAddress)
}

// addressKey returns one text for all spellings of an address: those of IPv6 are many, and IPv4 may stand in its form.
func addressKey(text string) string {
	if strings.Contains(text, ":") {
		if ip, err := netip.ParseAddr(text); err == nil {
			return ip.Unmap().String()
		}
	}
	return strings.ToLower(text)
}

// hasAddress reports whether an address is one of the instance's, in any spelling.
func hasAddress(i inventory.Instance, address string) bool {
	key := addressKey(address)
	return slices.ContainsFunc(i.Addresses(), func(one string) bool { return addressKey(one) == key })
}

// hidesIPv4 reports whether the asset has an IPv4 address, and the cloud shows only IPv6 addresses of its instance. No
// cloud takes the primary private address away, so that the answer lacks it rather than the instance.
func hidesIPv4(i inventory.Instance, a inventory.Asset) bool {
	if !strings.Contains(i.PrimaryAddress(), ":") {
		return false
	}
	have, err := netip.ParseAddr(a.Address)
	return err == nil && have.Unmap().Is4()
}

// platformOf returns the name of the platform for a new asset of this instance.
func (r Rules) platformOf(i inventory.Instance) string {
	named := r.Accounts[i.Account].Platforms
	own := i.System()
	switch own {
	case inventory.Windows:
		return cmp.Or(named.Windows, string(own))
	case inventory.Linux:
		return cmp.Or(named.Linux, string(own))
	}
	return cmp.Or(named.Other, string(own))
}

// desiredName returns the cloud's name of an instance, before names are made unique.
func (r Rules) desiredName(i inventory.Instance) string {
	order := []string{i.Name, i.HostName, i.ID}
	if r.HostNames {
		order = []string{i.HostName, i.Name, i.ID}
	}
	for _, name := range order {
		if r.UTF8MB3 {
			name = inventory.DropFourByteRunes(name)
		}
		name = truncateName(sanitizeName(name), maxNameLength)
		if name != "" {
			return name
		}
	}
	return i.ID
}

// unstorableName returns the name that the rules or the cloud want if JumpServer's database cannot hold it, and reports whether that is so.
func (r Rules) unstorableName(i inventory.Instance, o *mapping.Outcome) (name string, is bool) {
	if !r.UTF8MB3 {
		return "", false
	}
	wide := r
	wide.UTF8MB3 = false
	name = wide.wantedName(i, o)
	return name, inventory.HasFourByteRunes(name)
}

// fitsDatabase reports whether JumpServer's database can hold an asset's labels and the path of its node.
func (r Rules) fitsDatabase(i inventory.Instance) bool {
	return !r.UTF8MB3 || !inventory.HasFourByteRunes(r.NodePath(i.Account), i.Owner, i.Region, i.ID)
}

// sanitizeName returns a name as JumpServer stores it: no control characters, no spaces at the ends.
func sanitizeName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, name)
	return strings.TrimSpace(name)
}

// NodePath returns the path of the node for new assets of an account. The Python tool used the same.
func (r Rules) NodePath(account string) string {
	kind := r.Accounts[account].Type
	return "/DEFAULT/" + kind + "/" + account
}

// containsAny reports whether any of the addresses lies in one of the prefixes. An address that is not an IP lies
// in none.
func containsAny(prefixes []netip.Prefix, addresses ...string) bool {
	for _, text := range addresses {
		ip, err := netip.ParseAddr(text)
		if err != nil {
			continue
		}
		for _, p := range prefixes {
			if p.Contains(ip.Unmap().WithZone("")) {
				return true
			}
		}
	}
	return false
}

// isWhitelisted reports whether the whitelist allows writing to an asset with these addresses.
func (r Rules) isWhitelisted(addresses ...string) bool {
	return len(r.Whitelist) == 0 || containsAny(r.Whitelist, addresses...)
}

// assetComment returns the comment of a new asset, which people read and which proves its instance (see
// parseOwnership). Its instance_id line has the Python tool's form. If people change it, a label replaces it.
func (r Rules) assetComment(i inventory.Instance) string {
	first := r.Lang.Text("由 jms-sync 创建，随云上实例更新", "created by jms-sync, follows the cloud instance")
	lines := []string{first, inventory.KeyInstance + " " + i.ID, inventory.KeyOwner + " " + i.Owner}
	for _, line := range []struct{ key, value string }{
		{strings.TrimSuffix(inventory.KeyProject, ":"), i.Project}, {"instance_type", i.Type}, {"region", i.Region}, {"vpc_id", i.VPC},
	} {
		if line.value != "" {
			lines = append(lines, line.key+": "+line.value)
		}
	}
	if r.UTF8MB3 {
		return inventory.DropFourByteRunes(strings.Join(lines, "\n"))
	}
	return strings.Join(lines, "\n")
}
