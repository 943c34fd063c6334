package mapping

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// byTags is the index of the tags jms:… in place of a rule's.
const byTags = -1

// mapper maps one instance.
type mapper struct {
	view
	out   Outcome
	taken FieldSet // fields that are decided: single ones, and the main node; never lists
	node  string   // the path that "node" decided; "" = none
	// further are the paths that "nodes" added.
	further []string
	folded  []string // of the names of the labels in out
	// mayHaveStopped says that a rule with Stop rests on what the cloud did not show.
	mayHaveStopped bool
	trace          *RuleTrace // of the rule at hand; nil = nobody asks
}

// newMapper returns a mapper for an instance.
func (s *Set) newMapper(i Subject) mapper {
	return mapper{view: view{Subject: i, mainKind: s.mainKinds[i.Cloud], want: &s.want, parsed: -1}}
}

// applyRule sets what a rule sets, and reports whether it ends the mapping.
func (m *mapper) applyRule(index int, r *rule) (ends bool) {
	holds := r.when.holds(&m.view)
	m.noteMatch(r, holds)
	switch {
	case holds == no:
		return false
	case holds == maybe:
		m.mayHaveStopped = m.mayHaveStopped || r.stop
		m.leaveOpen(r)
		return false
	case m.mayHaveStopped:
		m.leaveOpen(r)
		return r.stop
	}
	m.applyWhere(index, r)
	m.applyHow(index, r)
	m.applyWhether(index, r)
	return r.stop
}

// leaveOpen notes that fields rest on what the cloud did not show: all that a rule would set or add to.
func (m *mapper) leaveOpen(r *rule) {
	for f := range fieldCount {
		addsNodes := f == FieldNode && len(r.further) > 0
		if r.fields.Has(f) && (addsNodes || !m.taken.Has(f)) {
			m.unread(f)
		}
	}
}

func (m *mapper) unread(f Field) {
	m.out.Unread |= 1 << f
	m.note(traceUnread, f)
}

// isOpen reports whether a rule sets a single field that no earlier one decided.
func (m *mapper) isOpen(r *rule, f Field) bool {
	if !r.fields.Has(f) {
		return false
	}
	if m.taken.Has(f) {
		m.note(traceLost, f)
		return false
	}
	return true
}

// take notes that a rule decided a single field.
func (m *mapper) take(f Field, index int) {
	m.taken |= 1 << f
	m.add(f, index)
}

// add notes that a rule set a field or added to it.
func (m *mapper) add(f Field, index int) {
	switch {
	case m.out.by[f] != 0:
	case index == byTags:
		m.out.by[f] = setByTag
	default:
		m.out.by[f] = uint16(index + 1)
	}
	m.note(traceSet, f)
}

// applyWhere sets nodes and zone.
func (m *mapper) applyWhere(index int, r *rule) {
	if len(r.node.parts) > 0 && m.isOpen(r, FieldNode) {
		path, ok := m.path(&r.node)
		if ok {
			m.node = path
			m.take(FieldNode, index)
		}
	}
	for n := range r.further {
		path, ok := m.path(&r.further[n])
		if ok {
			m.further = append(m.further, path)
			m.add(FieldNode, index)
		}
	}
	if m.isOpen(r, FieldZone) {
		m.out.Zone = r.zone
		m.take(FieldZone, index)
	}
}

// path returns a node's path for the instance. ok is false if it is not known, or has an empty part.
func (m *mapper) path(p *path) (_ string, ok bool) {
	if p.isUnread(&m.view) {
		m.unread(FieldNode)
		return "", false
	}
	text, ok := p.text(&m.view)
	if !ok {
		m.note(traceEmpty, FieldNode)
	}
	return text, ok
}

// applyHow sets platform, ports, name, labels, accounts and address.
func (m *mapper) applyHow(index int, r *rule) {
	if m.isOpen(r, FieldPlatform) {
		m.out.Platform = r.platform
		m.take(FieldPlatform, index)
	}
	if m.isOpen(r, FieldPort) {
		m.out.Port, m.out.Protocols = r.port, r.protocols
		m.take(FieldPort, index)
	}
	if m.isOpen(r, FieldName) {
		m.applyName(index, &r.name)
	}
	for n := range r.labels {
		m.applyLabel(index, &r.labels[n])
	}
	for _, account := range r.accounts {
		if !slices.Contains(m.out.Accounts, account) {
			m.out.Accounts = append(m.out.Accounts, account)
			m.add(FieldAccounts, index)
		}
	}
	if m.isOpen(r, FieldAddress) {
		m.applyAddress(index, r)
	}
}

