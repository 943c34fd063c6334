package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// estate is what emulators hold for runs without changes.
type estate struct {
	version           jumpservertest.Version
	accounts, regions int
	instances         int // in all
}

// unchanged is how runs without changes were measured, in turn.
type unchanged struct {
	fields, without, with []sample
}

// withoutChanges measures runs that find everything as it should be, with and without state,
// against reading all fields.
func (b *bench) withoutChanges(ctx context.Context) (*figure, error) {
	estates := []estate{{jumpservertest.V47, 1, regionsAsked, b.sizes[0]}}
	for _, n := range b.sizes {
		estates = append(estates, estate{jumpservertest.V410, 1, regionsAsked, n})
	}
	f := &figure{
		title: words{
			fmt.Sprintf("没有变化的运行，%d 个地域，每个请求 %s", regionsAsked, b.latency),
			fmt.Sprintf("Run without changes, %d regions, every answer takes %s", regionsAsked, b.latency),
		},
		head: unchangedHead(),
		notes: []words{{
			"“全部字段”是基准：像简单的工具那样不写 fields=，一次要全部主机，整个解码（v4.7.0 每次最多给 10000 行，v4.10.16 只给 1000 行，就一页接一页地读），再用同样的方法读取云，不算计划。",
			"\"all fields\" is the baseline: all hosts asked for at once without fields=, as simple tools do, decoded as a whole (v4.7.0 gives at most 10,000 rows, " +
				"v4.10.16 1,000, so the rest is read page after page), then the same listing of the cloud, and no plan.",
		}},
	}
	for _, e := range estates {
		if err := b.estate(ctx, e, f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func unchangedHead() []words {
	return []words{
		{"JumpServer", ""}, {"主机数", "hosts"}, {"方式", "way"}, {"JumpServer 请求数", "JumpServer calls"}, {"读取 MB", "MB read"},
		{"云请求数", "cloud calls"}, {"秒", "seconds"}, {"内存峰值 MiB", "peak MiB"}, {"是全部字段的几倍快", "times faster than all fields"},
	}
}

// estate measures one size at one version.
func (b *bench) estate(ctx context.Context, at estate, f *figure) error {
	e, err := b.seeded(ctx, at)
	if err != nil {
		return err
	}
	u, err := b.turns(ctx, e, at)
	if err == nil && b.profile != "" {
		_, err = b.probe(ctx, e, "plan", "--profile", b.profile)
	}
	if err = errors.Join(err, e.stop()); err != nil {
		return err
	}
	where := []words{same(string(at.version)), same(strconv.Itoa(at.instances))}
	f.unchanged(where, words{"全部字段", "all fields"}, u.fields, nil)
	f.unchanged(where, words{"无状态", "without state"}, u.without, u.fields)
	f.unchanged(where, words{"有状态", "with state"}, u.with, u.fields)
	size := fmt.Sprintf("%d 台，%s", at.instances, at.version)
	f.bar(words{"无变化的运行（" + size + "）：无状态，对比全部字段", "run without changes: without state, against all fields"}, ratios(u.fields, u.without, seconds))
	f.bar(words{"无变化的运行（" + size + "）：有状态，对比全部字段", "run without changes: with state, against all fields"}, ratios(u.fields, u.with, seconds))
	f.bar(words{"内存峰值（" + size + "）：无状态，对比全部字段", "peak memory: without state, against all fields"}, ratios(u.fields, u.without, mebibytes))
	return nil
}

// unchanged adds a line; than holds the runs of the baseline, or nothing.
func (f *figure) unchanged(where []words, way words, samples, than []sample) {
	ratio := same("")
	if than != nil {
		ratio = spread("%.1f", ratios(than, samples, seconds))
	}
	f.row(append(where, way, spread("%.0f", each(samples, jumpserverCalls)), spread("%.1f", each(samples, jumpserverMB)),
		spread("%.0f", each(samples, cloudCalls)), spread("%.2f", each(samples, seconds)), memory(samples), ratio)...)
}

// seeded starts emulators whose JumpServer has every instance already.
func (b *bench) seeded(ctx context.Context, at estate) (*emulated, error) {
	return b.emulate(ctx, "--seeded", "--accounts", strconv.Itoa(at.accounts), "--regions", strconv.Itoa(at.regions),
		"--hosts", strconv.Itoa(at.instances/at.accounts/at.regions), "--version", string(at.version),
		"--jumpserver-latency", b.latency.String(), "--cloud-latency", b.latency.String())
}

// turns lets the three ways take turns.
func (b *bench) turns(ctx context.Context, e *emulated, at estate) (u unchanged, err error) {
	state, err := b.primed(ctx, e, at)
	if err != nil {
		return u, err
	}
	defer os.RemoveAll(state)
	for range b.runs {
		s, err := b.probe(ctx, e, "fields")
		if err == nil && (s.probed.Rows != at.instances || s.probed.Found != at.instances) {
			err = fmt.Errorf("bench: all fields: %d rows, %d of %d found", s.probed.Rows, s.probed.Found, at.instances)
		}
		if err != nil {
			return u, err
		}
		u.fields = append(u.fields, s)
		if s, err = b.nothingToDo(ctx, e, at, ""); err != nil {
			return u, err
		}
		u.without = append(u.without, s)
		if s, err = b.nothingToDo(ctx, e, at, state); err != nil {
			return u, err
		}
		u.with = append(u.with, s)
	}
	return u, nil
}

// primed makes a folder in which a run has left its state. The caller removes it.
func (b *bench) primed(ctx context.Context, e *emulated, at estate) (string, error) {
	dir, err := os.MkdirTemp("", "jms-sync-state-")
	if err != nil {
		return "", fmt.Errorf("bench: %w", err)
	}
	s, err := b.measure(ctx, e, config.VarState+"=file://"+dir)
	if err == nil && s.counts.JumpServer.Requests == 0 {
		err = errors.New("bench: the first run with state asked JumpServer nothing")
	}
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}

// nothingToDo measures a run that must find everything unchanged; with state ("" = without) it
// must not even ask JumpServer.
func (b *bench) nothingToDo(ctx context.Context, e *emulated, at estate, state string) (sample, error) {
	var settings []string
	if state != "" {
		settings = []string{config.VarState + "=file://" + state}
	}
	s, err := b.measure(ctx, e, settings...)
	switch asked := s.counts.JumpServer.Requests; {
	case err != nil:
	case s.report.Outcome != report.OK || s.report.Unchanged != at.instances || s.counts.JumpServer.Writes != 0:
		err = fmt.Errorf("bench: run without changes: outcome %s, %d of %d unchanged, %d writes",
			s.report.Outcome, s.report.Unchanged, at.instances, s.counts.JumpServer.Writes)
	case (asked == 0) != (state != ""):
		err = fmt.Errorf("bench: run without changes, state %q: JumpServer was asked %d times", state, asked)
	}
	return s, err
}
