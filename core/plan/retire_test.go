package plan

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// approveRetirement approves the plan of a retirement, with the world's proofs.
func (w *world) approveRetirement(p Plan, yes bool) Approved {
	proofs := Proofs{}
	for _, c := range p.ProvableCandidates() {
		if proof, asked := w.proof(c); asked {
			proofs[c.AssetID] = proof
		}
	}
	return p.ApproveRetirement(w.limits, proofs, yes)
}

// hostOfLeftAccount returns a host of the account that the configuration no longer has.
func hostOfLeftAccount(id, region string, edits ...func(*inventory.Asset)) inventory.Asset {
	return hostOf(instanceInProd(id, id, "10.0.0.1", func(i *inventory.Instance) { i.Account, i.Region = leftAccount, region }), edits...)
}

// TestRetireWithoutKey: nobody can be asked, so assets are deactivated, and never deleted.
func TestRetireWithoutKey(t *testing.T) {
	t.Parallel()
	what := Retirement{Account: leftAccount}
	for _, c := range []struct {
		name  string
		what  Retirement
		setup func(w *world)
		want  []string
	}{
		{"deactivated", what, func(*world) {}, []string{"deactivate i-1 retired", "deactivate i-2 retired"}},
		{"one region", Retirement{Account: leftAccount, Region: shanghai}, func(*world) {}, []string{"deactivate i-2 retired"}},
		{"another account", Retirement{Account: "x"}, func(*world) {}, nil},
		{"without grace: not deleted", what, func(w *world) { w.rules.Grace = 0 }, []string{"deactivate i-1 retired", "deactivate i-2 retired"}},
		{"grace over: not deleted", what, func(w *world) { w.assets[0] = hostOfLeftAccount("i-1", beijing, deactivatedFor(8*24*time.Hour)) },
			[]string{"deactivate i-2 retired", "keep i-1 stays_deactivated"}},
		{"spared", what, func(w *world) {
			w.assets[0] = hostOfLeftAccount("i-1", beijing, withExtraLabel("JMS-Keep", "x"))
			w.rules.ProtectedNames = []string{"i-2"}
		}, []string{"skip i-1 kept_by_label", "skip i-2 is_protected_name"}},
		{"an instance that another account lists", what, func(w *world) { w.addInstances(instanceInProd("i-1", "x", "10.0.0.9")) },
			[]string{"deactivate i-2 retired", "skip i-1 still_runs"}},
		{"an instance in another region's listing", what, func(w *world) { w.addListing(scopeOf(prod, "cn-x"), owner, instanceInProd("i-1", "x", "10.0.0.9")) },
			[]string{"deactivate i-2 retired", "skip i-1 still_runs"}},
		{"a listing of the owner that failed", what, func(w *world) { w.listings = nil; w.addFailedListing(scopeOf(prod, beijing), owner) },
			[]string{"deactivate i-2 retired", "keep i-1 scope_failed"}},
		{"an account that is asked for", Retirement{Account: prod}, func(w *world) { w.addAssets(hostOf(instanceInProd("i-3", "db", "10.0.0.3"))) }, nil},
		{"a region that is asked for", Retirement{Account: prod, Region: beijing}, func(w *world) { w.addAssets(hostOf(instanceInProd("i-3", "db", "10.0.0.3"))) }, nil},
		{"an account that is switched off", Retirement{Account: secondAccount}, func(w *world) {
			w.rules.Accounts[secondAccount] = Account{}
			w.addAssets(hostOf(instanceInProd("i-3", "db", "10.0.0.3", func(i *inventory.Instance) { i.Account = secondAccount })))
		}, []string{"deactivate i-3 retired"}},
		{"foreign assets and new instances", what, func(w *world) {
			w.assets = []inventory.Asset{foreignHost("x", "i-1", "instance_id: i-1", true)}
			w.addInstances(instanceInProd("i-new", "new", "10.0.0.5"))
		}, nil},
		{"approval of removals: a person has to say how many", what, func(w *world) { w.limits.Approval = ApproveRemovals },
			[]string{"hold i-1 guard_asks", "hold i-2 guard_asks"}},
		{"approval of all, likewise", what, func(w *world) { w.limits.Approval = ApproveAll }, []string{"hold i-1 guard_asks", "hold i-2 guard_asks"}},
		{"more than a run may", what, func(w *world) { w.limits.PerRun = 1 }, []string{"hold i-1 guard_run", "hold i-2 guard_run"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.addAssets(hostOfLeftAccount("i-1", beijing), hostOfLeftAccount("i-2", shanghai))
			c.setup(w)
			p := Retire(w.input(), w.rules, c.what)
			a := w.approveRetirement(p, false)
			if got := renderLines(a); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			checkTexts(t, a)
			if len(p.ProvableCandidates()) > 0 {
				t.Error("somebody would be asked")
			}
			if got := p.Approve(Limits{PerRun: 99, Percent: 100, AllowEmpty: true}, nil); len(allWrites(got)) > 0 {
				t.Errorf("as another plan %q", renderLines(got))
			}
			for _, held := range a.Notes() {
				if held.Action == Hold && !IsApprovable(held.Reason.Code) {
					t.Errorf("nobody can let it pass: %+v", held)
				}
			}
		})
	}
	w := newWorld()
	if got := w.approveRetirement(w.plan(), true); len(renderLines(got)) > 0 {
		t.Error("of another plan", renderLines(got))
	}
}

