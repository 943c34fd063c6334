package main

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// startsPerRun is how often each program is started for each run: a start takes milliseconds, and single ones differ
// much.
const startsPerRun = 4

// startLimit is the time in which a program must ask for its first event.
const startLimit = 30 * time.Second

// runtimeOpener starts a fake of a platform's runtime API.
type runtimeOpener func(runtimetest.TB, ...runtimetest.Setting) (*runtimetest.Runtime, error)

// measureStarts measures how long the functions take from the start of their process to the first poll of the runtime API,
// and how big they are.
func (b *bench) measureStarts(ctx context.Context) (*figure, error) {
	f := &figure{
		title: bilingual{"从启动到第一次向运行时取事件，以及大小", "Start to the first poll of the runtime API, and sizes"},
		head: []bilingual{
			{"函数", "function"}, {"毫秒", "milliseconds"}, {"程序 MB", "program MB"}, {"程序包（zip）MB", "package (zip) MB"},
		},
		notes: []bilingual{{
			fmt.Sprintf("%d 次启动的中位数：本机新进程，不含平台准备实例与下载程序包的时间。程序是 make build 生成的（已去掉符号表）。", b.runs*startsPerRun),
			fmt.Sprintf("Medians of %d starts of a process on this machine, without what a platform takes to prepare an instance and to fetch the package. "+
				"The programs are those of make build (stripped).", b.runs*startsPerRun),
		}},
	}
	for _, function := range []struct {
		name, program string
		open          runtimeOpener
	}{
		{"fc-timer", b.timer, runtimetest.NewFC}, {"fc-event", b.event, runtimetest.NewFC},
		{"lambda", b.lambda, runtimetest.NewLambda}, {"functiongraph", b.graph, runtimetest.NewFunctionGraph},
	} {
		took, err := b.runStarts(ctx, function.program, function.open)
		if err != nil {
			return nil, err
		}
		size, packed, err := programSizes(function.program)
		if err != nil {
			return nil, err
		}
		f.addRow(sameText(function.name), medianText("%.1f", took), sameText(megabytesText(size)), sameText(megabytesText(packed)))
	}
	return f, nil
}

func megabytesText(n int64) string { return fmt.Sprintf("%.2f", float64(n)/1e6) }

// runStarts returns the milliseconds of each start.
func (b *bench) runStarts(ctx context.Context, program string, open runtimeOpener) (all []float64, err error) {
	program, err = builtProgram(program)
	if err != nil {
		return nil, err
	}
	for range b.runs * startsPerRun {
		took, err := measureFirstPoll(ctx, program, open)
		if err != nil {
			return nil, fmt.Errorf("bench: start: %w", err)
		}
		all = append(all, float64(took.Microseconds())/1000)
	}
	return all, nil
}

func measureFirstPoll(ctx context.Context, program string, open runtimeOpener) (time.Duration, error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	r, err := open(nil)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	p, err := r.Start(ctx, program, nil)
	if err != nil {
		return 0, err
	}
	return p.FirstPoll(ctx)
}

// programSizes returns the bytes of a program, and of the package that holds nothing else.
func programSizes(program string) (size, packed int64, err error) {
	file, err := os.Open(program)
	if err != nil {
		return 0, 0, fmt.Errorf("bench: %w", err)
	}
	defer file.Close()
	var all byteCounter
	archive := zip.NewWriter(&all)
	entry, err := archive.Create(filepath.Base(program)) // Create deflates
	if err == nil {
		size, err = io.Copy(entry, file)
	}
	if err == nil {
		err = archive.Close()
	}
	return size, int64(all), err
}

// byteCounter counts what is written to it.
type byteCounter int64

func (t *byteCounter) Write(p []byte) (int, error) {
	*t += byteCounter(len(p))
	return len(p), nil
}
