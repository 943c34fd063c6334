package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/reason"
)

// ProveAbsences asks the clouds for every candidate by its instance id, scope by scope and in parallel, and
// then whose key it was that did not see it. An error is no proof: its candidates are held. A cloud that throttles is
// waited for a share of the time that is left.
// witness names an instance of a scope that is listed and has an asset of ours, see proveAbsencesIn.
func (e Engine) ProveAbsences(ctx context.Context, candidates []plan.Change, witness func(inventory.Scope) string) plan.Proofs {
	ctx = cloud.LimitThrottling(ctx)
	byScope := map[inventory.Scope][]plan.Change{}
	for _, c := range candidates {
		byScope[c.Scope] = append(byScope[c.Scope], c)
	}
	proofs := make(plan.Proofs, len(candidates))
	var mu sync.Mutex
	var asking sync.WaitGroup
	for scope, changes := range byScope {
		asking.Go(func() {
			answers := e.proveAbsencesIn(ctx, scope, changes, witness(scope))
			mu.Lock()
			defer mu.Unlock()
			for asset, proof := range answers {
				proofs[asset] = proof
			}
		})
	}
	asking.Wait()
	return proofs
}

// proveAbsencesIn proves absences in one scope. A witness, "" = none, is asked for along with them: where the cloud does not
// say whose key it is, only a key that shows an instance of the account whose assets they are proves anything.
func (e Engine) proveAbsencesIn(ctx context.Context, scope inventory.Scope, changes []plan.Change, witness string) plan.Proofs {
	ids := make([]string, 0, len(changes)+1)
	for _, c := range changes {
		ids = append(ids, c.InstanceID)
	}
	if witness != "" {
		ids = append(ids, witness)
	}
	found, err := e.Clouds.FindVerified(ctx, scope, ids)
	if err == nil && len(found.Instances) < len(ids) {
		err = e.Clouds.VerifyOwner(ctx, scope, ownerOf(changes[0]))
		seen := slices.ContainsFunc(found.Instances, func(i inventory.Instance) bool { return i.ID == witness })
		if errors.Is(err, inventory.ErrOwnerUnknown) && seen {
			err = nil
		}
	}
	if err != nil {
		e.Log.Warn("no proof of absence", "scope", scope.String(), "instances", len(ids), "error", err)
		found = inventory.FindResult{}
	}
	there, closed := map[string]bool{}, map[string]string{}
	for _, i := range found.Instances {
		there[i.ID] = true
		if i.Existence == inventory.Closed {
			closed[i.ID] = cmp.Or(i.Status, "closed")
		}
	}
	proofs := make(plan.Proofs, len(changes))
	for _, c := range changes {
		proof := plan.Proof{Absent: err == nil && !there[c.InstanceID], Weak: found.Weak[c.InstanceID], Closed: closed[c.InstanceID], Err: err}
		project := plan.ProjectOf(*c.Before)
		if proof.Absent && project != "" && !containsProject(found.Projects, project) {
			proof = plan.Proof{Err: errProjectNotAsked(project)}
		}
		proofs[c.AssetID] = proof
	}
	return proofs
}

// containsProject reports whether a project is among those that were asked.
func containsProject(projects []string, project string) bool {
	return slices.ContainsFunc(projects, func(p string) bool { return strings.EqualFold(p, project) })
}

// errProjectNotAsked is why a cloud's silence about an instance of another project proves nothing.
func errProjectNotAsked(project string) error {
	return &inventory.Error{Kind: inventory.Incomplete, Message: "project " + project + " was not asked"}
}

// ownerOf returns the owner of a candidate's asset. It is the same in all of a scope: the plan has
// compared it with that of the listing.
func ownerOf(c plan.Change) string {
	owner, _ := c.Before.Label(inventory.LabelOwner)
	return owner
}

// communityAssetLimit is the number of assets that JumpServer's community edition takes
// (recorded: a create is refused when this many exist).
const communityAssetLimit = 5000

// assetLimitWarning warns from 80 % on. A server that holds more has no such limit.
func assetLimitWarning(before int, result apply.Result) []error {
	now := before
	for _, i := range result.Items {
		switch {
		case i.State == apply.Done && i.Change.Action == plan.Create:
			now++
		case i.State == apply.Done && i.Change.Action == plan.Delete:
			now--
		case i.State == apply.NotReached && i.Reason.Code == reason.RoomUsedUp:
			return nil // said already
		}
	}
	if now < communityAssetLimit*8/10 || now > communityAssetLimit {
		return nil
	}
	return []error{&reason.RunError{Kind: inventory.Limit, Reason: reason.New(reason.NearlyFull, now, communityAssetLimit)}}
}

// deleteRightWarning says that the access key's user lacks a right that the configuration counts on.
func deleteRightWarning(b inventory.JumpServerAssets, rules plan.Rules) []error {
	if !b.DeleteDenied || rules.Mode != plan.ModeDelete || rules.NoDelete {
		return nil
	}
	return []error{&reason.RunError{Kind: inventory.Denied, Reason: reason.New(reason.OnlyDeactivate)}}
}

// lostMarksError says that so many assets have lost our labels that nothing is removed, whether or not there is
// anything to be removed.
func lostMarksError(desired plan.Plan, limits plan.Limits) []error {
	why, many := desired.LostMarks(limits)
	if !many {
		return nil
	}
	return []error{&reason.RunError{Kind: inventory.MarksLost, Reason: why}}
}

// mostNamed is how many assets a warning names.
const mostNamed = 3

// unproved says which assets labels alone say to be ours: somebody may have forged them, which is for a person to see.
func unproved(notes []plan.Change) []error {
	var names []string
	count := 0
	for _, n := range notes {
		if n.Reason.Code != reason.LabelsAlone {
			continue
		}
		if count++; count <= mostNamed {
			names = append(names, n.Name)
		}
	}
	if count == 0 {
		return nil
	}
	why := reason.New(reason.SomeByLabelsAlone, count, strings.Join(names, ", "))
	return []error{&reason.RunError{Kind: inventory.Invalid, Reason: why}}
}

// unreadError says how many assets keep something because the clouds did not show tags.
func unreadError(desired plan.Plan) []error {
	count, names := desired.Unread()
	if count == 0 {
		return nil
	}
	return []error{&reason.RunError{Kind: inventory.Incomplete, Reason: reason.New(reason.SomeUnread, count, strings.Join(names, ", "))}}
}

func selectionText(req Request) string {
	return fmt.Sprintf("accounts [%s], regions [%s]", strings.Join(req.Accounts, " "), strings.Join(req.Regions, " "))
}
