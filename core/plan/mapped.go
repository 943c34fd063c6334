package plan

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
)

// outcomeOf returns what the mapping rules want of an instance's asset.
func (r Rules) outcomeOf(i *inventory.Instance) mapping.Outcome {
	if r.Mapping == nil {
		return mapping.Outcome{}
	}
	return r.Mapping.Map(mapping.Subject{Instance: i, CloudType: r.Accounts[i.Account].Type})
}

// Needs returns what must be read of JumpServer for these rules besides what every run reads.
func (r Rules) Needs() inventory.Needs {
	if r.Mapping == nil {
		return inventory.Needs{}
	}
	needs := r.Mapping.Needs()
	writes := func(p FieldPolicy) bool { return r.Remap || p == WriteAlways || p == WriteIfMissing }
	needs.Nodes = needs.Nodes || writes(r.Manage.Node)
	needs.Protocols = needs.Protocols || writes(r.Manage.Port)
	needs.Accounts = needs.Accounts || needs.Templates && writes(r.Manage.Accounts)
	return needs
}

// policy returns when a field that mapping rules may set is written to existing assets. ruled says that the rules set it on
// this one: then a plan of Remap writes it.
func (r Rules) policy(p FieldPolicy, ruled bool) FieldPolicy {
	if r.Remap && ruled {
		return WriteAlways
	}
	return cmp.Or(p, WriteOnCreate)
}

// managed returns the policies as a plan of Remap has them for one instance: what the rules set on it is written.
func (r Rules) managed(o *mapping.Outcome) FieldPolicies {
	m := r.Manage
	if !r.Remap {
		return m
	}
	if o.Name != "" {
		m.Name, m.AdoptedName = WriteAlways, WriteAlways
	}
	if o.Address != "" {
		m.Address = WriteAlways
	}
	if o.Zone != "" {
		m.Zone = WriteAlways
	}
	return m
}

// wantedName returns the name of an instance's asset before names are made unique: that which the rules set, or the cloud's.
func (r Rules) wantedName(i inventory.Instance, o *mapping.Outcome) string {
	name := o.Name
	if name != "" && r.UTF8MB3 {
		name = inventory.DropFourByteRunes(name)
	}
	name = truncateName(sanitizeName(name), maxNameLength)
	return cmp.Or(name, r.desiredName(i))
}

// wantedAddress returns where an instance is reached: by the rules, or its primary address. It is "" if the rules want an
// address that the instance does not have.
func wantedAddress(i inventory.Instance, o *mapping.Outcome) string {
	if o.AddressMissing != "" {
		return ""
	}
	return cmp.Or(o.Address, i.PrimaryAddress())
}

// wantedPlatform returns the name of the platform of an instance's new asset.
func (r Rules) wantedPlatform(i inventory.Instance, o *mapping.Outcome) string {
	return cmp.Or(o.Platform, r.platformOf(i))
}

// wantedPaths returns the paths of the nodes of an instance's asset, each once, that of "node" first.
func (r Rules) wantedPaths(account string, o *mapping.Outcome) []string {
	if len(o.Nodes) == 0 {
		return []string{r.NodePath(account)}
	}
	var paths []string
	for _, path := range o.Nodes {
		path = r.storablePath(path)
		if !slices.Contains(paths, path) {
			paths = append(paths, path)
		}
	}
	return paths
}

// storablePath returns a path that JumpServer's database can hold.
func (r Rules) storablePath(path string) string {
	if !r.UTF8MB3 || !inventory.HasFourByteRunes(path) {
		return path
	}
	parts := strings.Split(path, "/")
	for n, part := range parts[1:] {
		parts[n+1] = cmp.Or(strings.TrimSpace(inventory.DropFourByteRunes(part)), "-")
	}
	return strings.Join(parts, "/")
}

// notesNodes reports whether the comment of a new asset notes its nodes: rules set them, or runs write those of existing
// assets, and a later run or plan of Remap must know which are ours.
func (r Rules) notesNodes(o *mapping.Outcome) bool {
	return r.Mapping != nil && (len(o.Nodes) > 0 || r.policy(r.Manage.Node, false) != WriteOnCreate)
}

// findZone returns the id of the zone that a rule names by its id or name, and reports whether there is one.
func findZone(zones []inventory.Zone, denied bool, named string) (id string, found bool) {
	for _, same := range [...]func(z inventory.Zone) bool{
		func(z inventory.Zone) bool { return strings.EqualFold(z.ID, named) },
		func(z inventory.Zone) bool { return z.Name == named },
	} {
		if n := slices.IndexFunc(zones, same); n >= 0 {
			return zones[n].ID, true
		}
	}
	for _, z := range zones {
		if !inventory.MayBeEqual(z.Name, named) {
			continue
		}
		if id != "" {
			return "", false // it is not certain which one is meant
		}
		id = z.ID
	}
	if id == "" && denied && mayBeID(named) {
		return strings.ToLower(named), true
	}
	return id, id != ""
}

// mayBeID reports whether a text has the form of JumpServer's ids.
func mayBeID(text string) bool {
	const hexDigits = "0123456789abcdefABCDEF"
	return len(text) == 36 && text[8] == '-' && text[13] == '-' && text[18] == '-' && text[23] == '-' &&
		strings.Trim(strings.ReplaceAll(text, "-", ""), hexDigits) == ""
}
