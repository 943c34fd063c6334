package plan

import (
	"slices"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestRuledProperties: what holds in any world holds with rules too, as far as rules do not change it themselves.
// Invariants: 1, 2, 3, 16, 18, 20, 21.
func TestRuledProperties(t *testing.T) {
	t.Parallel()
	except := []string{"what people own", "thresholds", "a name that is right stays", "addresses that are not all known move nothing", "IPv4 never gives way to IPv6"}
	all := slices.DeleteFunc(properties(), func(p property) bool { return slices.Contains(except, p.name) })
	all = append(all,
		property{"rules never widen removals", rulesWidenNoRemoval}, property{"rules never change identity", rulesKeepIdentity},
		property{"policies are obeyed", policiesAreObeyed}, property{"moves are bounded", movesAreBounded}, property{"switched off by rules with all that protects", ruleOffIsAllowed})
	for _, p := range all {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(worldCount) {
				p.check(t, ruledWorld(t, newDice(seed, nil)))
				if t.Failed() {
					t.Fatalf("in the ruled world of seed %d", seed)
				}
			}
		})
	}
}

// rulesWidenNoRemoval: the assets of absent instances that may be removed are no others than without rules.
func rulesWidenNoRemoval(t *testing.T, w *world) {
	bare := *w
	bare.rules.Mapping = nil
	without := map[string]Action{}
	for _, c := range bare.plan().Candidates() {
		without[c.AssetID] = c.Action
	}
	for _, c := range w.plan().Candidates() {
		if without[c.AssetID] != c.Action {
			t.Errorf("%s of %s only with rules", c.Action, c.AssetID)
		}
	}
}

// rulesKeepIdentity: an instance has the same asset with rules and without, and a new one has the same marks and proof.
func rulesKeepIdentity(t *testing.T, w *world) {
	bare := *w
	bare.rules.Mapping = nil
	marks := map[string]string{}
	for _, c := range bare.approve().Creates() {
		marks[c.AssetID] = marksOf(c)
	}
	existing := map[string]bool{}
	for _, d := range bare.plan().desired {
		existing[d.assetID] = d.before != nil
	}
	for _, d := range w.plan().desired {
		if d.before != nil && !existing[d.assetID] {
			t.Errorf("%s is the instance's with rules only", d.assetID)
		}
	}
	for _, c := range w.approve().Creates() {
		if has, same := marks[c.AssetID]; same && marksOf(c) != has {
			t.Errorf("%s: marks %s, without rules %s", c.AssetID, marksOf(c), has)
		}
		n := c.NewAsset()
		if !IsOurs(inventory.Asset{ID: n.ID, Labels: n.Labels, Comment: n.Comment, Host: true}) {
			t.Errorf("%s is made without our marks: %v", n.ID, n.Labels)
		}
	}
}

// marksOf returns what makes a new asset ours.
func marksOf(c Change) string {
	n := c.NewAsset()
	var names []string
	for _, l := range n.Labels {
		if IsOwnLabel(l) && !l.Is(inventory.LabelKept) {
			names = append(names, l.String())
		}
	}
	return n.ID + " " + strings.Join(names, " ") + " " + n.Comment
}

// policiesAreObeyed: what only rules set on existing assets is written where the policy or a remap says so, and nowhere else.
func policiesAreObeyed(t *testing.T, w *world) {
	m := w.rules.Manage
	writes := func(p FieldPolicy) bool { return w.rules.Remap || p == WriteAlways || p == WriteIfMissing }
	platforms := w.input().Current.Platforms
	a := w.approve()
	for _, c := range slices.Concat(a.Updates(), slices.Concat(a.Renames()...)) {
		p := c.Patch
		moves := p.NodeIDs != nil || p.NodePaths != nil
		if w.rules.Partial && (moves || p.Protocols != nil || p.Accounts != nil || p.Platform != nil) {
			t.Errorf("an event writes %v", c.Fields)
		}
		switch {
		case moves && (!writes(m.Node) || c.Before.Nodes == ""), p.Protocols != nil && !writes(m.Port), len(p.Accounts) > 0 && !writes(m.Accounts),
			p.Platform != nil && !w.rules.Remap && m.Platform != WriteAlways:
			t.Errorf("%s: %v with %+v", c.AssetID, c.Fields, m)
		case p.Platform != nil && (platforms[*p.Platform].Type != platforms[c.Before.Platform].Type || isGatewayPlatform(*p.Platform)):
			t.Errorf("%s: platform %s becomes %s", c.AssetID, c.Before.Platform, *p.Platform)
		case p.Zone != nil && !platforms[c.Platform].SupportsZones:
			t.Errorf("%s: a zone that JumpServer drops", c.AssetID)
		}
		requireLabelsOfPeople(t, c, writes(m.Labels))
		requireNodesOfPeople(t, c)
	}
}

