package main

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
	"github.com/jms-sync/jms-sync/functions/internal/runtimetest"
)

// product keeps main, and with it all of the program, in the test's binary. The tests build the program
// themselves, so that go test would not see that it changed, and give the results of the last time.
var product = main

// TestFunction drives the built program as Function Compute does. All scenarios share one
// program; each has its own process and its own world. Many of them wait for two seconds as the
// program does, so that all run at once: t.Parallel would let only as many as there are cores.
// Invariants: 13.
func TestFunction(t *testing.T) {
	t.Parallel()
	runtime.KeepAlive(product)
	program := functiontest.Build(t)
	scenarios := map[string]func(*world){
		"answer":                       answer,
		"create":                       create,
		"no complete runs":             silentTimer,
		"release":                      release,
		"ignored":                      ignored,
		"broken":                       broken,
		"unknown account":              unknownAccount,
		"forged release":               forged,
		"not there yet":                notThereYet,
		"cloud failing, then well":     cloudFailing,
		"JumpServer down, then well":   jumpserverDown,
		"permission missing":           permissionMissing,
		"role":                         roleCredentials,
		"window":                       window,
		"no window":                    noWindow,
		"shared window":                sharedWindow,
		"robot down, then well":        robotDown,
		"stop before the first event":  stopCold,
		"side by side":                 sideBySide,
		"doubled":                      doubled,
		"no account_id":                noAccountID,
		"key of another account":       wrongKey,
		"state reopened":               reopened,
		"paused":                       paused,
		"node renamed":                 nodeRenamed,
		"configuration with a mistake": mistake,
	}
	for _, s := range savedEvents() {
		scenarios[s.name] = s.play
	}
	var all sync.WaitGroup
	for name, scenario := range scenarios {
		all.Go(func() {
			t.Run(name, func(t *testing.T) { scenario(newWorld(t, program)) })
		})
	}
	all.Wait()
}

// answer sees the answer's fields and their order: users feed it to other programs.
func answer(w *world) {
	w.put(1, "i-1")
	w.start()
	body := string(w.send("["+change("i-1", "Running")+`,{"id":"x","type":"acs.other"}]`, runtimetest.Options{}).Body)
	var parts struct{ Events []json.RawMessage }
	if err := json.Unmarshal([]byte(body), &parts); err != nil || len(parts.Events) != 2 {
		w.Fatalf("%v: %s", err, body)
	}
	if !strings.HasPrefix(body, `{"outcome":"ok","dry_run":false,"started_at":"`) || !strings.Contains(body, `"errors":[],"events":[`) {
		w.Errorf("%s", body)
	}
	for n, want := range []string{
		`{"id":"of-i-1","what":"StateChange Running","outcome":"done","reason":"`,
		`{"id":"x","what":"acs.other","outcome":"ignored","reason":"not a change of an instance's state"}`,
	} {
		if got := string(parts.Events[n]); !strings.HasPrefix(got, want) {
			w.Errorf("event %s\nwant %s", got, want)
		}
	}
}

// create counts what one new instance costs a warm function: JumpServer is searched for it, asked
// which organisation answers, and gets the asset.
func create(w *world) {
	w.Env["NOTIFICATION_WINDOW"] = "0s"
	w.start()
	w.known(1, "i-1")
	w.put(2, "i-2")
	var a engine.EventAnswer
	cost := w.counted(func() { a = w.hear(change("i-2", "Running"), runtimetest.Options{}, engine.EventDone) })
	if a.Created != 1 || w.state("i-2") != "active" {
		w.Errorf("i-2 is %q: %+v", w.state("i-2"), a)
	}
	if want := (counts{cloud: 1, jumpserver: 3, cards: 1}); cost != want {
		w.Errorf("cost %+v, want %+v: %v", cost, want, w.JMS.Calls())
	}
	if cost := w.counted(func() { w.hear(change("i-2", "Stopped"), runtimetest.Options{}, engine.EventDone) }); cost != (counts{cloud: 1, jumpserver: 1}) {
		w.Errorf("an event that changes nothing: %+v", cost)
	}
}

