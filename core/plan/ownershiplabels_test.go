package plan

import (
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// commented sets a comment.
func commented(text string) func(*inventory.Asset) {
	return func(a *inventory.Asset) { a.Comment = text }
}

// TestOursByComment: without the label jms-instance the comment names the instance, and the id proves it.
func TestOursByComment(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	for _, r := range []struct {
		name     string
		edits    []func(*inventory.Asset)
		ours     bool
		unproved bool
	}{
		{"as it is made", nil, true, false},
		{"people wrote around it", []func(*inventory.Asset){commented("ask Li\ninstance_id: i-1, web\r\nport 22")}, true, false},
		{"it names others too", []func(*inventory.Asset){commented("instance_id: i-0\ninstance_id: i-1\ninstance_id: i-2")}, true, false},
		{"it names another", []func(*inventory.Asset){commented("instance_id: i-2")}, false, false},
		{"it names none", []func(*inventory.Asset){commented("web server of i-1")}, false, true},
		{"it is empty", []func(*inventory.Asset){commented("")}, false, true},
		{"a copy", []func(*inventory.Asset){func(a *inventory.Asset) { a.ID = inventory.AssetID(inventory.Alibaba, beijing, "i-9") }}, false, false},
		{"the label comes before it", []func(*inventory.Asset){withExtraLabel(inventory.LabelInstance, "i-2")}, false, false},
		{"a blank label comes before it", []func(*inventory.Asset){withExtraLabel(inventory.LabelInstance, "")}, false, true},
		{"the label, and no comment", []func(*inventory.Asset){withExtraLabel(inventory.LabelInstance, "i-1"), commented("")}, true, false},
		{"no owner", []func(*inventory.Asset){withoutLabel(inventory.LabelOwner)}, false, false},
		{"two regions", []func(*inventory.Asset){withExtraLabel(inventory.LabelRegion, shanghai)}, false, false},
		{"not a host", []func(*inventory.Asset){func(a *inventory.Asset) { a.Host = false }}, false, false},
		{"other spellings", []func(*inventory.Asset){func(a *inventory.Asset) {
			a.Labels = []inventory.Label{{Name: "JMS-Cloud", Value: "Alibaba"}, {Name: " jms-account", Value: prod}, {Name: "jms-Ówner", Value: owner}, {Name: "jms-region", Value: "CN-Beijing"}}
		}}, true, false},
	} {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			a := hostOf(i1, append([]func(*inventory.Asset){toCurrentForm}, r.edits...)...)
			if IsOurs(a) != r.ours || IsUnproved(a) != r.unproved {
				t.Errorf("ours %t, unproved %t", IsOurs(a), IsUnproved(a))
			}
			if got := IsOursFor(a, inventory.Alibaba, beijing, "i-1"); got != r.ours {
				t.Errorf("of its instance: %t", got)
			}
		})
	}
}

