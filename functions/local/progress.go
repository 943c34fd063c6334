package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/jms-sync/jms-sync/core/reason"
)

// progressLine shows one line that is overwritten again and again, on a terminal only. It is also the console's writer,
// so that log lines and the progress line do not run into each other.
type progressLine struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	shown    bool
	lang     reason.Lang
}

func newProgressLine(out io.Writer, lang reason.Lang) *progressLine {
	return &progressLine{out: out, terminal: isTerminal(out), lang: lang}
}

// isTerminal reports whether a person at a terminal reads, or writes, this.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// showStage shows which stage begins.
func (p *progressLine) showStage(name string) {
	texts := map[string][2]string{
		"jumpserver": {"读取 JumpServer …", "reading JumpServer …"},
		"clouds":     {"读取云上的实例 …", "listing the clouds …"},
		"plan":       {"计划 …", "planning …"},
		"apply":      {"写入 …", "applying …"},
		"notify":     {"通知 …", "notifying …"},
	}[name]
	text := texts[0]
	if p.lang == reason.English {
		text = texts[1]
	}
	p.showText(text)
}

// showCount shows how many changes are written.
func (p *progressLine) showCount(done, total int) {
	if p.lang == reason.English {
		p.showText(fmt.Sprintf("applying %d/%d", done, total))
		return
	}
	p.showText(fmt.Sprintf("写入 %d/%d", done, total))
}

func (p *progressLine) showText(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.terminal {
		fmt.Fprintf(p.out, "\r\033[K%s", text)
		p.shown = true
	}
}

func (p *progressLine) clearLine() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wipeLine()
}

func (p *progressLine) wipeLine() {
	if p.shown {
		fmt.Fprint(p.out, "\r\033[K")
		p.shown = false
	}
}

// Write writes a log line, after wiping the progress line.
func (p *progressLine) Write(b []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.wipeLine()
	return p.out.Write(b)
}
