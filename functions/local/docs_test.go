package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
)

const repository = "../.."

var (
	fence  = regexp.MustCompile("(?ms)^ *```([a-z]*)\n(.*?)^ *```$")
	inline = regexp.MustCompile("`([^`\n]+)`")
	// command matches jms-sync where a shell takes it for a program, not where it is an argument.
	command     = regexp.MustCompile(`(?:^|&&|;|\|) *(?:[A-Z_0-9]+=\S+ +)*(?:bin/)?jms-sync((?: +[^\s|&;>)#]+)*)(?:\s|$)`)
	placeholder = regexp.MustCompile(`(?m)^export (\w+)='<[^>]*>'$`)
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
		if block[1] == "sh" {
			for line := range strings.Lines(block[2]) {
				add(line, true)
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

// TestQuickStart executes the quick start's commands as they are, by a shell, in an empty folder, against emulators.
// Programs that are not ours are only recorded (make runs in CI itself).
func TestQuickStart(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ file, created, nothing, done string }{
		{"quickstart.md", "云上新增的实例", "没有需要处理的资产。", "同步完成"},
		{"quickstart.en.md", "new in the cloud", "Nothing to be done.", "done"},
	} {
		t.Run(c.file, func(t *testing.T) {
			t.Parallel()
			d := newDesk(t)
			d.fillInstances(3, "cn-hangzhou")
			calls := d.installStubs("make")
			blocks := d.shellBlocks(d.readFile(filepath.Join(repository, "docs", c.file)))
			if len(blocks) != 4 {
				t.Fatalf("%d blocks of commands, want demo, plan, sync and deploy", len(blocks))
			}
			d.runShellBlock(blocks[0])
			if out := d.runShellBlock(blocks[1]); strings.Count(out, c.created) != 3 {
				t.Errorf("the plan does not show 3 new assets:\n%s", out)
			}
			if n := d.JMS.Writes() + d.Robot.Calls(); n > 0 || len(d.Hosts()) > 0 {
				t.Errorf("the plan wrote or told %d times", n)
			}
			out := d.runShellBlock(blocks[2])
			if len(d.Hosts()) != 3 || !strings.Contains(out, c.done) || strings.Count(out, c.nothing) != 1 {
				t.Errorf("%d hosts; want a sync, then an empty plan:\n%s", len(d.Hosts()), out)
			}
			d.addQuickRobot(c.file)
			text, err := os.ReadFile(filepath.Join(repository, "s.yaml"))
			if err != nil {
				t.Fatal(err)
			}
			d.saveFile("s.yaml", string(text))
			d.runShellBlock(blocks[3])
			d.fireQuickTimer()
			if got := d.readFile(calls); got != "make demo\nmake build\nmake deploy\n" {
				t.Errorf("make was called:\n%s", got)
			}
			if env := d.readFile(filepath.Join(d.dir, ".env")); strings.Count(env, "JMS_SYNC_") != 2 {
				t.Errorf(".env is\n%s", env)
			}
		})
	}
}

// installStubs puts programs into the desk's folder that record how they are called, and bin/jms-sync, which is this
// test's own program (see TestMain).
func (d *desk) installStubs(names ...string) (calls string) {
	d.Helper()
	exe, err := os.Executable()
	if err != nil {
		d.Fatal(err)
	}
	calls = d.saveFile("calls", "")
	scripts := map[string]string{"jms-sync": fmt.Sprintf("exec %q --retries=1 \"$@\"", exe)}
	for _, name := range names {
		scripts[name] = fmt.Sprintf("echo %s \"$@\" >>%q", name, calls)
	}
	if err := os.MkdirAll(filepath.Join(d.dir, "bin"), 0o700); err != nil {
		d.Fatal(err)
	}
	for name, text := range scripts {
		if err := os.Chmod(d.saveFile("bin/"+name, "#!/bin/sh\n"+text+"\n"), 0o700); err != nil { //nolint:gosec // a program of the test's own
			d.Fatal(err)
		}
	}
	return calls
}

// shellBlocks returns the blocks of commands of a document, with the desk's values in place of the placeholders that a
// reader fills in.
func (d *desk) shellBlocks(document string) []string {
	values := map[string]string{
		"JMS_KEY_ID": jumpservertest.KeyID, "JMS_KEY_SECRET": d.keySecret,
		"ALIYUN_KEY_ID": functiontest.CloudKey, "ALIYUN_KEY_SECRET": functiontest.CloudSecret,
	}
	var blocks []string
	for _, m := range fence.FindAllStringSubmatch(document, -1) {
		if m[1] == "sh" {
			blocks = append(blocks, placeholder.ReplaceAllStringFunc(m[2], func(line string) string {
				name := placeholder.FindStringSubmatch(line)[1]
				if values[name] == "" {
					d.Errorf("the test has no value for %s", name)
				}
				return fmt.Sprintf("export %s='%s'", name, values[name])
			}))
		}
	}
	return blocks
}

// runShellBlock runs a block in the desk's folder, with what the reader exported in earlier blocks. The document does
// not know the addresses of the emulators.
func (d *desk) runShellBlock(block string) string {
	d.Helper()
	before := d.saveFile("before", "")
	if _, err := os.Stat(filepath.Join(d.dir, "exports")); err == nil {
		before = filepath.Join(d.dir, "exports")
	}
	cmd := exec.CommandContext(d.Context(), "bash", "-euo", "pipefail", "-c", ". "+before+"\n"+block+"\nexport -p >exports")
	cmd.Dir = d.dir
	cmd.Env = []string{
		"PATH=" + filepath.Join(d.dir, "bin") + ":" + os.Getenv("PATH"), "HOME=" + d.dir,
		"JMS_SYNC_JUMPSERVER_URL=" + d.JumpServerURL, "JMS_SYNC_CLOUDS_0_ENDPOINT=" + d.CloudURL,
	}
	var log strings.Builder
	cmd.Stderr = &log
	out, err := cmd.Output()
	if err != nil {
		d.Errorf("%v\n%s\n%s%s", err, block, out, &log)
	}
	for _, word := range []string{d.keySecret, functiontest.CloudSecret} {
		if strings.Contains(string(out)+log.String(), word) {
			d.Errorf("%q is printed:\n%s%s", word, out, &log)
		}
	}
	return string(out)
}
