package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/session/sessiontest"
)

// emulated is a process of jms-sync emulate that bench has started.
type emulated struct {
	sessiontest.Announcement
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	lines  *bufio.Reader
	stderr bytes.Buffer // on standard error
}

// emulate starts emulators in another process, so that their time and memory are not measured.
func (b *bench) emulate(ctx context.Context, args ...string) (*emulated, error) {
	e := &emulated{cmd: exec.CommandContext(ctx, b.program, append([]string{"emulate"}, args...)...)}
	e.cmd.Env = []string{}
	e.cmd.Stderr = &e.stderr
	var err error
	e.stdin, err = e.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := e.cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	e.lines = bufio.NewReader(out)
	err = e.cmd.Start()
	if err != nil {
		return nil, fmt.Errorf("bench: emulate: %w", err)
	}
	err = e.readLine(&e.Announcement)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("bench: emulate: %w: %s", err, e.stderr.String()), e.stop())
	}
	return e, nil
}

func (e *emulated) readLine(into any) error {
	line, err := e.lines.ReadBytes('\n')
	if err != nil {
		return err
	}
	return json.Unmarshal(line, into)
}

// ask sends a line and reads the answer.
func (e *emulated) ask(line string, into any) error {
	if _, err := io.WriteString(e.stdin, line+"\n"); err != nil {
		return fmt.Errorf("bench: emulate: %w", err)
	}
	if err := e.readLine(into); err != nil {
		return fmt.Errorf("bench: emulate: %s: %w", line, err)
	}
	return nil
}

// stats returns what was asked since the start or the last reset. A request that no careful client sends is an error.
func (e *emulated) stats() (sessiontest.CallCounts, error) {
	var c sessiontest.CallCounts
	err := e.ask("stats", &c)
	if err == nil && len(c.Unexpected) > 0 {
		err = fmt.Errorf("bench: %d unexpected requests, the first: %s", len(c.Unexpected), c.Unexpected[0])
	}
	return c, err
}

func (e *emulated) reset() error {
	var done map[string]bool
	return e.ask("reset", &done)
}

// stop ends the process by closing its standard input.
func (e *emulated) stop() error {
	_ = e.stdin.Close() // Wait says whether it ended well
	return e.cmd.Wait()
}

// sample is the measure of one run of jms-sync, or of one probe.
type sample struct {
	report    report.Report // of a run
	probed    probeResult   // of a probe
	took      time.Duration // as the process itself measured it, without its start
	counts    sessiontest.CallCounts
	peakBytes int64 // the most resident memory; 0 = this system does not measure it
}

// measureSync runs one sync against the emulators, which count from zero.
func (b *bench) measureSync(ctx context.Context, e *emulated, settings ...string) (sample, error) {
	return e.measureCounted(func(dir string) (sample, error) {
		return b.runSync(ctx, dir, append(e.Environ(), settings...), nil)
	})
}

// measureProbe runs one probe in the same way.
func (b *bench) measureProbe(ctx context.Context, e *emulated, args ...string) (sample, error) {
	return e.measureCounted(func(dir string) (sample, error) {
		return b.runProbe(ctx, dir, e.Environ(), append([]string{"probe"}, args...))
	})
}

// measureCounted measures in a folder of its own, in which there is no config.yaml.
func (e *emulated) measureCounted(once func(dir string) (sample, error)) (sample, error) {
	if err := e.reset(); err != nil {
		return sample{}, err
	}
	dir, err := os.MkdirTemp("", "jms-sync-bench-")
	if err != nil {
		return sample{}, fmt.Errorf("bench: %w", err)
	}
	defer os.RemoveAll(dir)
	s, err := once(dir)
	if err != nil {
		return sample{}, err
	}
	s.counts, err = e.stats()
	return s, err
}

// runSync runs jms-sync, or with arguments one of its commands that writes results. A run that was done in part has
// results too.
func (b *bench) runSync(ctx context.Context, dir string, env, args []string) (sample, error) {
	results, err := os.CreateTemp("", "jms-sync-results-")
	if err != nil {
		return sample{}, fmt.Errorf("bench: %w", err)
	}
	_ = results.Close() // only its name is wanted
	defer os.Remove(results.Name())
	_, peak, err := runProgram(ctx, b.program, dir, env, append(args, "-o", results.Name(), "--no-log-file", "-l", "ERROR", "-r", "1"))
	if err != nil && !isPartial(err) {
		return sample{}, err
	}
	text, err := os.ReadFile(results.Name())
	if err != nil {
		return sample{}, fmt.Errorf("bench: %w", err)
	}
	s := sample{peakBytes: peak}
	if err := json.Unmarshal(text, &s.report); err != nil {
		return sample{}, fmt.Errorf("bench: results: %w", err)
	}
	s.took = time.Duration(s.report.Duration * float64(time.Second))
	return s, nil
}

// runProbe runs one probe of this program.
func (b *bench) runProbe(ctx context.Context, dir string, env, args []string) (sample, error) {
	out, peak, err := runProgram(ctx, b.exe, dir, env, args)
	if err != nil {
		return sample{}, err
	}
	s := sample{peakBytes: peak}
	if err := json.Unmarshal(out, &s.probed); err != nil {
		return sample{}, fmt.Errorf("bench: probe: %w", err)
	}
	s.took = time.Duration(s.probed.Seconds * float64(time.Second))
	return s, nil
}

// runProgram runs a program with exactly this environment: GOGC and the like of whoever starts bench must not change
// what is measured. The memory of a process begins with that of its parent (Linux keeps the peak over exec), which is
// why bench itself holds nothing big.
func runProgram(ctx context.Context, program, dir string, env, args []string) (out []byte, peak int64, err error) {
	cmd := exec.CommandContext(ctx, program, args...)
	var said bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stderr = dir, env, &said
	out, err = cmd.Output()
	if err != nil {
		err = fmt.Errorf("bench: %s: %w: %s", strings.Join(args, " "), err, said.String())
	}
	if cmd.ProcessState != nil {
		peak = peakMemory(cmd.ProcessState)
	}
	return out, peak, err
}

// partialCode is the exit code of jms-sync for a run that was done in part.
const partialCode = 3

// isPartial reports whether a run ended with its work done in part.
func isPartial(err error) bool {
	var ended interface{ ExitCode() int }
	return errors.As(err, &ended) && ended.ExitCode() == partialCode
}
