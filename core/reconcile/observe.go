package reconcile

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// pollUntilFinished handles all batches together: it reads the instances' assets first, then polls the clouds until they
// show what the events say. The waits are shared, so that an instance that never appears delays no other.
func (r *eventRun) pollUntilFinished(batches []*ownerBatch) {
	var open []*ownerBatch
	for _, g := range batches {
		if err := r.loadAssets(g); err != nil {
			r.failByBastion(g, g.pendingTargets(), err)
			continue
		}
		open = append(open, g)
	}
	waited := time.Duration(0)
	for wait := firstPollWait; ; wait = min(wait*2, maxPollWait) {
		var pending []*ownerBatch
		for _, g := range open {
			r.reconcile(g, r.observe(g))
			if len(g.targets) > len(g.finished) {
				pending = append(pending, g)
			}
		}
		open = pending
		wait = r.nextPollWait(open, wait, waited)
		if len(open) == 0 || wait == 0 || !r.sleepIfTimeAllows(wait) {
			break
		}
		waited += wait
	}
	for _, g := range open {
		for _, s := range g.pendingTargets() {
			r.setTimeoutOutcome(g, s)
		}
	}
}

// nextPollWait returns how long to wait before the clouds are asked once more, 0 for no more.
func (r *eventRun) nextPollWait(open []*ownerBatch, wait, waited time.Duration) time.Duration {
	switch {
	case !r.Redelivers || waited+wait <= maxWaitBeforeRedelivery:
		return wait
	case waited > maxWaitBeforeRedelivery:
		return 0
	}
	for _, g := range open {
		for _, s := range g.pendingTargets() {
			if !s.provedAbsentAt.IsZero() { // absent, and a second answer is due
				return firstPollWait
			}
		}
	}
	return 0
}

// setTimeoutOutcome ends the events of an instance of which the cloud does not show what they say.
func (r *eventRun) setTimeoutOutcome(g *ownerBatch, s *target) {
	outcome, why := EventLater, reason.NotShownYet
	asset, exists := g.assets.byID[s.assetID]
	if r.Redelivers && !r.halt.Stands() && s.released && exists && asset.Active && plan.IsOurs(asset) {
		outcome, why = EventFailed, reason.ReleaseNotSeen // what stays open must not wait for the next full run
	}
	r.setTargetOutcome(s, outcome, r.reasonText(reason.New(why)))
}

// pendingTargets returns the targets that are still asked for, by id.
func (g *ownerBatch) pendingTargets() []*target {
	var all []*target
	for _, id := range slices.Sorted(maps.Keys(g.targets)) {
		if !g.finished[id] {
			all = append(all, g.targets[id])
		}
	}
	return all
}

// sleepIfTimeAllows sleeps if the time allows both the wait and some work after it.
func (r *eventRun) sleepIfTimeAllows(d time.Duration) bool {
	if deadline, bounded := r.ctx.Deadline(); bounded && r.Engine.Now().Add(d+time.Second).After(deadline) {
		return false
	}
	return r.Sleep(r.ctx, d) == nil
}

// failByCloud ends events by an error of the cloud: their scope was not read.
func (r *eventRun) failByCloud(g *ownerBatch, targets []*target, err error) {
	g.cloudError = err
	r.failTargets(g, targets, err)
}

// failByBastion ends events by an error of JumpServer, which is no scope's.
func (r *eventRun) failByBastion(g *ownerBatch, targets []*target, err error) {
	r.bastionErrors = append(r.bastionErrors, err)
	r.failTargets(g, targets, err)
}

func (r *eventRun) failTargets(g *ownerBatch, targets []*target, err error) {
	for _, s := range targets {
		r.setTargetOutcome(s, EventFailed, err.Error())
		g.finished[s.instanceID] = true
	}
}

// assetIndex is what JumpServer holds of a batch's instances.
type assetIndex struct {
	byID                 map[string]inventory.Asset
	platforms            map[string]inventory.Platform
	lists                ruleLists
	mentionsRead         map[string]bool // instances whose mentions were read
	labelsRead           map[string]bool // instances whose adopted assets were looked for
	organisationVerified bool            // rows, or a call, showed which organisation answers
}

func (h *assetIndex) addAssets(assets []inventory.Asset) {
	for _, a := range assets {
		h.byID[a.ID] = a
		h.organisationVerified = true
	}
}

// loadAssets reads the assets of a batch: one search for a single instance that may be new, which
// also shows an asset of the Python tool; by the ids that we make, for all else; then by their labels those
// that were not found, as adopted assets have ids of their own.
func (r *eventRun) loadAssets(g *ownerBatch) error {
	h := &g.assets
	var err error
	h.platforms, err = r.Bastion.ListPlatforms(r.ctx)
	if err != nil {
		return err
	}
	pending := g.pendingTargets()
	if len(g.targets) == 1 && len(pending) == 1 && !pending[0].released {
		err = r.loadByComment(h, pending[0])
	} else {
		err = r.loadByID(g)
	}
	if err != nil {
		return err
	}
	return r.loadByLabel(g)
}

