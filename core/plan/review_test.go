package plan

import (
	"hash/fnv"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/language"
	"github.com/jms-sync/jms-sync/core/reason"
)

// approveWith returns a world's plan, and what the guard approves with other limits.
func (w *world) approveWith(edit func(*Limits, Plan)) (Plan, Approved) {
	p, proofs, limits := w.plan(), Proofs{}, w.limits
	for _, c := range p.Candidates() {
		if proof, asked := w.proof(c); asked {
			proofs[c.AssetID] = proof
		}
	}
	edit(&limits, p)
	return p, p.Approve(limits, proofs)
}

func removedAssets(a Approved) map[string]bool {
	out := map[string]bool{}
	for _, c := range a.Removals() {
		out[c.AssetID] = true
	}
	return out
}

// someCandidates returns some of the candidates, always the same.
func someCandidates(p Plan) map[string]bool {
	out := map[string]bool{"an-asset-of-which-no-plan-knows": true}
	for _, c := range p.Candidates() {
		h := fnv.New32a()
		h.Write([]byte(c.AssetID))
		if h.Sum32()%2 == 0 {
			out[c.AssetID] = true
		}
	}
	return out
}

// TestApprovalProperties: in 500 random worlds with failed scopes, wrong proofs and all kinds of limits.
func TestApprovalProperties(t *testing.T) {
	t.Parallel()
	for _, p := range []property{
		{"an approval lets pass what was approved, and nothing else", approvalIsExact},
		{"what is approved lacks neither proof nor a complete listing", approvalNeedsProof},
		{"with approval of removals, nothing is removed without one", asksForRemovals},
		{"with approval of all, only what was reviewed is written", asksForAll},
	} {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			everyWorld(t, p.check)
		})
	}
}

// approvalIsExact: the removals are those approved (if only a threshold held them), and those others that no rule holds
// of which all removals of one kind, without the approved ones, are few enough.
func approvalIsExact(t *testing.T, w *world) {
	var approved map[string]bool
	off := Share{100, 1 << 30}
	p, got := w.approveWith(func(l *Limits, p Plan) {
		approved = someCandidates(p)
		l.Approved, l.AllowEmpty, l.Fleet = approved, true, off
	})
	_, others := w.approveWith(func(l *Limits, _ Plan) { l.PerRun, l.AllowEmpty, l.Fleet = 1<<30, true, off })
	_, all := w.approveWith(func(l *Limits, _ Plan) {
		*l = Limits{Percent: 100, Min: 1 << 30, Fleet: off, PerRun: 1 << 30, AllowEmpty: true}
	})
	counts := map[bool]int{true: p.fleet.byRuns}
	for _, c := range others.Removals() {
		if !approved[c.AssetID] {
			counts[isNewLoss(c)]++
		}
	}
	want := map[string]bool{}
	for _, c := range all.Removals() {
		free := removedAssets(others)[c.AssetID] && counts[isNewLoss(c)] <= w.limits.PerRun
		if approved[c.AssetID] || free {
			want[c.AssetID] = true
		}
	}
	if !maps.Equal(removedAssets(got), want) {
		t.Errorf("removes %v, want %v of approved %v", removedAssets(got), want, approved)
	}
}

func approvalNeedsProof(t *testing.T, w *world) {
	_, a := w.approveWith(func(l *Limits, p Plan) {
		l.Approved = map[string]bool{}
		for _, c := range p.Candidates() {
			l.Approved[c.AssetID] = true
		}
	})
	for _, c := range a.Removals() {
		if proof, asked := w.proof(c); !asked || !proof.Absent && (!c.isClosed() || proof.Closed == "") || proof.Err != nil {
			t.Errorf("%s is removed without proof", c.AssetID)
		}
		m, _ := parseOwnership(w.byID()[c.AssetID])
		for _, l := range w.listings {
			if !c.isClosed() && l.Err != nil && l.Region == m.region && (l.Account == m.account || l.Owner == m.owner) {
				t.Errorf("%s is removed though %s failed", c.AssetID, l.Scope)
			}
		}
	}
}

func asksForRemovals(t *testing.T, w *world) {
	var approved map[string]bool
	_, a := w.approveWith(func(l *Limits, p Plan) {
		approved = someCandidates(p)
		l.Approval, l.Approved = ApproveRemovals, approved
	})
	for id := range removedAssets(a) {
		if !approved[id] {
			t.Errorf("%s is removed and was not approved", id)
		}
	}
	_, none := w.approveWith(func(l *Limits, _ Plan) { l.Approval = ApproveAll })
	if n := len(allWrites(none)); n != 0 {
		t.Errorf("%d writes with nothing reviewed", n)
	}
}