// release counts what a released instance costs a warm function.
func release(w *world) {
	w.Env["NOTIFICATION_WINDOW"] = "0s"
	w.start()
	w.known(1, "i-1")
	w.known(2, "i-2")
	w.Account.Remove(region, "i-1")
	var a engine.EventAnswer
	cost := w.counted(func() { a = w.hear(change("i-1", "Deleted"), brief, engine.EventDone) })
	if a.Deactivated != 1 || a.Deleted != 0 || w.state("i-1") != "gone" || w.state("i-2") != "active" {
		w.Errorf("i-1 is %q, i-2 %q: %+v", w.state("i-1"), w.state("i-2"), a)
	}
	if want := (counts{cloud: 4, jumpserver: 4, cards: 1}); cost != want {
		w.Errorf("cost %+v, want %+v: %v", cost, want, w.JMS.Calls())
	}
	if cost := w.counted(func() { w.hear(change("i-1", "Deleted"), brief, engine.EventDone) }); cost.cloud > 1 || cost.jumpserver > 1 || cost.cards > 0 {
		w.Errorf("the same event again cost %+v", cost)
	}
}

// ignored events cost nothing: nobody is asked anything.
func ignored(w *world) {
	w.put(1, "i-1")
	w.start()
	cost := w.counted(func() {
		a := w.hear("["+change("i-1", "Starting")+`,{"id":"x","type":"acs.other"}]`, brief, engine.EventIgnored, engine.EventIgnored)
		if a.Outcome != "ok" || !strings.Contains(a.Events[0].Reason, "not a state") || !strings.Contains(a.Events[1].Reason, "not a change") {
			w.Errorf("%+v", a)
		}
	})
	if cost != (counts{}) || w.state("i-1") != "" {
		w.Errorf("cost %+v", cost)
	}
}

// broken events are told, and the others of their batch done.
func broken(w *world) {
	w.put(1, "i-1")
	w.put(2, "i-2")
	w.start()
	for payload, says := range map[string]string{
		"": "the event is empty", "null": "not a JSON object", "hello": "not a JSON object", "[]": "the batch is empty",
		`{"id":"e7","type":"ecs:Instance:StateChange","data":{"resourceId":"i-1"}}`: "e7: the event has no state (data.state)",
		`{"type":"ecs:Instance:StateChange","data":{"state":"Running"}}`: "the account's id (aliyunaccountid), the region (aliyunregionid), " +
			"the instance's id (data.resourceId or the subject)",
	} {
		w.Fails(w.send(payload, brief), says)
	}
	batch := "[" + change("i-1", "Running") + `,{"id":"e8"},` + change("i-2", "Stopped") + "]"
	w.Fails(w.send(batch, brief), "of-i-1 (StateChange Running): done", "e8", "has no type", "of-i-2 (StateChange Stopped): done")
	if w.state("i-1") != "active" || w.state("i-2") != "active" {
		w.Errorf("i-1 is %q, i-2 %q", w.state("i-1"), w.state("i-2"))
	}
}

func unknownAccount(w *world) {
	w.put(1, "i-1")
	w.start()
	for _, other := range []struct{ from, to string }{{account, "42"}, {region, "cn-qingdao"}} {
		event := strings.ReplaceAll(change("i-1", "Running"), other.from, other.to)
		cost := w.counted(func() {
			if a := w.hear(event, brief, engine.EventIgnored); !strings.Contains(a.Events[0].Reason, other.to) {
				w.Errorf("%+v", a.Events)
			}
		})
		if cost != (counts{}) {
			w.Errorf("cost %+v", cost)
		}
	}
	if out := w.Process.Stdout(); strings.Count(out, "event ignored") != 2 || !strings.Contains(out, "WARN") {
		w.Errorf("no warning: %s", out)
	}
}

