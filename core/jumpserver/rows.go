package jumpserver

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// hostRow is a host in lists and in the answers of writes, with what inventory.Asset
// needs. It keeps absent fields apart from empty ones, so that a server that leaves a field out is never taken
// for one whose hosts have none.
type hostRow struct {
	ID       string
	Name     string
	Address  *string
	OrgID    string `json:"org_id"`
	Platform struct{ Name string }
	Labels   *[]labelRow
	Nodes    []nodeRef
	Comment  string
	Active   *bool `json:"is_active"`
	Domain   zoneRow
	Zone     zoneRow
	// Protocols are asked for only where Options.Needs says so. AccountsAmount is in v4.10's answers to writes.
	Protocols      []protocolRow
	AccountsAmount *int `json:"accounts_amount"`
}

type labelRow struct{ ID, Name, Value string }

type nodeRef struct{ ID, Name string }

// zoneRow is the zone of a host: null or {id,name}.
type zoneRow struct {
	present bool
	id      string
}

// UnmarshalJSON implements json.Unmarshaler; it is called for null as well.
func (z *zoneRow) UnmarshalJSON(text []byte) error {
	var ref *struct{ ID string }
	if err := json.Unmarshal(text, &ref); err != nil {
		return err
	}
	*z = zoneRow{present: true}
	if ref != nil {
		z.id = ref.ID
	}
	return nil
}

func (r *hostRow) zoneOfRow() zoneRow {
	if r.Zone.present {
		return r.Zone
	}
	return r.Domain
}

// hostFields returns the value of fields= for rows that become assets. If the zone field's name is unknown
// it names both, and the row shows which: JumpServer leaves out what it does not have.
func (c *Client) hostFields(zone string) string {
	if zone == "" {
		zone = strings.Join(zoneFieldNames(), ",")
	}
	fields := "id,name,address,platform," + zone + ",labels,nodes,comment,is_active,org_id"
	if c.needs.Protocols {
		fields += ",protocols"
	}
	return fields
}

// rowConverter turns rows into assets and interns repeated strings. It is safe for concurrent use.
type rowConverter struct {
	org       string
	operation string    // for messages
	labelIDs  *labelIDs // collects the labels' ids; nil = not needed

	mu        sync.Mutex
	interned  map[string]string
	protocols map[string][]inventory.Protocol // those that hosts share, by their text
	labels    map[string][]inventory.Label    // the same
	zoneField string                          // the zone field's name, as the rows show it
}

// errZoneMissing is the cause where a row has no zone field, not even null: the field may have
// another name by now.
var errZoneMissing = errors.New("lacks the zone")

// convert returns the row as an asset, or an error that says why it cannot be trusted.
func (r *rowConverter) convert(row *hostRow) (inventory.Asset, error) {
	if err := r.validateRow(row.ID, row.OrgID); err != nil {
		return inventory.Asset{}, err
	}
	zone := row.zoneOfRow()
	if row.Name == "" || row.Address == nil || row.Labels == nil || row.Active == nil {
		return inventory.Asset{}, newError(inventory.Incomplete,
			fmt.Sprintf("jumpserver: %s: the row of %s lacks name, address, labels or is_active", r.operation, row.ID), nil)
	}
	if !zone.present {
		return inventory.Asset{}, newError(inventory.Incomplete, "jumpserver: "+r.operation+": the row of "+row.ID, errZoneMissing)
	}
	r.noteZoneField(row)
	a := inventory.Asset{
		ID: strings.ToLower(row.ID), Name: row.Name, Address: *row.Address, Platform: r.intern(row.Platform.Name),
		Zone: r.intern(zone.id), Nodes: r.intern(nodesOf(row.Nodes)), NodeNames: r.intern(nodeNamesOf(row.Nodes)), Comment: row.Comment, Active: *row.Active, Host: true,
		Protocols: r.internProtocols(row.Protocols),
	}
	if r.labelIDs != nil {
		r.labelIDs.addRows(*row.Labels)
	}
	a.Labels = r.shareLabels(*row.Labels)
	return a, nil
}

// maxShared is how many different texts, or lists of labels, are kept to be shared: those that repeat come early.
const maxShared = 4096

// shareLabels returns a row's labels, one copy for all hosts that have the same ones in the same order: of many hosts they
// would be a sixth of what a run holds. Nobody changes them.
func (r *rowConverter) shareLabels(rows []labelRow) []inventory.Label {
	if len(rows) == 0 {
		return nil
	}
	key := make([]byte, 0, 256)
	for _, l := range rows {
		for _, text := range [...]string{l.Name, l.Value} {
			key = append(append(strconv.AppendInt(key, int64(len(text)), 10), ':'), text...)
		}
	}
	r.mu.Lock()
	known, is := r.labels[string(key)]
	r.mu.Unlock()
	if is {
		return known
	}
	labels := make([]inventory.Label, len(rows))
	for i, l := range rows {
		labels[i] = inventory.Label{Name: r.intern(l.Name), Value: l.Value}
		if l.Name != inventory.LabelInstance { // the value of that one differs on every host
			labels[i].Value = r.intern(l.Value)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.labels == nil {
		r.labels = map[string][]inventory.Label{}
	}
	if len(r.labels) < maxShared {
		r.labels[string(key)] = labels
	}
	return labels
}

// nodesOf returns the value of inventory.Asset.Nodes, sorted because JumpServer promises no order.
func nodesOf(refs []nodeRef) string {
	ids := make([]string, 0, len(refs))
	for _, n := range refs {
		ids = append(ids, strings.ToLower(n.ID))
	}
	slices.Sort(ids)
	return strings.Join(ids, ",")
}

// joinIDs returns ids, each once, as inventory.Asset.Nodes has them.
func joinIDs(ids []string) string {
	ids = dedupe(ids)
	slices.Sort(ids)
	return strings.Join(ids, ",")
}

// nodeNamesOf returns the value of inventory.Asset.NodeNames, in the order of the ids in nodesOf.
func nodeNamesOf(refs []nodeRef) string {
	sorted := slices.SortedFunc(slices.Values(refs), func(x, y nodeRef) int { return strings.Compare(strings.ToLower(x.ID), strings.ToLower(y.ID)) })
	names := make([]string, 0, len(refs))
	for _, n := range sorted {
		names = append(names, n.Name)
	}
	return strings.Join(names, ", ")
}

// noteZoneField records which zone field a row has.
func (r *rowConverter) noteZoneField(row *hostRow) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.zoneField == "" {
		r.zoneField = singleZoneField(func(name string) bool {
			return name == "domain" && row.Domain.present || name == "zone" && row.Zone.present
		})
	}
}

// validateRow checks what every row must have: a UUID, and the configured organisation.
func (r *rowConverter) validateRow(id, org string) error {
	if !isUUID(id) {
		return newError(inventory.Incomplete, "jumpserver: "+r.operation+": a row has the id "+quote(id)+", which is not a UUID", nil)
	}
	if !strings.EqualFold(org, r.org) {
		return newError(inventory.Organisation, fmt.Sprintf(
			"jumpserver: %s: asset %s is of organisation %s, but %s is configured", r.operation, id, quote(org), r.org), nil)
	}
	return nil
}

// intern returns one copy of equal strings, for the first few thousand different ones: those that
// repeat (platforms, label names, accounts, regions) come early.
func (r *rowConverter) intern(s string) string {
	if s == "" {
		return ""
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if w, ok := r.interned[s]; ok {
		return w
	}
	if r.interned == nil {
		r.interned = map[string]string{}
	}
	if len(r.interned) < maxShared {
		r.interned[s] = s
	}
	return s
}
