package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// ownership is what an asset says of itself: four labels that many assets share, and the instance that a label or
// its comment names. Cloud and region are in lower case, as all clouds write them, because a database may keep
// another spelling of a label.
type ownership struct {
	cloud                              inventory.Cloud
	account, owner, region, instanceID string
	project                            string // inventory.Instance.Project; "" = none, or the asset is older than the label
}

// parseOwnership returns the ownership of an asset and reports whether it is ours, as the package's doc defines it.
// If it is not ours, the ownership is only what it claims, and instanceID may be "".
func parseOwnership(a inventory.Asset) (m ownership, ours bool) {
	m, marked := parseSharedLabels(a)
	if !marked {
		return ownership{}, false
	}
	if a.LabelCount(inventory.LabelInstance) > 0 {
		m.instanceID, _ = a.Label(inventory.LabelInstance)
		return m, m.instanceID != "" && (m.matchesAssetID(a.ID) || isAdopted(a) && m.commentNamesInstance(a))
	}
	for _, id := range instancesInComment(a.Comment) {
		m.instanceID = id
		if m.matchesAssetID(a.ID) {
			return m, true
		}
	}
	return m, false
}

// parseSharedLabels returns what the shared labels say, and reports whether the asset has each of them once.
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
	m.project, _ = a.Label(inventory.LabelProject)
	if m.project == "" && a.LabelCount(inventory.LabelProject) > 0 {
		return ownership{}, false
	}
	m.cloud, m.region = inventory.Cloud(strings.ToLower(string(m.cloud))), strings.ToLower(m.region)
	return m, true
}

// matchesAssetID reports whether an asset id is the one made of this ownership.
func (m ownership) matchesAssetID(id string) bool {
	return m.instanceID != "" && id == inventory.AssetID(m.cloud, m.region, m.instanceID)
}

// isAdopted reports whether an asset's own id stands in its label jms-asset. A copy has another id.
func isAdopted(a inventory.Asset) bool {
	own, ok := a.Label(inventory.LabelAsset)
	return ok && strings.EqualFold(own, a.ID)
}

// commentNamesInstance reports whether an asset's comment names this instance. Who may set labels can write all of
// them on any asset; who may write the comment may change the asset anyway.
func (m ownership) commentNamesInstance(a inventory.Asset) bool {
	return slices.ContainsFunc(instancesInComment(a.Comment), func(id string) bool { return strings.EqualFold(id, m.instanceID) })
}

// OursByLabelsAlone reports whether an asset has all labels of an adopted one and nothing else that proves its
// instance: somebody who may set labels wrote them, or an earlier version adopted it. It is not ours and is not
// changed. instance is the one that the labels name.
func OursByLabelsAlone(a inventory.Asset) (instance string, is bool) {
	m, ours := parseOwnership(a)
	return m.instanceID, !ours && a.LabelCount(inventory.LabelInstance) > 0 && m.instanceID != "" && isAdopted(a)
}

// IsOurs reports whether an asset is ours: see the package's doc.
func IsOurs(a inventory.Asset) bool {
	_, ours := parseOwnership(a)
	return ours
}

// IsOursFor reports whether an asset is ours and belongs to this instance.
func IsOursFor(a inventory.Asset, cloud inventory.Cloud, region, instance string) bool {
	m, ours := parseOwnership(a)
	return ours && m.cloud == cloud && m.region == region && m.instanceID == instance
}

// IsUnproved reports whether an asset has our labels, but its comment was changed, so that nothing proves its
// instance. It is not written to, unless its instance is listed; see the package's doc.
func IsUnproved(a inventory.Asset) bool {
	m, ours := parseOwnership(a)
	return !ours && m.cloud != "" && m.instanceID == ""
}

// ownershipConflict returns why neither an asset's comment nor its labels are believed: they name two owners,
// projects or regions. Somebody edited the comment, or a row of JumpServer's label page.
func ownershipConflict(a inventory.Asset, m ownership) (why reason.Reason, contradict bool) {
	for _, owner := range commentValues(a.Comment, inventory.KeyOwner) {
		if !strings.EqualFold(owner, m.owner) {
			return reason.New(reason.OwnersDiffer, m.owner, owner), true
		}
	}
	for _, project := range commentValues(a.Comment, inventory.KeyProject) {
		if m.project != "" && !strings.EqualFold(project, m.project) {
			return reason.New(reason.ProjectsDiffer, m.project, project), true
		}
	}
	for _, region := range commentValues(a.Comment, inventory.KeyRegion) {
		if !m.matchesAssetID(a.ID) && !strings.EqualFold(region, m.region) { // our id proves the region
			return reason.New(reason.RegionsDiffer, m.region, region), true
		}
	}
	return reason.Reason{}, false
}

