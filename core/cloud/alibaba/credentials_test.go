package alibaba_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const reader, closed = "acs:ram::2000000000000002:role/reader", "acs:ram::3000000000000003:role/closed"

// newRoleWorld is a world with a role that the account may take, and one that it may not.
func newRoleWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.AddRole(reader, "2000000000000002", testAccountKey.AccountID).Fill(region, 3, alibabatest.SampleInstance)
	w.AddRole(closed, "3000000000000003", "9")
	w.Fill(region, 7) // of the key's own account
	return w
}

// TestAssumeRole: the key only takes the role; whose account it is and what it has are the role's.
func TestAssumeRole(t *testing.T) {
	t.Parallel()
	w := newRoleWorld(t)
	shared := cloud.NewRoleCache()
	var ahead time.Duration
	policy := cloudtest.InstantRetries()
	policy.Now = func() time.Time { return time.Now().Add(ahead) }
	open := func(assumed *cloud.RoleCache) cloud.Lister {
		return w.Open(t, policy, func(a *cloud.Account) { a.AssumeRoleARN, a.RoleCache = reader, assumed })
	}
	for range 2 { // two listers of one process share the credentials of the role
		l := open(shared)
		if owner, err := l.Owner(t.Context()); owner != "2000000000000002" || err != nil {
			t.Errorf("owner %q, %v", owner, err)
		}
		if list, err := l.List(t.Context(), region); len(list) != 3 || err != nil {
			t.Errorf("%d rows, %v", len(list), err)
		}
		if list, err := cloudtest.FindInstances(t.Context(), l, region, alibabatest.SampleInstance(2).ID, "i-none"); len(list) != 1 || err != nil {
			t.Errorf("%d rows, %v", len(list), err)
		}
	}
	if n := w.Calls(alibabatest.AssumeRole); n != 1 {
		t.Errorf("the role was assumed %d times", n)
	}
	ahead = 46 * time.Minute // a quarter of an hour before their end they are asked for anew
	if _, err := open(shared).Owner(t.Context()); err != nil || w.Calls(alibabatest.AssumeRole) != 2 {
		t.Errorf("assumed %d times, %v", w.Calls(alibabatest.AssumeRole), err)
	}
	ahead = 0
	l := open(nil) // which remembers by itself
	_, first := l.Owner(t.Context())
	_, second := l.Regions(t.Context())
	if first != nil || second != nil || w.Calls(alibabatest.AssumeRole) != 3 {
		t.Errorf("assumed %d times, %v, %v", w.Calls(alibabatest.AssumeRole), first, second)
	}
}

// TestAssumeRoleFails: every way in which a role is not got has a kind, shows no key, and leads to
// no call with the key itself.
func TestAssumeRoleFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arn   string
		fault alibabatest.Kind
		want  inventory.Kind
	}{
		"not trusted":  {closed, "", inventory.Denied},
		"no role":      {"acs:ram::9:role/none", "", inventory.NotFound},
		"throttled":    {reader, alibabatest.Throttled, inventory.Throttled},
		"forbidden":    {reader, alibabatest.Forbidden, inventory.Denied},
		"unavailable":  {reader, alibabatest.Unavailable, inventory.Temporary},
		"reset":        {reader, peertest.Reset, inventory.Temporary},
		"inactive":     {reader, alibabatest.Inactive, inventory.BadCredentials},
		"no secret":    {reader, alibabatest.NoSecret, inventory.Incomplete},
		"no id":        {reader, alibabatest.NoRequestID, inventory.Incomplete},
		"truncated":    {reader, alibabatest.Truncated, inventory.Incomplete},
		"empty":        {reader, peertest.EmptyBody, inventory.Incomplete},
		"empty object": {reader, peertest.EmptyObject, inventory.Incomplete},
		"web page":     {reader, peertest.HTML200, inventory.Incomplete},
		"redirect":     {reader, peertest.Redirect, inventory.Incomplete},
	} {
		w := newRoleWorld(t)
		if c.fault != "" {
			w.Server.Break(alibabatest.Fault{Kind: c.fault, Action: alibabatest.AssumeRole})
		}
		l := w.Open(t, cloudtest.InstantRetries(), func(a *cloud.Account) { a.AssumeRoleARN = c.arn })
		_, ownerErr := l.Owner(t.Context())
		_, listErr := l.List(t.Context(), region)
		for _, err := range []error{ownerErr, listErr} {
			if inventory.KindOf(err) != c.want || !strings.HasPrefix(fmt.Sprint(err), "alibaba: assume role: account aliyun-prod: ") {
				t.Errorf("%s: kind %q, want %q: %v", name, inventory.KindOf(err), c.want, err)
			}
			checkError(t, err)
		}
		if w.Calls(alibabatest.GetCallerIdentity)+w.Calls(alibabatest.DescribeInstances) > 0 {
			t.Errorf("%s: a call was made with the key itself", name)
		}
	}
}

// TestRoleSecrets: the key and token that a role issued are shown no more than the account's own.
func TestRoleSecrets(t *testing.T) {
	t.Parallel()
	w := newRoleWorld(t)
	l := w.Open(t, cloudtest.InstantRetries(), func(a *cloud.Account) { a.AssumeRoleARN = reader })
	if _, err := l.Owner(t.Context()); err != nil {
		t.Fatal(err)
	}
	k := alibabatest.IssuedKey(1)
	k.AccessKeySecret = "rotated"
	w.AddAccount(k) // now the signature is wrong, and the answer tells with what it was made
	_, err := l.List(t.Context(), region)
	if inventory.KindOf(err) != inventory.BadCredentials || !strings.Contains(fmt.Sprint(err), "SignatureDoesNotMatch") {
		t.Error(err)
	}
	checkError(t, err)
	gone := w.Open(t, cloudtest.InstantRetries(), func(a *cloud.Account) { a.AssumeRoleARN, a.Endpoint = reader, "http://127.0.0.1:1" })
	_, err = gone.Owner(t.Context())
	if inventory.KindOf(err) != inventory.Temporary {
		t.Error(err)
	}
	checkError(t, err)
}
