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
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage/dir"
)

// remembering is a world whose engine has a state store in a folder.
type remembering struct {
	*world
	store  *state.Store
	folder string // of the store
	salt   string
	lists  int // of all hosts, by the last run
}

func newRemembering(t *testing.T) *remembering {
	t.Helper()
	w := newWorld(t, scenario{}, jumpservertest.V410)
	for n := range 20 {
		w.accounts[0].cloud.Put("cn-beijing", alibabatest.Sample(n))
		w.accounts[0].cloud.Put("cn-shanghai", alibabatest.Sample(100+n))
	}
	folder := t.TempDir()
	store, err := state.New(dir.Open(folder), "", state.Options{Now: w.run.now})
	if err != nil {
		t.Fatal(err)
	}
	r := &remembering{world: w, store: store, folder: folder, salt: "one"}
	w.jumpserver.OnRequest(r.watch)
	return r
}

// once makes a run and gives its report and how often it asked JumpServer.
func (r *remembering) once() (report.Report, int) {
	r.t.Helper()
	r.jumpserver.ResetCounts()
	r.lists = 0
	e := r.engine()
	e.Increment = &engine.Increment{Store: r.store, Salt: r.salt, FullEvery: time.Hour}
	out := e.Run(r.t.Context(), engine.Request{})
	if out.Report.Outcome == report.Failed {
		r.t.Fatalf("failed: %+v", out.Report.Errors)
	}
	return out.Report, r.jumpserver.Requests()
}

func (r *remembering) quietRun(why string) {
	r.t.Helper()
	if rep, calls := r.once(); calls != 0 || rep.Unchanged != rep.Total || rep.Outcome != report.OK {
		r.t.Errorf("%s: %d calls, %+v", why, calls, rep)
	}
}

func TestRunWithoutChangesAsksNothing(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	if rep, _ := r.once(); rep.Created != 40 {
		t.Fatalf("%+v", rep)
	}
	r.quietRun("nothing changed")
	r.run.advance(59 * time.Minute)
	r.quietRun("within the hour")

	host := r.jumpserver.Hosts(jumpservertest.DefaultOrg)[0]
	r.jumpserver.Edit(jumpservertest.DefaultOrg, host.ID, func(h *jumpservertest.Host) { h.Address = "10.99.99.99" })
	r.quietRun("a person's change is for the full reconcile")
	r.run.advance(2 * time.Minute)
	if rep, calls := r.once(); rep.Updated != 1 || calls == 0 {
		t.Errorf("the full reconcile: %d calls, %+v", calls, rep)
	}
	r.quietRun("reconciled")

	r.salt = "two"
	if _, calls := r.once(); calls == 0 {
		t.Error("another configuration takes no full path")
	}
	r.quietRun("that configuration again")
}

func TestChangesAreNeverMissed(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	r.once()
	renamed := alibabatest.Sample(3)
	renamed.Name = "renamed"
	r.accounts[0].cloud.Put("cn-beijing", renamed)
	if rep, _ := r.once(); rep.Updated+rep.Created == 0 {
		t.Errorf("a change: %+v", rep)
	}
	r.quietRun("applied")
}

func TestOpenWorkIsNeverUnchanged(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	r.once()
	r.quietRun("applied")
	// A region that fails: not unchanged, before and after it heals.
	repair := r.cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: "cn-shanghai"})
	for range 2 {
		if rep, calls := r.once(); rep.Outcome != report.Partial || calls == 0 || rep.Deactivated+rep.Deleted > 0 {
			t.Errorf("a failed region: %d calls, %+v", calls, rep)
		}
	}
	repair()
	if _, calls := r.once(); calls == 0 {
		t.Error("after a failure no full path is taken")
	}
	r.quietRun("healed")
	// Everything is released: held, again and again.
	r.accounts[0].cloud.Remove("cn-shanghai")
	for range 2 {
		if rep, calls := r.once(); rep.Held != 20 || calls == 0 {
			t.Errorf("held: %d calls, %+v", calls, rep)
		}
	}
}

