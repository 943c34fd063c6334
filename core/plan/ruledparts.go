package plan

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/mapping"
	"github.com/jms-sync/jms-sync/core/reason"
)

// ruledParts are what the rules and the account want of a new asset and JumpServer's own lists decide on.
type ruledParts struct {
	zone      string
	protocols []inventory.Protocol // nil = those of the platform
	accounts  []string             // ids of templates
	missing   omissions
}

// ruledParts returns them for an instance whose asset gets this platform.
func (r *assetBuilder) ruledParts(i inventory.Instance, o *mapping.Outcome, platform string) ruledParts {
	var parts ruledParts
	p := r.platforms[platform]
	parts.zone = r.newZone(i, o, platform, &parts.missing)
	protocols, ok := ruledProtocols(o, p)
	parts.protocols = protocols
	if !ok {
		parts.missing = append(parts.missing, reason.New(reason.WithoutPort, platform))
	}
	if protocols == nil {
		protocols = p.Protocols
	}
	parts.accounts = r.templatesOf(o, p, protocols, &parts.missing)
	if unread := unreadOnNew(o); len(unread) > 0 {
		parts.missing = append(parts.missing, reason.New(reason.WithoutUnread, fieldNames(unread)))
	}
	return parts
}

// newZone returns the zone of a new asset. One that JumpServer would drop in silence is told.
func (r *assetBuilder) newZone(i inventory.Instance, o *mapping.Outcome, platform string, missing *omissions) string {
	zone := r.rules.Accounts[i.Account].Zone
	if o.Zone != "" {
		zone, _ = findZone(r.zones, r.zonesDenied, o.Zone)
	}
	p, known := r.platforms[platform]
	drops := known && !p.SupportsZones || o.Zone != "" && isGatewayPlatform(platform)
	if !drops {
		return zone
	}
	if o.Zone != "" {
		*missing = append(*missing, reason.New(reason.WithoutZone, o.Zone, platform))
	}
	return ""
}

// ruledProtocols returns the protocols that the rules want of an asset with a platform; nil = they want none. ok is false
// if they cannot be made: the platform's primary protocol is not known, or not among them.
func ruledProtocols(o *mapping.Outcome, p inventory.Platform) (protocols []inventory.Protocol, ok bool) {
	if o.Port == 0 && len(o.Protocols) == 0 {
		return nil, true
	}
	protocols = o.Protocols
	if len(protocols) == 0 {
		protocols = p.Protocols
	}
	if len(protocols) == 0 {
		return nil, false
	}
	primary := protocols[0].Name
	if len(p.Protocols) > 0 {
		primary = p.Protocols[0].Name
	}
	if indexOfProtocol(protocols, primary) < 0 {
		return nil, false
	}
	return withPort(protocols, primary, o.Port), true
}

func indexOfProtocol(protocols []inventory.Protocol, name string) int {
	return slices.IndexFunc(protocols, func(p inventory.Protocol) bool { return strings.EqualFold(p.Name, name) })
}

// withPort returns protocols with another port of the primary one, and of sftp where that is ssh; 0 changes nothing.
func withPort(protocols []inventory.Protocol, primary string, port int) []inventory.Protocol {
	protocols = slices.Clone(protocols)
	for n, p := range protocols {
		isPrimary := strings.EqualFold(p.Name, primary)
		if port > 0 && (isPrimary || strings.EqualFold(primary, "ssh") && strings.EqualFold(p.Name, "sftp")) {
			protocols[n].Port = port
		}
	}
	return protocols
}

// templatesOf returns the ids of the account templates that the rules want of an asset with these protocols, each username
// and secret type once: of two, JumpServer refuses the host. What it cannot have is told.
func (r *assetBuilder) templatesOf(o *mapping.Outcome, p inventory.Platform, protocols []inventory.Protocol, missing *omissions) []string {
	var ids []string
	var given []inventory.AccountTemplate
	for _, named := range o.Accounts {
		t, known := r.findTemplate(named)
		same := slices.IndexFunc(given, func(g inventory.AccountTemplate) bool {
			return g.Username == t.Username && g.SecretType == t.SecretType
		})
		switch {
		case !known && r.templatesDenied && mayBeID(named):
			if id := strings.ToLower(named); !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		case !known && r.templatesDenied:
			*missing = append(*missing, reason.New(reason.WithoutTemplateSight, named))
		case !known:
			*missing = append(*missing, reason.New(reason.WithoutTemplate, named))
		case slices.Contains(ids, t.ID):
		case same >= 0:
			*missing = append(*missing, reason.New(reason.WithoutTwin, named, given[same].Name))
		case !takesSecret(t.SecretType, p, protocols):
			*missing = append(*missing, reason.New(reason.WithoutSecret, named, p.Name, t.SecretType))
		default:
			ids, given = append(ids, t.ID), append(given, t)
		}
	}
	return ids
}

// findTemplate returns the account template that a rule names by its id or name, and reports whether there is one.
func (r *assetBuilder) findTemplate(named string) (t inventory.AccountTemplate, found bool) {
	for _, same := range [...]func(t inventory.AccountTemplate) bool{
		func(t inventory.AccountTemplate) bool { return strings.EqualFold(t.ID, named) },
		func(t inventory.AccountTemplate) bool { return t.Name == named },
	} {
		if n := slices.IndexFunc(r.templates, same); n >= 0 {
			return r.templates[n], true
		}
	}
	for _, one := range r.templates {
		if !inventory.MayBeEqual(one.Name, named) {
			continue
		}
		if found {
			return inventory.AccountTemplate{}, false // it is not certain which one is meant
		}
		t, found = one, true
	}
	return t, found
}

// takesSecret reports whether hosts with these protocols take a secret of a type: passwords always, SSH keys over SSH.
// Others are for no host.
func takesSecret(secretType string, p inventory.Platform, protocols []inventory.Protocol) bool {
	switch secretType {
	case "", "password":
		return true
	case "ssh_key":
		return len(protocols) == 0 && p.Type != "windows" || indexOfProtocol(protocols, "ssh") >= 0 || indexOfProtocol(protocols, "sftp") >= 0
	}
	return false
}
