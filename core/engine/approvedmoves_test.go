package engine_test

import (
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/report"
)

// placeAll lets rules put every asset into one node.
func (r *stateWorld) placeAll(node string) {
	r.ChangeSettings(map[string]any{
		"rules": []any{map[string]any{"name": "all", "when": map[string]any{}, "set": map[string]any{"node": node}}},
		"sync":  map[string]any{"manage": map[string]any{"node": "always"}},
	})
	r.salt += "."
}

// TestMovesAreApprovedByHash: what rules would move at once is held until a person approves it. The approval lets the assets
// move to where they would have moved then, and nowhere else, and ends with it.
func TestMovesAreApprovedByHash(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	if rep := r.runWithApprovals(); rep.Created != 40 {
		t.Fatalf("%+v", rep)
	}
	r.placeAll("/DEFAULT/web")
	rep := r.runWithApprovals()
	if rep.Held != 40 || rep.Updated != 0 || rep.Outcome != report.Held {
		t.Fatalf("%d held, %d updated, %s", rep.Held, rep.Updated, rep.Outcome)
	}
	r.approveHeldSet(rep)
	r.placeAll("/DEFAULT/wrong")
	other := r.runWithApprovals()
	if other.Held != 40 || other.Updated != 0 {
		t.Errorf("an approval for other nodes: %d held, %d updated", other.Held, other.Updated)
	}
	if other.HeldSets[0].Hash == rep.HeldSets[0].Hash {
		t.Error("who approves the hash of an earlier card would approve other nodes")
	}
	r.placeAll("/DEFAULT/web")
	rep = r.runWithApprovals()
	if rep.Held != 40 {
		t.Errorf("the approval has ended with what it was for: %d held", rep.Held)
	}
	r.approveHeldSet(rep)
	if rep := r.runWithApprovals(); rep.Held != 0 || rep.Updated != 40 || rep.Outcome != report.OK {
		t.Errorf("approved: %d held, %d updated, %s", rep.Held, rep.Updated, rep.Outcome)
	}
	if left, err := r.store.HeldStore().ListApprovals(t.Context(), r.RunClock.Now()); err != nil || len(left) > 0 {
		t.Errorf("used up, yet %v %v", left, err)
	}
	if rep := r.runWithApprovals(); rep.Updated+rep.Held != 0 {
		t.Errorf("once more: %d updated, %d held", rep.Updated, rep.Held)
	}
	r.Close()
}

// TestEventsPassHeldMoves: a held move is no held removal, and keeps no event from what it may do.
func TestEventsPassHeldMoves(t *testing.T) {
	t.Parallel()
	r := newStateWorld(t)
	r.runWithApprovals()
	r.placeAll("/DEFAULT/web")
	if rep := r.runWithApprovals(); rep.Held != 40 {
		t.Fatalf("%+v", rep)
	}
	at := inventory.Scope{Cloud: inventory.Alibaba, Account: r.Accounts[0].Name, Region: "cn-beijing"}
	if n := r.store.LoadSnapshot(t.Context(), []inventory.Scope{at}).ScopeState(at).HeldRemovals; n != 0 {
		t.Errorf("%d removals are held", n)
	}
	r.Close()
}
