package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// The most memory that runs without changes may take, in MiB: one of limitedSize the smallest size of a function, one of
// largestSize twice that.
const limitedSizeMiB, largestSizeMiB = 128, 256

// The accounts of the biggest estate, and the regions of each.
const manyAccounts, manyRegions = 5, 10

// measureMemory measures the peak memory of runs without changes. More than the limit is an error.
func (b *bench) measureMemory(ctx context.Context) (*figure, error) {
	f := &figure{
		title: bilingual{
			fmt.Sprintf("内存峰值：没有变化的运行，JumpServer %s，每个请求 %s", jumpservertest.V410, b.latency),
			fmt.Sprintf("Peak memory: run without changes, JumpServer %s, every answer takes %s", jumpservertest.V410, b.latency),
		},
		head: []bilingual{
			{"实例数", "instances"}, {"账号 × 地域", "accounts × regions"}, {"方式", "way"}, {"秒", "seconds"},
			{"内存峰值 MiB", "peak MiB"}, {"上限 MiB", "limit MiB"},
		},
		notes: []bilingual{{"整个进程常驻内存的最大值（getrusage 的 maxrss），模拟器在另一个进程里。", "The most resident memory that the process ever had (maxrss); the emulators are another process."}},
	}
	over, err := b.measurePeaks(ctx, estate{jumpservertest.V410, 1, regionsPerBench, b.limitedSize}, f, limitedSizeMiB)
	if err != nil {
		return nil, err
	}
	if b.largestSize > 0 {
		more, err := b.measurePeaks(ctx, estate{jumpservertest.V410, manyAccounts, manyRegions, b.largestSize}, f, largestSizeMiB)
		if err != nil {
			return nil, err
		}
		over = errors.Join(over, more)
	}
	return f, over
}

// measurePeaks adds the rows of one estate. over is the error of runs without state that took more than the limit.
func (b *bench) measurePeaks(ctx context.Context, at estate, f *figure, limit float64) (over, err error) {
	e, err := b.startSeeded(ctx, at)
	if err != nil {
		return nil, err
	}
	var without, with []sample
	state, err := b.primeState(ctx, e, at)
	for range b.runs {
		var s sample
		if err == nil {
			s, err = b.runUnchanged(ctx, e, at, "")
			without = append(without, s)
		}
		if err == nil {
			s, err = b.runUnchanged(ctx, e, at, state)
			with = append(with, s)
		}
	}
	if state != "" {
		err = errors.Join(err, os.RemoveAll(state))
	}
	err = errors.Join(err, e.stop())
	if err != nil {
		return nil, err
	}
	size, spot := sameText(strconv.Itoa(at.instances)), sameText(fmt.Sprintf("%d × %d", at.accounts, at.regions))
	f.addRow(size, spot, bilingual{"无状态", "without state"}, medianText("%.2f", mapSamples(without, seconds)), memoryText(without), verdictText(without, limit))
	f.addRow(size, spot, bilingual{"有状态", "with state"}, medianText("%.2f", mapSamples(with, seconds)), memoryText(with), sameText("–"))
	return checkPeaks(without, limit), nil
}

// verdictText returns the limit, in MiB, and whether the worst of the runs stays within it.
func verdictText(samples []sample, limit float64) bilingual {
	text := strconv.FormatFloat(limit, 'f', 0, 64)
	worst := slices.Max(mapSamples(samples, mebibytes))
	switch {
	case worst == 0:
		return sameText(text)
	case worst > limit:
		return bilingual{text + "，超出", text + ", over"}
	}
	return bilingual{text + "，未超", text + ", ok"}
}

func checkPeaks(samples []sample, limit float64) error {
	if worst := slices.Max(mapSamples(samples, mebibytes)); worst > limit {
		return fmt.Errorf("bench: peak memory %.1f MiB is over the limit of %.0f MiB", worst, limit)
	}
	return nil
}
