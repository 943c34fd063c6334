package metrics

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

var update = flag.Bool("update", false, "write the goldens anew")

// sample returns metrics with a series of every family, and a name that both formats must escape.
func sample() state.Metrics {
	m := Record(state.Metrics{}, fullRun(noon()))
	held := report.Build(report.Input{Started: noon()})
	held.StaysOpen = []report.OpenGroup{{Code: "no_delete", Assets: 2}}
	m.Parts[0].Series = append(m.Parts[0].Series, state.Series{Name: staysOpen, Labels: []string{"part", "run", "reason", "a \"quoted\" \\ reason\n"}, Value: 2})
	return Record(m, Run{By: ByEvent, Now: noon().Add(time.Minute), Report: fullRun(noon()).Report, Events: []Event{{Outcome: "done", Done: true, At: noon()}}})
}

// TestFormats: both formats are as the goldens show. Prometheus' own parsers read them in infra/monitoring/check.
func TestFormats(t *testing.T) {
	t.Parallel()
	for name, format := range map[string]Format{"text.prom": Text, "openmetrics.txt": OpenMetrics} {
		var out strings.Builder
		if err := Write(&out, All(sample()), format, Labels("jms.example.com", "DEFAULT")...); err != nil {
			t.Fatal(err)
		}
		golden := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(golden, []byte(out.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil || out.String() != string(want) {
			t.Errorf("%s differs (%v); -update writes it anew\n%s", golden, err, out.String())
		}
	}
}

// TestFamilies: names follow Prometheus' conventions (https://prometheus.io/docs/practices/naming/), every family has a help
// and, in the sample, a series, and no series is of no family.
func TestFamilies(t *testing.T) {
	t.Parallel()
	all, seen := All(sample()), map[string]bool{}
	for _, s := range all {
		at := slices.IndexFunc(Families(), func(f Family) bool { return f.has(s.Name) })
		if at < 0 {
			t.Errorf("%s is of no family", s.Name)
			continue
		}
		f := Families()[at]
		seen[f.Name] = true
		var names []string
		for n := 0; n < len(s.Labels); n += 2 {
			names = append(names, s.Labels[n])
		}
		if strings.HasSuffix(s.Name, bucketSuffix) {
			names = names[:len(names)-1]
		}
		if !slices.Equal(names, f.Labels) {
			t.Errorf("%s has the labels %q, its family %q", s.Name, names, f.Labels)
		}
	}
	for _, f := range Families() {
		unit := strings.TrimSuffix(f.Name, counterSuffix)
		switch {
		case !seen[f.Name]:
			t.Errorf("no series of %s", f.Name)
		case f.Help == "" || !strings.HasSuffix(f.Help, "."):
			t.Errorf("%s: the help is %q", f.Name, f.Help)
		case (f.Kind == Counter) != strings.HasSuffix(f.Name, counterSuffix):
			t.Errorf("%s is a %s", f.Name, f.Kind)
		case (f.Unit != "") != strings.HasSuffix(unit, "_seconds"):
			t.Errorf("%s has the unit %q", f.Name, f.Unit)
		case (f.Kind == Histogram) != (len(f.Buckets) > 0) || !slices.IsSorted(f.Buckets):
			t.Errorf("%s has the buckets %v", f.Name, f.Buckets)
		}
	}
}

// TestDocuments: docs/metrics.md has every family with its labels, in both languages, and no other.
func TestDocuments(t *testing.T) {
	t.Parallel()
	for name, separator := range map[string]string{"metrics.md": "、", "metrics.en.md": ", "} {
		text, err := os.ReadFile(filepath.Join("..", "..", "docs", name))
		if err != nil {
			t.Fatal(err)
		}
		rows := 0
		for line := range strings.Lines(string(text)) {
			if strings.HasPrefix(line, "| `jms_sync_") {
				rows++
			}
		}
		if rows != len(Families()) {
			t.Errorf("%s has %d families of %d", name, rows, len(Families()))
		}
		for _, f := range Families() {
			labels := "–"
			if len(f.Labels) > 0 {
				labels = "`" + strings.Join(f.Labels, "`"+separator+"`") + "`"
			}
			_, rest, found := strings.Cut(string(text), "| `"+f.Name+"` | ")
			row, _, _ := strings.Cut(rest, "\n")
			if !found || !strings.Contains(row, " | "+labels+" | ") {
				t.Errorf("%s: %s with the labels %s is missing: %s", name, f.Name, labels, row)
			}
		}
	}
}
