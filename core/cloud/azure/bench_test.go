package azure

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// BenchmarkList reads 10,000 machines with their interfaces in pages of 100 without a network: what
// it measures is our own cost and the SDK's.
func BenchmarkList(b *testing.B) { benchmarkList(b, inventory.Want{}) }

// BenchmarkListFacts is BenchmarkList where mapping rules ask for everything.
func BenchmarkListFacts(b *testing.B) { benchmarkList(b, inventory.WantAll()) }

func benchmarkList(b *testing.B, want inventory.Want) {
	const pages, rows = 100, 100
	machines, nics := make([][]byte, pages), make([][]byte, pages)
	for p := range pages {
		machines[p] = benchPage(p, pages, rows, "compute", benchMachine)
		nics[p] = benchPage(p, pages, rows, "network", benchNIC)
	}
	l := openOffline(b, cloud.Account{Want: want}, func(r *http.Request) (int, []byte) {
		n, _ := strconv.Atoi("0" + r.URL.Query().Get("p"))
		path := r.URL.Path
		switch {
		case path == "/compute", strings.HasSuffix(path, "/virtualMachines"):
			return 200, machines[n]
		case path == "/network", strings.HasSuffix(path, "/networkInterfaces"):
			return 200, nics[n]
		case strings.HasSuffix(path, "/permissions"):
			return 200, []byte(`{"value":[{"actions":["*/read"]}]}`)
		case strings.HasSuffix(path, "/locations"):
			return 200, []byte(`{"value":[{"name":"eastus"}]}`)
		}
		return 200, []byte(`{"value":[]}`)
	})
	b.ReportMetric(float64(len(machines[0])+len(nics[0]))/rows, "bytes/row")
	b.ReportAllocs()
	for b.Loop() {
		list, err := l.List(b.Context(), "eastus")
		if err != nil || len(list) != pages*rows || len(list[0].PrivateIPs) != 1 {
			b.Fatal(len(list), err)
		}
	}
}

// benchPage writes rows of about the size of real ones.
func benchPage(p, pages, rows int, path string, row func(int) string) []byte {
	list := make([]string, rows)
	for i := range list {
		list[i] = row(p*rows + i)
	}
	next := ""
	if p+1 < pages {
		next = fmt.Sprintf(`,"nextLink":"https://management.azure.com/%s?p=%d"`, path, p+1)
	}
	return []byte(`{"value":[` + strings.Join(list, ",") + `]` + next + `}`)
}

const benchGroup = "/subscriptions/" + testSubscription + "/resourceGroups/prod/providers/"

func benchMachine(i int) string {
	return fmt.Sprintf(`{"name":"web-%05[1]d","id":"%[2]sMicrosoft.Compute/virtualMachines/web-%05[1]d","type":"Microsoft.Compute/virtualMachines","location":"eastus","tags":{"env":"prod","team":"web"},`+
		`"properties":{"vmId":"%08[1]x-0000-4000-8000-000000000000","provisioningState":"Succeeded","timeCreated":"2025-03-01T02:03:04.0000000+00:00","hardwareProfile":{"vmSize":"Standard_D2s_v5"},`+
		`"storageProfile":{"imageReference":{"publisher":"canonical","offer":"ubuntu-24_04-lts","sku":"server","version":"latest","exactVersion":"24.04.202503010"},"osDisk":{"osType":"Linux","name":"web-%05[1]d_OsDisk_1",`+
		`"createOption":"FromImage","caching":"ReadWrite","managedDisk":{"storageAccountType":"Premium_LRS","id":"%[2]sMicrosoft.Compute/disks/web-%05[1]d_OsDisk_1"},"deleteOption":"Delete","diskSizeGB":30},"dataDisks":[],"diskControllerType":"SCSI"},`+
		`"osProfile":{"computerName":"web-%05[1]d","adminUsername":"azureuser","linuxConfiguration":{"disablePasswordAuthentication":true,"ssh":{"publicKeys":[{"path":"/home/azureuser/.ssh/authorized_keys","keyData":"ssh-rsa %[3]s"}]},"provisionVMAgent":true},"secrets":[],"allowExtensionOperations":true},`+
		`"securityProfile":{"uefiSettings":{"secureBootEnabled":true,"vTpmEnabled":true},"securityType":"TrustedLaunch"},"networkProfile":{"networkInterfaces":[{"id":"%[2]sMicrosoft.Network/networkInterfaces/web-%05[1]d-nic","properties":{"primary":true,"deleteOption":"Detach"}}]},`+
		`"diagnosticsProfile":{"bootDiagnostics":{"enabled":true}}},"etag":"\"1\"","zones":["1"]}`, i, benchGroup, strings.Repeat("A", 500))
}

func benchNIC(i int) string {
	return fmt.Sprintf(`{"name":"web-%05[1]d-nic","id":"%[2]sMicrosoft.Network/networkInterfaces/web-%05[1]d-nic","etag":"W/\"00000000-0000-0000-0000-000000000000\"","location":"eastus","properties":{"provisioningState":"Succeeded",`+
		`"resourceGuid":"00000000-0000-0000-0000-000000000000","ipConfigurations":[{"name":"ipconfig1","id":"%[2]sMicrosoft.Network/networkInterfaces/web-%05[1]d-nic/ipConfigurations/ipconfig1","etag":"W/\"0\"","type":"Microsoft.Network/networkInterfaces/ipConfigurations",`+
		`"properties":{"provisioningState":"Succeeded","privateIPAddress":"10.0.%[3]d.%[4]d","privateIPAllocationMethod":"Dynamic","subnet":{"id":"%[2]sMicrosoft.Network/virtualNetworks/hub/subnets/default"},"primary":true,"privateIPAddressVersion":"IPv4"}}],`+
		`"dnsSettings":{"dnsServers":[],"appliedDnsServers":[]},"macAddress":"00-0D-3A-00-00-01","enableAcceleratedNetworking":true,"enableIPForwarding":false,"networkSecurityGroup":{"id":"%[2]sMicrosoft.Network/networkSecurityGroups/web"},`+
		`"primary":true,"virtualMachine":{"id":"%[2]sMicrosoft.Compute/virtualMachines/web-%05[1]d"},"nicType":"Standard"},"type":"Microsoft.Network/networkInterfaces"}`, i, benchGroup, i>>8, i&255)
}
