package metrics

import (
	"bufio"
	"io"
	"slices"
	"sort"
	"strings"

	"github.com/jms-sync/jms-sync/core/state"
)

// Format is how series are written.
type Format int

// The formats. Prometheus' text is what node_exporter's textfile collector and a Pushgateway read; they know no OpenMetrics.
const (
	Text        Format = iota // https://prometheus.io/docs/instrumenting/exposition_formats/
	OpenMetrics               // https://prometheus.io/docs/specs/om/open_metrics_spec/
)

// Write writes series in a format. more are labels that each of them gets: names and values by turns.
func Write(to io.Writer, series []state.Series, format Format, more ...string) error {
	out := bufio.NewWriter(to)
	for _, f := range Families() {
		var own []state.Series
		for _, s := range series {
			if f.has(s.Name) {
				own = append(own, s)
			}
		}
		if len(own) > 0 {
			f.write(out, own, format, more)
		}
	}
	if format == OpenMetrics {
		_, _ = out.WriteString("# EOF\n") // Flush returns the error
	}
	return out.Flush()
}

// has reports whether a series is of the family.
func (f Family) has(series string) bool {
	if f.Kind != Histogram {
		return series == f.Name
	}
	suffix, is := strings.CutPrefix(series, f.Name)
	return is && slices.Contains([]string{bucketSuffix, sumSuffix, countSuffix}, suffix)
}

func (f Family) write(out *bufio.Writer, own []state.Series, format Format, more []string) {
	name := f.Name
	if format == OpenMetrics && f.Kind == Counter {
		name = strings.TrimSuffix(name, counterSuffix)
	}
	_, _ = out.WriteString("# HELP " + name + " " + f.Help + "\n# TYPE " + name + " " + string(f.Kind) + "\n")
	if format == OpenMetrics && f.Unit != "" {
		_, _ = out.WriteString("# UNIT " + name + " " + f.Unit + "\n")
	}
	sortHistogram(f, own)
	for _, s := range own {
		_, _ = out.WriteString(s.Name)
		writeLabels(out, append(slices.Clone(s.Labels), more...))
		_, _ = out.WriteString(" " + formatValue(s.Value) + "\n")
	}
}

// sortHistogram puts the series of one set of labels together: buckets, sum, count.
func sortHistogram(f Family, own []state.Series) {
	sortSeries(own)
	if f.Kind != Histogram {
		return
	}
	sort.SliceStable(own, func(x, y int) bool { return groupOf(own[x]) < groupOf(own[y]) })
}

// groupOf returns the labels of a series without the bound of its bucket.
func groupOf(s state.Series) string {
	labels := s.Labels
	if n := len(labels); n >= 2 && labels[n-2] == histogramBound {
		labels = labels[:n-2]
	}
	return strings.Join(labels, "\x00")
}

func writeLabels(out *bufio.Writer, labels []string) {
	for n := 0; n+1 < len(labels); n += 2 {
		before := ","
		if n == 0 {
			before = "{"
		}
		_, _ = out.WriteString(before + labels[n] + `="` + escapeLabel(labels[n+1]) + `"`)
	}
	if len(labels) > 1 {
		_ = out.WriteByte('}')
	}
}

// escapeLabel writes a label's value as both formats want it.
func escapeLabel(text string) string {
	return strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(strings.ToValidUTF8(text, "\uFFFD"))
}
