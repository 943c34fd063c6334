package config

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// Mistake is one mistake in the configuration. Its texts never contain the value of a secret; they quote names and
// the few values that cannot be one.
type Mistake struct {
	Path string // the setting ("clouds[0].type"), the variable, or the file
	File string // as it was named; "" = not from a file
	Line int    // in the file; 0 = unknown, or not from a file
	// Column is that of the value, or of the key if the key is wrong; from 1, in characters; 0 = unknown.
	Column int
	Env    string // the variable that the value came from; "" = from the file
	Unset  bool   // nothing but a variable that the value names is missing
	ZH     string
	EN     string

	// structural says that the mistake is in the file's form (an unknown or duplicate key), not in a value, so
	// that it counts even if the value does not.
	structural bool
}

// Text returns "path: what is wrong (where)" on one line.
func (m Mistake) Text(lang language.Lang) string {
	text := m.Path + ": " + lang.Text(m.ZH, m.EN)
	switch {
	case m.Env != "":
		return text + lang.Textf("（环境变量 %s）", " (environment variable %s)", m.Env)
	case m.Line > 0:
		return text + lang.Textf("（第 %d 行）", " (line %d)", m.Line)
	}
	return text
}

// Position returns "file:line:column" as editors and CI read it, with what is known of it; "" = not from a file.
func (m Mistake) Position() string {
	if m.File == "" {
		return ""
	}
	text := m.File
	for _, n := range []int{m.Line, m.Column} {
		if n == 0 {
			break
		}
		text += ":" + strconv.Itoa(n)
	}
	return text
}

// Diagnostic returns "file:line:column: path: what is wrong" on one line, as compilers do; a mistake that is in no line
// has Text.
func (m Mistake) Diagnostic(lang language.Lang) string {
	switch {
	case m.File == "" || m.Line == 0:
		return m.Text(lang)
	case m.Path == m.File:
		return m.Position() + ": " + lang.Text(m.ZH, m.EN)
	}
	return m.Position() + ": " + m.Path + ": " + lang.Text(m.ZH, m.EN)
}

// Mistakes are all mistakes found, those of the file first, by line.
type Mistakes []Mistake

// Text returns one line for each mistake.
func (ms Mistakes) Text(lang language.Lang) string {
	lines := make([]string, len(ms))
	for i, m := range ms {
		lines[i] = m.Text(lang)
	}
	return strings.Join(lines, "\n")
}

// Error says that the configuration cannot be used. The program exits with 2.
type Error struct {
	Mistakes Mistakes
	Lang     language.Lang // the configured language, if it could be read
	Missing  bool          // there is neither a file nor a variable: nobody has configured anything
	// Notifiable is the configuration as far as it could be read, if that is enough to notify people by its
	// robot of what is wrong with the rest; otherwise nil. Use it for nothing else.
	Notifiable *Config
	// Loggable is the configuration as far as it could be read, if that is enough to log what is wrong with the rest
	// where it says; otherwise nil. Use it for nothing else.
	Loggable *Config

	read     Config // as far as it could be read
	readable bool   // the file could be
}

// StateSettings returns the settings by which people are shown a state and choose it, if none of them is wrong: language,
// time zone and interval, and the id, URL and organisation of JumpServer, of which each may be missing. No account, key or
// secret is among them.
func (e *Error) StateSettings() (c Config, ok bool) {
	if !e.readable || slices.ContainsFunc(e.Mistakes, e.concernsState) {
		return Config{}, false
	}
	c = Default()
	c.Language, c.Timezone, c.Environment, c.Sync.Interval = e.read.Language, e.read.Timezone, e.read.Environment, e.read.Sync.Interval
	c.JumpServer.ID, c.JumpServer.URL, c.JumpServer.OrgID = e.read.JumpServer.ID, e.read.JumpServer.URL, e.read.JumpServer.OrgID
	return c, true
}

