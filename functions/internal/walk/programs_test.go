package walk

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// binaries are our programs, built as the Makefile says, each once for all walks.
type binaries struct {
	*testing.T // of all walks

	dir   string
	mu    sync.Mutex
	built map[string]string
}

func newBinaries(t *testing.T) *binaries {
	t.Helper()
	return &binaries{T: t, dir: t.TempDir(), built: map[string]string{}}
}

// build returns the program of a package of this repository.
func (b *binaries) build(pkg string) string {
	b.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.built[pkg] == "" {
		dir := filepath.Join(b.dir, strings.ReplaceAll(pkg, "/", "-"))
		if err := os.MkdirAll(dir, 0o700); err != nil {
			b.Error(err)
		}
		file, err := runtimetest.Build(b.Context(), dir, "github.com/jms-sync/jms-sync/"+pkg, runtimetest.Flags{LDFlags: []string{"-X main.version=v0.0.0-walk"}})
		if err != nil {
			b.Error(err)
		}
		b.built[pkg] = file
	}
	return b.built[pkg]
}

// pack returns the package of a function, made by our packer; one program is packed once.
func (b *binaries) pack(program string) (string, error) {
	packer := b.build("infra/pack")
	b.mu.Lock()
	defer b.mu.Unlock()
	info, err := os.Stat(program)
	if err != nil {
		return "", err
	}
	file := filepath.Join(b.dir, fmt.Sprintf("%d.zip", info.Size()))
	if b.built[file] != "" {
		return file, nil
	}
	out, err := exec.CommandContext(b.Context(), packer, "function", "-o", file, "-epoch", "315532800", program).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("%w: %s", err, out)
	}
	b.built[file] = file
	return file, nil
}

// runGit knows how to clone this repository, which has no history then.
func (w *world) runGit(c call) answer {
	if len(c.Args) == 3 && c.Args[0] == "clone" && c.Args[1] == repositoryURL {
		if err := w.clone(filepath.Join(c.Dir, c.Args[2])); err != nil {
			return w.refuse(c, err.Error())
		}
		return answer{Err: "Cloning into '" + c.Args[2] + "'...\n"}
	}
	return answer{Err: "fatal: not a git repository\n", Code: 128}
}

const repositoryURL = "https://git.example.com/team/jms-sync.git"

// clone makes a working copy: its folders lead to this repository, what the commands of a page may change is a copy.
func (w *world) clone(to string) error {
	top, err := filepath.Abs(repository)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(to, "infra"), 0o700); err != nil {
		return err
	}
	for _, name := range []string{"core", "functions", "docs", "go.mod", "go.sum"} {
		if err := os.Symlink(filepath.Join(top, name), filepath.Join(to, name)); err != nil {
			return err
		}
	}
	for _, name := range []string{"Makefile", "s.yaml"} {
		text, err := os.ReadFile(filepath.Join(top, name))
		if err == nil {
			err = os.WriteFile(filepath.Join(to, name), text, 0o600)
		}
		if err != nil {
			return err
		}
	}
	return os.CopyFS(filepath.Join(to, "infra"), withoutBinaries{os.DirFS(filepath.Join(top, "infra"))})
}

// withoutBinaries is a folder of the repository as git has it.
type withoutBinaries struct{ fs.FS }

// ReadDir leaves out what git ignores.
func (f withoutBinaries) ReadDir(name string) ([]fs.DirEntry, error) {
	all, err := fs.ReadDir(f.FS, name)
	return slices.DeleteFunc(all, func(e fs.DirEntry) bool {
		return strings.HasPrefix(e.Name(), ".terraform") || !e.IsDir() && !e.Type().IsRegular()
	}), err
}

var buildLine = regexp.MustCompile(`^build -trimpath -tags lambda\.norpc(?:,nethttpomithttp2)? -ldflags -s -w -X main\.version=\S+(?: -funcalign=8)? -o (\S+) \./(functions/[a-z-]+)$`)

var packLine = regexp.MustCompile(`^run \./infra/pack function -o (dist/[a-z-]+\.zip) -epoch \d+ (dist/[a-z-]+/bootstrap)$`)

// runGo builds our programs, and packs them by our packer. It takes the Makefile's words only.
func (w *world) runGo(c call) answer {
	line := strings.Join(c.Args, " ")
	if m := buildLine.FindStringSubmatch(line); m != nil {
		isFunction := m[2] != "functions/local"
		if c.variable("CGO_ENABLED") != "0" || isFunction && (c.variable("GOOS") != "linux" || c.variable("GOARCH") != "amd64") {
			return w.refuse(c, "not a static build for what runs it")
		}
		if m[2] == "functions/lambda" || m[2] == "functions/functiongraph" {
			m[2] = "functions/fc-event" // no page starts them, and linking takes seconds
		}
		return w.copyProgram(c, w.binaries.build(m[2]), filepath.Join(c.Dir, m[1]))
	}
	if m := packLine.FindStringSubmatch(line); m != nil {
		packed, err := w.binaries.pack(filepath.Join(c.Dir, m[2]))
		if err != nil {
			return w.refuse(c, err.Error())
		}
		return w.copyProgram(c, packed, filepath.Join(c.Dir, m[1]))
	}
	if line == "test -trimpath -tags lambda.norpc ./..." {
		return answer{Out: "ok  \tgithub.com/jms-sync/jms-sync/core\n"}
	}
	return w.refuse(c, "the walk does not know this command")
}

func (w *world) copyProgram(c call, from, to string) answer {
	_ = os.Remove(to)
	if err := os.Link(from, to); err == nil {
		return answer{}
	}
	text, err := os.ReadFile(from)
	if err == nil {
		err = os.WriteFile(to, text, 0o700) //nolint:gosec // a program
	}
	if err != nil {
		return w.refuse(c, err.Error())
	}
	return answer{}
}
