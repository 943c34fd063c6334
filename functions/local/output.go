package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/report/page"
)

// document is what -o writes: the results of a run, or of events.
type document interface{ JSON(w io.Writer) error }

// outputFile is where -o writes to.
type outputFile struct {
	name    string    // "" = nowhere, "-" = standard output
	stdout  io.Writer // of the program
	written bool
	page    page.Options // how a page is written, if the name asks for one
}

// standardOutput is the name of -o that means standard output.
const standardOutput = "-"

// isSet reports whether there is a place to write to.
func (o *outputFile) isSet() bool { return o.name != "" }

// isStandardOutput reports whether the document goes to standard output, which then has nothing else.
func (o *outputFile) isStandardOutput() bool { return o.name == standardOutput }

// checkWritable returns an error if the file cannot be written, so that a mistake in -o is reported before a run begins.
func (o *outputFile) checkWritable(lang language.Lang) error {
	if !o.isSet() || o.isStandardOutput() || o.isSpecial() {
		return nil
	}
	if info, err := os.Stat(o.name); err == nil && info.IsDir() {
		return errors.New(lang.Textf("--output: %s 是目录", "--output: %s is a directory", o.name))
	}
	probe, err := os.CreateTemp(filepath.Dir(o.target()), ".jms-sync-*")
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// write writes the results document into the file, whole or not at all.
func (o *outputFile) write(r document) error {
	if !o.isSet() {
		return nil
	}
	o.written = true
	err := o.replaceFile(o.asNamed(r))
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	return nil
}

func (o *outputFile) replaceFile(r document) error {
	if o.isStandardOutput() {
		return r.JSON(o.stdout)
	}
	if o.isSpecial() {
		file, err := os.OpenFile(o.name, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(r.JSON(file), file.Close())
	}
	file, err := os.CreateTemp(filepath.Dir(o.target()), ".jms-sync-*")
	if err != nil {
		return err
	}
	defer os.Remove(file.Name())
	if err := errors.Join(r.JSON(file), file.Chmod(0o644), file.Close()); err != nil {
		return err
	}
	return os.Rename(file.Name(), o.target())
}

// isSpecial reports whether the name is a pipe or a device, such as /dev/stdout or /dev/null: those are written to,
// whereas a file is replaced.
func (o *outputFile) isSpecial() bool {
	info, err := os.Stat(o.name)
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// target returns the file itself where the name is a link to it.
func (o *outputFile) target() string {
	if file, err := filepath.EvalSymlinks(o.name); err == nil {
		return file
	}
	return o.name
}

// resultsAnnotation marks the commands whose -o holds results.
const resultsAnnotation = "results"

// markResults marks the commands whose -o holds results: what an earlier run wrote there does not outlive a command that
// fails. Those of labels clean are another document than those of runs.
func markResults(root *cobra.Command) {
	root.Annotations = map[string]string{resultsAnnotation: "run"}
	for _, cmd := range root.Commands() {
		switch cmd.Name() {
		case "plan", "apply", "adopt", "release", "retire", "reactivate", "event":
			cmd.Annotations = map[string]string{resultsAnnotation: "run"}
		case "labels":
			for _, clean := range cmd.Commands() {
				clean.Annotations = map[string]string{resultsAnnotation: "labels"}
			}
		}
	}
}

// replaceEarlier replaces the results of an earlier run where a command ended without a document of its own: by one that
// says why, or, where that cannot be written, by none. Whoever reads the file must not take yesterday's success for
// today's.
func (o *outputFile) replaceEarlier(cmd *cobra.Command, args []string, why error, now time.Time) {
	if !o.isSet() {
		o.name = outputIn(args)
	}
	if o.written || !o.isSet() || cmd == nil || cmd.Annotations[resultsAnnotation] == "" {
		return
	}
	if cmd.Annotations[resultsAnnotation] == "run" && o.write(report.NewUnstartedReport(now, why)) == nil {
		return
	}
	if info, err := os.Stat(o.name); err == nil && info.Mode().IsRegular() {
		_ = os.Remove(o.target())
	}
}

// outputIn returns what -o names in a command line whose flags could not be read.
func outputIn(args []string) string {
	for n, arg := range args {
		for _, flag := range []string{"--output", "-o"} {
			rest, found := strings.CutPrefix(arg, flag)
			switch {
			case !found:
			case rest == "" && n+1 < len(args):
				return args[n+1]
			case strings.HasPrefix(rest, "="):
				return rest[1:]
			case flag == "-o":
				return rest
			}
		}
	}
	return ""
}

// screen is where a command prints for people: standard output, or standard error while standard output has the document
// of -o.
type screen struct {
	stdout, stderr io.Writer
	output         *outputFile
}

// Write implements io.Writer.
func (s screen) Write(text []byte) (int, error) { return s.stream().Write(text) }

// stream returns where it prints.
func (s screen) stream() io.Writer {
	if s.output.isStandardOutput() {
		return s.stderr
	}
	return s.stdout
}
