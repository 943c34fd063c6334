package delivery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/state"
)

// Backlog keeps what single channels still have to tell: what they did not accept although others did, and what waits for
// the end of their quiet hours. It is shared by the invocations of one process; a store shares it between all. It is safe for
// concurrent use.
type Backlog struct {
	Process *ProcessBacklog // nil = the process ends with its run, and can keep nothing
	Store   *state.Store    // nil = there is none
	Log     *slog.Logger
}

// ProcessBacklog is a Backlog's part in one process.
type ProcessBacklog struct {
	mu   sync.Mutex
	kept map[string][]report.Report // by channel
}

// maxKept is how many reports of one channel a process keeps; the oldest give way.
const maxKept = 200

func (b *ProcessBacklog) put(channel string, reports ...report.Report) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.kept == nil {
		b.kept = map[string][]report.Report{}
	}
	all := append(b.kept[channel], reports...)
	b.kept[channel] = all[max(0, len(all)-maxKept):]
}

func (b *ProcessBacklog) take(channel string) []report.Report {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := b.kept[channel]
	delete(b.kept, channel)
	return all
}

func (b *Backlog) queue(channel string) *state.ReportQueue {
	return b.Store.ReportQueue("channel "+channel, 0)
}

// keep keeps a report for a channel, and reports whether it could.
func (b *Backlog) keep(ctx context.Context, channel string, rep report.Report, now time.Time) bool {
	if b == nil {
		return false
	}
	if b.Store != nil && b.keepInStore(ctx, channel, rep, now) {
		return true
	}
	if b.Process == nil {
		return false
	}
	b.Process.put(channel, rep)
	return true
}

func (b *Backlog) keepInStore(ctx context.Context, channel string, rep report.Report, now time.Time) bool {
	data, err := report.Marshal(rep, state.MaxShardReport)
	if err != nil {
		b.Log.Warn("a report cannot be kept for a channel", "channel", channel, "error", err)
		return false
	}
	batch, err := b.queue(channel).Put(ctx, data, now)
	if err != nil && !errors.Is(err, state.ErrNoQueue) {
		b.Log.Warn("a report is not kept for a channel as it should be", "channel", channel, "error", err)
	}
	if batch.IsValid() { // it is not to be sent now
		_ = batch.Nack(ctx) // the lease ends by itself
	}
	return batch.Queued
}

// claimed is what a channel still has to tell, oldest first.
type claimed struct {
	reports []report.Report
	close   func(ctx context.Context, told bool)
}

// claim takes what is kept for a channel.
func (b *Backlog) claim(ctx context.Context, channel string, now time.Time) []claimed {
	var all []claimed
	if b == nil {
		return nil
	}
	if b.Store != nil {
		all = append(all, b.claimFromStore(ctx, channel, now))
	}
	if b.Process != nil {
		kept := b.Process.take(channel)
		all = append(all, claimed{kept, func(_ context.Context, told bool) {
			if !told {
				b.Process.put(channel, kept...)
			}
		}})
	}
	return all
}

func (b *Backlog) claimFromStore(ctx context.Context, channel string, now time.Time) claimed {
	batch, err := b.queue(channel).ClaimAll(ctx, now)
	if err != nil && !errors.Is(err, state.ErrNoQueue) {
		b.Log.Warn("what a channel still has to tell could not be read", "channel", channel, "error", err)
	}
	var c claimed
	for _, data := range batch.Reports {
		r, err := report.Unmarshal(data)
		if err != nil {
			b.Log.Error("a kept report is not told", "channel", channel, "error", err)
			continue
		}
		c.reports = append(c.reports, r)
	}
	c.close = func(ctx context.Context, told bool) {
		end := batch.Nack
		if told {
			end = batch.Ack
		}
		if !batch.IsValid() {
			return
		}
		if err := end(ctx); err != nil {
			b.Log.Warn("a channel may tell reports twice", "channel", channel, "error", err)
		}
	}
	return c
}

// flushBacklog sends each channel what it still has to tell, unless its quiet hours last. All channels are sent to at once.
// The error names those that did not accept it, and is logged.
func (c Cards) flushBacklog(ctx context.Context) error {
	if c.Backlog == nil {
		return nil
	}
	errs := make([]error, len(c.Channels))
	ctx, cancel := DetachedContext(ctx)
	defer cancel()
	var all sync.WaitGroup
	for n, channel := range c.Channels {
		if channel.Tracks || channel.Quiet.Includes(c.Now()) {
			continue
		}
		all.Go(func() {
			for _, kept := range c.Backlog.claim(ctx, channel.Name(), c.Now()) {
				if len(kept.reports) == 0 {
					continue
				}
				err := channel.Send(ctx, c.word(channel, report.MergeUntold(kept.reports)))
				if err != nil {
					c.Log.Error("a channel does not accept what it was not told", "channel", channel.Name(), "error", err)
					errs[n] = fmt.Errorf("%s: an earlier card: %w", channel.Name(), err)
				}
				kept.close(ctx, err == nil)
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}
