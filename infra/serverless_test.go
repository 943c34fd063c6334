package infra

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

// component stands in for fc3, which s fetches from a registry: it hands out fc3's own schema and records what it is
// asked to do. It has the folder and the lock of a component that s has fetched.
const component = `const fs = require('fs');
module.exports.default = class {
  async getSchema() { return JSON.stringify(require('./schema.json')); }
  note(what, inputs) { fs.appendFileSync(process.env.FC3_STUB_LOG, JSON.stringify({ what, props: inputs.props }) + '\n'); return {}; }
  async deploy(inputs) { return this.note('deploy', inputs); }
  async remove(inputs) { return this.note('remove', inputs); }
};
`

// serverless is one installation of Serverless Devs in a home of its own, without a network.
type serverless struct {
	program, home, dir, log string
}

// installServerless installs what s needs beside s itself, which make test-serverless gets by npm.
func installServerless(t *testing.T) serverless {
	t.Helper()
	program := os.Getenv("JMS_SYNC_TEST_SERVERLESS")
	if program == "" {
		t.Skip("JMS_SYNC_TEST_SERVERLESS names no program s: make test-serverless installs it and runs this")
	}
	schema := readRepoFile(t, schemaFile(t))
	s := serverless{program: program, home: tempHome(t), dir: tempHome(t)}
	s.log = filepath.Join(s.home, "log")
	place := filepath.Join(s.home, ".s/components/devsapp.cn/v3/fc3")
	err := errors.Join(
		os.MkdirAll(place, 0o755),
		os.WriteFile(filepath.Join(place, "index.js"), []byte(component), 0o644),
		os.WriteFile(filepath.Join(place, "schema.json"), schema, 0o644),
		os.WriteFile(filepath.Join(place, "package.json"), []byte(`{"name":"fc3","version":"0.1.22","main":"index.js"}`), 0o644),
		os.WriteFile(filepath.Join(place, ".s.lock"), fmt.Appendf(nil, `{"version":"0.1.22","lastUpdateCheck":%d}`, time.Now().UnixMilli()), 0o644),
	)
	if err != nil {
		t.Fatal(err)
	}
	s.writeFile(t, string(readRepoFile(t, root+"/s.yaml")))
	var dotenv strings.Builder
	for name, value := range givenVariables() {
		fmt.Fprintf(&dotenv, "%s=%s\n", name, value)
	}
	dotenv.WriteString("DEPLOY_PREPARE=touch prepared\n")
	if err := os.WriteFile(filepath.Join(s.dir, ".env"), []byte(dotenv.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	s.mustRun(t, "config", "add", "--AccessKeyID", "LTAIexample", "--AccessKeySecret", "example", "--AccountID", account, "-a", "default", "-f")
	return s
}

func (s serverless) writeFile(t *testing.T, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(s.dir, "s.yaml"), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// run starts s with nothing of this process's environment but the path to node. What it tries to fetch from the network
// is refused at once, by a port that nobody listens on.
func (s serverless) run(t *testing.T, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), s.program, args...)
	cmd.Dir = s.dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.home, "FC3_STUB_LOG=" + s.log,
		"HTTP_PROXY=http://127.0.0.1:9", "HTTPS_PROXY=http://127.0.0.1:9",
	}
	out, err := cmd.Output()
	var failed *exec.ExitError
	if errors.As(err, &failed) {
		out = append(out, failed.Stderr...)
	}
	return string(out), err
}

// tempHome returns a folder for a program that leaves a process behind, which writes into it for a while after the
// program has ended: its removal is tried again then.
func tempHome(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "jms-sync-serverless")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for range 100 {
			err = os.RemoveAll(dir)
			if err == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		t.Error(err)
	})
	return dir
}

func (s serverless) mustRun(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.run(t, args...)
	if err != nil {
		t.Fatalf("s %v: %v\n%s", args, err, out)
	}
	return out
}

// TestServerlessDevs runs the tool that deploys: it renders s.yaml as our tests do, accepts it, and refuses spoiled
// ones.
func TestServerlessDevs(t *testing.T) {
	t.Parallel()
	s := installServerless(t)
	original := string(readRepoFile(t, root+"/s.yaml"))

	var theirs, ours map[string]any
	decodeStrictJSON(t, []byte(s.mustRun(t, "preview", "-o", "json", "--silent")), &theirs)
	if err := yaml.Unmarshal(renderVariables(t, []byte(original), givenVariables()), &ours); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(theirs["resources"], asJSON(t, ours["resources"])) {
		t.Errorf("s renders\n%v\nour tests have\n%v", theirs["resources"], ours["resources"])
	}
	if said := s.mustRun(t, "verify"); !strings.Contains(said, "passed") {
		t.Errorf("s verify: %s", said)
	}
	for what, spoil := range map[string][2]string{
		"timer/props/timeout must be integer":                                 {"timeout: 300", "timeout: ${env('TIMEOUT', '300')}"},
		"timer/props/memorySize must be multiple of 64":                       {"memorySize: 512", "memorySize: 500"},
		"timer/props must have required property 'handler'":                   {"handler: bootstrap", "handlers: bootstrap"},
		"timer/props/triggers/0/triggerType must be equal to one of the allo": {"triggerType: timer", "triggerType: time"},
	} {
		s.writeFile(t, strings.Replace(original, spoil[0], spoil[1], 1))
		if said, err := s.run(t, "verify"); err == nil || !strings.Contains(said, what) {
			t.Errorf("s verify lets %q pass, or does not say %q: %v %s", spoil[1], what, err, said)
		}
	}
}

// asJSON returns a value as JSON decodes it.
func asJSON(t *testing.T, value any) any {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	var out any
	decodeStrictJSON(t, text, &out)
	return out
}

// TestServerlessDeploy: one `s deploy` builds the packages once and passes both functions to fc3, with .env's values in
// them; without these it deploys nothing.
func TestServerlessDeploy(t *testing.T) {
	t.Parallel()
	s := installServerless(t)
	s.mustRun(t, "deploy", "-y")
	s.mustRun(t, "remove", "-y")
	if _, err := os.Stat(filepath.Join(s.dir, "prepared")); err != nil {
		t.Errorf("the packages were not built: %v", err)
	}
	var did []string
	for line := range strings.Lines(string(readRepoFile(t, s.log))) {
		var call struct {
			What  string
			Props struct {
				FunctionName         string
				Code                 string
				EnvironmentVariables map[string]string
			}
		}
		decodeStrictJSON(t, []byte(line), &call)
		did = append(did, call.What+" "+call.Props.FunctionName+" "+call.Props.Code)
		if !reflect.DeepEqual(call.Props.EnvironmentVariables, givenVariables()) {
			t.Errorf("%s: %v", call.Props.FunctionName, call.Props.EnvironmentVariables)
		}
	}
	want := []string{
		"deploy jms-sync-timer dist/fc-timer.zip", "deploy jms-sync-event dist/fc-event.zip",
		"remove jms-sync-timer dist/fc-timer.zip", "remove jms-sync-event dist/fc-event.zip",
	}
	if !reflect.DeepEqual(did, want) {
		t.Errorf("fc3 was asked to %q", did)
	}
	if err := os.Remove(filepath.Join(s.dir, ".env")); err != nil {
		t.Fatal(err)
	}
	before := len(readRepoFile(t, s.log))
	if said, err := s.run(t, "deploy", "-y"); err == nil || !strings.Contains(said, "JMS_SYNC_STATE") || len(readRepoFile(t, s.log)) != before {
		t.Errorf("deployed without a configuration: %v %s", err, said)
	}
}
