package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
)

// desk is a user with a configuration file. The command runs in this process.
type desk struct {
	*functiontest.Services // its URLs stand in the configuration; a test may change them before it runs the command
	dir                    string

	// More of the configuration's values.
	keySecret, org string
	key            string // of the cloud account; "" = CloudKey
	id             string // jumpserver.id; "" = that of the URL
	more           string // YAML, appended
	without        string // a region that is left out

	stdin          string
	stdout, stderr bytes.Buffer
}

func newDesk(t *testing.T) *desk {
	t.Helper()
	return &desk{
		Services: functiontest.NewServices(t, "1234567890123456"),
		dir:      t.TempDir(), keySecret: jumpservertest.KeySecret, org: jumpservertest.DefaultOrg,
	}
}

// fillInstances puts n instances into each of some regions.
func (d *desk) fillInstances(n int, regions ...string) { d.FillInstances(0, n, regions...) }

// saveFile writes a text into the desk's folder and returns its path.
func (d *desk) saveFile(name, text string) string {
	d.Helper()
	file := filepath.Join(d.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		d.Fatal(err)
	}
	return file
}

// writeConfig writes the configuration and returns its path.
func (d *desk) writeConfig() string {
	d.Helper()
	regions := "cn-beijing, cn-hangzhou"
	if d.without != "" {
		regions = strings.ReplaceAll(regions, ", "+d.without, "")
	}
	return d.saveFile("config.yaml", fmt.Sprintf(`
jumpserver: {id: %q, url: %q, access_key_id: %s, access_key_secret: %s, org_id: %s}
clouds:
  - {type: 阿里云, name: aliyun-prod, access_key_id: %s, access_key_secret: %s, regions: [%s], endpoint: %q}
notification: {on: always, dingtalk: {enabled: true, webhook: %q, secret: %s}}
log: {file: %q}
%s`, d.id, d.JumpServerURL, jumpservertest.KeyID, d.keySecret, d.org, cmp.Or(d.key, functiontest.CloudKey), functiontest.CloudSecret, regions, d.CloudURL, d.Webhook, functiontest.RobotSecret, d.readLog(), d.more))
}

// dropRegion leaves a region out of the configuration from now on.
func (d *desk) dropRegion(name string) { d.without = name }

func (d *desk) readLog() string { return filepath.Join(d.dir, "logs", "jms-sync.log") }

// run executes a command line with the desk's configuration and wants an exit code.
func (d *desk) run(code int, args ...string) {
	d.Helper()
	d.runRaw(d.Context(), code, append([]string{"-c", d.writeConfig()}, args...)...)
}

// runRaw executes a command line unchanged.
func (d *desk) runRaw(ctx context.Context, code int, args ...string) {
	d.Helper()
	d.stdout.Reset()
	d.stderr.Reset()
	if got := runCommandLine(ctx, args, strings.NewReader(d.stdin), &d.stdout, &d.stderr); got != code {
		d.Errorf("%q: exit code %d, want %d\n%s%s", args, got, code, &d.stdout, &d.stderr)
	}
	d.WantNoSecrets(fmt.Sprintf("what %q prints", args), d.stdout.String()+d.stderr.String())
}

// wantPrinted wants texts on standard output, each once.
func (d *desk) wantPrinted(texts ...string) {
	d.Helper()
	for _, text := range texts {
		if n := strings.Count(d.stdout.String(), text); n != 1 {
			d.Errorf("%q is printed %d times:\n%s", text, n, &d.stdout)
		}
	}
}

// wantCards wants so many cards sent, and returns the text of the last one.
func (d *desk) wantCards(n int) string {
	d.Helper()
	all := d.Robot.Messages()
	if len(all) != n {
		d.Errorf("%d cards, want %d", len(all), n)
	}
	if len(all) == 0 {
		return ""
	}
	return all[len(all)-1].Text
}

func (d *desk) readFile(file string) string {
	d.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		d.Fatal(err)
	}
	return string(text)
}
