package page_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/report/page"
)

func scopeOf(account, region string) inventory.Scope {
	return inventory.Scope{Cloud: inventory.Alibaba, Account: account, Region: region}
}

// change returns the n-th host's change.
func change(action plan.Action, n int, why reason.Reason) plan.Change {
	regions := []string{"cn-beijing", "cn-hangzhou", "cn-shanghai"}
	return plan.Change{
		Action: action, Reason: why, Scope: scopeOf([]string{"aliyun-prod", "aliyun-test"}[n%2], regions[n%3]),
		InstanceID: fmt.Sprintf("i-2ze%07d", n), AssetID: fmt.Sprintf("00000000-0000-5000-8000-%012d", n),
		Name: fmt.Sprintf("web-%d", n), Address: fmt.Sprintf("10.%d.%d.%d", n>>16, n>>8&255, n&255), Platform: "Linux",
	}
}

// moved returns an update with the values before and after.
func moved(n int) plan.Change {
	c := change(plan.Update, n, reason.New(reason.FollowsCloud, "address 10.9.9.9 → "+change("", n, reason.Reason{}).Address))
	name, address := c.Name, c.Address
	c.Fields = []string{plan.FieldName, plan.FieldAddress}
	c.Before = &inventory.Asset{ID: c.AssetID, Name: "old-" + c.Name, Address: "10.9.9.9"}
	c.Patch = &inventory.Patch{ID: c.AssetID, Name: &name, Address: &address}
	return c
}

// input returns a run with one of everything, and some more changes.
func input(lang language.Lang, creates int) report.Input {
	done := func(c plan.Change) apply.Item { return apply.Item{Change: c, State: apply.Done} }
	gone := reason.New(reason.InstanceGone)
	in := report.Input{
		Started: time.Date(2026, 11, 28, 14, 35, 7, 0, time.UTC), Duration: 14200 * time.Millisecond, Environment: "PRODUCTION", Language: lang, Unchanged: 1840, Recorded: true, Compared: true,
		Listings: []inventory.Listing{
			{Scope: scopeOf("aliyun-prod", "cn-beijing"), Instances: make([]inventory.Instance, 1204)},
			{Scope: scopeOf("aliyun-prod", "cn-hangzhou"), Instances: make([]inventory.Instance, 655)},
			{Scope: scopeOf("aliyun-prod", "cn-shanghai"), Err: &inventory.Error{Kind: inventory.Throttled, Message: "list aliyun-prod/cn-shanghai: Throttling.User"}},
			{Scope: scopeOf("aliyun-test", "cn-beijing"), Instances: make([]inventory.Instance, 61)},
			{Scope: scopeOf("aliyun-test", inventory.AnyRegion), Err: &inventory.Error{Kind: inventory.BadCredentials, Message: "regions of aliyun-test: InvalidAccessKeyId.NotFound"}},
		},
		Problems: []error{&reason.RunError{Kind: inventory.Limit, Reason: reason.New(reason.NearlyFull, 4100, 5000)}},
		Stages: []report.Stage{{Name: "jumpserver", Start: 0.1, Seconds: 3.2}, {Name: "clouds", Start: 3.3, Seconds: 4.9}, {Name: "plan", Start: 8.2, Seconds: 0.3},
			{Name: "apply", Start: 8.5, Seconds: 5.2}, {Name: "access", Start: 13.7, Seconds: 0.5}},
		Peers:    []report.Peer{{Host: "ecs.cn-beijing.aliyuncs.com", Calls: 31, Throttled: 2, Seconds: 6.1}, {Host: "jms.example.com", Calls: 118, Failed: 1, Seconds: 9.4}},
		HeldSets: []report.HeldSetSummary{{Hash: strings.Repeat("0123456789abcdef", 4), Assets: 5, Stored: true}},
		Access: &access.Diff{Nodes: []access.Node{{ID: "n1", Path: "/DEFAULT/生产/支付", New: true, Enter: 3, Nobody: 1, Users: 12, GainUsers: 12,
			Gain: []access.Holder{{Kind: access.Group, ID: "g", Name: "sre", Hosts: 3}, {Kind: access.User, ID: "u", Name: "wang.wei", Hosts: 2}}}}},
	}
	for n := range creates {
		in.Items = append(in.Items, done(change(plan.Create, 1000+n, reason.New(reason.NewInstance))))
	}
	removed := change(plan.Deactivate, 30, gone)
	removed.Patch, removed.Unlisted = &inventory.Patch{ID: removed.AssetID, Labels: []inventory.Label{inventory.GoneLabel(in.Started)}}, true
	failed := change(plan.Deactivate, 32, gone)
	failed.Unlisted = true
	in.Items = append(in.Items, done(moved(20)), done(moved(21)), done(removed), done(change(plan.Delete, 33, reason.New(reason.GraceOver, "2026-11-01T00:00:00Z"))),
		apply.Item{Change: failed, State: apply.Failed, Reason: reason.New(reason.NotReadAgain), Err: &inventory.Error{Kind: inventory.Temporary, Message: "read 1 asset: 502"}})
	for n := range 5 {
		c := change(plan.Hold, 40+n, reason.New(reason.GuardShare, 5, 12, 20))
		c.Unlisted = true
		in.Notes = append(in.Notes, c)
	}
	differs := change(plan.Drift, 65, reason.New(reason.Differs, "name web-65 ≠ web"))
	differs.Fields = []string{"name"}
	evil := change(plan.Skip, 50, reason.New(reason.NoAddress))
	evil.Name = `</script><img src=x onerror=document.title='bad'>` + strings.Repeat("名", 200)
	in.Notes = append(in.Notes, change(plan.Orphan, 60, reason.New(reason.NotConfigured, "aliyun-old")), differs, evil)
	return in
}

func shanghai() *time.Location {
	at, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		return time.UTC
	}
	return at
}

// write returns the page of a run with so many new hosts.
func write(t *testing.T, creates int, o page.Options) string {
	t.Helper()
	var text strings.Builder
	if err := page.Write(&text, report.Build(input(language.Chinese, creates)), o); err != nil {
		t.Fatal(err)
	}
	return text.String()
}