// TestRetireWithKey: the cloud is asked. Assets of running instances stay, and the others need their proof, as in a
// run.
func TestRetireWithKey(t *testing.T) {
	t.Parallel()
	of := scopeOf(leftAccount, beijing)
	for _, c := range []struct {
		name  string
		setup func(w *world)
		want  []string
	}{
		{"both run", func(w *world) {
			w.addListing(of, owner, instanceInProd("i-1", "x", "10.0.0.1"), instanceInProd("i-2", "y", "10.0.0.2"))
		},
			[]string{"skip i-1 still_runs", "skip i-2 still_runs"}},
		{"one runs", func(w *world) { w.addListing(of, owner, instanceInProd("i-1", "x", "10.0.0.1")) }, []string{"deactivate i-2 instance_gone", "skip i-1 still_runs"}},
		{"one runs, the list left the other out", func(w *world) {
			w.addListing(of, owner, instanceInProd("i-1", "x", "10.0.0.1"))
			w.proof = func(Change) (Proof, bool) { return Proof{}, true }
		}, []string{"skip i-1 still_runs", "skip i-2 still_there"}},
		{"no answer about it", func(w *world) {
			w.addListing(of, owner, instanceInProd("i-1", "x", "10.0.0.1"))
			w.proof = func(Change) (Proof, bool) { return Proof{Err: errors.New("throttled")}, true }
		}, []string{"skip i-1 still_runs", "hold i-2 guard_unproven"}},
		{"the key's listing failed", func(w *world) { w.addFailedListing(of, "") }, []string{"skip i-1 scope_failed", "skip i-2 scope_failed"}},
		{"the key is another owner's", func(w *world) { w.addListing(of, "other") }, []string{"skip i-1 other_owner", "skip i-2 other_owner"}},
		{"the region was not listed", func(w *world) { w.addListing(scopeOf(leftAccount, shanghai), owner) },
			[]string{"skip i-1 scope_not_asked", "skip i-2 scope_not_asked"}},
		{"grace over", func(w *world) {
			w.addListing(of, owner, instanceInProd("i-1", "x", "10.0.0.1"))
			w.assets[1] = hostOfLeftAccount("i-2", beijing, deactivatedFor(8*24*time.Hour))
		}, []string{"delete i-2 grace_over", "skip i-1 still_runs"}},
		{"grace 0", func(w *world) { w.addListing(of, owner, instanceInProd("i-1", "x", "10.0.0.1")); w.rules.Grace = 0 },
			[]string{"delete i-2 gone_at_once", "skip i-1 still_runs"}},
		{"told to be deleted later", func(w *world) {
			w.addListing(of, owner, instanceInProd("i-1", "x", "10.0.0.1"))
			w.assets[1] = hostOfLeftAccount("i-2", beijing, deactivatedFor(8*24*time.Hour), dueAfter(time.Hour))
		}, []string{"update i-2 remembers labels", "skip i-1 still_runs", "hold i-2 guard_early"}},
		{"a small scope has become empty: two proofs", func(w *world) { w.limits.AllowEmpty = false; w.addListing(of, owner) },
			[]string{"update i-1 remembers labels", "update i-2 remembers labels", "hold i-1 guard_missing", "hold i-2 guard_missing"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.addAssets(hostOfLeftAccount("i-1", beijing), hostOfLeftAccount("i-2", beijing))
			c.setup(w)
			a := w.approveRetirement(Retire(w.input(), w.rules, Retirement{Account: leftAccount, CloudsWithKey: []inventory.Cloud{inventory.Alibaba}}), false)
			if got := renderLines(a); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			checkTexts(t, a)
		})
	}
}

