package engine_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage/dir"
)

// stateWorld is a world whose engine has a state store in a folder.
type stateWorld struct {
	*enginetest.World
	store     *state.Store
	storeDir  string // of the store
	salt      string
	fullLists int // of all hosts, by the last run
}

func newStateWorld(t *testing.T) *stateWorld {
	t.Helper()
	w := enginetest.NewWorld(t, enginetest.Setup{}, jumpservertest.V410)
	for n := range 20 {
		w.Accounts[0].Cloud.Put("cn-beijing", alibabatest.SampleInstance(n))
		w.Accounts[0].Cloud.Put("cn-shanghai", alibabatest.SampleInstance(100+n))
	}
	folder := t.TempDir()
	store, err := state.New(dir.Open(folder), "", state.Options{Now: w.RunClock.Now})
	if err != nil {
		t.Fatal(err)
	}
	r := &stateWorld{World: w, store: store, storeDir: folder, salt: "one"}
	w.JumpServer.OnRequest(r.countFullLists)
	return r
}

// runIncremental makes a run and returns its report and how often it asked JumpServer.
func (r *stateWorld) runIncremental() (report.Report, int) {
	r.T.Helper()
	r.JumpServer.ResetCounts()
	r.fullLists = 0
	e := r.NewEngine()
	e.Incremental = enginetest.Incremental(r.store, r.salt)
	out := e.Run(r.T.Context(), engine.Request{})
	if out.Report.Outcome == report.Failed {
		r.T.Fatalf("failed: %+v", out.Report.Errors)
	}
	return out.Report, r.JumpServer.Requests()
}

// expectOneCall makes a run that finds nothing changed, by one question to JumpServer.
func (r *stateWorld) expectOneCall(why string) {
	r.T.Helper()
	if rep, calls := r.runIncremental(); calls != 1 || r.listedAll() || rep.Unchanged != rep.Total || rep.Outcome != report.OK {
		r.T.Errorf("%s: %d calls, %+v", why, calls, rep)
	}
}

func TestRunWithoutChangesAsksOnce(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	if rep, _ := r.runIncremental(); rep.Created != 40 {
		t.Fatalf("%+v", rep)
	}
	r.expectOneCall("nothing changed")
	r.RunClock.Advance(59 * time.Minute)
	r.expectOneCall("within the hour")

	host := r.JumpServer.Hosts(jumpservertest.DefaultOrg)[0]
	r.JumpServer.Edit(jumpservertest.DefaultOrg, host.ID, func(h *jumpservertest.Host) { h.Address = "10.99.99.99" })
	r.expectOneCall("a person's change is for the full reconcile")
	r.RunClock.Advance(2 * time.Minute)
	if rep, calls := r.runIncremental(); rep.Updated != 1 || calls == 0 {
		t.Errorf("the full reconcile: %d calls, %+v", calls, rep)
	}
	r.expectOneCall("reconciled")

	r.salt = "two"
	if _, calls := r.runIncremental(); calls == 0 {
		t.Error("another configuration takes no full path")
	}
	r.expectOneCall("that configuration again")
}

func TestChangesAreNeverMissed(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.runIncremental()
	renamed := alibabatest.SampleInstance(3)
	renamed.Name = "renamed"
	r.Accounts[0].Cloud.Put("cn-beijing", renamed)
	if rep, _ := r.runIncremental(); rep.Updated+rep.Created == 0 {
		t.Errorf("a change: %+v", rep)
	}
	r.expectOneCall("applied")
}

func TestOpenWorkIsNeverUnchanged(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.runIncremental()
	r.expectOneCall("applied")
	// A region that fails: not unchanged, before and after it heals.
	repair := r.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: "cn-shanghai"})
	for range 2 {
		if rep, calls := r.runIncremental(); rep.Outcome != report.Partial || calls == 0 || rep.Deactivated+rep.Deleted > 0 {
			t.Errorf("a failed region: %d calls, %+v", calls, rep)
		}
	}
	repair()
	if _, calls := r.runIncremental(); calls == 0 {
		t.Error("after a failure no full path is taken")
	}
	r.expectOneCall("healed")
	// Everything is released: held, again and again.
	r.Accounts[0].Cloud.Remove("cn-shanghai")
	for range 2 {
		if rep, calls := r.runIncremental(); rep.Held != 20 || calls == 0 {
			t.Errorf("held: %d calls, %+v", calls, rep)
		}
	}
}

