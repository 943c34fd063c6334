package cloud_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// withKind returns an account that is asked for the main kind and for swas.
func withKind(name string, lister, light cloud.Lister, regions ...string) cloud.OpenedAccount {
	t := target(name, lister, regions...)
	t.Account.Kinds, t.Kinds = []string{"", "swas"}, []cloud.OpenedKind{{Name: "swas", Lister: light}}
	return t
}

// TestFleetListsKinds: each kind of a region is a listing of its own, and fails by itself.
func TestFleetListsKinds(t *testing.T) {
	t.Parallel()
	denied := func() ([]string, error) { return nil, kindError(inventory.Denied) }
	refuses := func(string) ([]inventory.Instance, error) { return nil, kindError(inventory.Denied) }
	offers := func(regions ...string) func() ([]string, error) {
		return func() ([]string, error) { return slices.Clone(regions), nil }
	}
	only := target("a", &fake{})
	excludes := func(t cloud.OpenedAccount, regions ...string) cloud.OpenedAccount {
		t.Account.ExcludeRegions = regions
		return t
	}
	only.Account.Kinds, only.Kinds = []string{"swas"}, []cloud.OpenedKind{{Name: "swas", Lister: &fake{regions: offers("r1")}}}
	for name, c := range map[string]struct {
		account cloud.OpenedAccount
		filter  cloud.Filter
		want    string
	}{
		"all regions of each":                {withKind("a", &fake{}, &fake{regions: offers("r1", "r3")}), cloud.Filter{}, "a/r1 1111 2 \na/r1.swas 1111 2 \na/r2 1111 2 \na/r3.swas 1111 2 "},
		"configured regions":                 {withKind("a", &fake{}, &fake{}, "r1", "r1.swas"), cloud.Filter{}, "a/r1 1111 2 \na/r1.swas 1111 2 "},
		"a configured region without it":     {withKind("a", &fake{}, &fake{regions: offers("r2")}, "r1", "r1.swas"), cloud.Filter{}, "a/r1 1111 2 "},
		"its right is missing":               {withKind("a", &fake{}, &fake{list: refuses}, "r1", "r1.swas"), cloud.Filter{}, "a/r1 1111 2 \na/r1.swas 1111 0 denied"},
		"its regions are denied":             {withKind("a", &fake{}, &fake{regions: denied}), cloud.Filter{}, "a/*.swas 1111 0 denied\na/r1 1111 2 \na/r2 1111 2 "},
		"its regions, configured, denied":    {withKind("a", &fake{}, &fake{regions: denied}, "r1", "r1.swas"), cloud.Filter{}, "a/r1 1111 2 \na/r1.swas 1111 0 denied"},
		"the main kind's regions are denied": {withKind("a", &fake{regions: denied}, &fake{regions: offers("r1")}), cloud.Filter{}, "a/* 1111 0 denied\na/r1.swas 1111 2 "},
		"the owner is not told": {withKind("a", &fake{owner: func() (string, error) { return "", kindError(inventory.Temporary) }}, &fake{}), cloud.Filter{},
			"a/*  0 temporary\na/*.swas  0 temporary"},
		"narrowed to the main kind":        {withKind("a", &fake{}, &fake{regions: denied}), cloud.Filter{Regions: []string{"r1"}}, "a/r1 1111 2 "},
		"narrowed to the other":            {withKind("a", &fake{regions: denied}, &fake{}), cloud.Filter{Regions: []string{"r1.swas"}}, "a/r1.swas 1111 2 "},
		"a region excluded, of all kinds":  {excludes(withKind("a", &fake{}, &fake{}), "r2"), cloud.Filter{}, "a/r1 1111 2 \na/r1.swas 1111 2 "},
		"all regions of the kind excluded": {excludes(withKind("a", &fake{}, &fake{regions: offers("r2")}), "r2"), cloud.Filter{}, "a/r1 1111 2 "},
		"the other alone":                  {only, cloud.Filter{}, "a/r1.swas 1111 2 "},
		"not opened": {cloud.OpenedAccount{Account: cloud.Account{Cloud: inventory.Alibaba, Name: "a", Regions: []string{"r1.swas"}}, Lister: &fake{}}, cloud.Filter{},
			"a/r1.swas 1111 0 unsupported"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fleet := cloud.NewFleet([]cloud.OpenedAccount{c.account})
			listings := fleet.List(t.Context(), c.filter)
			if got := outline(listings); got != c.want {
				t.Errorf("got\n%s\nwant\n%s", got, c.want)
			}
			for _, l := range listings {
				for _, i := range l.Instances {
					if i.Scope != l.Scope {
						t.Errorf("%s is of %s", i.ID, i.Scope)
					}
				}
			}
		})
	}
}

// TestFleetKindScopes: the scopes are those of the listings.
func TestFleetKindScopes(t *testing.T) {
	t.Parallel()
	fleet := cloud.NewFleet([]cloud.OpenedAccount{
		withKind("a", &fake{}, &fake{regions: func() ([]string, error) { return []string{"r3"}, nil }}),
		withKind("b", &fake{}, &fake{regions: func() ([]string, error) { return []string{"r3"}, nil }}, "r1", "r1.swas"),
	})
	scopes, known := fleet.ListScopes(t.Context(), cloud.Filter{})
	if got := fmt.Sprint(scopes); got != "[alibaba/a/r1 alibaba/a/r2 alibaba/a/r3.swas alibaba/b/r1]" || !known {
		t.Errorf("%s, known %t", got, known)
	}
}

// TestFleetFindsByKind: an instance is asked for where its kind is.
func TestFleetFindsByKind(t *testing.T) {
	t.Parallel()
	wrong := &fake{lookup: func([]string) (inventory.FindResult, error) {
		return inventory.FindResult{}, errors.New("another kind was asked")
	}}
	light := &fake{lookup: func(ids []string) (inventory.FindResult, error) { return rowsOf(inventory.Instance{ID: ids[0]}), nil }}
	fleet := cloud.NewFleet([]cloud.OpenedAccount{withKind("a", wrong, light, "r1", "r1.swas")})
	scope := inventory.Scope{Cloud: inventory.Alibaba, Account: "a", Region: "r1.swas"}
	found, err := fleet.FindVerified(t.Context(), scope, []string{"ace0"})
	if err != nil || len(found.Instances) != 1 || found.Instances[0].Scope != scope {
		t.Errorf("%+v, error %v", found, err)
	}
	scope.Region = "r1.other"
	if _, err := fleet.FindVerified(t.Context(), scope, []string{"ace0"}); inventory.KindOf(err) != inventory.Unsupported {
		t.Errorf("error %v", err)
	}
}

// TestEventsMeanTheMainKind: an account that lists no main kind is not meant by its events.
func TestEventsMeanTheMainKind(t *testing.T) {
	t.Parallel()
	only := target("a", &fake{})
	only.Account.Kinds = []string{"swas"}
	for want, account := range map[string]cloud.OpenedAccount{"[]": only, "[alibaba/a/r1]": withKind("a", &fake{}, &fake{})} {
		scopes, err := cloud.NewFleet([]cloud.OpenedAccount{account}).ResolveScopes(t.Context(), cloud.EventTarget{Cloud: inventory.Alibaba, AccountID: "1111", Region: "r1", InstanceIDs: []string{"i-1"}})
		if err != nil || fmt.Sprint(scopes) != want {
			t.Errorf("%v, error %v, want %s", scopes, err, want)
		}
	}
}
