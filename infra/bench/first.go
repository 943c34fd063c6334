package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// writerCase is a case of the first sync: how many requests JumpServer serves at a time ("0" = all), and how many
// writers the settings ask for ("" = the default).
type writerCase struct{ atOnce, writers string }

// measureFirstSync compares one writer with the default. The two take turns, so that whatever else the machine does slows
// both.
func (b *bench) measureFirstSync(ctx context.Context) (*figure, error) {
	cases := []writerCase{{"0", "1"}, {"0", ""}, {"2", "1"}, {"2", ""}}
	samples := make([][]sample, len(cases))
	for range b.runs {
		for n, c := range cases {
			s, err := b.runFirstSync(ctx, c)
			if err != nil {
				return nil, err
			}
			samples[n] = append(samples[n], s)
		}
	}
	f := &figure{
		title: bilingual{
			fmt.Sprintf("首次同步 %d 台主机，JumpServer %s，每个请求 %s", b.hosts, jumpservertest.V47, b.latency),
			fmt.Sprintf("First sync of %d hosts, JumpServer %s, every answer takes %s", b.hosts, jumpservertest.V47, b.latency),
		},
		head: []bilingual{
			{"同时处理的请求数", "served at a time"}, {"写入者", "writers"}, {"JumpServer 请求数", "calls"}, {"秒", "seconds"},
			{"POST 应答毫秒", "POST answer ms"}, {"是一个写入者的几倍快", "times faster than one writer"},
		},
	}
	for n := 0; n < len(cases); n += 2 {
		f.addFirstSync(cases[n], samples[n], nil)
		f.addFirstSync(cases[n+1], samples[n+1], samples[n])
	}
	return f, nil
}

// addFirstSync adds a row. than holds the runs of one writer; nil = samples are those.
func (f *figure) addFirstSync(c writerCase, samples, than []sample) {
	served, writers, ratio := sameText(c.atOnce), sameText(c.writers), sameText("")
	if c.atOnce == "0" {
		served = bilingual{"全部", "all"}
	}
	if c.writers == "" {
		most := config.Default().Sync.Writers
		writers = bilingual{fmt.Sprintf("自适应，最多 %d", most), fmt.Sprintf("up to %d, adaptive", most)}
	}
	if than != nil {
		faster := ratiosOf(than, samples, seconds)
		ratio = medianText("%.2f", faster)
		f.addBar(bilingual{
			"首次同步：自适应写入，对比一个写入者（服务端同时处理：" + served.zh + "）",
			"first sync: adaptive writers, against one (served at a time: " + served.english() + ")",
		}, faster)
	}
	f.addRow(served, writers, medianText("%.0f", mapSamples(samples, jumpserverCalls)), medianText("%.2f", mapSamples(samples, seconds)),
		medianText("%.1f", mapSamples(samples, func(s sample) float64 { return s.counts.JumpServer.MeanMS["POST"] })), ratio)
}

// runFirstSync makes one first sync against emulators of its own, whose JumpServer is empty.
func (b *bench) runFirstSync(ctx context.Context, c writerCase) (sample, error) {
	e, err := b.emulate(ctx, "--hosts", strconv.Itoa(b.hosts), "--at-once", c.atOnce, "--jumpserver-latency", b.latency.String())
	if err != nil {
		return sample{}, err
	}
	var settings []string
	if c.writers != "" {
		settings = []string{"JMS_SYNC_SYNC_WRITERS=" + c.writers}
	}
	s, err := b.measureSync(ctx, e, settings...)
	err = errors.Join(err, e.stop())
	if err != nil {
		return sample{}, err
	}
	if r := s.report; r.Outcome != report.OK || r.Created != b.hosts {
		return sample{}, fmt.Errorf("bench: first sync: outcome %s, %d of %d hosts made", r.Outcome, r.Created, b.hosts)
	}
	return s, nil
}
