package main

import (
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/functions/internal/functiontest"
)

// otherKey is the key of another cloud account than that of functiontest.CloudKey.
const otherKey = "LTAI5tDeskKey0000002"

// swapAccount replaces the key of the desk's account by that of another cloud account, which has one host.
func (d *desk) swapAccount() {
	other := d.ECS.AddAccount(alibabatest.Key{AccountID: "9999999999999999", AccessKeyID: otherKey, AccessKeySecret: functiontest.CloudSecret})
	other.Put("cn-beijing", alibabatest.SampleInstance(500))
	d.key = otherKey
}

// wantRefused runs a sync that must change nothing, and wants the card to say why before all else.
func (d *desk) wantRefused(cards, hosts int) {
	d.Helper()
	r := d.runSync(exitFailed, report.Failed, "-r", "1")
	if r.Created+r.Deactivated+r.Deleted+r.Held != 0 || len(d.Hosts()) != hosts || d.activeHosts() != hosts {
		d.Errorf("%+v", r)
	}
	_, text, _ := strings.Cut(d.wantCards(cards), "\n\n") // after the title
	first, _, _ := strings.Cut(text, "\n")
	for _, word := range []string{"aliyun-prod", "9999999999999999", "1234567890123456", "account\\_id", "owner accept"} {
		if !strings.Contains(strings.ReplaceAll(first, "account_id", "account\\_id"), word) {
			d.Errorf("the card's first paragraph does not say %s: %s", word, first)
		}
	}
}

// TestKeyOfAnotherAccount: an account has 60 assets, and its key is replaced by one of another cloud account, where one
// host runs. With a store the owner is known from before, otherwise from the labels of the assets.
func TestKeyOfAnotherAccount(t *testing.T) {
	for name, stored := range map[string]bool{"with a store": true, "by marks": false} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("JMS_SYNC_STATE", "")
			if stored {
				t.Setenv("JMS_SYNC_STATE", "file://"+t.TempDir())
			}
			d := newDesk(t)
			d.fillInstances(60, "cn-beijing")
			d.runSync(exitDone, report.OK)
			d.swapAccount()
			d.wantRefused(2, 60)
			d.wantRefused(3, 60)
			d.key = "" // the right one again
			if r := d.runSync(exitDone, report.OK); r.Total != 60 || len(d.Hosts()) != 60 {
				t.Errorf("%+v", r)
			}
		})
	}
}

// TestOwnerAccept: a person says that the other account is meant. The old one's assets stay as they are, the new one's
// host is created; and this counts until the next acceptance.
func TestOwnerAccept(t *testing.T) {
	d := newDeskWithState(t)
	d.run(exitDone, "owner")
	d.wantPrinted("还没有")
	d.fillInstances(10, "cn-beijing")
	d.runSync(exitDone, report.OK)
	d.swapAccount()
	d.wantRefused(2, 10)
	d.run(exitDone, "owner")
	d.wantPrinted("9999999999999999", "1234567890123456（自 ")
	d.run(exitUsage, "owner", "accept", "prod")
	d.run(exitDone, "owner", "accept", "aliyun-prod")
	d.wantPrinted("今后是云账号 9999999999999999（之前记住的：1234567890123456）")
	r := d.runSync(exitDone, report.OK)
	if r.Created != 1 || r.Skipped != 10 || r.Deactivated+r.Deleted+r.Held != 0 || d.activeHosts() != 11 {
		t.Errorf("%+v", r)
	}
	d.runSync(exitDone, report.OK)
	d.key = ""
	if r := d.runSync(exitFailed, report.Failed, "-r", "1"); r.Created != 0 || d.activeHosts() != 11 {
		t.Errorf("%+v", r)
	}
}

// TestOwnerNeedsAStore: without a store the command fails, and says what helps.
func TestOwnerNeedsAStore(t *testing.T) {
	t.Setenv("JMS_SYNC_STATE", "")
	d := newDesk(t)
	d.run(exitUsage, "owner", "accept", "aliyun-prod")
	if !strings.Contains(d.stderr.String(), "JMS_SYNC_STATE") || !strings.Contains(d.stderr.String(), "account_id") {
		t.Error(d.stderr.String())
	}
}
