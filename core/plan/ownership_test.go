package plan

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

func TestInstancesInComment(t *testing.T) {
	t.Parallel()
	for _, r := range []struct {
		comment string
		want    []string
	}{
		{"", nil},
		{"web server of i-1", nil},
		{"instance_id", nil},
		{"instance_id:", nil},
		{"instance_id:\ni-1", nil},
		{"instance_id: i-1", []string{"i-1"}},
		{"instance_id:i-1", []string{"i-1"}},
		{"由JMS-Sync同步于 2025-05-07 10:00:00\ninstance_id: i-1\ninstance_type: ecs.g6\nregion: cn-beijing\nvpc_id: v", []string{"i-1"}},
		{"a\r\ninstance_id: i-1\r\nregion: r", []string{"i-1"}},
		{"instance_id: i-1, region: r", []string{"i-1"}},
		{"instance_id: i-1；主机", []string{"i-1；主机"}},
		{"instance_id: i-1。", []string{"i-1"}},
		{"instance_id: i-1\ninstance_id: i-2", []string{"i-1", "i-2"}},
		{"instance_id: i-1 instance_id: i-2", []string{"i-1", "i-2"}},
		{"instance_id: instance_id: i-1", []string{"instance_id:", "i-1"}},
	} {
		if got := instancesInComment(r.comment); !slices.Equal(got, r.want) {
			t.Errorf("%q: got %q, want %q", r.comment, got, r.want)
		}
	}
}

// FuzzComment: parsing any comment ends, returns one word for each line, and finds the id in a line of the Python
// tool's form whatever people wrote around it.
func FuzzComment(f *testing.F) {
	f.Add("由JMS-Sync同步于 2025-05-07 10:00:00", "region: cn-beijing")
	f.Add("instance_id:", "instance_id: i-2")
	f.Add("instance_id: \xff", "\r\n")
	f.Fuzz(func(t *testing.T, before, after string) {
		for _, id := range instancesInComment(before) {
			if strings.ContainsAny(id, " \n\t") || !strings.Contains(before, id) {
				t.Errorf("%q is no id", id)
			}
		}
		all := instancesInComment(before + "\ninstance_id: i-0123456789abcdef\n" + after)
		if !slices.Contains(all, "i-0123456789abcdef") {
			t.Errorf("found only %q", all)
		}
	})
}

// TestOurs: an asset whose comment does not name the instance is ours only with the right id and each of the five
// labels once.
func TestOurs(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	host := func(i inventory.Instance, edits ...func(*inventory.Asset)) inventory.Asset {
		return hostOf(i, append(edits, commented("web server"))...)
	}
	if m, ours := parseOwnership(host(i1)); !ours || m != (ownership{inventory.Alibaba, prod, owner, beijing, "i-1", ""}) {
		t.Errorf("%v %v", m, ours)
	}
	for n, l := range ownershipLabels(i1) {
		for what, edit := range map[string]func(*inventory.Asset){
			"missing": withoutLabel(l.Name),
			"twice":   withExtraLabel(l.Name, "x"),
			"empty":   func(a *inventory.Asset) { a.Labels[n].Value = "" },
		} {
			if _, ours := parseOwnership(host(i1, edit)); ours {
				t.Errorf("%s %s: still ours", l.Name, what)
			}
		}
		_, ours := parseOwnership(host(i1, withoutLabel(l.Name), withExtraLabel(l.Name, "x")))
		if inID := l.Name != inventory.LabelAccount && l.Name != inventory.LabelOwner; ours == inID {
			t.Errorf("another %s: ours %v", l.Name, ours)
		}
	}
}

func TestHasStorableLabels(t *testing.T) {
	t.Parallel()
	set := func(account, owner, region, id string) inventory.Instance {
		return inventory.Instance{Scope: scopeOf(account, region), Owner: owner, ID: id}
	}
	full := strings.Repeat("名", 64)
	for _, r := range []struct {
		i    inventory.Instance
		want bool
	}{
		{set("a", "1", "r", "i-1"), true},
		{set(full, full, full, full), true},
		{set(full+"x", "1", "r", "i-1"), false},
		{set("a", "1", "r", full+"x"), false},
		{set("", "1", "r", "i-1"), false},
		{set("a", "", "r", "i-1"), false},
		{set("a", "1", "", "i-1"), false},
		{set("a", "1", "r", ""), false},
		{set("a ", "1", "r", "i-1"), false},
		{set("a:b", "1", "r", "i-1"), false},
		{set("a", "1,2", "r", "i-1"), false},
		{set("a", "1", "r", "i-1,i-2"), false},
	} {
		if got := hasStorableLabels(r.i); got != r.want {
			t.Errorf("%+v: %v", ownershipLabels(r.i), got)
		}
	}
}

func TestParseDeactivatedAt(t *testing.T) {
	t.Parallel()
	at := now().Add(-time.Hour)
	for value, readable := range map[string]bool{
		at.Format(time.RFC3339):                                true,
		at.In(time.FixedZone("", 8*3600)).Format(time.RFC3339): true,
		"2026-03-01 07:00:00":                                  false,
		"1772348400":                                           false,
		"":                                                     false,
	} {
		got, found, ok := parseDeactivatedAt(inventory.Asset{Labels: []inventory.Label{{Name: inventory.LabelGone, Value: value}}}, now())
		if !found || ok != readable || ok && !got.Equal(at) {
			t.Errorf("%q: %v %v %v", value, got, found, ok)
		}
	}
}
