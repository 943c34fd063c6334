package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// built holds jms-sync, which is linked once for all tests.
var built struct {
	once         sync.Once
	dir, program string
	err          error
}

// TestMain lets the test binary stand for bin/bench: started by bench for a probe, whose arguments are never those of a
// test, it is the program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-test.") {
		main()
	}
	code := m.Run()
	_ = os.RemoveAll(built.dir)
	os.Exit(code)
}

// jmsSync returns the program that is measured.
func jmsSync(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		built.dir, built.err = os.MkdirTemp("", "jms-sync-bench-test-")
		if built.err == nil {
			built.program, built.err = runtimetest.Build(t.Context(), built.dir, "../../functions/local", runtimetest.Flags{})
		}
	})
	if built.err != nil {
		t.Fatal(built.err)
	}
	return built.program
}

// smallBench returns a bench of all parts with hardly anything to do.
func smallBench(t *testing.T) bench {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// For the functions that are only started, small programs at the same runtime APIs stand in.
	const functions = "../../functions/"
	programs := make([]string, 3)
	for n, folder := range []string{"fc-event", "runtimetest/testdata/lambdaecho", "runtimetest/testdata/graphecho"} {
		programs[n], err = runtimetest.Build(t.Context(), t.TempDir(), functions+folder, runtimetest.Flags{})
		if err != nil {
			t.Fatal(err)
		}
	}
	event := programs[0]
	return bench{
		exe: exe, program: jmsSync(t), event: event, timer: event, lambda: programs[1], graph: programs[2], hosts: 20, sizes: []int{20, 10}, listingSize: 150, limitedSize: 10, largestSize: 50, ruledSize: 50,
		createHosts: 8, rounds: 1, latency: time.Millisecond, cloudLatency: time.Millisecond, pause: time.Millisecond, runs: 1,
	}
}

const (
	anyTime = `\d+\.\d\d`
	anyPeak = `(\d+\.\d|not measured)`
)

// wantedOutput returns the lines that the output must have, by parts.
func wantedOutput() map[string][]string {
	return map[string][]string{
		"ab": {
			`^jms-sync dev, \d{4}-\d\d-\d\d, .*, \d+ CPUs .*; medians of 1 runs`,
			`^a\. First sync of 20 hosts, JumpServer v4\.7\.0, every answer takes 1ms$`,
			`^  served at a time +writers +calls +seconds +POST answer ms +times faster than one writer *$`,
			`^  all +1 +2\d +` + anyTime + ` +[1-9]\d*\.\d *$`,
			`^  all +up to 8, adaptive +2\d +` + anyTime + ` +[1-9]\d*\.\d +` + anyTime + ` *$`,
			`^  2 +1 +2\d +` + anyTime + ` +[1-9]\d*\.\d *$`,
			`^  2 +up to 8, adaptive +2\d +` + anyTime + ` +[1-9]\d*\.\d +` + anyTime + ` *$`,
			`^b\. Run without changes, 5 regions, every answer takes 1ms$`,
			`^  v4\.7\.0 +20 +all fields +1 +0\.0 +6 +` + anyTime + ` +` + anyPeak + ` *$`,
			`^  v4\.10\.16 +20 +without state +[1-9] +0\.[01] +6 +` + anyTime + ` +` + anyPeak + ` +\d+\.\d *$`,
			`^  v4\.10\.16 +10 +with state +1 +0\.0 +6 +` + anyTime + ` +` + anyPeak + ` +\d+\.\d *$`,
		},
		"c": {
			`^c\. Listing the cloud: 150 instances, 5 regions, every answer takes 1ms$`,
			`^  baseline: 25 per page, pause of 1ms, regions in turn \(1 run\) +10 +` + anyTime + ` *$`,
			`^  jms-sync: 100 per page, regions at once +6 +` + anyTime + ` +\d+ *$`,
		},
		"d": {
			`^  instance created +1 +3 +` + anyTime + ` *$`,
			`^  instance released .* +5 +4 +` + anyTime + ` *$`,
		},
		"g": {
			`^g\. Making 8 hosts, at the cost of real servers by the number of writers, each host ±50 %$`,
			`^  v4\.7\.0 +1, plain +\d+\.\d *$`,
			`^  v4\.7\.0 +8, plain +\d+\.\d *$`,
			`^  v4\.10\.19 +2, plain +\d+\.\d *$`,
			`^  v4\.10\.19 +jms-sync, up to 8 +\d+\.\d +` + anyTime + ` *$`,
		},
		"h": {
			`^h\. Mapping rules: run without changes, without state, 50 hosts, 5 accounts × 10 regions, `,
			`^  no rules +[1-9]\d* +\d+\.\d +\d+ +` + anyTime + ` +` + anyPeak + ` +– *$`,
			`^  50 rules +[1-9]\d* +\d+\.\d +\d+ +` + anyTime + ` +\d+\.\d\d +` + anyPeak + ` +256(, ok)? *$`,
		},
		"ef": {
			`^  10 +1 × 5 +without state +` + anyTime + ` +` + anyPeak + ` +128(, ok)? *$`,
			`^  50 +5 × 10 +without state +` + anyTime + ` +` + anyPeak + ` +256(, ok)? *$`,
			`^  50 +5 × 10 +with state +` + anyTime + ` +` + anyPeak + ` +– *$`,
			`^  fc-timer +\d+\.\d .*[1-9]\d\.\d\d +\d\.\d\d *$`,
			`^  lambda +\d+\.\d .*\d\.\d\d +\d\.\d\d *$`,
			`^  functiongraph +\d+\.\d .*\d\.\d\d +\d\.\d\d *$`,
		},
	}
}

