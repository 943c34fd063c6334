package main

import (
	"fmt"
	"maps"
	"net/http"
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
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
	"github.com/jms-sync/jms-sync/functions/internal/runtimetest"
)

// The account and region of the saved samples.
const (
	account    = "1690700000000030"
	region     = "cn-hangzhou"
	roleKey    = functiontest.RoleKey
	roleSecret = functiontest.RoleSecret
	roleToken  = functiontest.RoleToken
)

// brief is the time of an invocation that shall not wait more often than once (2 s) for the cloud.
var brief = runtimetest.Options{Timeout: 8 * time.Second}

// world is what the function meets, and the program beside it.
type world struct {
	*functiontest.World
	watched *watch
}

// watch notes full lists: an event must never ask for one.
type watch struct {
	mu   sync.Mutex
	full []string
	then func() // called once, after the next answer of the cloud
}

func newWorld(t *testing.T, program functiontest.Program) *world {
	t.Helper()
	w := &world{World: functiontest.New(t, functiontest.Host{Open: runtimetest.NewFC}, program, account), watched: &watch{}}
	w.JMS.OnRequest(w.watched.host)
	maps.Copy(w.Env, map[string]string{
		"CLOUDS_0_TYPE": "aliyun", "CLOUDS_0_NAME": "prod", "CLOUDS_0_ACCOUNT_ID": account, "CLOUDS_0_REGIONS": region,
		"CLOUDS_0_ENDPOINT": w.Serve(w.watched.cloud(w.ECS)),
	})
	return w
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
// full list.
func (w *world) start() {
	w.Helper()
	w.Start()
	w.Cleanup(func() {
		w.watched.mu.Lock()
		defer w.watched.mu.Unlock()
		if len(w.watched.full) > 0 {
			w.Errorf("full lists: %q", w.watched.full)
		}
	})
}

// send gives the program a payload, and wants an answer in time.
func (w *world) send(payload string, o runtimetest.Options) runtimetest.Answer {
	w.Helper()
	return w.Send([]byte(payload), o)
}

// hear sends a payload that must be answered by a results document, whose events have these
// outcomes.
func (w *world) hear(payload string, o runtimetest.Options, want ...engine.EventOutcome) engine.EventAnswer {
	w.Helper()
	answer := w.send(payload, o)
	var a engine.EventAnswer
	w.Decode(answer, &a)
	var got []engine.EventOutcome
	for _, e := range a.Events {
		got = append(got, e.Outcome)
		if e.Reason == "" || e.What == "" || e.ID == "" {
			w.Errorf("an event without its id, what it says or a reason: %+v", e)
		}
	}
	if !slices.Equal(got, want) {
		w.Fatalf("outcomes %v, want %v: %s\n%s", got, want, answer.Body, w.Tail())
	}
	return a
}

// put makes a running instance with this id; n tells its name and address.
func (w *world) put(n int, id string) {
	i := alibabatest.Sample(n)
	i.ID = id
	w.Account.Put(region, i)
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
		w.Fatalf("%s is %s after it was made\n%s", id, got, w.Tail())
	}
}

// state tells what JumpServer has of an instance: active, gone (switched off with the label that
// says when), "" for nothing, or what else is there.
func (w *world) state(id string) string {
	for _, h := range w.JMS.Hosts(jumpservertest.DefaultOrg) {
		if h.ID != inventory.AssetID(inventory.Alibaba, region, id) {
			continue
		}
		gone := slices.ContainsFunc(h.Labels, func(l string) bool {
			at, ok := strings.CutPrefix(l, inventory.LabelGone+":")
			when, err := inventory.ParseLabelTime(at)
			return ok && err == nil && time.Since(when).Abs() < time.Minute && when.Location() == time.UTC
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
	before := counts{w.ECS.Calls(""), w.JMS.Requests(), len(w.Robot.Messages())}
	do()
	return counts{w.ECS.Calls("") - before.cloud, w.JMS.Requests() - before.jumpserver, len(w.Robot.Messages()) - before.cards}
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
