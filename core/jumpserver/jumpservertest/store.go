package jumpservertest

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

type org struct {
	id, name     string
	comment      string
	maker        string // who created it
	db           Database
	hosts        map[string]*host  // by id
	others       map[string]*host  // assets of other categories, by id
	names        map[string]string // of all assets, by the database's key → id
	sorted       []*host           // hosts by name; nil = not sorted yet
	sortedOthers []*host           // others by name; nil = not sorted yet
	nodes        []*node
	byID         map[string]*node
	byPath       map[string]*node // by nodeKey
	shown        bool             // the node tree was requested, or a host was created
	zones        map[string]*zone // by id
	labels       labelBook
	templates    []map[string]any
	groups       []person
	rules        []*accessRule
}

// zone is a gateway zone.
type zone struct {
	id, name, comment string
	created           time.Time
	links             []labelLink
}

func (o *org) addZone(id, name string, now time.Time) *zone {
	z := &zone{id: id, name: name, created: now}
	o.zones[id] = z
	return z
}

// The hosts stay sorted once a list was requested: sorting 50,000 rows for each page would take
// longer than the page. Before that, seeding costs nothing.

func (o *org) addAsset(h *host) {
	h.org = o
	o.assetsLike(h)[h.ID] = h
	o.indexName(h)
	o.insertSorted(h)
	o.shown = true
}

// assetsLike returns the map that holds an asset: that of hosts, or of all others.
func (o *org) assetsLike(h *host) map[string]*host {
	if h.category == "" {
		return o.hosts
	}
	return o.others
}

// findAsset returns an asset of any category.
func (o *org) findAsset(id string) *host {
	if h := o.hosts[id]; h != nil {
		return h
	}
	return o.others[id]
}

// indexName adds an asset's name to the index.
func (o *org) indexName(h *host) {
	h.key = o.db.collationKey(h.Name)
	o.names[h.key] = h.ID
}

func (o *org) insertSorted(h *host) {
	switch {
	case h.category != "":
		o.sortedOthers = nil
	case o.sorted != nil:
		at, _ := slices.BinarySearchFunc(o.sorted, h, compareNames)
		o.sorted = slices.Insert(o.sorted, at, h)
	}
}

func (o *org) removeSorted(h *host) {
	switch {
	case h.category != "":
		o.sortedOthers = nil
	case o.sorted != nil:
		if at, found := slices.BinarySearchFunc(o.sorted, h, compareNames); found {
			o.sorted = slices.Delete(o.sorted, at, at+1)
		}
	}
}

// renameAsset renames an asset, and keeps the order.
func (o *org) renameAsset(h *host, name string) {
	if h.Name == name {
		return
	}
	added := o.findAsset(h.ID) == h
	if added {
		o.removeSorted(h)
		delete(o.names, h.key)
	}
	h.Name = name
	if added {
		o.indexName(h)
		o.insertSorted(h)
	}
}

func (o *org) removeAsset(id string) bool {
	h := o.findAsset(id)
	if h == nil {
		return false
	}
	o.removeSorted(h)
	o.dropFromRules(id)
	delete(o.names, h.key)
	delete(o.assetsLike(h), id)
	if len(h.links) > 0 {
		o.labels.ofDeleted[id] = h.links
	}
	return true
}

// listHosts returns the hosts by name. Callers must neither change nor store the slice.
func (o *org) listHosts() []*host {
	if o.sorted == nil {
		o.sorted = sortByName(o.hosts)
	}
	return o.sorted
}

// listOthers returns the assets of other categories by name. Callers must neither change nor store the slice.
func (o *org) listOthers() []*host {
	if o.sortedOthers == nil {
		o.sortedOthers = sortByName(o.others)
	}
	return o.sortedOthers
}

func sortByName(assets map[string]*host) []*host {
	rows := make([]*host, 0, len(assets))
	for _, h := range assets {
		rows = append(rows, h)
	}
	slices.SortFunc(rows, compareNames)
	return rows
}

func compareNames(x, y *host) int {
	return cmp.Or(strings.Compare(x.key, y.key), strings.Compare(x.ID, y.ID))
}

// listAssets returns hosts and others by name.
func (o *org) listAssets() []*host {
	rest := o.listOthers()
	if len(rest) == 0 {
		return o.listHosts()
	}
	out := make([]*host, 0, len(o.hosts)+len(o.others))
	for _, h := range o.listHosts() {
		for len(rest) > 0 && compareNames(rest[0], h) < 0 {
			out, rest = append(out, rest[0]), rest[1:]
		}
		out = append(out, h)
	}
	return append(out, rest...)
}
