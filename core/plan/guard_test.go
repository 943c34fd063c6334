package plan

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// fleet adds count hosts of prod in a region; the first lost of them are no longer listed.
func (w *world) fleet(region string, count, lost int, edits ...func(*inventory.Asset)) {
	l := inventory.Listing{Scope: scopeOf(prod, region), Owner: owner}
	for n := range count {
		i := instanceInProd(fmt.Sprintf("i-%s-%02d", region, n), fmt.Sprintf("%s %02d", region, n), "10.0.0.1",
			func(i *inventory.Instance) { i.Region = region })
		if n < lost {
			w.addAssets(hostOf(i, edits...))
		} else {
			w.addAssets(hostOf(i))
			l.Instances = append(l.Instances, i)
		}
	}
	w.listings = append(w.listings, l)
}

// outcomes counts the outcomes of the candidates, by action and reason.
func outcomes(a Approved) map[string]int {
	out := map[string]int{}
	for _, c := range slices.Concat(a.Removals(), a.Notes()) {
		out[string(c.Action)+" "+string(c.Reason.Code)]++
	}
	return out
}

// defaultLimits returns the configuration's default limits.
func defaultLimits() Limits { return Limits{Percent: 20, Min: 3, Fleet: Share{20, 10}, PerRun: 50} }

// guardRow is one case: a world, and how many candidates have which outcome.
type guardRow struct {
	name  string
	setup func(w *world)
	want  map[string]int
}

func runGuardRows(t *testing.T, rows []guardRow) {
	t.Helper()
	for _, r := range rows {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld()
			w.listings, w.limits = nil, defaultLimits()
			r.setup(w)
			a := w.approve()
			if got := outcomes(a); !maps.Equal(got, r.want) {
				t.Errorf("got %v, want %v", got, r.want)
			}
			checkTexts(t, a)
		})
	}
}

// TestGuardCounts: which removals the thresholds hold.
// Invariants: 9.
func TestGuardCounts(t *testing.T) {
	t.Parallel()
	runGuardRows(t, []guardRow{
		{"exactly the share", func(w *world) { w.fleet("a", 20, 4) }, map[string]int{"deactivate instance_gone": 4}},
		{"one more", func(w *world) { w.fleet("a", 20, 5) }, map[string]int{"hold guard_share": 5}},
		{"a large share, not more than min", func(w *world) { w.fleet("a", 4, 3) }, map[string]int{"deactivate instance_gone": 3}},
		{"a large share, one more than min", func(w *world) { w.fleet("a", 5, 4) }, map[string]int{"hold guard_share": 4}},
		{"share just over, not to be rounded", func(w *world) { w.fleet("a", 24, 5) }, map[string]int{"hold guard_share": 5}},
		{"one region's share is its own affair", func(w *world) { w.fleet("a", 20, 5); w.fleet("b", 20, 1) },
			map[string]int{"hold guard_share": 5, "deactivate instance_gone": 1}},
		{"empty, more than a few", func(w *world) { w.fleet("a", 4, 4) }, map[string]int{"hold guard_empty": 4}},
		{"empty, allowed", func(w *world) { w.fleet("a", 3, 3); w.limits.AllowEmpty = true },
			map[string]int{"deactivate instance_gone": 3}},
		{"empty, allowed, yet too large a share", func(w *world) { w.fleet("a", 4, 4); w.limits.AllowEmpty = true },
			map[string]int{"hold guard_share": 4}},
		{"empty, only deactivated ones are left", func(w *world) { w.fleet("a", 5, 5, deactivatedFor(8*24*time.Hour)) },
			map[string]int{"delete grace_over": 5}},
		{"protected ones are not lost", func(w *world) {
			w.fleet("a", 20, 5)
			w.rules.Protected = parsePrefixes("10.3.0.0/16")
			w.assets[0].Address = "10.3.0.1"
		}, map[string]int{"skip is_protected": 1, "deactivate instance_gone": 4}},
		{"per run reached", func(w *world) { w.limits.PerRun = 6; w.fleet("a", 30, 3); w.fleet("b", 30, 3) },
			map[string]int{"deactivate instance_gone": 6}},
		{"per run exceeded: all losses are held", func(w *world) {
			w.limits.PerRun = 6
			w.fleet("a", 30, 4)
			w.fleet("b", 30, 3)
			w.fleet("c", 5, 1, deactivatedFor(8*24*time.Hour))
		}, map[string]int{"hold guard_run": 7, "delete grace_over": 1}},
		{"deletes at the end of a grace are no share", func(w *world) {
			w.fleet("a", 10, 9, deactivatedFor(8*24*time.Hour))
		}, map[string]int{"delete grace_over": 9}},
		{"but removals of the run", func(w *world) {
			w.limits.PerRun = 8
			w.fleet("a", 10, 9, deactivatedFor(8*24*time.Hour))
		}, map[string]int{"hold guard_run_deletes": 9}},
		{"nor do the deactivated ones widen the share", func(w *world) {
			w.fleet("a", 30, 20, deactivatedFor(time.Hour))
			w.listings[len(w.listings)-1].Instances = w.listings[len(w.listings)-1].Instances[4:]
		}, map[string]int{"keep in_grace": 20, "hold guard_share": 4}},
		{"at once: counted", func(w *world) { w.rules.Grace = 0; w.fleet("a", 20, 5) }, map[string]int{"hold guard_share": 5}},
	})
}

