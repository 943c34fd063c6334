package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
	runstate "github.com/jms-sync/jms-sync/core/state"
	"github.com/jms-sync/jms-sync/core/storage/dir"
	"github.com/jms-sync/jms-sync/core/storage/storagetest"
)

// runBare executes a command line where there is no configuration: nothing but JMS_SYNC_STATE is set.
func (d *desk) runBare(code int, args ...string) {
	d.Helper()
	d.Chdir(d.TempDir())
	d.runRaw(d.Context(), code, args...)
}

// TestOrdersNeedOnlyTheStore: a person without configuration and secrets sees what is held, approves and rejects it, and
// pauses and resumes; the next run obeys.
func TestOrdersNeedOnlyTheStore(t *testing.T) {
	d := newDeskWithState(t)
	d.fillInstances(10, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.releaseInstances(0, 4)
	hash := d.runSync(exitPartial, report.Held).HeldSets[0].Hash
	host := hostOfURL(t, d.JumpServerURL)
	d.runBare(exitDone, "held")
	d.wantPrinted(hash, "未批准", "JumpServer："+host+"，组织："+jumpservertest.DefaultOrg)
	if strings.Contains(d.stdout.String(), "读不到配置") {
		t.Error(d.stdout.String())
	}
	d.runBare(exitDone, "status")
	d.wantPrinted("最近一次完整同步", hash)
	d.runBare(exitDone, "pause", "--until", "4h")
	d.wantPrinted("已暂停全部写入")
	d.runBare(exitDone, "approve", hash[:12])
	d.wantPrinted("已批准 4 个资产")
	if r := d.runSync(exitPartial, report.Held); r.Deactivated != 0 || d.activeHosts() != 10 {
		t.Errorf("paused: %+v", r)
	}
	d.runBare(exitDone, "resume")
	d.wantPrinted("已恢复")
	if r := d.runSync(exitDone, report.OK); r.Deactivated != 4 || d.activeHosts() != 6 {
		t.Errorf("approved: %+v", r)
	}
	d.releaseInstances(4, 8)
	hash = d.runSync(exitPartial, report.Held).HeldSets[0].Hash
	d.runBare(exitDone, "reject", hash)
	d.wantPrinted("已忘掉")
	d.runBare(exitUsage, "status", "--alarm") // a card needs the robot
}

// TestWhichInstallation: where a store knows several JumpServers, an order names one of them, by a flag or as the runs do;
// a name that the store does not know is refused with those that it does.
func TestWhichInstallation(t *testing.T) {
	d := newDeskWithState(t)
	staging, production := d.twoInstallations()
	d.fillInstances(3, "cn-beijing")
	var hosts []string
	for _, at := range []func(){staging, production} {
		at()
		d.runSync(exitDone, report.OK)
		hosts = append(hosts, hostOfURL(t, d.JumpServerURL))
	}
	d.runBare(exitUsage, "pause", "--removals")
	for _, host := range hosts {
		if !strings.Contains(d.stderr.String(), "--jumpserver "+host) {
			t.Errorf("%s is not offered: %s", host, &d.stderr)
		}
	}
	d.runBare(exitUsage, "pause", "--removals", "--jumpserver", "jms.typo.example")
	if !strings.Contains(d.stderr.String(), "jms.typo.example") || !strings.Contains(d.stderr.String(), hosts[0]) {
		t.Error(d.stderr.String())
	}
	d.runBare(exitDone, "pause", "--removals", "--jumpserver", hosts[0])
	d.wantPrinted("JumpServer：" + hosts[0])
	t.Setenv("JMS_SYNC_JUMPSERVER_URL", d.JumpServerURL)
	d.runBare(exitDone, "status")
	d.wantPrinted("JumpServer：" + hosts[1])
	if strings.Contains(d.stdout.String(), "已暂停移除") {
		t.Error(d.stdout.String())
	}
	t.Setenv("JMS_SYNC_JUMPSERVER_URL", "")
	staging()
	d.releaseInstances(0, 1)
	if r := d.runSync(exitPartial, report.Held); r.Deactivated != 0 {
		t.Errorf("%+v", r)
	}
}

// TestOrdersWithAConfigurationWithoutSecrets: the configuration as it lies in a repository, whose secrets only the
// functions have, chooses JumpServer, language and time zone.
func TestOrdersWithAConfigurationWithoutSecrets(t *testing.T) {
	d := newDeskWithState(t)
	file := d.saveFile("public.yaml", `
language: en
timezone: UTC
jumpserver: {id: jms-prod, access_key_id: "${THE_KEY}", access_key_secret: "${THE_SECRET}"}
clouds: [{type: 阿里云, name: prod, access_key_id: "${CLOUD_KEY}", access_key_secret: "${CLOUD_SECRET}"}]
`)
	d.runRaw(t.Context(), exitDone, "-c", file, "held")
	d.wantPrinted("JumpServer: jms-prod,", "No removals are on hold.")
	for name, text := range map[string]string{"timezone": "timezone: Mars/Olympus\n", "jumpserver": "jumpserver: {idd: x}\nlog: {file: ''}\n", "file": "{\n"} {
		d.runRaw(t.Context(), exitUsage, "-c", d.saveFile("wrong.yaml", text), "held")
		if d.stderr.Len() == 0 {
			t.Errorf("%s: nothing is said", name)
		}
	}
	t.Setenv("JMS_SYNC_JUMPSERVER_IDD", "jms-test")
	d.runBare(exitUsage, "held")
	if !strings.Contains(d.stderr.String(), "JMS_SYNC_JUMPSERVER_IDD") {
		t.Error(d.stderr.String())
	}
}

// TestOrdersWithoutTheConfigurationsBucket: a person may have the right to the state and none to the configuration, which
// the functions' variables name.
func TestOrdersWithoutTheConfigurationsBucket(t *testing.T) {
	d := newDeskWithState(t)
	d.fillInstances(3, "cn-beijing")
	d.runSync(exitDone, report.OK)
	store := storagetest.NewServer(t, storagetest.OSS)
	store.InjectFault(storagetest.Denied, "", 0, 0)
	t.Setenv("JMS_SYNC_CONFIG", store.Ref("config.yaml"))
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", storagetest.GoodID)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", storagetest.GoodSecret)
	d.runBare(exitDone, "pause", "--removals")
	d.wantPrinted("JumpServer："+hostOfURL(t, d.JumpServerURL), "读不到配置，没有用它")
}

