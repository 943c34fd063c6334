package main

import (
	"encoding/pem"
	"errors"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
)

// newTLSDesk returns a desk whose services speak TLS only, and the certificate that they are trusted by.
func newTLSDesk(t *testing.T) (d *desk, certificates []byte) {
	t.Helper()
	d = newDesk(t)
	for _, at := range []*string{&d.JumpServerURL, &d.CloudURL, &d.Webhook} {
		to, err := url.Parse(*at)
		if err != nil {
			t.Fatal(err)
		}
		server := httptest.NewTLSServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
			r.Out.URL.Scheme, r.Out.URL.Host, r.Out.Host = "http", to.Host, r.In.Host
		}})
		t.Cleanup(server.Close)
		*at = strings.Replace(*at, "http://"+to.Host, server.URL, 1)
		certificates = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	}
	return d, certificates
}

// saveFor writes a file as a user has it.
func (d *desk) saveFor(user int, mode os.FileMode, name, text string) string {
	d.Helper()
	file := d.saveFile(name, text)
	err := os.Chmod(file, mode)
	if os.Geteuid() == 0 {
		err = errors.Join(err, os.Chown(file, 0, user))
	}
	if err != nil {
		d.Fatal(err)
	}
	return file
}

// TestContainer runs the image's program with nothing but the image's files: as its own user, with the configuration as a
// Secret of Kubernetes is mounted, the certificates of the image and the zones of the program.
func TestContainer(t *testing.T) {
	t.Parallel()
	_, certificates := newTLSDesk(t) // those of all servers of tests
	i := newImage(t, certificates)
	t.Run("a Secret", func(t *testing.T) {
		i.runWithSecret(t)
	})
	for _, document := range []string{"infra/README.md", "infra/README.en.md"} {
		t.Run(document, func(t *testing.T) {
			i.walkDocument(t, document)
		})
	}
	d, _ := newTLSDesk(t)
	i.mount(d.saveFor(int(i.user), 0o440, "secret.yaml", d.readFile(d.writeConfig())), "/config.yaml")
	if err := os.WriteFile(filepath.Join(i.root, certificatesFile), nil, 0o644); err != nil { //nolint:gosec // as it was
		t.Fatal(err)
	}
	if code, said := i.run(i.user, nil, "-c", "/config.yaml", "-r", "1"); code != exitFailed || !strings.Contains(said, "certificate") {
		t.Errorf("without certificates: exit code %d: %s", code, said)
	}
}

// runWithSecret makes a run as a pod does.
func (i *image) runWithSecret(t *testing.T) {
	d, _ := newTLSDesk(t)
	if i.user != 65532 {
		t.Fatalf("user %d", i.user)
	}
	d.fillInstances(3, "cn-beijing")
	text := strings.Replace(d.readFile(d.writeConfig()), "log: {", "timezone: America/Lima\nlog: {level: info} #", 1)
	i.mount(d.saveFor(int(i.user), 0o440, "secret.yaml", text), "/config.yaml")
	before := i.written("/state")
	state := []string{"JMS_SYNC_STATE=file:///state"}
	code, said := i.run(i.user, state, "-c", "/config.yaml", "-o", "/state/results.json")
	if code != exitDone || len(d.Hosts()) != 3 {
		t.Fatalf("exit code %d, %d hosts: %s", code, len(d.Hosts()), said)
	}
	if !strings.Contains(said, `"level":"INFO"`) || !strings.Contains(d.wantCards(1), "-05:00") && !strings.Contains(said, "-05:00") {
		t.Errorf("neither JSON nor the zone of the configuration: %s", said)
	}
	if code, said := i.run(i.user, state, "-c", "/config.yaml", "status"); code != exitDone {
		t.Errorf("exit code %d: the state of the run before is not there: %s", code, said)
	}
	if after := i.written("/state"); !slices.Equal(after, before) {
		t.Errorf("files before %v, after %v", before, after)
	}
	if left, err := os.ReadDir(filepath.Join(i.root, "state", "servers")); err != nil || len(left) != 1 {
		t.Errorf("no state: %v", err)
	}
	d.WantNoSecrets("the output", said)
}

// dockerRun is a docker run of a document.
type dockerRun struct {
	user    bool // that of whoever types it
	envFile string
	mounts  map[string]string // in the image → on the machine
	env     []string
	args    []string
}

