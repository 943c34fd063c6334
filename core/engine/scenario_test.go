package engine_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// scenario is one file of testdata/scenarios: a world, and what happens in it. It goes through
// the whole flow: real clients against the three emulators.
type scenario struct {
	About    string                   `json:"about"`
	Versions []jumpservertest.Version `json:"versions"` // none = both
	// Databases on which it is played, each a run of its own; none = PostgreSQL.
	Databases  []jumpservertest.Database `json:"databases"`
	JumpServer struct {
		Database  jumpservertest.Database `json:"-"` // one of Databases
		Deadlocks int                     `json:"deadlocks"`
		RootNode  string                  `json:"root_node"`
		Limit     int                     `json:"limit"`
		PageCap   int                     `json:"page_cap"`
		Throttle  int                     `json:"throttle"`
		LatencyMS int                     `json:"latency_ms"`
		Platforms map[string]int          `json:"platforms"`
		NoZones   []string                `json:"no_zones"`
	} `json:"jumpserver"`
	Accounts []accountSpec  `json:"accounts"` // none = aliyun-prod with cn-beijing and cn-shanghai
	Settings map[string]any `json:"settings"` // of the configuration
	Steps    []step         `json:"steps"`
	// Again says what the run after the scenario is: "" = one that writes nothing; "healed" =
	// all faults end, and only the second run from there must write nothing; any other text is
	// the reason why no run without writes may be expected.
	Again string `json:"again"`
}

// step does what it names, in this order.
type step struct {
	Note       string          `json:"note"`
	Settings   map[string]any  `json:"settings"`
	Accounts   []accountSpec   `json:"accounts"` // changed in the configuration, by name
	Advance    string          `json:"advance"`  // a duration, for the engine's clock
	Wait       string          `json:"wait"`     // a duration, for the clock of JumpServer and its client
	Cloud      []cloudEdit     `json:"cloud"`
	People     []edit          `json:"people"`
	Meanwhile  []meanwhile     `json:"meanwhile"` // edits in the middle of the step's run
	Heal       bool            `json:"heal"`      // ends all faults
	NewProcess bool            `json:"new_process"`
	Cloudy     []cloudFault    `json:"cloud_faults"`
	Broken     []jumpFault     `json:"jumpserver_faults"`
	Robot      []string        `json:"robot_faults"` // recorded answers, "busy", "drop", "500"
	Run        *engine.Request `json:"run"`
	Errand     *errand         `json:"errand"` // in place of a run
	DeadlineMS int             `json:"deadline_ms"`
	TimeoutMS  int             `json:"timeout_ms"` // of single requests in this step; 0 = the configured one
	// EachCloud and EachJumpServer repeat the run with one of these faults at a time; "{gives}" in
	// Expect stands for the kind of error that the fault gives.
	EachCloud      []cloudFault `json:"each_cloud"`
	EachJumpServer []jumpFault  `json:"each_jumpserver"`
	Expect         expectation  `json:"expect"`
}

