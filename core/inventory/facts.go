package inventory

import (
	"slices"
	"strings"
	"time"
)

// Facts are what mapping rules may ask of an instance besides what every sync needs. Only what a Want names is kept: at
// a hundred thousand instances everything at once would be most of a run's memory.
type Facts struct {
	Status string   // Instance.Status, where rules ask for it: otherwise stopping and starting changes nothing
	Zone   string   // availability zone, as the cloud names it
	Subnet string   // id, of the primary interface
	Groups []string // ids of security groups, of the primary interface first; names where the cloud shows only these
	// ResourceGroup is the id by which the account groups its resources: resource group (Alibaba, Azure), enterprise
	// project (Huawei), project (Tencent).
	ResourceGroup string
	Image         string    // id
	Charge        string    // how it is paid, the cloud's own word, in lower case: "prepaid", "spot"
	CreatedAt     time.Time // zero = not shown
	ExpiresAt     time.Time // zero = it does not expire, or not shown
	// Elastic is how many of the first addresses in Instance.PublicIPs are elastic ones.
	Elastic int
	Tags    []Tag // sorted by key
	// TagsUnread says that the cloud did not show the instance's tags: none of Tags means nothing.
	TagsUnread bool
	// Unread are the other facts that the cloud did not show of this instance this time, though it does of others: that
	// they are empty means nothing.
	Unread Fact
}

// Tag is one tag of an instance. Its key is unique in the instance, and compared by case.
type Tag struct{ Key, Value string }

// Tag returns the value of a tag, and reports whether the instance has it. A nil Facts has none.
func (f *Facts) Tag(key string) (string, bool) {
	if f == nil {
		return "", false
	}
	n, found := slices.BinarySearchFunc(f.Tags, key, func(t Tag, key string) int { return strings.Compare(t.Key, key) })
	if !found {
		return "", false
	}
	return f.Tags[n].Value, true
}

// Fact is one of the facts that a Want can name, or a set of them.
type Fact uint16

// The facts.
const (
	FactStatus Fact = 1 << iota
	FactZone
	FactSubnet
	FactGroups
	FactResourceGroup
	FactImage
	FactCharge
	FactCreatedAt
	FactExpiresAt
	FactElastic

	allFacts = FactElastic<<1 - 1
)

// FactSources says, of each fact that a cloud shows of its instances, where its answers have it, and which words it may be
// (in Markdown). A fact that is not in it is shown of no instance.
type FactSources map[Fact]string

// Missing returns the facts that are shown of no instance.
func (s FactSources) Missing() Fact {
	missing := allFacts
	for fact := range s {
		missing &^= fact
	}
	return missing
}

// Want says which facts of instances are kept. The zero value wants none: every Instance.Facts is nil.
type Want struct {
	Facts   Fact     // bits
	Tags    []string // keys
	AllTags bool
}

// WantAll wants every fact and every tag.
func WantAll() Want { return Want{Facts: allFacts, AllTags: true} }

// IsEmpty reports whether no fact is wanted.
func (w Want) IsEmpty() bool { return w.Facts == 0 && !w.WantsTags() }

// WantsTags reports whether any tag is wanted.
func (w Want) WantsTags() bool { return w.AllTags || len(w.Tags) > 0 }

// Has reports whether a fact is wanted.
func (w Want) Has(f Fact) bool { return w.Facts&f != 0 }

// Keep returns what is wanted of the facts, with its tags sorted by key and each key once; nil = nothing is wanted. It
// may change the slices of f.
func (w Want) Keep(f Facts) *Facts {
	if w.IsEmpty() {
		return nil
	}
	kept := Facts{TagsUnread: f.TagsUnread && w.WantsTags(), Unread: f.Unread & w.Facts}
	w.keepTexts(&kept, f)
	if w.Has(FactCreatedAt) {
		kept.CreatedAt = f.CreatedAt
	}
	if w.Has(FactExpiresAt) {
		kept.ExpiresAt = f.ExpiresAt
	}
	if w.Has(FactElastic) {
		kept.Elastic = f.Elastic
	}
	kept.Tags = w.keepTags(f.Tags)
	return &kept
}

func (w Want) keepTexts(kept *Facts, f Facts) {
	for _, text := range [...]struct {
		fact     Fact
		to, from *string
	}{
		{FactStatus, &kept.Status, &f.Status},
		{FactZone, &kept.Zone, &f.Zone},
		{FactSubnet, &kept.Subnet, &f.Subnet},
		{FactResourceGroup, &kept.ResourceGroup, &f.ResourceGroup},
		{FactImage, &kept.Image, &f.Image},
		{FactCharge, &kept.Charge, &f.Charge},
	} {
		if w.Has(text.fact) {
			*text.to = *text.from
		}
	}
	if w.Has(FactGroups) {
		kept.Groups = f.Groups
	}
}

func (w Want) keepTags(tags []Tag) []Tag {
	var kept []Tag
	for _, t := range tags {
		if w.AllTags || slices.Contains(w.Tags, t.Key) {
			kept = append(kept, t)
		}
	}
	slices.SortStableFunc(kept, func(x, y Tag) int { return strings.Compare(x.Key, y.Key) })
	return slices.CompactFunc(kept, func(x, y Tag) bool { return x.Key == y.Key })
}
