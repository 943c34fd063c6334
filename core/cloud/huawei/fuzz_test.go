package huawei

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// FuzzAnswer: whatever is answered, nothing panics, no server is without an id or of another
// region, an error has a kind and no rows, no list is believed without a total, and no absence
// without Ecs.0114.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"count":1,"servers":[{"id":"s1","status":"ACTIVE","addresses":{"v":[{"addr":"10.0.0.1"}]}}]}`,
		`{"count":1,"servers":[{"id":"","status":"ACTIVE"}]}`, `{"count":1,"servers":[null]}`, `{"count":0,"servers":[]}`, `{"count":2,"servers":[{"id":"s1"}]}`,
		`{"count":0,"servers":null}`, `{"count":-1,"servers":[]}`, `{"count":0}`, `{"servers":[]}`, `{}`, `null`, ``, `[]`, `"x"`, `{"count":1.5,"servers":[]}`,
		`{"count":1,"servers":[{"id":7,"status":true,"addresses":[],"metadata":""}]}`, `{"server":{"id":"s1","status":"ACTIVE"}}`, `{"server":null}`,
		`{"error":{"code":"Ecs.0114","message":"m"}}`, `{"error_code":"Ecs.0114"}`, `{"error":{"code":1,"message":[]}}`, `<html>`, `{"count":0,"servers":[]}{}`,
		`{"projects":[{"id":"p1","name":"cn-north-4","domain_id":"d1","enabled":true}]}`, `{"projects":[]}`, `{"projects":[{"name":7}],"links":[]}`,
	} {
		f.Add(200, body)
		f.Add(404, body)
	}
	f.Add(302, "")
	f.Add(503, "<html>")
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 599 {
			return // net/http gives no others
		}
		answer := func(*http.Request) (int, []byte) { return status, []byte(body) }
		account := inProject()
		account.Want = inventory.WantAll()
		checkListOf(t, openOffline(t, account, answer), status, body)
		l := openOffline(t, cloud.Account{}, answer)
		if owner, err := l.Owner(t.Context()); (err == nil) != (owner != "") || err == nil && !strings.Contains(strings.ToLower(body), "domain_id") {
			t.Fatalf("%q names the owner %q, %v", body, owner, err)
		}
		if regions, err := l.Regions(t.Context()); (err == nil) != (len(regions) > 0) {
			t.Fatalf("%q names regions %q, %v", body, regions, err)
		}
	})
}

// checkListOf asks a region that answers with body, and checks what came out.
func checkListOf(t *testing.T, l *lister, status int, body string) {
	list, err := l.List(t.Context(), "cn-north-4")
	checkList(t, list, err)
	if err == nil && (status >= 300 || len(list) == 0 || !strings.Contains(strings.ToLower(body), "count")) {
		t.Fatalf("%d %q is believed", status, body) // an empty one never is: nothing here says Ecs.0114 with a 404 after a list
	}
	list, err = cloudtest.FindInstances(t.Context(), l, "cn-north-4", "s1")
	checkList(t, list, err)
	if err == nil && len(list) == 0 {
		t.Fatalf("%d %q proves an absence", status, body)
	}
}

func checkList(t *testing.T, list []inventory.Instance, err error) {
	if err != nil {
		if kind := inventory.KindOf(err); len(list) > 0 || kind == "" || strings.Contains(err.Error(), "secret-of-test") {
			t.Fatalf("%d rows, kind %q: %v", len(list), kind, err)
		}
		return
	}
	for _, row := range list {
		if row.ID == "" || row.Region != "cn-north-4" || row.Status == "" {
			t.Fatalf("%+v", row)
		}
	}
}

// FuzzRefusal: no error document makes the reader panic or lack a kind.
func FuzzRefusal(f *testing.F) {
	f.Add(429, `{"error_code":"APIGW.0308","error_msg":"m","request_id":"R"}`)
	f.Add(500, `{"error":{"code":5,"message":{"error":{"error":{}}}}}`)
	f.Add(403, `[]`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		r, ok := cloud.AsAPIError(newAPIError(status, []byte(body)))
		if !ok || errorKind(r) == "" || status != 0 && r.Error() == "" {
			t.Fatalf("%+v", r)
		}
	})
}
