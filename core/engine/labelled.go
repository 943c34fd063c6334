package engine

import (
	"context"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/sorting"
	"github.com/jms-sync/jms-sync/core/state"
)

// ownerRegion is what the labels of all our assets of a scope have in common, whichever account lists it; in lower
// case.
type ownerRegion struct{ owner, region string }

func ownerRegionOf(owner, region string) ownerRegion {
	return ownerRegion{strings.ToLower(strings.TrimSpace(owner)), strings.ToLower(strings.TrimSpace(region))}
}

// labelCounts is how many hosts of JumpServer carry the labels of an owner and a region, active or not, ours or not.
type labelCounts map[ownerRegion]int

// countOurs counts the assets that are ours, by scope.
func countOurs(assets []inventory.Asset) []report.AssetCount {
	return report.CountAssets(func(yield func(inventory.Asset) bool) {
		for _, a := range assets {
			if plan.IsOurs(a) && !yield(a) {
				return
			}
		}
	})
}

// countLabels counts assets.
func countLabels(assets []inventory.Asset) labelCounts {
	counts := labelCounts{}
	for _, a := range assets {
		if a.Host {
			counts.add(a.Labels, 1)
		}
	}
	return counts
}

// add adds a number for the owner and the region that labels name, if they name one of each.
func (c labelCounts) add(labels []inventory.Label, number int) {
	a := inventory.Asset{Labels: labels}
	owner, hasOwner := a.Label(inventory.LabelOwner)
	region, hasRegion := a.Label(inventory.LabelRegion)
	if hasOwner && hasRegion {
		c[ownerRegionOf(owner, region)] += number
	}
}

// addWrites adds what a run has made of them.
func (c labelCounts) addWrites(items []apply.Item) {
	for _, i := range items {
		if i.State != apply.Done {
			continue // that scope is dirty, and all is counted anew
		}
		made := i.Change.NewAsset()
		switch {
		case made != nil:
			c.add(made.Labels, 1)
		case i.Change.Action == plan.Delete && i.Change.Before != nil:
			c.add(i.Change.Before.Labels, -1)
		case i.Change.Patch != nil && i.Change.Patch.Labels != nil && i.Change.Before != nil:
			c.add(i.Change.Before.Labels, -1)
			c.add(i.Change.Patch.Labels, 1)
		}
	}
}

// knownLabelCounts returns what the last runs left in the scopes of some listings. known is false if one is not known,
// or if two scopes of the same owner and region do not agree.
func knownLabelCounts(snapshot *state.Snapshot, listings []inventory.Listing) (counts labelCounts, known bool) {
	counts = labelCounts{}
	for _, l := range listings {
		last := snapshot.ScopeState(l.Scope)
		at := ownerRegionOf(l.Owner, l.Region)
		before, twice := counts[at]
		if !last.LabelledKnown || twice && before != last.Labelled {
			return nil, false
		}
		counts[at] = last.Labelled
	}
	return counts, true
}

// maxLabelsLength bounds the labels of one question, so that its URL passes every proxy.
const maxLabelsLength = 2500

// countQuestions returns the labels by which JumpServer is asked for the number of hosts of some listings: mostly one
// question. It means all these regions of all these owners; what no listing is about has no assets, or is an orphan,
// which takes the full path anyway. It returns nil if a label cannot be asked for.
func countQuestions(listings []inventory.Listing) (all [][]inventory.Label) {
	var owners, regions []inventory.Label
	length := 0
	flush := func() {
		all = append(all, slices.Concat(owners, regions))
		owners, regions, length = nil, nil, 0
	}
	add := func(to *[]inventory.Label, l inventory.Label) {
		if !slices.Contains(*to, l) {
			*to = append(*to, l)
			length += len(l.String()) + 1
		}
	}
	sorted := sorting.StableSorted(listings, func(x, y inventory.Listing) int { return strings.Compare(x.Owner, y.Owner) })
	for n, l := range sorted {
		if !isAskable(l.Owner) || !isAskable(l.Region) {
			return nil
		}
		if length > maxLabelsLength && l.Owner != sorted[n-1].Owner {
			flush()
		}
		add(&owners, inventory.Label{Name: inventory.LabelOwner, Value: l.Owner})
		add(&regions, inventory.Label{Name: inventory.LabelRegion, Value: l.Region})
	}
	flush()
	return all
}

// isAskable reports whether JumpServer can be asked for a label's value.
func isAskable(value string) bool { return value != "" && !strings.ContainsAny(value, ",*") }

// hasKnownAssets asks JumpServer how many hosts carry the labels of the run's scopes, and reports whether these are as
// many as the last run left: labels that people took off, an emptied JumpServer and a backup that was restored take the
// full path. The answer proves organisation and key; without one the run has failed. An answer that does not say what was
// asked takes the full path too.
func (e Engine) hasKnownAssets(ctx context.Context, p *pass) (bool, error) {
	known, all := knownLabelCounts(p.snapshot, p.listings)
	questions := countQuestions(p.listings)
	if !all || questions == nil {
		return false, nil
	}
	want, got := 0, 0
	for _, n := range known {
		want += n
	}
	e.EnterStage("jumpserver")
	for _, labels := range questions {
		n, err := e.Bastion.CountLabelled(ctx, labels)
		if inventory.KindOf(err) == inventory.Incomplete {
			e.Log.Warn("JumpServer does not count assets by their labels; all are read", "error", err)
			return false, nil
		}
		if err != nil {
			return false, err
		}
		got += n
	}
	if got != want {
		e.Log.Warn("JumpServer has another number of our assets than the last run left; all are read", "expected", want, "found", got)
		return false, nil
	}
	p.labelled = known
	return true, nil
}
