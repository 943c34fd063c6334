// Command mutants proves that the rules against wrong removals are tested: it breaks each of them in a copy of its
// file, and runs the test that is named for it, which must fail. Nothing in the working tree changes: the compiler reads
// the copies in place of the files (go test -overlay).
//
//	go run ./infra/mutants            all of them
//	go run ./infra/mutants clock      those whose name holds this text
//
// It exits with 1 if a mutant survives: if its test passes although the rule is broken. First every named test is run
// on the code as it is: one that fails there proves nothing.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	filter := ""
	if len(os.Args) > 1 {
		filter = os.Args[1]
	}
	if err := run(ctx, filter); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, filter string) error {
	chosen := slices.DeleteFunc(allMutants(), func(m mutant) bool { return !strings.Contains(m.name, filter) })
	if len(chosen) == 0 {
		return fmt.Errorf("no mutant's name holds %q", filter)
	}
	dir, err := os.MkdirTemp("", "mutants")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := checkUnbroken(ctx, chosen); err != nil {
		return err
	}
	survived := 0
	for _, m := range chosen {
		started := time.Now()
		verdict, err := runMutant(ctx, dir, m)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		if verdict == survives {
			survived++
		}
		fmt.Printf("%-9s %-34s %s %s (%.1f s)\n", verdict, m.name, m.pkg, m.test, time.Since(started).Seconds())
	}
	fmt.Printf("%d of %d mutants caught\n", len(chosen)-survived, len(chosen))
	if survived > 0 {
		return fmt.Errorf("%d survived: these rules can be broken unnoticed", survived)
	}
	return nil
}

// verdict is what a named test made of a mutant.
type verdict string

const (
	caught   verdict = "caught"
	survives verdict = "SURVIVES"
)

// checkUnbroken runs the named tests on the code as it is, package by package.
func checkUnbroken(ctx context.Context, chosen []mutant) error {
	tests := map[string][]string{}
	for _, m := range chosen {
		if !slices.Contains(tests[m.pkg], m.test) {
			tests[m.pkg] = append(tests[m.pkg], m.test)
		}
	}
	for pkg, names := range tests {
		out, err := runTests(ctx, pkg, names, "")
		for _, name := range names {
			if !hasPassed(out, name) {
				return fmt.Errorf("%s %s fails, or is not run, on the code as it is: %w\n%s", pkg, name, err, out)
			}
		}
	}
	return nil
}

// runMutant breaks one rule and runs its test. Only the named test's own failure counts: what does not compile is an
// error.
func runMutant(ctx context.Context, dir string, m mutant) (verdict, error) {
	source, err := os.ReadFile(m.file)
	if err != nil {
		return "", err
	}
	broken, err := m.breakRule(string(source))
	if err != nil {
		return "", err
	}
	overlay, err := writeOverlay(dir, m.file, broken)
	if err != nil {
		return "", err
	}
	out, err := runTests(ctx, m.pkg, []string{m.test}, overlay)
	switch {
	case ctx.Err() != nil:
		return "", ctx.Err()
	case hasFailed(out, m.test):
		return caught, nil
	case err == nil && hasPassed(out, m.test):
		return survives, nil
	}
	return "", fmt.Errorf("the test neither passed nor failed: %w\n%s", err, out)
}

// writeOverlay writes a broken file and the overlay that names it into dir, and returns the overlay's path.
func writeOverlay(dir, file, broken string) (overlay string, err error) {
	original, err := filepath.Abs(file)
	if err != nil {
		return "", err
	}
	copied, overlay := filepath.Join(dir, filepath.Base(file)), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(copied, []byte(broken), 0o600); err != nil {
		return "", err
	}
	text, err := json.Marshal(map[string]map[string]string{"Replace": {original: copied}})
	if err != nil {
		return "", err
	}
	return overlay, os.WriteFile(overlay, text, 0o600)
}

// runTests runs some tests of a package as `make test` does.
func runTests(ctx context.Context, pkg string, names []string, overlay string) (out string, err error) {
	args := []string{"test", "-trimpath", "-tags", "lambda.norpc", "-v", "-count=1", "-timeout", "5m"}
	if overlay != "" {
		args = append(args, "-overlay", overlay)
	}
	args = append(args, "-run", "^("+strings.Join(names, "|")+")$", pkg)
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	text, err := cmd.CombinedOutput()
	return string(text), err
}

func hasPassed(out, name string) bool { return hasEnded(out, "PASS", name) }

// hasFailed reports whether a test failed by itself, or with a panic while it ran.
func hasFailed(out, name string) bool {
	started := regexp.MustCompile(`(?m)^=== RUN\s+` + name + `$`).MatchString(out)
	return hasEnded(out, "FAIL", name) || started && strings.Contains(out, "\npanic: ")
}

func hasEnded(out, how, name string) bool {
	return regexp.MustCompile(`(?m)^--- ` + how + `: ` + name + ` \(`).MatchString(out)
}
