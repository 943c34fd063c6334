package main

import (
	"context"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/report"
)

// TestRunTimeoutOfACommand: all tries of a command share timeout.run, and a further one is made only where there is time
// for it.
func TestRunTimeoutOfACommand(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config, interval string
		limit            time.Duration
		tries            int
	}{
		"by default":          {"", "0", 15 * time.Minute, 3},
		"configured":          {"timeout: {run: 2h}", "0", 2 * time.Hour, 3},
		"no time for another": {"timeout: {run: 1m}", "40", time.Minute, 1},
	} {
		d := newDesk(t)
		d.more = c.config
		o := options{config: d.writeConfig(), retries: 3, interval: c.interval}
		var ends []time.Time
		began := time.Now()
		err := o.runWithRetries(t.Context(), io.Discard, io.Discard, func(ctx context.Context, _ *terminalSession) engine.RunResult {
			end, _ := ctx.Deadline()
			ends = append(ends, end)
			return engine.RunResult{Report: report.Report{Outcome: report.Failed}}
		}, false)
		if len(ends) != c.tries || err == nil {
			t.Fatalf("%s: %d tries, %v", name, len(ends), err)
		}
		for _, end := range ends {
			if !end.Equal(ends[0]) || end.Sub(began) < c.limit || end.Sub(began) > c.limit+time.Minute {
				t.Errorf("%s: a try ends at %v, the first at %v, of %v", name, end, ends[0], c.limit)
			}
		}
	}
}

// TestEndlessListing: a region whose pages never end has failed, the other one is synced, nothing of either is removed,
// and the next run finds the lease free.
func TestEndlessListing(t *testing.T) {
	d := newDesk(t)
	t.Setenv("JMS_SYNC_STATE", filepath.Join(d.dir, "state"))
	d.fillInstances(3, "cn-beijing", "cn-hangzhou")
	d.runSync(exitDone, report.OK)
	d.Account.Put("cn-beijing", alibabatest.SampleInstance(100))
	d.ECS.Break(alibabatest.Fault{Kind: alibabatest.Endless, Region: "cn-hangzhou"})
	r := d.runSync(exitPartial, report.Partial)
	if r.Created != 1 || r.Deactivated+r.Deleted+r.Held != 0 || len(d.Hosts()) != 7 {
		t.Errorf("%+v", r)
	}
	failed := r.Scopes[1]
	if failed.Region != "cn-hangzhou" || failed.Error.Kind != inventory.Incomplete || !strings.Contains(failed.Error.Message, "the list does not end: 500 pages in a row") {
		t.Errorf("%+v", failed)
	}
	d.ECS.Repair()
	d.runSync(exitDone, report.OK)
}
