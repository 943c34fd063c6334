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

// memoryLimit is what a run without changes of the judged size may take at most: the smallest
// size of a function.
const memoryLimit = 128 << 20

// The biggest estate: accounts, and regions of each.
const manyAccounts, manyRegions = 5, 10

// memories measures the peak memory of runs without changes. Too much is an error.
func (b *bench) memories(ctx context.Context) (*figure, error) {
	f := &figure{
		title: words{
			fmt.Sprintf("内存峰值：没有变化的运行，JumpServer %s，每个请求 %s", jumpservertest.V410, b.latency),
			fmt.Sprintf("Peak memory: run without changes, JumpServer %s, every answer takes %s", jumpservertest.V410, b.latency),
		},
		head: []words{
			{"实例数", "instances"}, {"账号 × 地域", "accounts × regions"}, {"方式", "way"}, {"秒", "seconds"},
			{"内存峰值 MiB", "peak MiB"}, {"上限 MiB", "limit MiB"},
		},
		notes: []words{{"整个进程常驻内存的最大值（getrusage 的 maxrss），模拟器在另一个进程里。", "The most resident memory that the process ever had (maxrss); the emulators are another process."}},
	}
	small := estate{jumpservertest.V410, 1, regionsAsked, b.judged}
	without, err := b.peaks(ctx, small, f, true)
	if err != nil {
		return nil, err
	}
	if b.most > 0 {
		if _, err := b.peaks(ctx, estate{jumpservertest.V410, manyAccounts, manyRegions, b.most}, f, false); err != nil {
			return nil, err
		}
	}
	return f, judge(without)
}

// peaks adds the lines of one estate, and gives the runs without state.
func (b *bench) peaks(ctx context.Context, at estate, f *figure, limited bool) ([]sample, error) {
	e, err := b.seeded(ctx, at)
	if err != nil {
		return nil, err
	}
	var without, with []sample
	state, err := b.primed(ctx, e, at)
	for range b.runs {
		var s sample
		if err == nil {
			s, err = b.nothingToDo(ctx, e, at, "")
			without = append(without, s)
		}
		if err == nil {
			s, err = b.nothingToDo(ctx, e, at, state)
			with = append(with, s)
		}
	}
	if state != "" {
		err = errors.Join(err, os.RemoveAll(state))
	}
	if err = errors.Join(err, e.stop()); err != nil {
		return nil, err
	}
	limit := same("–")
	if limited {
		limit = verdict(without)
	}
	size, spot := same(strconv.Itoa(at.instances)), same(fmt.Sprintf("%d × %d", at.accounts, at.regions))
	f.row(size, spot, words{"无状态", "without state"}, spread("%.2f", each(without, seconds)), memory(without), limit)
	f.row(size, spot, words{"有状态", "with state"}, spread("%.2f", each(with, seconds)), memory(with), same("–"))
	return without, nil
}

// verdict tells whether the worst of the runs stays within the limit.
func verdict(samples []sample) words {
	text := strconv.Itoa(memoryLimit >> 20)
	switch worst := slices.Max(each(samples, mebibytes)); {
	case worst == 0:
		return same(text)
	case worst > memoryLimit>>20:
		return words{text + "，超出", text + ", over"}
	}
	return words{text + "，未超", text + ", ok"}
}

func judge(samples []sample) error {
	if worst := slices.Max(each(samples, mebibytes)); worst > memoryLimit>>20 {
		return fmt.Errorf("bench: peak memory %.1f MiB is over the limit of %d MiB", worst, memoryLimit>>20)
	}
	return nil
}