// TestUnproved: an asset whose comment proves nothing gets the label while its instance is listed; otherwise it is
// reported and left alone.
func TestUnproved(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	mine := commented("mine")
	withLabel := func(t *testing.T, a Approved) {
		t.Helper()
		if got := a.Updates()[0].Patch.Labels; !slices.Equal(got, ownershipLabels(i1)) {
			t.Errorf("labels %v", got)
		}
		if a.Updates()[0].Patch.Name != nil {
			t.Error("its name is changed too")
		}
	}
	runPlanRows(t, []planRow{
		{"listed", func(w *world) { w.addInstances(i1); w.addAssets(hostOf(i1, toCurrentForm, mine)) }, []string{"update i-1 follows_cloud labels"}, withLabel},
		{"listed, the comment names another", func(w *world) {
			w.addInstances(i1, instanceInProd("i-2", "db", "10.0.0.2"))
			w.addAssets(hostOf(i1, toCurrentForm, commented("instance_id: i-2")), hostOf(instanceInProd("i-2", "db", "10.0.0.2"), toCurrentForm))
		}, []string{"update i-1 follows_cloud labels", "unchanged 1"}, withLabel},
		{"listed, off, with people's labels", func(w *world) {
			w.addInstances(i1)
			w.addAssets(hostOf(i1, toCurrentForm, mine, switchedOff, withExtraLabel("url", "http://x")))
		}, []string{"update i-1 follows_cloud labels"}, func(t *testing.T, a Approved) {
			got := inventory.Asset{Labels: a.Updates()[0].Patch.Labels}
			if got.LabelCount("url") != 1 || got.LabelCount(inventory.LabelInstance) != 1 || a.Updates()[0].Patch.Active != nil {
				t.Errorf("%v", a.Updates()[0].Patch)
			}
		}},
		{"listed, with the label already", func(w *world) { w.addInstances(i1); w.addAssets(hostOf(i1, mine)) }, []string{"unchanged 1"}, nil},
		{"listed elsewhere", func(w *world) {
			w.addAssets(hostOf(i1, toCurrentForm, mine))
			w.addListing(scopeOf(prod, shanghai), owner, i1)
		},
			[]string{"create i-1 new_beside name=\"web-i-1\" 10.0.0.1 Linux", "skip  ours_unproved"}, nil},
		{"listed, in a region that its labels do not name", func(w *world) {
			w.addInstances(i1)
			w.addAssets(hostOf(i1, toCurrentForm, mine, withoutLabel(inventory.LabelRegion), withExtraLabel(inventory.LabelRegion, shanghai)))
		}, []string{"skip i-1 marks_taken_off", "skip  ours_unproved"}, nil},
		{"absent", func(w *world) { w.addAssets(hostOf(i1, toCurrentForm, mine)) }, []string{"skip  ours_unproved"}, nil},
		{"absent, deactivated long ago", func(w *world) { w.addAssets(hostOf(i1, toCurrentForm, mine, deactivatedFor(30*24*time.Hour))) }, []string{"skip  ours_unproved"}, nil},
		{"absent, the comment names another", func(w *world) { w.addAssets(hostOf(i1, toCurrentForm, commented("instance_id: i-2"))) }, []string{"skip i-2 is_copy"}, nil},
		{"an event finds it absent", func(w *world) { w.rules.Partial = true; w.addAssets(hostOf(i1, toCurrentForm, mine)) }, nil, nil},
		{"an event finds it present", func(w *world) {
			w.rules.Partial = true
			w.addInstances(i1)
			w.addAssets(hostOf(i1, toCurrentForm, mine))
		},
			[]string{"update i-1 follows_cloud labels"}, withLabel},
	})
}

// TestOwnersDiffer: nothing is removed while label and comment name two owners.
func TestOwnersDiffer(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	moved := func(a *inventory.Asset) { a.Labels[2].Value = otherOwner } // somebody edited the row of the label page
	told := []string{"skip i-1 owners_differ"}
	runPlanRows(t, []planRow{
		{"the label was edited", func(w *world) { w.addAssets(hostOf(i1, toCurrentForm, moved)); w.listings[0].Owner = otherOwner }, told, nil},
		{"the comment was edited", func(w *world) {
			w.addAssets(hostOf(i1, toCurrentForm, commented("instance_id: i-1\naccount_id: "+otherOwner)))
		}, told, nil},
		{"the comment says both", func(w *world) {
			w.addAssets(hostOf(i1, toCurrentForm, commented("instance_id: i-1\naccount_id: "+otherOwner+"\naccount_id: "+owner)))
		}, told, nil},
		{"deactivated, and due", func(w *world) {
			w.addAssets(hostOf(i1, toCurrentForm, moved, deactivatedFor(30*24*time.Hour)))
			w.listings[0].Owner = otherOwner
		}, told, nil},
		{"of an earlier version", func(w *world) { w.addAssets(hostOf(i1, commented("account_id: "+otherOwner))) }, told, nil},
		{"no owner in the comment", func(w *world) { w.addAssets(hostOf(i1, toCurrentForm, commented("instance_id: i-1"))) },
			[]string{"deactivate i-1 instance_gone"}, nil},
		{"listed: the label follows the cloud", func(w *world) { w.addInstances(i1); w.addAssets(hostOf(i1, toCurrentForm, moved)) },
			[]string{"update i-1 follows_cloud labels"}, func(t *testing.T, a Approved) {
				if got := a.Updates()[0].Patch.Labels; !slices.Equal(got, sharedLabels(i1)) {
					t.Errorf("labels %v", got)
				}
			}},
	})
	w := newWorld()
	w.addAssets(hostOf(i1, toCurrentForm, moved))
	delete(w.rules.Accounts, prod)
	if got := Retire(w.input(), w.rules, Retirement{Account: prod}).ApproveRetirement(w.limits, nil, true); len(got.Removals()) > 0 || got.Notes()[0].Reason.Code != reason.OwnersDiffer {
		t.Errorf("%q", renderLines(got))
	}
}