// TestKilledInTheMiddle: a run that began to write and never came to its end.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.runIncremental()
	r.expectOneCall("applied")
	listings := r.NewEngine().Clouds.List(t.Context(), noFilter())
	view := r.store.LoadSnapshot(t.Context(), scopesOf(listings))
	if err := view.MarkDirty(t.Context(), listings[0].Scope); err != nil {
		t.Fatal(err)
	}
	if _, calls := r.runIncremental(); calls == 0 {
		t.Error("a scope whose run was killed looks applied")
	}
	r.expectOneCall("finished")
}

// expectChangedOnly makes a run that must write without a list of all hosts, in at most so many calls.
func (r *stateWorld) expectChangedOnly(why string, created, updated, calls int) report.Report {
	r.T.Helper()
	rep, asked := r.runIncremental()
	if rep.Created != created || rep.Updated != updated || rep.Outcome != report.OK || rep.Unchanged != rep.Total-created-updated {
		r.T.Errorf("%s: %s", why, enginetest.Describe(rep))
	}
	if r.listedAll() || asked > calls {
		r.T.Errorf("%s: %d calls: %v", why, asked, r.JumpServer.Calls())
	}
	return rep
}

// listedAll reports whether the last run listed all hosts.
func (r *stateWorld) listedAll() bool { return r.fullLists > 0 }

// countFullLists counts the lists of all hosts.
func (r *stateWorld) countFullLists(q *http.Request) {
	asked := q.URL.Query()
	if q.Method == http.MethodGet && q.URL.Path == "/api/v1/assets/hosts/" && !asked.Has("ids") && !asked.Has("search") && !asked.Has("labels") {
		r.fullLists++
	}
}

func (r *stateWorld) putInstance(region string, n int, change func(*alibabatest.Instance)) {
	i := alibabatest.SampleInstance(n)
	if change != nil {
		change(&i)
	}
	r.Accounts[0].Cloud.Put(region, i)
}

func TestFewChangesReadFewAssets(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.runIncremental()
	rename := func(i *alibabatest.Instance) { i.Name += "-new" }
	r.putInstance("cn-beijing", 3, rename)
	r.expectChangedOnly("one is renamed", 0, 1, 5)
	r.expectOneCall("renamed")
	r.putInstance("cn-beijing", 50, nil)
	r.expectChangedOnly("one is new", 1, 0, 5)
	r.expectOneCall("made")
	for n := range 4 {
		r.putInstance("cn-beijing", n+4, rename)
		r.putInstance("cn-shanghai", n+110, rename)
		r.putInstance("cn-shanghai", n+150, nil)
	}
	r.expectChangedOnly("twelve in two regions", 4, 8, 41)
	r.expectOneCall("twelve")
	// Back to what an earlier listing was.
	r.putInstance("cn-beijing", 3, nil)
	r.expectChangedOnly("renamed back", 0, 1, 5)
	// A stop changes nothing that a plan reads.
	r.putInstance("cn-beijing", 5, func(i *alibabatest.Instance) {
		rename(i)
		i.Status = "Stopped"
	})
	r.expectOneCall("stopped")
	// The name of the new one is another's, who is not read.
	taken := alibabatest.SampleInstance(10).Name
	r.putInstance("cn-beijing", 60, func(i *alibabatest.Instance) { i.Name = taken })
	r.expectChangedOnly("a name that is taken", 1, 0, 9)
	if host, there := r.FindHost(inventory.AssetID(inventory.Alibaba, "cn-beijing", alibabatest.SampleInstance(60).ID)); !there || host.Name == taken || !strings.HasPrefix(host.Name, taken) {
		t.Errorf("its asset is %+v", host)
	}
	r.expectOneCall("named")
	r.RunClock.Advance(61 * time.Minute)
	if rep, _ := r.runIncremental(); rep.Updated+rep.Created+rep.Skipped > 0 || !r.listedAll() {
		t.Errorf("the full reconcile finds what few changes left: %s", enginetest.Describe(rep))
	}
}

