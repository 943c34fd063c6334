package main

import (
	"context"
	"errors"
	"fmt"
	"strconv"
)

// measureListing compares listing the cloud with how the Python tool does it. The baseline is measured once, for it takes
// minutes, most of which it waits on purpose. Nothing of it is extrapolated.
func (b *bench) measureListing(ctx context.Context) (*figure, error) {
	e, err := b.emulate(ctx, "--hosts", strconv.Itoa(b.listingSize/regionsPerBench), "--regions", strconv.Itoa(regionsPerBench),
		"--cloud-latency", b.cloudLatency.String())
	if err != nil {
		return nil, err
	}
	ours, than, err := b.runListings(ctx, e)
	err = errors.Join(err, e.stop())
	if err != nil {
		return nil, err
	}
	f := &figure{
		title: bilingual{
			fmt.Sprintf("读取云：%d 台实例，%d 个地域，每个请求 %s", b.listingSize, regionsPerBench, b.cloudLatency),
			fmt.Sprintf("Listing the cloud: %d instances, %d regions, every answer takes %s", b.listingSize, regionsPerBench, b.cloudLatency),
		},
		head: listingHead(),
	}
	f.addListings(b.baselineName(), ours, than)
	return f, nil
}

func listingHead() []bilingual {
	return []bilingual{{"方式", "way"}, {"云请求数", "cloud calls"}, {"秒", "seconds"}, {"是基准的几倍快", "times faster than the baseline"}}
}

func (b *bench) baselineName() bilingual {
	return bilingual{
		fmt.Sprintf("基准：每页 %d 台，停顿 %s，地域依次（1 次）", smallPageSize, b.pause),
		fmt.Sprintf("baseline: %d per page, pause of %s, regions in turn (1 run)", smallPageSize, b.pause),
	}
}

func (f *figure) addListings(name bilingual, ours, than []sample) {
	faster := ratiosOf(than, ours, seconds)
	f.addRow(name, medianText("%.0f", mapSamples(than, cloudCalls)), medianText("%.2f", mapSamples(than, seconds)), sameText(""))
	f.addRow(bilingual{"jms-sync：每页 100 台，地域同时", "jms-sync: 100 per page, regions at once"},
		medianText("%.0f", mapSamples(ours, cloudCalls)), medianText("%.2f", mapSamples(ours, seconds)), medianText("%.0f", faster))
	f.addBar(bilingual{"读取云：对比每页 25 台、停顿、地域依次", "listing the cloud, against 25 per page, pauses, regions in turn"}, faster)
}

func (b *bench) runListings(ctx context.Context, e *emulated) (ours, than []sample, err error) {
	for range b.runs {
		s, err := b.measureProbe(ctx, e, "list")
		if err == nil && s.probed.Rows != b.listingSize {
			err = fmt.Errorf("bench: list: %d of %d instances", s.probed.Rows, b.listingSize)
		}
		if err != nil {
			return nil, nil, err
		}
		ours = append(ours, s)
	}
	s, err := b.measureProbe(ctx, e, "pages", "--pause", b.pause.String())
	if err == nil && s.probed.Rows != b.listingSize {
		err = fmt.Errorf("bench: pages: %d of %d instances", s.probed.Rows, b.listingSize)
	}
	return ours, []sample{s}, err
}