// asksForAll reviews a plan, drops half of it, and applies the rest: exactly that is written, apart from labels for
// later runs, and renames in steps, which are all made or none.
func asksForAll(t *testing.T, w *world) {
	approved := map[string]bool{}
	_, reviewed := w.approveWith(func(l *Limits, p Plan) {
		for _, c := range p.Candidates() {
			approved[c.AssetID] = true
		}
		l.Approved = approved
	})
	only := []ReviewLine{}
	for n, l := range reviewed.ReviewLines() {
		if n%2 == 0 {
			only = append(only, l)
		}
	}
	_, got := w.approveWith(func(l *Limits, _ Plan) { l.Approved, l.Reviewed, l.Approval = approved, only, ApproveAll })
	for c := range got.Changes() {
		at := slices.IndexFunc(only, func(l ReviewLine) bool { return l.AssetID == c.AssetID && l.Action == c.Action })
		if !c.Interim && (at < 0 || !only[at].Equal(reviewLineOf(c))) {
			t.Errorf("%s of %s is written and was not reviewed", c.Action, c.AssetID)
		}
	}
	_, whole := w.approveWith(func(l *Limits, _ Plan) {
		l.Approved, l.Reviewed, l.Approval = approved, reviewed.ReviewLines(), ApproveAll
	})
	if !slices.EqualFunc(whole.ReviewLines(), reviewed.ReviewLines(), ReviewLine.Equal) {
		t.Errorf("reviewed:\n%v\nwritten:\n%v", reviewed.ReviewLines(), whole.ReviewLines())
	}
}

// TestReviewedChanges: what differs from the file is not made, and is reported.
func TestReviewedChanges(t *testing.T) {
	t.Parallel()
	gone, web := instanceInProd("i-gone", "old", "10.0.0.9"), instanceInProd("i-web", "web", "10.0.0.1")
	w := newWorld()
	w.addInstances(web, instanceInProd("i-new", "new", "10.0.0.2"))
	w.addAssets(hostOf(web, withName("wrong")), hostOf(gone))
	p, first := w.approveWith(func(*Limits, Plan) {})
	if n := len(first.ReviewLines()); n != 3 || len(p.Candidates()) != 1 {
		t.Fatalf("%v", first.ReviewLines())
	}
	only := first.ReviewLines()
	approved := map[string]bool{hostOf(gone).ID: true}
	w.rules.Now = w.rules.Now.Add(time.Hour) // labels have another time now
	again := func(edit func()) (written []string, notes map[reason.Code]int) {
		edit()
		_, a := w.approveWith(func(l *Limits, _ Plan) { l.Reviewed, l.Approved = only, approved })
		for c := range a.Changes() {
			written = append(written, string(c.Action)+" "+c.InstanceID)
		}
		notes = map[reason.Code]int{}
		for _, n := range a.Notes() {
			notes[n.Reason.Code]++
		}
		return written, notes
	}
	written, notes := again(func() {})
	if want := []string{"create i-new", "update i-web", "deactivate i-gone"}; !slices.Equal(written, want) || len(notes) > 0 {
		t.Errorf("%v %v", written, notes)
	}
	written, notes = again(func() {
		w.listings[0].Instances[0].Name = "renamed"                  // another update than that of the file
		w.listings[0].Instances = w.listings[0].Instances[:1:1]      // the new one is gone again
		w.addInstances(instanceInProd("i-late", "late", "10.0.0.3")) // nobody has reviewed it
		w.addInstances(gone)                                         // and one is back
	})
	if len(written) > 0 || notes[reason.ChangedSince] != 1 || notes[reason.NotReviewed] != 1 || notes[reason.NoLongerPlanned] != 2 {
		t.Errorf("%v %v", written, notes)
	}
}

