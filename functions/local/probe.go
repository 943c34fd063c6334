package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

// probed is what a probe prints: one line of JSON. All probes only read.
type probed struct {
	Seconds float64 `json:"seconds"`
	Rows    int     `json:"rows"`  // instances, or hosts of JumpServer
	Found   int     `json:"found"` // instances whose host is there
	Calls   int     `json:"calls"` // of the baseline's own client
}

// probe is one thing that bench measures in a process of its own.
type probe func(ctx context.Context, cfg config.Config) (probed, error)

func probeCommand(o *options, stdout io.Writer) *cobra.Command {
	pause, profile := 500*time.Millisecond, ""
	probes := map[string]probe{
		"fields": readAllFields,
		"list":   listFleet,
		"pages": func(ctx context.Context, cfg config.Config) (probed, error) {
			return listInTurn(ctx, cfg, pause)
		},
		"plan": func(ctx context.Context, cfg config.Config) (probed, error) {
			return profiled(ctx, cfg, profile)
		},
	}
	cmd := &cobra.Command{
		Use:    "probe fields|list|pages|plan",
		Short:  "bench 在单独的进程里测量的一项；只读",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			measure := probes[args[0]]
			if measure == nil {
				return &exit{exitUsage, fmt.Errorf("probe: %q: fields, list, pages or plan", args[0])}
			}
			cfg, err := wire.LoadConfig(o.config)(cmd.Context())
			if err != nil {
				return &exit{exitUsage, err}
			}
			p, err := measure(cmd.Context(), cfg)
			if err != nil {
				return &exit{exitFailed, err}
			}
			return json.NewEncoder(stdout).Encode(p)
		},
	}
	cmd.Flags().DurationVar(&pause, "pause", pause, "pages：两页之间的停顿")
	cmd.Flags().StringVar(&profile, "profile", "", "plan：把 pprof 文件写到这个目录")
	return cmd
}

// listFleet lists everything as a run does.
func listFleet(ctx context.Context, cfg config.Config) (probed, error) {
	begun := time.Now()
	instances, err := fleet(ctx, cfg)
	return probed{Seconds: time.Since(begun).Seconds(), Rows: len(instances)}, err
}

// fleet gives every instance; a scope that fails is an error.
func fleet(ctx context.Context, cfg config.Config) ([]inventory.Instance, error) {
	e, err := wire.Engine(cfg, nil, wire.Role{}, slog.New(slog.DiscardHandler), wire.Kept{}, wire.Hooks{})
	if err != nil {
		return nil, err
	}
	var all []inventory.Instance
	for _, l := range e.Clouds.List(ctx, cloud.Narrow{}) {
		if l.Err != nil {
			return nil, fmt.Errorf("list %s: %w", l.Scope, l.Err)
		}
		all = append(all, l.Instances...)
	}
	return all, nil
}

// profiled makes a run that writes nothing, and notes where time and memory went.
func profiled(ctx context.Context, cfg config.Config, dir string) (probed, error) {
	log := slog.New(slog.DiscardHandler)
	client, err := wire.Client(cfg, log)
	if err != nil {
		return probed{}, err
	}
	defer client.Close()
	e, err := wire.Engine(cfg, client, wire.Role{}, log, wire.Kept{}, wire.Hooks{})
	if err != nil {
		return probed{}, err
	}
	e.Notifiers = nil
	cpu, err := os.Create(filepath.Join(dir, "cpu.pprof"))
	if err != nil {
		return probed{}, err
	}
	defer cpu.Close()
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return probed{}, err
	}
	begun := time.Now()
	out := e.Run(ctx, engine.Request{DryRun: true})
	took := time.Since(begun)
	pprof.StopCPUProfile()
	if out.Report.Outcome == report.Failed {
		return probed{}, fmt.Errorf("run: %w", out.Err)
	}
	allocs, err := os.Create(filepath.Join(dir, "allocs.pprof"))
	if err != nil {
		return probed{}, err
	}
	defer allocs.Close()
	runtime.GC() // the profile is of the last collection
	return probed{Seconds: took.Seconds(), Rows: out.Report.Total, Found: out.Report.Unchanged}, pprof.Lookup("allocs").WriteTo(allocs, 0)
}
