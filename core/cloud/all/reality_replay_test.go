package all_test

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/all"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// replayedFile is what became of a file.
type replayedFile struct {
	path, sum                  string
	clouds                     map[string]bool
	answers, instances, fields int
	wrong                      map[string][]string // examples by field
	unknown, notes             []string
}

func replayFile(t *testing.T, path string, body []byte) *replayedFile {
	t.Helper()
	sum := sha256.Sum256(body)
	found := readRecording(path, body)
	f := &replayedFile{path: path, sum: hex.EncodeToString(sum[:]), clouds: map[string]bool{}, unknown: sortedTexts(found.unknown)}
	for _, answer := range found.answers {
		f.replay(t, answer)
	}
	f.notes = sortedTexts(f.notes)
	return f
}

// place is where a part of an answer is listed: a recording may hold several regions, projects or subscriptions.
type place struct{ region, project string }

// The places of rows that name none.
func unnamedRegion(c inventory.Cloud) string {
	return map[inventory.Cloud]string{inventory.Alibaba: "cn-hangzhou", inventory.AWS: "us-east-1", cloudTencent: "ap-guangzhou", inventory.Huawei: "cn-north-4", cloudAzure: "eastus"}[c]
}

// replay lists an answer, place by place, and compares.
func (f *replayedFile) replay(t *testing.T, answer recordedAnswer) {
	t.Helper()
	f.clouds[string(answer.cloud)] = true
	f.answers++
	parts := map[place][]expectation{}
	rows := answer.expectations()
	for i, one := range rows {
		switch {
		case i > 0 && one.id == rows[i-1].id:
			continue
		case i+1 < len(rows) && one.id == rows[i+1].id:
			f.notes = append(f.notes, "the same row twice")
			one.twice = !reflect.DeepEqual(one, rows[i+1])
		}
		if one.id == "" || one.status == "" {
			f.notes = append(f.notes, "a row without id or status was cut by people, and is left out")
			continue
		}
		if one.region == "" {
			one.region = unnamedRegion(answer.cloud)
			if answer.cloud != inventory.Huawei {
				f.notes = append(f.notes, "a row names no region")
			}
		}
		at := place{one.region, one.project}
		parts[at] = append(parts[at], one)
		f.instances++
	}
	if len(parts) == 0 {
		parts[place{region: unnamedRegion(answer.cloud)}] = nil
	}
	for at, said := range parts {
		listed, err := listReplayed(t, answer, at, said)
		if err != nil {
			f.note("list", err.Error())
			continue
		}
		var got []expectation
		for _, i := range listed {
			got = append(got, expectationOf(i))
		}
		f.compare(said, got)
	}
}

// listReplayed lists a place against a server on loopback that answers what was recorded.
func listReplayed(t *testing.T, answer recordedAnswer, at place, said []expectation) ([]inventory.Instance, error) {
	t.Helper()
	server := httptest.NewServer(answer.handler(at, said))
	defer server.Close()
	providers := all.Providers()
	provider := providers[slices.IndexFunc(providers, func(p cloud.Provider) bool { return p.Cloud == answer.cloud })]
	account := cloud.Account{
		Cloud: answer.cloud, Name: "recorded", Endpoint: server.URL, Regions: []string{at.region}, AccessKeyID: secret.New("recorded-key"), AccessKeySecret: secret.New("recorded-secret"),
		Want: inventory.WantAll(),
	}
	switch answer.cloud {
	case inventory.Huawei:
		account.ProjectID = cmp.Or(at.project, "00000000000000000000000000000000")
	case cloudAzure:
		account.AccountID, account.TenantID = at.project, "99999999-8888-4777-8666-555555555555"
		if uuid.Validate(at.project) != nil { // hidden by those who recorded it
			account.AccountID = uuid.NewSHA1(uuid.NameSpaceURL, []byte(at.project)).String()
		}
	}
	lister, err := provider.Open(account)
	if err != nil {
		return nil, err
	}
	return lister.List(t.Context(), at.region)
}

