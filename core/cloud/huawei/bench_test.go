package huawei

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// BenchmarkList reads 10,000 servers in pages of 200 without a network: what it measures is our
// own cost and the SDK's.
func BenchmarkList(b *testing.B) { benchmarkList(b, inventory.Want{}) }

// BenchmarkListFacts is BenchmarkList where mapping rules ask for everything.
func BenchmarkListFacts(b *testing.B) { benchmarkList(b, inventory.WantAll()) }

func benchmarkList(b *testing.B, want inventory.Want) {
	const pages, rows = 50, pageSize
	bodies := make(map[string][]byte, pages) // by marker
	for p := range pages {
		marker := ""
		if p > 0 {
			marker = benchID(p*rows - 1)
		}
		bodies[marker] = benchPage(p*rows, rows, pages*rows)
	}
	bodies[benchID(pages*rows-1)] = fmt.Appendf(nil, `{"count":%d,"servers":[]}`, pages*rows)
	account := inProject()
	account.Want = want
	l := openOffline(b, account, func(r *http.Request) (int, []byte) { return 200, bodies[r.URL.Query().Get("marker")] })
	b.ReportMetric(float64(len(bodies[""]))/rows, "bytes/row")
	b.ReportAllocs()
	for b.Loop() {
		list, err := l.List(b.Context(), "cn-north-4")
		if err != nil || len(list) != pages*rows {
			b.Fatal(len(list), err)
		}
	}
}

func benchID(i int) string { return fmt.Sprintf("%08x-0000-4000-8000-%012x", i, i) }

// benchPage writes rows of about the size of real ones.
func benchPage(from, n, total int) []byte {
	var list []string
	for i := from; i < from+n; i++ {
		list = append(list, fmt.Sprintf(`{"id":"%s","name":"web-%05d","status":"ACTIVE","tenant_id":"0605767b0000000000000000000000c1","user_id":"a2f5b1b0c0000000000000000000a2f5",`+
			`"created":"2025-03-01T02:03:04Z","updated":"2025-03-01T02:03:04Z","hostId":"c1","flavor":{"id":"s7n.large.2","name":"s7n.large.2","disk":"0","vcpus":"2","ram":"4096"},`+
			`"image":{"id":"7d940784-ac0a-425f-b3fa-8478f1a1df70"},"metadata":{"charging_mode":"0","vpc_id":"9f6c2f0e-0000-4000-8000-000000000001","image_name":"Ubuntu 22.04 server 64bit",`+
			`"os_bit":"64","os_type":"Linux","metering.imagetype":"gold","__support_agent_list":"hss,ces"},"addresses":{"9f6c2f0e-0000-4000-8000-000000000001":[{"version":"4",`+
			`"addr":"10.0.%d.%d","OS-EXT-IPS:type":"fixed","primary":true,"OS-EXT-IPS-MAC:mac_addr":"fa:16:3e:00:00:01","OS-EXT-IPS:port_id":"01e48ab1-0000-4000-8000-000000000001"}]},`+
			`"OS-EXT-AZ:availability_zone":"cn-north-4a","OS-EXT-SRV-ATTR:hostname":"web-%05[2]d","security_groups":[{"name":"sg","id":"01e48ab1-0000-4000-8000-000000000002"}],`+
			`"os-extended-volumes:volumes_attached":[{"id":"01e48ab1-0000-4000-8000-000000000003","delete_on_termination":"true","bootIndex":"0","device":"/dev/vda"}],`+
			`"tags":["env=prod"],"sys_tags":[{"key":"_sys_enterprise_project_id","value":"0"}],"enterprise_project_id":"0","fault":null,"description":"%[5]s"}`,
			benchID(i), i, i>>8, i&255, strings.Repeat("x", 400)))
	}
	return fmt.Appendf(nil, `{"count":%d,"servers":[%s]}`, total, strings.Join(list, ","))
}