// forged says that a living instance is released: it is asked again, and then the platform is asked to deliver the
// event once more, as the asset is open; its last delivery leaves it to a full run.
func forged(w *world) {
	w.start()
	w.known(1, "i-1")
	begun := time.Now()
	writes := w.JMS.Writes()
	cost := w.counted(func() { w.Fails(w.send(change("i-1", "Deleted"), brief), "of-i-1", "重新投递") })
	if w.state("i-1") != "active" || w.JMS.Writes() != writes {
		w.Errorf("i-1 is %q after %d writes", w.state("i-1"), w.JMS.Writes()-writes)
	}
	if cost.cloud != 2 || cost.jumpserver != 1 || cost.cards != 0 || time.Since(begun) < 2*time.Second {
		w.Errorf("cost %+v in %s", cost, time.Since(begun))
	}
}

// notThereYet hears of one instance that gets its address after the first question, and of one
// that the cloud does not show at all.
func notThereYet(w *world) {
	w.start()
	w.known(1, "i-1")
	early := alibabatest.Sample(2)
	early.ID, early.PrivateIPs, early.Interfaces = "i-2", nil, nil
	w.Account.Put(region, early)
	w.watched.after(func() { w.put(2, "i-2") })
	a := w.hear("["+change("i-2", "Running")+","+change("i-3", "Running")+"]", brief, engine.EventDone, engine.EventLater)
	if a.Created != 1 || w.state("i-2") != "active" || w.state("i-3") != "" {
		w.Errorf("i-2 is %q, i-3 %q: %+v", w.state("i-2"), w.state("i-3"), a)
	}
}

func cloudFailing(w *world) {
	w.start()
	w.known(1, "i-1")
	w.put(2, "i-2")
	for _, kind := range []alibabatest.Kind{alibabatest.Forbidden, peertest.EmptyObject, peertest.HTML200} {
		w.ECS.Break(alibabatest.Fault{Kind: kind})
		for _, event := range []string{change("i-2", "Running"), change("i-1", "Deleted")} {
			w.Fails(w.send(event, brief), "failed", "prod")
		}
		w.ECS.Repair()
	}
	if w.state("i-1") != "active" || w.state("i-2") != "" {
		w.Errorf("i-1 is %q, i-2 %q", w.state("i-1"), w.state("i-2"))
	}
	again := brief
	again.RetryCount = 1
	if a := w.hear(change("i-2", "Running"), again, engine.EventDone); a.Created != 1 || w.state("i-2") != "active" {
		w.Errorf("delivered again: %+v", a)
	}
}

func jumpserverDown(w *world) {
	w.put(1, "i-1")
	w.JMS.Fail(jumpservertest.On("", "/"), -1, jumpservertest.Fault{Status: 403, Body: `{"detail":"no"}`})
	w.start()
	w.Fails(w.send(change("i-1", "Running"), brief), "of-i-1", "failed", "jumpserver")
	w.JMS.Heal()
	if a := w.hear(change("i-1", "Running"), brief, engine.EventDone); a.Created != 1 {
		w.Errorf("%+v", a)
	}
}

// permissionMissing makes everything look released: an empty list with status 200.
func permissionMissing(w *world) {
	w.start()
	w.known(1, "i-1")
	w.known(2, "i-2")
	w.Account.Remove(region, "i-2")
	writes := w.JMS.Writes()
	w.ECS.Break(alibabatest.Fault{Kind: alibabatest.NoPermission})
	w.Fails(w.send("["+change("i-1", "Deleted")+","+change("i-2", "Deleted")+"]", brief), "of-i-1", "of-i-2", "Forbidden.RAM", "prod")
	if w.state("i-1") != "active" || w.state("i-2") != "active" || w.JMS.Writes() != writes {
		w.Errorf("i-1 is %q, i-2 %q after %d writes", w.state("i-1"), w.state("i-2"), w.JMS.Writes()-writes)
	}
	w.ECS.Repair()
	w.hear(change("i-2", "Deleted"), brief, engine.EventDone)
	if w.state("i-2") != "gone" {
		w.Errorf("i-2 is %q", w.state("i-2"))
	}
}

