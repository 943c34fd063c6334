package jumpserver

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// The expected signature was computed with openssl dgst -hmac over the three lines.
func TestSign(t *testing.T) {
	t.Parallel()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "https://jms.example.com/api/v1/assets/hosts/?limit=1&fields=id%2Cname", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/json")
	newSigner(secret.New(testKey), secret.New(testSecret))(req, time.Date(2026, 11, 23, 21, 37, 15, 0, time.FixedZone("CST", 8*3600)))
	if got := req.Header.Get("Date"); got != "Mon, 23 Nov 2026 13:37:15 GMT" {
		t.Errorf("Date %q", got)
	}
	want := `Signature keyId="` + testKey + `",algorithm="hmac-sha256",headers="(request-target) accept date",signature="hP+quHmP6OEbJAcA895Ks+PH8w6b0VsWltNKUhBA0MY="`
	if got := req.Header.Get("Authorization"); got != want {
		t.Errorf("Authorization\n%s, want\n%s", got, want)
	}
	c := newStub(t).client()
	if text := fmt.Sprintf("%v %+v %#v ", c, c, c); strings.Contains(text, testKey) || strings.Contains(text, testSecret) {
		t.Errorf("a client prints %s", text)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*Options)
		kind   inventory.Kind
	}{
		"key id that is no UUID":    {func(o *Options) { o.KeyID = secret.New("nope") }, inventory.BadCredentials},
		"key id in another form":    {func(o *Options) { o.KeyID = secret.New(strings.ReplaceAll(testKey, "-", "")) }, inventory.BadCredentials},
		"no secret":                 {func(o *Options) { o.Secret = secret.Value{} }, inventory.BadCredentials},
		"root organisation":         {func(o *Options) { o.OrgID = rootOrganisationID }, inventory.Organisation},
		"organisation by name":      {func(o *Options) { o.OrgID = "DEFAULT" }, inventory.Organisation},
		"no URL":                    {func(o *Options) { o.URL = "" }, inventory.Invalid},
		"URL without a scheme":      {func(o *Options) { o.URL = "jms.example.com" }, inventory.Invalid},
		"URL with a password":       {func(o *Options) { o.URL = "https://me:" + testSecret + "@jms.example.com" }, inventory.Invalid},
		"URL with a query":          {func(o *Options) { o.URL = "https://jms.example.com/?x=1" }, inventory.Invalid},
		"proxy that is no URL":      {func(o *Options) { o.Transport, o.Proxy = nil, "::" }, inventory.Invalid},
		"proxy of only a host name": {func(o *Options) { o.Transport, o.Proxy = nil, "proxy" }, inventory.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := Options{URL: "https://jms.example.com", KeyID: secret.New(testKey), Secret: secret.New(testSecret), Transport: newStub(t)}
			test.change(&o)
			_, err := New(o)
			wantKind(t, err, test.kind)
		})
	}
}
