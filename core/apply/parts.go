package apply

import (
	"cmp"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/plan"
	"github.com/jms-sync/jms-sync/core/sorting"
)

// A change of an asset takes up to three requests: its patch, its protocols (JumpServer's lists lose them), and its
// accounts. They are made in this order, and the first that is not carried out ends the change: it is one item.

// restOfChange is what is still to be written of a change, after the part that is being written.
type restOfChange struct {
	whole     plan.Change // as it was planned
	protocols []inventory.Protocol
	accounts  []string // ids of templates
}

// resolvePatches returns changes whose patches name all nodes by their ids. One whose node cannot be had fails.
func (r *runner) resolvePatches(changes []plan.Change) []plan.Change {
	if !slices.ContainsFunc(changes, hasNodePaths) {
		return changes
	}
	r.resolveNodes(changes)
	resolved := make([]plan.Change, 0, len(changes))
	for _, c := range changes {
		if err := r.nodes.errorOf(c.Patch.NodePaths); err != nil {
			r.addItems(r.itemOf(c, err))
			continue
		}
		if hasNodePaths(c) {
			c.Patch = r.nodes.completePatch(c)
		}
		resolved = append(resolved, c)
	}
	return resolved
}

func hasNodePaths(c plan.Change) bool { return len(c.Patch.NodePaths) > 0 }

// completePatch returns the patch of a change with the ids of all its nodes, and with those that were looked for noted
// in the comment.
func (n *nodeResolver) completePatch(c plan.Change) *inventory.Patch {
	p := *c.Patch
	found := n.nodeIDs(p.NodePaths)
	notes := nodeNotes(p.NodePaths, found)
	p.NodePaths, p.NodeIDs = nil, uniqueIDs(slices.Concat(p.NodeIDs, found))
	comment := c.Before.Comment
	if p.Comment != nil {
		comment = *p.Comment
	}
	comment = inventory.NoteNodes(comment, slices.Concat(inventory.NodeNotes(comment), notes))
	p.Comment = &comment
	return &p
}

// beginParts returns the changes whose patch comes first, cut down to that, and puts off all else.
func (r *runner) beginParts(changes []plan.Change) []plan.Change {
	if !slices.ContainsFunc(changes, hasParts) {
		return changes
	}
	var first []plan.Change
	for _, c := range changes {
		if !hasParts(c) {
			first = append(first, c)
			continue
		}
		patch := *c.Patch
		r.rest[c.AssetID] = &restOfChange{whole: c, protocols: patch.Protocols, accounts: patch.Accounts}
		patch.Protocols, patch.Accounts = nil, nil
		c.Patch = &patch
		if isEmpty(patch) {
			r.putOffNext(c)
			continue
		}
		first = append(first, c)
	}
	return first
}

func hasParts(c plan.Change) bool { return c.Patch.Protocols != nil || len(c.Patch.Accounts) > 0 }

// isEmpty reports whether a patch without protocols and accounts changes nothing.
func isEmpty(p inventory.Patch) bool {
	return p.Name == nil && p.Address == nil && p.Zone == nil && p.Active == nil && p.Comment == nil && p.Labels == nil &&
		p.Platform == nil && p.NodeIDs == nil
}

// putOffNext puts off what is still to be written of a change, and reports whether there is anything. c is its part that
// was carried out last.
func (r *runner) putOffNext(c plan.Change) bool {
	left := r.rest[c.AssetID]
	if left == nil || left.protocols == nil && len(left.accounts) == 0 {
		return false
	}
	before := patched(*c.Before, *c.Patch)
	c.Before, c.Patch = &before, &inventory.Patch{ID: c.AssetID}
	if left.protocols != nil {
		c.Patch.Protocols, left.protocols = left.protocols, nil
	} else {
		c.Patch.Accounts, left.accounts = left.accounts, nil
	}
	r.putOff = append(r.putOff, c)
	return true
}

