package aws

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// BenchmarkList reads 10,000 instances in pages of 1,000 without a network: what it measures is
// our own cost and the SDK's.
func BenchmarkList(b *testing.B) { benchmarkList(b, inventory.Want{}) }

// BenchmarkListFacts is BenchmarkList where mapping rules ask for everything.
func BenchmarkListFacts(b *testing.B) { benchmarkList(b, inventory.WantAll()) }

func benchmarkList(b *testing.B, want inventory.Want) {
	const pages, rows = 10, 1000
	bodies := make([][]byte, pages)
	for p := range bodies {
		next := ""
		if p+1 < pages {
			next = strconv.Itoa(p + 1)
		}
		bodies[p] = benchPage(p*rows, rows, next)
	}
	l := openOffline(b, cloud.Account{Want: want}, func(r *http.Request) (int, []byte) {
		form, _ := io.ReadAll(r.Body)
		params, _ := url.ParseQuery(string(form))
		n, _ := strconv.Atoi("0" + params.Get("NextToken"))
		return 200, bodies[n]
	})
	b.ReportAllocs()
	for b.Loop() {
		list, err := l.List(b.Context(), "us-east-1")
		if err != nil || len(list) != pages*rows {
			b.Fatal(len(list), err)
		}
	}
	b.ReportMetric(float64(len(bodies[0]))/rows, "bytes/row")
}

// benchPage writes rows of about the size of real ones.
func benchPage(from, n int, next string) []byte {
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?><DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/"><requestId>R</requestId><reservationSet>`)
	for i := from; i < from+n; i++ {
		fmt.Fprintf(&b, `<item><reservationId>r-%017x</reservationId><ownerId>123456789012</ownerId><groupSet/><instancesSet><item><instanceId>i-%017x</instanceId>`+
			`<imageId>ami-0abcdef1234567890</imageId><instanceState><code>16</code><name>running</name></instanceState><privateDnsName>ip-10-0-%d-%d.ec2.internal</privateDnsName>`+
			`<dnsName/><reason/><keyName>k</keyName><amiLaunchIndex>0</amiLaunchIndex><productCodes/><instanceType>m7i.large</instanceType><launchTime>2025-03-01T02:03:04.000Z</launchTime>`+
			`<placement><availabilityZone>us-east-1a</availabilityZone><groupName/><tenancy>default</tenancy></placement><monitoring><state>disabled</state></monitoring>`+
			`<subnetId>subnet-0a1</subnetId><vpcId>vpc-0a1</vpcId><privateIpAddress>10.0.%[3]d.%[4]d</privateIpAddress><sourceDestCheck>true</sourceDestCheck>`+
			`<groupSet><item><groupId>sg-0a1</groupId><groupName>default</groupName></item></groupSet><architecture>x86_64</architecture><rootDeviceType>ebs</rootDeviceType>`+
			`<rootDeviceName>/dev/xvda</rootDeviceName><blockDeviceMapping><item><deviceName>/dev/xvda</deviceName><ebs><volumeId>vol-0a1</volumeId><status>attached</status>`+
			`<attachTime>2025-03-01T02:03:05.000Z</attachTime><deleteOnTermination>true</deleteOnTermination></ebs></item></blockDeviceMapping>`+
			`<virtualizationType>hvm</virtualizationType><tagSet><item><key>Name</key><value>web-%05[5]d</value></item><item><key>env</key><value>%[6]s</value></item></tagSet>`+
			`<hypervisor>xen</hypervisor><networkInterfaceSet><item><networkInterfaceId>eni-0a1</networkInterfaceId><subnetId>subnet-0a1</subnetId><vpcId>vpc-0a1</vpcId>`+
			`<description/><ownerId>123456789012</ownerId><status>in-use</status><macAddress>02:00:00:00:00:01</macAddress><privateIpAddress>10.0.%[3]d.%[4]d</privateIpAddress>`+
			`<attachment><attachmentId>eni-attach-0a1</attachmentId><deviceIndex>0</deviceIndex><status>attached</status><networkCardIndex>0</networkCardIndex></attachment>`+
			`<privateIpAddressesSet><item><privateIpAddress>10.0.%[3]d.%[4]d</privateIpAddress><primary>true</primary></item></privateIpAddressesSet></item></networkInterfaceSet>`+
			`<ebsOptimized>true</ebsOptimized><enaSupport>true</enaSupport><cpuOptions><coreCount>1</coreCount><threadsPerCore>2</threadsPerCore></cpuOptions>`+
			`<metadataOptions><state>applied</state><httpTokens>required</httpTokens></metadataOptions><platformDetails>Linux/UNIX</platformDetails>`+
			`<usageOperation>RunInstances</usageOperation></item></instancesSet></item>`, i, i, i>>8, i&255, i, strings.Repeat("x", 400))
	}
	b.WriteString(`</reservationSet>`)
	if next != "" {
		b.WriteString(`<nextToken>` + next + `</nextToken>`)
	}
	b.WriteString(`</DescribeInstancesResponse>`)
	return []byte(b.String())
}
