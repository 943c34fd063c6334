package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/jms-sync/jms-sync/core/config"
)

// table prints rows of columns that are aligned when it is flushed.
type table struct{ *tabwriter.Writer }

func newTable(out io.Writer, columns ...string) table {
	t := table{tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)}
	t.row(columns...)
	return t
}

func (t table) row(cells ...string) { fmt.Fprintln(t, "  "+strings.Join(cells, "\t")) }

// first prints one line of the first sync; than holds the runs of one writer, or nothing.
func (t table) first(c writing, samples, than []sample) {
	served, writers, ratio := c.atOnce, c.writers, ""
	if served == "0" {
		served = "all"
	}
	if writers == "" {
		writers = fmt.Sprintf("up to %d, adaptive", config.Default().Sync.Writers)
	}
	if than != nil {
		var ratios []float64
		for n, s := range samples {
			ratios = append(ratios, than[n].report.Duration/s.report.Duration)
		}
		ratio = spread("%.2f", ratios)
	}
	t.row(served, writers, spread("%.0f", each(samples, jumpserverCalls)), spread("%.2f", each(samples, seconds)),
		spread("%.1f", each(samples, func(s sample) float64 { return s.counts.JumpServer.MeanMS["POST"] })), ratio)
}

// unchanged prints what a run without changes took. Its memory is judged by the worst run.
func (b *bench) unchanged(samples []sample) error {
	t := newTable(b.out, "JumpServer calls", "cloud calls", "seconds", "peak MiB", fmt.Sprintf("limit %d MiB", memoryLimit>>20))
	peaks := each(samples, func(s sample) float64 { return float64(s.peak) / (1 << 20) })
	worst := slices.Max(peaks)
	peak, verdict := spread("%.1f", peaks), "ok"
	switch {
	case worst == 0:
		peak, verdict = "not measured", "not measured"
	case worst > memoryLimit>>20:
		verdict = "over"
	}
	t.row(spread("%.0f", each(samples, jumpserverCalls)),
		spread("%.0f", each(samples, func(s sample) float64 { return float64(s.counts.Alibaba.Requests) })),
		spread("%.2f", each(samples, seconds)), peak, verdict)
	if err := t.Flush(); err != nil {
		return err
	}
	if verdict == "over" {
		return fmt.Errorf("bench: peak memory %.1f MiB is over the limit of %d MiB", worst, memoryLimit>>20)
	}
	return nil
}

func jumpserverCalls(s sample) float64 { return float64(s.counts.JumpServer.Requests) }

func seconds(s sample) float64 { return s.report.Duration }

func each(samples []sample, value func(sample) float64) []float64 {
	out := make([]float64, len(samples))
	for n, s := range samples {
		out[n] = value(s)
	}
	return out
}

// spread gives the median and, where the values print differently, their range.
func spread(format string, values []float64) string {
	values = slices.Sorted(slices.Values(values))
	middle := len(values) / 2
	median := (values[middle] + values[(len(values)-1)/2]) / 2
	text, low, high := fmt.Sprintf(format, median), fmt.Sprintf(format, values[0]), fmt.Sprintf(format, values[len(values)-1])
	if low == high {
		return text
	}
	return text + " (" + low + "–" + high + ")"
}