// TestSpelling: a database that ignores case keeps the first spelling of a label. It is not written again, and
// assets of gone instances are deactivated.
func TestSpelling(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	spelt := func(a *inventory.Asset) {
		a.Labels[0] = inventory.Label{Name: "JMS-cloud", Value: "Alibaba"}
		a.Labels[1].Value = "Aliyun-Prod"
		a.Labels[3].Value = "CN-Beijing"
	}
	runPlanRows(t, []planRow{
		{"listed", func(w *world) { w.addInstances(i1); w.addAssets(hostOf(i1, toCurrentForm, spelt)) }, []string{"unchanged 1"}, nil},
		{"listed, of an earlier version", func(w *world) { w.addInstances(i1); w.addAssets(hostOf(i1, spelt)) }, []string{"unchanged 1"}, nil},
		{"released", func(w *world) { w.addAssets(hostOf(i1, toCurrentForm, spelt)) }, []string{"deactivate i-1 instance_gone"}, nil},
		{"its account failed", func(w *world) {
			w.addAssets(hostOf(i1, toCurrentForm, spelt))
			w.listings = nil
			w.addFailedListing(scopeOf(prod, beijing), owner)
		},
			[]string{"keep i-1 scope_failed"}, nil},
		{"released, kept by a label", func(w *world) { w.addAssets(hostOf(i1, toCurrentForm, spelt, withExtraLabel("JMS-Keep ", "db"))) },
			[]string{"skip i-1 kept_by_label"}, nil},
		{"deactivated", func(w *world) {
			w.addAssets(hostOf(i1, toCurrentForm, spelt, switchedOff, withExtraLabel("Jms-Gone", "20260301t0700z")))
		},
			[]string{"keep i-1 in_grace"}, nil},
	})
}

// TestWholeMinutes: times in labels are rounded up, so that no grace or wait gets shorter, and a run within the
// same minute finds nothing to write.
func TestWholeMinutes(t *testing.T) {
	t.Parallel()
	i1 := instanceInProd("i-1", "web", "10.0.0.1")
	at := now().Add(10 * time.Second)
	w := newWorld()
	w.rules.Now, w.rules.Grace = at, 90*time.Second
	w.addAssets(hostOf(i1, toCurrentForm))
	a := w.approve()
	closed := w.assets[0]
	closed.Active, closed.Labels = false, a.Removals()[0].Patch.Labels
	if got, _ := closed.Label(inventory.LabelGone); got != "20260301T0801Z" {
		t.Errorf("gone %s", got)
	}
	if got, _ := closed.Label(inventory.LabelDue); got != "20260301T0803Z" { // 08:01:00 and 90 s
		t.Errorf("due %s", got)
	}
	for _, r := range []struct {
		after time.Duration
		want  string
	}{
		{time.Second, "keep i-1 in_grace"}, {90 * time.Second, "keep i-1 in_grace"}, {139 * time.Second, "keep i-1 in_grace"},
		{140 * time.Second, "keep i-1 in_grace"}, {170 * time.Second, "delete i-1 grace_over"},
	} {
		next := newWorld()
		next.rules.Now, next.rules.Grace = at.Add(r.after), 90*time.Second
		next.assets = []inventory.Asset{closed}
		if got := renderLines(next.approve()); !slices.Equal(got, []string{r.want}) {
			t.Errorf("after %v: %q", r.after, got)
		}
	}
}

// TestNoticeIsNotShortened: a delete that is earlier than people were told is held once, for at least noticePeriod,
// however soon the next run comes.
func TestNoticeIsNotShortened(t *testing.T) {
	t.Parallel()
	at := now().Add(10 * time.Second)
	w := newWorld()
	w.rules.Now = at
	w.addAssets(hostOf(instanceInProd("i-1", "web", "10.0.0.1"), toCurrentForm, deactivatedFor(8*24*time.Hour), dueAfter(22*24*time.Hour)))
	first := w.approve()
	w.assets[0].Labels = first.Updates()[0].Patch.Labels
	for _, r := range []struct {
		after time.Duration
		want  string
	}{
		{time.Second, "keep i-1 in_grace"}, {45 * time.Second, "keep i-1 in_grace"},
		{noticePeriod, "keep i-1 in_grace"}, {noticePeriod + 50*time.Second, "delete i-1 grace_over"},
	} {
		w.rules.Now = at.Add(r.after)
		if got := renderLines(w.approve()); !slices.Equal(got, []string{r.want}) {
			t.Errorf("after %v: %q", r.after, got)
		}
	}
}

