package walk

import (
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// walkMigration is a reader with an asset of the Python tool's and one made by hand, whose configuration is the old one.
func walkMigration(w *world) []step {
	w.prepare()
	w.fillInstances("cn-hangzhou", 1, 3)
	seed := func(name, address, comment string) {
		w.services.JMS.Seed(jumpservertest.DefaultOrg, jumpservertest.Host{
			Name: name, Address: address, Comment: comment, Active: true, Nodes: []string{"/DEFAULT/阿里云/aliyun-prod"},
		})
	}
	one, two := alibabatest.SampleInstance(1), alibabatest.SampleInstance(2)
	seed("shop-old", one.PrivateIPs[0], "由JMS-Sync同步于 2025-05-07 10:00:00\ninstance_id: "+one.ID+"\nregion: cn-hangzhou")
	seed(two.Name, two.PrivateIPs[0], "")
	ours := func(want int) func(string) {
		return func(string) {
			n := 0
			for _, h := range w.services.Hosts() {
				if slices.ContainsFunc(h.Labels, func(l string) bool { return strings.HasPrefix(l, "jms-instance") || strings.HasPrefix(l, "jms-asset") }) {
					n++
				}
			}
			if n != want || len(w.services.Hosts()) != 2 {
				w.Errorf("%d of %d assets are ours, want %d of 2", n, len(w.services.Hosts()), want)
			}
		}
	}
	return []step{
		{run: "bin/jms-sync plan", after: ours(0)},
		{run: "bin/jms-sync adopt", after: ours(0)},
		{run: "bin/jms-sync adopt --apply", after: ours(1)},
		{run: "bin/jms-sync adopt --by-address", after: ours(1)},
		{run: "bin/jms-sync plan"},
		{run: "bin/jms-sync release", after: ours(1)},
		{run: "bin/jms-sync release --apply", after: ours(0)},
	}
}
