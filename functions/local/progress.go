package main

import (
	"fmt"
	"io"
	"os"
	"sync"

	"golang.org/x/term"

	"github.com/jms-sync/jms-sync/core/language"
)

// progressLine shows one line that is overwritten again and again, on a terminal only. It is also the console's writer,
// so that log lines and the progress line do not run into each other.
type progressLine struct {
	mu       sync.Mutex
	out      io.Writer
	terminal bool
	shown    bool
	lang     language.Lang
}

func newProgressLine(out io.Writer, lang language.Lang) *progressLine {
	return &progressLine{out: out, terminal: isTerminal(out), lang: lang}
}

// isTerminal reports whether a person at a terminal reads, or writes, this.
func isTerminal(stream any) bool {
	file, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

// showStage shows which stage begins.
func (p *progressLine) showStage(name string) {
	p.showText(map[string]language.Text{
		"jumpserver": language.New("读取 JumpServer …", "reading JumpServer …"),
		"clouds":     language.New("读取云上的实例 …", "listing the clouds …"),
		"plan":       language.New("计划 …", "planning …"),
		"apply":      language.New("写入 …", "applying …"),
		"access":     language.New("查询谁获得、谁失去访问 …", "asking who gains and who loses access …"),
		"notify":     language.New("通知 …", "notifying …"),
	}[name].In(p.lang))
}

// showCount shows how many changes are written.
func (p *progressLine) showCount(done, total int) {
	p.showText(p.lang.Textf("写入 %d/%d", "applying %d/%d", done, total))
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
