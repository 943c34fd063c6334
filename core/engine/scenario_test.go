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
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/operator"
)

// scenario is one file of testdata/scenarios: a world, and what happens in it. It goes through
// the whole flow: real clients against the three emulators.
type scenario struct {
	About    string                   `json:"about"`
	Rows     []string                 `json:"rows"`     // problems of JumpServer's operators that it plays, see TestRowsOfTheField
	Versions []jumpservertest.Version `json:"versions"` // none = both
	// Databases on which it is played, each a run of its own; none = PostgreSQL.
	Databases []jumpservertest.Database `json:"databases"`
	enginetest.Setup
	Steps []step `json:"steps"`
	// AfterRun says what the run after the scenario is: "" = one that writes nothing; "healed" =
	// all faults end, and only the second run from there must write nothing; any other text is
	// the reason why no run without writes may be expected.
	AfterRun string `json:"again"`
}

// step does what it names, in this order.
type step struct {
	Note       string                    `json:"note"`
	Settings   map[string]any            `json:"settings"`
	Accounts   []enginetest.AccountSpec  `json:"accounts"` // changed in the configuration, by name
	Advance    string                    `json:"advance"`  // a duration, for the engine's clock
	Wait       string                    `json:"wait"`     // a duration, for the clock of JumpServer and its client
	Cloud      []enginetest.CloudEdit    `json:"cloud"`
	People     []enginetest.HostEdit     `json:"people"`
	Meanwhile  []enginetest.Interruption `json:"meanwhile"` // edits in the middle of the step's run
	Heal       bool                      `json:"heal"`      // ends all faults
	NewProcess bool                      `json:"new_process"`
	enginetest.Faults
	Run            *engine.Request `json:"run"`
	OperatorAction *operatorStep   `json:"errand"` // in place of a run
	DeadlineMS     int             `json:"deadline_ms"`
	TimeoutMS      int             `json:"timeout_ms"` // of single requests in this step; 0 = the configured one
	// EachCloud and EachJumpServer repeat the run with one of these faults at a time; "{gives}" in
	// Expect stands for the kind of error that the fault gives.
	EachCloud      []enginetest.CloudFault   `json:"each_cloud"`
	EachJumpServer []enginetest.BastionFault `json:"each_jumpserver"`
	Expect         enginetest.Expectation    `json:"expect"`
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
		playEverywhere(t, readScenario(t, file), strings.TrimSuffix(filepath.Base(file), ".json"))
	}
}

// playEverywhere plays a scenario on the versions and databases that it names.
func playEverywhere(t *testing.T, s scenario, name string) {
	t.Helper()
	versions := s.Versions
	if versions == nil {
		versions = jumpservertest.Versions()
	}
	for _, version := range versions {
		for _, database := range append(s.Databases, jumpservertest.PostgreSQL)[:max(len(s.Databases), 1)] {
			t.Run(name+"/"+string(version)+string(database), func(t *testing.T) {
				t.Parallel()
				s := s
				s.JumpServer.Database = database
				synctest.Test(t, func(t *testing.T) { playScenario(t, s, version) })
			})
		}
	}
}

func readScenario(t *testing.T, file string) scenario {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return decodeScenario(t, file, text)
}

// decodeScenario decodes the JSON of a scenario.
func decodeScenario(t *testing.T, file string, text []byte) scenario {
	t.Helper()
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
	w := enginetest.NewWorld(t, s.Setup, version)
	for n, st := range s.Steps {
		playStep(w, n+1, st)
		if t.Failed() {
			t.Logf("the scenario: %s\nthe log:\n%s", s.About, enginetest.LastLines(w.LogText.String(), 12))
			return
		}
	}
	setTimeout(w, 0)
	switch s.AfterRun {
	case "":
		expectQuietRun(w)
	case "healed":
		healAll(w)
		runTimed(w, engine.Request{}, 0)
		expectQuietRun(w)
	}
	w.Close()
}

// setTimeout sets the time-out of single requests, which a client keeps; 0 = the configured one.
func setTimeout(w *enginetest.World, limit time.Duration) {
	if limit != w.RequestTimeout {
		w.RequestTimeout, w.Client = limit, nil
	}
}

// expectQuietRun makes a run that must write nothing.
func expectQuietRun(w *enginetest.World) {
	w.T.Helper()
	out, _ := runTimed(w, engine.Request{}, 0)
	if n := w.JumpServer.Writes(); n != 0 {
		w.T.Errorf("one more run makes %d writes: %v\n%s", n, w.JumpServer.Calls(), enginetest.Describe(out.Report))
	}
}

