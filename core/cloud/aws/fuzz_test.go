package aws

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// FuzzAnswer: whatever is answered, nothing panics, no instance is without an id or a state, an
// error has a kind and no rows, no list is believed without a request id and a list, and one answer to all
// questions proves no absence.
func FuzzAnswer(f *testing.F) {
	const open, end = `<DescribeInstancesResponse><requestId>R</requestId>`, `</DescribeInstancesResponse>`
	item := func(inner string) string {
		return open + `<reservationSet><item><instancesSet><item>` + inner + `</item></instancesSet></item></reservationSet>` + end
	}
	for _, body := range []string{
		item(`<instanceId>i-1</instanceId><instanceState><name>running</name></instanceState>`),
		item(`<instanceId>i-1</instanceId><instanceState><name>terminated</name></instanceState>`),
		item(``), item(`<instanceId/>`), open + `<reservationSet/>` + end, open + `<reservationSet/><nextToken>t</nextToken>` + end,
		`<DescribeInstancesResponse><reservationSet/><requestId>R</requestId></DescribeInstancesResponse>`, open + end, open,
		`<DescribeRegionsResponse><requestId>R</requestId><regionInfo><item><regionName>r</regionName></item></regionInfo></DescribeRegionsResponse>`,
		`<Response><Errors><Error><Code>DryRunOperation</Code><Message>m</Message></Error></Errors><RequestID>R</RequestID></Response>`,
		`<DescribeInstancesResponse><ResponseMetadata><requestId>R</requestId></ResponseMetadata></DescribeInstancesResponse>`,
		``, `{}`, `null`, `<html>`, `<a/><b/>`, `<?xml version="1.0" encoding="GBK"?><a/>`, `<!DOCTYPE x [<!ENTITY y "z">]><x>&y;</x>`,
	} {
		f.Add(200, body)
		f.Add(412, body)
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
		if found, err := l.FindVerified(t.Context(), "us-east-1", []string{"i-0123456789abcdef0"}); err == nil && len(found.Instances)+len(found.Weak) == 0 {
			t.Fatalf("%d %q to all questions proves an absence", status, body)
		}
		if _, err := l.Regions(t.Context()); err == nil && !strings.Contains(body, "egion") {
			t.Fatalf("%q names regions", body)
		}
		if _, err := l.Owner(t.Context()); err == nil && !strings.Contains(body, "GetCallerIdentityResponse") {
			t.Fatalf("%q names an account", body)
		}
	})
}

// checkListOf lists a region that answers with body, and checks what came out.
func checkListOf(t *testing.T, l *lister, status int, body string) {
	list, err := l.List(t.Context(), "us-east-1")
	if err != nil {
		if kind := inventory.KindOf(err); len(list) > 0 || kind == "" || strings.Contains(err.Error(), "secret-of-test") {
			t.Fatalf("%d rows, kind %q: %v", len(list), kind, err)
		}
		return
	}
	lower := strings.ToLower(body)
	if !strings.Contains(lower, "requestid") || !strings.Contains(lower, "reservationset") || status >= 300 {
		t.Fatalf("%d %q is believed", status, body)
	}
	for _, row := range list {
		if row.ID == "" || row.Status == "" || row.Status == stateTerminated || row.Region != "us-east-1" {
			t.Fatalf("%+v", row)
		}
	}
}

// FuzzRefusal: no error document makes the reader panic or lack a kind.
func FuzzRefusal(f *testing.F) {
	f.Add(400, `<Response><Errors><Error><Code>Throttling</Code><Message>m</Message></Error></Errors><RequestID>R</RequestID></Response>`)
	f.Add(403, `<ErrorResponse><Error><Type>Sender</Type><Code>AccessDenied</Code></Error><RequestId>R</RequestId></ErrorResponse>`)
	f.Add(500, `<Response><Errors><Error><Code><a>5</a></Code></Error><Error/></Errors></Response>`)
	f.Add(503, `[]`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		r, ok := cloud.AsAPIError(newAPIError(status, []byte(body)))
		if !ok || errorKind(r) == "" || status != 0 && r.Error() == "" {
			t.Fatalf("%+v", r)
		}
	})
}

// TestAPIError: the forms of EC2 and STS are read.
func TestAPIError(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`<?xml version="1.0"?><Response><Errors><Error><Code>A</Code><Message>m</Message></Error></Errors><RequestID>R</RequestID></Response>`:    "A (HTTP 400, request R): m",
		`<ErrorResponse xmlns="x"><Error><Type>Sender</Type><Code> B </Code><Message>n</Message></Error><RequestId>S</RequestId></ErrorResponse>`: "B (HTTP 400, request S): n",
		`<html><Errors/></html>`: "HTTP 400: Bad Request, no error document",
		``:                       "HTTP 400: Bad Request, no error document",
	} {
		if got := newAPIError(400, []byte(body)).Error(); got != want {
			t.Errorf("%s: %q, want %q", body, got, want)
		}
	}
}
