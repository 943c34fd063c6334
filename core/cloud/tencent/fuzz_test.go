package tencent

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// FuzzAnswer: whatever is answered, nothing panics, no instance is without an id or of another
// region, an error has a kind and no rows, and no list is believed without a RequestId.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"Response":{"RequestId":"R","TotalCount":1,"InstanceSet":[{"InstanceId":"ins-1","Placement":{"Zone":"r-1"}}]}}`,
		`{"Response":{"RequestId":"R","TotalCount":1,"InstanceSet":[{"InstanceId":"ins-1","Placement":{"Zone":"q-1"}}]}}`,
		`{"Response":{"RequestId":"R","TotalCount":1,"InstanceSet":[{"InstanceId":""}]}}`, `{"Response":{"RequestId":"R","TotalCount":1,"InstanceSet":[null]}}`,
		`{"Response":{"RequestId":"R","TotalCount":0,"InstanceSet":[],"InstanceStatusSet":[]}}`, `{"Response":{"RequestId":"R","TotalCount":0,"InstanceSet":null}}`,
		`{"Response":{"RequestId":"R","TotalCount":-1,"InstanceSet":[]}}`, `{"Response":{"RequestId":"R","TotalCount":9223372036854775807,"InstanceSet":[]}}`,
		`{"Response":{}}`, `{"Response":null}`, `{"Response":[]}`, `{}`, `null`, ``, `[]`, `"x"`,
		`{"Response":{"RequestId":5,"TotalCount":"1","InstanceSet":[{"InstanceId":7,"Memory":"","OsName":true}]}}`,
		`{"Response":{"Error":{"Code":"UnauthorizedOperation","Message":"m"},"RequestId":"R"}}`, `{"Response":{"Error":{"Code":1,"Message":[]},"RequestId":{}}}`, `<html>`,
		`{"Response":{"Error":{"Code":"InvalidInstanceId.NotFound"},"RequestId":"R"}}`, `{"code":4000,"codeDesc":"x","message":"y"}`,
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
		list, err := l.List(t.Context(), "r")
		checkListOf(t, list, err, status, body)
		list, err = cloudtest.FindInstances(t.Context(), l, "r", "ins-1", "ins-2")
		if !strings.Contains(body, "Instance") { // unknown ids are an answer, if it says so
			checkListOf(t, list, err, status, body)
		}
		if regions, err := l.Regions(t.Context()); err == nil && (len(regions) == 0 || status != 200) {
			t.Fatalf("%d %q names regions", status, body)
		}
		if owner, err := l.Owner(t.Context()); err == nil && (owner == "" || status != 200) {
			t.Fatalf("%d %q names an owner", status, body)
		}
	})
}

// checkListOf checks what came out of an answer.
func checkListOf(t *testing.T, list []inventory.Instance, err error, status int, body string) {
	t.Helper()
	if err != nil {
		if kind := inventory.KindOf(err); len(list) > 0 || kind == "" || kind == inventory.Unknown || strings.Contains(err.Error(), "secret-of-test") {
			t.Fatalf("%d rows, kind %q: %v", len(list), kind, err)
		}
		return
	}
	if status != 200 || !strings.Contains(strings.ToLower(body), "requestid") && !strings.Contains(body, `\u`) {
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
	f.Add(400, `{"Response":{"Error":{"Code":"RequestLimitExceeded","Message":"m"},"RequestId":"R"}}`)
	f.Add(500, `{"Response":{"Error":5}}`)
	f.Add(403, `[]`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		r, ok := cloud.AsAPIError(newAPIError(status, []byte(body)))
		if !ok || errorKind(r) == "" || status != 0 && r.Error() == "" {
			t.Fatalf("%+v", r)
		}
	})
}