// roleCredentials takes the credentials of the invocation; without any, the event must come again.
func roleCredentials(w *world) {
	w.Account = w.ECS.AddAccount(alibabatest.Key{AccountID: account, AccessKeyID: roleKey, AccessKeySecret: roleSecret, SecurityToken: roleToken})
	delete(w.Env, "CLOUDS_0_ACCESS_KEY_ID")
	delete(w.Env, "CLOUDS_0_ACCESS_KEY_SECRET")
	w.put(1, "i-1")
	w.start()
	w.Fails(w.send(change("i-1", "Running"), brief), "of-i-1", "no credentials")
	role := runtimetest.Options{KeyID: roleKey, KeySecret: roleSecret, Token: roleToken}
	if a := w.hear(change("i-1", "Running"), role, engine.EventDone); a.Created != 1 {
		w.Errorf("%+v", a)
	}
}

// doubled delivers an event twice in a batch, and then its contrary: late, and once it is true.
func doubled(w *world) {
	w.start()
	w.known(1, "i-1")
	w.Account.Remove(region, "i-1")
	late, gone := change("i-1", "Running"), change("i-1", "Deleted")
	w.hear("["+gone+","+gone+"]", brief, engine.EventDone, engine.EventDone)
	if w.state("i-1") != "gone" {
		w.Errorf("i-1 is %q", w.state("i-1"))
	}
	w.hear(late, brief, engine.EventDone)
	if w.state("i-1") != "gone" {
		w.Errorf("after a late event i-1 is %q", w.state("i-1"))
	}
	w.put(1, "i-1")
	w.hear(late, brief, engine.EventDone)
	if w.state("i-1") != "active" {
		w.Errorf("back again i-1 is %q", w.state("i-1"))
	}
}

// noAccountID finds the account by the identity of its key.
func noAccountID(w *world) {
	delete(w.Env, "CLOUDS_0_ACCOUNT_ID")
	w.put(1, "i-1")
	w.start()
	repair := w.ECS.Break(alibabatest.Fault{Kind: peertest.EmptyObject, Action: alibabatest.GetCallerIdentity})
	w.Fails(w.send(change("i-1", "Running"), brief), "of-i-1", "caller identity")
	repair()
	asked := w.ECS.Calls(alibabatest.GetCallerIdentity)
	for _, state := range []string{"Running", "Stopped", "Running"} {
		w.hear(change("i-1", state), runtimetest.Options{}, engine.EventDone)
	}
	if got := w.ECS.Calls(alibabatest.GetCallerIdentity) - asked; w.state("i-1") != "active" || got != 1 {
		w.Errorf("i-1 is %q, the identity was asked for %d times", w.state("i-1"), got)
	}
}

func mistake(w *world) {
	w.Env["CLOUDS_0_TYPE"] = "aliyum"
	w.start()
	for range 2 {
		w.Fails(w.send(change("i-1", "Running"), brief), "clouds[0].type", "aliyun")
	}
}

// sideBySide lets events for new instances run at once in one process.
func sideBySide(w *world) {
	const n = 10 // a card names no more
	for i := range n {
		w.put(i, fmt.Sprintf("i-%d", i))
	}
	w.JMS.SetLatency(5 * time.Millisecond)
	w.start()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			got, err := w.Runtime.Invoke(w.Context(), []byte(change(fmt.Sprintf("i-%d", i), "Running")), runtimetest.Options{})
			if err != nil || !got.OK {
				w.Errorf("%v %s", err, got.ErrorMessage)
			}
		})
	}
	all.Wait()
	for i := range n {
		if id := fmt.Sprintf("i-%d", i); w.state(id) != "active" {
			w.Errorf("%s is %q", id, w.state(id))
		}
	}
	w.stop()
	w.told(n)
}