// TestRetirePassesTheGuard: it does with a person's consent too, which replaces no proof.
func TestRetirePassesTheGuard(t *testing.T) {
	t.Parallel()
	for name, keyed := range map[string][]inventory.Cloud{"no key": nil, "a key": {inventory.Alibaba}} {
		w := newWorld()
		for _, id := range []string{"i-1", "i-2", "i-3", "i-4", "i-5"} {
			w.addAssets(hostOfLeftAccount(id, beijing))
		}
		w.limits.AllowEmpty = false
		w.addListing(scopeOf(leftAccount, beijing), owner)
		p := Retire(w.input(), w.rules, Retirement{Account: leftAccount, CloudsWithKey: keyed})
		held := w.approveRetirement(p, false)
		want := reason.GuardEmpty
		if keyed == nil {
			want = reason.GuardUnasked
		}
		if len(held.Removals()) != 0 || len(held.Notes()) != 5 || held.Notes()[0].Reason.Code != want {
			t.Errorf("%s: %q", name, renderLines(held))
		}
		checkTexts(t, held)
		if got := w.approveRetirement(p, true); len(got.Removals()) != 5 {
			t.Errorf("%s, agreed: %q", name, renderLines(got))
		}
		w.proof = func(Change) (Proof, bool) { return Proof{}, false }
		if got := w.approveRetirement(p, true); keyed != nil && len(got.Removals()) != 0 {
			t.Errorf("%s, agreed, without proof: %q", name, renderLines(got))
		}
	}
}

// TestRetireOnlyOrphans: in any world, what Retire removes belongs to that account, is ours, and is listed nowhere;
// with a key it is proved, and without one it is not deleted.
func TestRetireOnlyOrphans(t *testing.T) {
	t.Parallel()
	everyWorld(t, func(t *testing.T, w *world) {
		for _, what := range []Retirement{
			{Account: formerAccount}, {Account: unqueriedName, Region: beijing}, {Account: "one"}, {Account: formerAccount, CloudsWithKey: []inventory.Cloud{inventory.Alibaba}},
		} {
			for _, c := range allWrites(w.approveRetirement(Retire(w.input(), w.rules, what), true)) {
				m, ours := parseOwnership(w.byID()[c.AssetID])
				if !ours || m.account != what.Account || what.Region != "" && m.region != what.Region || w.rules.Accounts[what.Account].Enabled {
					t.Errorf("%s of %+v", c.Action, m)
				}
				if c.Action == Delete && (len(what.CloudsWithKey) == 0 || !isProvedByID(w.byID()[c.AssetID])) {
					t.Errorf("%s of %+v, of which nothing is proved", c.Action, m)
				}
				proof, asked := w.proof(c)
				if c.Action.isRemoval() && len(what.CloudsWithKey) > 0 && m.cloud == inventory.Alibaba && (!asked || !proof.Absent || proof.Err != nil) {
					t.Errorf("%s of %+v without proof", c.Action, m)
				}
				for _, l := range w.listings {
					if c.Action.isRemoval() && l.IsComplete() && slices.ContainsFunc(l.Instances, func(i inventory.Instance) bool { return i.ID == m.instanceID }) {
						t.Errorf("%s is present in %s", m.instanceID, l.Scope)
					}
				}
			}
		}
	})
}

