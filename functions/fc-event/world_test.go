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
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// The account and region of the saved samples.
const (
	account    = "1690700000000030"
	region     = "cn-hangzhou"
	roleKey    = functiontest.RoleKey
	roleSecret = functiontest.RoleSecret
	roleToken  = functiontest.RoleToken
)

// shortInvocation is the time of an invocation that can wait only once (2 s) for the cloud.
var shortInvocation = runtimetest.Options{Timeout: 8 * time.Second}

// world is what the function meets, and the program beside it.
type world struct {
	*functiontest.World
	listWatch *listWatcher
}

// listWatcher records full lists, which no event may ask for.
type listWatcher struct {
	mu   sync.Mutex
	full []string
	then func() // called once, after the next answer of the cloud
}

func newWorld(t *testing.T, program functiontest.Program) *world {
	t.Helper()
	w := &world{World: functiontest.New(t, functiontest.Host{Open: runtimetest.NewFC}, program, account), listWatch: &listWatcher{}}
	w.JMS.OnRequest(w.listWatch.noteJumpServer)
	maps.Copy(w.Env, map[string]string{
		"CLOUDS_0_TYPE": "aliyun", "CLOUDS_0_NAME": "prod", "CLOUDS_0_ACCOUNT_ID": account, "CLOUDS_0_REGIONS": region,
		"CLOUDS_0_ENDPOINT": w.Serve(w.listWatch.watchCloud(w.ECS)),
	})
	return w
}

// noteJumpServer inspects a request to JumpServer.
func (v *listWatcher) noteJumpServer(r *http.Request) {
	q := r.URL.Query()
	if r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/api/v1/assets/") && strings.Count(r.URL.Path, "/") == 5 &&
		(strings.HasSuffix(r.URL.Path, "/hosts/") || strings.HasSuffix(r.URL.Path, "/assets/")) &&
		q.Get("search") == "" && q.Get("labels") == "" && q.Get("ids") == "" && q.Get("id") == "" && q.Get("spm") == "" {
		v.addFullList("JumpServer " + r.URL.RequestURI())
	}
}

// watchCloud inspects the requests to the cloud before it gets them.
func (v *listWatcher) watchCloud(ecs http.Handler) http.Handler {
	return http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		err := r.ParseForm()
		list := err != nil || r.Form.Get("Action") == alibabatest.DescribeInstances
		if list && r.Form.Get("InstanceIds") == "" && r.Form.Get("DryRun") != "true" {
			v.addFullList("the cloud")
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

// afterNextAnswer calls then once the cloud has given its next answer.
func (v *listWatcher) afterNextAnswer(then func()) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.then = then
}

func (v *listWatcher) addFullList(list string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.full = append(v.full, list)
}

// start runs the program with the world's settings. By the end of the test it must not have asked for a full list.
func (w *world) start() {
	w.Helper()
	w.Start()
	w.Cleanup(func() {
		w.listWatch.mu.Lock()
		defer w.listWatch.mu.Unlock()
		if len(w.listWatch.full) > 0 {
			w.Errorf("full lists: %q", w.listWatch.full)
		}
	})
}

// send sends a payload to the program, and wants an answer in time.
func (w *world) send(payload string, o runtimetest.Options) runtimetest.Answer {
	w.Helper()
	return w.Send([]byte(payload), o)
}

// sendEvent sends a payload that must be answered with a results document whose events have these outcomes.
func (w *world) sendEvent(payload string, o runtimetest.Options, want ...reconcile.EventOutcome) reconcile.EventReport {
	w.Helper()
	answer := w.send(payload, o)
	var a reconcile.EventReport
	w.Decode(answer, &a)
	var got []reconcile.EventOutcome
	for _, e := range a.Results {
		got = append(got, e.Outcome)
		if e.Reason == "" || e.Description == "" || e.ID == "" {
			w.Errorf("an event without its id, what it says or a reason: %+v", e)
		}
	}
	if !slices.Equal(got, want) {
		w.Fatalf("outcomes %v, want %v: %s\n%s", got, want, answer.Body, w.OutputTail())
	}
	return a
}

// putInstance creates a running instance with this id; its name and address follow from n.
func (w *world) putInstance(n int, id string) {
	i := alibabatest.SampleInstance(n)
	i.ID = id
	w.Account.Put(region, i)
}

// newStateChange returns a change of state as EventBridge sends it, with the instance's id as its own.
func newStateChange(id, state string) string {
	return fmt.Sprintf(`{"id":"of-%s","source":"acs.ecs","type":"ecs:Instance:StateChange","specversion":"1.0",
		"subject":"acs:ecs:%s:%s:instance/%s","data":{"resourceId":%q,"state":%q},
		"aliyunaccountid":%q,"aliyunregionid":%q}`, id, region, account, id, id, state, account, region)
}

// createAsset creates an instance and lets the program create its asset, which also makes the program warm.
func (w *world) createAsset(n int, id string) {
	w.Helper()
	w.putInstance(n, id)
	w.sendEvent(newStateChange(id, "Running"), runtimetest.Options{}, reconcile.EventDone)
	if got := w.assetState(id); got != "active" {
		w.Fatalf("%s is %s after it was made\n%s", id, got, w.OutputTail())
	}
}

// assetState returns what JumpServer has for an instance: active, gone (deactivated with the label that says when), ""
// for nothing, or what else is there.
func (w *world) assetState(id string) string {
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

// callCounts is how often each side was called since the last reset.
type callCounts struct{ cloud, jumpserver, cards int }

// countCalls returns how often each side is called while do runs.
func (w *world) countCalls(do func()) callCounts {
	before := callCounts{w.ECS.Calls(""), w.JMS.Requests(), len(w.Robot.Messages())}
	do()
	return callCounts{w.ECS.Calls("") - before.cloud, w.JMS.Requests() - before.jumpserver, len(w.Robot.Messages()) - before.cards}
}

// readSample returns a saved event; they are kept beside their decoder.
func (w *world) readSample(name string) string {
	w.Helper()
	raw, err := os.ReadFile(filepath.Join("../../core/cloud/alibaba/testdata/events", name+".json"))
	if err != nil {
		w.Fatal(err)
	}
	return string(raw)
}
