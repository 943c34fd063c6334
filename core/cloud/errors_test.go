package cloud_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// TestScrubber: texts that show a secret when they are passed on as they are.
func TestScrubber(t *testing.T) {
	t.Parallel()
	s := cloud.NewScrubber(cloud.Account{AccessKeyID: secret.New("LTAI5tKEY"), AccessKeySecret: secret.New("se+cret/="), SecurityToken: secret.New("to/ken")})
	for text, want := range map[string]string{
		"plain":      "plain",
		"two\nlines": "two lines",
		`Post "http://h/?AccessKeyId=other&Signature=abc&x=1"`:                 `Post "http://h/?AccessKeyId=******&Signature=******&x=1"`,
		"a%26SecurityToken%3Dother%26":                                         "a%26SecurityToken=******",
		"GET / HTTP/1.1\r\nProxy-Authorization: Basic dXNlcjpwdw==\r\nHost: h": "GET / HTTP/1.1 Proxy-Authorization: ****** Host: h",
		"cookie=a; b Authorization: TC3 x y z":                                 "cookie= ******",
		"the key LTAI5tKEY is off":                                             "the key ****** is off",
		"secret se+cret/= and token to%252Fken":                                "secret ****** and token ******",
		"not matched. server string to sign is:POST&%2F&AccessKeyId%3DLTAI":    "not matched. server …",
		strings.Repeat("长", 200):                                               strings.Repeat("长", 60) + " … " + strings.Repeat("长", 40),
		"UnauthorizedOperation: " + strings.Repeat("you are not authorized ", 20) + "(cvm:DescribeInstances)": "UnauthorizedOperation: " +
			strings.Repeat("you are not authorized ", 20)[:157] + " … " + (strings.Repeat("you are not authorized ", 20) + "(cvm:DescribeInstances)")[483-120:],
	} {
		if got := s.Scrub(text); got != want {
			t.Errorf("%q becomes %q, want %q", text, got, want)
		}
	}
}

// TestNotReached: only a connection that was not made counts, and not that to a proxy.
func TestNotReached(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = silent.Close() }()
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = closed.Close() // its address is what is wanted
	dead := "http://" + closed.Addr().String()
	for name, c := range map[string]struct {
		endpoint, proxy string
		want            bool
	}{
		"refused":           {dead, "", true},
		"no such host":      {"http://sts.invalid", "", true},
		"no answer":         {"http://" + silent.Addr().String(), "", false},
		"no proxy":          {"http://sts.invalid", dead, false},
		"no proxy for TLS":  {"https://sts.invalid", dead, false},
		"no host for proxy": {"https://sts.invalid", "http://proxy.invalid", false},
	} {
		transport, err := cloud.AccountTransport(cloud.Account{Proxy: c.proxy})
		if err != nil {
			t.Fatal(err)
		}
		client := cloud.Client{Account: cloud.Account{Cloud: "c", Name: "a"}, Retry: cloud.RetryPolicy{Sleep: func(context.Context, time.Duration) error { return nil }}}
		_, err = cloud.Call(t.Context(), client, "ask", "", func(ctx context.Context) (int, error) {
			req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.endpoint, nil)
			if err != nil {
				return 0, err
			}
			_, err = cloud.StrictTransport{Base: transport, Timeout: 300 * time.Millisecond}.RoundTrip(req) //nolint:bodyclose // there is no answer
			return 0, err
		})
		if inventory.IsNotReached(err) != c.want || inventory.KindOf(err) != inventory.Temporary || !strings.HasPrefix(fmt.Sprint(err), "c: ask: account a: ") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