// ProjectOf returns the part of the cloud account that an asset of ours was made from, "" if its labels name none.
func ProjectOf(a inventory.Asset) string {
	m, _ := parseOwnership(a)
	return m.project
}

// sharedLabels returns the labels that each asset of ours shares with others: four, and jms-project if the cloud
// divides its accounts.
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

// ownershipLabels returns sharedLabels and jms-instance, which makes an asset ours whatever its comment says.
func ownershipLabels(i inventory.Instance) []inventory.Label {
	return append(sharedLabels(i), inventory.Label{Name: inventory.LabelInstance, Value: i.ID})
}

// hasStorableLabels reports whether JumpServer can hold the instance's labels.
func hasStorableLabels(i inventory.Instance) bool {
	return !slices.ContainsFunc(ownershipLabels(i), func(l inventory.Label) bool { return !inventory.IsStorableLabel(l.Value) })
}

// desiredLabels returns the labels that the asset of a listed instance should have, or nil if it has them. Ours are
// brought up to date, jms-instance is added if nothing else proves the asset, jms-protected is set as protected
// says, those of a deactivation are removed, and people's stay.
func desiredLabels(a inventory.Asset, i inventory.Instance, protected bool) []inventory.Label {
	gone := a.LabelCount(inventory.LabelGone) > 0
	want := ownershipLabels(i)
	out := make([]inventory.Label, 0, len(a.Labels)+1)
	for _, l := range a.Labels {
		at := slices.IndexFunc(want, func(w inventory.Label) bool { return l.Is(w.Name) })
		if at >= 0 {
			if !inventory.MayBeEqual(l.Value, want[at].Value) { // JumpServer may keep another spelling for good
				l = want[at]
			}
			out = append(out, l)
			continue
		}
		if gone && isDeactivationLabel(l) || l.Is(inventory.LabelProtected) && !protected || hasAnyName(l, inventory.LabelMissing, inventory.LabelReleased) {
			continue
		}
		out = append(out, l)
	}
	if !IsOurs(a) {
		out = append(out, want[len(want)-1])
	}
	if i.Project != "" && a.LabelCount(inventory.LabelProject) == 0 { // the asset is older than the label
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

// isDeactivationLabel reports whether a label has a meaning on deactivated assets only.
func isDeactivationLabel(l inventory.Label) bool {
	return hasAnyName(l, inventory.LabelGone, inventory.LabelDue, inventory.LabelOff, inventory.LabelEvent, inventory.LabelReopened, inventory.LabelApproved, inventory.LabelClosed)
}

func hasAnyName(l inventory.Label, names ...string) bool { return slices.ContainsFunc(names, l.Is) }

// deactivationLabels returns the labels of an asset that is deactivated now. If a person had switched it off
// before, jms-off records that, so that it stays off if the instance returns.
func deactivationLabels(a inventory.Asset, r Rules) []inventory.Label {
	out := slices.DeleteFunc(replaceLabel(a, inventory.LabelMissing, ""), isDeactivationLabel)
	if !a.Active && (!wasRuledOff(a) || switchedOffByPerson(a)) {
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

// parseDeactivatedAt returns the time in jms-gone; found reports whether the label is there, ok whether it is
// readable. A time more than a day ahead cannot be ours.
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

// mentionedInstances returns the instance ids that an asset which is not ours names in its comment or labels.
func mentionedInstances(a inventory.Asset) []string {
	return append(instancesInComment(a.Comment), instancesInLabels(a)...)
}

// instancesInLabels returns the values of an asset's labels jms-instance. A disowned asset that an earlier version
// adopted by its address has one.
func instancesInLabels(a inventory.Asset) []string {
	var ids []string
	for _, l := range a.Labels {
		if a.Host && l.Is(inventory.LabelInstance) {
			ids = append(ids, l.Value)
		}
	}
	return ids
}

// instancesInComment returns the instance ids that a comment names, in the form that the Python tool used too.
func instancesInComment(comment string) []string {
	return commentValues(comment, inventory.KeyInstance)
}

// commentValues returns the words that follow a key on its line of a comment.
func commentValues(comment, key string) []string {
	var values []string
	for rest := comment; ; {
		_, after, found := strings.Cut(rest, key)
		if !found {
			return values
		}
		line, _, _ := strings.Cut(after, "\n")
		fields := strings.Fields(line)
		if len(fields) > 0 {
			values = append(values, strings.TrimRight(fields[0], ",;，；。"))
		}
		rest = after
	}
}
