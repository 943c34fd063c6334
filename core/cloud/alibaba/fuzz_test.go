package alibaba

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// FuzzAnswer: whatever is answered, nothing panics, no instance is without an id or of another
// region, an error has a kind and no rows, no list is believed without a RequestId, and one answer to all
// questions proves no absence.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"RequestId":"R","Instances":{"Instance":[{"InstanceId":"i-1","RegionId":"r"}]},"NextToken":""}`,
		`{"RequestId":"R","Instances":{"Instance":[{"InstanceId":""}]}}`, `{"RequestId":"R","Instances":{"Instance":[null]}}`,
		`{"RequestId":"R","Instances":{"Instance":[]},"NextToken":"t"}`, `{"RequestId":"R","Instances":[]}`, `{}`, `null`, ``, `[]`, `"x"`,
		`{"RequestId":5,"Instances":{"Instance":[{"InstanceId":7,"Memory":"","OSType":true}]}}`,
		`{"Code":"DryRunOperation","RequestId":"R","Message":"ok"}`, `{"Code":1,"Message":[],"RequestId":{}}`, `<html>`,
		`{"RequestId":"R","Instances":{"Instance":[{"InstanceId":"i-1","NetworkInterfaces":{"NetworkInterface":[{"PrivateIpSets":null}]}}]}}`,
	} {
		f.Add(200, body)
		f.Add(400, body)
	}
	f.Add(302, "")
	f.Add(503, "<html>")
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return // net/http gives no others
		}
		l := openOffline(t, cloud.Account{Want: inventory.WantAll()}, func(*http.Request) (int, []byte) { return status, []byte(body) })
		l.Retry.Sleep = cloudtest.InstantRetries().Sleep
		checkListOf(t, l, status, body)
		if found, err := l.FindVerified(t.Context(), "r", []string{"i-none"}); err == nil && len(found.Instances)+len(found.Weak) == 0 {
			t.Fatalf("%d %q to all questions proves an absence", status, body)
		}
		if _, err := l.Regions(t.Context()); err == nil && !strings.Contains(body, "Region") {
			t.Fatalf("%q names regions", body)
		}
	})
}

// checkListOf lists a region that answers with body, and checks what came out.
func checkListOf(t *testing.T, l *lister, status int, body string) {
	list, err := l.List(t.Context(), "r")
	if err != nil {
		if kind := inventory.KindOf(err); len(list) > 0 || kind == "" || strings.Contains(err.Error(), "secret-of-test") {
			t.Fatalf("%d rows, kind %q: %v", len(list), kind, err)
		}
		return
	}
	if !strings.Contains(body, "RequestId") || status >= 300 {
		t.Fatalf("%d %q is believed", status, body)
	}
	for _, row := range list {
		if row.ID == "" || row.Region != "r" {
			t.Fatalf("%+v", row)
		}
	}
}

// FuzzRefusal: no error document makes the reader panic or lack a kind.
func FuzzRefusal(f *testing.F) {
	f.Add(400, `{"Code":"Throttling","Message":"m","RequestId":"R"}`)
	f.Add(500, `{"Code":5}`)
	f.Add(403, `[]`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		r, ok := cloud.AsAPIError(newAPIError(status, []byte(body)))
		if !ok || errorKind(r) == "" || status != 0 && r.Error() == "" {
			t.Fatalf("%+v", r)
		}
	})
}
