package plan

import (
	"slices"
	"strings"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// mark is what an asset says of itself: four labels that many assets share, and the instance that a
// label or its comment names. Cloud and region are in lower case, as all clouds write them, because a
// database may have kept another spelling of a label.
type mark struct {
	cloud                            inventory.Cloud
	account, owner, region, instance string
	project                          string // inventory.Instance.Project; "" = there is none, or it was never learnt
}

// readMark returns the mark of an asset and reports whether it is ours; see the package's doc for what
// is. Of an asset that is not ours the mark is what it claims: instance is the one that it names, or "".
func readMark(a inventory.Asset) (m mark, ours bool) {
	m, marked := sharedMark(a)
	if !marked {
		return mark{}, false
	}
	if a.Count(inventory.LabelInstance) > 0 {
		m.instance, _ = a.Label(inventory.LabelInstance)
		return m, m.instance != "" && (m.made(a.ID) || adopted(a) && m.witnessed(a))
	}
	for _, id := range mentioned(a.Comment) {
		if m.instance = id; m.made(a.ID) {
			return m, true
		}
	}
	return m, false
}

// sharedMark returns what the labels say that many assets share, and reports whether an asset has each
// of them once.
func sharedMark(a inventory.Asset) (m mark, marked bool) {
	if !a.Host {
		return mark{}, false
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
			return mark{}, false
		}
		*f.into = value
	}
	if n := a.Count(inventory.LabelProject); n > 0 {
		if m.project, _ = a.Label(inventory.LabelProject); m.project == "" {
			return mark{}, false
		}
	}
	m.cloud, m.region = inventory.Cloud(strings.ToLower(string(m.cloud))), strings.ToLower(m.region)
	return m, true
}

// made reports whether an asset's id is the one that we make for the instance of the mark.
func (m mark) made(id string) bool {
	return m.instance != "" && id == inventory.AssetID(m.cloud, m.region, m.instance)
}

// adopted reports whether an asset's own id stands in its label jms-asset: whoever marked it meant this
// very asset. A copy has another id.
func adopted(a inventory.Asset) bool {
	own, ok := a.Label(inventory.LabelAsset)
	return ok && strings.EqualFold(own, a.ID)
}

// witnessed reports whether an asset's comment names the instance of the mark. Who may set labels can write
// all of them on any asset; who may write its comment may change the asset anyway.
func (m mark) witnessed(a inventory.Asset) bool {
	return slices.ContainsFunc(mentioned(a.Comment), func(id string) bool { return strings.EqualFold(id, m.instance) })
}

// Unwitnessed reports whether an asset has all the marks of an adopted one, and nothing but labels says of which
// instance it is: somebody who sets labels may have written them, or an earlier version adopted it. It is not ours,
// and nothing of it is changed. instance is the one that the labels name.
func Unwitnessed(a inventory.Asset) (instance string, is bool) {
	m, ours := readMark(a)
	return m.instance, !ours && a.Count(inventory.LabelInstance) > 0 && m.instance != "" && adopted(a)
}

// Ours reports whether an asset is ours: see the package's doc.
func Ours(a inventory.Asset) bool {
	_, ours := readMark(a)
	return ours
}

// OursOf reports whether an asset is ours and the one of this instance.
func OursOf(a inventory.Asset, cloud inventory.Cloud, region, instance string) bool {
	m, ours := readMark(a)
	return ours && m.cloud == cloud && m.region == region && m.instance == instance
}

// Unproved reports whether an asset has our labels, but nothing on it proves of which instance it is:
// its comment was changed. It is not touched, unless its instance is listed; see the package's doc.
func Unproved(a inventory.Asset) bool {
	m, ours := readMark(a)
	return !ours && m.cloud != "" && m.instance == ""
}

// contradicts returns why an asset's comment and its labels are both not believed: they name two owners, two
// projects or two regions. A row of JumpServer's label page was edited, or the comment.
func contradicts(a inventory.Asset, m mark) (why Reason, contradict bool) {
	for _, owner := range valuesOf(a.Comment, inventory.KeyOwner) {
		if !strings.EqualFold(owner, m.owner) {
			return because(OwnersDiffer, m.owner, owner), true
		}
	}
	for _, project := range valuesOf(a.Comment, inventory.KeyProject) {
		if m.project != "" && !strings.EqualFold(project, m.project) {
			return because(ProjectsDiffer, m.project, project), true
		}
	}
	for _, region := range valuesOf(a.Comment, inventory.KeyRegion) {
		if !m.made(a.ID) && !strings.EqualFold(region, m.region) { // an id that we made is made of the region
			return because(RegionsDiffer, m.region, region), true
		}
	}
	return Reason{}, false
}

