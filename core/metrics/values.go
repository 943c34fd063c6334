package metrics

import (
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/state"
)

// values is a list of series that is built up.
type values struct {
	series map[string]state.Series
}

func newValues(known []state.Series) *values {
	v := &values{series: map[string]state.Series{}}
	for _, s := range known {
		v.series[seriesKey(s.Name, s.Labels)] = s
	}
	return v
}

func seriesKey(name string, labels []string) string {
	return name + "\x00" + strings.Join(labels, "\x00")
}

// add adds to a series. labels are names and values by turns, in the order of the family.
func (v *values) add(name string, by float64, labels ...string) {
	key := seriesKey(name, labels)
	s := v.series[key]
	v.series[key] = state.Series{Name: name, Labels: labels, Value: s.Value + by}
}

// set sets a series.
func (v *values) set(name string, to float64, labels ...string) {
	v.series[seriesKey(name, labels)] = state.Series{Name: name, Labels: labels, Value: to}
}

// get returns a series' value, and whether there is one.
func (v *values) get(name string, labels ...string) (float64, bool) {
	s, is := v.series[seriesKey(name, labels)]
	return s.Value, is
}

// observe adds one observation to a histogram.
func (v *values) observe(name string, value float64, labels ...string) {
	for _, bound := range bucketsOf(name) {
		hit := 0.0
		if value <= bound {
			hit = 1
		}
		v.add(name+bucketSuffix, hit, append(slices.Clone(labels), histogramBound, formatValue(bound))...)
	}
	v.add(name+bucketSuffix, 1, append(slices.Clone(labels), histogramBound, infinity)...)
	v.add(name+sumSuffix, value, labels...)
	v.add(name+countSuffix, 1, labels...)
}

func bucketsOf(name string) []float64 {
	for _, f := range Families() {
		if f.Name == name {
			return f.Buckets
		}
	}
	return nil
}

// sorted returns the series in a fixed order.
func (v *values) sorted() []state.Series {
	all := make([]state.Series, 0, len(v.series))
	for _, s := range v.series {
		all = append(all, s)
	}
	sortSeries(all)
	return all
}

// sortSeries sorts by name and labels, the buckets of a histogram by their bound.
func sortSeries(all []state.Series) {
	sort.Slice(all, func(x, y int) bool { return compareSeries(all[x], all[y]) < 0 })
}

func compareSeries(x, y state.Series) int {
	if c := strings.Compare(x.Name, y.Name); c != 0 {
		return c
	}
	for n := 1; n < min(len(x.Labels), len(y.Labels)); n += 2 {
		if c := compareLabels(x.Labels[n-1], x.Labels[n], y.Labels[n]); c != 0 {
			return c
		}
	}
	return len(x.Labels) - len(y.Labels)
}

func compareLabels(name, x, y string) int {
	if name != histogramBound {
		return strings.Compare(x, y)
	}
	a, _ := strconv.ParseFloat(x, 64)
	b, _ := strconv.ParseFloat(y, 64)
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// formatValue writes a number as Prometheus reads it.
func formatValue(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// All returns every series of the metrics. Where two parts have the same one, that of the newer run counts.
func All(m state.Metrics) []state.Series {
	all := newValues(m.Totals)
	parts := slices.Clone(m.Parts)
	sort.SliceStable(parts, func(x, y int) bool { return parts[x].At.Before(parts[y].At) })
	for _, p := range parts {
		for _, s := range p.Series {
			all.set(s.Name, s.Value, s.Labels...)
		}
	}
	if !m.Since.IsZero() {
		all.set(metricsSince, float64(m.Since.Unix()))
	}
	return all.sorted()
}
