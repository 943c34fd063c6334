package wire_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
	"github.com/jms-sync/jms-sync/functions/internal/trigger"
	"github.com/jms-sync/jms-sync/functions/internal/wire"
)

// TestTerminate: what waits for its window is told when the platform says only SIGTERM, as Lambda
// and FunctionGraph do; and a process that has done nothing has nothing to say.
func TestTerminate(t *testing.T) {
	t.Parallel()
	serve := func(h http.Handler) string {
		server := httptest.NewServer(h)
		t.Cleanup(server.Close)
		return server.URL
	}
	const owner, region = "1690700000000030", "cn-hangzhou"
	ecs := alibabatest.New(alibabatest.Options{Reporter: t})
	t.Cleanup(ecs.Close)
	account := ecs.AddAccount(alibabatest.Key{AccountID: owner, AccessKeyID: "key", AccessKeySecret: "word"})
	account.Fill(region, 3, alibabatest.SampleInstance)
	robot := dingtalktest.New(dingtalktest.Options{Token: "t", Secret: "SECs", ReportUnexpected: t.Errorf})
	app := wire.NewApp("test", wire.NewLoader("", []string{
		"JMS_SYNC_JUMPSERVER_URL=" + serve(jumpservertest.New(jumpservertest.Options{TB: t})),
		"JMS_SYNC_JUMPSERVER_ACCESS_KEY_ID=" + jumpservertest.KeyID, "JMS_SYNC_JUMPSERVER_ACCESS_KEY_SECRET=" + jumpservertest.KeySecret,
		"JMS_SYNC_CLOUDS_0_TYPE=aliyun", "JMS_SYNC_CLOUDS_0_NAME=prod", "JMS_SYNC_CLOUDS_0_ACCOUNT_ID=" + owner,
		"JMS_SYNC_CLOUDS_0_ACCESS_KEY_ID=key", "JMS_SYNC_CLOUDS_0_ACCESS_KEY_SECRET=word",
		"JMS_SYNC_CLOUDS_0_REGIONS=" + region, "JMS_SYNC_CLOUDS_0_ENDPOINT=" + serve(ecs),
		"JMS_SYNC_NOTIFICATION_WINDOW=10m", "JMS_SYNC_NOTIFICATION_DINGTALK_ENABLED=true", "JMS_SYNC_NOTIFICATION_DINGTALK_SECRET=SECs",
		"JMS_SYNC_NOTIFICATION_DINGTALK_WEBHOOK=" + serve(robot) + dingtalktest.WebhookPath + "?access_token=t",
	}), func(config.Config) (*slog.Logger, error) { return slog.New(slog.NewTextHandler(io.Discard, nil)), nil })
	app.Terminate()
	for n := range 3 {
		event := fmt.Appendf(nil, `{"id":"e%d","source":"acs.ecs","type":"ecs:Instance:StateChange","specversion":"1.0",
			"data":{"resourceId":%q,"state":"Running"},"aliyunaccountid":%q,"aliyunregionid":%q}`,
			n, alibabatest.SampleInstance(n).ID, owner, region)
		if a, err := app.HandleEvent(t.Context(), inventory.Alibaba, event, wire.Role{}); err != nil || a.Created != 1 {
			t.Fatalf("%+v %v", a, err)
		}
	}
	for _, want := range []int{1, 2, 2} {
		if n := len(robot.Messages()); n != want {
			t.Errorf("%d cards, want %d", n, want)
		}
		app.Terminate()
	}
}

// TestTickWithoutATime is never stale, as nobody knows when it fired.
func TestTickWithoutATime(t *testing.T) {
	t.Parallel()
	e, role := newEstate(t, storagetest.S3), roleOf(inventory.AWS)
	e.store.RequireToken(storagetest.GoodToken)
	e.write("stale_after: 10m")
	for at, want := range map[time.Time]report.Outcome{{}: report.OK, time.Now().Add(-time.Hour): report.TooLate} {
		if r, err := e.app.HandleTimer(t.Context(), trigger.Timer{FiredAt: at}, role); err != nil || r.Outcome != want {
			t.Errorf("fired %s: %s %v", at, r.Outcome, err)
		}
	}
}