// TestFullPath: whatever is not just a few changed instances reads everything.
func TestFullPath(t *testing.T) {
	t.Parallel()
	rename := func(i *alibabatest.Instance) { i.Name += "-new" }
	for name, change := range map[string]func(r *stateWorld){
		"a release": func(r *stateWorld) { r.Accounts[0].Cloud.Remove("cn-beijing", alibabatest.SampleInstance(1).ID) },
		"a change and a release in one region": func(r *stateWorld) {
			r.putInstance("cn-beijing", 1, rename)
			r.Accounts[0].Cloud.Remove("cn-beijing", alibabatest.SampleInstance(2).ID)
		},
		"a change after a run that was killed": func(r *stateWorld) {
			scopes := scopesOf(r.NewEngine().Clouds.List(r.T.Context(), noFilter()))
			if err := r.store.LoadSnapshot(r.T.Context(), scopes).MarkDirty(r.T.Context(), scopes[0]); err != nil {
				r.T.Error(err)
			}
			r.putInstance("cn-beijing", 1, rename)
		},
		"an hour, whatever changed within it": func(r *stateWorld) {
			r.RunClock.Advance(50 * time.Minute)
			r.putInstance("cn-beijing", 1, rename)
			r.putInstance("cn-shanghai", 101, rename)
			r.expectChangedOnly("within the hour", 0, 2, 7)
			r.RunClock.Advance(15 * time.Minute)
		},
		"a failed scope": func(r *stateWorld) { r.putInstance("cn-beijing", 1, rename); r.breakRegion("cn-shanghai") },
		"many": func(r *stateWorld) {
			for n := range 21 {
				r.putInstance("cn-beijing", 200+n, nil)
			}
		},
		"a change and a release elsewhere": func(r *stateWorld) {
			r.putInstance("cn-beijing", 1, rename)
			r.Accounts[0].Cloud.Remove("cn-shanghai", alibabatest.SampleInstance(101).ID)
		},
		"rows that are gone": func(r *stateWorld) {
			r.putInstance("cn-beijing", 1, rename)
			r.damageObjects("rows", func(file string) error { return os.Remove(file) })
		},
		"rows that are damaged": func(r *stateWorld) {
			r.putInstance("cn-beijing", 1, rename)
			r.damageObjects("rows", func(file string) error { return os.WriteFile(file, []byte("{}"), 0o600) })
		},
		"a failed glance": func(r *stateWorld) {
			r.putInstance("cn-beijing", 1, rename)
			listed := false
			hook := func(q *http.Request) {
				_ = q.ParseForm()
				if q.Form.Get("Action") == alibabatest.DescribeInstances && q.Form.Get("InstanceIds") != "" && !listed {
					listed = true // its instance is released between the list and the second look
					r.Accounts[0].Cloud.Remove("cn-beijing", alibabatest.SampleInstance(1).ID)
				}
			}
			r.OnCloud.Store(&hook)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newStateWorld(t)
			r.runIncremental()
			r.expectOneCall("applied")
			change(r)
			if rep, _ := r.runIncremental(); !r.listedAll() {
				t.Errorf("no full path: %s", enginetest.Describe(rep))
			}
		})
	}
}

func (r *stateWorld) breakRegion(region string) {
	r.Cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: region})
}

// damageObjects does something to all state objects of a kind.
func (r *stateWorld) damageObjects(kind string, with func(file string) error) {
	r.T.Helper()
	files, err := filepath.Glob(filepath.Join(r.storeDir, kind, "*.json"))
	if err != nil || len(files) == 0 {
		r.T.Fatalf("no %s: %v", kind, err)
	}
	for _, file := range files {
		if err := with(file); err != nil {
			r.T.Fatal(err)
		}
	}
}

// TestFewThatFail: what a few changes leave open is for the full path.
func TestFewThatFail(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.runIncremental()
	r.putInstance("cn-beijing", 70, nil)
	r.JumpServer.Fail(jumpservertest.MatchRequest(http.MethodPost, "/api/v1/assets/hosts/"), -1, jumpservertest.Fault{
		Status: http.StatusBadRequest, Body: `{"address":["no"]}`,
	})
	if rep, _ := r.runIncremental(); rep.Failures != 1 || r.listedAll() {
		t.Errorf("%s", enginetest.Describe(rep))
	}
	r.JumpServer.ClearFaults()
	if rep, _ := r.runIncremental(); rep.Created != 1 || !r.listedAll() {
		t.Errorf("%s", enginetest.Describe(rep))
	}
	r.expectOneCall("made")
}

// TestReconcileListsOnce: where it is known beforehand that all is read, the clouds are asked once.
func TestReconcileListsOnce(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	lists := func() int {
		n := 0
		hook := func(q *http.Request) {
			_ = q.ParseForm()
			if q.Form.Get("Action") == alibabatest.DescribeInstances {
				n++
			}
		}
		r.OnCloud.Store(&hook)
		r.runIncremental()
		return n
	}
	if first := lists(); first != 2 {
		t.Errorf("the first run asks for %d lists of two regions", first)
	}
	if quiet := lists(); quiet != 2 {
		t.Errorf("a quiet run asks for %d", quiet)
	}
	r.RunClock.Advance(2 * time.Hour)
	if full := lists(); full != 2 {
		t.Errorf("a reconcile asks for %d", full)
	}
}

func noFilter() cloud.Filter { return cloud.Filter{} }

func scopesOf(listings []inventory.Listing) []inventory.Scope {
	var scopes []inventory.Scope
	for _, l := range listings {
		scopes = append(scopes, l.Scope)
	}
	return scopes
}
