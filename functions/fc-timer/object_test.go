package main

import (
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// testConfigurationObject reads the configuration from OSS with the role of each invocation: one request per firing, and
// a broken version lets nothing run.
func testConfigurationObject(w *world) {
	w.FillInstances(0, 2, "cn-beijing")
	store := storagetest.NewServer(w, storagetest.OSS)
	store.RequireToken(storagetest.GoodToken)
	write := func(regions string) {
		store.SetObject("conf/jms-sync.yaml", fmt.Appendf(nil, `
jumpserver: {url: %q, access_key_id: %s, access_key_secret: "${BASTION_WORD}"}
clouds:
  - {type: aliyun, name: aliyun-prod, access_key_id: %s, access_key_secret: %s, regions: %s, endpoint: %q}
`, w.Env["JUMPSERVER_URL"], jumpservertest.KeyID, cloudKey, cloudSecret, regions, w.Env["CLOUDS_0_ENDPOINT"]))
	}
	write("[cn-beijing]")
	role := runtimetest.Options{KeyID: storagetest.GoodID, KeySecret: storagetest.GoodSecret, Token: storagetest.GoodToken}
	w.StartWith([]string{"JMS_SYNC_CONFIG=" + store.Ref("conf/jms-sync.yaml"), "BASTION_WORD=" + jumpservertest.KeySecret})
	if r := w.Run("", report.OK, role); r.Created != 2 {
		w.Errorf("%+v", r)
	}
	if r := w.Run("", report.OK, role); r.Unchanged != 2 {
		w.Errorf("%+v", r)
	}
	w.WantError(w.Invoke("", runtimetest.Options{}), "ALIBABA_CLOUD_ACCESS_KEY_ID")
	write("[cn-beijing")
	before := w.JMS.Requests()
	w.WantError(w.Invoke("", role), "oss://the-bucket/conf/jms-sync.yaml")
	if w.JMS.Requests() != before {
		w.Error("something ran on a broken configuration")
	}
	write("[cn-beijing, cn-hangzhou]")
	if r := w.Run("", report.OK, role); len(r.Scopes) != 2 {
		w.Errorf("%+v", r)
	}
	want := "GET 200, GET 304, GET 200, GET 200"
	if got := strings.ReplaceAll(strings.Join(store.TakeRequests(), ", "), " conf/jms-sync.yaml", ""); got != want {
		w.Errorf("the store was asked %s, want %s", got, want)
	}
	w.WantNoSecrets("output", strings.ReplaceAll(w.Process.Output(), storagetest.GoodID, "STS.role"))
}
