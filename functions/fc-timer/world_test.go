package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/internal/runtimetest"
)

// The secrets of a world. None of them may be seen in an answer or in the program's output.
const (
	cloudKey     = "LTAI5tWorldKey000001"
	cloudSecret  = "cloud-secret-of-the-world"
	robotToken   = "robot-token-of-the-world"
	robotSecret  = "SECrobot-secret-of-the-world"
	roleSecret   = "role-secret-of-the-world"
	roleToken    = "role-token-of-the-world"
	cloudAccount = "1234567890123456"
)

// starter is the program as the platform starts it: in a directory of its own, here its HOME.
type starter struct{ program, script string }

// build compiles the function once, for all tests of this process.
func build(t *testing.T) starter {
	t.Helper()
	dir := t.TempDir()
	program, err := runtimetest.Build(t.Context(), dir, ".", runtimetest.Flags{})
	if err != nil {
		t.Fatal(err)
	}
	script := filepath.Join(dir, "start")
	if err := os.WriteFile(script, []byte("#!/bin/sh\ncd \"$HOME\" && exec \"$PROGRAM\"\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	return starter{program, script}
}

// world is JumpServer, Alibaba and DingTalk on loopback, one account in two regions, and the
// program beside them.
type world struct {
	*testing.T
	starter
	jms     *jumpservertest.Server
	ecs     *alibabatest.Server
	account *alibabatest.Account
	robot   *dingtalktest.Robot
	env     map[string]string
	runtime *runtimetest.Runtime
	process *runtimetest.Process
}

func newWorld(t *testing.T, s starter) *world {
	t.Helper()
	w := &world{
		T: t, starter: s,
		jms:   jumpservertest.New(jumpservertest.Options{TB: t}),
		ecs:   alibabatest.New(alibabatest.Options{Reporter: t}),
		robot: dingtalktest.New(dingtalktest.Settings{Token: robotToken, Secret: robotSecret, Complain: t.Errorf}),
	}
	w.account = w.ecs.AddAccount(alibabatest.Key{AccountID: cloudAccount, AccessKeyID: cloudKey, AccessKeySecret: cloudSecret})
	w.env = map[string]string{
		"JUMPSERVER_URL":                w.serve(w.jms),
		"JUMPSERVER_ACCESS_KEY_ID":      jumpservertest.KeyID,
		"JUMPSERVER_ACCESS_KEY_SECRET":  jumpservertest.KeySecret,
		"CLOUDS_0_TYPE":                 "阿里云",
		"CLOUDS_0_NAME":                 "aliyun-prod",
		"CLOUDS_0_ACCESS_KEY_ID":        cloudKey,
		"CLOUDS_0_ACCESS_KEY_SECRET":    cloudSecret,
		"CLOUDS_0_REGIONS":              "cn-beijing,cn-hangzhou",
		"CLOUDS_0_ENDPOINT":             w.serve(w.ecs),
		"NOTIFICATION_DINGTALK_ENABLED": "true",
		"NOTIFICATION_DINGTALK_WEBHOOK": w.serve(w.robot) + dingtalktest.Path + "?access_token=" + robotToken,
		"NOTIFICATION_DINGTALK_SECRET":  robotSecret,
	}
	t.Cleanup(w.ecs.Close)
	return w
}

func (w *world) serve(h http.Handler) string {
	server := httptest.NewServer(h)
	w.Cleanup(server.Close)
	return server.URL
}

// fill puts n instances into each of some regions; their numbers begin at from.
func (w *world) fill(from, n int, regions ...string) {
	for i, region := range regions {
		w.account.Fill(region, n, func(k int) alibabatest.Instance { return alibabatest.Sample(from + i*n + k) })
	}
}

// start runs the program with the world's settings in its environment, and nothing else.
func (w *world) start() {
	w.Helper()
	env := make([]string, 0, len(w.env))
	for name, value := range w.env {
		env = append(env, "JMS_SYNC_"+name+"="+value)
	}
	w.startWith(env)
}

// startWith runs the program with exactly these variables. At the test's end it must have left
// nothing on the disk and no secret in its output.
func (w *world) startWith(env []string) {
	w.Helper()
	home := w.TempDir()
	var err error
	if w.runtime, err = runtimetest.NewFC(w); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(w.runtime.Close)
	env = append(slices.Clone(env), "HOME="+home, "TMPDIR="+home, "PROGRAM="+w.program)
	if w.process, err = w.runtime.Start(w.Context(), w.script, env); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		w.runtime.Close()
		w.hidden("output", w.process.Output())
		if left, err := os.ReadDir(home); err != nil || len(left) > 0 {
			w.Errorf("left on the disk: %v %v", left, err)
		}
	})
}

