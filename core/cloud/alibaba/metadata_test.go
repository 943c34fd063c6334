package alibaba

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/httpx"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/secret"
)

// instanceWorld is a cloud, and the metadata service of the instance on which this program runs.
type instanceWorld struct {
	*alibabatest.Server
	metadata     alibabatest.Metadata
	url, machine string
	ahead        time.Duration
}

func newInstanceWorld(t *testing.T) *instanceWorld {
	t.Helper()
	w := &instanceWorld{Server: alibabatest.New(alibabatest.Options{Reporter: t})}
	web, machine := httptest.NewServer(w.Server), httptest.NewServer(&w.metadata)
	t.Cleanup(func() {
		w.Server.Close()
		web.Close()
		machine.Close()
	})
	w.url, w.machine = web.URL, machine.URL
	return w
}

func (w *instanceWorld) open(t *testing.T, account cloud.Account) *lister {
	t.Helper()
	account.Cloud, account.Name, account.Endpoint, account.Identity = inventory.Alibaba, "a", w.url, identityECSRole
	apis, err := cloud.AccountTransport(account)
	if err != nil {
		t.Fatal(err)
	}
	l, err := openLister(account, cloud.RetryPolicy{Sleep: cloudtest.InstantRetries().Sleep, Now: func() time.Time { return time.Now().Add(w.ahead) }},
		transports{apis: apis, metadata: httpx.NewTransport(nil, metadataConnectTimeout), metadataURL: w.machine})
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// TestInstanceRole: the role of the instance signs the calls, is asked for once, and again before it ends; it may assume
// another role, with an external id where the trust asks for one.
func TestInstanceRole(t *testing.T) {
	t.Parallel()
	w := newInstanceWorld(t)
	key := alibabatest.Key{AccountID: "1", AccessKeyID: "STS.instance", AccessKeySecret: "instance-secret", SecurityToken: "instance-token"}
	w.AddAccount(key).Fill("cn-beijing", 3, alibabatest.SampleInstance)
	w.metadata.SetRole("jms-sync", key, time.Now().Add(time.Hour))
	l := w.open(t, cloud.Account{})
	for range 2 {
		list, err := l.List(t.Context(), "cn-beijing")
		if owner, ownerErr := l.Owner(t.Context()); len(list) != 3 || err != nil || owner != "1" || ownerErr != nil {
			t.Fatalf("%d rows, %v, %v", len(list), err, ownerErr)
		}
	}
	if n := w.metadata.CredentialCalls(); n != 1 {
		t.Errorf("asked %d times", n)
	}
	w.ahead = 46 * time.Minute
	w.metadata.SetRole("jms-sync", key, time.Now().Add(2*time.Hour))
	if _, err := l.Owner(t.Context()); err != nil || w.metadata.CredentialCalls() != 2 {
		t.Errorf("asked %d times, %v", w.metadata.CredentialCalls(), err)
	}
	w.ahead = 0
	const arn = "acs:ram::2:role/reader"
	w.AddRole(arn, "2", "1")
	w.RequireExternalID(arn, "e-1")
	for id, want := range map[string]string{"e-1": "2", "e-2": "", "": ""} {
		owner, err := w.open(t, cloud.Account{AssumeRoleARN: arn, ExternalID: id}).Owner(t.Context())
		if owner != want || (want == "") != (inventory.KindOf(err) == inventory.Denied) {
			t.Errorf("%q: %q, %v", id, owner, err)
		}
	}
}

// TestNoInstanceRole: every way in which the role is not got has a kind, shows no key, and leads to no call.
func TestNoInstanceRole(t *testing.T) {
	t.Parallel()
	key := alibabatest.Key{AccountID: "1", AccessKeyID: "STS.instance", AccessKeySecret: "instance-secret", SecurityToken: "instance-token"}
	for name, c := range map[string]struct {
		change func(*instanceWorld)
		want   inventory.Kind
	}{
		"no role":      {func(w *instanceWorld) { w.metadata.SetRole("", key, time.Now()) }, inventory.BadCredentials},
		"odd name":     {func(w *instanceWorld) { w.metadata.SetRole("a/b", key, time.Now()) }, inventory.Incomplete},
		"no secret":    {func(w *instanceWorld) { w.metadata.Drop("AccessKeySecret") }, inventory.Incomplete},
		"no end":       {func(w *instanceWorld) { w.metadata.Drop("Expiration") }, inventory.Incomplete},
		"no success":   {func(w *instanceWorld) { w.metadata.Drop("Code") }, inventory.Incomplete},
		"refused":      {func(w *instanceWorld) { w.metadata.Break(http.StatusForbidden) }, inventory.BadCredentials},
		"out of order": {func(w *instanceWorld) { w.metadata.Break(http.StatusServiceUnavailable) }, inventory.Temporary},
		"elsewhere":    {func(w *instanceWorld) { w.machine = "http://127.0.0.1:1" }, inventory.BadCredentials},
	} {
		w := newInstanceWorld(t)
		w.metadata.SetRole("jms-sync", key, time.Now().Add(time.Hour))
		c.change(w)
		_, err := w.open(t, cloud.Account{AssumeRoleARN: "acs:ram::2:role/reader"}).Owner(t.Context())
		text := fmt.Sprint(err)
		if inventory.KindOf(err) != c.want || !strings.HasPrefix(text, "alibaba: take the ECS instance's role: account a: ") || strings.Contains(text, "instance-") {
			t.Errorf("%s: kind %q, want %q: %v", name, inventory.KindOf(err), c.want, err)
		}
		if n := w.Calls(""); n > 0 {
			t.Errorf("%s: %d calls were made", name, n)
		}
	}
	w := newInstanceWorld(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := w.open(t, cloud.Account{}).Owner(ctx); inventory.KindOf(err) != inventory.Deadline {
		t.Errorf("cancelled: %v", err)
	}
}

// TestIdentityIsNamed: the role of the instance is used where it is named, and only there; a key beside it is a mistake.
func TestIdentityIsNamed(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		account cloud.Account
		want    inventory.Kind
	}{
		"no key":     {cloud.Account{}, inventory.BadCredentials},
		"misspelt":   {cloud.Account{Identity: "ecs"}, inventory.Invalid},
		"a key too":  {cloud.Account{Identity: identityECSRole, AccessKeyID: secret.New("k"), AccessKeySecret: secret.New("s")}, inventory.Invalid},
		"half a key": {cloud.Account{Identity: identityECSRole, AccessKeyID: secret.New("k")}, inventory.Invalid},
	} {
		c.account.Name = "a"
		l, err := Open(c.account, cloud.RetryPolicy{})
		if l != nil || inventory.KindOf(err) != c.want {
			t.Errorf("%s: %v", name, err)
		}
	}
}
