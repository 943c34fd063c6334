package tencent_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/peertest"
	"github.com/jms-sync/jms-sync/core/cloud/tencent/tencenttest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

const reader, closed = "qcs::cam::uin/100000000002:roleName/reader", "qcs::cam::uin/100000000003:roleName/closed"

// newRoleWorld is a world with a role that the account may take with an external id, and one that it may not.
func newRoleWorld(t *testing.T) *world {
	t.Helper()
	w := newWorld(t, defaultOptions)
	w.AddRole(reader, "100000000002", "e-1", testAccountKey.AccountID).Fill(region, 3, tencenttest.SampleInstance)
	w.AddRole(closed, "100000000003", "", "9")
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
	open := func() cloud.Lister {
		return w.Open(t, policy, func(a *cloud.Account) { a.AssumeRoleARN, a.ExternalID, a.RoleCache = reader, "e-1", shared })
	}
	for range 2 { // two listers of one process share the credentials of the role
		l := open()
		if owner, err := l.Owner(t.Context()); owner != "100000000002" || err != nil {
			t.Errorf("owner %q, %v", owner, err)
		}
		list, err := l.List(t.Context(), region)
		if regions, regionsErr := l.Regions(t.Context()); len(list) != 3 || err != nil || len(regions) != 3 || regionsErr != nil {
			t.Errorf("%d rows, %v, %q, %v", len(list), err, regions, regionsErr)
		}
		found, err := l.FindVerified(t.Context(), region, []string{tencenttest.SampleInstance(2).ID, tencenttest.SampleInstance(6).ID})
		if len(found.Instances) != 1 || err != nil {
			t.Errorf("%+v, %v", found, err)
		}
	}
	if n := w.Calls(tencenttest.AssumeRole); n != 1 {
		t.Errorf("the role was assumed %d times", n)
	}
	ahead = 106 * time.Minute // a quarter of an hour before their end they are asked for anew
	if _, err := open().Owner(t.Context()); err != nil || w.Calls(tencenttest.AssumeRole) != 2 {
		t.Errorf("assumed %d times, %v", w.Calls(tencenttest.AssumeRole), err)
	}
}

// TestAssumeRoleFails: every way in which a role is not got has a kind, shows no key, and leads to no call with the key
// itself.
func TestAssumeRoleFails(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		arn, externalID string
		fault           tencenttest.Kind
		want            inventory.Kind
	}{
		"not trusted":       {closed, "", "", inventory.Denied},
		"other external id": {reader, "e-2", "", inventory.Denied},
		"no external id":    {reader, "", "", inventory.Denied},
		"no role":           {"qcs::cam::uin/9:roleName/none", "", "", inventory.NotFound},
		"throttled":         {reader, "e-1", tencenttest.Throttled, inventory.Throttled},
		"unauthorized":      {reader, "e-1", tencenttest.Unauthorized, inventory.Denied},
		"reset":             {reader, "e-1", peertest.Reset, inventory.Temporary},
		"no secret":         {reader, "e-1", tencenttest.NoSecret, inventory.Incomplete},
		"no id":             {reader, "e-1", tencenttest.NoRequestID, inventory.Incomplete},
		"null":              {reader, "e-1", tencenttest.NullResponse, inventory.Incomplete},
		"empty":             {reader, "e-1", peertest.EmptyBody, inventory.Incomplete},
		"web page":          {reader, "e-1", peertest.HTML200, inventory.Incomplete},
	} {
		w := newRoleWorld(t)
		if c.fault != "" {
			w.Server.Break(tencenttest.Fault{Kind: c.fault, Action: tencenttest.AssumeRole})
		}
		l := w.Open(t, cloudtest.InstantRetries(), func(a *cloud.Account) { a.AssumeRoleARN, a.ExternalID = c.arn, c.externalID })
		_, ownerErr := l.Owner(t.Context())
		_, listErr := l.List(t.Context(), region)
		for _, err := range []error{ownerErr, listErr} {
			if inventory.KindOf(err) != c.want || !strings.HasPrefix(fmt.Sprint(err), "tencent: assume role: account tencent-prod: ") {
				t.Errorf("%s: kind %q, want %q: %v", name, inventory.KindOf(err), c.want, err)
			}
			for _, hidden := range append(secrets(), "issued/secret", "issuedToken", "AKIDissued") {
				if strings.Contains(fmt.Sprint(err), hidden) {
					t.Errorf("%s: %q is shown: %v", name, hidden, err)
				}
			}
		}
		if w.Calls(tencenttest.GetCallerIdentity)+w.Calls(tencenttest.DescribeInstances) > 0 {
			t.Errorf("%s: a call was made with the key itself", name)
		}
	}
}
