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
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// product links main, and with it the whole program, into the test's binary. The tests build the program themselves, so
// without this go test would not notice a change and would report cached results.
var product = main

// TestFunction drives the built program as Function Compute does. All scenarios share one program; each has its own
// process and its own world. Many of them wait for two seconds as the program does, so all run at once: t.Parallel would
// let only as many run as there are cores.
// Invariants: 13.
func TestFunction(t *testing.T) {
	t.Parallel()
	runtime.KeepAlive(product)
	program := functiontest.Build(t)
	scenarios := map[string]func(*world){
		"answer":                       testAnswerFields,
		"create":                       testCreate,
		"no complete runs":             testSilentTimer,
		"release":                      testRelease,
		"ignored":                      testIgnored,
		"broken":                       testBrokenEvents,
		"unknown account":              testUnknownAccount,
		"forged release":               testForgedRelease,
		"not there yet":                testNotThereYet,
		"cloud failing, then well":     testCloudFailing,
		"JumpServer down, then well":   testJumpServerDown,
		"permission missing":           testPermissionMissing,
		"role":                         testRoleCredentials,
		"window":                       testWindow,
		"no window":                    testNoWindow,
		"shared window":                testSharedWindow,
		"robot down, then well":        testRobotDown,
		"stop before the first event":  testStopBeforeEvents,
		"side by side":                 testConcurrentEvents,
		"doubled":                      testDuplicateEvents,
		"no account_id":                testNoAccountID,
		"key of another account":       testWrongKey,
		"state reopened":               testMarkedDirty,
		"paused":                       testPaused,
		"node renamed":                 testNodeRenamed,
		"configuration with a mistake": testConfigMistake,
	}
	for _, s := range savedEvents() {
		scenarios[s.name] = s.replay
	}
	var all sync.WaitGroup
	for name, scenario := range scenarios {
		all.Go(func() {
			t.Run(name, func(t *testing.T) {
				scenario(newWorld(t, program))
			})
		})
	}
	all.Wait()
}

// testAnswerFields checks the answer's fields and their order: users feed it to other programs.
func testAnswerFields(w *world) {
	w.putInstance(1, "i-1")
	w.start()
	body := string(w.send("["+newStateChange("i-1", "Running")+`,{"id":"x","type":"acs.other"}]`, runtimetest.Options{}).Body)
	var parts struct{ Events []json.RawMessage }
	if err := json.Unmarshal([]byte(body), &parts); err != nil || len(parts.Events) != 2 {
		w.Fatalf("%v: %s", err, body)
	}
	if !strings.HasPrefix(body, `{"outcome":"ok","dry_run":false,"started_at":"`) || !strings.Contains(body, `"errors":[],"events":[`) {
		w.Errorf("%s", body)
	}
	for n, want := range []string{
		`{"id":"of-i-1","what":"StateChange Running","outcome":"done","reason":"`,
		`{"id":"x","what":"acs.other","outcome":"ignored","reason":"not a change of an instance's state or address"}`,
	} {
		if got := string(parts.Events[n]); !strings.HasPrefix(got, want) {
			w.Errorf("event %s\nwant %s", got, want)
		}
	}
}

// testCreate counts what one new instance costs a warm function: JumpServer is searched for it, asked which organisation
// answers, and gets the asset.
func testCreate(w *world) {
	w.Env["NOTIFICATION_WINDOW"] = "0s"
	w.start()
	w.createAsset(1, "i-1")
	w.putInstance(2, "i-2")
	var a reconcile.EventReport
	cost := w.countCalls(func() {
		a = w.sendEvent(newStateChange("i-2", "Running"), runtimetest.Options{}, reconcile.EventDone)
	})
	if a.Created != 1 || w.assetState("i-2") != "active" {
		w.Errorf("i-2 is %q: %+v", w.assetState("i-2"), a)
	}
	if want := (callCounts{cloud: 1, jumpserver: 3, cards: 1}); cost != want {
		w.Errorf("cost %+v, want %+v: %v", cost, want, w.JMS.Calls())
	}
	cost = w.countCalls(func() {
		w.sendEvent(newStateChange("i-2", "Stopped"), runtimetest.Options{}, reconcile.EventDone)
	})
	if cost != (callCounts{cloud: 1, jumpserver: 1}) {
		w.Errorf("an event that changes nothing: %+v", cost)
	}
}

