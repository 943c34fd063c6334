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
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/functions/internal/runtimetest"
)

// The account and region of the saved samples, and the secrets of a world: none of them may be
// seen in an answer or in the program's output.
const (
	account     = "1690700000000030"
	region      = "cn-hangzhou"
	cloudKey    = "LTAI5tWorldKey000001"
	cloudSecret = "cloud-secret-of-the-world"
	robotToken  = "robot-token-of-the-world"
	robotSecret = "SECrobot-secret-of-the-world"
	roleKey     = "STS.role-of-the-world"
	roleSecret  = "role-secret-of-the-world"
	roleToken   = "role-token-of-the-world"
)

// brief is the time of an invocation that shall not wait more often than once (2 s) for the cloud.
var brief = runtimetest.Options{Timeout: 8 * time.Second}

// world is JumpServer, Alibaba and DingTalk on loopback, and the program beside them.
type world struct {
	*testing.T
	jms     *jumpservertest.Server
	ecs     *alibabatest.Server
	account *alibabatest.Account
	robot   *dingtalktest.Robot
	env     map[string]string
	program string
	runtime *runtimetest.Runtime
	process *runtimetest.Process
	watched *watch
}

// watch notes full lists: an event must never ask for one.
type watch struct {
	mu   sync.Mutex
	full []string
	then func() // called once, after the next answer of the cloud
}

func newWorld(t *testing.T, program string) *world {
	t.Helper()
	w := &world{
		T: t, program: program, watched: &watch{},
		jms:   jumpservertest.New(jumpservertest.Options{TB: t}),
		ecs:   alibabatest.New(alibabatest.Options{Reporter: t}),
		robot: dingtalktest.New(dingtalktest.Settings{Token: robotToken, Secret: robotSecret, Complain: t.Errorf}),
	}
	w.account = w.ecs.AddAccount(alibabatest.Key{AccountID: account, AccessKeyID: cloudKey, AccessKeySecret: cloudSecret})
	w.jms.OnRequest(w.watched.host)
	w.env = map[string]string{
		"JUMPSERVER_URL":                w.serve(w.jms),
		"JUMPSERVER_ACCESS_KEY_ID":      jumpservertest.KeyID,
		"JUMPSERVER_ACCESS_KEY_SECRET":  jumpservertest.KeySecret,
		"CLOUDS_0_TYPE":                 "aliyun",
		"CLOUDS_0_NAME":                 "prod",
		"CLOUDS_0_ACCOUNT_ID":           account,
		"CLOUDS_0_ACCESS_KEY_ID":        cloudKey,
		"CLOUDS_0_ACCESS_KEY_SECRET":    cloudSecret,
		"CLOUDS_0_REGIONS":              region,
		"CLOUDS_0_ENDPOINT":             w.serve(w.watched.cloud(w.ecs)),
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

// host looks at a request to JumpServer.
func (v *watch) host(r *http.Request) {
	q := r.URL.Query()
	if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/api/v1/assets/") && strings.Count(r.URL.Path, "/") == 5 &&
		(strings.HasSuffix(r.URL.Path, "/hosts/") || strings.HasSuffix(r.URL.Path, "/assets/")) &&
		q.Get("search") == "" && q.Get("labels") == "" && q.Get("ids") == "" && q.Get("id") == "" && q.Get("spm") == "" {
		v.note("JumpServer " + r.URL.RequestURI())
	}
}

// cloud looks at the requests to the cloud before it gets them.
func (v *watch) cloud(ecs http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		err := r.ParseForm()
		list := err != nil || r.Form.Get("Action") == alibabatest.DescribeInstances
		if list && r.Form.Get("InstanceIds") == "" && r.Form.Get("DryRun") != "true" {
			v.note("the cloud")
		}
		ecs.ServeHTTP(out, r)
		v.mu.Lock()
		then := v.then
		v.then = nil
		v.mu.Unlock()
		if then != nil {
			then()
		}
	})
}

// after does something once the cloud has given its next answer.
func (v *watch) after(then func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.then = then
}

func (v *watch) note(list string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.full = append(v.full, list)
}

// start runs the program with the world's settings. At the test's end it must have asked for no
// full list, and put no secret into its output.
func (w *world) start() {
	w.Helper()
	env := []string{"HOME=" + w.TempDir()}
	for name, value := range w.env {
		env = append(env, "JMS_SYNC_"+name+"="+value)
	}
	var err error
	if w.runtime, err = runtimetest.NewFC(w); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(w.runtime.Close)
	if w.process, err = w.runtime.Start(w.Context(), w.program, env); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() {
		w.runtime.Close()
		w.hidden("output", w.process.Output())
		w.watched.mu.Lock()
		defer w.watched.mu.Unlock()
		if len(w.watched.full) > 0 {
			w.Errorf("full lists: %q", w.watched.full)
		}
	})
}

