package jumpserver_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// labelled adds hosts with our labels to a server, i-0 and on, under their own ids.
func labelled(s *jumpservertest.Server, n int) {
	for i := range n {
		s.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{
			Name: fmt.Sprintf("hand-%03d", i), Address: "10.0.0.1", Active: true, Labels: []string{fmt.Sprintf("%s:i-%d", inventory.LabelInstance, i), "team:a"},
		})
	}
}

func instancesOf(assets []inventory.Asset) []string {
	var out []string
	for _, a := range assets {
		id, _ := a.Label(inventory.LabelInstance)
		out = append(out, id)
	}
	slices.Sort(out)
	return out
}

// AssetsByInstance finds hosts by the label of their instance, whatever their ids, and copies too.
func TestMarked(t *testing.T) {
	t.Parallel()
	for _, version := range versions() {
		s := jumpservertest.New(jumpservertest.Options{Version: version, TB: t})
		labelled(s, 5)
		copied := jumpservertest.Host{Name: "copy", Address: "10.0.0.9", Active: true, Labels: []string{inventory.LabelInstance + ":i-1"}}
		s.Seed(jumpservertest.DefaultOrg, copied)
		c := newClient(t, s)
		for _, step := range []struct{ ask, want []string }{
			{[]string{"i-never"}, nil},
			{[]string{"i-1", "i-never", "i-3"}, []string{"i-1", "i-1", "i-3"}},
			{nil, nil},
		} {
			found, err := c.AssetsByInstance(t.Context(), step.ask)
			if got := instancesOf(found); err != nil || !slices.Equal(got, step.want) {
				t.Errorf("%s %v: %v, %v", version, step.ask, got, err)
			}
		}
		s.ResetCounts()
		if _, err := c.AssetsByInstance(t.Context(), []string{"i-2"}); err != nil || s.Requests() != 1 {
			t.Errorf("%v, %v", err, s.Calls())
		}
	}
}

// Few calls find many instances, and each asset is returned once.
func TestMarkedMany(t *testing.T) {
	t.Parallel()
	s := jumpservertest.New(jumpservertest.Options{TB: t})
	labelled(s, 120)
	c := newClient(t, s)
	if _, err := c.Read(t.Context()); err != nil { // it learns the facts
		t.Fatal(err)
	}
	ids := make([]string, 0, 120)
	for i := range 120 {
		ids = append(ids, fmt.Sprint("i-", i))
	}
	s.ResetCounts()
	found, err := c.AssetsByInstance(t.Context(), ids)
	if err != nil || len(found) != 120 || s.Requests() != 3 {
		t.Errorf("%d, %v, %v", len(found), err, s.Calls())
	}
}

// A server that does not know the filter answers with everything: that is an error. So is
// an id that would be two values of the filter.
func TestMarkedDoubts(t *testing.T) {
	t.Parallel()
	s := jumpservertest.New(jumpservertest.Options{TB: t})
	labelled(s, 2)
	c := newClient(t, nil, func(o *jumpserver.Options) {
		o.Transport = handlerTransport{http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.ServeHTTP(w, r) })}
	})
	if _, err := c.AssetsByInstance(t.Context(), []string{"i-0,i-1"}); inventory.KindOf(err) != inventory.Invalid {
		t.Error(err)
	}
	s.Fail(jumpservertest.MatchRequest(http.MethodGet, "labels="), -1, jumpservertest.Fault{Edit: func(status int, body []byte) (int, []byte) {
		return status, bytes.ReplaceAll(body, []byte(`"i-0"`), []byte(`"i-9"`))
	}})
	if found, err := c.AssetsByInstance(t.Context(), []string{"i-0"}); inventory.KindOf(err) != inventory.Incomplete || found != nil || !strings.Contains(err.Error(), "not asked for") {
		t.Errorf("%v, %v", found, err)
	}
}