// hidden fails if a text holds a secret.
func (w *world) hidden(what, text string) {
	w.Helper()
	for _, word := range []string{
		jumpservertest.KeySecret, cloudKey, cloudSecret, robotToken, robotSecret, roleSecret, roleToken, "STS.role", "Signature",
	} {
		if strings.Contains(text, word) {
			w.Errorf("%s holds %q:\n%s", what, word, text)
		}
	}
}

// invoke sends one tick that fired now.
func (w *world) invoke(payload string, o runtimetest.Options) runtimetest.Answer {
	w.Helper()
	return w.send(event(time.Now(), payload), o)
}

func (w *world) send(event []byte, o runtimetest.Options) runtimetest.Answer {
	w.Helper()
	answer, err := w.runtime.Invoke(w.Context(), event, o)
	if err != nil {
		w.Fatalf("%v\n%s", err, w.tail())
	}
	if answer.Late {
		w.Error("the answer came after the deadline")
	}
	w.hidden("answer", string(answer.Body)+answer.ErrorMessage)
	return answer
}

// run sends one tick that must be answered by a results document with this outcome.
func (w *world) run(payload string, want report.Outcome, o runtimetest.Options) report.Report {
	w.Helper()
	return w.document(w.invoke(payload, o), want)
}

func (w *world) document(answer runtimetest.Answer, want report.Outcome) report.Report {
	w.Helper()
	if !answer.OK {
		w.Fatalf("an error: %s\n%s", answer.ErrorMessage, w.tail())
	}
	var r report.Report
	d := json.NewDecoder(bytes.NewReader(answer.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(&r); err != nil {
		w.Fatalf("%v: %s", err, answer.Body)
	}
	if r.Outcome != want {
		w.Fatalf("outcome %s, want %s: %s\n%s", r.Outcome, want, answer.Body, w.tail())
	}
	return r
}

// fails wants an error whose message says all of these, and a process that lives on.
func (w *world) fails(answer runtimetest.Answer, says ...string) {
	w.Helper()
	if answer.OK || len(answer.StackTrace) > 0 {
		w.Fatalf("no plain error: %s%s", answer.Body, answer.ErrorMessage)
	}
	for _, text := range says {
		if !strings.Contains(answer.ErrorMessage, text) {
			w.Errorf("the error does not say %q: %s", text, answer.ErrorMessage)
		}
	}
}

// event is what Function Compute's timer sends.
func event(at time.Time, payload string) []byte {
	return fmt.Appendf(nil, `{"triggerTime":%q,"triggerName":"hourly","payload":%q}`, at.UTC().Format(time.RFC3339), payload)
}

// tail is the end of what the program printed, for a test's message.
func (w *world) tail() string {
	text := w.process.Output()
	return text[max(len(text)-2000, 0):]
}

func (w *world) hosts() []jumpservertest.Host { return w.jms.Hosts(jumpservertest.DefaultOrg) }

// untouched wants that nobody was asked anything.
func (w *world) untouched() {
	w.Helper()
	if a, b, c := w.jms.Requests(), w.ecs.Calls(""), w.robot.Calls(); a+b+c > 0 {
		w.Errorf("%d requests to JumpServer, %d to the cloud, %d to the robot", a, b, c)
	}
}
