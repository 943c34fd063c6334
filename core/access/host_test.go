package access

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// AccessRulesOfAsset answers with the rules of the node web, and one on the host itself.
func (s *fakeServer) AccessRulesOfAsset(ctx context.Context, assetID string) ([]inventory.AccessRule, error) {
	rules, err := s.AccessRulesOfNode(ctx, "n-web")
	if err == nil {
		err = s.call("rules of " + assetID)
	}
	return append(rules, s.rules[assetID]...), err
}

// describeHost returns who reaches a host: rule: groups, users.
func describeHost(h Host) string {
	var ways []string
	for _, w := range h.Ways {
		var names []string
		for _, g := range w.Groups {
			names = append(names, "@"+g.Name)
		}
		for _, u := range w.Users {
			names = append(names, u.Name)
		}
		if w.LoginDenied {
			names = append(names, "denied")
		}
		ways = append(ways, w.Rule+": "+strings.Join(names, " "))
	}
	text := fmt.Sprintf("%d: %s", h.Users, strings.Join(ways, "; "))
	if h.Unknown > 0 {
		text += fmt.Sprint(" unknown ", h.Unknown)
	}
	return text + h.Lacks
}

func TestOfAsset(t *testing.T) {
	t.Parallel()
	denied := &inventory.Error{Kind: inventory.Denied, Message: "403"}
	for name, c := range map[string]struct {
		fails func(string) error
		rules int
		want  string
		fault bool
	}{
		"all":            {rules: 9, want: "4: r-ops: @ops bob cat; r-own: eve; r-sees: fay denied; r-web: ann bob"},
		"too many rules": {rules: 2, want: "3: r-ops: @ops bob cat; r-own: eve unknown 2"},
		"no right":       {rules: 9, fails: failOn("rules of a-1", denied), want: "0: perms.view_assetpermission", fault: true},
		"an error":       {rules: 9, fails: failOn("members r-own", &inventory.Error{Kind: inventory.Temporary}), want: "2: r-ops: @ops bob cat unknown 3", fault: true},
	} {
		s := newServer()
		s.grant("a-1", "r-own", "eve")
		s.grant("a-1", "r-sees", "fay")
		s.rules["a-1"][1].LoginDenied = true
		s.fails = c.fails
		h, err := OfAsset(t.Context(), s, "a-1", Limits{Nodes: 9, Rules: c.rules, Time: time.Minute})
		if got := describeHost(h); got != c.want || (err != nil) != c.fault {
			t.Errorf("%s: %v: %s\nwant %s", name, err, got, c.want)
		}
	}
}

func TestOfPlaces(t *testing.T) {
	t.Parallel()
	for places, want := range map[string]string{
		"n-web":                         "3: r-ops: @ops bob cat; r-web: ann bob",
		"/DEFAULT/prod/new n-dev n-web": "4: r-dev: dan ann; r-ops: @ops bob cat; r-web: ann bob",
		"/DEFAULT/new":                  "0: ",
	} {
		h, err := OfPlaces(t.Context(), newServer(), strings.Fields(places), newLimits())
		if got := describeHost(h); err != nil || got != want {
			t.Errorf("%s: %v: %s\nwant %s", places, err, got, want)
		}
	}
	s := newServer()
	s.fails = failOn("rules n-dev", &inventory.Error{Kind: inventory.Denied})
	if h, err := OfPlaces(t.Context(), s, []string{"n-dev"}, newLimits()); err == nil || h.Lacks == "" {
		t.Errorf("%+v, %v", h, err)
	}
}
