// Command pack writes the packages of functions, and the archives, the formula and the notes of a release. The same files make the same bytes on
// every machine: names, order, modes and times are set here, and none is taken from the disk.
package main

import (
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

const usage = `usage:
  pack function -o F.zip [-arch amd64] [-epoch S] BOOTSTRAP   the package of a function, after a check of its program
  pack archive -o F.zip|F.tar.gz -root NAME [-epoch S] FILE… a release's archive; FILE may be FILE=NAME-IN-ARCHIVE
  pack formula -o F.rb -version V FILE…                       Homebrew's formula of the archives for macOS and Linux
  pack notes -o F.md -version V CHANGELOG.md                  what the changelog says of a version
  pack sums -o SHA256SUMS FILE…                               as sha256sum -c reads them`

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "pack:", err)
		os.Exit(1)
	}
}

func run(args []string, stdout io.Writer) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	out := flags.String("o", "", "")
	arch := flags.String("arch", "amd64", "")
	root := flags.String("root", "", "")
	version := flags.String("version", "", "")
	epoch := flags.Int64("epoch", zipEpoch().Unix(), "")
	if err := flags.Parse(args[1:]); err != nil {
		return fmt.Errorf("%w\n%s", err, usage)
	}
	if *out == "" || flags.NArg() == 0 {
		return errors.New(usage)
	}
	// A zip has no time before 1980, and only even seconds.
	at := time.Unix(*epoch, 0).UTC().Truncate(2 * time.Second)
	if at.Before(zipEpoch()) {
		at = zipEpoch()
	}
	switch args[0] {
	case "function":
		return packFunction(*out, flags.Args(), *arch, at, stdout)
	case "archive":
		entries, err := listEntries(*root, flags.Args())
		if err != nil {
			return err
		}
		return writeArchive(*out, entries, at)
	case "formula":
		return writeFormula(*out, *version, flags.Args())
	case "notes":
		if flags.NArg() != 1 {
			return errors.New(usage)
		}
		return writeNotes(*out, *version, flags.Arg(0))
	case "sums":
		return writeChecksums(*out, flags.Args())
	}
	return errors.New(usage)
}

// zipEpoch returns the earliest time that a zip can hold.
func zipEpoch() time.Time { return time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC) }

// listEntries returns the entries of FILE or FILE=NAME, sorted by name, below the folder root.
func listEntries(root string, files []string) ([]entry, error) {
	if root == "" || strings.ContainsAny(root, `/\`) {
		return nil, errors.New("-root: the name of one folder is needed")
	}
	var entries []entry
	for _, file := range files {
		from, name, named := strings.Cut(file, "=")
		if !named {
			name = filepath.Base(from)
		}
		info, err := os.Stat(from)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s is no file", from)
		}
		entries = append(entries, entry{name: root + "/" + name, from: from, program: isProgram(name)})
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	for i := 1; i < len(entries); i++ {
		if entries[i].name == entries[i-1].name {
			return nil, fmt.Errorf("%s is there twice", entries[i].name)
		}
	}
	return entries, nil
}

// isProgram reports by its name whether a file is a program. The mode on disk means nothing on Windows.
func isProgram(name string) bool {
	base := filepath.Base(name)
	return base == "jms-sync" || base == "jms-sync.exe" || base == "bootstrap"
}

// writeChecksums writes the SHA-256 of files, sorted by name.
func writeChecksums(out string, files []string) error {
	slices.SortFunc(files, func(a, b string) int { return strings.Compare(filepath.Base(a), filepath.Base(b)) })
	var text strings.Builder
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		fmt.Fprintf(&text, "%x  %s\n", sha256.Sum256(data), filepath.Base(file))
	}
	return os.WriteFile(out, []byte(text.String()), 0o644)
}
