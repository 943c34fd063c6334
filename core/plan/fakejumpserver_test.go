package plan

import (
	"fmt"
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// fakeJumpServer applies an approved plan as package apply does, and enforces at every write what JumpServer
// enforces: unique names of 1 to 128 characters.
type fakeJumpServer struct {
	t       *testing.T
	assets  map[string]inventory.Asset
	nameKey func(name string) string // equal for two names that are one
	utf8mb3 bool                     // characters of four bytes cannot be stored
	nodes   map[string]string        // path → id
	lists   *world                   // has the zones and templates
	// writesLeft is how many writes still succeed; after them the run is interrupted.
	writesLeft int
}

func newFakeJumpServer(t *testing.T, w *world) *fakeJumpServer {
	t.Helper()
	j := &fakeJumpServer{t: t, nameKey: w.nameKey, utf8mb3: w.rules.UTF8MB3, assets: map[string]inventory.Asset{}, writesLeft: 1 << 30, lists: w}
	j.nodes = maps.Clone(w.nodes)
	if j.nodes == nil {
		j.nodes = map[string]string{}
	}
	for _, a := range w.assets {
		j.assets[a.ID] = a
	}
	return j
}

// world returns w with the present assets.
func (j *fakeJumpServer) world(w *world) *world {
	after := *w
	after.assets = slices.Collect(maps.Values(j.assets))
	if w.nodes != nil {
		after.nodes = maps.Clone(j.nodes)
	}
	return &after
}

// apply writes renames, creates, updates and removals, in this order.
func (j *fakeJumpServer) apply(a Approved) {
	j.t.Helper()
	for _, step := range a.Renames() {
		j.batch(step)
	}
	j.batch(a.Creates())
	j.batch(a.Updates())
	for _, c := range a.Removals() {
		if c.Action == Delete {
			if j.countWrite() {
				delete(j.assets, c.AssetID)
			}
			continue
		}
		j.patch(*c.Patch)
	}
}

// batch writes changes that may reach JumpServer in any order: none may need what another one frees.
func (j *fakeJumpServer) batch(changes []Change) {
	j.t.Helper()
	holders := map[string]string{}
	for id, a := range j.assets {
		holders[j.nameKey(a.Name)] = id
	}
	for _, c := range changes {
		name := ""
		switch {
		case c.NewAsset() != nil:
			name = c.NewAsset().Name
		case c.Patch.Name != nil:
			name = *c.Patch.Name
		default:
			continue
		}
		name = j.nameKey(name)
		if by, taken := holders[name]; taken && by != c.AssetID && j.writesLeft > 0 {
			j.t.Errorf("%s of %s: the name %q is held by %s", c.Action, c.AssetID, name, by)
		}
		holders[name] = c.AssetID
	}
	for _, c := range changes {
		if c.NewAsset() != nil {
			j.create(*c.NewAsset())
		} else {
			j.patch(*c.Patch)
		}
	}
}

func (j *fakeJumpServer) countWrite() bool {
	j.writesLeft--
	return j.writesLeft >= 0
}

func (j *fakeJumpServer) create(n inventory.NewAsset) {
	j.t.Helper()
	if !j.countWrite() {
		return
	}
	if _, there := j.assets[n.ID]; there {
		j.t.Errorf("%s is created twice", n.ID)
	}
	ids, protocols := j.nodeIDs(nil, n.NodePaths), n.Protocols
	if n.NotesNodes {
		n.Comment = inventory.NoteNodes(n.Comment, j.notesOf(n.NodePaths))
	}
	if protocols == nil {
		protocols = append([]inventory.Protocol{}, j.lists.input().Current.Platforms[n.Platform].Protocols...)
	}
	j.put(inventory.Asset{
		ID: n.ID, Name: n.Name, Address: n.Address, Platform: n.Platform, Zone: n.Zone,
		Labels: n.Labels, Comment: n.Comment, Active: true, Host: true, Nodes: strings.Join(ids, ","), Protocols: protocols, Accounts: j.accountsOf(nil, n.Accounts),
	})
}

func (j *fakeJumpServer) patch(p inventory.Patch) {
	j.t.Helper()
	if !j.countWrite() {
		return
	}
	a, there := j.assets[p.ID]
	if !there {
		j.t.Errorf("%s does not exist", p.ID)
	}
	if p.Name != nil {
		a.Name = *p.Name
	}
	if p.Address != nil {
		a.Address = *p.Address
	}
	if p.Zone != nil {
		a.Zone = *p.Zone
	}
	if p.Active != nil {
		a.Active = *p.Active
	}
	if p.Comment != nil {
		a.Comment = *p.Comment
	}
	if p.Labels != nil {
		a.Labels = p.Labels
	}
	if p.Platform != nil {
		a.Platform = *p.Platform
	}
	if p.Protocols != nil {
		a.Protocols = p.Protocols
	}
	if p.NodeIDs != nil || p.NodePaths != nil {
		a.Nodes = strings.Join(j.nodeIDs(p.NodeIDs, p.NodePaths), ",")
		if len(p.NodePaths) > 0 {
			a.Comment = inventory.NoteNodes(a.Comment, append(inventory.NodeNotes(a.Comment), j.notesOf(p.NodePaths)...))
		}
	}
	a.Accounts = j.accountsOf(a.Accounts, p.Accounts)
	j.put(a)
}

// nodeIDs returns ids and those of the nodes at the paths, which it makes, sorted, each once.
func (j *fakeJumpServer) nodeIDs(ids, paths []string) []string {
	j.t.Helper()
	ids = slices.Clone(ids)
	for _, path := range paths {
		if !strings.HasPrefix(path, "/DEFAULT") || strings.HasSuffix(path, "/") || strings.Contains(path, "//") {
			j.t.Errorf("%q is no path", path)
		}
		if j.nodes[path] == "" {
			j.nodes[path] = nodeIDOf(path)
		}
		ids = append(ids, j.nodes[path])
	}
	slices.Sort(ids)
	ids = slices.Compact(ids)
	if len(ids) == 0 {
		j.t.Error("an asset would be in no node")
	}
	return ids
}

// notesOf returns how comments note the nodes of paths.
func (j *fakeJumpServer) notesOf(paths []string) []string {
	var notes []string
	for _, path := range paths {
		notes = append(notes, inventory.NodeNote(j.nodes[path], path))
	}
	return notes
}

// nodeIDOf returns the id that the node of a path gets.
func nodeIDOf(path string) string {
	h := fnv.New32a()
	h.Write([]byte(path))
	return fmt.Sprintf("n-%08x", h.Sum32())
}

// accountsOf returns accounts and those that templates make, and refuses what JumpServer refuses.
func (j *fakeJumpServer) accountsOf(have []inventory.Account, templates []string) []inventory.Account {
	j.t.Helper()
	have = slices.Clone(have)
	for _, id := range templates {
		n := slices.IndexFunc(j.lists.templates, func(t inventory.AccountTemplate) bool { return t.ID == id })
		if n < 0 {
			j.t.Errorf("there is no account template %q", id)
			continue
		}
		made := inventory.Account{Username: j.lists.templates[n].Username, SecretType: j.lists.templates[n].SecretType, TemplateID: id}
		if slices.ContainsFunc(have, func(a inventory.Account) bool { return a.Username == made.Username && a.SecretType == made.SecretType }) {
			j.t.Errorf("account %s exists already", made.Username)
		}
		have = append(have, made)
	}
	return have
}

func (j *fakeJumpServer) put(a inventory.Asset) {
	j.t.Helper()
	if n := utf8.RuneCountInString(a.Name); n < 1 || n > 128 || a.Name != strings.TrimSpace(a.Name) {
		j.t.Errorf("%s: %q is no name", a.ID, a.Name)
	}
	if j.utf8mb3 && inventory.HasFourByteRunes(a.Name, a.Comment) {
		j.t.Errorf("%s: %q cannot be stored", a.ID, a.Name)
	}
	if a.Address == "" {
		j.t.Errorf("%s has no address", a.ID)
	}
	seen := map[inventory.Label]bool{}
	for _, l := range a.Labels {
		if seen[l] || l.Value == "" || utf8.RuneCountInString(l.Value) > 64 {
			j.t.Errorf("%s: label %q", a.ID, l)
		}
		seen[l] = true
	}
	for id, other := range j.assets {
		if id != a.ID && j.nameKey(other.Name) == j.nameKey(a.Name) {
			j.t.Errorf("%s: the name %q is held by %s", a.ID, a.Name, id)
		}
	}
	j.assets[a.ID] = a
}
