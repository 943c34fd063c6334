package plan

import (
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// mark is what our labels say of an asset.
type mark struct {
	cloud                            inventory.Cloud
	account, owner, region, instance string
}

// readMark gives the mark of an asset that is ours; see the package's doc for what is.
func readMark(a inventory.Asset) (mark, bool) {
	m, ok := labelMark(a)
	return m, ok && (a.ID == inventory.AssetID(m.cloud, m.region, m.instance) || adopted(a))
}

// adopted tells whether an asset's own id stands in its label jms-asset: whoever marked it meant this
// very asset. A copy has another id.
func adopted(a inventory.Asset) bool {
	own, ok := a.Label(inventory.LabelAsset)
	return ok && strings.EqualFold(own, a.ID)
}

// labelMark gives what the labels of an asset say, if it has all of them; only its id tells
// whether that is true.
func labelMark(a inventory.Asset) (mark, bool) {
	if !a.Host {
		return mark{}, false
	}
	var m mark
	for _, f := range [...]struct {
		label string
		into  *string
	}{
		{inventory.LabelCloud, (*string)(&m.cloud)},
		{inventory.LabelAccount, &m.account},
		{inventory.LabelOwner, &m.owner},
		{inventory.LabelRegion, &m.region},
		{inventory.LabelInstance, &m.instance},
	} {
		value, ok := a.Label(f.label)
		if !ok || value == "" {
			return mark{}, false
		}
		*f.into = value
	}
	return m, true
}

// Ours tells whether an asset is ours: see the package's doc.
func Ours(a inventory.Asset) bool {
	_, ours := readMark(a)
	return ours
}

// OursOf tells whether an asset is ours and the one of this instance.
func OursOf(a inventory.Asset, cloud inventory.Cloud, region, instance string) bool {
	m, ours := readMark(a)
	return ours && m.cloud == cloud && m.region == region && m.instance == instance
}

// labelsOf are the five labels that make an asset ours.
func labelsOf(i inventory.Instance) []inventory.Label {
	return []inventory.Label{
		{Name: inventory.LabelCloud, Value: string(i.Cloud)},
		{Name: inventory.LabelAccount, Value: i.Account},
		{Name: inventory.LabelOwner, Value: i.Owner},
		{Name: inventory.LabelRegion, Value: i.Region},
		{Name: inventory.LabelInstance, Value: i.ID},
	}
}

// markable tells whether JumpServer can hold the instance's labels: 1 to 64 characters each.
func markable(i inventory.Instance) bool {
	for _, l := range labelsOf(i) {
		if n := utf8.RuneCountInString(l.Value); n == 0 || n > 64 || l.Value != strings.TrimSpace(l.Value) {
			return false
		}
	}
	return true
}

// followLabels gives the labels that the asset of a listed instance should have: ours up to
// date, jms-protected as protected says, those of a deactivation taken off, all of people's as
// they are. It gives nil for no change.
func followLabels(a inventory.Asset, i inventory.Instance, protected bool) []inventory.Label {
	gone := a.Count(inventory.LabelGone) > 0
	want := labelsOf(i)
	out := make([]inventory.Label, 0, len(a.Labels))
	for _, l := range a.Labels {
		if at := slices.IndexFunc(want, func(w inventory.Label) bool { return w.Name == l.Name }); at >= 0 {
			out = append(out, want[at])
			continue
		}
		if gone && ofDeactivation(l) || l.Name == inventory.LabelProtected && !protected || l.Name == inventory.LabelMissing {
			continue
		}
		out = append(out, l)
	}
	if protected && a.Count(inventory.LabelProtected) == 0 {
		out = append(out, protectedLabel())
	}
	if slices.Equal(out, a.Labels) {
		return nil
	}
	return out
}

// ofDeactivation tells whether a label only means something on a deactivated asset.
func ofDeactivation(l inventory.Label) bool {
	return slices.Contains([]string{inventory.LabelGone, inventory.LabelDue, inventory.LabelOff, inventory.LabelEvent}, l.Name)
}

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
	return append(out, r.dueLabel(r.Now), inventory.GoneLabel(r.Now))
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
	at, err := time.Parse(time.RFC3339, value)
	if !single || err != nil || at.After(now.Add(24*time.Hour)) {
		return time.Time{}, true, false
	}
	return at, true, true
}

// named gives the instance ids that an asset which is not ours names: in its comment, or by a label
// jms-instance, as a released asset has it whose comment does not say it.
func named(a inventory.Asset) []string {
	ids := mentioned(a.Comment)
	for _, l := range a.Labels {
		if a.Host && l.Name == inventory.LabelInstance {
			ids = append(ids, l.Value)
		}
	}
	return ids
}

// mentioned gives the instance ids that a comment names, in the form of the Python tool.
func mentioned(comment string) []string {
	var ids []string
	for rest := comment; ; {
		_, after, found := strings.Cut(rest, "instance_id:")
		if !found {
			return ids
		}
		line, _, _ := strings.Cut(after, "\n")
		if fields := strings.Fields(line); len(fields) > 0 {
			ids = append(ids, strings.TrimRight(fields[0], ",;，；。"))
		}
		rest = after
	}
}
