package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session"
)

// probeResult is what a probe prints, as one line of JSON. Probes only read.
type probeResult struct {
	Seconds float64 `json:"seconds"`
	Rows    int     `json:"rows"`  // instances, or hosts of JumpServer
	Found   int     `json:"found"` // instances whose host is there
	Calls   int     `json:"calls"` // of the baseline's own client
}

// probeFunc measures one thing. Bench runs it in a process of its own.
type probeFunc func(ctx context.Context, cfg config.Config) (probeResult, error)

func probeCommand(file *string, stdout io.Writer) *cobra.Command {
	pause, profile := 500*time.Millisecond, ""
	probes := map[string]probeFunc{
		"fields": readAllFields,
		"list":   listFleet,
		"pages": func(ctx context.Context, cfg config.Config) (probeResult, error) {
			return listInTurn(ctx, cfg, pause)
		},
		"plan": func(ctx context.Context, cfg config.Config) (probeResult, error) {
			return profileRun(ctx, cfg, profile)
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
				return fmt.Errorf("probe: %q: fields, list, pages or plan", args[0])
			}
			cfg, err := session.ConfigSource{File: *file, Environ: os.Environ()}.Load(cmd.Context())
			if err != nil {
				return err
			}
			p, err := measure(cmd.Context(), cfg)
			if err != nil {
				return failure{err}
			}
			return json.NewEncoder(stdout).Encode(p)
		},
	}
	cmd.Flags().DurationVar(&pause, "pause", pause, "pages：两页之间的停顿")
	cmd.Flags().StringVar(&profile, "profile", "", "plan：把 pprof 文件写到这个目录")
	return cmd
}

// listFleet lists everything as a run does.
func listFleet(ctx context.Context, cfg config.Config) (probeResult, error) {
	begun := time.Now()
	instances, err := listInstances(ctx, cfg)
	return probeResult{Seconds: time.Since(begun).Seconds(), Rows: len(instances)}, err
}

// listInstances returns every instance. A scope that fails is an error.
func listInstances(ctx context.Context, cfg config.Config) ([]inventory.Instance, error) {
	s, err := session.Open(session.Options{Config: cfg})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	var all []inventory.Instance
	for _, l := range s.ListInstances(ctx) {
		if l.Err != nil {
			return nil, fmt.Errorf("list %s: %w", l.Scope, l.Err)
		}
		all = append(all, l.Instances...)
	}
	return all, nil
}

// profileRun makes a run that writes nothing, and writes down where time and memory went.
func profileRun(ctx context.Context, cfg config.Config, dir string) (probeResult, error) {
	s, err := session.Open(session.Options{Config: cfg})
	if err != nil {
		return probeResult{}, err
	}
	defer s.Close()
	cpu, err := os.Create(filepath.Join(dir, "cpu.pprof"))
	if err != nil {
		return probeResult{}, err
	}
	defer cpu.Close()
	if err := pprof.StartCPUProfile(cpu); err != nil {
		return probeResult{}, err
	}
	begun := time.Now()
	out := s.Plan(ctx, session.PlanRequest{})
	took := time.Since(begun)
	pprof.StopCPUProfile()
	if out.Report.Outcome == report.Failed {
		return probeResult{}, fmt.Errorf("run: %w", out.Err)
	}
	allocs, err := os.Create(filepath.Join(dir, "allocs.pprof"))
	if err != nil {
		return probeResult{}, err
	}
	defer allocs.Close()
	runtime.GC() // the profile is of the last collection
	return probeResult{Seconds: took.Seconds(), Rows: out.Report.Total, Found: out.Report.Unchanged}, pprof.Lookup("allocs").WriteTo(allocs, 0)
}
