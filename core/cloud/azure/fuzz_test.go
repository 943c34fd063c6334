package azure

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// FuzzAnswer: whatever is answered, nothing panics, no instance is without an id or of another
// region, an error has a kind and no rows, no list is believed that the answer does not have, and one answer
// to all questions proves no absence.
func FuzzAnswer(f *testing.F) {
	for _, body := range []string{
		`{"value":[{"id":"/x","name":"n","location":"r","properties":{"vmId":"V"}}]}`, `{"value":[{"name":"r"}]}`, `{"value":[null]}`, `{"value":null}`,
		`{"value":[]}`, `{}`, `null`, ``, `[]`, `"x"`, `<html>`, `{"value":{}}`, `{"value":[{"properties":7}]}`, `{"value":[[]]}`,
		`{"value":[],"nextLink":"https://management.azure.com/x"}`, `{"value":[],"nextLink":"https://evil.example/x"}`, `{"value":[],"nextLink":5}`, `{"value":[],"nextLink":"%zz"}`,
		`{"value":[{"id":"/x/resourceGroups/g/n","name":"r","location":"r","actions":["*"],"properties":{"vmId":"V","orchestrationMode":"Uniform",` +
			`"networkProfile":{"networkInterfaces":[null,{"id":"/x"}]},"storageProfile":{"osDisk":null,"imageReference":{"id":"//images/"}},"ipConfigurations":[null,{"properties":{"subnet":{"id":"/"},"publicIPAddress":{}}}]}}]}`,
		`{"error":{"code":"AuthorizationFailed","message":"m"}}`, `{"error":"invalid_client","error_description":"AADSTS7000215: m Trace ID: x"}`,
		`{"totalRecords":1,"count":1,"resultTruncated":"false","data":[{"id":"/x","location":"r","properties":{"vmId":"` + testSubscription + `"},"interface":{"ipConfigurations":[]},"nic":"/N"}]}`,
		`{"totalRecords":1,"count":1,"resultTruncated":"true","data":[null]}`, `{"totalRecords":0,"count":0,"resultTruncated":"false","data":[]}`, `{"data":{}}`,
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
		var asked atomic.Int64
		l := openOffline(t, cloud.Account{Want: inventory.WantAll()}, func(r *http.Request) (int, []byte) {
			asked.Add(1)
			return status, []byte(body)
		})
		list, err := l.List(t.Context(), "r")
		checkListOf(t, list, err, status, body, "value")
		list, err = l.Find(t.Context(), "r", []string{testSubscription})
		checkListOf(t, list, err, status, body, "data")
		found, err := l.FindVerified(t.Context(), "r", []string{testSubscription})
		if err == nil && len(found.Instances) == 0 && found.Weak[testSubscription] == nil {
			t.Fatalf("%d %q to all questions proves an absence", status, body)
		}
		if _, err := l.Regions(t.Context()); err == nil && !strings.Contains(strings.ToLower(body), "name") {
			t.Fatalf("%q names regions", body)
		}
		if asked.Load() > 1000 {
			t.Fatalf("%d requests", asked.Load())
		}
	})
}

func checkListOf(t *testing.T, list []inventory.Instance, err error, status int, body, word string) {
	t.Helper()
	if err != nil {
		if kind := inventory.KindOf(err); len(list) > 0 || kind == "" || strings.Contains(err.Error(), "secret-of-test") || strings.Contains(err.Error(), "token-of-test") {
			t.Fatalf("%d rows, kind %q: %v", len(list), kind, err)
		}
		return
	}
	if !json.Valid([]byte(body)) || !strings.Contains(strings.ToLower(body), word) || status != 200 {
		t.Fatalf("%d %q is believed", status, body)
	}
	for _, row := range list {
		if row.ID == "" || row.Region != "r" || row.ID != strings.ToLower(row.ID) {
			t.Fatalf("%+v", row)
		}
	}
}

// FuzzRefusal: no error document makes the reader panic or lack a kind.
func FuzzRefusal(f *testing.F) {
	f.Add(429, `{"error":{"code":"x","message":"m"}}`, "5", false)
	f.Add(401, `{"error":"invalid_client","error_description":"AADSTS7000215: x"}`, "", true)
	f.Add(500, `{"error":5}`, "Fri, 02 Jan 2026 03:05:05 GMT", true)
	f.Add(403, `[]`, "x", false)
	f.Fuzz(func(t *testing.T, status int, body, after string, token bool) {
		from := managerResponder
		if token {
			from = directoryResponder
		}
		r := newAPIError(&http.Response{StatusCode: status, Header: http.Header{"Retry-After": {after}}}, []byte(body), from)
		if errorKind(r) == "" || status != 0 && r.Error() == "" || r.retryAfter < 0 {
			t.Fatalf("%+v", r)
		}
	})
}

// FuzzMatches: a pattern fits what it was made of, and nothing makes it panic.
func FuzzMatches(f *testing.F) {
	f.Add("Microsoft.Compute/*/read", "Microsoft.Compute/virtualMachines/read")
	f.Add("***", "")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		got := matchesPattern(pattern, text)
		if !strings.Contains(pattern, "*") && got != (pattern == text) || !matchesPattern("*", text) || !matchesPattern(text+"*", text) || !matchesPattern("*"+text, text) {
			t.Fatalf("%q, %q", pattern, text)
		}
	})
}
