package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// ruleCount is how many mapping rules the run with rules has, maxRuleRatio the most of the time without rules that it may
// take. That is judged of judgedInstances or more.
const (
	ruleCount       = 50
	maxRuleRatio    = 1.3
	judgedInstances = 10000
)

// measureRules compares full runs without changes, without state, with mapping rules and without, on the same emulators: what
// the assets have by the rules a run without them does not look at. More time or memory than the limits is an error.
func (b *bench) measureRules(ctx context.Context) (*figure, error) {
	at := estate{jumpservertest.V410, manyAccounts, manyRegions, b.ruledSize}
	e, err := b.emulate(ctx, "--seeded", "--accounts", strconv.Itoa(at.accounts), "--regions", strconv.Itoa(at.regions), "--rules", strconv.Itoa(ruleCount),
		"--hosts", strconv.Itoa(at.instances/at.accounts/at.regions), "--version", string(at.version),
		"--jumpserver-latency", b.latency.String(), "--cloud-latency", b.latency.String())
	if err != nil {
		return nil, err
	}
	var without, with []sample
	for range b.runs {
		var s sample
		if err == nil {
			s, err = b.runUnchanged(ctx, e, at, "")
			without = append(without, s)
		}
		if err == nil {
			s, err = b.runRuled(ctx, e, at)
			with = append(with, s)
		}
	}
	err = errors.Join(err, e.stop())
	if err != nil {
		return nil, err
	}
	f := newRulesFigure(at, b.latency.String())
	slower := ratiosOf(with, without, seconds)
	f.addRuled(bilingual{"没有规则", "no rules"}, without, sameText(""), sameText("–"))
	f.addRuled(bilingual{fmt.Sprintf("%d 条规则", ruleCount), fmt.Sprintf("%d rules", ruleCount)}, with, medianText("%.2f", slower), verdictText(with, largestSizeMiB))
	f.addBar(bilingual{fmt.Sprintf("没有变化的运行（%d 台）：%d 条规则，对比没有规则", at.instances, ruleCount), "run without changes: with mapping rules, against none"},
		ratiosOf(without, with, seconds))
	return f, checkRuled(at.instances, slower, with)
}

// checkRuled returns an error for runs with rules that took too long or too much.
func checkRuled(instances int, slower []float64, with []sample) error {
	if ratio := medianOf(slower); instances >= judgedInstances && ratio > maxRuleRatio {
		return errors.Join(fmt.Errorf("bench: %d rules take %.2f times as long as none, more than %.1f", ruleCount, ratio, maxRuleRatio), checkPeaks(with, largestSizeMiB))
	}
	return checkPeaks(with, largestSizeMiB)
}

func newRulesFigure(at estate, latency string) *figure {
	return &figure{
		title: bilingual{
			fmt.Sprintf("映射规则：没有变化的运行，无状态，%d 台，%d 个账号 × %d 个地域，JumpServer %s，每个请求 %s", at.instances, at.accounts, at.regions, at.version, latency),
			fmt.Sprintf("Mapping rules: run without changes, without state, %d hosts, %d accounts × %d regions, JumpServer %s, every answer takes %s",
				at.instances, at.accounts, at.regions, at.version, latency),
		},
		head: []bilingual{
			{"方式", "way"}, {"JumpServer 请求数", "JumpServer calls"}, {"读取 MB", "MB read"}, {"云请求数", "cloud calls"}, {"秒", "seconds"},
			{"是没有规则的几倍时间", "times as long as without rules"}, {"内存峰值 MiB", "peak MiB"}, {"上限 MiB", "limit MiB"},
		},
		notes: []bilingual{{
			"规则按标签、可用区、名称、类型与地址判断，设置节点、更多的节点、网域与标签；`manage: always`，所以已有资产的节点、网域与标签也读出来比较。两种运行轮流对着同一个模拟器，实例带着同样的标签。",
			"The rules ask for tags, zones, names, types and addresses, and set nodes, further nodes, zones and labels; with `manage: always`, so that the nodes, zones and labels of " +
				"existing assets are read and compared, too. Both take turns on the same emulators, with the same tags on the instances.",
		}},
	}
}

func (f *figure) addRuled(way bilingual, samples []sample, ratio, limit bilingual) {
	f.addRow(way, medianText("%.0f", mapSamples(samples, jumpserverCalls)), medianText("%.1f", mapSamples(samples, jumpserverMB)),
		medianText("%.0f", mapSamples(samples, cloudCalls)), medianText("%.2f", mapSamples(samples, seconds)), ratio, memoryText(samples), limit)
}

// runRuled measures a run with rules, which must find everything unchanged.
func (b *bench) runRuled(ctx context.Context, e *emulated, at estate) (sample, error) {
	s, err := e.measureCounted(func(dir string) (sample, error) {
		err := os.WriteFile(filepath.Join(dir, config.DefaultFile), []byte(e.Configuration), 0o600)
		if err != nil {
			return sample{}, fmt.Errorf("bench: %w", err)
		}
		return b.runSync(ctx, dir, e.Environ(), nil)
	})
	if err != nil {
		return s, err
	}
	return s, checkUnchanged(s, at)
}
