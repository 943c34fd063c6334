package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// listing compares how the cloud is listed with how the Python tool does it. The baseline takes
// minutes and waits on purpose, so that it is measured once; nothing of it is extrapolated.
func (b *bench) listing(ctx context.Context) (*figure, error) {
	e, err := b.emulate(ctx, "--hosts", strconv.Itoa(b.listed/regionsAsked), "--regions", strconv.Itoa(regionsAsked),
		"--cloud-latency", b.farther.String())
	if err != nil {
		return nil, err
	}
	ours, than, err := b.listings(ctx, e)
	if err = errors.Join(err, e.stop()); err != nil {
		return nil, err
	}
	f := &figure{
		title: words{
			fmt.Sprintf("读取云：%d 台实例，%d 个地域，每个请求 %s", b.listed, regionsAsked, b.farther),
			fmt.Sprintf("Listing the cloud: %d instances, %d regions, every answer takes %s", b.listed, regionsAsked, b.farther),
		},
		head: listingHead(),
	}
	f.listings(b.baselineName(), ours, than)
	return f, nil
}

func listingHead() []words {
	return []words{{"方式", "way"}, {"云请求数", "cloud calls"}, {"秒", "seconds"}, {"是基准的几倍快", "times faster than the baseline"}}
}

func (b *bench) baselineName() words {
	return words{
		fmt.Sprintf("基准：每页 %d 台，停顿 %s，地域依次（1 次）", fewRows, b.pause),
		fmt.Sprintf("baseline: %d per page, pause of %s, regions in turn (1 run)", fewRows, b.pause),
	}
}

func (f *figure) listings(name words, ours, than []sample) {
	faster := ratios(than, ours, seconds)
	f.row(name, spread("%.0f", each(than, cloudCalls)), spread("%.2f", each(than, seconds)), same(""))
	f.row(words{"jms-sync：每页 100 台，地域同时", "jms-sync: 100 per page, regions at once"},
		spread("%.0f", each(ours, cloudCalls)), spread("%.2f", each(ours, seconds)), spread("%.0f", faster))
	f.bar(words{"读取云：对比每页 25 台、停顿、地域依次", "listing the cloud, against 25 per page, pauses, regions in turn"}, faster)
}

func (b *bench) listings(ctx context.Context, e *emulated) (ours, than []sample, err error) {
	for range b.runs {
		s, err := b.probe(ctx, e, "list")
		if err == nil && s.probed.Rows != b.listed {
			err = fmt.Errorf("bench: list: %d of %d instances", s.probed.Rows, b.listed)
		}
		if err != nil {
			return nil, nil, err
		}
		ours = append(ours, s)
	}
	s, err := b.probe(ctx, e, "pages", "--pause", b.pause.String())
	if err == nil && s.probed.Rows != b.listed {
		err = fmt.Errorf("bench: pages: %d of %d instances", s.probed.Rows, b.listed)
	}
	return ours, []sample{s}, err
}