// TestKilledInTheMiddle: a run that began to write and never came to its end.
func TestKilledInTheMiddle(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	r.once()
	r.quietRun("applied")
	listings := r.engine().Clouds.List(t.Context(), allOf())
	view := r.store.Load(t.Context(), scopesOf(listings))
	if err := view.Begin(t.Context(), listings[0].Scope); err != nil {
		t.Fatal(err)
	}
	if _, calls := r.once(); calls == 0 {
		t.Error("a scope whose run was killed looks applied")
	}
	r.quietRun("finished")
}

// wrote makes a run that must write without a list of all hosts, in at most so many calls.
func (r *remembering) wrote(why string, created, updated, calls int) report.Report {
	r.t.Helper()
	rep, asked := r.once()
	if rep.Created != created || rep.Updated != updated || rep.Outcome != report.OK || rep.Unchanged != rep.Total-created-updated {
		r.t.Errorf("%s: %s", why, describe(rep))
	}
	if r.listedAll() || asked > calls {
		r.t.Errorf("%s: %d calls: %v", why, asked, r.jumpserver.Calls())
	}
	return rep
}

// listedAll tells whether the last run listed all hosts.
func (r *remembering) listedAll() bool { return r.lists > 0 }

// watch counts the lists of all hosts.
func (r *remembering) watch(q *http.Request) {
	asked := q.URL.Query()
	if q.Method == http.MethodGet && q.URL.Path == "/api/v1/assets/hosts/" && !asked.Has("ids") && !asked.Has("search") && !asked.Has("labels") {
		r.lists++
	}
}

func (r *remembering) put(region string, n int, change func(*alibabatest.Instance)) {
	i := alibabatest.Sample(n)
	if change != nil {
		change(&i)
	}
	r.accounts[0].cloud.Put(region, i)
}

func TestFewChangesReadFewAssets(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	r.once()
	rename := func(i *alibabatest.Instance) { i.Name += "-new" }
	r.put("cn-beijing", 3, rename)
	r.wrote("one is renamed", 0, 1, 4)
	r.quietRun("renamed")
	r.put("cn-beijing", 50, nil)
	r.wrote("one is new", 1, 0, 4)
	r.quietRun("made")
	for n := range 4 {
		r.put("cn-beijing", n+4, rename)
		r.put("cn-shanghai", n+110, rename)
		r.put("cn-shanghai", n+150, nil)
	}
	r.wrote("twelve in two regions", 4, 8, 40)
	r.quietRun("twelve")
	// Back to what an earlier listing was.
	r.put("cn-beijing", 3, nil)
	r.wrote("renamed back", 0, 1, 4)
	// A stop changes nothing that a plan reads.
	r.put("cn-beijing", 5, func(i *alibabatest.Instance) { rename(i); i.Status = "Stopped" })
	r.quietRun("stopped")
	// The name of the new one is another's, who is not read.
	taken := alibabatest.Sample(10).Name
	r.put("cn-beijing", 60, func(i *alibabatest.Instance) { i.Name = taken })
	r.wrote("a name that is taken", 1, 0, 8)
	if host, there := r.host(inventory.AssetID(inventory.Alibaba, "cn-beijing", alibabatest.Sample(60).ID)); !there || host.Name == taken || !strings.HasPrefix(host.Name, taken) {
		t.Errorf("its asset is %+v", host)
	}
	r.quietRun("named")
	r.run.advance(61 * time.Minute)
	if rep, _ := r.once(); rep.Updated+rep.Created+rep.Skipped > 0 || !r.listedAll() {
		t.Errorf("the full reconcile finds what few changes left: %s", describe(rep))
	}
}