// testRelease counts what a released instance costs a warm function.
func testRelease(w *world) {
	w.Env["NOTIFICATION_WINDOW"] = "0s"
	w.start()
	w.createAsset(1, "i-1")
	w.createAsset(2, "i-2")
	w.Account.Remove(region, "i-1")
	var a reconcile.EventReport
	cost := w.countCalls(func() {
		a = w.sendEvent(newStateChange("i-1", "Deleted"), shortInvocation, reconcile.EventDone)
	})
	if a.Deactivated != 1 || a.Deleted != 0 || w.assetState("i-1") != "gone" || w.assetState("i-2") != "active" {
		w.Errorf("i-1 is %q, i-2 %q: %+v", w.assetState("i-1"), w.assetState("i-2"), a)
	}
	if want := (callCounts{cloud: 5, jumpserver: 4, cards: 1}); cost != want {
		w.Errorf("cost %+v, want %+v: %v", cost, want, w.JMS.Calls())
	}
	cost = w.countCalls(func() {
		w.sendEvent(newStateChange("i-1", "Deleted"), shortInvocation, reconcile.EventDone)
	})
	if cost.cloud > 1 || cost.jumpserver > 1 || cost.cards > 0 {
		w.Errorf("the same event again cost %+v", cost)
	}
}

// testIgnored: ignored events cost nothing, and nobody is asked anything.
func testIgnored(w *world) {
	w.putInstance(1, "i-1")
	w.start()
	cost := w.countCalls(func() {
		a := w.sendEvent("["+newStateChange("i-1", "Starting")+`,{"id":"x","type":"acs.other"}]`, shortInvocation, reconcile.EventIgnored, reconcile.EventIgnored)
		if a.Outcome != "ok" || !strings.Contains(a.Results[0].Reason, "not a state") || !strings.Contains(a.Results[1].Reason, "not a change") {
			w.Errorf("%+v", a)
		}
	})
	if cost != (callCounts{}) || w.assetState("i-1") != "" {
		w.Errorf("cost %+v", cost)
	}
}

// testBrokenEvents: broken events are reported, and the others of their batch done.
func testBrokenEvents(w *world) {
	w.putInstance(1, "i-1")
	w.putInstance(2, "i-2")
	w.start()
	for payload, says := range map[string]string{
		"": "it is empty", "null": "not a JSON object", "hello": "not a JSON object", "[]": "the batch is empty",
		`{"id":"e7","type":"ecs:Instance:StateChange","data":{"resourceId":"i-1"}}`: "e7: the event has no state (data.state)",
		`{"type":"ecs:Instance:StateChange","data":{"state":"Running"}}`: "the account's id (aliyunaccountid), the region (aliyunregionid), " +
			"the instance's id (data.resourceId or the subject)",
	} {
		w.WantError(w.send(payload, shortInvocation), says)
	}
	batch := "[" + newStateChange("i-1", "Running") + `,{"id":"e8"},` + newStateChange("i-2", "Stopped") + "]"
	w.WantError(w.send(batch, shortInvocation), "of-i-1 (StateChange Running): done", "e8", "no form of event that is known", "of-i-2 (StateChange Stopped): done")
	if w.assetState("i-1") != "active" || w.assetState("i-2") != "active" {
		w.Errorf("i-1 is %q, i-2 %q", w.assetState("i-1"), w.assetState("i-2"))
	}
}

func testUnknownAccount(w *world) {
	w.putInstance(1, "i-1")
	w.start()
	for _, other := range []struct{ from, to string }{{account, "42"}, {region, "cn-qingdao"}} {
		event := strings.ReplaceAll(newStateChange("i-1", "Running"), other.from, other.to)
		cost := w.countCalls(func() {
			if a := w.sendEvent(event, shortInvocation, reconcile.EventIgnored); !strings.Contains(a.Results[0].Reason, other.to) {
				w.Errorf("%+v", a.Results)
			}
		})
		if cost != (callCounts{}) {
			w.Errorf("cost %+v", cost)
		}
	}
	if out := w.Process.Stdout(); strings.Count(out, "event ignored") != 2 || !strings.Contains(out, "WARN") {
		w.Errorf("no warning: %s", out)
	}
}