func (w *world) hidden(what, text string) {
	w.Helper()
	for _, word := range []string{
		jumpservertest.KeySecret, cloudKey, cloudSecret, robotToken, robotSecret, roleKey, roleSecret, roleToken, "Signature",
	} {
		if strings.Contains(text, word) {
			w.Errorf("%s holds %q:\n%s", what, word, text)
		}
	}
}

// send gives the program a payload, and wants an answer in time.
func (w *world) send(payload string, o runtimetest.Options) runtimetest.Answer {
	w.Helper()
	answer, err := w.runtime.Invoke(w.Context(), []byte(payload), o)
	if err != nil {
		w.Fatalf("%v\n%s", err, w.tail())
	}
	if answer.Late {
		w.Error("the answer came after the deadline")
	}
	w.hidden("answer", string(answer.Body)+answer.ErrorMessage)
	return answer
}

// hear sends a payload that must be answered by a results document, whose events have these
// outcomes.
func (w *world) hear(payload string, o runtimetest.Options, want ...engine.EventOutcome) engine.EventAnswer {
	w.Helper()
	answer := w.send(payload, o)
	if !answer.OK {
		w.Fatalf("an error: %s\n%s", answer.ErrorMessage, w.tail())
	}
	var a engine.EventAnswer
	d := json.NewDecoder(bytes.NewReader(answer.Body))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		w.Fatalf("%v: %s", err, answer.Body)
	}
	var got []engine.EventOutcome
	for _, e := range a.Events {
		got = append(got, e.Outcome)
		if e.Reason == "" || e.What == "" || e.ID == "" {
			w.Errorf("an event without its id, what it says or a reason: %+v", e)
		}
	}
	if !slices.Equal(got, want) {
		w.Fatalf("outcomes %v, want %v: %s\n%s", got, want, answer.Body, w.tail())
	}
	return a
}

// fails wants an error that says all of these, and a process that lives on.
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

func (w *world) tail() string {
	text := w.process.Output()
	return text[max(len(text)-2000, 0):]
}

// put makes a running instance with this id; n tells its name and address.
func (w *world) put(n int, id string) {
	i := alibabatest.Sample(n)
	i.ID = id
	w.account.Put(region, i)
}

// change is a change of state as EventBridge tells it; the event's id is that of the instance.
func change(id, state string) string {
	return fmt.Sprintf(`{"id":"of-%s","source":"acs.ecs","type":"ecs:Instance:StateChange","specversion":"1.0",
		"subject":"acs:ecs:%s:%s:instance/%s","data":{"resourceId":%q,"state":%q},
		"aliyunaccountid":%q,"aliyunregionid":%q}`, id, region, account, id, id, state, account, region)
}

// known makes an instance and lets the program make its asset; so it is warm, too.
func (w *world) known(n int, id string) {
	w.Helper()
	w.put(n, id)
	w.hear(change(id, "Running"), runtimetest.Options{}, engine.EventDone)
	if got := w.state(id); got != "active" {
		w.Fatalf("%s is %s after it was made\n%s", id, got, w.tail())
	}
}

// state tells what JumpServer has of an instance: active, gone (switched off with the label that
// says when), "" for nothing, or what else is there.
func (w *world) state(id string) string {
	for _, h := range w.jms.Hosts(jumpservertest.DefaultOrg) {
		if h.ID != inventory.AssetID(inventory.Alibaba, region, id) {
			continue
		}
		gone := slices.ContainsFunc(h.Labels, func(l string) bool {
			at, ok := strings.CutPrefix(l, inventory.LabelGone+":")
			when, err := time.Parse(time.RFC3339, at)
			return ok && err == nil && time.Since(when) < time.Minute && when.Location() == time.UTC
		})
		switch {
		case h.Active && !gone:
			return "active"
		case !h.Active && gone:
			return "gone"
		}
		return fmt.Sprintf("active %v with labels %v", h.Active, h.Labels)
	}
	return ""
}

// counts are how often each side was asked since the last reset.
type counts struct{ cloud, jumpserver, cards int }

// counted tells how often each side is asked while something is done.
func (w *world) counted(do func()) counts {
	before := counts{w.ecs.Calls(""), w.jms.Requests(), len(w.robot.Messages())}
	do()
	return counts{w.ecs.Calls("") - before.cloud, w.jms.Requests() - before.jumpserver, len(w.robot.Messages()) - before.cards}
}

// sample reads a saved event; they are kept beside their decoder.
func (w *world) sample(name string) string {
	w.Helper()
	raw, err := os.ReadFile(filepath.Join("../../core/cloud/alibaba/testdata/events", name+".json"))
	if err != nil {
		w.Fatal(err)
	}
	return string(raw)
}