// TestBench: all parts, small, with real processes. How long they took is not judged.
func TestBench(t *testing.T) {
	t.Parallel()
	whole := smallBench(t)
	for parts, wants := range wantedOutput() {
		t.Run(parts, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			b := whole
			b.out, b.parts = &out, parts
			if err := b.check(); err != nil {
				t.Fatal(err)
			}
			b.profile = t.TempDir()
			b.markdown = filepath.Join(t.TempDir(), "benchmarks.md") // check wants all parts for it
			if err := b.run(t.Context()); err != nil {
				t.Fatal(err)
			}
			for _, want := range wants {
				if !regexp.MustCompile("(?m)" + want).MatchString(out.String()) {
					t.Errorf("no line fits %s in\n%s", want, out.String())
				}
			}
			checkFiles(t, b)
		})
	}
}

// checkFiles looks at the files that bench leaves.
func checkFiles(t *testing.T, b bench) {
	t.Helper()
	files := map[string]string{
		b.markdown: "\n### (" + b.parts[:1] + ") ", strings.TrimSuffix(b.markdown, ".md") + ".svg": "</svg>",
	}
	if strings.Contains(b.parts, "b") {
		files[filepath.Join(b.profile, "cpu.pprof")], files[filepath.Join(b.profile, "allocs.pprof")] = "\x1f\x8b", "\x1f\x8b"
	}
	for file, want := range files {
		if text, err := os.ReadFile(file); err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: %v, no %q in %s", file, err, want, text)
		}
	}
}

// TestBenchNoticesWhatIsNotUnchanged: a run that asks JumpServer although it has state, or changes something, is no
// measurement.
func TestBenchNoticesWhatIsNotUnchanged(t *testing.T) {
	t.Parallel()
	b := bench{program: jmsSync(t)}
	at := estate{jumpservertest.V410, 1, 1, 3}
	e, err := b.emulate(t.Context(), "--hosts", "3") // nothing is seeded
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := e.stop(); err != nil {
			t.Error(err)
		}
	}()
	if _, err := b.runUnchanged(t.Context(), e, at, ""); err == nil || !strings.Contains(err.Error(), "0 of 3 unchanged") {
		t.Errorf("a first sync: %v", err)
	}
	if _, err := b.runUnchanged(t.Context(), e, at, t.TempDir()); err == nil || !strings.Contains(err.Error(), "JumpServer was asked") {
		t.Errorf("empty state: %v", err)
	}
	if _, err := b.runUnchanged(t.Context(), e, at, ""); err != nil {
		t.Errorf("nothing to do: %v", err)
	}
	at.instances = 4
	if _, err := b.runUnchanged(t.Context(), e, at, ""); err == nil || !strings.Contains(err.Error(), "3 of 4 unchanged") {
		t.Errorf("an instance is missing: %v", err)
	}
}