// listedHere returns the ids of the instances listed in a region.
func (w *world) listedHere(region string) []string {
	var ids []string
	for _, l := range w.listings {
		for _, i := range l.Instances {
			if l.Err == nil && i.Region == region {
				ids = append(ids, i.ID)
			}
		}
	}
	return ids
}

// TestProjects: an absence counts only if the very project was read that the asset was made from. Older assets get
// their label while they are listed.
func TestProjects(t *testing.T) {
	t.Parallel()
	in := func(project string) func(*inventory.Instance) {
		return func(i *inventory.Instance) { i.Project = project }
	}
	i1, before := instanceInProd("i-1", "web", "10.0.0.1", in("p-a")), instanceInProd("i-1", "web", "10.0.0.1")
	asked := func(w *world, projects ...string) { w.listings[0].Projects = projects }
	runPlanRows(t, []planRow{
		{"made", func(w *world) { asked(w, "p-a"); w.addInstances(i1) }, []string{`create i-1 new_instance name="web" 10.0.0.1 Linux`},
			func(t *testing.T, a Approved) {
				n := a.Creates()[0].NewAsset()
				if !slices.Equal(n.Labels, sharedLabels(i1)) || len(n.Labels) != 5 || !slices.Equal(commentValues(n.Comment, inventory.KeyProject), []string{"p-a"}) {
					t.Errorf("%v %q", n.Labels, n.Comment)
				}
			}},
		{"listed", func(w *world) { asked(w, "p-a"); w.addInstances(i1); w.addAssets(hostOf(i1)) }, []string{"unchanged 1"}, nil},
		{"listed, made before", func(w *world) { asked(w, "p-a"); w.addInstances(i1); w.addAssets(hostOf(before)) },
			[]string{"update i-1 follows_cloud labels"}, func(t *testing.T, a Approved) {
				got := inventory.Asset{Labels: a.Updates()[0].Patch.Labels}
				if p, _ := got.Label(inventory.LabelProject); p != "p-a" {
					t.Errorf("labels %v", got.Labels)
				}
			}},
		{"absent from its project", func(w *world) { asked(w, "p-a"); w.addAssets(hostOf(i1)) }, []string{"deactivate i-1 instance_gone"}, nil},
		{"absent from its project and another", func(w *world) { asked(w, "p-a", "p-b"); w.addAssets(hostOf(i1)) },
			[]string{"deactivate i-1 instance_gone"}, nil},
		{"absent from another project", func(w *world) { asked(w, "p-b"); w.addAssets(hostOf(i1)) }, []string{"skip i-1 project_not_asked"}, nil},
		{"absent, and nobody says from where", func(w *world) { w.addAssets(hostOf(i1)) }, []string{"skip i-1 project_not_asked"}, nil},
		{"absent, made before", func(w *world) { asked(w, "p-a"); w.addAssets(hostOf(before)) }, []string{"skip i-1 project_unknown"}, nil},
		{"absent and due, made before", func(w *world) { asked(w, "p-a"); w.addAssets(hostOf(before, deactivatedFor(30*24*time.Hour))) },
			[]string{"skip i-1 project_unknown"}, nil},
		{"an event, absent from another project", func(w *world) { w.rules.Partial = true; asked(w, "p-b"); w.addAssets(hostOf(i1)) },
			[]string{"skip i-1 project_not_asked"}, nil},
		{"the comment names another", func(w *world) {
			asked(w, "p-a")
			w.addAssets(hostOf(i1, commented("project_id: p-b")))
		}, []string{"skip i-1 projects_differ"}, nil},
		{"two labels", func(w *world) {
			asked(w, "p-a")
			w.addAssets(hostOf(i1, withExtraLabel(inventory.LabelProject, "p-a")))
		},
			[]string{"deactivate i-1 instance_gone"}, nil},
	})
}