func TestGuardWeighsProofs(t *testing.T) {
	t.Parallel()
	runGuardRows(t, []guardRow{
		{"one is there", func(w *world) { w.fleet("a", 20, 3); w.setProof("i-a-01", Proof{}) },
			map[string]int{"skip still_there": 1, "hold guard_contradicts": 2}},
		{"one is there: other regions go on", func(w *world) { w.fleet("a", 20, 2); w.fleet("b", 20, 2); w.setProof("i-a-01", Proof{}) },
			map[string]int{"skip still_there": 1, "hold guard_contradicts": 1, "deactivate instance_gone": 2}},
		{"one without an answer", func(w *world) { w.fleet("a", 20, 3); w.setProof("i-a-01", Proof{Err: errors.New("denied")}) },
			map[string]int{"hold guard_unproven": 1, "deactivate instance_gone": 2}},
		{"an error is never a proof", func(w *world) {
			w.fleet("a", 20, 1)
			w.setProof("i-a-00", Proof{Absent: true, Err: errors.New("denied")})
		},
			map[string]int{"hold guard_unproven": 1}},
		{"not asked", func(w *world) {
			w.fleet("a", 20, 3)
			w.proof = func(c Change) (Proof, bool) { return Proof{Absent: true}, c.InstanceID != "i-a-01" }
		}, map[string]int{"hold guard_not_asked": 1, "deactivate instance_gone": 2}},
	})
}

// setProof sets one instance's proof; all others are proved absent.
func (w *world) setProof(instance string, proof Proof) {
	w.proof = func(c Change) (Proof, bool) {
		if c.InstanceID == instance {
			return proof, true
		}
		return Proof{Absent: true}, true
	}
}

// TestHeldRemovalStopsNothingElse: creates and updates of the scope go on, and a held removal carries no patch.
func TestHeldRemovalStopsNothingElse(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.listings, w.limits = nil, defaultLimits()
	w.fleet("a", 10, 9)
	w.listings[0].Instances[0].Name = "renamed"
	w.listings[0].Instances = append(w.listings[0].Instances,
		instanceInProd("i-new", "new", "10.0.0.3", func(i *inventory.Instance) { i.Region = "a" }))
	a := w.approve()
	if len(a.Creates()) != 1 || len(a.Updates()) != 1 || len(a.Removals()) != 0 {
		t.Errorf("%q", renderLines(a))
	}
	for _, c := range a.Notes() {
		if c.Action != Hold || c.Patch != nil || c.Fields != nil || c.Before == nil {
			t.Errorf("%+v", c)
		}
	}
}

// TestZeroValuesDoNothing: an Approved that the guard did not fill, and an empty plan.
func TestZeroValuesDoNothing(t *testing.T) {
	t.Parallel()
	for _, a := range []Approved{{}, Plan{}.Approve(Limits{}, nil), Build(Input{}, Rules{}).Approve(Limits{}, nil)} {
		if got := renderLines(a); len(got) != 0 {
			t.Error(got)
		}
	}
	if got := ownerScopeOf(Change{}); got != (ownerScope{}) {
		t.Error(got)
	}
}

// TestApproveTwice: the guard does not change its plan.
func TestApproveTwice(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.listings = nil
	w.fleet("a", 10, 2)
	w.listings[0].Instances[0].Name, w.listings[0].Instances[1].Name =
		w.listings[0].Instances[1].Name, w.listings[0].Instances[0].Name
	p := w.plan()
	proofs := Proofs{}
	for _, c := range p.Candidates() {
		proofs[c.AssetID] = Proof{Absent: true}
	}
	first := renderLines(p.Approve(w.limits, proofs))
	if second := renderLines(p.Approve(w.limits, proofs)); !slices.Equal(first, second) {
		t.Errorf("first %q\nthen %q", first, second)
	}
}

// TestHoldOfTheRun: Limits.Hold holds what all else lets pass, and keeps every other reason.
func TestHoldOfTheRun(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.listings, w.limits = nil, defaultLimits()
	w.fleet("r1", 30, 3)
	w.fleet("r2", 30, 20)
	if got, want := outcomes(w.approve()), map[string]int{"deactivate instance_gone": 3, "hold guard_share": 20}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	w.limits.Hold = reason.New(reason.GuardParts, 40, 3, 50)
	if got, want := outcomes(w.approve()), map[string]int{"hold guard_parts": 3, "hold guard_share": 20}; !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
