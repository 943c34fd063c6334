package huawei_test

import (
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/huawei/huaweitest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// iamCalls counts the questions to IAM.
func (w *world) iamCalls() int {
	return w.Calls(huaweitest.OwnProjects) + w.Calls(huaweitest.AllProjects)
}

// TestProjectsAskedOnce: whoever comes meanwhile waits for one answer.
func TestProjectsAskedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account.AddProject("cn-north-4_team")
	w.account.AddProject("la-north-2")
	w.account.RemoveProject("la-north-2", true)
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			regions, err := lister.Regions(t.Context())
			if want := []string{"ap-southeast-1", "cn-east-3", "cn-north-4"}; err != nil || !slices.Equal(regions, want) {
				t.Errorf("%q, %v", regions, err)
			}
			if owner, err := lister.Owner(t.Context()); err != nil || owner != testAccountKey.DomainID {
				t.Errorf("%q, %v", owner, err)
			}
			if list, err := lister.List(t.Context(), "cn-east-3"); err != nil || len(list) > 0 {
				t.Errorf("%v, %v", list, err)
			}
		})
	}
	group.Wait()
	if w.iamCalls() != 1 {
		t.Errorf("IAM was asked %d times", w.iamCalls())
	}
	if _, err := lister.List(t.Context(), "la-north-2"); inventory.KindOf(err) != inventory.NotFound {
		t.Errorf("a project that is switched off: %v", err)
	}
}

// TestProjectOfTheConfiguration: project_id counts for its region only, and without a call where
// there is one region.
func TestProjectOfTheConfiguration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	team := w.account.AddProject("cn-north-4_team")
	w.account.Put("cn-north-4", huaweitest.SampleInstance(1))
	w.account.Put("cn-north-4_team", huaweitest.SampleInstance(2))
	w.account.Put("cn-east-3", huaweitest.SampleInstance(3))
	for _, c := range []struct {
		name, project string
		regions       []string
		region        string
		want          int // the number of the server
		kind          inventory.Kind
		iam           int
	}{
		{"none", "", []string{"cn-north-4"}, "cn-north-4", 1, "", 1},
		{"a sub-project, one region", team, []string{"cn-north-4", "cn-north-4"}, "cn-north-4", 2, "", 0},
		{"a sub-project, two regions", team, []string{"cn-east-3", "cn-north-4"}, "cn-north-4", 2, "", 1},
		{"a sub-project, the other region", team, []string{"cn-east-3", "cn-north-4"}, "cn-east-3", 3, "", 1},
		{"a sub-project, all regions", team, nil, "cn-north-4", 2, "", 1},
		{"another account's, two regions", "0123456789abcdef", []string{"cn-east-3", "cn-north-4"}, "cn-east-3", 0, inventory.Invalid, 1},
		{"another account's, one region", "0123456789abcdef", []string{"cn-east-3"}, "cn-east-3", 0, inventory.Denied, 0},
		{"one that is no region", w.account.ProjectID("MOS"), nil, "cn-north-4", 0, inventory.Invalid, 1},
	} {
		before := w.iamCalls()
		lister := w.Open(t, cloudtest.InstantRetries(), func(a *cloud.Account) { a.ProjectID, a.Regions = c.project, c.regions })
		list, err := lister.List(t.Context(), c.region)
		if inventory.KindOf(err) != c.kind || c.want > 0 && (len(list) != 1 || list[0].ID != huaweitest.SampleInstance(c.want).ID) {
			t.Errorf("%s: %v, %v", c.name, list, err)
		}
		if got := w.iamCalls() - before; got != c.iam {
			t.Errorf("%s: IAM was asked %d times", c.name, got)
		}
		if c.want > 0 {
			saysProject(t, lister, c.region, map[int]string{
				1: w.account.ProjectID("cn-north-4"), 2: team, 3: w.account.ProjectID("cn-east-3"),
			}[c.want], list[0].ID)
		}
	}
	lister := w.Open(t, cloudtest.InstantRetries(), func(a *cloud.Account) { a.ProjectID = "0123456789abcdef" })
	if _, err := lister.Regions(t.Context()); inventory.KindOf(err) != inventory.Invalid || !strings.Contains(err.Error(), "project_id") {
		t.Errorf("regions with a project that is not there: %v", err)
	}
	if owner, err := lister.Owner(t.Context()); err != nil || owner != testAccountKey.DomainID {
		t.Errorf("%q, %v", owner, err)
	}
}

// saysProject fails a test in which a server, or the answer that has it or not, is of another project.
func saysProject(t *testing.T, lister cloud.Lister, region, want, id string) {
	t.Helper()
	divided, is := lister.(cloud.ProjectLister)
	if !is {
		t.Fatal("the lister names no projects")
	}
	projects, err := divided.Projects(t.Context(), region)
	if err != nil || !slices.Equal(projects, []string{want}) {
		t.Errorf("%s is read in %q, want %s: %v", region, projects, want, err)
	}
	list, err := lister.List(t.Context(), region)
	glanced, glanceErr := lister.Find(t.Context(), region, []string{id})
	found, lookupErr := lister.FindVerified(t.Context(), region, []string{id})
	absent, goneErr := lister.FindVerified(t.Context(), region, []string{huaweitest.SampleInstance(900).ID})
	if err := errors.Join(err, glanceErr, lookupErr, goneErr); err != nil {
		t.Fatal(err)
	}
	for _, i := range slices.Concat(list, glanced, found.Instances) {
		if i.Project != want || len(glanced)+len(found.Instances) != 2 {
			t.Errorf("%s is of project %q, want %s", i.ID, i.Project, want)
		}
	}
	if !slices.Equal(found.Projects, projects) || !slices.Equal(absent.Projects, projects) || len(absent.Instances) > 0 {
		t.Errorf("asked in %q and %q", found.Projects, absent.Projects)
	}
}