// concernsState reports whether a mistake is in one of the StateSettings, or in a name that may be meant for one.
func (e *Error) concernsState(m Mistake) bool {
	switch m.Path {
	case "language", "timezone", "sync", "sync.interval", "jumpserver", "jumpserver.id", "jumpserver.org_id":
		return true
	case "jumpserver.url":
		return e.read.JumpServer.URL != "" // it may be missing
	}
	return strings.HasPrefix(m.Path, settingPrefix) || m.structural && isWithin(m.Path, "jumpserver")
}

// Error returns all mistakes in the configured language, one per line.
func (e *Error) Error() string { return e.Mistakes.Text(e.Lang) }

// Text returns all mistakes in a language, one per line.
func (e *Error) Text(lang language.Lang) string { return e.Mistakes.Text(lang) }

// mistakeCollector collects mistakes and records where each value came from.
type mistakeCollector struct {
	all    Mistakes
	places map[string]place  // path → where the file has it
	vars   map[string]string // path → variable that overrode it
}

// place is a place in the file; the zero value is none.
type place struct{ line, column int }

func newMistakeCollector() *mistakeCollector {
	return &mistakeCollector{places: map[string]place{}, vars: map[string]string{}}
}

// add records what is wrong with the value at a path. Only the first mistake of a path counts, and none below a
// path that is wrong itself: what follows from a mistake is noise.
func (l *mistakeCollector) add(path string, w language.Text) {
	if l.hasMistake(path) {
		return
	}
	m := Mistake{Path: path, Env: l.vars[path], ZH: w.ZH, EN: w.EN}
	if m.Env == "" {
		m.Line, m.Column = l.places[path].line, l.places[path].column
	}
	l.all = append(l.all, m)
}

// addUnset records that a value at a path names variables that are not set.
func (l *mistakeCollector) addUnset(path string, w language.Text) {
	if !l.hasMistake(path) {
		l.add(path, w)
		l.all[len(l.all)-1].Unset = true
	}
}

// addStructural records what is wrong with the file's form.
func (l *mistakeCollector) addStructural(path string, at place, w language.Text) {
	l.all = append(l.all, Mistake{Path: path, Line: at.line, Column: at.column, ZH: w.ZH, EN: w.EN, structural: true})
}

// nameFile records the name of the file in the mistakes that come from it.
func (l *mistakeCollector) nameFile(ref string) {
	for i := range l.all {
		m := &l.all[i]
		if m.Env == "" && (m.Line > 0 || m.Path == ref) {
			m.File = ref
		}
	}
}

// isSet reports whether the file or a variable has a value for a path.
func (l *mistakeCollector) isSet(path string) bool {
	return l.places[path].line > 0 || l.vars[path] != ""
}

func (l *mistakeCollector) hasMistake(path string) bool {
	return slices.ContainsFunc(l.all, func(m Mistake) bool {
		return !m.structural && isWithin(path, m.Path)
	})
}

// dropBelow drops the mistakes in values at and below a path, if another value or a switch makes them meaningless.
func (l *mistakeCollector) dropBelow(path string) {
	l.all = slices.DeleteFunc(l.all, func(m Mistake) bool {
		return !m.structural && isWithin(m.Path, path)
	})
}

// sorted returns the mistakes in the order of the file; those without a line follow in their order. A group that is
// merged into several others reports its mistakes once.
func (l *mistakeCollector) sorted() Mistakes {
	l.all.SortByPlace()
	return slices.Compact(l.all)
}

// SortByPlace sorts mistakes in the order of the file; those without a line follow in their order.
func (ms Mistakes) SortByPlace() {
	sorting.StableBy(ms, func(a, b Mistake) int {
		if (a.Line == 0) != (b.Line == 0) {
			return cmp.Compare(b.Line, a.Line)
		}
		return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
}

// isWithin reports whether path is parent or below it.
func isWithin(path, parent string) bool {
	rest, ok := strings.CutPrefix(path, parent)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}
