package infra

import (
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestNothingOfTestsIsDeployed: libraries that only tests use stay out of every program.
func TestNothingOfTestsIsDeployed(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "lambda.norpc", "../functions/...", "../core/...", "./pack").Output()
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Fields(string(out))
	for _, name := range all {
		for _, banned := range []string{"github.com/santhosh-tekuri/jsonschema", "github.com/hashicorp/hcl", "github.com/zclconf/go-cty", "github.com/creack/pty"} {
			if strings.HasPrefix(name, banned) {
				t.Errorf("%s is linked into a program", name)
			}
		}
	}
	if !slices.Contains(all, "net/http") {
		t.Errorf("these are not the dependencies of programs: %v", all)
	}
}

// TestImage: the recipe builds as the Makefile does, and its image does not run as root.
func TestImage(t *testing.T) {
	t.Parallel()
	recipe := string(readRepoFile(t, "container/Dockerfile"))
	stages := regexp.MustCompile(`(?m)^FROM (.*)$`).FindAllStringSubmatch(recipe, -1)
	if len(stages) != 2 || stages[1][1] != "scratch" {
		t.Errorf("stages: %v", stages)
	}
	if !regexp.MustCompile(`(?m)^USER [1-9][0-9]*:[1-9][0-9]*$`).MatchString(recipe) {
		t.Error("the program would run as root")
	}
	version := regexp.MustCompile(`golang:(\d+\.\d+)`).FindStringSubmatch(stages[0][1])
	if version == nil || !strings.Contains(string(readRepoFile(t, root+"/go.mod")), "\ngo "+version[1]+".") {
		t.Errorf("built with %v, go.mod asks for another Go", version)
	}
	makefile := string(readRepoFile(t, root+"/Makefile"))
	for _, flag := range []string{"-trimpath", "-tags lambda.norpc", "-s -w -X main.version=", "CGO_ENABLED=0", "./functions/local"} {
		if !strings.Contains(recipe, flag) || !strings.Contains(makefile, flag) {
			t.Errorf("%s is not both in the Makefile and in the recipe", flag)
		}
	}
	if !strings.Contains(recipe, "/etc/ssl/certs/ca-certificates.crt") {
		t.Error("without certificates no cloud can be reached")
	}
}

// TestExample: the configuration that packages and archives bring is one, and its keys are variables.
func TestExample(t *testing.T) {
	t.Parallel()
	example := string(readRepoFile(t, "host/config.example.yaml"))
	if err := loadSample(t.Context(), strings.ReplaceAll(example, "JMS_ACCESS_KEY_ID", "JMS_KEY_ID")); err != nil { // which has a value there
		t.Error(err)
	}
	for _, m := range regexp.MustCompile(`(?m)^ *(?:access_key_id|access_key_secret|secret|webhook): (.*)$`).FindAllStringSubmatch(example, -1) {
		if !strings.HasPrefix(m[1], "${") {
			t.Errorf("a key stands in the example: %s", m[0])
		}
	}
}

// TestUnits: systemd, where it is installed, accepts the units; and they have what an operator relies on.
func TestUnits(t *testing.T) {
	t.Parallel()
	service := string(readRepoFile(t, "host/jms-sync.service"))
	for _, line := range []string{
		"Type=oneshot", "DynamicUser=yes", "NoNewPrivileges=yes", "ProtectSystem=strict", "LoadCredential=config.yaml:/etc/jms-sync/config.yaml",
		"StateDirectory=jms-sync", "Environment=JMS_SYNC_STATE=file:///var/lib/jms-sync", "SuccessExitStatus=3",
	} {
		if !strings.Contains(service, "\n"+line+"\n") {
			t.Errorf("the service lacks %s", line)
		}
	}
	cron := string(readRepoFile(t, "host/jms-sync.cron"))
	if !regexp.MustCompile(`(?m)^\*/5 \* \* \* \* jms-sync .*/usr/local/bin/jms-sync -c `).MatchString(cron) || !strings.HasSuffix(cron, "\n") {
		t.Error("the line for cron, whose last line must end, is not as it should be")
	}
	verifier, err := exec.LookPath("systemd-analyze")
	if err != nil {
		t.Skip("systemd-analyze is not here: the units were not verified by systemd")
	}
	out, _ := exec.CommandContext(t.Context(), verifier, "verify", "--man=no", "host/jms-sync.service", "host/jms-sync.timer").CombinedOutput()
	for line := range strings.Lines(string(out)) {
		// The program is not installed here, and units of this machine are not ours.
		if strings.Contains(line, "jms-sync") && !strings.Contains(line, "is not executable") {
			t.Error(line)
		}
	}
}
