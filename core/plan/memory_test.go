package plan

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// fleetOf returns instances of ten scopes, and the assets that a sync has created for them.
func fleetOf(count int) (*world, []inventory.Asset) {
	w := newWorld()
	w.listings, w.assets = nil, nil
	w.rules.Accounts = map[string]Account{"a": {Type: "aliyun"}}
	var assets []inventory.Asset
	const regions = 10
	for r := range regions {
		at := scopeOf("a", fmt.Sprintf("cn-region-%d", r))
		rows := make([]inventory.Instance, count/regions)
		for n := range rows {
			id := r*count/regions + n
			rows[n] = instanceInProd(fmt.Sprintf("i-%016x", id), fmt.Sprintf("web-%05d", id), fmt.Sprintf("10.%d.%d.%d", id>>16, id>>8&255, id&255),
				func(i *inventory.Instance) { i.Scope, i.Owner = at, owner })
			assets = append(assets, hostOf(rows[n]))
		}
		w.addListing(at, owner, rows...)
	}
	return w, assets
}

// liveHeap returns the bytes of heap in use.
func liveHeap() int64 {
	runtime.GC()
	runtime.GC() // for what finalizers have released
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// TestMemory: what a plan needs besides its input. Measured were 56 and 352 bytes for each instance, and 648 and
// 1,297 when plans copied their input; the limits leave room between. It is not parallel, because it measures the
// whole heap.
// Invariants: 15.
func TestMemory(t *testing.T) {
	const count = 50_000
	w, assets := fleetOf(count)
	for _, c := range []struct {
		name   string
		assets []inventory.Asset
		most   int64 // bytes for each instance
	}{{"without changes", assets, 100}, {"all new", nil, 550}} {
		in := Input{Current: inventory.JumpServerAssets{Assets: c.assets}, Listings: w.listings}
		before := liveHeap()
		p := Build(in, w.rules)
		a := p.Approve(w.limits, nil)
		each := (liveHeap() - before) / count
		if a.Unchanged() != len(c.assets) || len(a.Creates()) != count-len(c.assets) {
			t.Errorf("%s: %d unchanged, %d new", c.name, a.Unchanged(), len(a.Creates()))
		}
		t.Logf("%s: %d bytes for each instance", c.name, each)
		if each > c.most {
			t.Errorf("%s: %d bytes for each instance, want at most %d", c.name, each, c.most)
		}
		runtime.KeepAlive(p)
		runtime.KeepAlive(a)
	}
	runtime.KeepAlive(w)
	runtime.KeepAlive(assets)
}

func BenchmarkBuild(b *testing.B) {
	const count = 10_000
	w, assets := fleetOf(count)
	for name, assets := range map[string][]inventory.Asset{"unchanged": assets, "new": nil} {
		b.Run(name, func(b *testing.B) {
			in := Input{Current: inventory.JumpServerAssets{Assets: assets}, Listings: w.listings}
			b.ReportAllocs()
			for b.Loop() {
				a := Build(in, w.rules).Approve(w.limits, nil)
				if a.Unchanged()+len(a.Creates()) != count {
					b.Fatal(a.Unchanged(), len(a.Creates()))
				}
			}
		})
	}
}
