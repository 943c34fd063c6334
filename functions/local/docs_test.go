package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

const repository = "../.."

var (
	fence  = regexp.MustCompile("(?ms)^ *```([a-z]*)\n(.*?)^ *```$")
	inline = regexp.MustCompile("`([^`\n]+)`")
	// command matches jms-sync where a shell takes it for a program, not where it is an argument.
	command = regexp.MustCompile(`(?:^|&&|;|\|) *(?:[A-Z_0-9]+=\S+ +)*(?:bin/)?jms-sync((?: +[^\s|&;>)#]+)*)(?:\s|$)`)
)

// readDocuments returns every document for people, by its path from the top of the repository.
func readDocuments(t *testing.T) map[string]string {
	t.Helper()
	found := map[string]string{}
	for _, pattern := range []string{"README.md", "docs/*.md", "infra/README*.md"} {
		files, err := filepath.Glob(filepath.Join(repository, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files, %v", pattern, len(files), err)
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name, _ := filepath.Rel(repository, file)
			found[filepath.ToSlash(name)] = string(text)
		}
	}
	return found
}

// commandLines returns the command lines of jms-sync in a document, each as its arguments.
func commandLines(document string) [][]string {
	var found [][]string
	add := func(text string, whole bool) {
		for _, m := range command.FindAllStringSubmatch(text, -1) {
			if args := strings.Fields(m[1]); len(args) > 0 || whole {
				found = append(found, args)
			}
		}
	}
	for _, block := range fence.FindAllStringSubmatch(document, -1) {
		if block[1] == "sh" || block[1] == "console" {
			for line := range strings.Lines(block[2]) {
				text, isCommand := strings.CutPrefix(line, "$ ")
				if block[1] == "console" && !isCommand {
					continue
				}
				add(text, true)
			}
		}
	}
	for _, span := range inline.FindAllStringSubmatch(fence.ReplaceAllString(document, ""), -1) {
		if strings.HasPrefix(span[1], "jms-sync ") || strings.HasPrefix(span[1], "bin/jms-sync") {
			add(span[1], true)
		}
	}
	return found
}

// TestDocumentedCommands: every subcommand and flag that a document names is in the command tree.
func TestDocumentedCommands(t *testing.T) {
	t.Parallel()
	checked := 0
	for name, document := range readDocuments(t) {
		for _, args := range commandLines(document) {
			if err := findUnknownPart(args); err != nil {
				t.Errorf("%s: jms-sync %s: %v", name, strings.Join(args, " "), err)
			}
			checked++
		}
	}
	if checked < 20 {
		t.Errorf("only %d commands were found in all documents: the search is broken", checked)
	}
}

// findUnknownPart returns an error that names what the program does not have of a command line.
func findUnknownPart(args []string) error {
	root := rootCommand(newOptions(io.Discard), io.Discard, io.Discard)
	cmd, rest, err := root.Find(args)
	if err != nil {
		return err
	}
	if cmd == root && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
		return errors.New("no such subcommand")
	}
	for _, arg := range rest {
		arg, _, _ = strings.Cut(arg, "=")
		if strings.HasPrefix(arg, "-") && len(arg) > 1 && !hasFlag(cmd, arg) {
			return fmt.Errorf("no flag %s", arg)
		}
	}
	return nil
}

func hasFlag(cmd *cobra.Command, arg string) bool {
	if name, long := strings.CutPrefix(arg, "--"); long {
		return cmd.Flag(name) != nil || name == "help"
	}
	cmd.InheritedFlags() // adds those of the root
	return cmd.Flags().ShorthandLookup(arg[1:2]) != nil
}

// TestDocumentCheckBites: what is wrong is found, and what is right is not.
func TestDocumentCheckBites(t *testing.T) {
	t.Parallel()
	const document = "`jms-sync plan --everything` and `jms-sync paln`, not jms-sync here.\n```sh\nX=1 bin/jms-sync -o r.json   # fine\nbin/jms-sync plan -q\n```\n"
	var wrong []string
	all := commandLines(document)
	for _, args := range all {
		if findUnknownPart(args) != nil {
			wrong = append(wrong, strings.Join(args, " "))
		}
	}
	slices.Sort(wrong)
	if got := strings.Join(wrong, ","); len(all) != 4 || got != "paln,plan --everything,plan -q" {
		t.Errorf("%q: wrong are %q", all, got)
	}
}
