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
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
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
func newChange(action plan.Action, n int, why reason.Reason) plan.Change {
	return plan.Change{
		Action: action, Reason: why, Scope: newInventoryScope("aliyun-prod", "cn-beijing"),
		InstanceID: fmt.Sprintf("i-%04d", n), AssetID: fmt.Sprintf("00000000-0000-5000-8000-%012d", n),
		Name: fmt.Sprintf("web-%d", n), Address: fmt.Sprintf("10.0.0.%d", n), Platform: "Linux",
	}
}

func doneItem(c plan.Change) apply.Item { return apply.Item{Change: c, State: apply.Done} }

// deactivation returns a deactivation with the labels that it writes.
func deactivation(n int, at time.Time) plan.Change {
	c := newChange(plan.Deactivate, n, reason.New(reason.InstanceGone))
	c.Patch = &inventory.Patch{ID: c.AssetID, Labels: []inventory.Label{inventory.GoneLabel(at)}}
	return c
}

// fullInput returns a run with one of everything.
func fullInput(lang language.Lang) report.Input {
	in := report.Input{
		Started: startTime(), Duration: 12*time.Second + 345_678_901, Environment: "PRODUCTION",
		Language: lang, Unchanged: 140, Recorded: lang == language.Chinese,
		Listings: []inventory.Listing{
			completeListing("aliyun-prod", "cn-beijing", 150), completeListing("aliyun-prod", "cn-hangzhou", 7),
			failedListing("aliyun-prod", "cn-shanghai", inventory.Throttled, "list aliyun-prod/cn-shanghai: Throttling.User"),
			failedListing("aliyun-test", inventory.AnyRegion, inventory.BadCredentials, "regions of aliyun-test: InvalidAccessKeyId.NotFound"),
		},
		Problems: []error{&reason.RunError{Kind: inventory.Limit, Reason: reason.New(reason.NearlyFull, 4100, 5000)}},
	}
	for n := range 12 {
		in.Items = append(in.Items, doneItem(newChange(plan.Create, n+1, reason.New(reason.NewInstance))))
	}
	moved := newChange(plan.Update, 20, reason.New(reason.FollowsCloud, "address 10.0.9.9 → 10.0.0.20"))
	moved.Fields = []string{"address"}
	parked := newChange(plan.Update, 21, reason.New(reason.SwapStep))
	parked.Interim = true
	gone := reason.New(reason.InstanceGone)
	closed := deactivation(30, startTime())
	in.Items = append(in.Items, doneItem(moved), doneItem(parked),
		doneItem(newChange(plan.Update, 22, reason.New(reason.Returned))),
		apply.Item{Change: newChange(plan.Update, 23, reason.New(reason.FollowsCloud, "labels")), State: apply.Failed,
			Err: &inventory.Error{Kind: inventory.Invalid, Message: "update asset web-23: labels refused"}},
		apply.Item{Change: newChange(plan.Create, 24, reason.New(reason.NewInstance)), State: apply.NotReached,
			Reason: reason.New(reason.TimeUp)},
		doneItem(closed),
		apply.Item{Change: newChange(plan.Deactivate, 31, gone), State: apply.Kept,
			Reason: reason.New(reason.ChangedMeanwhile, "is_active")},
		apply.Item{Change: newChange(plan.Deactivate, 32, gone), State: apply.Failed, Reason: reason.New(reason.NotReadAgain),
			Err: &inventory.Error{Kind: inventory.Temporary, Message: "read 1 asset: 502"}},
		doneItem(newChange(plan.Delete, 33, reason.New(reason.GraceOver, "2023-12-01T00:00:00Z"))))
	for n := range 5 {
		in.Notes = append(in.Notes, newChange(plan.Hold, 40+n, reason.New(reason.GuardShare, 5, 12, 20)))
	}
	in.HeldSets = []report.HeldSetSummary{{Hash: strings.Repeat("0123456789abcdef", 4), Assets: 5, Stored: lang == language.Chinese}}
	for n := range 2 {
		in.Notes = append(in.Notes, newChange(plan.Orphan, 60+n, reason.New(reason.NotConfigured, "aliyun-prod")))
	}
	differs := newChange(plan.Drift, 65, reason.New(reason.Differs, "name web-65 ≠ web"))
	differs.Fields = []string{"name"}
	in.Notes = append(in.Notes, differs)
	in.Notes = append(in.Notes, newChange(plan.Skip, 50, reason.New(reason.NoAddress)),
		newChange(plan.Keep, 51, reason.New(reason.ScopeFailed, "aliyun-prod", "cn-shanghai")))
	return in
}

func messageOptions(lang language.Lang, style string) report.Options {
	return report.Options{
		Lang: lang, Location: shanghai(), Style: style, Environment: "PRODUCTION",
		AssetURL: "https://jms.example.com/ui/#/console/assets/assets",
	}
}
