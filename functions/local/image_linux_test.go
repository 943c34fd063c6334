package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
)

// image is what infra/container/Dockerfile makes, without Docker: the file system in a folder, and how the program is
// started in it.
type image struct {
	*testing.T
	root       string
	user       uint32
	folder     string
	env        []string
	entrypoint []string
}

// certificatesFile is where the recipe takes the web's certificates from.
const certificatesFile = "/etc/ssl/certs/ca-certificates.crt"

// readInstructions returns the instructions of the recipe, each with its continuation lines, without comments.
func readInstructions(t *testing.T) [][2]string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(repository, "infra", "container", "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	var found [][2]string
	for line := range strings.Lines(strings.ReplaceAll(string(text), "\\\n", "")) {
		name, rest, _ := strings.Cut(strings.TrimSpace(line), " ")
		if name != "" && !strings.HasPrefix(name, "#") {
			found = append(found, [2]string{name, strings.TrimSpace(rest)})
		}
	}
	return found
}

// newImage carries out the recipe. The certificates are those of the test and none of this machine.
func newImage(t *testing.T, certificates []byte) *image {
	t.Helper()
	needSeparateRoot(t)
	i := &image{T: t, root: t.TempDir(), folder: "/", env: []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/"}}
	built := t.TempDir()
	if err := os.Chmod(i.root, 0o755); err != nil { //nolint:gosec // the root of a file system
		t.Fatal(err)
	}
	all := readInstructions(t)
	last := slices.IndexFunc(all, func(s [2]string) bool { return s == [2]string{"FROM", "scratch"} })
	if last < 0 {
		t.Fatal("the image is not made from scratch")
	}
	i.buildProgram(all[:last], built)
	sources := map[string]string{certificatesFile: filepath.Join(built, "certificates"), "/out/": built + "/"}
	if err := os.WriteFile(sources[certificatesFile], certificates, 0o644); err != nil { //nolint:gosec // everybody reads it
		t.Fatal(err)
	}
	for _, s := range all[last+1:] {
		i.follow(s[0], s[1], sources)
	}
	return i
}

// needSeparateRoot skips the test where a process cannot be given a root of its own. TEST_IMAGE says that it
// must be possible, as .ci/run does.
func needSeparateRoot(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	probe := exec.CommandContext(t.Context(), "/none")
	probe.SysProcAttr = separateRoot(dir, 65532)
	err := probe.Run()
	if errors.Is(err, fs.ErrNotExist) { // it was looked for in the folder
		return
	}
	text := fmt.Sprintf("NOTHING OF THE CONTAINER WAS TRIED: neither root nor user namespaces here: %v", err)
	if os.Getenv("TEST_IMAGE") != "" {
		t.Fatal(text)
	}
	t.Skip(text)
}

// separateRoot starts a process in a folder as its root, as a user. Without root that is a user namespace, in which the
// user of this test has the number.
func separateRoot(root string, user uint32) *syscall.SysProcAttr {
	s := &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: user, Gid: user}}
	if os.Geteuid() != 0 {
		s.Credential.NoSetGroups = true
		s.Cloneflags = syscall.CLONE_NEWUSER
		s.UidMappings = []syscall.SysProcIDMap{{ContainerID: int(user), HostID: os.Geteuid(), Size: 1}}
		s.GidMappings = []syscall.SysProcIDMap{{ContainerID: int(user), HostID: os.Getegid(), Size: 1}}
	}
	return s
}

// buildProgram copies what the first stage copies, and runs its line that builds.
func (i *image) buildProgram(stage [][2]string, out string) {
	i.Helper()
	source, env := i.TempDir(), append(os.Environ(), "TARGETOS=linux", "TARGETARCH="+runtime.GOARCH)
	for _, s := range stage {
		words := strings.Fields(s[1])
		switch {
		case s[0] == "COPY":
			to := words[len(words)-1]
			for _, from := range words[:len(words)-1] {
				if to == "./" {
					i.copyTree(filepath.Join(repository, from), filepath.Join(source, from))
				} else {
					i.copyTree(filepath.Join(repository, from), filepath.Join(source, to))
				}
			}
		case s[0] == "ARG" && !strings.HasPrefix(s[1], "TARGET"):
			env = append(env, s[1])
		case s[0] == "RUN" && strings.Contains(s[1], "go build"):
			build := exec.CommandContext(i.Context(), "/bin/sh", "-c", strings.ReplaceAll(s[1], "/out", out))
			build.Dir, build.Env = source, env
			if said, err := build.CombinedOutput(); err != nil {
				i.Fatalf("%v: %s", err, said)
			}
		}
	}
}

