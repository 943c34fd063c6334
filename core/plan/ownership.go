package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// ownership is what an asset says of itself: four labels that many assets share, and the instance that a
// label or its comment names. Cloud and region are in lower case, as all clouds write them, because a
// database may have kept another spelling of a label.
type ownership struct {
	cloud                              inventory.Cloud
	account, owner, region, instanceID string
	project                            string // inventory.Instance.Project; "" = there is none, or it was never learnt
}

// parseOwnership returns the mark of an asset and reports whether it is ours; see the package's doc for what
// is. Of an asset that is not ours the mark is what it claims: instance is the one that it names, or "".
func parseOwnership(a inventory.Asset) (m ownership, ours bool) {
	m, marked := parseSharedLabels(a)
	if !marked {
		return ownership{}, false
	}
	if a.LabelCount(inventory.LabelInstance) > 0 {
		m.instanceID, _ = a.Label(inventory.LabelInstance)
		return m, m.instanceID != "" && (m.matchesAssetID(a.ID) || isAdopted(a) && m.witnessed(a))
	}
	for _, id := range instancesInComment(a.Comment) {
		if m.instanceID = id; m.matchesAssetID(a.ID) {
			return m, true
		}
	}
	return m, false
}

// parseSharedLabels returns what the labels say that many assets share, and reports whether an asset has each
// of them once.
func parseSharedLabels(a inventory.Asset) (m ownership, marked bool) {
	if !a.Host {
		return ownership{}, false
	}
	for _, f := range [...]struct {
		label string
		into  *string
	}{
		{inventory.LabelCloud, (*string)(&m.cloud)},
		{inventory.LabelAccount, &m.account},
		{inventory.LabelOwner, &m.owner},
		{inventory.LabelRegion, &m.region},
	} {
		value, once := a.Label(f.label)
		if !once || value == "" {
			return ownership{}, false
		}
		*f.into = value
	}
	if n := a.LabelCount(inventory.LabelProject); n > 0 {
		if m.project, _ = a.Label(inventory.LabelProject); m.project == "" {
			return ownership{}, false
		}
	}
	m.cloud, m.region = inventory.Cloud(strings.ToLower(string(m.cloud))), strings.ToLower(m.region)
	return m, true
}

// matchesAssetID reports whether an asset's id is the one that we make for the instance of the mark.
func (m ownership) matchesAssetID(id string) bool {
	return m.instanceID != "" && id == inventory.AssetID(m.cloud, m.region, m.instanceID)
}

// isAdopted reports whether an asset's own id stands in its label jms-asset: whoever marked it meant this
// very asset. A copy has another id.
func isAdopted(a inventory.Asset) bool {
	own, ok := a.Label(inventory.LabelAsset)
	return ok && strings.EqualFold(own, a.ID)
}

// witnessed reports whether an asset's comment names the instance of the mark. Who may set labels can write
// all of them on any asset; who may write its comment may change the asset anyway.
func (m ownership) witnessed(a inventory.Asset) bool {
	return slices.ContainsFunc(instancesInComment(a.Comment), func(id string) bool { return strings.EqualFold(id, m.instanceID) })
}

// Unwitnessed reports whether an asset has all the marks of an adopted one, and nothing but labels says of which
// instance it is: somebody who sets labels may have written them, or an earlier version adopted it. It is not ours,
// and nothing of it is changed. instance is the one that the labels name.
func Unwitnessed(a inventory.Asset) (instance string, is bool) {
	m, ours := parseOwnership(a)
	return m.instanceID, !ours && a.LabelCount(inventory.LabelInstance) > 0 && m.instanceID != "" && isAdopted(a)
}

// IsOurs reports whether an asset is ours: see the package's doc.
func IsOurs(a inventory.Asset) bool {
	_, ours := parseOwnership(a)
	return ours
}

// IsOursFor reports whether an asset is ours and the one of this instance.
func IsOursFor(a inventory.Asset, cloud inventory.Cloud, region, instance string) bool {
	m, ours := parseOwnership(a)
	return ours && m.cloud == cloud && m.region == region && m.instanceID == instance
}

// IsUnproved reports whether an asset has our labels, but nothing on it proves of which instance it is:
// its comment was changed. It is not touched, unless its instance is listed; see the package's doc.
func IsUnproved(a inventory.Asset) bool {
	m, ours := parseOwnership(a)
	return !ours && m.cloud != "" && m.instanceID == ""
}

// ownershipConflict returns why an asset's comment and its labels are both not believed: they name two owners, two
// projects or two regions. A row of JumpServer's label page was edited, or the comment.
func ownershipConflict(a inventory.Asset, m ownership) (why Reason, contradict bool) {
	for _, owner := range commentValues(a.Comment, inventory.KeyOwner) {
		if !strings.EqualFold(owner, m.owner) {
			return newReason(OwnersDiffer, m.owner, owner), true
		}
	}
	for _, project := range commentValues(a.Comment, inventory.KeyProject) {
		if m.project != "" && !strings.EqualFold(project, m.project) {
			return newReason(ProjectsDiffer, m.project, project), true
		}
	}
	for _, region := range commentValues(a.Comment, inventory.KeyRegion) {
		if !m.matchesAssetID(a.ID) && !strings.EqualFold(region, m.region) { // an id that we made is made of the region
			return newReason(RegionsDiffer, m.region, region), true
		}
	}
	return Reason{}, false
}

// ProjectOf returns the part of the cloud account that an asset of ours was made from, "" where its marks name none.
func ProjectOf(a inventory.Asset) string {
	m, _ := parseOwnership(a)
	return m.project
}

