package tencent

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
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
	const rows = 10_000
	all := make([]string, rows)
	for i := range all {
		all[i] = benchRow(i)
	}
	l := openOffline(b, cloud.Account{Want: want}, func(r *http.Request) (int, []byte) {
		var asked struct{ Offset, Limit int }
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = json.Unmarshal(body, &asked)
		}
		if err != nil {
			return 500, nil
		}
		page := all[asked.Offset:min(asked.Offset+asked.Limit, rows)]
		return 200, fmt.Appendf(nil, `{"Response":{"TotalCount":%d,"InstanceSet":[%s],"RequestId":"R"}}`, rows, strings.Join(page, ","))
	})
	b.ReportMetric(float64(len(all[0])), "bytes/row")
	b.ReportAllocs()
	for b.Loop() {
		list, err := l.List(b.Context(), "ap-beijing")
		if err != nil || len(list) != rows {
			b.Fatal(len(list), err)
		}
	}
}

// benchRow is of about the size of a real one.
func benchRow(i int) string {
	return fmt.Sprintf(`{"Placement":{"Zone":"ap-beijing-3","HostId":"","ProjectId":0},"InstanceId":"ins-%08x","InstanceType":"S6.LARGE8","CPU":4,"Memory":8,`+
		`"RestrictState":"NORMAL","InstanceName":"web-%05d","InstanceChargeType":"POSTPAID_BY_HOUR","SystemDisk":{"DiskType":"CLOUD_BSSD","DiskId":"disk-%08x",`+
		`"DiskSize":50,"CdcId":null},"DataDisks":[{"DiskSize":200,"DiskType":"CLOUD_BSSD","DiskId":"disk-1%07x","DeleteWithInstance":true,"Encrypt":false}],`+
		`"PrivateIpAddresses":["10.0.%d.%d"],"PublicIpAddresses":null,"InternetAccessible":{"InternetMaxBandwidthOut":0,"InternetChargeType":"TRAFFIC_POSTPAID_BY_HOUR"},`+
		`"VirtualPrivateCloud":{"VpcId":"vpc-2ze00001","SubnetId":"subnet-2ze00001","AsVpcGateway":false},"ImageId":"img-eb30mz89","RenewFlag":null,`+
		`"CreatedTime":"2025-03-01T02:03:04Z","ExpiredTime":null,"OsName":"TencentOS Server 3.1 (TK4)","SecurityGroupIds":["sg-2ze00001"],`+
		`"LoginSettings":{"Password":null,"KeepImageLogin":null,"KeyIds":["skey-2ze00001"]},"InstanceState":"RUNNING","Tags":[{"Key":"env","Value":"prod"},{"Key":"team","Value":"shop"}],`+
		`"StopChargingMode":"NOT_APPLICABLE","Uuid":"68b510db-b4c1-4630-a62b-73d0c7c9%04x","LatestOperation":"RunInstances","LatestOperationState":"SUCCESS",`+
		`"LatestOperationRequestId":"3554eb5b-1cfa-471a-ae76-dc436c9d43e8","DisasterRecoverGroupId":"","IPv6Addresses":null,"CamRoleName":"","HpcClusterId":"",`+
		`"IsolatedSource":"NOTISOLATED","GPUInfo":null,"LicenseType":"TencentCloud","DisableApiTermination":false,"DefaultLoginUser":"root","DefaultLoginPort":22}`,
		i, i, i, i, i>>8&255, i&255, i&0xffff)
}
