package main

import (
	"net/url"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// twoInstallations returns functions that switch to the JumpServer of staging and of production, which share a cloud
// account and a state store.
func (d *desk) twoInstallations() (staging, production func()) {
	first, url := d.JMS, d.JumpServerURL
	second := jumpservertest.New(jumpservertest.Options{TB: d.T})
	other := d.Serve(second)
	staging = func() {
		d.JMS, d.JumpServerURL = first, url
	}
	production = func() {
		d.JMS, d.JumpServerURL = second, other
	}
	return staging, production
}

// TestApprovalStaysInItsInstallation: the same 30 assets are held in staging and in production, with the same hash, and
// staging's approval does not count in production.
func TestApprovalStaysInItsInstallation(t *testing.T) {
	d := newDeskWithState(t)
	staging, production := d.twoInstallations()
	d.fillInstances(60, "cn-beijing")
	for _, at := range []func(){staging, production} {
		at()
		d.runSync(exitDone, report.OK)
	}
	if card := d.wantCards(3); !strings.Contains(card, "jumpserver.id") || !strings.Contains(card, hostOfURL(t, d.JumpServerURL)) {
		t.Errorf("nobody says that the store is shared: %s", card)
	}
	d.releaseInstances(0, 30)
	hashes := map[string]bool{}
	for _, at := range []func(){staging, production} {
		at()
		r := d.runSync(exitPartial, report.Held)
		hashes[r.HeldSets[0].Hash] = true
	}
	if len(hashes) != 1 {
		t.Fatalf("the test needs one hash in both: %v", hashes)
	}
	for hash := range hashes {
		staging()
		d.run(exitDone, "approve", hash)
		d.wantPrinted("JumpServer：" + hostOfURL(t, d.JumpServerURL) + "，组织：" + jumpservertest.DefaultOrg)
	}
	production()
	if r := d.runSync(exitPartial, report.Held); r.Held != 30 || r.Deactivated+r.Deleted != 0 || d.activeHosts() != 60 {
		t.Errorf("production removed by staging's approval: %+v", r)
	}
	d.run(exitDone, "status")
	d.wantPrinted("同一个状态存储里还有", "未批准")
	staging()
	if r := d.runSync(exitDone, report.OK); r.Deactivated != 30 || d.activeHosts() != 30 {
		t.Errorf("%+v", r)
	}
	production()
	if d.activeHosts() != 60 {
		t.Errorf("%d active in production", d.activeHosts())
	}
}

// TestInstallationsRemoveIndependently: where two installations share a store, what one has seen to be gone the other
// still deactivates.
func TestInstallationsRemoveIndependently(t *testing.T) {
	d := newDeskWithState(t)
	staging, production := d.twoInstallations()
	d.fillInstances(20, "cn-beijing")
	for _, at := range []func(){staging, production} {
		at()
		d.runSync(exitDone, report.OK)
	}
	d.releaseInstances(0, 1)
	for _, at := range []func(){staging, production} {
		at()
		if r := d.runSync(exitDone, report.OK); r.Deactivated != 1 || d.activeHosts() != 19 {
			t.Errorf("%s: %+v", d.JumpServerURL, r)
		}
	}
}

// TestOneServerByTwoNames: with jumpserver.id both names share one state, and nothing says that the store is shared.
func TestOneServerByTwoNames(t *testing.T) {
	d := newDeskWithState(t)
	d.fillInstances(10, "cn-beijing")
	d.id = "jms-prod"
	d.runSync(exitDone, report.OK)
	d.releaseInstances(0, 4)
	r := d.runSync(exitPartial, report.Held)
	d.run(exitDone, "approve", r.HeldSets[0].Hash)
	d.wantPrinted("JumpServer：jms-prod，")
	d.JumpServerURL = strings.Replace(d.JumpServerURL, "127.0.0.1", "localhost", 1)
	d.run(exitDone, "held")
	d.wantPrinted("已批准")
	if r := d.runSync(exitDone, report.OK); r.Deactivated != 4 {
		t.Errorf("%+v", r)
	}
}

func hostOfURL(t *testing.T, text string) string {
	t.Helper()
	at, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return at.Host
}
