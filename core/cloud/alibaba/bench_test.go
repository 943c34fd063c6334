package alibaba

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// BenchmarkList reads 10,000 instances in pages of 100 without a network: what it measures is
// our own cost and the SDK's.
func BenchmarkList(b *testing.B) { benchmarkList(b, inventory.Want{}) }

// BenchmarkListFacts is BenchmarkList where mapping rules ask for everything.
func BenchmarkListFacts(b *testing.B) { benchmarkList(b, inventory.WantAll()) }

func benchmarkList(b *testing.B, want inventory.Want) {
	const pages, rows = 100, 100
	bodies := make([][]byte, pages)
	for p := range bodies {
		next := ""
		if p+1 < pages {
			next = strconv.Itoa(p + 1)
		}
		bodies[p] = benchPage(p*rows, rows, next)
	}
	l := openOffline(b, cloud.Account{Want: want}, func(r *http.Request) (int, []byte) {
		n, _ := strconv.Atoi("0" + r.URL.Query().Get("NextToken"))
		return 200, bodies[n]
	})
	b.ReportMetric(float64(len(bodies[0]))/rows, "bytes/row")
	b.ReportAllocs()
	for b.Loop() {
		list, err := l.List(b.Context(), "cn-beijing")
		if err != nil || len(list) != pages*rows {
			b.Fatal(len(list), err)
		}
	}
}

// benchPage writes rows of about the size of real ones.
func benchPage(from, n int, next string) []byte {
	var list []string
	for i := from; i < from+n; i++ {
		list = append(list, fmt.Sprintf(`{"InstanceId":"i-%016x","InstanceName":"web-%05d","HostName":"iZ%08x","OSType":"linux","OSName":"Ubuntu  22.04 64位",`+
			`"OSNameEn":"Ubuntu  22.04 64 bit","Status":"Running","InstanceType":"ecs.g7.large","RegionId":"cn-beijing","ZoneId":"cn-beijing-h","Cpu":2,"CPU":2,"Memory":8192,`+
			`"CreationTime":"2025-03-01T02:03Z","ExpiredTime":"2099-12-31T15:59Z","InstanceChargeType":"PostPaid","InstanceNetworkType":"vpc","ResourceGroupId":"",`+
			`"VpcAttributes":{"VpcId":"vpc-2ze000000000000000001","VSwitchId":"vsw-2ze0000000000000001","NatIpAddress":"","PrivateIpAddress":{"IpAddress":["10.0.%d.%d"]}},`+
			`"InnerIpAddress":{"IpAddress":[]},"PublicIpAddress":{"IpAddress":[]},"EipAddress":{"IpAddress":"","AllocationId":""},`+
			`"NetworkInterfaces":{"NetworkInterface":[{"Type":"Primary","PrimaryIpAddress":"10.0.%[4]d.%[5]d","MacAddress":"00:16:3e:00:00:01","NetworkInterfaceId":"eni-2ze0000000000000001",`+
			`"PrivateIpSets":{"PrivateIpSet":[{"PrivateIpAddress":"10.0.%[4]d.%[5]d","Primary":true}]}}]},"Tags":{"Tag":[{"TagKey":"env","TagValue":"prod"}]},`+
			`"SecurityGroupIds":{"SecurityGroupId":["sg-2ze00000000000000001"]},"Description":"%[6]s"}`, i, i, i, i>>8, i&255, strings.Repeat("x", 400)))
	}
	return []byte(`{"RequestId":"R","Instances":{"Instance":[` + strings.Join(list, ",") + `]},"NextToken":"` + next + `","TotalCount":0}`)
}
