package main

import (
	"bytes"
	"io"
	"os"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

// colour is an ANSI colour.
type colour string

// The colours.
const (
	red    colour = "\033[31m"
	green  colour = "\033[32m"
	yellow colour = "\033[33m"

	endColour = "\033[0m"
)

// isColoured reports whether a stream takes colours: it is a terminal, and nobody said that there should be none
// (https://no-color.org).
func (o *options) isColoured(to io.Writer) bool {
	if s, ok := to.(screen); ok {
		to = s.stream()
	}
	return !o.noColor && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "" && os.Getenv("TERM") != "dumb" && isTerminal(to)
}

// paint returns a text in a colour, where the stream takes colours.
func (o *options) paint(to io.Writer, c colour, text string) string {
	if !o.isColoured(to) {
		return text
	}
	return string(c) + text + endColour
}

// printPainted calls write with a stream, and paints the beginnings of the lines that it writes.
func (o *options) printPainted(to io.Writer, beginnings map[string]colour, write func(io.Writer) error) error {
	if !o.isColoured(to) {
		return write(to)
	}
	p := &linePainter{to: to, beginnings: beginnings}
	if err := write(p); err != nil {
		return err
	}
	_, err := p.to.Write(p.line)
	return err
}

// linePainter paints the beginnings of lines.
type linePainter struct {
	to         io.Writer
	beginnings map[string]colour
	line       []byte // that has not ended yet
}

// Write implements io.Writer.
func (p *linePainter) Write(text []byte) (int, error) {
	p.line = append(p.line, text...)
	for {
		end := bytes.IndexByte(p.line, '\n')
		if end < 0 {
			return len(text), nil
		}
		if _, err := io.WriteString(p.to, p.painted(string(p.line[:end+1]))); err != nil {
			return 0, err
		}
		p.line = p.line[end+1:]
	}
}

func (p *linePainter) painted(line string) string {
	for beginning, c := range p.beginnings {
		if rest, found := strings.CutPrefix(line, beginning); found {
			return string(c) + beginning + endColour + rest
		}
	}
	return line
}

// verdictColours are those of doctor's marks.
func verdictColours() map[string]colour {
	return map[string]colour{"  ✓": green, "  !": yellow, "  ✗": red}
}

// planColours are those of the lines of a plan, by the signs before them.
func planColours() map[string]colour {
	colours := map[string]colour{}
	for action, c := range map[plan.Action]colour{
		plan.Create: green, plan.Update: yellow, plan.Deactivate: yellow, plan.Delete: red, plan.Hold: yellow,
	} {
		colours["  "+report.Mark(action)+" "] = c
	}
	return colours
}

// printSummary prints the summary of a run; its first line says how the run ended.
func (o *options) printSummary(to io.Writer, r report.Report, lang language.Lang) {
	text := report.Summary(r, lang)
	title, rest, _ := strings.Cut(text, "\n")
	c, known := map[report.Outcome]colour{report.OK: green, report.Partial: yellow, report.Held: yellow, report.Failed: red}[r.Outcome]
	if known {
		title = o.paint(to, c, title)
	}
	_, _ = io.WriteString(to, title+"\n"+rest)
}
