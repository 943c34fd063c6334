package sessiontest

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
)

// robotSecret signs messages to the emulated robot.
const robotSecret = "SECemulated"

// Emulators are the three services on loopback. World.Start returns them.
type Emulators struct {
	JumpServer *jumpservertest.Server
	Cloud      *alibabatest.Server
	Robot      *dingtalktest.Robot
	Announced  Announcement

	world         World
	first         *alibabatest.Account
	answerTimes   *answerTimer
	countsAtReset CallCounts
	stops         []func()
}

// listen serves a handler on a free port of loopback and stores its base URL in at.
func (e *Emulators) listen(h http.Handler, at *string) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return fmt.Errorf("emulate: %w", err)
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute}
	go func() {
		_ = server.Serve(l)
	}() // ends when it is closed
	e.stops = append(e.stops, func() {
		_ = server.Close()
	})
	*at = "http://" + l.Addr().String()
	return nil
}

// Account returns the first cloud account; nil where there is none.
func (e *Emulators) Account() *alibabatest.Account { return e.first }

// Close stops the services.
func (e *Emulators) Close() {
	e.Cloud.Close()
	for _, stop := range e.stops {
		stop()
	}
}

// environment returns every setting that a run against the emulators needs.
func (e *Emulators) environment() map[string]string {
	env := map[string]string{
		"JMS_SYNC_JUMPSERVER_URL":                e.Announced.JumpServer,
		"JMS_SYNC_JUMPSERVER_ACCESS_KEY_ID":      jumpservertest.KeyID,
		"JMS_SYNC_JUMPSERVER_ACCESS_KEY_SECRET":  jumpservertest.KeySecret,
		"JMS_SYNC_NOTIFICATION_DINGTALK_ENABLED": "true",
		"JMS_SYNC_NOTIFICATION_DINGTALK_WEBHOOK": e.Announced.DingTalk + dingtalktest.WebhookPath + "?access_token=emulated",
		"JMS_SYNC_NOTIFICATION_DINGTALK_SECRET":  robotSecret,
	}
	for n := range e.world.Accounts {
		key, prefix := AccessKey(n), fmt.Sprintf("JMS_SYNC_CLOUDS_%d_", n)
		env[prefix+"TYPE"] = "阿里云"
		env[prefix+"NAME"] = fmt.Sprintf("aliyun-%d", n+1)
		env[prefix+"ACCESS_KEY_ID"] = key.AccessKeyID
		env[prefix+"ACCESS_KEY_SECRET"] = key.AccessKeySecret
		env[prefix+"REGIONS"] = strings.Join(e.world.regionNames(), ",")
		env[prefix+"ENDPOINT"] = e.Announced.Alibaba
	}
	return env
}

// seedJumpServer puts into JumpServer what a sync creates: a real run fills a second JumpServer, which neither waits nor
// limits, and its hosts are copied.
func (e *Emulators) seedJumpServer(ctx context.Context) error {
	scratch := &Emulators{
		JumpServer: jumpservertest.New(jumpservertest.Options{Version: e.world.Version, Limit: e.world.assetLimit()}), Cloud: e.Cloud,
	}
	var url string
	err := scratch.listen(scratch.JumpServer, &url)
	if err != nil {
		return err
	}
	defer scratch.stops[0]() // the cloud stays
	env := maps.Clone(e.Announced.Environment)
	env["JMS_SYNC_JUMPSERVER_URL"] = url
	env["JMS_SYNC_NOTIFICATION_DINGTALK_ENABLED"] = "false"
	rep, err := Announcement{Environment: env}.Sync(ctx)
	if err != nil {
		return fmt.Errorf("emulate: seed: %w", err)
	}
	if rep.Created != e.world.instanceCount() {
		return fmt.Errorf("emulate: seed: outcome %s, %d of %d assets made", rep.Outcome, rep.Created, e.world.instanceCount())
	}
	for _, h := range scratch.JumpServer.Hosts(jumpservertest.DefaultOrg) {
		e.JumpServer.Seed(jumpservertest.DefaultOrg, h)
	}
	return nil
}

// releaseInstance removes an instance of the first account from its first region, and reports whether there is such an
// account.
func (e *Emulators) releaseInstance(id string) bool {
	if e.first == nil {
		return false
	}
	e.first.Remove(e.world.regionNames()[0], id)
	return true
}
