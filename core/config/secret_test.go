package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/jms-sync/jms-sync/core/config"
)

func TestNoSecretIsPrinted(t *testing.T) {
	t.Parallel()
	c, err := config.Load(t.Context(), sourceOf(t, "testdata/everything.good.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Clouds[0].AccessKeySecret.Reveal() != "ali-SECRET-3:4" || c.Clouds[0].AccessKeyID.Reveal() != "1e3" {
		t.Fatal("the secrets did not arrive")
	}
	var b bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		fmt.Fprintf(&b, verb+"\n", c)
		fmt.Fprintf(&b, verb+"\n", &c)
		fmt.Fprintf(&b, verb+"\n", c.Clouds)
	}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&b, nil), slog.NewJSONHandler(&b, nil)} {
		slog.New(handler).Info("configuration", "config", c, "pointer", &c, "clouds", c.Clouds)
	}
	for _, encode := range []func(any) ([]byte, error){json.Marshal, yaml.Marshal} {
		text, err := encode(c)
		if err != nil {
			t.Fatal(err)
		}
		b.Write(text)
	}
	hex := fmt.Sprintf("%x", "SECRET-")
	for _, secret := range []string{"SECRET-", hex, strings.ToUpper(hex), "1e3", "11111111-2222", "access_token"} {
		if strings.Contains(b.String(), secret) {
			t.Errorf("%s is printed", secret)
		}
	}
	if !strings.Contains(b.String(), "aliyun") && !strings.Contains(b.String(), "Aliyun") {
		t.Error("nothing was printed at all")
	}
}

// TestVariableCannotBreakYAML: a value with everything special in YAML arrives unchanged, and is not expanded
// again.
func TestVariableCannotBreakYAML(t *testing.T) {
	t.Parallel()
	const odd = `'q"uo:te#${JMS}\n]}`
	c := mustLoad(t, strings.Replace(sampleFile, "SECRET-b", `"${ODD}"`, 1), map[string]string{"ODD": odd, "JMS": "no"})
	if got := c.Clouds[0].AccessKeySecret.Reveal(); got != odd {
		t.Errorf("got %s", got)
	}
}

func FuzzLoad(f *testing.F) {
	for _, seed := range []string{
		sampleFile, "a: &a [*a]", "jumpserver: &j {<<: *j, url: x}", "clouds: [&a {<<: [*a, *a]}]", "? [a]\n: b",
		"sync: {removal: {grace: 9999999999999999999d}}", "stale_after: NaN", "timeout: {connect: -1e300d}",
		"jumpserver: {access_key_secret: *x}", "\xff\xfe", "log: !!binary x", "rules: &r [{when: &w {any: [*w, {tag.a: [~]}]}, set: {node: {x}, labels: *r}}]", "notification: {dingtalk: {at_mobiles: [~, [x]]}}",
	} {
		f.Add(seed, "JMS_SYNC_CLOUDS_1_NAME", "x")
		f.Add(seed, "JMS_SYNC_SYNC_WHITELIST", "1.2.3.4/5,")
	}
	f.Fuzz(func(t *testing.T, text, variable, value string) {
		const secret = "qZ7wJ4vK9pT2"
		text += "\n" + strings.ReplaceAll(sampleFile, "SECRET", secret)
		env := map[string]string{variable: value, "JMS_SYNC_JUMPSERVER_ACCESS_KEY_SECRET": secret}
		c, err := loadText(t, text, env)
		if shown := fmt.Sprintf("%+v %v", c, err); strings.Contains(shown, secret) {
			t.Errorf("a secret is told: %s", shown)
		}
		if _, again := loadText(t, text, env); fmt.Sprint(again) != fmt.Sprint(err) {
			t.Errorf("not the same twice: %v, %v", err, again)
		}
	})
}
