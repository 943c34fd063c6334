package engine

import (
	"context"
	"maps"
	"slices"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
)

// rounds works on all scopes at once: what JumpServer holds of their instances is read first,
// then the clouds are asked, again and again while they have not seen yet what the events say.
// The waits are shared, so that an instance that never shows up takes no time from others.
func (r *eventRun) rounds(groups []*group) {
	var open []*group
	for _, g := range groups {
		if err := r.known(g); err != nil {
			r.stop(g, g.pending(), err)
			continue
		}
		open = append(open, g)
	}
	waited := time.Duration(0)
	for wait := firstWait; ; wait = min(wait*2, longest) {
		var pending []*group
		for _, g := range open {
			r.settle(g, r.ask(g))
			if len(g.subjects) > len(g.settled) {
				pending = append(pending, g)
			}
		}
		open = pending
		wait = r.nextWait(open, wait, waited)
		if len(open) == 0 || wait == 0 || !r.wait(wait) {
			break
		}
		waited += wait
	}
	for _, g := range open {
		for _, s := range g.pending() {
			r.giveUp(g, s)
		}
	}
}

// nextWait returns how long to wait before the clouds are asked once more, 0 for no more.
func (r *eventRun) nextWait(open []*group, wait, waited time.Duration) time.Duration {
	switch {
	case !r.Redelivers || waited+wait <= patience:
		return wait
	case waited > patience:
		return 0
	}
	for _, g := range open {
		for _, s := range g.pending() {
			if !s.proved.IsZero() { // absent, and a second answer is due
				return firstWait
			}
		}
	}
	return 0
}

// giveUp ends the events of an instance of which the cloud does not show what they say.
func (r *eventRun) giveUp(g *group, s *subject) {
	outcome, why := EventLater, plan.NotShownYet
	if asset, exists := g.holds.assets[s.asset]; r.Redelivers && s.gone && exists && asset.Active && plan.Ours(asset) {
		outcome, why = EventFailed, plan.ReleaseNotSeen // what stays open must not wait for the next full run
	}
	r.endAll(s, outcome, r.words(plan.Because(why)))
}

// pending gives the subjects that are still asked for, by id.
func (g *group) pending() []*subject {
	var all []*subject
	for _, id := range slices.Sorted(maps.Keys(g.subjects)) {
		if !g.settled[id] {
			all = append(all, g.subjects[id])
		}
	}
	return all
}

// wait sleeps if the time allows both the wait and some work after it.
func (r *eventRun) wait(d time.Duration) bool {
	if deadline, bounded := r.ctx.Deadline(); bounded && r.Engine.Now().Add(d+time.Second).After(deadline) {
		return false
	}
	return r.Sleep(r.ctx, d) == nil
}

// fail ends events by an error of the cloud: their scope was not read.
func (r *eventRun) fail(g *group, subjects []*subject, err error) {
	g.failed = err
	r.lose(g, subjects, err)
}

// stop ends events by an error of JumpServer, which is no scope's.
func (r *eventRun) stop(g *group, subjects []*subject, err error) {
	r.stopped = append(r.stopped, err)
	r.lose(g, subjects, err)
}

func (r *eventRun) lose(g *group, subjects []*subject, err error) {
	for _, s := range subjects {
		r.endAll(s, EventFailed, err.Error())
		g.settled[s.id] = true
	}
}

// holdings is what JumpServer holds of a group's instances.
type holdings struct {
	assets    map[string]inventory.Asset
	platforms map[string]inventory.Platform
	named     map[string]bool // instances whose mentions were read
	marked    map[string]bool // instances whose adopted assets were looked for
	proved    bool            // rows, or a question, told which organisation answers
}

func (h *holdings) add(assets []inventory.Asset) {
	for _, a := range assets {
		h.assets[a.ID] = a
		h.proved = true
	}
}

// known reads the assets of a group: one search for a single instance that may be new, which
// also shows an asset of the Python tool; by the ids that we make, for all else; then by their labels those
// that were not found, as adopted assets have ids of their own.
func (r *eventRun) known(g *group) error {
	h := &g.holds
	var err error
	if h.platforms, err = r.Bastion.Platforms(r.ctx); err != nil {
		return err
	}
	pending := g.pending()
	if len(g.subjects) == 1 && len(pending) == 1 && !pending[0].gone {
		err = r.mentions(h, pending[0])
	} else {
		err = r.byID(g)
	}
	if err != nil {
		return err
	}
	return r.marked(g)
}

// marked finds adopted assets by their labels, all at once, where what was read shows none of ours.
func (r *eventRun) marked(g *group) error {
	h := &g.holds
	var ask []string
	for _, s := range g.pending() {
		if !g.find(s) && !h.marked[s.id] {
			h.marked[s.id] = true
			ask = append(ask, s.id)
		}
	}
	if len(ask) == 0 {
		return nil
	}
	assets, err := r.Bastion.Marked(r.ctx, ask)
	h.add(assets)
	for _, s := range g.pending() {
		g.find(s)
	}
	return err
}