// copyTree copies a file or a folder.
func (i *image) copyTree(from, to string) {
	i.Helper()
	info, err := os.Stat(from)
	if err != nil {
		i.Fatal(err)
	}
	if info.IsDir() {
		err = os.CopyFS(to, os.DirFS(from))
	} else {
		var text []byte
		text, err = os.ReadFile(from)
		err = errors.Join(err, os.MkdirAll(filepath.Dir(to), 0o755), os.WriteFile(to, text, info.Mode().Perm())) //nolint:gosec // as the files are
	}
	if err != nil {
		i.Fatal(err)
	}
}

// follow carries out an instruction of the last stage. One that it does not know fails the test.
func (i *image) follow(name, rest string, sources map[string]string) {
	i.Helper()
	var err error
	switch name {
	case "COPY":
		i.copyBuilt(rest, sources)
	case "USER":
		user, group, _ := strings.Cut(rest, ":")
		var number uint64
		number, err = strconv.ParseUint(user, 10, 32)
		if user != group || number == 0 {
			i.Errorf("USER %s", rest)
		}
		i.user = uint32(number)
	case "WORKDIR":
		i.folder = rest
	case "ENV":
		i.env = append(i.env, rest)
	case "ENTRYPOINT":
		err = json.Unmarshal([]byte(rest), &i.entrypoint)
	default:
		err = fmt.Errorf("the test does not know %s %s", name, rest)
	}
	if err != nil {
		i.Fatal(err)
	}
}

var fromBuild = regexp.MustCompile(`^--from=build (?:--chown=(\d+):(\d+) )?(\S+) (\S+)$`)

// copyBuilt carries out COPY --from=build.
func (i *image) copyBuilt(rest string, sources map[string]string) {
	i.Helper()
	m := fromBuild.FindStringSubmatch(rest)
	if m == nil {
		i.Fatalf("COPY %s", rest)
	}
	from := ""
	for begin := range maps.Keys(sources) {
		if tail, is := strings.CutPrefix(m[3], begin); is {
			from = sources[begin] + tail
		}
	}
	to := filepath.Join(i.root, m[4])
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil { //nolint:gosec // folders of an image
		i.Fatal(err)
	}
	i.copyTree(from, to)
	if m[1] != "" {
		user, err := strconv.Atoi(m[1])
		if err != nil {
			i.Fatal(err)
		}
		i.own(to, user)
	}
}

// own makes a user the owner of a file. Without root all files are the one user's.
func (i *image) own(name string, user int) {
	i.Helper()
	if os.Geteuid() != 0 {
		return
	}
	if err := os.Lchown(name, user, user); err != nil {
		i.Fatal(err)
	}
}

// mount puts a file at a path of the image, with the owner and the mode that it has.
func (i *image) mount(file, at string) {
	i.Helper()
	to := filepath.Join(i.root, at)
	err := errors.Join(os.MkdirAll(filepath.Dir(to), 0o755), os.RemoveAll(to), os.Link(file, to)) //nolint:gosec // folders of an image
	if err != nil {
		i.Fatal(err)
	}
}

// run starts the program as a user with more variables and arguments, and returns its exit code and all that it said.
func (i *image) run(user uint32, env []string, args ...string) (code int, said string) {
	i.Helper()
	cmd := exec.CommandContext(i.Context(), i.entrypoint[0], append(i.entrypoint[1:], args...)...)
	cmd.Dir, cmd.Env, cmd.SysProcAttr = i.folder, append(slices.Clone(i.env), env...), separateRoot(i.root, user)
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		i.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// written lists the files of the image outside a folder.
func (i *image) written(outside string) []string {
	i.Helper()
	var found []string
	err := filepath.WalkDir(i.root, func(name string, d fs.DirEntry, err error) error {
		rel, _ := filepath.Rel(i.root, name)
		if err == nil && "/"+rel == outside {
			return fs.SkipDir
		}
		if err == nil && !d.IsDir() {
			found = append(found, "/"+rel)
		}
		return err
	})
	if err != nil {
		i.Fatal(err)
	}
	return found
}
