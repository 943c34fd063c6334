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
	"testing/synctest"
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
	// AfterRun says what the run after the scenario is: "" = one that writes nothing; "healed" =
	// all faults end, and only the second run from there must write nothing; any other text is
	// the reason why no run without writes may be expected.
	AfterRun string `json:"again"`
}

// step does what it names, in this order.
type step struct {
	Note           string          `json:"note"`
	Settings       map[string]any  `json:"settings"`
	Accounts       []accountSpec   `json:"accounts"` // changed in the configuration, by name
	Advance        string          `json:"advance"`  // a duration, for the engine's clock
	Wait           string          `json:"wait"`     // a duration, for the clock of JumpServer and its client
	Cloud          []cloudEdit     `json:"cloud"`
	People         []hostEdit      `json:"people"`
	Meanwhile      []interruption  `json:"meanwhile"` // edits in the middle of the step's run
	Heal           bool            `json:"heal"`      // ends all faults
	NewProcess     bool            `json:"new_process"`
	CloudFaults    []cloudFault    `json:"cloud_faults"`
	BastionFaults  []bastionFault  `json:"jumpserver_faults"`
	RobotFaults    []string        `json:"robot_faults"` // recorded answers, "busy", "drop", "500"
	Run            *engine.Request `json:"run"`
	OperatorAction *operatorStep   `json:"errand"` // in place of a run
	DeadlineMS     int             `json:"deadline_ms"`
	TimeoutMS      int             `json:"timeout_ms"` // of single requests in this step; 0 = the configured one
	// EachCloud and EachJumpServer repeat the run with one of these faults at a time; "{gives}" in
	// Expect stands for the kind of error that the fault gives.
	EachCloud      []cloudFault   `json:"each_cloud"`
	EachJumpServer []bastionFault `json:"each_jumpserver"`
	Expect         expectation    `json:"expect"`
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
					synctest.Test(t, func(t *testing.T) { playScenario(t, s, version) })
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

// playScenario goes through a scenario, and runs once more at its end.
func playScenario(t *testing.T, s scenario, version jumpservertest.Version) {
	t.Helper()
	w := newWorld(t, s, version)
	for n, st := range s.Steps {
		w.playStep(n+1, st)
		if t.Failed() {
			t.Logf("the scenario: %s\nthe log:\n%s", s.About, lastLines(w.logText.String(), 12))
			return
		}
	}
	w.setTimeout(0)
	switch s.AfterRun {
	case "":
		w.expectQuietRun()
	case "healed":
		w.healAll()
		w.runTimed(engine.Request{}, 0)
		w.expectQuietRun()
	}
	w.close()
}

// setTimeout sets the time-out of single requests, which a client keeps; 0 = the configured one.
func (w *world) setTimeout(limit time.Duration) {
	if limit != w.requestTimeout {
		w.requestTimeout, w.client = limit, nil
	}
}

// expectQuietRun makes a run that must write nothing.
func (w *world) expectQuietRun() {
	w.t.Helper()
	out, _ := w.runTimed(engine.Request{}, 0)
	if n := w.jumpserver.Writes(); n != 0 {
		w.t.Errorf("one more run makes %d writes: %v\n%s", n, w.jumpserver.Calls(), describe(out.Report))
	}
}

func (w *world) healAll() {
	w.jumpserver.ClearFaults()
	w.cloud.Repair()
}

func (w *world) playStep(n int, st step) {
	w.t.Helper()
	if st.Settings != nil {
		w.changeSettings(st.Settings)
	}
	for _, spec := range st.Accounts {
		w.changeAccount(spec)
	}
	w.runClock.advance(parseDuration(w.t, st.Advance))
	w.bastionClock.advance(parseDuration(w.t, st.Wait))
	for _, e := range st.Cloud {
		w.editCloud(e)
	}
	w.editHosts(st.People)
	if st.Heal {
		w.healAll()
	}
	if st.NewProcess {
		w.client = nil
	}
	w.setTimeout(time.Duration(st.TimeoutMS) * time.Millisecond)
	w.injectFaults(st)
	for _, f := range st.EachCloud {
		w.injectCloudFault(f)
		w.playRun(fmt.Sprintf("step %d, %+v", n, f), st, st.Expect.fill(f.Gives))
		w.healAll()
	}
	for _, f := range st.EachJumpServer {
		w.injectBastionFault(f)
		w.playRun(fmt.Sprintf("step %d, %+v", n, f), st, st.Expect.fill(f.Gives))
		w.healAll()
	}
	if st.OperatorAction != nil {
		w.playOperatorAction(fmt.Sprintf("step %d", n), *st.OperatorAction, st.Expect)
	}
	if len(st.EachCloud)+len(st.EachJumpServer) == 0 && st.Run != nil {
		w.playRun(fmt.Sprintf("step %d", n), st, st.Expect)
	}
}

func (w *world) playRun(what string, st step, want expectation) {
	w.t.Helper()
	failed := w.t.Failed()
	w.armInterruptions(st.Meanwhile)
	out, took := w.runTimed(*st.Run, time.Duration(st.DeadlineMS)*time.Millisecond)
	w.armInterruptions(nil)
	if w.expect(want, out); w.t.Failed() && !failed {
		w.t.Logf("%s (%s), run of %v: %v\n%s", what, st.Note, took, w.jumpserver.Calls(), describe(out.Report))
	}
}

// operatorStep is a person's single order.
type operatorStep struct {
	What            string // "adopt", "release" or "retire"
	Account, Region string
	Apply           bool
	ByAddress       bool // of adopt
	Adopted         bool // of retire
}

func (w *world) playOperatorAction(what string, o operatorStep, want expectation) {
	w.t.Helper()
	w.hostsBefore = w.jumpserver.Hosts(jumpservertest.DefaultOrg)
	w.jumpserver.ResetCounts()
	do := map[string]func(engine.Engine, context.Context, engine.OperatorAction) engine.RunResult{
		"adopt": engine.Engine.Adopt, "release": engine.Engine.Disown, "retire": engine.Engine.Retire,
	}[o.What]
	out := do(w.newEngine(), w.t.Context(), engine.OperatorAction{Account: o.Account, Region: o.Region, Write: o.Apply, MatchByAddress: o.ByAddress, RetireAdopted: o.Adopted})
	if want.Messages == nil {
		want.Messages = new(int) // errands tell nobody
	}
	if failed := w.t.Failed(); !failed {
		if w.expect(want, out); w.t.Failed() {
			w.t.Logf("%s, %+v: %v\n%s", what, o, w.jumpserver.Calls(), describe(out.Report))
		}
	}
}

// runTimed makes one run, with what a run may use of the time where it is bounded.
func (w *world) runTimed(req engine.Request, limit time.Duration) (engine.RunResult, time.Duration) {
	w.t.Helper()
	w.hostsBefore = w.jumpserver.Hosts(jumpservertest.DefaultOrg)
	w.jumpserver.ResetCounts()
	w.robotClock.advance(4 * time.Second)
	ctx := w.t.Context()
	e := w.newEngine()
	if limit > 0 {
		bounded, cancel := context.WithTimeout(ctx, limit)
		defer cancel()
		ctx, e.Reserve = bounded, limit/4
	}
	begun := time.Now()
	out := e.Run(ctx, req)
	return out, time.Since(begun)
}

// changeAccount puts another account in place of the one with its name, or adds one.
func (w *world) changeAccount(spec accountSpec) {
	at := slices.IndexFunc(w.accounts, func(a account) bool { return a.Name == spec.Name })
	if at < 0 {
		w.addAccount(spec)
		return
	}
	old := &w.accounts[at]
	old.Unconfigured, old.Account, old.Zone = spec.Unconfigured, spec.Account, spec.Zone
	if spec.Regions != nil {
		old.Regions = spec.Regions
	}
	if spec.Owner != "" { // its key now opens another account
		old.cloud = w.cloud.AddAccount(alibabatest.Key{
			AccountID: spec.Owner, AccessKeyID: accessKeyOf(spec.Name), AccessKeySecret: cloudSecret,
		})
	}
	w.client = nil
}

func lastLines(text string, lines int) string {
	all := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

func parseDuration(t *testing.T, text string) time.Duration {
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
