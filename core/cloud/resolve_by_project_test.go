package cloud_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// mapped is a lister that knows the regions of projects; an unknown one is NotFound, and "error"
// and "panic" are what they say.
type mapped struct {
	*fake
	projects map[string]string
	asked    atomic.Int32
}

func (m *mapped) RegionOfProject(_ context.Context, project string) (string, error) {
	m.asked.Add(1)
	region, ok := m.projects[project]
	switch {
	case region == "error":
		return "", kindError(inventory.Temporary)
	case region == "panic":
		panic("broken")
	case ok:
		return region, nil
	}
	return "", kindError(inventory.NotFound)
}

func knows(owner string, pairs ...string) *mapped {
	m := &mapped{fake: owned(owner), projects: map[string]string{}}
	for _, pair := range pairs {
		project, region, _ := strings.Cut(pair, "=")
		m.projects[project] = region
	}
	return m
}

// projected is a target of a project that the configuration names.
func projected(t cloud.OpenedAccount, project string) cloud.OpenedAccount {
	t.Account.ProjectID = project
	return t
}

// TestResolveProject: an event without a region is of the region of its project, by the
// configuration or by the account.
func TestResolveProject(t *testing.T) {
	t.Parallel()
	closed := cloud.OpenedAccount{Account: cloud.Account{Cloud: inventory.Alibaba, Name: "closed", AccountID: "7"}, Err: kindError(inventory.BadCredentials)}
	for _, c := range []struct {
		name    string
		targets []cloud.OpenedAccount
		want    string // "account/region …"
		err     inventory.Kind
		located int32
	}{
		{name: "nobody"},
		{name: "the account tells", targets: []cloud.OpenedAccount{target("a", knows("7", "p=r1"))}, want: "a/r1", located: 1},
		{name: "a listed region", targets: []cloud.OpenedAccount{target("a", knows("7", "p=r1"), "r2", "r1")}, want: "a/r1", located: 1},
		{name: "a region that is not listed", targets: []cloud.OpenedAccount{target("a", knows("7", "p=r1"), "r2", "r3")}, located: 1},
		{name: "an unknown project", targets: []cloud.OpenedAccount{target("a", knows("7", "q=r1"))}, located: 1},
		{name: "the configuration tells", targets: []cloud.OpenedAccount{projected(target("a", knows("7"), "r4"), "p")}, want: "a/r4"},
		{name: "one project, but two regions", targets: []cloud.OpenedAccount{projected(target("a", knows("7", "p=r1"), "r1", "r4"), "p")}, want: "a/r1", located: 1},
		{name: "one project, but all regions", targets: []cloud.OpenedAccount{projected(target("a", knows("7", "p=r1")), "p")}, want: "a/r1", located: 1},
		{name: "another project is configured", targets: []cloud.OpenedAccount{projected(target("a", knows("7", "p=r4"), "r4"), "q")}, want: "a/r4", located: 1},
		{name: "another owner is not asked", targets: []cloud.OpenedAccount{target("a", knows("8", "p=r1"))}},
		{name: "another account_id is not asked", targets: []cloud.OpenedAccount{configured(target("a", knows("7", "p=r1")), "8")}},
		{name: "a cloud without projects", targets: []cloud.OpenedAccount{target("a", owned("7"))}},
		{name: "both of one owner", targets: []cloud.OpenedAccount{target("b", knows("7", "p=r1")), projected(target("a", knows("7"), "r1"), "p")},
			want: "a/r1 b/r1", located: 1},
		{name: "one of two knows it", targets: []cloud.OpenedAccount{target("b", knows("7", "p=r1")), target("a", knows("7"))}, want: "b/r1", located: 2},
		{name: "two regions for one project", targets: []cloud.OpenedAccount{target("b", knows("7", "p=r1")), projected(target("a", knows("7"), "r2"), "p")},
			err: inventory.Incomplete, located: 1},
		{name: "it cannot tell", targets: []cloud.OpenedAccount{target("a", knows("7", "p=error")), target("b", knows("7", "p=r1"))},
			err: inventory.Temporary, located: 2},
		{name: "it breaks", targets: []cloud.OpenedAccount{target("a", knows("7", "p=panic"))}, err: inventory.Unknown, located: 1},
		{name: "it says nothing", targets: []cloud.OpenedAccount{target("a", knows("7", "p="))}, err: inventory.Incomplete, located: 1},
		{name: "cannot be asked whose it is", targets: []cloud.OpenedAccount{target("a", knows("", "p=r1")), target("b", knows("7", "p=r1"))},
			want: "b/r1", err: inventory.Temporary, located: 1},
		{name: "cannot be opened, and is meant", targets: []cloud.OpenedAccount{closed}, err: inventory.BadCredentials},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			event := cloud.EventTarget{Cloud: inventory.Alibaba, AccountID: "7", ProjectID: "p", InstanceIDs: []string{"i-1"}}
			scopes, err := cloud.NewFleet(c.targets).ResolveScopes(t.Context(), event)
			var found []string
			for _, s := range scopes {
				found = append(found, s.Account+"/"+s.Region)
			}
			if strings.Join(found, " ") != c.want || inventory.KindOf(err) != c.err && !joins(err, c.err) {
				t.Errorf("%v %v", found, err)
			}
			var located int32
			for _, target := range c.targets {
				if m, ok := target.Lister.(*mapped); ok {
					located += m.asked.Load()
				}
			}
			if located != c.located {
				t.Errorf("%d questions for a region, want %d", located, c.located)
			}
		})
	}
}

// TestResolveNowhere: an event with neither a region nor a project is an error, never all regions.
func TestResolveNowhere(t *testing.T) {
	t.Parallel()
	fleet := cloud.NewFleet([]cloud.OpenedAccount{target("a", knows("7", "=r1")), configured(target("b", owned("7")), "7")})
	scopes, err := fleet.ResolveScopes(t.Context(), cloud.EventTarget{Cloud: inventory.Alibaba, AccountID: "7", InstanceIDs: []string{"i-1"}})
	if len(scopes) > 0 || inventory.KindOf(err) != inventory.Invalid {
		t.Errorf("%v %v", scopes, err)
	}
}

// TestResolveRegionFirst: an event that names both is of its region, and nobody is asked for it.
func TestResolveRegionFirst(t *testing.T) {
	t.Parallel()
	lister := knows("7", "p=r1")
	scopes, err := cloud.NewFleet([]cloud.OpenedAccount{target("a", lister)}).ResolveScopes(t.Context(),
		cloud.EventTarget{Cloud: inventory.Alibaba, AccountID: "7", Region: "r2", ProjectID: "p"})
	if err != nil || fmt.Sprint(scopes) != "[alibaba/a/r2]" || lister.asked.Load() != 0 {
		t.Errorf("%v %v", scopes, err)
	}
}