func healAll(w *enginetest.World) {
	w.JumpServer.ClearFaults()
	w.Cloud.Repair()
}

func playStep(w *enginetest.World, n int, st step) {
	w.T.Helper()
	if st.Settings != nil {
		w.ChangeSettings(st.Settings)
	}
	for _, spec := range st.Accounts {
		changeAccount(w, spec)
	}
	w.RunClock.Advance(parseDuration(w.T, st.Advance))
	w.BastionClock.Advance(parseDuration(w.T, st.Wait))
	for _, e := range st.Cloud {
		w.EditCloud(e)
	}
	w.EditHosts(st.People)
	if st.Heal {
		healAll(w)
	}
	if st.NewProcess {
		w.Client = nil
	}
	setTimeout(w, time.Duration(st.TimeoutMS)*time.Millisecond)
	w.InjectFaults(st.Faults)
	for _, f := range st.EachCloud {
		w.InjectCloudFault(f)
		playRun(w, fmt.Sprintf("step %d, %+v", n, f), st, st.Expect.Fill(f.Gives))
		healAll(w)
	}
	for _, f := range st.EachJumpServer {
		w.InjectBastionFault(f)
		playRun(w, fmt.Sprintf("step %d, %+v", n, f), st, st.Expect.Fill(f.Gives))
		healAll(w)
	}
	if st.OperatorAction != nil {
		playOperatorAction(w, fmt.Sprintf("step %d", n), *st.OperatorAction, st.Expect)
	}
	if len(st.EachCloud)+len(st.EachJumpServer) == 0 && st.Run != nil {
		playRun(w, fmt.Sprintf("step %d", n), st, st.Expect)
	}
}

func playRun(w *enginetest.World, what string, st step, want enginetest.Expectation) {
	w.T.Helper()
	failed := w.T.Failed()
	w.ArmInterruptions(st.Meanwhile)
	out, took := runTimed(w, *st.Run, time.Duration(st.DeadlineMS)*time.Millisecond)
	w.ArmInterruptions(nil)
	if w.Expect(want, out); w.T.Failed() && !failed {
		w.T.Logf("%s (%s), run of %v: %v\n%s", what, st.Note, took, w.JumpServer.Calls(), enginetest.Describe(out.Report))
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

func playOperatorAction(w *enginetest.World, what string, o operatorStep, want enginetest.Expectation) {
	w.T.Helper()
	w.HostsBefore = w.JumpServer.Hosts(jumpservertest.DefaultOrg)
	w.JumpServer.ResetCounts()
	do := map[string]func(context.Context, engine.Engine, operator.Action) operator.Result{
		"adopt": operator.Adopt, "release": operator.Disown, "retire": operator.Retire,
	}[o.What]
	out := do(w.T.Context(), w.NewEngine(), operator.Action{Account: o.Account, Region: o.Region, Write: o.Apply, MatchByAddress: o.ByAddress, RetireAdopted: o.Adopted})
	if want.Messages == nil {
		want.Messages = new(int) // errands tell nobody
	}
	if failed := w.T.Failed(); !failed {
		if w.Expect(want, out.RunResult); w.T.Failed() {
			w.T.Logf("%s, %+v: %v\n%s", what, o, w.JumpServer.Calls(), enginetest.Describe(out.Report))
		}
	}
}

// runTimed makes one run, with what a run may use of the time where it is bounded.
func runTimed(w *enginetest.World, req engine.Request, limit time.Duration) (engine.RunResult, time.Duration) {
	w.T.Helper()
	w.HostsBefore = w.JumpServer.Hosts(jumpservertest.DefaultOrg)
	w.JumpServer.ResetCounts()
	w.RobotClock.Advance(4 * time.Second)
	ctx := w.T.Context()
	e := w.NewEngine()
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
func changeAccount(w *enginetest.World, spec enginetest.AccountSpec) {
	at := slices.IndexFunc(w.Accounts, func(a enginetest.Account) bool { return a.Name == spec.Name })
	if at < 0 {
		w.AddAccount(spec)
		return
	}
	old := &w.Accounts[at]
	old.Unconfigured, old.Account, old.Zone = spec.Unconfigured, spec.Account, spec.Zone
	if spec.Regions != nil {
		old.Regions = spec.Regions
	}
	if spec.Owner != "" { // its key now opens another account
		old.Cloud = w.Cloud.AddAccount(alibabatest.Key{
			AccountID: spec.Owner, AccessKeyID: enginetest.AccessKeyOf(spec.Name), AccessKeySecret: enginetest.CloudSecret,
		})
	}
	w.Client = nil
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
