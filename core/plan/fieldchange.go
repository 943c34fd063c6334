package plan

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// The fields of an asset, as changes and results call them.
const (
	FieldName     = "name"
	FieldAddress  = "address"
	FieldPlatform = "platform"
	FieldNode     = "node"
	FieldZone     = "zone"
	FieldPort     = "port"
	FieldAccounts = "accounts"
	FieldLabels   = "labels"
	FieldActive   = "is_active"
	FieldComment  = "comment"
)

// FieldChange is one field of an asset that a change sets: what it is now, and what it becomes.
type FieldChange struct {
	Field  string `json:"field"`
	Before string `json:"before"` // "" = there is none, or it was not read
	After  string `json:"after"`  // "" = none
}

// Names are what people call the zones, nodes and account templates that JumpServer knows by ids.
type Names struct{ zones, nodes, templates map[string]string }

// NewNames returns the names that were read of JumpServer.
func NewNames(from inventory.JumpServerAssets) Names {
	n := Names{zones: map[string]string{}, nodes: map[string]string{}, templates: map[string]string{}}
	for _, z := range from.Zones {
		n.zones[z.ID] = z.Name
	}
	for _, node := range from.Nodes {
		n.nodes[node.ID] = node.Path
	}
	for _, t := range from.Templates {
		n.templates[t.ID] = t.Name
	}
	return n
}

// Zone returns the name of a zone, otherwise its id.
func (n Names) Zone(id string) string { return nameOr(n.zones, id) }

// Templates returns the names of account templates, joined.
func (n Names) Templates(ids []string) string { return joinNames(n.templates, ids) }

// Nodes returns the paths of nodes, joined; of one whose path was not read, its id.
func (n Names) Nodes(ids []string) string { return joinNames(n.nodes, ids) }

// NodesOf returns the paths of an asset's nodes; their names where the paths were not read.
func (n Names) NodesOf(a inventory.Asset) string {
	ids := splitNodes(a.Nodes)
	for _, id := range ids {
		if n.nodes[id] == "" && a.NodeNames != "" {
			return strings.ReplaceAll(a.NodeNames, ",", listComma)
		}
	}
	return n.Nodes(ids)
}

// listComma stands between the values of one field.
const listComma = ", "

func splitNodes(joined string) []string {
	if joined == "" {
		return nil
	}
	return strings.Split(joined, ",")
}

func nameOr(names map[string]string, id string) string {
	if name := names[id]; name != "" {
		return name
	}
	return id
}

func joinNames(names map[string]string, ids []string) string {
	shown := make([]string, 0, len(ids))
	for _, id := range ids {
		shown = append(shown, nameOr(names, id))
	}
	return strings.Join(shown, listComma)
}

// ProtocolText returns protocols as rules write them: "ssh:2222, sftp:2222".
func ProtocolText(protocols []inventory.Protocol) string {
	shown := make([]string, 0, len(protocols))
	for _, p := range protocols {
		shown = append(shown, p.Name+":"+strconv.Itoa(p.Port))
	}
	return strings.Join(shown, listComma)
}

// ActiveText returns the value of is_active.
func ActiveText(active bool) string { return strconv.FormatBool(active) }

// FieldChanges returns what a change sets, in the order in which people read assets: all that a new asset has but its
// comment and our own labels, and every field of an existing one that gets another value; of a held update, what it would
// set. A label is a field by itself.
func (c Change) FieldChanges(names Names) []FieldChange {
	if a := c.NewAsset(); a != nil {
		return newAssetFields(*a, names)
	}
	p, before := cmp.Or(c.Patch, c.heldPatch), c.Before
	if p == nil || before == nil {
		return nil
	}
	var out []FieldChange
	add := func(field, before, after string) {
		if before != after {
			out = append(out, FieldChange{field, before, after})
		}
	}
	addText := func(field, before string, after *string) {
		if after != nil {
			add(field, before, *after)
		}
	}
	addText(FieldName, before.Name, p.Name)
	addText(FieldAddress, before.Address, p.Address)
	addText(FieldPlatform, before.Platform, p.Platform)
	if p.NodeIDs != nil || p.NodePaths != nil {
		add(FieldNode, names.NodesOf(*before), strings.Join(append(nonEmpty(names.Nodes(p.NodeIDs)), p.NodePaths...), listComma))
	}
	if p.Zone != nil {
		add(FieldZone, names.Zone(before.Zone), names.Zone(*p.Zone))
	}
	if p.Protocols != nil {
		add(FieldPort, ProtocolText(before.Protocols), ProtocolText(p.Protocols))
	}
	if len(p.Accounts) > 0 {
		add(FieldAccounts, "", names.Templates(p.Accounts))
	}
	if p.Active != nil {
		add(FieldActive, ActiveText(before.Active), ActiveText(*p.Active))
	}
	if p.Labels != nil {
		out = append(out, labelChanges(before.Labels, p.Labels)...)
	}
	addText(FieldComment, before.Comment, p.Comment)
	return out
}

func nonEmpty(text string) []string {
	if text == "" {
		return nil
	}
	return []string{text}
}

// newAssetFields returns the fields of a new asset that have a value.
func newAssetFields(a inventory.NewAsset, names Names) []FieldChange {
	var out []FieldChange
	for _, f := range []FieldChange{
		{FieldName, "", a.Name}, {FieldAddress, "", a.Address}, {FieldPlatform, "", a.Platform},
		{FieldNode, "", strings.Join(a.NodePaths, listComma)}, {FieldZone, "", names.Zone(a.Zone)},
		{FieldPort, "", ProtocolText(a.Protocols)}, {FieldAccounts, "", names.Templates(a.Accounts)},
	} {
		if f.After != "" {
			out = append(out, f)
		}
	}
	if a.Inactive {
		out = append(out, FieldChange{FieldActive, "", ActiveText(false)})
	}
	for _, l := range a.Labels {
		if !IsOwnLabel(l) {
			out = append(out, FieldChange{FieldLabels, "", l.String()})
		}
	}
	return out
}

// IsOwnLabel reports whether a label is one of ours, which say whose an asset is and what became of it.
func IsOwnLabel(l inventory.Label) bool {
	return strings.HasPrefix(strings.ToLower(l.Name), ownLabelPrefix)
}

// ownLabelPrefix begins the names of our labels.
const ownLabelPrefix = "jms-"

// labelChanges returns the labels that differ, by name. A label that has another value than before is one change.
func labelChanges(before, after []inventory.Label) []FieldChange {
	gone, added := labelsBeyond(before, after), labelsBeyond(after, before)
	var out []FieldChange
	for _, l := range gone {
		c := FieldChange{FieldLabels, l.String(), ""}
		at := slices.IndexFunc(added, func(a inventory.Label) bool { return a.Name == l.Name })
		if at >= 0 {
			c.After = added[at].String()
			added = slices.Delete(added, at, at+1)
		}
		out = append(out, c)
	}
	for _, l := range added {
		out = append(out, FieldChange{FieldLabels, "", l.String()})
	}
	sorting.StableBy(out, func(x, y FieldChange) int { return strings.Compare(x.Before+x.After, y.Before+y.After) })
	return out
}

// labelsBeyond returns the labels that others lack.
func labelsBeyond(labels, others []inventory.Label) []inventory.Label {
	var out []inventory.Label
	for _, l := range labels {
		if !slices.Contains(others, l) {
			out = append(out, l)
		}
	}
	return out
}