// readDockerRun returns the docker run of a document.
func readDockerRun(t *testing.T, name string) dockerRun {
	t.Helper()
	line := regexp.MustCompile(`(?m)^docker run (.*)$`).FindStringSubmatch(readDocuments(t)[name])
	if line == nil {
		t.Fatalf("%s has no docker run", name)
	}
	run := dockerRun{mounts: map[string]string{}}
	words := strings.Fields(strings.ReplaceAll(line[1], `"`, ""))
	for n := 0; n < len(words); n++ {
		switch words[n] {
		case "--rm":
		case "--user":
			run.user = words[n+1]+words[n+2] == "$(id-u):$(id" && words[n+3] == "-g)"
			n += 3
		case "--env-file":
			run.envFile = words[n+1]
			n++
		case "-v":
			from, to, _ := strings.Cut(strings.TrimSuffix(words[n+1], ":ro"), ":")
			run.mounts[to] = strings.TrimPrefix(from, "$PWD/")
			n++
		case "-e":
			run.env = append(run.env, words[n+1])
			n++
		case "jms-sync":
			run.args = words[n+1:]
			return run
		default:
			t.Fatalf("%s: docker run %s is not known here", name, words[n])
		}
	}
	t.Fatalf("%s: docker run names no image", name)
	return run
}

// beginner is who makes a configuration by init on the machine and gives it to the container.
const beginner = 1234

// initOnMachine runs the image's program outside the image: as the beginner, trusting the certificates.
func (i *image) initOnMachine(d *desk, env []string) {
	i.Helper()
	args := []string{"init", "--url", d.JumpServerURL, "--org", "DEFAULT", "--no-plan", "--cloud",
		"type=aliyun,name=prod,key-env=MY_CLOUD_ID,secret-env=MY_CLOUD_SECRET,regions=cn-beijing,endpoint=" + d.CloudURL}
	cmd := exec.CommandContext(i.Context(), filepath.Join(i.root, "jms-sync"), append([]string{"--no-log-file"}, args...)...)
	cmd.Dir, cmd.Env = d.dir, append(env, "SSL_CERT_FILE="+filepath.Join(i.root, certificatesFile))
	if os.Geteuid() == 0 {
		err := os.Chown(d.dir, beginner, beginner)
		for dir := d.dir; err == nil && dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			err = os.Chmod(dir, 0o755) //nolint:gosec // so that the beginner comes in
		}
		for dir := i.root; err == nil && dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
			err = os.Chmod(dir, 0o755) //nolint:gosec // likewise
		}
		if err != nil {
			i.Fatal(err)
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: beginner, Gid: beginner}}
	}
	if said, err := cmd.CombinedOutput(); err != nil {
		i.Fatalf("init: %v: %s", err, said)
	}
}

// fillIn returns the variables of .env as docker reads the file, with their values.
func (d *desk) fillIn(file string, values []string) (env []string) {
	d.Helper()
	for line := range strings.Lines(d.readFile(file)) {
		name, value, found := strings.Cut(strings.TrimSuffix(line, "\n"), "=")
		if !found || strings.HasPrefix(line, "#") {
			continue
		}
		for _, v := range values {
			if given, is := strings.CutPrefix(v, name+"="); is {
				value = given
			}
		}
		env = append(env, name+"="+value)
	}
	return env
}

// walkDocument follows a document: init writes files that only its user can read, and the document's docker run makes a run
// of them; without its --user the program says what it cannot read.
func (i *image) walkDocument(t *testing.T, document string) {
	d, _ := newTLSDesk(t)
	d.fillInstances(2, "cn-beijing")
	values := []string{"JMS_ACCESS_KEY_ID=" + jumpservertest.KeyID, "JMS_ACCESS_KEY_SECRET=" + jumpservertest.KeySecret,
		"MY_CLOUD_ID=" + functiontest.CloudKey, "MY_CLOUD_SECRET=" + functiontest.CloudSecret}
	i.initOnMachine(d, values)
	run := readDockerRun(t, document)
	env := append(d.fillIn(filepath.Join(d.dir, run.envFile), values), run.env...)
	for at, file := range run.mounts {
		if at == "/state" {
			i.makeState(beginner) // by mkdir, as the document says
			continue
		}
		i.mount(filepath.Join(d.dir, file), at)
	}
	if !run.user {
		t.Fatal("the container runs as another user than the one who owns config.yaml")
	}
	code, said := i.run(beginner, env, append(run.args, "-o", "/state/results.json")...)
	if code != exitDone || len(d.Hosts()) != 2 {
		t.Errorf("exit code %d, %d hosts: %s", code, len(d.Hosts()), said)
	}
	if _, err := os.Stat(filepath.Join(i.root, "state", "servers")); err != nil {
		t.Errorf("nothing is kept: %v", err)
	}
	if os.Geteuid() != 0 {
		return // all files are the one user's
	}
	if code, said := i.run(i.user, env, run.args...); code != exitUsage || !strings.Contains(said, "没有读取 /config.yaml 的权限") {
		t.Errorf("without --user: exit code %d: %s", code, said)
	}
}

// makeState makes the folder of state anew, for a user.
func (i *image) makeState(user int) {
	i.Helper()
	dir := filepath.Join(i.root, "state")
	if err := errors.Join(os.RemoveAll(dir), os.Mkdir(dir, 0o755)); err != nil { //nolint:gosec // as mkdir does
		i.Fatal(err)
	}
	i.own(dir, user)
}
