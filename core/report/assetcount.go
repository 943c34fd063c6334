package report

import (
	"iter"
	"sort"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// AssetCount is how many of our assets of one scope JumpServer has.
type AssetCount struct {
	inventory.Scope
	Active, Inactive int
}

// CountAssets counts assets that are ours by the scope that their labels name, sorted by it.
func CountAssets(ours iter.Seq[inventory.Asset]) []AssetCount {
	counts := map[inventory.Scope]AssetCount{}
	for a := range ours {
		cloud, _ := a.Label(inventory.LabelCloud)
		account, _ := a.Label(inventory.LabelAccount)
		region, _ := a.Label(inventory.LabelRegion)
		at := inventory.Scope{Cloud: inventory.Cloud(cloud), Account: account, Region: region}
		c := counts[at]
		c.Scope = at
		if a.Active {
			c.Active++
		} else {
			c.Inactive++
		}
		counts[at] = c
	}
	all := make([]AssetCount, 0, len(counts))
	for _, c := range counts {
		all = append(all, c)
	}
	sort.Slice(all, func(x, y int) bool { return all[x].Scope.Compare(all[y].Scope) < 0 })
	return all
}

// AssetCounts returns what JumpServer had of ours before the run wrote; nil = the run did not read all of it.
func (r Report) AssetCounts() []AssetCount { return r.assetCounts }
