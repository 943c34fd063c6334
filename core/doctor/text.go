package doctor

import (
	"fmt"
	"io"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
)

// WriteText writes the findings for people: one line each, marked ✓, ! or ✗, with the fix below if there is one.
func WriteText(w io.Writer, sections []Section, lang language.Lang) error {
	var b strings.Builder
	colon, arrow := lang.Text("：", ": "), "  → "
	for _, s := range sections {
		fmt.Fprintf(&b, "%s\n", s.Title.In(lang))
		for _, l := range s.Findings {
			fmt.Fprintf(&b, "  %s %s%s%s\n", verdictSymbol(l.Verdict), l.Subject.In(lang), colon, oneLine(l.Found.In(lang)))
			fix := l.Fix.In(lang)
			if fix != "" {
				fmt.Fprintf(&b, "  %s%s\n", arrow, fix)
			}
		}
		b.WriteByte('\n')
	}
	ok, warnings, failures := CountVerdict(sections, OK), CountVerdict(sections, Warning), CountVerdict(sections, Failure)
	fmt.Fprintln(&b, lang.Textf("共 %d 项正常，%d 项警告，%d 项失败。", "%d ok, %d warnings, %d failures.", ok, warnings, failures))
	_, err := io.WriteString(w, b.String())
	return err
}

func verdictSymbol(v Verdict) string {
	switch v {
	case OK:
		return "✓"
	case Warning:
		return "!"
	}
	return "✗"
}

// oneLine joins the lines of a text, as joined errors have several.
func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }
