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

// unchangedSamples are the measures of runs without changes, taken in turn.
type unchangedSamples struct {
	fields, without, with []sample
}

// measureUnchanged compares runs that find everything as it should be, with and without state, with reading all fields.
func (b *bench) measureUnchanged(ctx context.Context) (*figure, error) {
	estates := []estate{{jumpservertest.V47, 1, regionsPerBench, b.sizes[0]}}
	for _, n := range b.sizes {
		estates = append(estates, estate{jumpservertest.V410, 1, regionsPerBench, n})
	}
	f := &figure{
		title: bilingual{
			fmt.Sprintf("没有变化的运行，%d 个地域，每个请求 %s", regionsPerBench, b.latency),
			fmt.Sprintf("Run without changes, %d regions, every answer takes %s", regionsPerBench, b.latency),
		},
		head: unchangedHead(),
		notes: []bilingual{{
			"“全部字段”是基准：像简单的工具那样不写 fields=，一次要全部主机，整个解码（v4.7.0 每次最多给 10000 行，v4.10.16 只给 1000 行，就一页接一页地读），再用同样的方法读取云，不算计划。",
			"\"all fields\" is the baseline: all hosts asked for at once without fields=, as simple tools do, decoded as a whole (v4.7.0 gives at most 10,000 rows, " +
				"v4.10.16 1,000, so the rest is read page after page), then the same listing of the cloud, and no plan.",
		}},
	}
	for _, e := range estates {
		if err := b.measureEstate(ctx, e, f); err != nil {
			return nil, err
		}
	}
	return f, nil
}

func unchangedHead() []bilingual {
	return []bilingual{
		{"JumpServer", ""}, {"主机数", "hosts"}, {"方式", "way"}, {"JumpServer 请求数", "JumpServer calls"}, {"读取 MB", "MB read"},
		{"云请求数", "cloud calls"}, {"秒", "seconds"}, {"内存峰值 MiB", "peak MiB"}, {"是全部字段的几倍快", "times faster than all fields"},
	}
}

// measureEstate measures one size at one version.
func (b *bench) measureEstate(ctx context.Context, at estate, f *figure) error {
	e, err := b.startSeeded(ctx, at)
	if err != nil {
		return err
	}
	u, err := b.runInTurn(ctx, e, at)
	if err == nil && b.profile != "" {
		_, err = b.measureProbe(ctx, e, "plan", "--profile", b.profile)
	}
	err = errors.Join(err, e.stop())
	if err != nil {
		return err
	}
	where := []bilingual{sameText(string(at.version)), sameText(strconv.Itoa(at.instances))}
	f.addUnchanged(where, bilingual{"全部字段", "all fields"}, u.fields, nil)
	f.addUnchanged(where, bilingual{"无状态", "without state"}, u.without, u.fields)
	f.addUnchanged(where, bilingual{"有状态", "with state"}, u.with, u.fields)
	size := fmt.Sprintf("%d 台，%s", at.instances, at.version)
	f.addBar(bilingual{"无变化的运行（" + size + "）：无状态，对比全部字段", "run without changes: without state, against all fields"}, ratiosOf(u.fields, u.without, seconds))
	f.addBar(bilingual{"无变化的运行（" + size + "）：有状态，对比全部字段", "run without changes: with state, against all fields"}, ratiosOf(u.fields, u.with, seconds))
	f.addBar(bilingual{"内存峰值（" + size + "）：无状态，对比全部字段", "peak memory: without state, against all fields"}, ratiosOf(u.fields, u.without, mebibytes))
	return nil
}

// addUnchanged adds a row. than holds the samples of the baseline; nil = samples are those.
func (f *figure) addUnchanged(where []bilingual, way bilingual, samples, than []sample) {
	ratio := sameText("")
	if than != nil {
		ratio = medianText("%.1f", ratiosOf(than, samples, seconds))
	}
	f.addRow(append(where, way, medianText("%.0f", mapSamples(samples, jumpserverCalls)), medianText("%.1f", mapSamples(samples, jumpserverMB)),
		medianText("%.0f", mapSamples(samples, cloudCalls)), medianText("%.2f", mapSamples(samples, seconds)), memoryText(samples), ratio)...)
}

// startSeeded starts emulators whose JumpServer has every instance already.
func (b *bench) startSeeded(ctx context.Context, at estate) (*emulated, error) {
	return b.emulate(ctx, "--seeded", "--accounts", strconv.Itoa(at.accounts), "--regions", strconv.Itoa(at.regions),
		"--hosts", strconv.Itoa(at.instances/at.accounts/at.regions), "--version", string(at.version),
		"--jumpserver-latency", b.latency.String(), "--cloud-latency", b.latency.String())
}

// runInTurn lets the three ways take turns.
func (b *bench) runInTurn(ctx context.Context, e *emulated, at estate) (u unchangedSamples, err error) {
	state, err := b.primeState(ctx, e, at)
	if err != nil {
		return u, err
	}
	defer os.RemoveAll(state)
	for range b.runs {
		s, err := b.measureProbe(ctx, e, "fields")
		if err == nil && (s.probed.Rows != at.instances || s.probed.Found != at.instances) {
			err = fmt.Errorf("bench: all fields: %d rows, %d of %d found", s.probed.Rows, s.probed.Found, at.instances)
		}
		if err != nil {
			return u, err
		}
		u.fields = append(u.fields, s)
		s, err = b.runUnchanged(ctx, e, at, "")
		if err != nil {
			return u, err
		}
		u.without = append(u.without, s)
		s, err = b.runUnchanged(ctx, e, at, state)
		if err != nil {
			return u, err
		}
		u.with = append(u.with, s)
	}
	return u, nil
}

// primeState returns a folder in which a run has left its state. The caller removes it.
func (b *bench) primeState(ctx context.Context, e *emulated, at estate) (string, error) {
	dir, err := os.MkdirTemp("", "jms-sync-state-")
	if err != nil {
		return "", fmt.Errorf("bench: %w", err)
	}
	s, err := b.measureSync(ctx, e, config.EnvState+"=file://"+dir)
	if err == nil && s.counts.JumpServer.Requests == 0 {
		err = errors.New("bench: the first run with state asked JumpServer nothing")
	}
	if err != nil {
		return "", errors.Join(err, os.RemoveAll(dir))
	}
	return dir, nil
}

// runUnchanged measures a run that must find everything unchanged, and with state ("" = without) must ask JumpServer
// nothing but one number.
func (b *bench) runUnchanged(ctx context.Context, e *emulated, at estate, state string) (sample, error) {
	var settings []string
	if state != "" {
		settings = []string{config.EnvState + "=file://" + state}
	}
	s, err := b.measureSync(ctx, e, settings...)
	if err != nil {
		return s, err
	}
	asked := s.counts.JumpServer.Requests
	err = checkUnchanged(s, at)
	if err == nil && (asked == 1) != (state != "") {
		err = fmt.Errorf("bench: run without changes, state %q: JumpServer was asked %d times", state, asked)
	}
	return s, err
}

// checkUnchanged returns an error for a run that did not find everything unchanged.
func checkUnchanged(s sample, at estate) error {
	if s.report.Outcome == report.OK && s.report.Unchanged == at.instances && s.counts.JumpServer.Writes == 0 {
		return nil
	}
	return fmt.Errorf("bench: run without changes: outcome %s, %d of %d unchanged, %d writes",
		s.report.Outcome, s.report.Unchanged, at.instances, s.counts.JumpServer.Writes)
}
