package report_test

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
)

var update = flag.Bool("update", false, "write the golden files")

// compareGolden compares a text with a file of testdata.
func compareGolden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (run with -update to accept)\n--- got\n%s\n--- want\n%s", file, got, want)
	}
}

func startTime() time.Time { return time.Date(2023, 12, 15, 1, 30, 25, 987_000_000, time.UTC) }

func shanghai() *time.Location { return time.FixedZone("CST", 8*3600) }

func newInventoryScope(account, region string) inventory.Scope {
	return inventory.Scope{Cloud: inventory.Alibaba, Account: account, Region: region}
}

// completeListing returns a listing with this many instances.
func completeListing(account, region string, n int) inventory.Listing {
	return inventory.Listing{Scope: newInventoryScope(account, region), Instances: make([]inventory.Instance, n)}
}

func failedListing(account, region string, kind inventory.Kind, message string) inventory.Listing {
	return inventory.Listing{Scope: newInventoryScope(account, region), Err: &inventory.Error{Kind: kind, Message: message}}
}

// newChange returns a change of the n-th host of aliyun-prod in cn-beijing.
func newChange(action plan.Action, n int, why plan.Reason) plan.Change {
	return plan.Change{
		Action: action, Reason: why, Scope: newInventoryScope("aliyun-prod", "cn-beijing"),
		InstanceID: fmt.Sprintf("i-%04d", n), AssetID: fmt.Sprintf("00000000-0000-5000-8000-%012d", n),
		Name: fmt.Sprintf("web-%d", n), Address: fmt.Sprintf("10.0.0.%d", n), Platform: "Linux",
	}
}

func doneItem(c plan.Change) apply.Item { return apply.Item{Change: c, State: apply.Done} }

// deactivation returns a deactivation with the labels that it writes.
func deactivation(n int, at time.Time) plan.Change {
	c := newChange(plan.Deactivate, n, plan.NewReason(plan.InstanceGone))
	c.Patch = &inventory.Patch{ID: c.AssetID, Labels: []inventory.Label{inventory.GoneLabel(at)}}
	return c
}

// fullInput returns a run with one of everything.
func fullInput(lang plan.Lang) report.Input {
	in := report.Input{
		Started: startTime(), Duration: 12*time.Second + 345_678_901, Environment: "PRODUCTION",
		Language: lang, Unchanged: 140, Recorded: lang == plan.Chinese,
		Listings: []inventory.Listing{
			completeListing("aliyun-prod", "cn-beijing", 150), completeListing("aliyun-prod", "cn-hangzhou", 7),
			failedListing("aliyun-prod", "cn-shanghai", inventory.Throttled, "list aliyun-prod/cn-shanghai: Throttling.User"),
			failedListing("aliyun-test", cloud.AnyRegion, inventory.BadCredentials, "regions of aliyun-test: InvalidAccessKeyId.NotFound"),
		},
		Problems: []error{&plan.RunError{Kind: inventory.Limit, Reason: plan.NewReason(plan.NearlyFull, 4100, 5000)}},
	}
	for n := range 12 {
		in.Items = append(in.Items, doneItem(newChange(plan.Create, n+1, plan.NewReason(plan.NewInstance))))
	}
	moved := newChange(plan.Update, 20, plan.NewReason(plan.FollowsCloud, "address 10.0.9.9 → 10.0.0.20"))
	moved.Fields = []string{"address"}
	parked := newChange(plan.Update, 21, plan.NewReason(plan.SwapStep))
	parked.Interim = true
	gone := plan.NewReason(plan.InstanceGone)
	closed := deactivation(30, startTime())
	in.Items = append(in.Items, doneItem(moved), doneItem(parked),
		doneItem(newChange(plan.Update, 22, plan.NewReason(plan.Returned))),
		apply.Item{Change: newChange(plan.Update, 23, plan.NewReason(plan.FollowsCloud, "labels")), State: apply.Failed,
			Err: &inventory.Error{Kind: inventory.Invalid, Message: "update asset web-23: labels refused"}},
		apply.Item{Change: newChange(plan.Create, 24, plan.NewReason(plan.NewInstance)), State: apply.NotReached,
			Reason: plan.NewReason(plan.TimeUp)},
		doneItem(closed),
		apply.Item{Change: newChange(plan.Deactivate, 31, gone), State: apply.Kept,
			Reason: plan.NewReason(plan.ChangedMeanwhile, "is_active")},
		apply.Item{Change: newChange(plan.Deactivate, 32, gone), State: apply.Failed, Reason: plan.NewReason(plan.NotReadAgain),
			Err: &inventory.Error{Kind: inventory.Temporary, Message: "read 1 asset: 502"}},
		doneItem(newChange(plan.Delete, 33, plan.NewReason(plan.GraceOver, "2023-12-01T00:00:00Z"))))
	for n := range 5 {
		in.Notes = append(in.Notes, newChange(plan.Hold, 40+n, plan.NewReason(plan.GuardShare, 5, 12, 20)))
	}
	in.HeldSets = []report.HeldSetSummary{{Hash: strings.Repeat("0123456789abcdef", 4), Assets: 5, Stored: lang == plan.Chinese}}
	for n := range 2 {
		in.Notes = append(in.Notes, newChange(plan.Orphan, 60+n, plan.NewReason(plan.NotConfigured, "aliyun-prod")))
	}
	differs := newChange(plan.Drift, 65, plan.NewReason(plan.Differs, "name web-65 ≠ web"))
	differs.Fields = []string{"name"}
	in.Notes = append(in.Notes, differs)
	in.Notes = append(in.Notes, newChange(plan.Skip, 50, plan.NewReason(plan.NoAddress)),
		newChange(plan.Keep, 51, plan.NewReason(plan.ScopeFailed, "aliyun-prod", "cn-shanghai")))
	return in
}

func messageOptions(lang plan.Lang, style string) report.Options {
	return report.Options{
		Lang: lang, Location: shanghai(), Style: style, Environment: "PRODUCTION",
		AssetURL: "https://jms.example.com/ui/#/console/assets/assets",
	}
}
