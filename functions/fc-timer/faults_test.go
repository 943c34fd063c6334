package main

import (
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// testJumpServerDownAndUp: JumpServer is down, and later up again in the same process.
func testJumpServerDownAndUp(w *world) {
	w.FillInstances(0, 2, "cn-beijing")
	w.JMS.Fail(jumpservertest.MatchRequest("", "/"), -1, jumpservertest.Fault{Cut: true})
	w.Start()
	w.WantError(w.Invoke("", runtimetest.Options{}), "sync failed", "temporary", "cannot be reached")
	cards := w.Robot.Messages()
	if len(cards) != 1 || !strings.Contains(cards[0].Text, "cannot be reached") || w.ECS.Calls("") > 0 {
		w.Errorf("cards %+v", cards)
	}
	if !strings.Contains(w.Process.Stdout(), "cannot be reached") {
		w.Errorf("the log does not say why: %s", w.Process.Stdout())
	}
	w.JMS.ClearFaults()
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Created != 2 {
		w.Errorf("%+v", r)
	}
}

// testBrokenConfiguration: every invocation reports all mistakes at once, and the process lives on.
func testBrokenConfiguration(w *world) {
	w.Env["JUMPSERVER_URL"] = "jms.example.com"
	delete(w.Env, "JUMPSERVER_ACCESS_KEY_SECRET")
	w.Env["CLOUDS_0_TYPE"] = "aliyum"
	w.Env["SYNC_WRITERS"] = "many"
	w.Env["SYNC_NO_DELET"] = "true"
	w.Env["LANGUAGE"] = "en"
	w.Start()
	for range 2 {
		w.WantError(w.Invoke("", runtimetest.Options{}), "jumpserver.url: ", "jumpserver.access_key_secret: ", "clouds[0].type: ",
			"aliyun", "sync.writers: ", "JMS_SYNC_SYNC_NO_DELET: ", "JMS_SYNC_SYNC_NO_DELETE")
	}
	w.WantOnlyNotified("alarm: ", "nothing was done", "jumpserver.url: ", "is no cloud known", "JMS_SYNC_SYNC_NO_DELETE") // once, not by every tick
}

// testWrongOrganisation: the run stops where another organisation answers, before anything else is read.
func testWrongOrganisation(w *world) {
	w.FillInstances(0, 2, "cn-beijing")
	w.Env["JUMPSERVER_ORG_ID"] = "99999999-0000-4000-8000-000000000001"
	w.Start()
	w.WantError(w.Invoke("", runtimetest.Options{}), "organisation", "99999999-0000-4000-8000-000000000001")
	w.wantOnlyNotified("organisation")
}

func testWrongKey(w *world) {
	w.FillInstances(0, 2, "cn-beijing")
	w.Env["JUMPSERVER_ACCESS_KEY_SECRET"] = "another-word-0123456789"
	w.Start()
	answer := w.Invoke("", runtimetest.Options{})
	w.WantError(answer, "bad_credentials", "access key")
	if strings.Contains(answer.ErrorMessage+w.Process.Output(), "another-word") {
		w.Errorf("the secret is told: %s", answer.ErrorMessage)
	}
	w.wantOnlyNotified("access key")
}

// wantOnlyNotified wants JumpServer queried for its organisation only, the cloud for nothing, and a card that says why.
func (w *world) wantOnlyNotified(why string) {
	w.Helper()
	for path := range w.JMS.Calls() {
		if !strings.HasPrefix(path, "GET /api/v1/orgs/") {
			w.Errorf("JumpServer was asked for %s", path)
		}
	}
	if n := w.ECS.Calls(""); n > 0 {
		w.Errorf("%d requests to the cloud", n)
	}
	notified := slices.ContainsFunc(w.Robot.Messages(), func(m dingtalktest.Message) bool { return strings.Contains(m.Text, why) })
	if !notified {
		w.Errorf("cards %+v", w.Robot.Messages())
	}
}

func testMissingConfigurationFile(w *world) {
	missing := filepath.Join(w.TempDir(), "absent.yaml")
	w.StartWith([]string{"JMS_SYNC_CONFIG=file://" + missing})
	w.WantError(w.Invoke("", runtimetest.Options{}), "JMS_SYNC_CONFIG: ", missing)
	w.WantUntouched()
}

// testRefusingRobot: a robot that refuses every card is logged, and changes nothing else.
func testRefusingRobot(w *world) {
	w.FillInstances(0, 2, "cn-beijing")
	w.Robot.QueueFaults(dingtalktest.AnswerFaults(9, "keywords")...)
	w.Start()
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Created != 2 {
		w.Errorf("%+v", r)
	}
	if !strings.Contains(w.Process.Stdout(), "notification failed") {
		w.Errorf("log: %s", w.Process.Stdout())
	}
}

// testHangingRobot: where the robot never answers, the results still go out before the deadline.
func testHangingRobot(w *world) {
	w.FillInstances(0, 2, "cn-beijing")
	never := make(chan struct{})
	w.Cleanup(func() {
		close(never)
	})
	w.Robot.QueueFaults(dingtalktest.Fault{Blocked: never})
	w.Start()
	if r := w.Run("", report.OK, runtimetest.Options{Timeout: 3 * time.Second}); r.Created != 2 {
		w.Errorf("%+v", r)
	}
}
