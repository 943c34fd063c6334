package huawei_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/huawei/huaweitest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestFindVerifiedMany: more ids than a call takes; each absent one costs one further call.
func TestFindVerifiedMany(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 230)
	absent := []string{huaweitest.SampleInstance(900).ID, huaweitest.SampleInstance(901).ID}
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	list, err := lister.Find(t.Context(), region, append(absent, ids...))
	if err != nil || len(list) != 230 || w.Calls(huaweitest.ListServers) != 3 || w.Calls(huaweitest.ShowServer) != 0 {
		t.Errorf("%d of 230 in %d calls: %v", len(list), w.Calls(huaweitest.ListServers), err)
	}
	list, err = cloudtest.FindInstances(t.Context(), lister, region, append(absent, ids...)...)
	if err != nil || len(list) != 230 || w.Calls(huaweitest.ListServers) != 6 || w.Calls(huaweitest.ShowServer) != 2 {
		t.Errorf("%d of 230 in %d and %d calls: %v", len(list), w.Calls(huaweitest.ListServers), w.Calls(huaweitest.ShowServer), err)
	}
}

// TestEnterpriseProjects: the servers of a project whose grant is lost are hidden from the list,
// but are never proved absent.
func TestEnterpriseProjects(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.Fill(region, 3)
	hidden := huaweitest.SampleInstance(7)
	hidden.EnterpriseProject = "ad54c3f2-0000-4000-8000-000000000001"
	w.account.Put(region, hidden)
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	for _, granted := range []bool{true, false} {
		w.account.Grant(hidden.EnterpriseProject, granted)
		list, err := lister.List(t.Context(), region)
		if want := map[bool]int{true: 4, false: 3}[granted]; err != nil || len(list) != want {
			t.Errorf("granted %t: %d rows, %v", granted, len(list), err)
		}
		found, err := cloudtest.FindInstances(t.Context(), lister, region, hidden.ID, huaweitest.SampleInstance(900).ID)
		if granted && (err != nil || len(found) != 1) || !granted && (inventory.KindOf(err) != inventory.Denied || found != nil) {
			t.Errorf("granted %t: %v, %v", granted, found, err)
		}
	}
}

// TestFoundAfterAll: what the list does not show but the single question does is there.
func TestFoundAfterAll(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 2)
	w.Server.Break(huaweitest.Fault{Kind: huaweitest.NullRow, Action: huaweitest.ListServers})
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	list, err := lister.Find(t.Context(), region, ids)
	if err != nil || len(list) != 1 {
		t.Errorf("%v, %v", list, err)
	}
	list, err = cloudtest.FindInstances(t.Context(), lister, region, ids...)
	if err != nil || len(list) != 2 || list[0].ID != ids[0] || list[1].ID != ids[1] || list[1].Name != "web-00001" || list[1].Region != region {
		t.Errorf("%v, %v", list, err)
	}
}

// TestAbsencesUnproved: only Ecs.0114 proves an absence, and an empty region is only believed
// with the same proof.
func TestAbsencesUnproved(t *testing.T) {
	t.Parallel()
	for fault, want := range kinds() {
		if fault == peertest.Hang || fault == huaweitest.NoList || fault == huaweitest.NullList {
			continue // the last two are of lists
		}
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			lister := w.Open(t, cloudtest.InstantRetries(), nil)
			w.Server.Break(huaweitest.Fault{Kind: fault, Action: huaweitest.ShowServer})
			if fault == huaweitest.Truncated || fault == huaweitest.Trailing {
				// A refusal cannot be cut in half: one is answered for a server that is there.
				w.Fill(region, 1)
				w.Server.Break(huaweitest.Fault{Kind: huaweitest.NullRow, Action: huaweitest.ListServers})
			} else if list, err := lister.List(t.Context(), region); inventory.KindOf(err) != want || list != nil {
				t.Errorf("an empty region: %v, %v", list, err)
			}
			list, err := cloudtest.FindInstances(t.Context(), lister, region, huaweitest.SampleInstance(0).ID)
			if inventory.KindOf(err) != want || list != nil {
				t.Errorf("an absent server: %v, %v", list, err)
			}
			checkError(t, err)
		})
	}
	w := newWorld(t)
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	for name, raw := range map[string]string{
		"another server": `{"id":"` + huaweitest.SampleInstance(3).ID + `","status":"ACTIVE"}`, "null": `null`, "only an id": `{"id":"` + huaweitest.SampleInstance(1).ID + `"}`,
		"another project": `{"id":"` + huaweitest.SampleInstance(1).ID + `","status":"ACTIVE","tenant_id":"0123456789abcdef"}`,
	} {
		w.account.Put(region, huaweitest.Instance{ID: huaweitest.SampleInstance(1).ID, Raw: []byte(raw)})
		w.Server.Break(huaweitest.Fault{Kind: huaweitest.NullRow, Action: huaweitest.ListServers})
		for _, ids := range [][]string{{huaweitest.SampleInstance(1).ID}, {huaweitest.SampleInstance(0).ID, huaweitest.SampleInstance(1).ID}} {
			if list, err := cloudtest.FindInstances(t.Context(), lister, region, ids...); inventory.KindOf(err) != inventory.Incomplete || list != nil {
				t.Errorf("%s: %v, %v", name, list, err)
			}
		}
		w.Server.Repair()
	}
}

// TestAnswersOther: rows that nobody asked for are no answer.
func TestAnswersOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.account.Put(region, huaweitest.Instance{ID: "asked", Raw: []byte(`{"id":"other","status":"ACTIVE"}`)})
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	if list, err := lister.Find(t.Context(), region, []string{"asked"}); inventory.KindOf(err) != inventory.Incomplete || list != nil {
		t.Errorf("%v, %v", list, err)
	}
}

// TestDeletedByTheListAlone: a list that calls a server DELETED proves nothing. While ShowServer shows it as alive, it is
// found; only where both say so it is absent.
func TestDeletedByTheListAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 2)
	id := ids[0]
	dead := huaweitest.SampleInstance(0)
	dead.Status = "DELETED"
	w.before.Store(new(func(r *http.Request) { // the list says so, and nothing else
		row := huaweitest.SampleInstance(0)
		if strings.HasSuffix(r.URL.Path, "/detail") {
			row = dead
		}
		w.account.Put(region, row)
	}))
	found, err := w.Open(t, cloudtest.InstantRetries(), nil).FindVerified(t.Context(), region, []string{id})
	if err != nil || len(found.Instances) != 1 || found.Instances[0].Existence != inventory.Present {
		t.Errorf("%+v, %v", found, err)
	}
	w.before.Store(nil)
	w.SetStatus(region, "DELETED", id)
	found, err = w.Open(t, cloudtest.InstantRetries(), nil).FindVerified(t.Context(), region, []string{id})
	if err != nil || len(found.Instances) != 0 || len(found.Weak) != 0 {
		t.Errorf("both say so: %+v, %v", found, err)
	}
}
