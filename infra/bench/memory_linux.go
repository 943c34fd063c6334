package main

import (
	"os"
	"syscall"
)

// peakMemory returns the most resident memory that an ended process ever had, in bytes. Linux counts it in KiB
// (getrusage(2)).
func peakMemory(p *os.ProcessState) int64 {
	usage, known := p.SysUsage().(*syscall.Rusage)
	if !known {
		return 0
	}
	return usage.Maxrss * 1024
}