func (m *mapper) applyName(index int, t *template) {
	if t.isUnread(&m.view) {
		m.unread(FieldName)
		return
	}
	name, ok := t.text(&m.view, clean)
	name = clean(name)
	if !ok || name == "" {
		m.note(traceEmpty, FieldName)
		return
	}
	m.out.Name = name
	m.take(FieldName, index)
}

// applyLabel adds a label, unless it is there already.
func (m *mapper) applyLabel(index int, l *label) {
	switch {
	case slices.Contains(m.folded, l.folded):
		m.note(traceLost, FieldLabels)
		return
	case l.tag != "" && m.isUnread(keyTag) || l.value.isUnread(&m.view):
		m.unread(FieldLabels)
		return
	}
	value, ok := m.labelValue(l)
	if !ok {
		m.note(traceEmpty, FieldLabels)
		return
	}
	m.out.Labels = append(m.out.Labels, inventory.Label{Name: l.name, Value: labelText(value)})
	m.folded = append(m.folded, l.folded)
	m.add(FieldLabels, index)
}

func (m *mapper) labelValue(l *label) (string, bool) {
	if l.tag != "" {
		return m.Facts.Tag(l.tag)
	}
	return l.value.text(&m.view, clean)
}

func (m *mapper) applyAddress(index int, r *rule) {
	wantsElastic := slices.ContainsFunc(r.addresses, func(k addressKind) bool { return k.kind == "eip" })
	if m.AddressesPartial || wantsElastic && m.isFactUnread(inventory.FactElastic) {
		m.unread(FieldAddress)
		return
	}
	m.out.Address = m.address(r.addresses)
	if m.out.Address == "" {
		m.out.AddressMissing = r.wanted
	}
	m.take(FieldAddress, index)
}

// address returns the first address of the instance that is of one of these kinds; "" = it has none of them.
func (m *mapper) address(kinds []addressKind) string {
	for _, k := range kinds {
		address := m.addressOfKind(k)
		if address != "" {
			return address
		}
	}
	return ""
}

func (m *mapper) addressOfKind(k addressKind) string {
	switch k.kind {
	case "private":
		return cmp.Or(first(m.PrivateIPs), first(m.ClassicIPs))
	case "public":
		return first(m.PublicIPs)
	case "eip":
		return first(m.PublicIPs[:min(m.facts().Elastic, len(m.PublicIPs))])
	case "ipv6":
		return first(m.IPv6s)
	case "hostname":
		return clean(m.HostName)
	}
	return m.firstIn(k.network)
}

func first(some []string) string {
	if len(some) == 0 {
		return ""
	}
	return some[0]
}

// applyWhether sets whether the asset is made, and kept active.
func (m *mapper) applyWhether(index int, r *rule) {
	if m.isOpen(r, FieldActive) {
		m.out.Inactive = r.inactive
		m.take(FieldActive, index)
	}
	if m.isOpen(r, FieldSkip) {
		m.out.Skip = r.skip
		m.take(FieldSkip, index)
	}
	if m.isOpen(r, FieldMinAge) {
		m.out.MinAge = r.minAge
		m.take(FieldMinAge, index)
	}
}

// outcome returns what all rules together want. Fields that are not known have their zero value.
func (m *mapper) outcome() Outcome {
	m.out.Nodes = m.nodes()
	slices.SortFunc(m.out.Labels, func(a, b inventory.Label) int { return strings.Compare(a.Name, b.Name) })
	m.out.clearUnread()
	return m.out
}

// nodes returns all paths, that of the main node first and each once.
func (m *mapper) nodes() []string {
	if m.node == "" && len(m.further) == 0 {
		return nil
	}
	main := m.node
	if main == "" {
		main = rootPath + "/" + m.cloudType() + "/" + m.Account
	}
	all := append(make([]string, 0, 1+len(m.further)), main)
	for _, path := range m.further {
		if !slices.Contains(all, path) {
			all = append(all, path)
		}
	}
	return all
}