// TestHeldInTheFile: what a plan shows as held stays held when its file is applied, even if no limit holds it any
// more, until a person takes the hold away. Everything else of the file is made as it was shown.
func TestHeldInTheFile(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.limits = Limits{Percent: 30, Min: 1, Fleet: Share{100, 100}, PerRun: 100}
	w.addInstances(instanceInProd("i-live", "live", "10.0.0.8"), instanceInProd("i-new", "new", "10.0.0.9"))
	w.addAssets(hostOf(instanceInProd("i-live", "live", "10.0.0.8")))
	for _, id := range []string{"i-0", "i-1", "i-2"} {
		w.addAssets(hostOf(instanceInProd(id, id, "10.0.0.1")))
	}
	p, shown := w.approveWith(func(*Limits, Plan) {})
	file := p.Review(shown, language.English)
	if len(file) != 4 || file[0].Held != "" || len(shown.Removals()) != 0 {
		t.Fatalf("%+v", file)
	}
	for _, l := range file[1:] {
		if l.Action != Deactivate || !strings.Contains(l.Held, "more than 30%") {
			t.Errorf("%+v", l)
		}
	}
	for _, c := range []struct {
		percent int
		why     reason.Code
	}{{30, reason.GuardShare}, {100, reason.HeldInFile}} {
		_, got := w.approveWith(func(l *Limits, _ Plan) { l.Percent, l.Reviewed = c.percent, file })
		if len(got.Creates()) != 1 || len(got.Removals()) != 0 || len(got.Notes()) != 3 || got.Notes()[0].Reason.Code != c.why {
			t.Errorf("%d%%: %v", c.percent, renderLines(got))
		}
		checkTexts(t, got)
	}
	approved := map[string]bool{}
	for _, l := range file[1:] {
		approved[l.AssetID] = true
	}
	_, got := w.approveWith(func(l *Limits, _ Plan) { l.Reviewed, l.Approved = file, approved })
	if len(got.Removals()) != 3 || len(got.Notes()) != 0 {
		t.Errorf("%v", renderLines(got))
	}
}

// TestApprovableHolds: only what a threshold holds can be approved, and the approval counts in other shards of the
// run.
func TestApprovableHolds(t *testing.T) {
	t.Parallel()
	w := newWorld()
	w.limits = Limits{Percent: 100, Min: 100, Fleet: Share{100, 100}, PerRun: 0}
	var live []inventory.Instance
	for _, id := range []string{"i-0", "i-1", "i-2", "i-3"} {
		w.addAssets(hostOf(instanceInProd(id, id, "10.0.0.1")))
	}
	live = append(live, instanceInProd("i-live", "live", "10.0.0.8"))
	w.addInstances(live...)
	denied := hostOf(instanceInProd("i-3", "", "")).ID
	w.proof = func(c Change) (Proof, bool) { return Proof{Absent: c.AssetID != denied}, c.AssetID != denied }
	p, a := w.approveWith(func(*Limits, Plan) {})
	held := p.ApprovableHolds(a)
	if len(held) != 3 || held[0].Action != Deactivate || held[0].Reason.Code != reason.GuardRun {
		t.Fatalf("%v", held)
	}
	approved := map[string]bool{held[0].AssetID: true, denied: true}
	for hold, want := range map[reason.Code]int{"": 1, reason.GuardParts: 1, reason.GuardBudget: 0} {
		p, a = w.approveWith(func(l *Limits, _ Plan) { l.Approved, l.Hold.Code = approved, hold })
		if len(a.Removals()) != want {
			t.Errorf("%s: removes %v", hold, removedAssets(a))
		}
	}
	if left := p.ApprovableHolds(a); len(left) > 3 || slices.ContainsFunc(left, func(c Change) bool { return c.AssetID == denied }) {
		t.Errorf("can be approved: %v", left)
	}
}

// TestSwapIsReviewedWhole: of two assets that swap their names, none is renamed if only one was reviewed.
func TestSwapIsReviewedWhole(t *testing.T) {
	t.Parallel()
	a, b := instanceInProd("i-a", "one", "10.0.0.1"), instanceInProd("i-b", "two", "10.0.0.2")
	w := newWorld()
	w.addInstances(a, b)
	w.addAssets(hostOf(a, withName("two")), hostOf(b, withName("one")))
	_, first := w.approveWith(func(*Limits, Plan) {})
	lines := first.ReviewLines()
	if len(lines) != 2 || len(first.Renames()) == 0 {
		t.Fatalf("no swap: %v", lines)
	}
	for n, want := range []int{0, 0, len(allWrites(first))} {
		only := lines
		if n < 2 {
			only = lines[n : n+1]
		}
		if _, got := w.approveWith(func(l *Limits, _ Plan) { l.Reviewed = only }); len(allWrites(got)) != want {
			t.Errorf("of %v: %v", only, allWrites(got))
		}
	}
}