// TestBenchJudgesMemory: over the limit is an error; the worst run counts.
func TestBenchJudgesMemory(t *testing.T) {
	t.Parallel()
	for want, peaks := range map[string][]int64{
		"128, ok": {128 << 20, 128 << 20}, "128, over": {1 << 20, 2 << 20, 129 << 20}, "128": {0},
		"256, ok": {256 << 20}, "256, over": {257 << 20},
	} {
		var samples []sample
		for _, p := range peaks {
			samples = append(samples, sample{peakBytes: p})
		}
		limit := float64(limitedSizeMiB)
		if strings.HasPrefix(want, "256") {
			limit = largestSizeMiB
		}
		if got, err := verdictText(samples, limit).english(), checkPeaks(samples, limit); got != want || (err != nil) != strings.HasSuffix(want, "over") {
			t.Errorf("%v: %q, %v", peaks, got, err)
		}
	}
}

// TestBenchJudgesRules: more time than the limit is an error from some size on, and more memory at any.
func TestBenchJudgesRules(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		instances int
		slower    []float64
		peak      int64
		refused   bool
	}{
		{judgedInstances, []float64{1.3}, 1, false}, {judgedInstances, []float64{1.1, 1.31, 2}, 1, true}, {50, []float64{2}, 1, false},
		{50, []float64{1}, 257 << 20, true}, {judgedInstances, []float64{2}, 257 << 20, true},
	} {
		if err := checkRuled(c.instances, c.slower, []sample{{peakBytes: c.peak}}); (err != nil) != c.refused {
			t.Errorf("%+v: %v", c, err)
		}
	}
}

func TestSpread(t *testing.T) {
	t.Parallel()
	for want, values := range map[string][]float64{
		"2.0": {2}, "2.5 (1.0–4.0)": {4, 1, 2, 3}, "2.0 (1.0–9.0)": {9, 1, 2}, "1.0": {1.01, 1.02},
	} {
		if got := medianText("%.1f", values).english(); got != want {
			t.Errorf("%v: %q, want %q", values, got, want)
		}
	}
}

func TestBenchRefuses(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--only", "i"}, {"--ruled", "0"}, {"--ruled", "60"}, {"--only", "a,b"}, {"--hosts", "0"}, {"--runs", "0"}, {"--latency", "-1s"}, {"--pause", "-1s"},
		{"--sizes", "7"}, {"--sizes", "10,7"}, {"--instances", "0"}, {"--listed", "3"}, {"--most", "60"}, {"--most", "-50"},
		{"--real", "--only", "a"}, {"--real", "--only", "g"}, {"--create-in-organisation", "x"}, {"--creates", "0"}, {"--rounds", "0"}, {"--write-to-organisation", "x"}, {"--markdown", "x.md", "--only", "b"}, {"--real", "--markdown", "x.md"},
	} {
		var out, said strings.Builder
		if code := runCommandLine(t.Context(), args, strings.NewReader(""), &out, &said); code != exitUsage || said.String() == "" || out.String() != "" {
			t.Errorf("%v: exit code %d, %q, %q", args, code, said.String(), out.String())
		}
	}
}

// TestBenchNeedsPrograms: a program that is not there is an error that says how to make it.
func TestBenchNeedsPrograms(t *testing.T) {
	t.Parallel()
	missing := filepath.Join(t.TempDir(), "missing")
	for _, args := range [][]string{
		{"--program", missing}, {"--program", jmsSync(t), "--only", "d", "--event", missing}, {"--program", jmsSync(t), "--only", "f", "--timer", missing},
	} {
		var out, said strings.Builder
		code := runCommandLine(t.Context(), args, strings.NewReader(""), &out, &said)
		if code != exitFailed || !strings.Contains(said.String(), missing) || !strings.Contains(said.String(), "make build") {
			t.Errorf("%v: exit code %d, %q, %q", args, code, said.String(), out.String())
		}
	}
}