// loadByLabel finds adopted assets by their labels, all at once, where what was read shows none of ours.
func (r *eventRun) loadByLabel(g *ownerBatch) error {
	h := &g.assets
	var ask []string
	for _, s := range g.pendingTargets() {
		if !g.matchAsset(s) && !h.labelsRead[s.instanceID] {
			h.labelsRead[s.instanceID] = true
			ask = append(ask, s.instanceID)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	assets, err := r.Bastion.AssetsByInstance(r.ctx, ask)
	h.addAssets(assets)
	for _, s := range g.pendingTargets() {
		g.matchAsset(s)
	}
	return err
}

// loadByID reads the assets whose ids are derived from the instances, whether or not they have our labels.
func (r *eventRun) loadByID(g *ownerBatch) error {
	var ids []string
	for _, s := range g.pendingTargets() {
		if !g.matchAsset(s) {
			ids = append(ids, s.assetID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	assets, err := r.Bastion.AssetsByID(r.ctx, ids)
	g.assets.addAssets(assets)
	return err
}

// matchAsset sets the asset of a target to the one of ours that was read, and reports whether there is one: under
// the id made of the instance before adopted ones, of these the first by id, as a full run takes it.
func (g *ownerBatch) matchAsset(s *target) bool {
	at := g.scopes[0]
	made := inventory.AssetID(at.Cloud, at.Region, s.instanceID)
	if plan.IsOursFor(g.assets.byID[made], at.Cloud, at.Region, s.instanceID) {
		s.assetID = made
		return true
	}
	for _, id := range slices.Sorted(maps.Keys(g.assets.byID)) {
		if plan.IsOursFor(g.assets.byID[id], at.Cloud, at.Region, s.instanceID) {
			s.assetID = id
			return true
		}
	}
	return false
}

func (r *eventRun) loadByComment(h *assetIndex, s *target) error {
	if h.mentionsRead[s.instanceID] {
		return nil
	}
	assets, err := r.Bastion.AssetsMentioning(r.ctx, s.instanceID)
	h.addAssets(assets)
	h.mentionsRead[s.instanceID] = true
	return err
}

// observation is what the cloud answered well enough to act on it.
type observation struct {
	present      []inventory.Instance
	provedAbsent []*target
}

// observe puts one question to the cloud and sorts its answers. An absence counts if a question with
// the permission probe said so, and a plain one at least firstPollWait later agrees. The probe stands
// between the two: a right that is lost and comes back in the middle never looks like a release.
func (r *eventRun) observe(g *ownerBatch) observation {
	var plain, probing []*target
	for _, s := range g.pendingTargets() {
		if s.needsProof(&g.assets) {
			probing = append(probing, s)
		} else {
			plain = append(plain, s)
		}
	}
	now := r.Engine.Now()
	var out observation
	if found, answered := r.query(g, r.findUnverified, plain); answered {
		for _, s := range plain {
			r.evaluate(g, s, found.Instances, now, &out)
		}
	}
	if found, answered := r.query(g, r.Clouds.FindVerified, probing); answered {
		for _, s := range probing {
			if r.evaluate(g, s, found.Instances, now, &out) {
				continue
			}
			if why, weak := found.Weak[s.instanceID]; weak {
				r.setTargetOutcome(s, EventLater, r.reasonText(reason.New(reason.WeaklyAbsent, why.Error())))
				g.finished[s.instanceID] = true
				continue
			}
			s.provedAbsentAt = now
		}
	}
	out.provedAbsent = r.confirmOwner(g, out.provedAbsent)
	return out
}

// confirmOwner returns the absent targets if the keys that showed nothing of them are still their owner's, which is asked
// anew: to another account's key every instance seems to be gone. Otherwise their events are over.
func (r *eventRun) confirmOwner(g *ownerBatch, absent []*target) []*target {
	if len(absent) == 0 {
		return nil
	}
	for _, scope := range g.scopes {
		err := r.Clouds.VerifyOwner(r.ctx, scope, g.owner)
		switch {
		case errors.Is(err, inventory.ErrOwnerUnknown):
			for _, s := range absent {
				r.setTargetOutcome(s, EventLater, r.reasonText(reason.New(reason.KeyUnproved)))
				g.finished[s.instanceID] = true
			}
			return nil
		case err != nil:
			r.failByCloud(g, absent, err)
			return nil
		}
	}
	return absent
}

type queryFunc func(context.Context, inventory.Scope, []string) (inventory.FindResult, error)

func (r *eventRun) findUnverified(ctx context.Context, scope inventory.Scope, ids []string) (inventory.FindResult, error) {
	list, err := r.Clouds.Find(ctx, scope, ids)
	return inventory.FindResult{Instances: list}, err
}

// query asks for some targets, of every account of the owner until one shows them. Where
// there is no answer their events have failed, and no others. What one account shows weakly is weak.
func (r *eventRun) query(g *ownerBatch, ask queryFunc, about []*target) (inventory.FindResult, bool) {
	all := inventory.FindResult{Weak: map[string]error{}}
	if len(about) == 0 {
		return all, false
	}
	ids := make([]string, 0, len(about))
	for _, s := range about {
		ids = append(ids, s.instanceID)
	}
	for _, scope := range g.scopes {
		found, err := ask(r.ctx, scope, ids)
		if err != nil {
			r.failByCloud(g, about, err)
			return all, false
		}
		if len(found.Projects) > 0 {
			g.verifiedProjects[scope] = found.Projects
		}
		all.Instances = append(all.Instances, found.Instances...)
		maps.Copy(all.Weak, found.Weak)
		for _, i := range found.Instances {
			ids = slices.DeleteFunc(ids, func(id string) bool { return id == i.ID })
		}
		if len(ids) == 0 {
			break
		}
	}
	return all, true
}

// evaluate judges the answer about one target, and reports whether the cloud showed it or nothing
// is left to ask.
func (r *eventRun) evaluate(g *ownerBatch, s *target, found []inventory.Instance, now time.Time, out *observation) bool {
	at := slices.IndexFunc(found, func(i inventory.Instance) bool { return i.ID == s.instanceID })
	asset, exists := g.assets.byID[s.assetID]
	switch {
	case at >= 0 && found[at].Existence == inventory.Closed && s.released: // the plan says what follows
		out.present = append(out.present, found[at])
	case at >= 0 && found[at].Existence == inventory.Closed: // only a release closes
		r.setTargetOutcome(s, EventLater, r.reasonText(reason.New(reason.NotReleased)))
	case at >= 0 && (s.reportedPresent || !s.released) && (exists || hasUsableAddress(found[at])):
		out.present = append(out.present, found[at])
	case at >= 0: // a released one that is still there, or a new one whose address is not known yet
		s.notShown, s.provedAbsentAt = false, time.Time{}
		return true
	case exists && plan.IsUnproved(asset):
		r.setTargetOutcome(s, EventIgnored, r.reasonText(reason.New(reason.OursUnproved)))
	case exists && !plan.IsOurs(asset):
		r.setTargetOutcome(s, EventIgnored, r.reasonText(reason.New(reason.MarksTakenOff, asset.Name)))
	case !s.reportedPresent && !exists && g.isClaimedByLabels(s.instanceID):
		r.setTargetOutcome(s, EventIgnored, r.reasonText(reason.New(reason.LabelsAlone, s.instanceID)))
	case s.hasNothingToClose(&g.assets):
		r.foundInactive[s.assetID] = exists
		r.setTargetOutcome(s, EventDone, r.reasonText(reason.New(reason.NothingToClose)))
	case !s.released && !s.provedAbsentAt.IsZero() && now.Sub(s.provedAbsentAt) >= firstPollWait:
		// Only a release closes. That a started or stopped instance is not shown is for a full run and its guard to judge.
		r.setTargetOutcome(s, EventLater, r.reasonText(reason.New(reason.NotReleased)))
	case !s.provedAbsentAt.IsZero() && now.Sub(s.provedAbsentAt) >= firstPollWait && g.unresolvedError != nil:
		r.failByCloud(g, []*target{s}, g.unresolvedError)
		return true
	case !s.provedAbsentAt.IsZero() && now.Sub(s.provedAbsentAt) >= firstPollWait:
		out.provedAbsent = append(out.provedAbsent, s)
	default:
		s.notShown = true
		return false
	}
	g.finished[s.instanceID] = true
	return true
}

// isClaimedByLabels reports whether labels alone say of an asset that it is an instance's.
func (g *ownerBatch) isClaimedByLabels(instance string) bool {
	for _, a := range g.assets.byID {
		if named, is := plan.OursByLabelsAlone(a); is && named == instance {
			return true
		}
	}
	return false
}

// hasUsableAddress reports whether it is known where a new instance is reached.
func hasUsableAddress(i inventory.Instance) bool {
	return len(i.Addresses()) > 0 && !i.AddressesPartial
}

// needsProof reports whether the next question about a target takes the permission probe along: an
// asset is there that may have to be closed, and the event or the cloud says that its instance is gone.
func (s *target) needsProof(h *assetIndex) bool {
	_, exists := h.byID[s.assetID]
	return exists && s.provedAbsentAt.IsZero() && (s.notShown || !s.reportedPresent) && !s.hasNothingToClose(h)
}

// hasNothingToClose reports whether an absent instance has no asset that could be closed.
func (s *target) hasNothingToClose(h *assetIndex) bool {
	asset, exists := h.byID[s.assetID]
	return !exists && !s.reportedPresent || exists && asset.LabelCount(inventory.LabelGone) > 0 && !asset.Active
}
