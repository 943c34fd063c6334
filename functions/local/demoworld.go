package main

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
)

// demoWorld is the emulators on loopback, with a small estate in them.
type demoWorld struct {
	lang       language.Lang
	jumpserver *jumpservertest.Server
	cloud      *alibabatest.Server
	account    *alibabatest.Account
	robot      *dingtalktest.Robot
	clouds     *demoClouds // the further ones

	jumpserverURL, cloudURL, robotURL string
	config                            string
	hasState                          bool // the functions have a state store beside the configuration
	instances                         map[string]alibabatest.Instance
	servers                           []*http.Server
}

// The demo's keys; they open nothing but the emulators.
const (
	demoAccount   = "1690700000000030"
	demoKeyID     = "LTAI-demo-key"
	demoKeySecret = "demo-secret-not-real"
	demoToken     = "demo-token"
	demoSign      = "SECdemo"
)

func newDemoWorld(lang language.Lang) (*demoWorld, error) {
	w := &demoWorld{
		lang:       lang,
		jumpserver: jumpservertest.New(jumpservertest.Options{Version: jumpservertest.V410}),
		cloud:      alibabatest.New(alibabatest.Options{Regions: []string{"cn-beijing", "cn-shanghai"}}),
		robot:      dingtalktest.New(dingtalktest.Options{Token: demoToken, Secret: demoSign}),
		instances:  map[string]alibabatest.Instance{},
	}
	w.account = w.cloud.AddAccount(alibabatest.Key{
		AccountID: demoAccount, AccessKeyID: demoKeyID, AccessKeySecret: demoKeySecret,
	})
	var err error
	for _, s := range []struct {
		handler http.Handler
		url     *string
	}{{w.jumpserver, &w.jumpserverURL}, {w.cloud, &w.cloudURL}, {w.robot, &w.robotURL}} {
		*s.url, err = w.serve(s.handler)
		if err != nil {
			return nil, errors.Join(err, w.close())
		}
	}
	w.clouds, err = newDemoClouds(w)
	if err != nil {
		return nil, errors.Join(err, w.close())
	}
	w.populate()
	if err := w.writeConfig(); err != nil {
		return nil, errors.Join(err, w.close())
	}
	return w, nil
}

// serve serves a handler on a free port of loopback and returns its URL.
func (w *demoWorld) serve(h http.Handler) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	w.servers = append(w.servers, server)
	go func() {
		_ = server.Serve(listener)
	}()
	return "http://" + listener.Addr().String(), nil
}

func (w *demoWorld) close() error {
	w.cloud.Close()
	if w.clouds != nil {
		for _, ground := range w.clouds.emulators() {
			ground.Close()
		}
	}
	var errs []error
	for _, s := range w.servers {
		errs = append(errs, s.Close())
	}
	if w.config != "" {
		errs = append(errs, os.RemoveAll(filepath.Dir(w.config)))
	}
	return errors.Join(errs...)
}

// populate creates an estate with what makes syncs hard: equal names, Windows, a server that the Python tool knows
// already, and a host that a person created.
func (w *demoWorld) populate() {
	linux := func(id, name, ip string) alibabatest.Instance {
		return alibabatest.Instance{
			ID: id, Name: name, OSType: "linux", OSName: "Alibaba Cloud Linux 3", Status: "Running",
			Type: "ecs.g7.large", VPC: "vpc-demo", PrivateIPs: []string{ip},
		}
	}
	windows := linux("i-sh0002", "erp", "10.2.0.2")
	windows.OSType, windows.OSName = "windows", "Windows Server 2022"
	w.putInstance("cn-beijing", linux("i-bj0001", "web-1", "10.1.0.1"))
	w.putInstance("cn-beijing", linux("i-bj0002", "app", "10.1.0.2"))
	w.putInstance("cn-beijing", linux("i-bj0003", "app", "10.1.0.3"))
	w.putInstance("cn-shanghai", linux("i-sh0001", "db-1", "10.2.0.1"))
	w.putInstance("cn-shanghai", windows)
	w.putInstance("cn-shanghai", linux("i-sh0003", "batch", "10.2.0.3"))
	w.putInstance("cn-shanghai", linux("i-sh0004", "old-tool", "10.2.0.4"))
	w.jumpserver.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{
		Name: "old-tool", Address: "10.2.0.4", Active: true, Nodes: []string{"/DEFAULT/" + w.alibaba() + "/aliyun-prod"},
		Comment: w.lang.Text("由JMS-Sync同步于", "synced by JMS-Sync at") + " 2025-05-07 10:00:00\ninstance_id: i-sh0004",
	})
	w.jumpserver.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{Name: w.lang.Text("手工主机", "made-by-hand"), Address: "192.168.1.1", Active: true})
}

func (w *demoWorld) putInstance(region string, i alibabatest.Instance) {
	w.instances[i.ID] = i
	w.account.Put(region, i)
}

func (w *demoWorld) renameInstance(region, id, name string) {
	i := w.instances[id]
	i.Name = name
	w.putInstance(region, i)
}

// alibaba returns how the configuration spells Alibaba's cloud, which names its node.
func (w *demoWorld) alibaba() string { return w.lang.Text("阿里云", "aliyun") }

// writeConfig writes a configuration as a user of the Python tool has it, with the secrets in the environment.
func (w *demoWorld) writeConfig() error {
	dir, err := os.MkdirTemp("", "jms-sync-demo-")
	if err != nil {
		return err
	}
	w.config = filepath.Join(dir, "config.yaml")
	return os.WriteFile(w.config, fmt.Appendf(nil, `environment: {type: DEVELOPMENT}
jumpserver:
  url: %s
  access_key_id: %s
  access_key_secret: ${DEMO_JMS_SECRET}
clouds:
  - {type: %s, name: aliyun-prod, access_key_id: %s, access_key_secret: "${DEMO_ALIYUN_SECRET}",
     account_id: %s, regions: [cn-beijing, cn-shanghai], endpoint: "%s"}
notification: {dingtalk: {enabled: true, webhook: "%s/robot/send?access_token=%s", secret: "${DEMO_SIGN}"}}
`, w.jumpserverURL, jumpservertest.KeyID, w.alibaba(), demoKeyID, demoAccount, w.cloudURL, w.robotURL, demoToken), 0o600)
}

// environment returns everything that the function's program gets.
func (w *demoWorld) environment() []string {
	env := []string{
		"JMS_SYNC_CONFIG=file://" + w.config,
		"JMS_SYNC_LOG_LEVEL=WARNING",
		language.Variable + "=" + string(cmp.Or(w.lang, language.Chinese)),
		"DEMO_JMS_SECRET=" + jumpservertest.KeySecret,
		"DEMO_ALIYUN_SECRET=" + demoKeySecret,
		"DEMO_SIGN=" + demoSign,
	}
	if w.hasState {
		env = append(env, config.EnvState+"=file://"+filepath.Join(filepath.Dir(w.config), "state"))
	}
	return env
}
