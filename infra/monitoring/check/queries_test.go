package check

import (
	"encoding/json"
	"log/slog"
	"slices"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql/parser"

	"github.com/jms-sync/jms-sync/core/metrics"
)

func readRules(t *testing.T) []rulefmt.Rule {
	t.Helper()
	groups, errs := rulefmt.Parse(readFile(t, rulesFile), false, model.UTF8Validation, parser.NewParser(parser.Options{}), slog.New(slog.DiscardHandler))
	if len(errs) > 0 || len(groups.Groups) != 1 || len(groups.Groups[0].Rules) < 10 {
		t.Fatal(errs)
	}
	return groups.Groups[0].Rules
}

// TestQueries: the board's queries and the rules name metrics and labels that exist, and no metric is on neither.
func TestQueries(t *testing.T) {
	t.Parallel()
	used := map[string]bool{}
	for _, r := range readRules(t) {
		checkQuery(t, r.Alert, r.Expr, used)
	}
	var board struct {
		Panels []struct {
			Title   string
			Targets []struct{ Expr string }
		}
	}
	if err := json.Unmarshal(readFile(t, "../board.json"), &board); err != nil || len(board.Panels) < 15 {
		t.Fatalf("%v, %d panels", err, len(board.Panels))
	}
	for _, p := range board.Panels {
		for _, target := range p.Targets {
			checkQuery(t, p.Title, strings.ReplaceAll(target.Expr, "$__rate_interval", "30m"), used)
		}
	}
	for _, f := range metrics.Families() {
		if !used[f.Name] && f.Name != "jms_sync_peer_call_seconds_total" && !strings.HasSuffix(f.Name, "_since_timestamp_seconds") && !strings.HasSuffix(f.Name, "_last_event_timestamp_seconds") {
			t.Errorf("no query has %s", f.Name)
		}
	}
}

// checkQuery checks the metrics and labels that a query names, and adds its families to used.
func checkQuery(t *testing.T, where, query string, used map[string]bool) {
	t.Helper()
	expr, err := parser.NewParser(parser.Options{}).ParseExpr(query)
	if err != nil {
		t.Errorf("%s: %v", where, err)
		return
	}
	var known []string // labels of all metrics in the query
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		s, is := n.(*parser.VectorSelector)
		if !is {
			return nil
		}
		f, found := familyOf(s.Name)
		if !found {
			t.Errorf("%s: there is no metric %s", where, s.Name)
			return nil
		}
		used[f.Name] = true
		own := append(slices.Clone(f.Labels), "jumpserver", "organisation", "job", "le")
		known = append(known, own...)
		for _, m := range s.LabelMatchers {
			if m.Name != labels.MetricName && !slices.Contains(own, m.Name) {
				t.Errorf("%s: %s has no label %s", where, s.Name, m.Name)
			}
		}
		return nil
	})
	parser.Inspect(expr, func(n parser.Node, _ []parser.Node) error {
		if a, is := n.(*parser.AggregateExpr); is {
			for _, label := range a.Grouping {
				if !slices.Contains(known, label) {
					t.Errorf("%s: groups by %s, which no metric has", where, label)
				}
			}
		}
		return nil
	})
}

// familyOf returns the family of a series; of a histogram only the names that its series have.
func familyOf(series string) (metrics.Family, bool) {
	for _, f := range metrics.Families() {
		suffix, is := strings.CutPrefix(series, f.Name)
		if is && (f.Kind == metrics.Histogram) == slices.Contains([]string{"_bucket", "_sum", "_count"}, suffix) && (f.Kind == metrics.Histogram || suffix == "") {
			return f, true
		}
	}
	return metrics.Family{}, false
}