// testForgedRelease says that a living instance is released. The cloud is queried again, and then the platform is asked
// to deliver the event once more, because the asset is still active; the last delivery leaves it to a full run.
func testForgedRelease(w *world) {
	w.start()
	w.createAsset(1, "i-1")
	started := time.Now()
	writes := w.JMS.Writes()
	cost := w.countCalls(func() {
		w.WantError(w.send(newStateChange("i-1", "Deleted"), shortInvocation), "of-i-1", "重新投递")
	})
	if w.assetState("i-1") != "active" || w.JMS.Writes() != writes {
		w.Errorf("i-1 is %q after %d writes", w.assetState("i-1"), w.JMS.Writes()-writes)
	}
	if cost.cloud != 2 || cost.jumpserver != 1 || cost.cards != 0 || time.Since(started) < 2*time.Second {
		w.Errorf("cost %+v in %s", cost, time.Since(started))
	}
}

// testNotThereYet has one instance that gets its address after the first query, and one that the cloud does not show at
// all.
func testNotThereYet(w *world) {
	w.start()
	w.createAsset(1, "i-1")
	early := alibabatest.SampleInstance(2)
	early.ID, early.PrivateIPs, early.Interfaces = "i-2", nil, nil
	w.Account.Put(region, early)
	w.listWatch.afterNextAnswer(func() {
		w.putInstance(2, "i-2")
	})
	a := w.sendEvent("["+newStateChange("i-2", "Running")+","+newStateChange("i-3", "Running")+"]", shortInvocation, reconcile.EventDone, reconcile.EventLater)
	if a.Created != 1 || w.assetState("i-2") != "active" || w.assetState("i-3") != "" {
		w.Errorf("i-2 is %q, i-3 %q: %+v", w.assetState("i-2"), w.assetState("i-3"), a)
	}
}

func testCloudFailing(w *world) {
	w.start()
	w.createAsset(1, "i-1")
	w.putInstance(2, "i-2")
	for _, kind := range []alibabatest.Kind{alibabatest.Forbidden, peertest.EmptyObject, peertest.HTML200} {
		w.ECS.Break(alibabatest.Fault{Kind: kind})
		for _, event := range []string{newStateChange("i-2", "Running"), newStateChange("i-1", "Deleted")} {
			w.WantError(w.send(event, shortInvocation), "failed", "prod")
		}
		w.ECS.Repair()
	}
	if w.assetState("i-1") != "active" || w.assetState("i-2") != "" {
		w.Errorf("i-1 is %q, i-2 %q", w.assetState("i-1"), w.assetState("i-2"))
	}
	again := shortInvocation
	again.RetryCount = 1
	if a := w.sendEvent(newStateChange("i-2", "Running"), again, reconcile.EventDone); a.Created != 1 || w.assetState("i-2") != "active" {
		w.Errorf("delivered again: %+v", a)
	}
}

func testJumpServerDown(w *world) {
	w.putInstance(1, "i-1")
	w.JMS.Fail(jumpservertest.MatchRequest("", "/"), -1, jumpservertest.Fault{Status: 403, Body: `{"detail":"no"}`})
	w.start()
	w.WantError(w.send(newStateChange("i-1", "Running"), shortInvocation), "of-i-1", "failed", "jumpserver")
	w.JMS.ClearFaults()
	if a := w.sendEvent(newStateChange("i-1", "Running"), shortInvocation, reconcile.EventDone); a.Created != 1 {
		w.Errorf("%+v", a)
	}
}

// testPermissionMissing: a missing permission makes everything look released, with an empty list and status 200.
func testPermissionMissing(w *world) {
	w.start()
	w.createAsset(1, "i-1")
	w.createAsset(2, "i-2")
	w.Account.Remove(region, "i-2")
	writes := w.JMS.Writes()
	w.ECS.Break(alibabatest.Fault{Kind: alibabatest.NoPermission})
	w.WantError(w.send("["+newStateChange("i-1", "Deleted")+","+newStateChange("i-2", "Deleted")+"]", shortInvocation), "of-i-1", "of-i-2", "Forbidden.RAM", "prod")
	if w.assetState("i-1") != "active" || w.assetState("i-2") != "active" || w.JMS.Writes() != writes {
		w.Errorf("i-1 is %q, i-2 %q after %d writes", w.assetState("i-1"), w.assetState("i-2"), w.JMS.Writes()-writes)
	}
	w.ECS.Repair()
	w.sendEvent(newStateChange("i-2", "Deleted"), shortInvocation, reconcile.EventDone)
	if w.assetState("i-2") != "gone" {
		w.Errorf("i-2 is %q", w.assetState("i-2"))
	}
}

