// Package functiontest tests built functions from outside: JumpServer, one Alibaba account and a DingTalk robot run on
// loopback, and the program beside them, driven through a fake of its platform's runtime API. Scenarios holds what every
// host must do; the tests beside each function add what only its platform has.
package functiontest

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// Host is a platform.
type Host struct {
	Function string // its name
	// Open starts a fake of the platform's runtime API.
	Open func(runtimetest.TB, ...runtimetest.Setting) (*runtimetest.Runtime, error)
	// TimerEvent returns what the platform's timer sends; the payload narrows the run.
	TimerEvent func(at time.Time, payload string) []byte
	// Environ are variables of every process, as "NAME=value".
	Environ []string
}

// World is what a function works with.
type World struct {
	*Services
	Host
	// Env has the program's settings, without JMS_SYNC_ in their names. Tests may change them before Start.
	Env     map[string]string
	Runtime *runtimetest.Runtime
	Process *runtimetest.Process
	program Program
}

// New returns a world with one account of this id, named aliyun-prod, in cn-beijing and cn-hangzhou. Nothing runs yet.
func New(t *testing.T, h Host, program Program, accountID string) *World {
	t.Helper()
	w := &World{Services: NewServices(t, accountID), Host: h, program: program}
	w.Env = map[string]string{
		"JUMPSERVER_URL":                w.JumpServerURL,
		"JUMPSERVER_ACCESS_KEY_ID":      jumpservertest.KeyID,
		"JUMPSERVER_ACCESS_KEY_SECRET":  jumpservertest.KeySecret,
		"CLOUDS_0_TYPE":                 "阿里云",
		"CLOUDS_0_NAME":                 "aliyun-prod",
		"CLOUDS_0_ACCESS_KEY_ID":        CloudKey,
		"CLOUDS_0_ACCESS_KEY_SECRET":    CloudSecret,
		"CLOUDS_0_REGIONS":              "cn-beijing,cn-hangzhou",
		"CLOUDS_0_ENDPOINT":             w.CloudURL,
		"NOTIFICATION_DINGTALK_ENABLED": "true",
		"NOTIFICATION_DINGTALK_WEBHOOK": w.Webhook,
		"NOTIFICATION_DINGTALK_SECRET":  RobotSecret,
	}
	return w
}

// Start runs the program with the world's settings and the host's variables, and nothing else.
func (w *World) Start(settings ...runtimetest.Setting) {
	w.Helper()
	env := make([]string, 0, len(w.Env))
	for name, value := range w.Env {
		env = append(env, "JMS_SYNC_"+name+"="+value)
	}
	w.StartWith(env, settings...)
}

// StartWith runs the program with exactly these variables and the host's, in a folder of its own as on the platforms. By
// the end of the test it must have left nothing on the disk and no secret in its output.
func (w *World) StartWith(env []string, settings ...runtimetest.Setting) {
	w.Helper()
	home := w.TempDir()
	var err error
	w.Runtime, err = w.Open(w, settings...)
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(w.Runtime.Close)
	env = append(slices.Concat(env, w.Environ), "HOME="+home, "TMPDIR="+home, "PROGRAM="+w.program.file)
	w.Process, err = w.Runtime.Start(w.Context(), w.program.script, env)
	if err != nil {
		w.Fatal(err)
	}
	runtime, process := w.Runtime, w.Process
	w.Cleanup(func() {
		runtime.Close()
		w.WantNoSecrets("output", process.Output())
		if entries, err := os.ReadDir(home); err != nil || len(entries) > 0 {
			w.Errorf("left on the disk: %v %v", entries, err)
		}
	})
}

// WantNoSecrets fails if a text holds a secret, or what was made of one.
func (w *World) WantNoSecrets(what, text string) {
	w.Helper()
	w.Services.WantNoSecrets(what, text)
	for _, word := range []string{"STS.role", "Signature"} {
		if strings.Contains(text, word) {
			w.Errorf("%s holds %q:\n%s", what, word, text)
		}
	}
}

// Invoke sends one timer event that fires now.
func (w *World) Invoke(payload string, o runtimetest.Options) runtimetest.Answer {
	w.Helper()
	return w.Send(w.TimerEvent(time.Now(), payload), o)
}

// Send sends an event, and wants an answer in time.
func (w *World) Send(event []byte, o runtimetest.Options) runtimetest.Answer {
	w.Helper()
	answer, err := w.Runtime.Invoke(w.Context(), event, o)
	if err != nil {
		w.Fatalf("%v\n%s", err, w.OutputTail())
	}
	if answer.Late {
		w.Error("the answer came after the deadline")
	}
	w.WantNoSecrets("answer", string(answer.Body)+answer.ErrorMessage)
	return answer
}

// Run sends one timer event that must be answered with a results document with this outcome.
func (w *World) Run(payload string, want report.Outcome, o runtimetest.Options) report.Report {
	w.Helper()
	return w.ReadReport(w.Invoke(payload, o), want)
}

// ReadReport decodes an answer that must be a results document with this outcome.
func (w *World) ReadReport(answer runtimetest.Answer, want report.Outcome) report.Report {
	w.Helper()
	var r report.Report
	w.Decode(answer, &r)
	if r.Outcome != want {
		w.Fatalf("outcome %s, want %s: %s\n%s", r.Outcome, want, answer.Body, w.OutputTail())
	}
	return r
}

// Decode decodes an answer that must be a document with these fields and no others.
func (w *World) Decode(answer runtimetest.Answer, into any) {
	w.Helper()
	if !answer.OK {
		w.Fatalf("an error: %s\n%s", answer.ErrorMessage, w.OutputTail())
	}
	d := json.NewDecoder(bytes.NewReader(answer.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		w.Fatalf("%v: %s", err, answer.Body)
	}
}

// WantError wants an error whose message contains all of these, and a process that lives on.
func (w *World) WantError(answer runtimetest.Answer, says ...string) {
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

// OutputTail returns the end of what the program printed, for a test's message.
func (w *World) OutputTail() string {
	text := w.Process.Output()
	return text[max(len(text)-2000, 0):]
}

// WantUntouched wants that nobody was asked anything.
func (w *World) WantUntouched() {
	w.Helper()
	w.WantNoRequests()
	if n := w.Robot.Calls(); n > 0 {
		w.Errorf("%d requests to the robot", n)
	}
}

// WantOnlyNotified wants nobody asked, and one card whose text contains all of these.
func (w *World) WantOnlyNotified(says ...string) {
	w.Helper()
	w.WantNoRequests()
	cards := w.Robot.Messages()
	if len(cards) != 1 {
		w.Fatalf("%d cards, want 1: %+v", len(cards), cards)
	}
	for _, text := range says {
		if !strings.Contains(cards[0].Title+cards[0].Text, text) {
			w.Errorf("the card does not say %q: %s\n%s", text, cards[0].Title, cards[0].Text)
		}
	}
}

// WantNoRequests wants no request to JumpServer or a cloud.
func (w *World) WantNoRequests() {
	w.Helper()
	if a, b := w.JMS.Requests(), w.ECS.Calls(""); a+b > 0 {
		w.Errorf("%d requests to JumpServer, %d to the cloud", a, b)
	}
}