// TestRetireAdopted: adopted assets whose grace is over are deleted at a person's order, with proof.
func TestRetireAdopted(t *testing.T) {
	t.Parallel()
	const week = 7 * 24 * time.Hour
	of := func(id, own string, edits ...func(*inventory.Asset)) inventory.Asset {
		return hostOf(instanceInProd(id, own, "10.0.0.1"), append([]func(*inventory.Asset){adoptedAs(own)}, edits...)...)
	}
	never := withExtraLabel(inventory.LabelDue, inventory.DueNever)
	for _, c := range []struct {
		name  string
		setup func(w *world)
		want  []string
	}{
		{"the grace is over", func(w *world) { w.addAssets(of("i-1", "a", deactivatedFor(week), never)) }, []string{"delete i-1 grace_over"}},
		{"within the grace, or not deactivated", func(w *world) { w.addAssets(of("i-1", "a", deactivatedFor(week-time.Minute), never), of("i-2", "b")) }, nil},
		{"switched off by a person", func(w *world) { w.addAssets(of("i-1", "a", switchedOff)) }, nil},
		{"switched on again", func(w *world) {
			w.addAssets(of("i-1", "a", deactivatedFor(week), never, func(a *inventory.Asset) { a.Active = true }))
		}, nil},
		{"a time that nobody can read", func(w *world) {
			w.addAssets(of("i-1", "a", switchedOff, withExtraLabel(inventory.LabelGone, "long ago")))
		}, nil},
		{"promised for later", func(w *world) { w.addAssets(of("i-1", "a", deactivatedFor(week), dueAfter(time.Hour))) }, nil},
		{"one that we made is for runs", func(w *world) { w.addAssets(hostOf(instanceInProd("i-1", "a", "10.0.0.1"), deactivatedFor(2*week))) }, nil},
		{"one that is not ours", func(w *world) { w.addAssets(foreignHost("x", "x", "instance_id: i-1", false)) }, nil},
		{"its instance is back", func(w *world) {
			w.addInstances(instanceInProd("i-1", "a", "10.0.0.1"))
			w.addAssets(of("i-1", "a", deactivatedFor(week), never))
		}, nil},
		{"its instance is elsewhere", func(w *world) {
			w.addListing(scopeOf(prod, shanghai), owner, instanceInProd("i-1", "a", "10.0.0.1"))
			w.addAssets(of("i-1", "a", deactivatedFor(week), never))
		}, []string{"skip i-1 still_runs"}},
		{"a person keeps it", func(w *world) {
			w.addAssets(of("i-1", "a", deactivatedFor(week), never, withExtraLabel("jms-keep ", "db")))
		}, []string{"skip i-1 kept_by_label"}},
		{"its scope failed", func(w *world) {
			w.listings = nil
			w.addFailedListing(scopeOf(prod, beijing), owner)
			w.addAssets(of("i-1", "a", deactivatedFor(week), never))
		},
			[]string{"skip i-1 scope_failed"}},
		{"its account is not configured", func(w *world) {
			w.addAssets(hostOfLeftAccount("i-1", beijing, adoptedAs("a"), deactivatedFor(week), never))
		}, []string{"skip i-1 not_provable"}},
		{"its comment names another owner", func(w *world) {
			w.addAssets(of("i-1", "a", deactivatedFor(week), never, withComment("instance_id: i-1\naccount_id: 999")))
		},
			[]string{"skip i-1 owners_differ"}},
		{"nothing is ever deleted", func(w *world) {
			w.rules.Mode = ModeDeactivate
			w.addAssets(of("i-1", "a", deactivatedFor(week), never))
		},
			[]string{"skip i-1 stays_deactivated"}},
		{"the instance is there", func(w *world) {
			w.proof = func(Change) (Proof, bool) { return Proof{}, true }
			w.addAssets(of("i-1", "a", deactivatedFor(week), never))
		}, []string{"skip i-1 still_there"}},
		{"no proof", func(w *world) {
			w.proof = func(Change) (Proof, bool) { return Proof{}, false }
			w.addAssets(of("i-1", "a", deactivatedFor(week), never))
		}, []string{"hold i-1 guard_not_asked"}},
		{"more than a run may", func(w *world) {
			w.limits.PerRun = 1
			w.addAssets(of("i-1", "a", deactivatedFor(week), never), of("i-2", "b", deactivatedFor(week), never))
		}, []string{"hold i-1 guard_run_deletes", "hold i-2 guard_run_deletes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.addInstances(instanceInProd("i-live", "live", "10.0.0.8"))
			c.setup(w)
			a := w.approveRetirement(RetireAdopted(w.input(), w.rules, "", ""), false)
			if got := renderLines(a); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			checkTexts(t, a)
		})
	}
	w := newWorld()
	w.addInstances(instanceInProd("i-live", "live", "10.0.0.8"))
	w.addAssets(of("i-1", "a", deactivatedFor(week), never))
	for _, c := range []struct {
		account, region string
		want            int
	}{{prod, "", 1}, {prod, beijing, 1}, {"", beijing, 1}, {leftAccount, "", 0}, {prod, shanghai, 0}} {
		if got := w.approveRetirement(RetireAdopted(w.input(), w.rules, c.account, c.region), false).Removals(); len(got) != c.want {
			t.Errorf("%+v: %v", c, got)
		}
	}
}
