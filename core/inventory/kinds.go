package inventory

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/language"
)

// Kinds of instances. A cloud may have servers in several APIs, each with rights of its own: ECS and lightweight
// servers. Each kind of a region is a scope of its own, whose region has the kind as suffix: "cn-hangzhou.swas". The
// main kind has none, so that its labels and asset ids are what they were before there were kinds; and an id of one
// kind is never taken for that of another. No cloud's region and no configured one holds a dot.

// kindSeparator stands between region and kind in a scope's region.
const kindSeparator = "."

// KindInfo describes one kind of instances of a cloud, beside its main one.
type KindInfo struct {
	Name string // as configurations write it, and scopes' regions have it: "swas"
	// Title is what people call such servers.
	Title language.Text
	// Permissions are the rights that its listing needs besides those of the main kind, sorted.
	Permissions []string
	// Facts are those of CloudInfo, for this kind.
	Facts FactSources
}

// RegionOfKind returns the region of a scope: that of the cloud with the kind as suffix; "" is the main kind.
func RegionOfKind(region, kind string) string {
	if kind == "" {
		return region
	}
	return region + kindSeparator + kind
}

// SplitRegion returns the cloud's region and the kind of a scope's region. The kind is "" for the main one.
func SplitRegion(region string) (plain, kind string) {
	plain, kind, _ = strings.Cut(region, kindSeparator)
	return plain, kind
}

// KindOfRegion returns the kind of a scope's region; "" = the main one.
func KindOfRegion(region string) string {
	_, kind := SplitRegion(region)
	return kind
}

// CoversRegion reports whether a listing of a region says something about another one: it is the same, or the failed
// listing of all regions of its kind (see AnyRegion).
func CoversRegion(listed, region string) bool {
	plain, kind := SplitRegion(listed)
	return listed == region || plain == AnyRegion && kind == KindOfRegion(region)
}

// IsAskedFor reports whether an account with these regions (none = all) and kinds (none = the main one; they matter
// only where no regions are named) asks for a scope's region.
func IsAskedFor(regions, kinds []string, region string) bool {
	if len(regions) > 0 {
		return slices.Contains(regions, region)
	}
	return HasKind(regions, kinds, KindOfRegion(region))
}

// HasKind reports whether an account with these regions and kinds, as IsAskedFor takes them, asks for a kind at all.
func HasKind(regions, kinds []string, kind string) bool {
	return slices.Contains(AskedKinds(regions, kinds), kind)
}

// AskedKinds returns the kinds that an account with these regions and kinds asks for, each once; "" is the main one.
func AskedKinds(regions, kinds []string) []string {
	asked := kinds
	if len(regions) > 0 {
		asked = nil
		for _, region := range regions {
			asked = append(asked, KindOfRegion(region))
		}
	}
	if len(asked) == 0 {
		return []string{""}
	}
	asked = slices.Sorted(slices.Values(asked))
	return slices.Compact(asked)
}

// ScopeRegions returns the regions of an account's scopes: each configured one, for each kind that is configured, as
// configurations write kinds (none = the main one); none if all regions are asked for.
func (c CloudInfo) ScopeRegions(regions, kinds []string) []string {
	var all []string
	for _, kind := range c.ScopeKinds(kinds) {
		for _, region := range regions {
			all = append(all, RegionOfKind(region, kind))
		}
	}
	return all
}

// ScopeKinds returns configured kinds as scopes have them: the main kind is "". None is the main one alone.
func (c CloudInfo) ScopeKinds(kinds []string) []string {
	if len(kinds) == 0 {
		return []string{""}
	}
	out := make([]string, 0, len(kinds))
	for _, kind := range kinds {
		if kind == c.MainKind {
			kind = ""
		}
		out = append(out, kind)
	}
	return out
}

// KindNames returns the kinds that a configuration may name, the main one first; nil if the cloud has only one.
func (c CloudInfo) KindNames() []string {
	if len(c.Kinds) == 0 {
		return nil
	}
	names := []string{c.MainKind}
	for _, kind := range c.Kinds {
		names = append(names, kind.Name)
	}
	return names
}