// sharedLabels are the labels that each asset of ours has and shares with others: four, and one more where the
// cloud divides accounts.
func sharedLabels(i inventory.Instance) []inventory.Label {
	labels := []inventory.Label{
		{Name: inventory.LabelCloud, Value: string(i.Cloud)},
		{Name: inventory.LabelAccount, Value: i.Account},
		{Name: inventory.LabelOwner, Value: i.Owner},
		{Name: inventory.LabelRegion, Value: i.Region},
	}
	if i.Project != "" {
		labels = append(labels, inventory.Label{Name: inventory.LabelProject, Value: i.Project})
	}
	return labels
}

// ownershipLabels are sharedLabels and that of the instance, by which an asset is ours whatever its comment says.
func ownershipLabels(i inventory.Instance) []inventory.Label {
	return append(sharedLabels(i), inventory.Label{Name: inventory.LabelInstance, Value: i.ID})
}

// hasStorableLabels reports whether JumpServer can hold the instance's labels.
func hasStorableLabels(i inventory.Instance) bool {
	return !slices.ContainsFunc(ownershipLabels(i), func(l inventory.Label) bool { return !inventory.IsStorableLabel(l.Value) })
}

// desiredLabels returns the labels that the asset of a listed instance should have: ours up to
// date, jms-instance where nothing else proves the asset, jms-protected as protected says, those of a
// deactivation taken off, all of people's as they are. It returns nil for no change.
func desiredLabels(a inventory.Asset, i inventory.Instance, protected bool) []inventory.Label {
	gone := a.LabelCount(inventory.LabelGone) > 0
	want := ownershipLabels(i)
	out := make([]inventory.Label, 0, len(a.Labels)+1)
	for _, l := range a.Labels {
		if at := slices.IndexFunc(want, func(w inventory.Label) bool { return l.Is(w.Name) }); at >= 0 {
			if !inventory.MayBeEqual(l.Value, want[at].Value) { // JumpServer may have kept another spelling for good
				l = want[at]
			}
			out = append(out, l)
			continue
		}
		if gone && isDeactivationLabel(l) || l.Is(inventory.LabelProtected) && !protected || l.Is(inventory.LabelMissing) {
			continue
		}
		out = append(out, l)
	}
	if !IsOurs(a) {
		out = append(out, want[len(want)-1])
	}
	if i.Project != "" && a.LabelCount(inventory.LabelProject) == 0 { // made before projects were marked
		out = append(out, inventory.Label{Name: inventory.LabelProject, Value: i.Project})
	}
	if protected && a.LabelCount(inventory.LabelProtected) == 0 {
		out = append(out, protectedLabel())
	}
	if slices.Equal(out, a.Labels) {
		return nil
	}
	return out
}

// isDeactivationLabel reports whether a label only means something on a deactivated asset.
func isDeactivationLabel(l inventory.Label) bool {
	return hasAnyName(l, inventory.LabelGone, inventory.LabelDue, inventory.LabelOff, inventory.LabelEvent, inventory.LabelReopened)
}

func hasAnyName(l inventory.Label, names ...string) bool { return slices.ContainsFunc(names, l.Is) }

// deactivationLabels gives the labels of an asset that is deactivated now. Where a person had switched
// it off before, jms-off remembers that, so that it stays off if the instance returns.
func deactivationLabels(a inventory.Asset, r Rules) []inventory.Label {
	out := slices.DeleteFunc(replaceLabel(a, inventory.LabelMissing, ""), isDeactivationLabel)
	if !a.Active {
		out = append(out, inventory.Label{Name: inventory.LabelOff, Value: "person"})
	}
	if r.Partial {
		out = append(out, inventory.Label{Name: inventory.LabelEvent, Value: "closed"})
	}
	return append(out, r.dueDateLabel(a, inventory.RoundUpToMinute(r.Now)), inventory.GoneLabel(r.Now))
}

func protectedLabel() inventory.Label {
	return inventory.Label{Name: inventory.LabelProtected, Value: "ip"}
}

// parseDeactivatedAt reads jms-gone: found tells whether there is one, ok whether it can be read. A time
// more than a day ahead cannot be ours.
func parseDeactivatedAt(a inventory.Asset, now time.Time) (at time.Time, found, ok bool) {
	if a.LabelCount(inventory.LabelGone) == 0 {
		return time.Time{}, false, true
	}
	value, single := a.Label(inventory.LabelGone)
	at, err := inventory.ParseLabelTime(value)
	if !single || err != nil || at.After(now.Add(24*time.Hour)) {
		return time.Time{}, true, false
	}
	return at, true, true
}

// mentionedInstances returns the instance ids that an asset which is not ours names: in its comment, or by labels.
func mentionedInstances(a inventory.Asset) []string {
	return append(instancesInComment(a.Comment), claimed(a)...)
}

// claimed returns the instance ids that labels jms-instance name, as a released asset has one that an earlier
// version adopted by its address.
func claimed(a inventory.Asset) []string {
	var ids []string
	for _, l := range a.Labels {
		if a.Host && l.Is(inventory.LabelInstance) {
			ids = append(ids, l.Value)
		}
	}
	return ids
}

// instancesInComment returns the instance ids that a comment names, in the form of the Python tool, which is ours too.
func instancesInComment(comment string) []string {
	return commentValues(comment, inventory.KeyInstance)
}

// commentValues returns the words that follow a key in a comment, on the key's own line.
func commentValues(comment, key string) []string {
	var values []string
	for rest := comment; ; {
		_, after, found := strings.Cut(rest, key)
		if !found {
			return values
		}
		line, _, _ := strings.Cut(after, "\n")
		if fields := strings.Fields(line); len(fields) > 0 {
			values = append(values, strings.TrimRight(fields[0], ",;，；。"))
		}
		rest = after
	}
}