// testRoleCredentials: the function uses the credentials of the invocation; without any, the event must come again.
func testRoleCredentials(w *world) {
	w.Account = w.ECS.AddAccount(alibabatest.Key{AccountID: account, AccessKeyID: roleKey, AccessKeySecret: roleSecret, SecurityToken: roleToken})
	delete(w.Env, "CLOUDS_0_ACCESS_KEY_ID")
	delete(w.Env, "CLOUDS_0_ACCESS_KEY_SECRET")
	w.putInstance(1, "i-1")
	w.start()
	w.WantError(w.send(newStateChange("i-1", "Running"), shortInvocation), "of-i-1", "no credentials")
	role := runtimetest.Options{KeyID: roleKey, KeySecret: roleSecret, Token: roleToken}
	if a := w.sendEvent(newStateChange("i-1", "Running"), role, reconcile.EventDone); a.Created != 1 {
		w.Errorf("%+v", a)
	}
}

// testDuplicateEvents delivers an event twice in a batch, and then the opposite one: too early, and once it is true.
func testDuplicateEvents(w *world) {
	w.start()
	w.createAsset(1, "i-1")
	w.Account.Remove(region, "i-1")
	late, gone := newStateChange("i-1", "Running"), newStateChange("i-1", "Deleted")
	w.sendEvent("["+gone+","+gone+"]", shortInvocation, reconcile.EventDone, reconcile.EventDone)
	if w.assetState("i-1") != "gone" {
		w.Errorf("i-1 is %q", w.assetState("i-1"))
	}
	w.sendEvent(late, shortInvocation, reconcile.EventDone)
	if w.assetState("i-1") != "gone" {
		w.Errorf("after a late event i-1 is %q", w.assetState("i-1"))
	}
	w.putInstance(1, "i-1")
	w.sendEvent(late, shortInvocation, reconcile.EventDone)
	if w.assetState("i-1") != "active" {
		w.Errorf("back again i-1 is %q", w.assetState("i-1"))
	}
}

// testNoAccountID: the account is found by the identity of its key.
func testNoAccountID(w *world) {
	delete(w.Env, "CLOUDS_0_ACCOUNT_ID")
	w.putInstance(1, "i-1")
	w.start()
	repair := w.ECS.Break(alibabatest.Fault{Kind: peertest.EmptyObject, Action: alibabatest.GetCallerIdentity})
	w.WantError(w.send(newStateChange("i-1", "Running"), shortInvocation), "of-i-1", "caller identity")
	repair()
	before := w.ECS.Calls(alibabatest.GetCallerIdentity)
	for _, state := range []string{"Running", "Stopped", "Running"} {
		w.sendEvent(newStateChange("i-1", state), runtimetest.Options{}, reconcile.EventDone)
	}
	if got := w.ECS.Calls(alibabatest.GetCallerIdentity) - before; w.assetState("i-1") != "active" || got != 1 {
		w.Errorf("i-1 is %q, the identity was asked for %d times", w.assetState("i-1"), got)
	}
}

func testConfigMistake(w *world) {
	w.Env["CLOUDS_0_TYPE"] = "aliyum"
	w.start()
	for range 2 {
		w.WantError(w.send(newStateChange("i-1", "Running"), shortInvocation), "clouds[0].type", "aliyun")
	}
}

// testConcurrentEvents sends events for new instances at once to one process.
func testConcurrentEvents(w *world) {
	const n = 10 // a card names no more
	for i := range n {
		w.putInstance(i, fmt.Sprintf("i-%d", i))
	}
	w.JMS.SetLatency(5 * time.Millisecond)
	w.start()
	var all sync.WaitGroup
	for i := range n {
		all.Go(func() {
			got, err := w.Runtime.Invoke(w.Context(), []byte(newStateChange(fmt.Sprintf("i-%d", i), "Running")), runtimetest.Options{})
			if err != nil || !got.OK {
				w.Errorf("%v %s", err, got.ErrorMessage)
			}
		})
	}
	all.Wait()
	for i := range n {
		if id := fmt.Sprintf("i-%d", i); w.assetState(id) != "active" {
			w.Errorf("%s is %q", id, w.assetState(id))
		}
	}
	w.stop()
	w.wantInCards(n)
}
