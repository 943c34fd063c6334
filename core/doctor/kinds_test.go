package doctor_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/doctor"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
)

// TestKinds: doctor examines the kinds that are asked for, in the regions that have them, and tells of instances of
// others.
func TestKinds(t *testing.T) {
	t.Parallel()
	denied := &inventory.Error{Kind: inventory.Denied, Message: "Forbidden.RAM"}
	counts := func(n int, err error) func(context.Context) (string, int, error) {
		return func(context.Context) (string, int, error) { return "r1", n, err }
	}
	for name, c := range map[string]struct {
		kind    doctor.Kind
		verdict doctor.Verdict
		want    string
		count   int // how many lines speak of the kind
	}{
		"in each region that has it":       {doctor.Kind{IsAsked: true, Lister: fakeLister{regions: []string{"r1"}}, Regions: []string{"r1", "r2"}}, doctor.OK, "✓ Light: region r1: instances can be listed", 2},
		"in all regions":                   {doctor.Kind{IsAsked: true, Lister: fakeLister{regions: []string{"r1", "r2"}}}, doctor.OK, "✓ Light: listing: may list in 2 regions", 2},
		"but for those that are excluded":  {doctor.Kind{IsAsked: true, Lister: fakeLister{regions: []string{"r1", "r2"}}, ExcludeRegions: []string{"r2"}}, doctor.OK, "✓ Light: listing: may list in 1 regions", 2},
		"a right is missing":               {doctor.Kind{IsAsked: true, Lister: fakeLister{regions: []string{"r1"}, err: denied}, Regions: []string{"r1"}}, doctor.Failure, "→ grant: light:List", 2},
		"it cannot be opened":              {doctor.Kind{IsAsked: true, Err: denied}, doctor.Failure, "✗ Light: it cannot be used: Forbidden.RAM", 1},
		"not asked for, and there are":     {doctor.Kind{Count: counts(3, nil)}, doctor.Warning, "! Light: region r1 has 3, which are not synced", 1},
		"not asked for, and there is none": {doctor.Kind{Count: counts(0, nil)}, doctor.OK, "", 0},
		"not asked for, and no right":      {doctor.Kind{Count: counts(3, errors.New("denied"))}, doctor.OK, "", 0},
		"not counted":                      {doctor.Kind{}, doctor.OK, "", 0},
	} {
		c.kind.Name, c.kind.Title, c.kind.RequiredRights, c.kind.Setting = "light", language.New("轻", "Light"), []string{"light:List"}, "[main, light]"
		text, worst := runCheck(t, doctor.CloudCheck(doctor.Account{Cloud: "alibaba", Name: "a", Lister: fakeLister{regions: []string{"r1"}}, Kinds: []doctor.Kind{c.kind}}))
		if worst != c.verdict || !strings.Contains(text, c.want) || strings.Count(text, "Light") != c.count {
			t.Errorf("%s: %s\n%s", name, worst, text)
		}
		if c.verdict == doctor.Warning && !strings.Contains(text, "→ to sync them set kinds: [main, light], and grant light:List") {
			t.Errorf("%s: what to do is not told:\n%s", name, text)
		}
	}
}

// TestMainKindNotAsked: an account of another kind alone needs no right to list the main one.
func TestMainKindNotAsked(t *testing.T) {
	t.Parallel()
	refuses := fakeLister{regions: []string{"r1"}, err: &inventory.Error{Kind: inventory.Denied, Message: "no"}}
	text, worst := runCheck(t, doctor.CloudCheck(doctor.Account{Cloud: "alibaba", Name: "a", Lister: refuses, SkipsMainKind: true}))
	if worst != doctor.OK {
		t.Error(text)
	}
}