// TestScenarios: every file of testdata/scenarios, on both versions of JumpServer.
// Invariants: 3, 6, 8.
func TestScenarios(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/scenarios/*.json")
	if err != nil || len(files) < 60 {
		t.Fatalf("%d scenarios: %v", len(files), err)
	}
	for _, file := range files {
		s := readScenario(t, file)
		versions := s.Versions
		if versions == nil {
			versions = jumpservertest.Versions()
		}
		for _, version := range versions {
			for _, database := range append(s.Databases, jumpservertest.PostgreSQL)[:max(len(s.Databases), 1)] {
				t.Run(strings.TrimSuffix(filepath.Base(file), ".json")+"/"+string(version)+string(database), func(t *testing.T) {
					t.Parallel()
					s := s
					s.JumpServer.Database = database
					play(t, s, version)
				})
			}
		}
	}
}

func readScenario(t *testing.T, file string) scenario {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var s scenario
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil {
		t.Fatalf("%s: %v", file, err)
	}
	if s.About == "" || len(s.Steps) == 0 {
		t.Fatalf("%s says not what it is about, or does nothing", file)
	}
	return s
}

// play goes through a scenario, and runs once more at its end.
func play(t *testing.T, s scenario, version jumpservertest.Version) {
	t.Helper()
	w := newWorld(t, s, version)
	for n, st := range s.Steps {
		w.step(n+1, st)
		if t.Failed() {
			t.Logf("the scenario: %s\nthe log:\n%s", s.About, tail(w.journal.String(), 12))
			return
		}
	}
	w.bound(0)
	switch s.Again {
	case "":
		w.quiet()
	case "healed":
		w.heal()
		w.runs(engine.Request{}, 0)
		w.quiet()
	}
	w.close()
}

// bound sets the time-out of single requests, which a client keeps; 0 = the configured one.
func (w *world) bound(limit time.Duration) {
	if limit != w.timeouts {
		w.timeouts, w.client = limit, nil
	}
}

// quiet makes a run that must write nothing.
func (w *world) quiet() {
	w.t.Helper()
	out, _ := w.runs(engine.Request{}, 0)
	if n := w.jumpserver.Writes(); n != 0 {
		w.t.Errorf("one more run makes %d writes: %v\n%s", n, w.jumpserver.Calls(), describe(out.Report))
	}
}

func (w *world) heal() {
	w.jumpserver.Heal()
	w.cloud.Repair()
}

func (w *world) step(n int, st step) {
	w.t.Helper()
	if st.Settings != nil {
		w.set(st.Settings)
	}
	for _, spec := range st.Accounts {
		w.change(spec)
	}
	w.run.advance(duration(w.t, st.Advance))
	w.wire.advance(duration(w.t, st.Wait))
	for _, e := range st.Cloud {
		w.editCloud(e)
	}
	w.editAll(st.People)
	if st.Heal {
		w.heal()
	}
	if st.NewProcess {
		w.client = nil
	}
	w.bound(time.Duration(st.TimeoutMS) * time.Millisecond)
	w.breakAll(st)
	for _, f := range st.EachCloud {
		w.breakCloud(f)
		w.stepRun(fmt.Sprintf("step %d, %+v", n, f), st, st.Expect.given(f.Gives))
		w.heal()
	}
	for _, f := range st.EachJumpServer {
		w.breakJumpServer(f)
		w.stepRun(fmt.Sprintf("step %d, %+v", n, f), st, st.Expect.given(f.Gives))
		w.heal()
	}
	if st.Errand != nil {
		w.errand(fmt.Sprintf("step %d", n), *st.Errand, st.Expect)
	}
	if len(st.EachCloud)+len(st.EachJumpServer) == 0 && st.Run != nil {
		w.stepRun(fmt.Sprintf("step %d", n), st, st.Expect)
	}
}

func (w *world) stepRun(what string, st step, want expectation) {
	w.t.Helper()
	failed := w.t.Failed()
	w.meanwhile(st.Meanwhile)
	out, took := w.runs(*st.Run, time.Duration(st.DeadlineMS)*time.Millisecond)
	w.meanwhile(nil)
	if w.expect(want, out); w.t.Failed() && !failed {
		w.t.Logf("%s (%s), run of %v: %v\n%s", what, st.Note, took, w.jumpserver.Calls(), describe(out.Report))
	}
}

// errand is a person's single order.
type errand struct {
	What            string // "adopt", "release" or "retire"
	Account, Region string
	Apply           bool
	ByAddress       bool // of adopt
	Adopted         bool // of retire
}

func (w *world) errand(what string, o errand, want expectation) {
	w.t.Helper()
	w.before = w.jumpserver.Hosts(jumpservertest.DefaultOrg)
	w.jumpserver.ResetCounts()
	do := map[string]func(engine.Engine, context.Context, engine.Errand) engine.Outcome{
		"adopt": engine.Engine.Adopt, "release": engine.Engine.Release, "retire": engine.Engine.Retire,
	}[o.What]
	out := do(w.engine(), w.t.Context(), engine.Errand{Account: o.Account, Region: o.Region, Write: o.Apply, ByAddress: o.ByAddress, Adopted: o.Adopted})
	if want.Messages == nil {
		want.Messages = new(int) // errands tell nobody
	}
	if failed := w.t.Failed(); !failed {
		if w.expect(want, out); w.t.Failed() {
			w.t.Logf("%s, %+v: %v\n%s", what, o, w.jumpserver.Calls(), describe(out.Report))
		}
	}
}

// runs makes one run, with what a run may use of the time where it is bounded.
func (w *world) runs(req engine.Request, limit time.Duration) (engine.Outcome, time.Duration) {
	w.t.Helper()
	w.before = w.jumpserver.Hosts(jumpservertest.DefaultOrg)
	w.jumpserver.ResetCounts()
	w.robotTime.advance(4 * time.Second)
	ctx := w.t.Context()
	e := w.engine()
	if limit > 0 {
		bounded, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		ctx, e.Reserve = bounded, limit/4
	}
	begun := time.Now()
	out := e.Run(ctx, req)
	return out, time.Since(begun)
}

// change puts another account in place of the one with its name, or adds one.
func (w *world) change(spec accountSpec) {
	at := slices.IndexFunc(w.accounts, func(a account) bool { return a.Name == spec.Name })
	if at < 0 {
		w.addAccount(spec)
		return
	}
	old := &w.accounts[at]
	old.Off, old.Account, old.Zone = spec.Off, spec.Account, spec.Zone
	if spec.Regions != nil {
		old.Regions = spec.Regions
	}
	if spec.Owner != "" { // its key now opens another account
		old.cloud = w.cloud.AddAccount(alibabatest.Key{
			AccountID: spec.Owner, AccessKeyID: keyOf(spec.Name), AccessKeySecret: cloudSecret,
		})
	}
	w.client = nil
}

func tail(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	if text == "" {
		return 0
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