// handler answers the calls that listing takes. It does not check signatures; the emulators do.
func (a recordedAnswer) handler(at place, said []expectation) http.Handler {
	wanted := map[string]bool{}
	for _, one := range said {
		wanted[one.id] = true
	}
	rows := slices.DeleteFunc(append([]object{}, a.rows...), func(row object) bool {
		return !wanted[cmp.Or(text(row, "InstanceId"), text(row, "id"))]
	})
	switch a.cloud {
	case inventory.Alibaba:
		return rpcHandler(object{"RequestId": "R", "TotalCount": len(rows), "Instances": object{"Instance": rows}},
			http.StatusBadRequest, object{"RequestId": "R", "Code": "DryRunOperation", "Message": "m"}, isDryRun)
	case cloudTencent:
		list, statuses := object{"RequestId": "R", "TotalCount": len(rows), "InstanceSet": rows}, object{"RequestId": "R", "TotalCount": 0, "InstanceStatusSet": []any{}}
		return rpcHandler(object{"Response": list}, http.StatusOK, object{"Response": statuses}, func(r *http.Request) bool {
			return r.Header.Get("X-Tc-Action") == "DescribeInstancesStatus"
		})
	case inventory.Huawei:
		return rpcHandler(object{"count": len(rows), "servers": rows}, http.StatusNotFound, object{"error": object{"code": "Ecs.0114", "message": "m"}}, func(r *http.Request) bool {
			return !strings.HasSuffix(r.URL.Path, "/cloudservers/detail")
		})
	case inventory.AWS:
		return a.ec2Handler(wanted)
	}
	return a.azure.handler(at)
}

func isDryRun(r *http.Request) bool { return r.FormValue("DryRun") == "true" }

// rpcHandler answers with one document, and with another where isOther says so.
func rpcHandler(document object, otherStatus int, other object, isOther func(*http.Request) bool) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if isOther(r) {
			sendJSON(w, otherStatus, other)
			return
		}
		sendJSON(w, http.StatusOK, document)
	})
}

func sendJSON(w http.ResponseWriter, status int, document any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(document)
}

// ec2Handler answers with the XML that EC2 would have sent for those instances that are wanted.
func (a recordedAnswer) ec2Handler(wanted map[string]bool) http.Handler {
	key, id := "Instances", "InstanceId"
	if a.wire {
		key, id = wireName(key), wireName(id)
	}
	reservations := []any{}
	for _, reservation := range a.rows {
		kept := maps.Clone(reservation)
		var instances []any
		for _, row := range list(reservation, key) {
			if wanted[text(row, id)] {
				instances = append(instances, row)
			}
		}
		kept[key] = instances
		reservations = append(reservations, kept)
	}
	var body bytes.Buffer
	body.WriteString(`<DescribeInstancesResponse xmlns="http://ec2.amazonaws.com/doc/2016-11-15/">`)
	writeXML(&body, "requestId", "R")
	writeXML(&body, "reservationSet", reservations)
	body.WriteString("</DescribeInstancesResponse>")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml;charset=UTF-8")
		if isDryRun(r) {
			w.WriteHeader(http.StatusPreconditionFailed)
			_, _ = w.Write([]byte("<Response><Errors><Error><Code>DryRunOperation</Code><Message>m</Message></Error></Errors><RequestID>R</RequestID></Response>"))
			return
		}
		_, _ = w.Write(body.Bytes())
	})
}

// wireNames are the names of EC2's XML that are not those of the SDKs with a small letter:
// https://github.com/aws/aws-sdk-go-v2/blob/main/service/ec2/deserializers.go
func wireNames() map[string]string {
	return map[string]string{
		"Reservations": "reservationSet", "Instances": "instancesSet", "Tags": "tagSet", "NetworkInterfaces": "networkInterfaceSet", "PublicIpAddress": "ipAddress",
		"PrivateIpAddresses": "privateIpAddressesSet", "Ipv6Addresses": "ipv6AddressesSet", "Groups": "groupSet", "SecurityGroups": "groupSet", "PublicDnsName": "dnsName",
	}
}

func sdkNames(name string) string { return name }

func wireName(name string) string {
	return cmp.Or(wireNames()[name], strings.ToLower(name[:1])+name[1:])
}

// writeXML writes a value of an SDK's answer, or of one that was XML, as EC2 does.
func writeXML(b *bytes.Buffer, name string, value any) {
	fmt.Fprintf(b, "<%s>", name)
	switch v := value.(type) {
	case object:
		if v["__class__"] == "datetime" {
			b.WriteString(placeboTime(v))
			break
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			writeXML(b, elementName(key, v[key]), v[key])
		}
	case []any:
		for _, one := range v {
			writeXML(b, "item", one)
		}
	case nil:
	default:
		_ = xml.EscapeText(b, []byte(fmt.Sprint(v)))
	}
	fmt.Fprintf(b, "</%s>", name)
}

// elementName is wireName for a field whose value has a part in it: an instance's State is a pair, that of
// other things a word.
func elementName(key string, value any) string {
	if _, pair := value.(object); pair && key == "State" {
		return "instanceState"
	}
	return wireName(key)
}

// placeboTime is a time as placebo, a recorder for boto, writes it.
func placeboTime(v object) string {
	part := func(key string) int {
		n := 0
		_, _ = fmt.Sscan(text(v, key), &n)
		return n
	}
	return time.Date(part("year"), time.Month(part("month")), part("day"), part("hour"), part("minute"), part("second"), 0, time.UTC).Format(time.RFC3339)
}