// Project returns the part of the cloud account that an asset of ours was made from, "" where its marks name none.
func Project(a inventory.Asset) string {
	m, _ := readMark(a)
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

// labelsOf are sharedLabels and that of the instance, by which an asset is ours whatever its comment says.
func labelsOf(i inventory.Instance) []inventory.Label {
	return append(sharedLabels(i), inventory.Label{Name: inventory.LabelInstance, Value: i.ID})
}

// markable reports whether JumpServer can hold the instance's labels.
func markable(i inventory.Instance) bool {
	return !slices.ContainsFunc(labelsOf(i), func(l inventory.Label) bool { return !inventory.Storable(l.Value) })
}

// followLabels returns the labels that the asset of a listed instance should have: ours up to
// date, jms-instance where nothing else proves the asset, jms-protected as protected says, those of a
// deactivation taken off, all of people's as they are. It returns nil for no change.
func followLabels(a inventory.Asset, i inventory.Instance, protected bool) []inventory.Label {
	gone := a.Count(inventory.LabelGone) > 0
	want := labelsOf(i)
	out := make([]inventory.Label, 0, len(a.Labels)+1)
	for _, l := range a.Labels {
		if at := slices.IndexFunc(want, func(w inventory.Label) bool { return l.Is(w.Name) }); at >= 0 {
			if !inventory.SameFolded(l.Value, want[at].Value) { // JumpServer may have kept another spelling for good
				l = want[at]
			}
			out = append(out, l)
			continue
		}
		if gone && ofDeactivation(l) || l.Is(inventory.LabelProtected) && !protected || l.Is(inventory.LabelMissing) {
			continue
		}
		out = append(out, l)
	}
	if !Ours(a) {
		out = append(out, want[len(want)-1])
	}
	if i.Project != "" && a.Count(inventory.LabelProject) == 0 { // made before projects were marked
		out = append(out, inventory.Label{Name: inventory.LabelProject, Value: i.Project})
	}
	if protected && a.Count(inventory.LabelProtected) == 0 {
		out = append(out, protectedLabel())
	}
	if slices.Equal(out, a.Labels) {
		return nil
	}
	return out
}

// ofDeactivation reports whether a label only means something on a deactivated asset.
func ofDeactivation(l inventory.Label) bool {
	return isAny(l, inventory.LabelGone, inventory.LabelDue, inventory.LabelOff, inventory.LabelEvent, inventory.LabelReopened)
}

func isAny(l inventory.Label, names ...string) bool { return slices.ContainsFunc(names, l.Is) }

// goneLabels gives the labels of an asset that is deactivated now. Where a person had switched
// it off before, jms-off remembers that, so that it stays off if the instance returns.
func goneLabels(a inventory.Asset, r Rules) []inventory.Label {
	out := slices.DeleteFunc(relabelled(a, inventory.LabelMissing, ""), ofDeactivation)
	if !a.Active {
		out = append(out, inventory.Label{Name: inventory.LabelOff, Value: "person"})
	}
	if r.Partial {
		out = append(out, inventory.Label{Name: inventory.LabelEvent, Value: "closed"})
	}
	return append(out, r.dueLabel(a, inventory.WholeMinute(r.Now)), inventory.GoneLabel(r.Now))
}

func protectedLabel() inventory.Label {
	return inventory.Label{Name: inventory.LabelProtected, Value: "ip"}
}

// goneSince reads jms-gone: found tells whether there is one, ok whether it can be read. A time
// more than a day ahead cannot be ours.
func goneSince(a inventory.Asset, now time.Time) (at time.Time, found, ok bool) {
	if a.Count(inventory.LabelGone) == 0 {
		return time.Time{}, false, true
	}
	value, single := a.Label(inventory.LabelGone)
	at, err := inventory.ParseLabelTime(value)
	if !single || err != nil || at.After(now.Add(24*time.Hour)) {
		return time.Time{}, true, false
	}
	return at, true, true
}

// named returns the instance ids that an asset which is not ours names: in its comment, or by labels.
func named(a inventory.Asset) []string { return append(mentioned(a.Comment), claimed(a)...) }

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

// mentioned returns the instance ids that a comment names, in the form of the Python tool, which is ours too.
func mentioned(comment string) []string { return valuesOf(comment, inventory.KeyInstance) }

// valuesOf returns the words that follow a key in a comment, on the key's own line.
func valuesOf(comment, key string) []string {
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
