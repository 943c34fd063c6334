package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/session"
)

// maxRatio is the most that creates by jms-sync may take of the time of the best plain writers. It is judged of five
// rounds or more of a hundred hosts or more.
const maxRatio = 1.15

// measureCreates compares creates by the number of writers, on emulators that take as long as real servers. Each way has
// an emulator of its own, with the same hosts in the same order, so that all ways of a round can run at the same time:
// they mostly wait.
func (b *bench) measureCreates(ctx context.Context) (*figure, error) {
	f := &figure{
		title: bilingual{
			fmt.Sprintf("创建 %d 台主机，耗时按真实服务器随并发的测量值，每台 ±50 %%", b.createHosts),
			fmt.Sprintf("Making %d hosts, at the cost of real servers by the number of writers, each host ±50 %%", b.createHosts),
		},
		head: contestHead(),
		notes: []bilingual{{
			fmt.Sprintf("%d 轮的中位数，括号里是范围。固定写入者各自一台接一台地创建。", b.rounds),
			fmt.Sprintf("Medians of %d rounds, their range in brackets. Each plain writer makes one host after another.", b.rounds),
		}},
	}
	versions := []jumpservertest.Version{jumpservertest.V47, jumpservertest.V41019}
	contests, errs := make([]*createContest, len(versions)), make([]error, len(versions))
	var group sync.WaitGroup
	for n, version := range versions {
		group.Go(func() {
			contests[n], errs[n] = b.measureVersion(ctx, version)
		})
	}
	group.Wait()
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	for n, version := range versions {
		c := contests[n]
		f.addContest(sameText(string(version)), c)
		f.addBar(bilingual{
			fmt.Sprintf("创建（%s 的耗时）：jms-sync，对比最快的固定写入者", version),
			fmt.Sprintf("creates (cost of %s): jms-sync, against the best plain writers", version),
		}, []float64{1 / c.ratio()})
		if b.rounds >= 5 && b.createHosts >= 100 && c.ratio() > maxRatio {
			errs[n] = fmt.Errorf("bench: creates as on %s take %.2f of the best plain writers' time, more than %.2f", version, c.ratio(), maxRatio)
		}
	}
	return f, errors.Join(errs...)
}

// measureVersion compares all ways on emulators of one version.
func (b *bench) measureVersion(ctx context.Context, version jumpservertest.Version) (*createContest, error) {
	var started []*emulated
	var creators []*creator
	var err error
	for range allWriters() {
		var e *emulated
		e, err = b.emulate(ctx, "--hosts", "0", "--version", string(version), "--crowd")
		if err != nil {
			break
		}
		started = append(started, e)
		var c *creator
		c, err = e.newCreator(ctx, b.createHosts)
		if err != nil {
			break
		}
		creators = append(creators, c)
	}
	c := newCreateContest()
	for round := 0; err == nil && round < b.rounds; round++ {
		err = c.runRound(ctx, creators)
	}
	for _, c := range creators {
		c.client.Close()
	}
	for _, e := range started {
		err = errors.Join(err, e.stop())
	}
	return c, err
}

// runRound measures all ways at once.
func (c *createContest) runRound(ctx context.Context, creators []*creator) error {
	errs := make([]error, len(creators))
	var lock sync.Mutex
	var group sync.WaitGroup
	for n, writers := range allWriters() {
		group.Go(func() {
			took, err := creators[n].measureOnce(ctx, writers)
			lock.Lock()
			defer lock.Unlock()
			errs[n] = err
			c.add(n, took, len(creators[n].hosts))
		})
	}
	group.Wait()
	return errors.Join(errs...)
}

// newCreator returns a creator on an emulator.
func (e *emulated) newCreator(ctx context.Context, hosts int) (*creator, error) {
	cfg, err := e.Config(ctx)
	if err != nil {
		return nil, err
	}
	client, err := session.NewClient(cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return nil, err
	}
	return newCreator(client, hosts), nil
}
