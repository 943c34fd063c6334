package main

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
)

// TestDoctorWarnsOfAReadableConfiguration: of a file with secrets that others may read or change, and of no other.
func TestDoctorWarnsOfAReadableConfiguration(t *testing.T) { // not parallel: it sets a variable of the process
	p := newDoctorDesk(t)
	p.fillInstances(1, "cn-beijing")
	file := p.writeConfig()
	open := p.readFile(file)
	hidden := open
	for n, word := range []string{
		p.Webhook, jumpservertest.KeyID, jumpservertest.KeySecret, functiontest.CloudKey, functiontest.CloudSecret, functiontest.RobotSecret,
	} {
		name := fmt.Sprintf("SECRET_OF_THE_TEST_%d", n)
		t.Setenv(name, word)
		hidden = strings.ReplaceAll(strings.ReplaceAll(hidden, fmt.Sprintf("%q", word), word), word, `"${`+name+`}"`)
	}
	for _, c := range []struct {
		text string
		mode os.FileMode
		want bool
	}{{open, 0o644, true}, {open, 0o604, true}, {open, 0o602, true}, {open, 0o640, false}, {open, 0o600, false}, {hidden, 0o644, false}} {
		p.saveFile("config.yaml", c.text)
		if err := os.Chmod(file, c.mode); err != nil {
			t.Fatal(err)
		}
		p.runRaw(t.Context(), exitDone, "-c", file, "doctor")
		if got := strings.Contains(p.stdout.String(), "chmod 600 "+file); got != c.want {
			t.Errorf("%o, secrets inside: %v: warned %v\n%s", c.mode, c.text == open, got, &p.stdout)
		}
		p.runRaw(t.Context(), exitDone, "-c", "file://"+file, "doctor")
		if got := strings.Contains(p.stdout.String(), "chmod 600 "+file); got != c.want {
			t.Errorf("file://, %o: warned %v", c.mode, got)
		}
	}
}