// TestFullPath: whatever is not just a few changed instances reads everything.
func TestFullPath(t *testing.T) {
	t.Parallel()
	rename := func(i *alibabatest.Instance) { i.Name += "-new" }
	for name, change := range map[string]func(r *remembering){
		"a release": func(r *remembering) { r.accounts[0].cloud.Remove("cn-beijing", alibabatest.Sample(1).ID) },
		"a change and a release in one region": func(r *remembering) {
			r.put("cn-beijing", 1, rename)
			r.accounts[0].cloud.Remove("cn-beijing", alibabatest.Sample(2).ID)
		},
		"a change after a run that was killed": func(r *remembering) {
			scopes := scopesOf(r.engine().Clouds.List(r.t.Context(), allOf()))
			if err := r.store.Load(r.t.Context(), scopes).Begin(r.t.Context(), scopes[0]); err != nil {
				r.t.Error(err)
			}
			r.put("cn-beijing", 1, rename)
		},
		"an hour, whatever changed within it": func(r *remembering) {
			r.run.advance(50 * time.Minute)
			r.put("cn-beijing", 1, rename)
			r.put("cn-shanghai", 101, rename)
			r.wrote("within the hour", 0, 2, 6)
			r.run.advance(15 * time.Minute)
		},
		"a failed scope": func(r *remembering) { r.put("cn-beijing", 1, rename); r.breaks("cn-shanghai") },
		"many": func(r *remembering) {
			for n := range 21 {
				r.put("cn-beijing", 200+n, nil)
			}
		},
		"a change and a release elsewhere": func(r *remembering) {
			r.put("cn-beijing", 1, rename)
			r.accounts[0].cloud.Remove("cn-shanghai", alibabatest.Sample(101).ID)
		},
		"rows that are gone": func(r *remembering) {
			r.put("cn-beijing", 1, rename)
			r.spoil("rows", func(file string) error { return os.Remove(file) })
		},
		"rows that are damaged": func(r *remembering) {
			r.put("cn-beijing", 1, rename)
			r.spoil("rows", func(file string) error { return os.WriteFile(file, []byte("{}"), 0o600) })
		},
		"a failed glance": func(r *remembering) {
			r.put("cn-beijing", 1, rename)
			listed := false
			hook := func(q *http.Request) {
				_ = q.ParseForm()
				if q.Form.Get("Action") == alibabatest.DescribeInstances && q.Form.Get("InstanceIds") != "" && !listed {
					listed = true // its instance is released between the list and the second look
					r.accounts[0].cloud.Remove("cn-beijing", alibabatest.Sample(1).ID)
				}
			}
			r.onCloud.Store(&hook)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRemembering(t)
			r.once()
			r.quietRun("applied")
			change(r)
			if rep, _ := r.once(); !r.listedAll() {
				t.Errorf("no full path: %s", describe(rep))
			}
		})
	}
}

func (r *remembering) breaks(region string) {
	r.cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstances, Region: region})
}

// spoil does something to all state objects of a kind.
func (r *remembering) spoil(kind string, with func(file string) error) {
	r.t.Helper()
	files, err := filepath.Glob(filepath.Join(r.folder, kind, "*.json"))
	if err != nil || len(files) == 0 {
		r.t.Fatalf("no %s: %v", kind, err)
	}
	for _, file := range files {
		if err := with(file); err != nil {
			r.t.Fatal(err)
		}
	}
}

// TestFewThatFail: what a few changes leave open is for the full path.
func TestFewThatFail(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	r.once()
	r.put("cn-beijing", 70, nil)
	r.jumpserver.Fail(jumpservertest.On(http.MethodPost, "/api/v1/assets/hosts/"), -1, jumpservertest.Fault{
		Status: http.StatusBadRequest, Body: `{"address":["no"]}`,
	})
	if rep, _ := r.once(); rep.Failures != 1 || r.listedAll() {
		t.Errorf("%s", describe(rep))
	}
	r.jumpserver.Heal()
	if rep, _ := r.once(); rep.Created != 1 || !r.listedAll() {
		t.Errorf("%s", describe(rep))
	}
	r.quietRun("made")
}

// TestReconcileListsOnce: where it is known beforehand that all is read, the clouds are asked once.
func TestReconcileListsOnce(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	lists := func() int {
		n := 0
		hook := func(q *http.Request) {
			if _ = q.ParseForm(); q.Form.Get("Action") == alibabatest.DescribeInstances {
				n++
			}
		}
		r.onCloud.Store(&hook)
		r.once()
		return n
	}
	if first := lists(); first != 2 {
		t.Errorf("the first run asks for %d lists of two regions", first)
	}
	if quiet := lists(); quiet != 2 {
		t.Errorf("a quiet run asks for %d", quiet)
	}
	r.run.advance(2 * time.Hour)
	if full := lists(); full != 2 {
		t.Errorf("a reconcile asks for %d", full)
	}
}

func allOf() cloud.Narrow { return cloud.Narrow{} }

func scopesOf(listings []inventory.Listing) []inventory.Scope {
	var scopes []inventory.Scope
	for _, l := range listings {
		scopes = append(scopes, l.Scope)
	}
	return scopes
}