// byID reads the assets that have the ids that we make, whether or not they have our marks.
func (r *eventRun) byID(g *group) error {
	var ids []string
	for _, s := range g.pending() {
		if !g.find(s) {
			ids = append(ids, s.asset)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	assets, err := r.Bastion.Assets(r.ctx, ids)
	g.holds.add(assets)
	return err
}

// find sets the asset of a subject to the one of ours that was read, and tells whether there is one: under
// the id made of the instance before adopted ones, of these the first by id, as a full run takes it.
func (g *group) find(s *subject) bool {
	at := g.scopes[0]
	made := inventory.AssetID(at.Cloud, at.Region, s.id)
	if plan.OursOf(g.holds.assets[made], at.Cloud, at.Region, s.id) {
		s.asset = made
		return true
	}
	for _, id := range slices.Sorted(maps.Keys(g.holds.assets)) {
		if plan.OursOf(g.holds.assets[id], at.Cloud, at.Region, s.id) {
			s.asset = id
			return true
		}
	}
	return false
}

func (r *eventRun) mentions(h *holdings, s *subject) error {
	if h.named[s.id] {
		return nil
	}
	assets, err := r.Bastion.Naming(r.ctx, s.id)
	h.add(assets)
	h.named[s.id] = true
	return err
}

// settled is what the cloud answered well enough to act on it.
type settled struct {
	present []inventory.Instance
	absent  []*subject // proved
}

// ask puts one question to the cloud and sorts its answers. An absence counts if a question with
// the permission probe said so, and a plain one at least firstWait later agrees. The probe stands
// between the two: a right that is lost and comes back in the middle never looks like a release.
func (r *eventRun) ask(g *group) settled {
	var plain, probing []*subject
	for _, s := range g.pending() {
		if s.probing(&g.holds) {
			probing = append(probing, s)
		} else {
			plain = append(plain, s)
		}
	}
	now := r.Engine.Now()
	var out settled
	if found, answered := r.question(g, r.glance, plain); answered {
		for _, s := range plain {
			r.heard(g, s, found.Instances, now, &out)
		}
	}
	if found, answered := r.question(g, r.Clouds.Lookup, probing); answered {
		for _, s := range probing {
			if r.heard(g, s, found.Instances, now, &out) {
				continue
			}
			if why, weak := found.Weak[s.id]; weak {
				r.endAll(s, EventLater, r.words(plan.Because(plan.WeaklyAbsent, why.Error())))
				g.settled[s.id] = true
				continue
			}
			s.proved = now
		}
	}
	return out
}

type asking func(context.Context, inventory.Scope, []string) (inventory.Found, error)

func (r *eventRun) glance(ctx context.Context, scope inventory.Scope, ids []string) (inventory.Found, error) {
	list, err := r.Clouds.Glance(ctx, scope, ids)
	return inventory.Found{Instances: list}, err
}

// question asks for some subjects, of every account of the owner until one shows them. Where
// there is no answer their events have failed, and no others. What one account shows weakly is weak.
func (r *eventRun) question(g *group, ask asking, about []*subject) (inventory.Found, bool) {
	all := inventory.Found{Weak: map[string]error{}}
	if len(about) == 0 {
		return all, false
	}
	ids := make([]string, 0, len(about))
	for _, s := range about {
		ids = append(ids, s.id)
	}
	for _, scope := range g.scopes {
		found, err := ask(r.ctx, scope, ids)
		if err != nil {
			r.fail(g, about, err)
			return all, false
		}
		if len(found.Projects) > 0 {
			g.projects[scope] = found.Projects
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

// heard judges the answer about one subject, and tells whether the cloud showed it or nothing
// is left to ask.
func (r *eventRun) heard(g *group, s *subject, found []inventory.Instance, now time.Time, out *settled) bool {
	at := slices.IndexFunc(found, func(i inventory.Instance) bool { return i.ID == s.id })
	asset, exists := g.holds.assets[s.asset]
	switch {
	case at >= 0 && (s.there || !s.gone) && (exists || reachable(found[at])):
		out.present = append(out.present, found[at])
	case at >= 0: // a released one that is still there, or a new one whose address is not known yet
		s.absent, s.proved = false, time.Time{}
		return true
	case exists && plan.Unproved(asset):
		r.endAll(s, EventIgnored, r.words(plan.Because(plan.OursUnproved)))
	case exists && !plan.Ours(asset):
		r.endAll(s, EventIgnored, r.words(plan.Because(plan.MarksTakenOff, asset.Name)))
	case !s.there && !exists && g.claimed(s.id):
		r.endAll(s, EventIgnored, r.words(plan.Because(plan.LabelsAlone, s.id)))
	case s.nothing(&g.holds):
		r.closed[s.asset] = exists
		r.endAll(s, EventDone, r.words(plan.Because(plan.NothingToClose)))
	case !s.gone && !s.proved.IsZero() && now.Sub(s.proved) >= firstWait:
		// Only a release closes. That a started or stopped instance is not shown is for a full run and its guard to judge.
		r.endAll(s, EventLater, r.words(plan.Because(plan.NotReleased)))
	case !s.proved.IsZero() && now.Sub(s.proved) >= firstWait && g.unsure != nil:
		r.fail(g, []*subject{s}, g.unsure)
		return true
	case !s.proved.IsZero() && now.Sub(s.proved) >= firstWait:
		out.absent = append(out.absent, s)
	default:
		s.absent = true
		return false
	}
	g.settled[s.id] = true
	return true
}

// claimed reports whether labels alone say of an asset that it is an instance's.
func (g *group) claimed(instance string) bool {
	for _, a := range g.holds.assets {
		if named, is := plan.Unwitnessed(a); is && named == instance {
			return true
		}
	}
	return false
}

// reachable reports whether it is known where a new instance is reached.
func reachable(i inventory.Instance) bool { return len(i.Addresses()) > 0 && !i.AddressesPartial }

// probing tells whether the next question about a subject takes the permission probe along: an
// asset is there that may have to be closed, and the event or the cloud says that its instance is gone.
func (s *subject) probing(h *holdings) bool {
	_, exists := h.assets[s.asset]
	return exists && s.proved.IsZero() && (s.absent || !s.there) && !s.nothing(h)
}

// nothing tells whether an absent instance has no asset that could be closed.
func (s *subject) nothing(h *holdings) bool {
	asset, exists := h.assets[s.asset]
	return !exists && !s.there || exists && asset.Count(inventory.LabelGone) > 0 && !asset.Active
}
