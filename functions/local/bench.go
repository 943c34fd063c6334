package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// memoryLimit is what a run without changes may take at most: the smallest size of a function.
const memoryLimit = 128 << 20

// regionsAsked is over how many regions the instances of the second part are spread.
const regionsAsked = 5

// bench measures runs of jms-sync against emulators in another process.
type bench struct {
	exe       string // this program
	out       io.Writer
	hosts     int // of the first sync
	instances int // of the run without changes
	latency   time.Duration
	runs      int
	only      string // "a", "b", "c" or "" = all
	event     string // the event function's program
}

func benchCommand(stdout, _ io.Writer) *cobra.Command {
	b := bench{out: stdout}
	cmd := &cobra.Command{
		Use:   "bench",
		Short: "测量：首次同步（一个写入者与默认值相比），没有变化的一次运行的请求数、时间与内存，以及事件",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := b.check(); err != nil {
				return &exit{exitUsage, err}
			}
			var err error
			if b.exe, err = os.Executable(); err == nil {
				err = b.run(cmd.Context())
			}
			if err != nil {
				return &exit{exitFailed, err}
			}
			return nil
		},
	}
	f := cmd.Flags()
	f.StringVar(&b.only, "only", "", "只测一部分：a 首次同步，b 没有变化的运行，c 事件")
	f.StringVar(&b.event, "event", "dist/fc-event/bootstrap", "事件函数的程序（make build 生成）")
	f.IntVar(&b.hosts, "hosts", 1000, "首次同步的主机数")
	f.IntVar(&b.instances, "instances", 10000, "没有变化的运行的实例数，分布在 5 个地域")
	f.DurationVar(&b.latency, "latency", 20*time.Millisecond, "服务端每个请求的耗时")
	f.IntVar(&b.runs, "runs", 3, "每项测量几次，取中位数")
	return cmd
}

func (b *bench) check() error {
	switch {
	case !slices.Contains([]string{"", "a", "b", "c"}, b.only):
		return errors.New("--only: a、b 或 c (a, b or c)")
	case b.hosts < 1 || b.runs < 1 || b.latency < 0:
		return errors.New("--hosts、--runs 至少为 1，--latency 不能为负 (at least 1; not negative)")
	case b.instances < regionsAsked || b.instances%regionsAsked != 0:
		return fmt.Errorf("--instances: 应为 %d 的倍数 (a multiple of it)", regionsAsked)
	}
	return nil
}

// run measures and prints, part by part. Too much memory is an error, after everything is printed.
func (b *bench) run(ctx context.Context) error {
	fmt.Fprintf(b.out, "jms-sync %s, %s/%s, %s, %d CPUs; medians of %d runs, their range in brackets.\n"+
		"jms-sync and the emulators are two processes that share these CPUs.\n",
		version, runtime.GOOS, runtime.GOARCH, runtime.Version(), runtime.NumCPU(), b.runs)
	var errs []error
	for _, part := range []struct {
		name    string
		measure func(context.Context) error
	}{{"a", b.firstSync}, {"b", b.withoutChanges}, {"c", b.events}} {
		if b.only == "" || b.only == part.name {
			errs = append(errs, part.measure(ctx))
		}
	}
	return errors.Join(errs...)
}

// writing is a case of the first sync: how many requests JumpServer serves at a time, and how many writers
// the settings ask for ("" = the default).
type writing struct{ atOnce, writers string }

// firstSync compares one writer with the default. The two take turns, so that whatever else the
// machine does meets both.
func (b *bench) firstSync(ctx context.Context) error {
	cases := []writing{{"0", "1"}, {"0", ""}, {"2", "1"}, {"2", ""}}
	samples := make([][]sample, len(cases))
	for range b.runs {
		for n, c := range cases {
			s, err := b.first(ctx, c)
			if err != nil {
				return err
			}
			samples[n] = append(samples[n], s)
		}
	}
	fmt.Fprintf(b.out, "\nFirst sync of %d hosts, JumpServer %s, every answer takes %s\n", b.hosts, jumpservertest.V47, b.latency)
	t := newTable(b.out, "served at a time", "writers", "calls", "seconds", "POST answer ms", "times faster than one writer")
	for n := 0; n < len(cases); n += 2 {
		t.first(cases[n], samples[n], nil)
		t.first(cases[n+1], samples[n+1], samples[n])
	}
	return t.Flush()
}

// first makes one first sync against emulators of its own, whose JumpServer is empty.
func (b *bench) first(ctx context.Context, c writing) (sample, error) {
	e, err := b.emulate(ctx, "--hosts", strconv.Itoa(b.hosts), "--at-once", c.atOnce, "--jumpserver-latency", b.latency.String())
	if err != nil {
		return sample{}, err
	}
	var settings []string
	if c.writers != "" {
		settings = []string{"JMS_SYNC_SYNC_WRITERS=" + c.writers}
	}
	s, err := b.measure(ctx, e, settings...)
	if err = errors.Join(err, e.stop()); err != nil {
		return sample{}, err
	}
	if r := s.report; r.Outcome != report.OK || r.Created != b.hosts {
		return sample{}, fmt.Errorf("bench: first sync: outcome %s, %d of %d hosts made", r.Outcome, r.Created, b.hosts)
	}
	return s, nil
}

// withoutChanges measures a run that finds everything as it should be.
func (b *bench) withoutChanges(ctx context.Context) error {
	e, err := b.emulate(ctx, "--seeded", "--hosts", strconv.Itoa(b.instances/regionsAsked), "--regions", strconv.Itoa(regionsAsked),
		"--version", string(jumpservertest.V410), "--jumpserver-latency", b.latency.String(), "--cloud-latency", b.latency.String())
	if err != nil {
		return err
	}
	var samples []sample
	for range b.runs {
		s, err := b.measure(ctx, e)
		if err == nil && (s.report.Outcome != report.OK || s.report.Unchanged != b.instances || s.counts.JumpServer.Writes != 0) {
			err = fmt.Errorf("bench: run without changes: outcome %s, %d of %d unchanged, %d writes",
				s.report.Outcome, s.report.Unchanged, b.instances, s.counts.JumpServer.Writes)
		}
		if err != nil {
			return errors.Join(err, e.stop())
		}
		samples = append(samples, s)
	}
	if err := e.stop(); err != nil {
		return err
	}
	fmt.Fprintf(b.out, "\nRun without changes: %d instances in %d regions, JumpServer %s, every answer takes %s\n",
		b.instances, regionsAsked, jumpservertest.V410, b.latency)
	return b.unchanged(samples)
}
