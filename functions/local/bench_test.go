package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/internal/runtimetest"
)

// TestMain lets the test binary stand for bin/jms-sync: started by bench, whose arguments are
// never those of a test, it is the program.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && !strings.HasPrefix(os.Args[1], "-test.") {
		main()
	}
	os.Exit(m.Run())
}

// All parts, small, with real processes. What took how long is not judged.
func TestBench(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	event, err := runtimetest.Build(t.Context(), t.TempDir(), "../fc-event", runtimetest.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	var out strings.Builder
	b := bench{exe: exe, event: event, out: &out, hosts: 20, instances: 20, latency: time.Millisecond, runs: 1}
	if err := b.check(); err != nil {
		t.Fatal(err)
	}
	if err := b.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`(?m)^jms-sync dev, .*, \d+ CPUs; medians of 1 runs`,
		`(?m)^First sync of 20 hosts, JumpServer v4\.7\.0, every answer takes 1ms$`,
		`(?m)^  served at a time +writers +calls +seconds +POST answer ms +times faster than one writer *$`,
		`(?m)^  all +1 +2\d +\d+\.\d\d +[1-9]\d*\.\d *$`,
		`(?m)^  all +up to 8, adaptive +2\d +\d+\.\d\d +[1-9]\d*\.\d +\d+\.\d\d *$`,
		`(?m)^  2 +1 +2\d +\d+\.\d\d +[1-9]\d*\.\d *$`,
		`(?m)^  2 +up to 8, adaptive +2\d +\d+\.\d\d +[1-9]\d*\.\d +\d+\.\d\d *$`,
		`(?m)^Run without changes: 20 instances in 5 regions, JumpServer v4\.10\.16, every answer takes 1ms$`,
		`(?m)^  [1-9]\d* +[1-9]\d* +\d+\.\d\d +(\d+\.\d +ok|not measured +not measured) *$`,
		`(?m)^  instance created +1 +3 +\d+\.\d\d *$`,
		`(?m)^  instance released .* +3 +4 +\d+\.\d\d *$`,
	} {
		if !regexp.MustCompile(want).MatchString(out.String()) {
			t.Errorf("no line fits %s in\n%s", want, out.String())
		}
	}
}

// Over the limit is an error, after everything was printed; the worst run counts.
func TestBenchJudgesMemory(t *testing.T) {
	t.Parallel()
	took := func(peak int64) sample { return sample{report: report.Report{Duration: 2}, peak: peak} }
	for want, peaks := range map[string][]int64{
		"128.0  ": {memoryLimit, memoryLimit}, "over": {1 << 20, 2 << 20, memoryLimit + 1<<20}, "not measured": {0},
	} {
		var out strings.Builder
		b := bench{out: &out}
		var samples []sample
		for _, p := range peaks {
			samples = append(samples, took(p))
		}
		err := b.unchanged(samples)
		if (err != nil) != (want == "over") || !strings.Contains(out.String(), want) {
			t.Errorf("%v: %v\n%s", peaks, err, out.String())
		}
	}
}

func TestSpread(t *testing.T) {
	t.Parallel()
	for want, values := range map[string][]float64{
		"2.0": {2}, "2.5 (1.0–4.0)": {4, 1, 2, 3}, "2.0 (1.0–9.0)": {9, 1, 2}, "1.0": {1.01, 1.02},
	} {
		if got := spread("%.1f", values); got != want {
			t.Errorf("%v: %q, want %q", values, got, want)
		}
	}
}

func TestBenchRefuses(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{
		{"--only", "d"}, {"--hosts", "0"}, {"--runs", "0"}, {"--latency", "-1s"}, {"--instances", "7"}, {"--instances", "0"},
	} {
		var out, said strings.Builder
		if code := run(t.Context(), append([]string{"bench"}, args...), strings.NewReader(""), &out, &said); code != exitUsage || said.String() == "" || out.String() != "" {
			t.Errorf("%v: exit code %d, %q, %q", args, code, said.String(), out.String())
		}
	}
}
