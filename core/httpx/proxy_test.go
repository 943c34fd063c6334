package httpx_test

import (
	"net/http"
	"testing"

	"github.com/jms-sync/jms-sync/core/httpx"
)

// setEnvironment sets what the process says of proxies; the lower-case names would go first elsewhere.
func setEnvironment(t *testing.T, httpProxy, noProxy string) {
	t.Helper()
	for name, value := range map[string]string{
		"HTTP_PROXY": httpProxy, "HTTPS_PROXY": httpProxy, "NO_PROXY": noProxy,
		"http_proxy": "", "https_proxy": "", "no_proxy": "", "REQUEST_METHOD": "",
	} {
		t.Setenv(name, value)
	}
}

// TestNoProxy: what NO_PROXY names goes straight, whoever named the proxy.
func TestNoProxy(t *testing.T) {
	const noProxy = "jms.example.com, .corp.example,10.0.0.0/8,192.0.2.7,only.example:8443"
	setEnvironment(t, "http://environment:3128", noProxy)
	for target, direct := range map[string]bool{
		"https://jms.example.com/api/":      true,
		"https://sub.jms.example.com/":      true,
		"https://JMS.example.com:8443/api/": true,
		"https://a.corp.example/":           true,
		"https://corp.example/":             false, // a leading dot means what is below
		"https://notcorp.example/":          false,
		"http://10.1.2.3/":                  true,
		"http://11.1.2.3/":                  false,
		"http://192.0.2.7:8080/":            true,
		"http://192.0.2.8/":                 false,
		"https://only.example:8443/":        true,
		"https://only.example/":             false,
		"https://oapi.dingtalk.com/":        false,
	} {
		for address, want := range map[string]string{"": "environment:3128", "http://u:p@ours:8080": "ours:8080"} {
			if got := proxyFor(t, address, target); got != want && !direct || direct && got != "" {
				t.Errorf("%s by %q goes to %q", target, address, got)
			}
		}
	}
}

// TestOwnMachine: a proxy that was configured for us is used for this machine too, as it always was;
// NO_PROXY takes it out, in every form.
func TestOwnMachine(t *testing.T) {
	for noProxy, direct := range map[string]bool{
		"": false, "other.example": false, "127.0.0.1": true, "127.0.0.0/8": true, "*": true, "127.0.0.1:8080": true, "127.0.0.1:81": false,
	} {
		setEnvironment(t, "", noProxy)
		if got := proxyFor(t, "http://ours:8080", "http://127.0.0.1:8080/"); direct != (got == "") {
			t.Errorf("NO_PROXY=%q: %q", noProxy, got)
		}
	}
	for noProxy, direct := range map[string]bool{"": false, "localhost": true, "LOCALHOST": true, "localhost:443": true, "localhost:80": false} {
		setEnvironment(t, "", noProxy)
		if got := proxyFor(t, "http://ours:8080", "https://localhost/"); direct != (got == "") {
			t.Errorf("NO_PROXY=%q: %q", noProxy, got)
		}
	}
	setEnvironment(t, "http://environment:3128", "")
	if got := proxyFor(t, "", "http://127.0.0.1:8080/"); got != "" {
		t.Errorf("the environment's proxy is used for this machine: %q", got)
	}
}

func TestNoProxyAtAll(t *testing.T) {
	setEnvironment(t, "", "")
	if got := proxyFor(t, "", "https://jms.example.com/"); got != "" {
		t.Error(got)
	}
}

func TestForm(t *testing.T) {
	setEnvironment(t, "", "")
	for _, address := range []string{"://", "proxy", "http://", "http://u:hush@%zz"} {
		choice, err := httpx.NewProxyFunc(address)
		if err == nil || choice != nil || err.Error() != "the proxy must look like http://host:port" {
			t.Errorf("%q: %v", address, err)
		}
	}
}

func proxyFor(t *testing.T, address, target string) string {
	t.Helper()
	choice, err := httpx.NewProxyFunc(address)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	to, err := choice(req)
	if err != nil {
		t.Fatal(err)
	}
	if to == nil {
		return ""
	}
	return to.Host
}
