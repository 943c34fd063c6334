package walk

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// step is what the walk expects of one command of a page. Both languages of a page have the same steps.
type step struct {
	run    string // what the command begins with
	exit   int    // its exit code
	in     string // what the reader types
	before func() // what happens in the world meanwhile
	after  func(out string)
	says   []string // what it prints, where the page does not show it; one of each language is enough when parted by "|"
}

// reader executes the commands of a page in a shell whose variables and folder last.
type reader struct {
	*testing.T
	page    string
	home    string
	path    string
	env     []string          // of the shell, besides what was exported
	blanks  map[string]string // what the reader fills in, by the variable or the <words> of the page
	bound   bindings
	secrets []string
}

var (
	placeholder = regexp.MustCompile(`<[^<>\n]*[^<>\n0-9'-][^<>\n]*>`)
	// logLine is a line of the log, which a terminal has in another form or not at all.
	logLine  = regexp.MustCompile(`(?m)^time=\S+ level=.*\n`)
	exported = regexp.MustCompile(`(?m)^export (\w+)='?<[^>]*>'?$`)
)

// fill puts this reader's own values in place of the page's <words>, and of what an earlier output showed.
func (r *reader) fill(c command) string {
	r.Helper()
	text := exported.ReplaceAllStringFunc(c.text, func(line string) string {
		name := exported.FindStringSubmatch(line)[1]
		value, known := r.blanks[name]
		if !known {
			r.Errorf("%s:%d: the reader has no value for %s", r.page, c.line, name)
		}
		return fmt.Sprintf("export %s='%s'", name, value)
	})
	text = placeholder.ReplaceAllStringFunc(text, func(words string) string {
		value, known := r.blanks[words]
		if !known {
			r.Errorf("%s:%d: the reader has no value for %s", r.page, c.line, words)
		}
		return value
	})
	return r.bound.apply(text)
}

// walk executes the commands of a page; each must have its step, and each step its command.
func (r *reader) walk(commands []command, steps []step) {
	r.Helper()
	commands = slices.DeleteFunc(commands, func(c command) bool { return !isExecuted(c) })
	for n, c := range commands {
		switch {
		case n >= len(steps):
			r.Errorf("%s:%d: nobody walks\n%s", r.page, c.line, c.text)
			continue
		case !strings.HasPrefix(c.text, steps[n].run):
			r.Fatalf("%s:%d: the walk has %q here, the page\n%s", r.page, c.line, steps[n].run, c.text)
		}
		r.step(c, steps[n])
		if r.Failed() {
			r.FailNow() // what follows would fail by it
		}
	}
	for _, s := range steps[min(len(commands), len(steps)):] {
		r.Errorf("%s: the walk has %q, the page does not", r.page, s.run)
	}
}

func (r *reader) step(c command, s step) {
	r.Helper()
	if s.before != nil {
		s.before()
	}
	out, code := r.execute(r.fill(c), s.in)
	r.Logf("%s:%d: exit code %d\n$ %s\n%s", r.page, c.line, code, c.text, out)
	if code != s.exit {
		r.Errorf("%s:%d: exit code %d, want %d\n%s\n%s", r.page, c.line, code, s.exit, c.text, out)
	}
	if c.shown != nil {
		if err := r.bound.compare(c.shown, logLine.ReplaceAllString(out, "")); err != nil {
			r.Errorf("%s:%d: %s\n%v\nit prints:\n%s", r.page, c.line, c.text, err, out)
		}
	}
	for _, words := range s.says {
		if !containsOne(out, strings.Split(words, "|")) {
			r.Errorf("%s:%d: %s\nlacks %q:\n%s", r.page, c.line, c.text, words, out)
		}
	}
	for _, word := range r.secrets {
		if strings.Contains(out, word) {
			r.Errorf("%s:%d: %s\nprints a secret", r.page, c.line, c.text)
		}
	}
	if s.after != nil {
		s.after(out)
	}
}

func containsOne(text string, all []string) bool {
	for _, words := range all {
		if strings.Contains(text, words) {
			return true
		}
	}
	return false
}

// execute runs one command as the next line of the reader's shell, and returns what a terminal would show.
func (r *reader) execute(text, in string) (out string, code int) {
	r.Helper()
	state := filepath.Join(r.home, ".shell")
	script := "[ -f " + state + " ] && . " + state + "\nset -o pipefail\n" + text + "\ncode=$?\n{ export -p; printf 'cd %q\\n' \"$PWD\"; } >" + state + "\nexit $code\n"
	cmd := exec.CommandContext(r.Context(), "bash", "-c", script)
	cmd.Dir = r.home
	cmd.Env = append([]string{"PATH=" + r.path + ":/usr/bin:/bin", "HOME=" + r.home, "LANG=" + r.locale()}, r.env...)
	cmd.Stdin = strings.NewReader(in)
	both, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		code = exit.ExitCode()
	case err != nil:
		r.Fatal(err)
	}
	return string(both), code
}

// readFile returns a file of the reader's; its path may begin at the home.
func (r *reader) readFile(name string) string {
	r.Helper()
	text, err := os.ReadFile(filepath.Join(r.home, name))
	if err != nil {
		r.Error(err)
	}
	return string(text)
}

// locale returns the locale of a reader of the page's language.
func (r *reader) locale() string {
	if strings.HasSuffix(r.page, ".en.md") {
		return "en_US.UTF-8"
	}
	return "zh_CN.UTF-8"
}
