package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// bench writes what stands between these lines; the rest of the file is people's.
const (
	beginMarker = "<!-- make bench-docs: begin -->"
	endMarker   = "<!-- make bench-docs: end -->"
)

// writeDocument writes the figures into a Markdown file, and the picture beside it.
func (b *bench) writeDocument(figures []*figure) error {
	old, err := os.ReadFile(b.markdown)
	if err != nil && !os.IsNotExist(err) {
		return fmt.Errorf("--markdown: %w", err)
	}
	picture := strings.TrimSuffix(b.markdown, filepath.Ext(b.markdown)) + ".svg"
	text := replaceMarked(string(old), renderMarkdown(b.settingText(), filepath.Base(picture), figures))
	if err := os.WriteFile(picture, []byte(renderSVG(figures)), 0o644); err != nil {
		return fmt.Errorf("--markdown: %w", err)
	}
	if err := os.WriteFile(b.markdown, []byte(text), 0o644); err != nil {
		return fmt.Errorf("--markdown: %w", err)
	}
	return nil
}

// replaceMarked puts text between the markers of a file, or at its end where it has none.
func replaceMarked(file, text string) string {
	text = beginMarker + "\n" + text + endMarker
	before, rest, begun := strings.Cut(file, beginMarker)
	_, after, ended := strings.Cut(rest, endMarker)
	switch {
	case begun && ended:
		return before + text + after
	case file == "":
		return "# 基准 · Benchmarks\n\n" + text + "\n"
	}
	return strings.TrimRight(file, "\n") + "\n\n" + text + "\n"
}

// renderMarkdown returns the figures as tables, Chinese first.
func renderMarkdown(where bilingual, picture string, figures []*figure) string {
	var s strings.Builder
	fmt.Fprintf(&s, "%s\n\n%s\n\n![%s](%s)\n", where.zh, where.english(), chartTitle().both(" · "), picture)
	for _, f := range figures {
		fmt.Fprintf(&s, "\n### (%s) %s\n\n%s\n\n", f.part, f.title.zh, f.title.english())
		writeMarkdownRow(&s, f.head, "<br>")
		s.WriteString(strings.Repeat("|---", len(f.head)) + "|\n")
		for _, row := range f.rows {
			writeMarkdownRow(&s, row, " · ")
		}
		if len(f.notes) > 0 {
			s.WriteString("\n")
		}
		for _, note := range f.notes {
			s.WriteString("- " + note.both(" ") + "\n")
		}
	}
	return s.String()
}

func writeMarkdownRow(s *strings.Builder, cells []bilingual, between string) {
	for _, cell := range cells {
		s.WriteString("| " + strings.ReplaceAll(cell.both(between), "|", `\|`) + " ")
	}
	s.WriteString("|\n")
}
