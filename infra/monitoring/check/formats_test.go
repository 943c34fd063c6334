// Package check reads what jms-sync writes for Prometheus with Prometheus' own code. It is a module of its own, so that
// none of that is in go.mod of the program: make test-monitoring runs it.
package check

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang/snappy"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/prompb"

	"github.com/jms-sync/jms-sync/core/metrics"
	"github.com/jms-sync/jms-sync/core/secret"
	"github.com/jms-sync/jms-sync/core/state"
)

const goldens = "../../../core/metrics/testdata/"

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// parseAll parses a page with Prometheus' parser of a content type, and returns the series by their labels.
func parseAll(t *testing.T, page []byte, contentType string) (series map[string]float64, types map[string]model.MetricType) {
	t.Helper()
	p, err := textparse.New(page, contentType, labels.NewSymbolTable(), textparse.ParserOptions{})
	if err != nil {
		t.Fatal(err)
	}
	series, types = map[string]float64{}, map[string]model.MetricType{}
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return series, types
		}
		if err != nil {
			t.Fatalf("%s: %v", contentType, err)
		}
		switch entry {
		case textparse.EntryType:
			name, kind := p.Type()
			types[string(name)] = kind
		case textparse.EntrySeries:
			var l labels.Labels
			p.Labels(&l)
			_, _, value := p.Series()
			if _, twice := series[l.String()]; twice {
				t.Errorf("%s stands there twice", l)
			}
			series[l.String()] = value
		}
	}
}

// TestPages: Prometheus reads both formats, the same series in each, of the types that the families have; the parser that
// node_exporter and Pushgateway use reads the text.
func TestPages(t *testing.T) {
	t.Parallel()
	text, textTypes := parseAll(t, readFile(t, goldens+"text.prom"), "text/plain; version=0.0.4")
	open, openTypes := parseAll(t, readFile(t, goldens+"openmetrics.txt"), "application/openmetrics-text; version=1.0.0")
	if len(text) < 50 || len(text) != len(open) {
		t.Errorf("%d series as text, %d as OpenMetrics", len(text), len(open))
	}
	for l, value := range text {
		if other, is := open[l]; !is || other != value {
			t.Errorf("%s: %g as text, %g as OpenMetrics", l, value, other)
		}
	}
	for _, f := range metrics.Families() {
		inOpen := f.Name
		if f.Kind == metrics.Counter {
			inOpen = strings.TrimSuffix(f.Name, "_total")
		}
		if string(textTypes[f.Name]) != string(f.Kind) || string(openTypes[inOpen]) != string(f.Kind) {
			t.Errorf("%s is a %q as text, %q as OpenMetrics, want %s", f.Name, textTypes[f.Name], openTypes[inOpen], f.Kind)
		}
	}
	p := expfmt.NewTextParser(model.LegacyValidation)
	found, err := p.TextToMetricFamilies(strings.NewReader(string(readFile(t, goldens+"text.prom"))))
	if err != nil || len(found) != len(metrics.Families()) {
		t.Errorf("%d families, %v", len(found), err)
	}
}

// TestRemoteWrite: what is sent is a WriteRequest as Prometheus decodes it, with sorted labels, without empty ones.
func TestRemoteWrite(t *testing.T) {
	t.Parallel()
	var got []prompb.TimeSeries
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		packed, err := io.ReadAll(r.Body)
		var body []byte
		if err == nil {
			body, err = snappy.Decode(nil, packed)
		}
		var request prompb.WriteRequest
		if err == nil {
			err = request.Unmarshal(body)
		}
		if err != nil {
			t.Error(err)
		}
		got = append(got, request.Timeseries...)
		w.WriteHeader(http.StatusNoContent)
	}))
	defer server.Close()
	at := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	sinks, err := metrics.NewSinks(metrics.Settings{RemoteWrite: secret.New(server.URL), Job: "jms-sync", Server: "jms.example.com", Organisation: "DEFAULT"},
		metrics.Options{Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	sent := []state.Series{
		{Name: "jms_sync_runs_total", Labels: []string{"outcome", "ok"}, Value: 12},
		{Name: "jms_sync_instances", Labels: []string{"cloud", "alibaba", "account", "生产", "region", ""}, Value: 0.25},
	}
	if err := sinks.Push(t.Context(), sent); err != nil {
		t.Fatal(err)
	}
	want := []string{
		`{__name__="jms_sync_runs_total", job="jms-sync", jumpserver="jms.example.com", organisation="DEFAULT", outcome="ok"}`,
		`{__name__="jms_sync_instances", account="生产", cloud="alibaba", job="jms-sync", jumpserver="jms.example.com", organisation="DEFAULT"}`,
	}
	if len(got) != len(want) {
		t.Fatalf("%d series", len(got))
	}
	for n, one := range got {
		if !slices.IsSortedFunc(one.Labels, func(x, y prompb.Label) int { return strings.Compare(x.Name, y.Name) }) {
			t.Errorf("the labels of %v are not sorted", one)
		}
		b := labels.NewScratchBuilder(0)
		if l := one.ToLabels(&b, nil); l.String() != want[n] || len(one.Samples) != 1 || one.Samples[0].Value != sent[n].Value || one.Samples[0].Timestamp != at.UnixMilli() {
			t.Errorf("%s %v", l, one.Samples)
		}
	}
}