// requireLabelsOfPeople requires that an update keeps every name of a label that is not ours, and sets such labels only
// where that may be.
func requireLabelsOfPeople(t *testing.T, c Change, may bool) {
	t.Helper()
	if c.Patch.Labels == nil {
		return
	}
	for _, l := range c.Patch.Labels {
		if !may && !IsOwnLabel(l) && !slices.Contains(c.Before.Labels, l) {
			t.Errorf("%s: label %s", c.AssetID, l)
		}
	}
	for _, l := range c.Before.Labels {
		stays := slices.ContainsFunc(c.Patch.Labels, func(x inventory.Label) bool { return inventory.MayBeEqual(x.Name, l.Name) })
		if !stays && !IsOwnLabel(l) {
			t.Errorf("%s: lost the label %s", c.AssetID, l)
		}
	}
}

// requireNodesOfPeople requires that an update leaves an asset in every node that is not ours, and in one at least.
func requireNodesOfPeople(t *testing.T, c Change) {
	t.Helper()
	if c.Patch.NodeIDs == nil && c.Patch.NodePaths == nil {
		return
	}
	noted, isNoted := inventory.NotedNodes(c.Before.Comment)
	for _, path := range []string{"/DEFAULT", "/DEFAULT/web", "/DEFAULT/db", "/DEFAULT/gone"} {
		id := nodeIDOf(path)
		alone := c.Before.Nodes == id && path == "/DEFAULT"
		if slices.Contains(nodeIDs(*c.Before), id) && !(isNoted && slices.Contains(noted, id)) && !alone && !slices.Contains(c.Patch.NodeIDs, id) {
			t.Errorf("%s: leaves %s, which is people's", c.AssetID, path)
		}
	}
	if len(c.Patch.NodeIDs)+len(c.Patch.NodePaths) == 0 {
		t.Errorf("%s: in no node", c.AssetID)
	}
}

// movesAreBounded: no scope has more moves than the limit lets pass.
func movesAreBounded(t *testing.T, w *world) {
	p := w.plan()
	counts := map[inventory.Scope]int{}
	for c := range p.Approve(w.limits, w.proofs(p)).Changes() {
		if c.MovesAsset() {
			counts[c.Scope]++
		}
	}
	for at, n := range counts {
		if w.limits.Moves.isExceeded(n, max(p.accountStats[at].assets, n)) {
			t.Errorf("%d of %s move, limits %+v", n, at, w.limits.Moves)
		}
	}
}

// ruleOffIsAllowed checks anew, for each deactivation by a rule, everything that it needs.
func ruleOffIsAllowed(t *testing.T, w *world) {
	for _, c := range w.approve().Removals() {
		if !c.IsRuleOff() {
			continue
		}
		a := w.byID()[c.AssetID]
		_, spared := w.rules.neverWritten(a)
		_, kept := keepReason(a)
		marks := a.LabelCount(inventory.LabelKept) + a.LabelCount(inventory.LabelRuleOff) + a.LabelCount(inventory.LabelGone)
		if spared || kept || w.rules.NoDelete || w.rules.Partial || !a.Active || !a.Host || marks > 0 ||
			containsAny(w.rules.Protected, a.Address) || !w.rules.isWhitelisted(a.Address) {
			t.Errorf("%s is switched off: %+v", c.AssetID, a)
		}
		after := inventory.Asset{Labels: c.Patch.Labels}
		counts := after.LabelCount(inventory.LabelGone) + after.LabelCount(inventory.LabelApproved) + after.LabelCount(inventory.LabelDue)
		if c.Action != Deactivate || after.LabelCount(inventory.LabelRuleOff) != 1 || counts > 0 {
			t.Errorf("%s: %s with %v", c.AssetID, c.Action, c.Patch.Labels)
		}
	}
}

// FuzzRuledPlan lets the fuzzer choose the world, its rules among it.
func FuzzRuledPlan(f *testing.F) {
	f.Add([]byte{})
	f.Add([]byte(strings.Repeat("\x03\x05\x0b\x02", 60)))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, check := range []func(*testing.T, *world){secondRunIsEmpty, rulesWidenNoRemoval, onlyOurs, policiesAreObeyed, movesAreBounded, ruleOffIsAllowed} {
			check(t, ruledWorld(t, newDice(uint64(len(data)), data)))
		}
	})
}
