package plan

import (
	"slices"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// fieldTexts returns field changes as "field: before → after".
func fieldTexts(changes []FieldChange) []string {
	var out []string
	for _, f := range changes {
		out = append(out, f.Field+": "+f.Before+" → "+f.After)
	}
	return out
}

func namesForTest() Names {
	return NewNames(inventory.JumpServerAssets{
		Zones: []inventory.Zone{{ID: "z-1", Name: "beijing"}}, Templates: []inventory.AccountTemplate{{ID: "t-1", Name: "root"}},
		Nodes: []inventory.Node{{ID: "n-1", Path: "/Default/a"}, {ID: "n-2", Path: "/Default/b"}},
	})
}

// TestFieldChanges: what a change sets is told with what it was, in names that people know.
func TestFieldChanges(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	off := false
	before := inventory.Asset{
		ID: "a", Name: "old", Address: "10.0.0.1", Platform: "Linux", Zone: "z-1", Nodes: "n-1", NodeNames: "a", Active: true, Comment: "mine",
		Labels: []inventory.Label{{Name: "app", Value: "web"}, {Name: "old", Value: "1"}, {Name: "stays", Value: "1"}}, Protocols: []inventory.Protocol{{Name: "ssh", Port: 22}},
	}
	for name, c := range map[string]struct {
		patch inventory.Patch
		want  []string
	}{
		"nothing":            {inventory.Patch{}, nil},
		"the same":           {inventory.Patch{Name: text("old"), Zone: text("z-1"), Protocols: before.Protocols, Labels: before.Labels}, nil},
		"name and address":   {inventory.Patch{Name: text("new"), Address: text("10.0.0.2")}, []string{"name: old → new", "address: 10.0.0.1 → 10.0.0.2"}},
		"platform":           {inventory.Patch{Platform: text("Rocky")}, []string{"platform: Linux → Rocky"}},
		"zone":               {inventory.Patch{Zone: text("z-9")}, []string{"zone: beijing → z-9"}},
		"no zone":            {inventory.Patch{Zone: text("")}, []string{"zone: beijing → "}},
		"nodes":              {inventory.Patch{NodeIDs: []string{"n-2"}, NodePaths: []string{"/DEFAULT/new"}}, []string{"node: /Default/a → /Default/b, /DEFAULT/new"}},
		"a node by its path": {inventory.Patch{NodePaths: []string{"/DEFAULT/new"}}, []string{"node: /Default/a → /DEFAULT/new"}},
		"ports":              {inventory.Patch{Protocols: []inventory.Protocol{{Name: "ssh", Port: 2222}, {Name: "sftp", Port: 2222}}}, []string{"port: ssh:22 → ssh:2222, sftp:2222"}},
		"accounts":           {inventory.Patch{Accounts: []string{"t-1", "t-9"}}, []string{"accounts:  → root, t-9"}},
		"active":             {inventory.Patch{Active: &off}, []string{"is_active: true → false"}},
		"comment":            {inventory.Patch{Comment: text("mine\nours")}, []string{"comment: mine → mine\nours"}},
		"labels": {inventory.Patch{Labels: []inventory.Label{{Name: "app", Value: "db"}, {Name: "stays", Value: "1"}, {Name: "env", Value: "prod"}}},
			[]string{"labels: app:web → app:db", "labels:  → env:prod", "labels: old:1 → "}},
	} {
		got := fieldTexts(Change{Action: Update, Patch: &c.patch, Before: &before}.FieldChanges(namesForTest()))
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	unread := Change{Action: Update, Patch: &inventory.Patch{NodePaths: []string{"/DEFAULT/new"}}, Before: &before}
	if got := fieldTexts(unread.FieldChanges(Names{})); !slices.Equal(got, []string{"node: a → /DEFAULT/new"}) {
		t.Errorf("without paths: %q", got)
	}
	held := Change{Action: Hold, Before: &before, heldPatch: &inventory.Patch{Name: text("new")}}
	if got := fieldTexts(held.FieldChanges(Names{})); !slices.Equal(got, []string{"name: old → new"}) {
		t.Errorf("a held update: %q", got)
	}
	if got := (Change{Action: Skip}).FieldChanges(Names{}); got != nil {
		t.Errorf("a skip: %v", got)
	}
}

// TestFieldChangesOfCreate: a new asset is told with all that it has, and our own labels are not told.
func TestFieldChangesOfCreate(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.rules.Accounts[prod] = Account{Type: "阿里云", Enabled: true, Zone: "z-1"}
	w.addInstances(instanceInProd("i-1", "web", "10.0.0.1"))
	got := fieldTexts(w.approve().Creates()[0].FieldChanges(namesForTest()))
	want := []string{"name:  → web", "address:  → 10.0.0.1", "platform:  → Linux", "node:  → /DEFAULT/阿里云/aliyun-prod", "zone:  → beijing"}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
	whole := newAssetFields(inventory.NewAsset{
		Name: "n", Protocols: []inventory.Protocol{{Name: "rdp", Port: 13389}}, Accounts: []string{"t-1", "t-2"}, Inactive: true,
		Labels: []inventory.Label{{Name: "jms-cloud", Value: "x"}, {Name: "app", Value: "web"}},
	}, namesForTest())
	if got, want := fieldTexts(whole), []string{"name:  → n", "port:  → rdp:13389", "accounts:  → root, t-2", "is_active:  → false", "labels:  → app:web"}; !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