// TestOrdersWithoutTheConfigurationsOrganisation: the organisation stands in a configuration that this person cannot read.
// The variables beside it name the JumpServer alone, and the order is about the installation that the store knows, and not
// about the default organisation, in which no run would see it.
func TestOrdersWithoutTheConfigurationsOrganisation(t *testing.T) {
	const org = "11111111-2222-4333-8444-555555555555"
	d := newDeskWithState(t)
	store, err := runstate.New(dir.Open(strings.TrimPrefix(os.Getenv("JMS_SYNC_STATE"), "file://")), "", runstate.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.ForInstallation(hostOfURL(t, d.JumpServerURL), org).RegisterInstallation(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	bucket := storagetest.NewServer(t, storagetest.OSS)
	bucket.InjectFault(storagetest.Denied, "", 0, 0)
	for name, value := range map[string]string{
		"JMS_SYNC_CONFIG": bucket.Ref("config.yaml"), "ALIBABA_CLOUD_ACCESS_KEY_ID": storagetest.GoodID,
		"ALIBABA_CLOUD_ACCESS_KEY_SECRET": storagetest.GoodSecret, "JMS_SYNC_JUMPSERVER_URL": d.JumpServerURL,
	} {
		t.Setenv(name, value)
	}
	d.runBare(exitDone, "pause", "--removals")
	d.wantPrinted("JumpServer："+hostOfURL(t, d.JumpServerURL)+"，组织："+org, "读不到配置，没有用它")
	t.Setenv("JMS_SYNC_JUMPSERVER_URL", "https://jms.other.example")
	d.runBare(exitUsage, "pause", "--removals")
	if !strings.Contains(d.stderr.String(), "--jumpserver "+hostOfURL(t, d.JumpServerURL)) {
		t.Error(d.stderr.String())
	}
}

// TestEmptyStore: where no run was complete yet, an order must say as the runs do which JumpServer it is about.
func TestEmptyStore(t *testing.T) {
	d := newDeskWithState(t)
	d.runBare(exitUsage, "pause", "--removals")
	if !strings.Contains(d.stderr.String(), "JMS_SYNC_JUMPSERVER_URL") {
		t.Error(d.stderr.String())
	}
	t.Setenv("JMS_SYNC_JUMPSERVER_URL", "https://jms.example.com")
	d.runBare(exitDone, "pause", "--removals")
	d.wantPrinted("JumpServer：jms.example.com")
}
