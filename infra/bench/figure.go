package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
)

// bilingual is a text in both languages; an empty English one means that both are the same.
type bilingual struct{ zh, en string }

// sameText is a number or a name.
func sameText(text string) bilingual { return bilingual{zh: text} }

func (w bilingual) english() string {
	if w.en == "" {
		return w.zh
	}
	return w.en
}

// both returns the Chinese text, then the English one.
func (w bilingual) both(between string) string {
	if w.en == "" || w.en == w.zh {
		return w.zh
	}
	return w.zh + between + w.en
}

// figure is what one part of bench measured: a table, and the ratios that are drawn.
type figure struct {
	part  string // its letter
	title bilingual
	notes []bilingual
	head  []bilingual
	rows  [][]bilingual
	bars  []bar
}

// bar is how many times better (faster, smaller) than the baseline something is.
type bar struct {
	label bilingual
	times float64 // above 0; below 1 = worse than the baseline
}

func (f *figure) addRow(cells ...bilingual) { f.rows = append(f.rows, cells) }

// addBar adds the median of ratios to the picture; without ratios it adds nothing.
func (f *figure) addBar(label bilingual, ratios []float64) {
	if times := medianOf(ratios); times > 0 {
		f.bars = append(f.bars, bar{label, times})
	}
}

// print writes the figure as a table for a terminal, in English.
func (f *figure) print(out io.Writer) error {
	fmt.Fprintf(out, "\n%s. %s\n", f.part, f.title.english())
	t := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	for _, row := range slices.Concat([][]bilingual{f.head}, f.rows) {
		cells := make([]string, len(row))
		for n, cell := range row {
			cells[n] = cell.english()
		}
		fmt.Fprintln(t, "  "+strings.Join(cells, "\t"))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	for _, note := range f.notes {
		fmt.Fprintln(out, "  * "+note.english())
	}
	return nil
}

func mapSamples(samples []sample, value func(sample) float64) []float64 {
	out := make([]float64, len(samples))
	for n, s := range samples {
		out[n] = value(s)
	}
	return out
}

// ratiosOf divides the baseline by ours, which were measured in turn: one ratio for each pair. A baseline that was measured
// once serves all.
func ratiosOf(baseline, ours []sample, value func(sample) float64) []float64 {
	out := make([]float64, 0, len(ours))
	for n, s := range ours {
		if v := value(s); v > 0 {
			out = append(out, value(baseline[min(n, len(baseline)-1)])/v)
		}
	}
	return out
}

// medianOf returns the median; 0 = there are no values.
func medianOf(values []float64) float64 {
	if len(values) == 0 {
		return 0
	}
	values = slices.Sorted(slices.Values(values))
	return (values[len(values)/2] + values[(len(values)-1)/2]) / 2
}

// medianText returns the median and, where the values print differently, their range.
func medianText(format string, values []float64) bilingual {
	if len(values) == 0 {
		return sameText("–")
	}
	text, low, high := fmt.Sprintf(format, medianOf(values)), fmt.Sprintf(format, slices.Min(values)), fmt.Sprintf(format, slices.Max(values))
	if low == high {
		return sameText(text)
	}
	return sameText(text + " (" + low + "–" + high + ")")
}

// The measures of a run.
func jumpserverCalls(s sample) float64 { return float64(s.counts.JumpServer.Requests) }
func jumpserverMB(s sample) float64    { return float64(s.counts.JumpServer.Bytes) / 1e6 }
func cloudCalls(s sample) float64      { return float64(s.counts.Alibaba.Requests) }
func seconds(s sample) float64         { return s.took.Seconds() }
func mebibytes(s sample) float64       { return float64(s.peakBytes) / (1 << 20) }

// memoryText returns the peaks, or says that this system does not measure them.
func memoryText(samples []sample) bilingual {
	peaks := mapSamples(samples, mebibytes)
	if slices.Min(peaks) == 0 {
		return bilingual{"未测", "not measured"}
	}
	return medianText("%.1f", peaks)
}
