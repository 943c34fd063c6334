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

// What runs without changes may take at most, in MiB: one of the judged size the smallest size of a
// function, the biggest one twice that.
const judgedLimit, mostLimit = 128, 256

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
	over, err := b.peaks(ctx, estate{jumpservertest.V410, 1, regionsAsked, b.judged}, f, judgedLimit)
	if err != nil {
		return nil, err
	}
	if b.most > 0 {
		more, err := b.peaks(ctx, estate{jumpservertest.V410, manyAccounts, manyRegions, b.most}, f, mostLimit)
		if err != nil {
			return nil, err
		}
		over = errors.Join(over, more)
	}
	return f, over
}

// peaks adds the lines of one estate. over tells that its runs without state took more than the limit.
func (b *bench) peaks(ctx context.Context, at estate, f *figure, limit float64) (over, err error) {
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
	size, spot := same(strconv.Itoa(at.instances)), same(fmt.Sprintf("%d × %d", at.accounts, at.regions))
	f.row(size, spot, words{"无状态", "without state"}, spread("%.2f", each(without, seconds)), memory(without), verdict(without, limit))
	f.row(size, spot, words{"有状态", "with state"}, spread("%.2f", each(with, seconds)), memory(with), same("–"))
	return judge(without, limit), nil
}

// verdict tells whether the worst of the runs stays within the limit, in MiB.
func verdict(samples []sample, limit float64) words {
	text := strconv.FormatFloat(limit, 'f', 0, 64)
	switch worst := slices.Max(each(samples, mebibytes)); {
	case worst == 0:
		return same(text)
	case worst > limit:
		return words{text + "，超出", text + ", over"}
	}
	return words{text + "，未超", text + ", ok"}
}

func judge(samples []sample, limit float64) error {
	if worst := slices.Max(each(samples, mebibytes)); worst > limit {
		return fmt.Errorf("bench: peak memory %.1f MiB is over the limit of %.0f MiB", worst, limit)
	}
	return nil
}
