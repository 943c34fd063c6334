package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// quickConfig returns the quick start's configuration with an addition at the end.
func (w *world) quickConfig(more string) string {
	return fmt.Sprintf(`
jumpserver: {url: %q, access_key_id: "${JMS_KEY_ID}", access_key_secret: "${JMS_KEY_SECRET}"}
clouds:
  - {type: aliyun, name: aliyun-prod, access_key_id: "${ALIYUN_KEY_ID}", access_key_secret: "${ALIYUN_KEY_SECRET}", regions: [cn-beijing], endpoint: %q}
%s`, w.Env["JUMPSERVER_URL"], w.Env["CLOUDS_0_ENDPOINT"], more)
}

func (w *world) writeConfigFile(text string) string {
	file := filepath.Join(w.TempDir(), "jms-sync.yaml")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		w.Fatal(err)
	}
	return "JMS_SYNC_CONFIG=file://" + file
}

// testMissingVariables: the configuration names variables that s.yaml does not pass. The card goes to the robot that the
// configuration itself or the environment names. It lists the variables and comes once, even where another process
// shares the store.
func testMissingVariables(w *world) {
	folder := w.TempDir()
	webhook := w.Env["NOTIFICATION_DINGTALK_WEBHOOK"]
	robot := fmt.Sprintf("notification: {dingtalk: {enabled: true, webhook: %q, secret: %s}}\n", webhook, functiontest.RobotSecret)
	env := []string{w.writeConfigFile(w.quickConfig(robot)), "JMS_SYNC_STATE=file://" + folder, "JMS_KEY_SECRET=" + jumpservertest.KeySecret}
	for range 2 {
		w.StartWith(env)
		for range 2 {
			w.WantError(w.Invoke("", runtimetest.Options{}), "JMS_KEY_ID", "ALIYUN_KEY_SECRET")
		}
		w.Process.Stop()
	}
	w.WantOnlyNotified("告警", "JMS_KEY_ID", "ALIYUN_KEY_ID", "doctor --deploy")
}

func testWebhookOfEnvironment(w *world) {
	for _, names := range [][2]string{
		{"JMS_SYNC_NOTIFICATION_DINGTALK_WEBHOOK", "JMS_SYNC_NOTIFICATION_DINGTALK_SECRET"}, {"DINGTALK_WEBHOOK", "DINGTALK_SECRET"},
	} {
		before := len(w.Robot.Messages())
		w.StartWith([]string{w.writeConfigFile("jumpserver: [\n"), names[0] + "=" + w.Env["NOTIFICATION_DINGTALK_WEBHOOK"], names[1] + "=" + functiontest.RobotSecret})
		w.WantError(w.Invoke("", runtimetest.Options{}), "YAML")
		if n := len(w.Robot.Messages()) - before; n != 1 {
			w.Errorf("%s: %d cards", names[0], n)
		}
	}
}

// testNoWebhook: where nobody can be notified, the log says so.
func testNoWebhook(w *world) {
	w.StartWith([]string{w.writeConfigFile(w.quickConfig(""))})
	w.WantError(w.Invoke("", runtimetest.Options{}), "JMS_KEY_ID")
	w.WantUntouched()
	if !strings.Contains(w.Process.Output(), "no channel is known") {
		w.Errorf("the log does not say so: %s", w.Process.Output())
	}
}

// testLastGoodWebhook: a good configuration is replaced by one that cannot be read at all.
func testLastGoodWebhook(w *world) {
	w.FillInstances(0, 1, "cn-beijing")
	store := storagetest.NewServer(w, storagetest.OSS)
	store.RequireToken(storagetest.GoodToken)
	role := runtimetest.Options{KeyID: storagetest.GoodID, KeySecret: storagetest.GoodSecret, Token: storagetest.GoodToken}
	store.SetObject("conf/jms-sync.yaml", []byte(w.quickConfig(fmt.Sprintf("notification: {dingtalk: {enabled: true, webhook: %q, secret: %s}}\n",
		w.Env["NOTIFICATION_DINGTALK_WEBHOOK"], functiontest.RobotSecret))))
	w.StartWith([]string{
		"JMS_SYNC_CONFIG=" + store.Ref("conf/jms-sync.yaml"), "JMS_KEY_ID=" + jumpservertest.KeyID, "JMS_KEY_SECRET=" + jumpservertest.KeySecret,
		"ALIYUN_KEY_ID=" + cloudKey, "ALIYUN_KEY_SECRET=" + cloudSecret,
	})
	w.Run("", report.OK, role)
	before := len(w.Robot.Messages())
	store.SetObject("conf/jms-sync.yaml", []byte("jumpserver: ["))
	for range 2 {
		w.WantError(w.Invoke("", role), "oss://the-bucket/conf/jms-sync.yaml")
	}
	cards := w.Robot.Messages()[before:]
	if len(cards) != 1 || !strings.Contains(cards[0].Text, "配置不可用") {
		w.Errorf("%+v", cards)
	}
}

// testEnvironmentOnly: all settings are variables, and no file is named.
func testEnvironmentOnly(w *world) {
	w.FillInstances(0, 2, "cn-beijing")
	w.Env["CONFIG"] = "" // as s.yaml passes it where nothing is set
	w.Start()
	if r := w.Run("", report.OK, runtimetest.Options{}); r.Created != 2 {
		w.Errorf("%+v", r)
	}
}
