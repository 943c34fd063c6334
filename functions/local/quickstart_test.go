package main

import (
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
	"github.com/jms-sync/jms-sync/functions/internal/trigger"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

var robotBlock = regexp.MustCompile("(?s)```yaml\n(notification:\n.*?)```")

// addQuickRobot adds to the reader's configuration what the quick start says about DingTalk, and exports its variables.
func (d *desk) addQuickRobot(document string) {
	d.Helper()
	m := robotBlock.FindStringSubmatch(d.readFile(filepath.Join(repository, "docs", document)))
	if m == nil {
		d.Fatal("the quick start says nothing of a robot")
	}
	d.saveFile("config.yaml", d.readFile(filepath.Join(d.dir, "config.yaml"))+m[1])
	exports := d.readFile(filepath.Join(d.dir, "exports"))
	d.saveFile("exports", fmt.Sprintf("%s\nexport DINGTALK_WEBHOOK='%s'\nexport DINGTALK_SECRET='%s'\n", exports, d.Webhook, functiontest.RobotSecret))
}

// fireQuickTimer fires the timer of the deployed function once. The function has the variables that s.yaml passes, as s
// renders it in the reader's shell, and loads the configuration as it was uploaded. It sends the first card.
func (d *desk) fireQuickTimer() {
	d.Helper()
	file, err := readDotEnv(filepath.Join(d.dir, ".env"))
	if err != nil {
		d.Fatal(err)
	}
	exports, err := readDotEnv(filepath.Join(d.dir, "exports")) // as far as lines are NAME='value'
	if err != nil {
		d.Fatal(err)
	}
	for line := range strings.Lines(d.readFile(filepath.Join(d.dir, "exports"))) {
		name, value, found := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "declare -x "), "=")
		if found && variableName.MatchString(name) {
			exports[name] = strings.Trim(value, `"`)
		}
	}
	functions, err := passedVariables([]byte(d.readFile(filepath.Join(d.dir, "s.yaml"))), func(name string) string {
		if value := exports[name]; value != "" {
			return value
		}
		return file[name]
	})
	if err != nil {
		d.Fatal(err)
	}
	variables := functions["timer"]
	if !strings.HasPrefix(variables[config.EnvConfig], "oss://") {
		d.Errorf("the function's configuration is %q", variables[config.EnvConfig])
	}
	variables[config.EnvConfig], variables[config.EnvState] = "file://"+filepath.Join(d.dir, "config.yaml"), "file://"+d.TempDir()
	environ := []string{"JMS_SYNC_NOTIFICATION_ON=always", "JMS_SYNC_JUMPSERVER_URL=" + d.JumpServerURL, "JMS_SYNC_CLOUDS_0_ENDPOINT=" + d.CloudURL} // of the emulators
	for name, value := range variables {
		environ = append(environ, name+"="+value)
	}
	before := d.Robot.Calls()
	app := wire.NewApp("fc-timer", wire.NewLoader("", environ), func(config.Config) (*slog.Logger, error) {
		return slog.New(slog.NewTextHandler(io.Discard, nil)), nil
	}).WithEnvironment(environ)
	rep, err := app.HandleTimer(d.Context(), trigger.Timer{}, wire.Role{})
	if err != nil || rep.Outcome != report.OK || rep.Total != 3 {
		d.Errorf("the first tick: %v, %+v", err, rep)
	}
	if n := d.Robot.Calls() - before; n != 1 {
		d.Errorf("%d cards, want the first one", n)
	}
}
