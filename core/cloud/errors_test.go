package cloud_test

import (
	"strings"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
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
