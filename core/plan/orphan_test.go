package plan

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

const leftAccount = "left" // an account that the configuration no longer has

// TestOrphans: each run reports them, and none removes them.
func TestOrphans(t *testing.T) {
	t.Parallel()
	of := func(account, region string) inventory.Instance {
		return instanceInProd("i-1", "web", "10.0.0.1", func(i *inventory.Instance) { i.Account, i.Region = account, region })
	}
	region := func(w *world) {
		w.rules.Accounts[prod] = Account{Type: "阿里云", Enabled: true, Regions: []string{beijing}}
	}
	runPlanRows(t, []planRow{
		{"account taken out", func(w *world) { w.addAssets(hostOf(of(leftAccount, beijing))) }, []string{"orphan i-1 not_configured"}, nil},
		{"account switched off", func(w *world) {
			w.rules.Accounts[leftAccount] = Account{}
			w.addAssets(hostOf(of(leftAccount, beijing)))
		},
			[]string{"orphan i-1 switched_off_account"}, nil},
		{"region taken out", func(w *world) { region(w); w.addAssets(hostOf(of(prod, shanghai))) }, []string{"orphan i-1 region_not_configured"}, nil},
		{"region excluded", func(w *world) {
			w.rules.Accounts[prod] = Account{Type: "阿里云", Enabled: true, ExcludeRegions: []string{shanghai}}
			w.allRegions = true
			w.addAssets(hostOf(of(prod, shanghai)))
		}, []string{"orphan i-1 region_not_configured"}, nil},
		{"another region excluded", func(w *world) {
			w.rules.Accounts[prod] = Account{Type: "阿里云", Enabled: true, ExcludeRegions: []string{"cn-hangzhou"}}
			w.addAssets(hostOf(of(prod, shanghai)))
		}, []string{"keep i-1 scope_not_asked"}, nil},
		{"a region that was not asked for is none", func(w *world) { w.addAssets(hostOf(of(prod, shanghai))) }, []string{"keep i-1 scope_not_asked"}, nil},
		{"an account that was not asked for is none", func(w *world) {
			w.rules.Accounts[secondAccount] = Account{Enabled: true}
			w.addAssets(hostOf(of(secondAccount, beijing)))
		}, []string{"keep i-1 scope_not_asked"}, nil},
		{"its account is one of another cloud now", func(w *world) {
			w.rules.Accounts[secondAccount] = Account{Enabled: true, Cloud: inventory.AWS}
			w.listings = append(w.listings, inventory.Listing{Scope: inventory.Scope{Cloud: inventory.AWS, Account: secondAccount, Region: beijing}, Owner: owner})
			w.addAssets(hostOf(of(secondAccount, beijing)))
		}, []string{"orphan i-1 of_other_cloud"}, nil},
		{"its account is one of another cloud, and switched off", func(w *world) {
			w.rules.Accounts[leftAccount] = Account{Cloud: inventory.AWS}
			w.addAssets(hostOf(of(leftAccount, beijing)))
		}, []string{"orphan i-1 of_other_cloud"}, nil},
		{"a region that the cloud no longer names", func(w *world) { w.allRegions = true; w.addAssets(hostOf(of(prod, shanghai))) },
			[]string{"orphan i-1 region_not_named"}, nil},
		{"a region of a narrowed run that the cloud no longer names", func(w *world) { w.regions = []string{beijing, shanghai}; w.addAssets(hostOf(of(prod, shanghai))) },
			[]string{"orphan i-1 region_not_named"}, nil},
		{"a region that a narrowed run did not ask for", func(w *world) { w.regions = []string{beijing}; w.addAssets(hostOf(of(prod, shanghai))) },
			[]string{"keep i-1 scope_not_asked"}, nil},
		{"the regions could not be listed", func(w *world) {
			w.allRegions, w.listings = true, nil
			w.addFailedListing(scopeOf(prod, inventory.AnyRegion), owner)
			w.addAssets(hostOf(of(prod, shanghai)))
		}, []string{"keep i-1 scope_failed"}, nil},
		{"the region's listing failed", func(w *world) {
			w.allRegions = true
			w.addFailedListing(scopeOf(prod, shanghai), owner)
			w.addAssets(hostOf(of(prod, shanghai)))
		}, []string{"keep i-1 scope_failed"}, nil},
		{"all regions, of an account that was not asked for", func(w *world) {
			w.allRegions = true
			w.rules.Accounts[secondAccount] = Account{Enabled: true}
			w.addAssets(hostOf(of(secondAccount, shanghai)))
		}, []string{"keep i-1 scope_not_asked"}, nil},
		{"deactivated: it only waits", func(w *world) { w.addAssets(hostOf(of(leftAccount, beijing), deactivatedFor(time.Hour))) }, []string{"keep i-1 in_grace"},
			func(t *testing.T, a Approved) {
				if !a.Notes()[0].Due.IsZero() {
					t.Error("no run will do anything at that time")
				}
			}},
		{"deactivated, and the grace is over: nobody deletes it", func(w *world) { w.addAssets(hostOf(of(leftAccount, beijing), deactivatedFor(8*24*time.Hour))) },
			[]string{"orphan i-1 not_configured"}, nil},
		{"deactivated, never deleted", func(w *world) {
			w.rules.Mode = ModeDeactivate
			w.addAssets(hostOf(of(leftAccount, beijing), deactivatedFor(8*24*time.Hour)))
		}, []string{"keep i-1 stays_deactivated"}, nil},
		{"a person keeps it", func(w *world) {
			w.addAssets(hostOf(of(leftAccount, beijing), withExtraLabel(inventory.LabelKeep, "x")))
		},
			[]string{"skip i-1 kept_by_label"}, nil},
		{"renamed in the configuration: no orphan", func(w *world) { w.addAssets(hostOf(of(leftAccount, beijing))); w.addInstances(of(prod, beijing)) },
			[]string{"update i-1 follows_cloud labels"}, nil},
	})
}
