package jumpserver_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// peoplesLabels are some that JumpServer accepted before v4.10.17, and later versions refuse as text.
func peoplesLabels() []string {
	return []string{"url:http://x", "owners:zhang,li", "empty:", "team:shop"}
}

// seedLabelled adds n hosts with people's labels and one of ours to a server, and returns their ids.
func seedLabelled(s *jumpservertest.Server, n int) []string {
	var ids []string
	for i := range n {
		name := "web-" + string(rune('a'+i))
		ids = append(ids, s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{
			Name: name, Address: "10.0.0.1", Active: true, Labels: append(peoplesLabels(), "jms-cloud:alibaba"),
		}))
	}
	return ids
}

// deactivation returns the patch that deactivates an asset as it was read.
func deactivation(a inventory.Asset) inventory.Patch {
	off := false
	labels := append(slices.Clone(a.Labels), inventory.Label{Name: inventory.LabelGone, Value: "20261128T1435Z"})
	return inventory.Patch{ID: a.ID, Active: &off, Labels: labels}
}

// TestPeoplesLabels: labels that v4.10.17 and later no longer accept as text block no change, alone or in a list,
// and survive.
func TestPeoplesLabels(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		for _, n := range []int{1, 3} {
			s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
			ids := seedLabelled(s, n)
			c := newClient(t, s)
			assets, err := c.AssetsByID(t.Context(), ids)
			if err != nil {
				t.Fatal(err)
			}
			var patches []inventory.Patch
			for _, a := range assets {
				patches = append(patches, deactivation(a))
			}
			for _, err := range c.Update(t.Context(), patches, nil) {
				if err != nil {
					t.Errorf("%s, %d hosts: %v", version, n, err)
				}
			}
			want := append(peoplesLabels(), "jms-cloud:alibaba", "jms-gone:20261128T1435Z")
			slices.Sort(want)
			for _, h := range s.Hosts(jumpservertest.DefaultOrg) {
				slices.Sort(h.Labels)
				if h.Active || !slices.Equal(h.Labels, want) {
					t.Errorf("%s: active %t, %q", version, h.Active, h.Labels)
				}
			}
		}
	}
}

// TestNewLabelThatNobodyTakes: v4.10.17 and later refuse a new label with a colon, and the error says so.
func TestNewLabelThatNobodyTakes(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		ids := seedLabelled(s, 1)
		c := newClient(t, s)
		p := inventory.Patch{ID: ids[0], Labels: []inventory.Label{{Name: "url", Value: "http://y"}}}
		err := c.Update(t.Context(), []inventory.Patch{p}, nil)[0]
		if strict := version == jumpservertest.V41019; strict != (inventory.KindOf(err) == inventory.Invalid) || !strict && err != nil {
			t.Errorf("%s: %v", version, err)
		}
		if err != nil && !strings.Contains(err.Error(), "Cannot contain") {
			t.Errorf("%s: %v", version, err)
		}
	}
}

// TestLabelDeletedMeanwhile: a row of the label page that is deleted between the reading and the write fails
// the hosts that had it, and no others; read again they can be written.
func TestLabelDeletedMeanwhile(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		ids := seedLabelled(s, 3)
		s.Edit(jumpservertest.DefaultOrg, ids[1], func(h *jumpservertest.Host) { h.Labels = append(h.Labels, "rack:7") })
		c := newClient(t, s)
		assets, err := c.AssetsByID(t.Context(), ids)
		if err != nil {
			t.Fatal(err)
		}
		if !s.DeleteLabel(jumpservertest.DefaultOrg, "rack:7") {
			t.Fatal("there is no label rack:7")
		}
		errs := c.Update(t.Context(), []inventory.Patch{deactivation(assets[0]), deactivation(assets[1]), deactivation(assets[2])}, nil)
		if errs[0] != nil || errs[2] != nil || inventory.KindOf(errs[1]) != inventory.Temporary {
			t.Fatalf("%s: %v", version, errs)
		}
		assets, err = c.AssetsByID(t.Context(), ids[1:2])
		if err != nil || assets[0].LabelCount("rack") != 0 || !assets[0].Active {
			t.Fatalf("%s: %+v, %v", version, assets, err)
		}
		if err := c.Update(t.Context(), []inventory.Patch{deactivation(assets[0])}, nil)[0]; err != nil {
			t.Errorf("%s: read anew: %v", version, err)
		}
	}
}