// TestProjectOfAServerFoundAlone: what only the single question shows names its project too.
func TestProjectOfAServerFoundAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 1)
	w.Hide(region, ids...)
	found, err := w.Open(t, cloudtest.InstantRetries(), nil).FindVerified(t.Context(), region, ids)
	if err != nil || len(found.Instances) != 1 || found.Instances[0].Project != w.account.ProjectID(region) {
		t.Errorf("%+v, %v", found, err)
	}
}

// TestAgency: where IAM's list of a user's projects tells an agency nothing, or refuses, all
// projects are asked for; where that is refused too, account_id and project_id must help.
func TestAgency(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		own, all huaweitest.Kind
		want     inventory.Kind
	}{
		"empty, then all":       {"", "", ""},
		"refused, then all":     {huaweitest.NoPermission, "", ""},
		"not there, then all":   {huaweitest.NotPublished, "", ""},
		"empty, then refused":   {"", huaweitest.NoPermission, inventory.Denied},
		"refused both":          {huaweitest.NoPermission, huaweitest.NoPermission, inventory.Denied},
		"not there, both":       {huaweitest.NotPublished, huaweitest.NotPublished, inventory.NotFound},
		"empty, then an outage": {"", peertest.HTML503, inventory.Temporary},
		"empty, then no list":   {"", peertest.EmptyObject, inventory.Incomplete},
		"locked":                {huaweitest.Locked, "", inventory.BadCredentials},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.account.MakeAgency()
			w.Fill(region, 1)
			for action, kind := range map[string]huaweitest.Kind{huaweitest.OwnProjects: c.own, huaweitest.AllProjects: c.all} {
				if kind != "" {
					w.Server.Break(huaweitest.Fault{Kind: kind, Action: action})
				}
			}
			lister := w.Open(t, cloudtest.InstantRetries(), nil)
			owner, err := lister.Owner(t.Context())
			if inventory.KindOf(err) != c.want || err == nil && owner != testAccountKey.DomainID {
				t.Errorf("owner %q, %v", owner, err)
			}
			list, err := lister.List(t.Context(), region)
			if inventory.KindOf(err) != c.want || err == nil && len(list) != 1 {
				t.Errorf("%d rows, %v", len(list), err)
			}
			if err != nil {
				checkError(t, err)
			}
			sure := w.Open(t, cloudtest.InstantRetries(), func(a *cloud.Account) { a.ProjectID, a.Regions = w.account.ProjectID(region), []string{region} })
			if list, err := sure.List(t.Context(), region); err != nil || len(list) != 1 {
				t.Errorf("with project_id: %d rows, %v", len(list), err)
			}
		})
	}
}

// TestNoProjects: a key that sees no project, or no region, has no regions.
func TestNoProjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, name := range []string{"cn-east-3", "cn-north-4", "ap-southeast-1"} {
		w.account.RemoveProject(name, false)
	}
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	if regions, err := lister.Regions(t.Context()); inventory.KindOf(err) != inventory.Denied || regions != nil {
		t.Errorf("%q, %v", regions, err)
	}
	if owner, err := lister.Owner(t.Context()); err != nil || owner != testAccountKey.DomainID {
		t.Errorf("%q, %v", owner, err)
	}
	w.account.RemoveProject("MOS", false)
	_, err := w.Open(t, cloudtest.InstantRetries(), nil).Owner(t.Context())
	if inventory.KindOf(err) != inventory.Denied {
		t.Error(err)
	}
	checkError(t, err)
}

// TestLocate: the region of a project, also of a sub-project; an unknown one is NotFound.
func TestLocate(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	team := w.account.AddProject("cn-north-4_team")
	locator := w.Open(t, cloudtest.InstantRetries(), nil).(cloud.ProjectLocator)
	for project, want := range map[string]string{
		w.account.ProjectID("cn-east-3"): "cn-east-3", w.account.ProjectID("cn-north-4"): "cn-north-4", team: "cn-north-4",
		w.account.ProjectID("MOS"): "", "0123456789abcdef": "", "": "",
	} {
		got, err := locator.RegionOfProject(t.Context(), project)
		if got != want || (want == "") != (inventory.KindOf(err) == inventory.NotFound) {
			t.Errorf("%s: %q, %v", project, got, err)
		}
	}
	w.Server.Break(huaweitest.Fault{Kind: peertest.HTML503})
	if _, err := w.Open(t, cloudtest.InstantRetries(), nil).(cloud.ProjectLocator).RegionOfProject(t.Context(), team); inventory.KindOf(err) != inventory.Temporary {
		t.Error(err)
	}
}

// TestSeveralAccounts: two accounts at one endpoint see their own servers only.
func TestSeveralAccounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other := w.Server.AddAccount(huaweitest.Key{DomainID: "0aaa0000000000000000000000000bbb", AccessKeyID: testAccountKey.AccessKeyID + "2", AccessKeySecret: "another"})
	other.Put(region, huaweitest.SampleInstance(7))
	w.account.Put(region, huaweitest.SampleInstance(8))
	list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
	if err != nil || len(list) != 1 || list[0].ID != huaweitest.SampleInstance(8).ID {
		t.Errorf("%v, %v", list, err)
	}
	// The project of another account is refused, not empty.
	lister := w.Open(t, cloudtest.InstantRetries(), func(a *cloud.Account) { a.ProjectID, a.Regions = other.ProjectID(region), []string{region} })
	if list, err := lister.List(t.Context(), region); inventory.KindOf(err) != inventory.Denied || list != nil {
		t.Errorf("%v, %v", list, err)
	}
}