// patched returns an asset as a patch leaves it.
func patched(a inventory.Asset, p inventory.Patch) inventory.Asset {
	for _, f := range []struct {
		field *string
		value *string
	}{
		{&a.Name, p.Name}, {&a.Address, p.Address}, {&a.Zone, p.Zone}, {&a.Comment, p.Comment}, {&a.Platform, p.Platform},
	} {
		if f.value != nil {
			*f.field = *f.value
		}
	}
	if p.Active != nil {
		a.Active = *p.Active
	}
	if p.Labels != nil {
		a.Labels = p.Labels
	}
	if p.NodeIDs != nil {
		a.Nodes = joinedIDs(p.NodeIDs)
	}
	if p.Protocols != nil {
		a.Protocols = p.Protocols
	}
	return a
}

// writeRest writes what was put off: protocols, and then accounts.
func (r *runner) writeRest() {
	for len(r.putOff) > 0 {
		changes := r.putOff
		r.putOff = nil
		var ports, accounts []plan.Change
		for _, c := range changes {
			if c.Patch.Protocols != nil {
				ports = append(ports, c)
			} else {
				accounts = append(accounts, c)
			}
		}
		r.runJob(ports, r.portJob())
		r.runJob(accounts, r.accountJob())
	}
}

// maxPortPatches is how many assets are read at once before their protocols are written, one by one: the last of them
// is written some seconds after it was read.
const maxPortPatches = 20

// portJob returns the job for changes of protocols.
func (r *runner) portJob() writeJob {
	return writeJob{
		permission: "change", rereads: true, onlyPorts: true, isCarriedOut: isPatched,
		batchSize: func() int { return maxPortPatches },
		send: func(changes []plan.Change, _ writeChecks) []error {
			return r.target.Update(r.ctx, patchesOf(changes), nil)
		},
	}
}

// maxAttached is how many accounts one call attaches.
const maxAttached = 100

// accountJob returns the job that attaches accounts. Nothing that is read of an asset shows that it was carried out, and
// it is sent again without harm.
func (r *runner) accountJob() writeJob {
	return writeJob{
		permission: "accounts", batchSize: func() int { return maxAttached },
		send:         func(changes []plan.Change, _ writeChecks) []error { return r.attachAccounts(changes) },
		isCarriedOut: func(plan.Change, inventory.Asset, bool) bool { return false },
	}
}

// attachAccounts attaches the accounts of changes. The errors have their indices: the first of each change.
func (r *runner) attachAccounts(changes []plan.Change) []error {
	var wanted []inventory.NewAccount
	var of []int // index of the change
	for n, c := range changes {
		for _, template := range c.Patch.Accounts {
			wanted = append(wanted, inventory.NewAccount{AssetID: c.AssetID, TemplateID: template})
			of = append(of, n)
		}
	}
	errs := make([]error, len(changes))
	for n, err := range r.target.AttachAccounts(r.ctx, wanted) {
		errs[of[n]] = cmp.Or(errs[of[n]], err)
	}
	return errs
}

// wholeItem returns an item of a change's last part with all that was planned of it, and the name that it got.
func (r *runner) wholeItem(i Item) Item {
	left := r.rest[i.Change.AssetID]
	if left == nil || i.Change.Patch == nil {
		return i
	}
	patch := *left.whole.Patch
	if patch.Name != nil {
		patch.Name = &i.Change.Name
	}
	i.Change.Patch, i.Change.Before = &patch, left.whole.Before
	delete(r.rest, i.Change.AssetID)
	return i
}

// joinedIDs returns ids as Asset.Nodes has them.
func joinedIDs(ids []string) string {
	all := make([]string, 0, len(ids))
	for _, id := range ids {
		all = append(all, strings.ToLower(id))
	}
	slices.Sort(all)
	return strings.Join(slices.Compact(all), ",")
}

// sameProtocols reports whether two lists have the same protocols and ports, in any order.
func sameProtocols(x, y []inventory.Protocol) bool {
	return slices.Equal(sortedProtocols(x), sortedProtocols(y))
}

func sortedProtocols(all []inventory.Protocol) []inventory.Protocol {
	return sorting.Sorted(all, func(x, y inventory.Protocol) int {
		return cmp.Or(strings.Compare(x.Name, y.Name), cmp.Compare(x.Port, y.Port))
	})
}
