package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/jms-sync/jms-sync/core/language"
)

// document is what -o writes: the results of a run, or of events.
type document interface{ JSON(w io.Writer) error }

// outputFile is the file of -o; "" = none.
type outputFile string

// checkWritable returns an error if the file cannot be written, so that a mistake in -o is reported before a run begins.
func (o outputFile) checkWritable(lang language.Lang) error {
	if o == "" || o.isSpecial() {
		return nil
	}
	if info, err := os.Stat(string(o)); err == nil && info.IsDir() {
		return errors.New(lang.Textf("--output: %s 是目录", "--output: %s is a directory", string(o)))
	}
	probe, err := os.CreateTemp(filepath.Dir(o.target()), ".jms-sync-*")
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	return errors.Join(probe.Close(), os.Remove(probe.Name()))
}

// write writes the results document into the file, whole or not at all.
func (o outputFile) write(r document) error {
	if o == "" {
		return nil
	}
	err := o.replaceFile(r)
	if err != nil {
		return fmt.Errorf("--output: %w", err)
	}
	return nil
}

func (o outputFile) replaceFile(r document) error {
	if o.isSpecial() {
		file, err := os.OpenFile(string(o), os.O_WRONLY, 0)
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
func (o outputFile) isSpecial() bool {
	info, err := os.Stat(string(o))
	return err == nil && !info.Mode().IsRegular() && !info.IsDir()
}

// target returns the file itself where the name is a link to it.
func (o outputFile) target() string {
	if file, err := filepath.EvalSymlinks(string(o)); err == nil {
		return file
	}
	return string(o)
}
