package jumpserver_test

import (
	"bytes"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// upgradedServer is a JumpServer with one host, in both versions: the one that answers is switched
// under a client that lives on.
type upgradedServer struct {
	at      atomic.Int32
	servers []*jumpservertest.Server
}

func newUpgraded(t *testing.T, versions ...jumpservertest.Version) *upgradedServer {
	t.Helper()
	u := &upgradedServer{}
	host := jumpservertest.Host{
		ID: inventory.AssetID(inventory.Alibaba, "cn-beijing", "i-1"), Name: "web-1", Address: "10.0.0.1", Comment: "i-1",
		Labels: []string{"jms-owner:42", "jms-gone:2026-01-02T03:04:05Z", "jms-instance:i-1"}, Active: true,
	}
	for _, v := range versions {
		s := jumpservertest.New(jumpservertest.Options{Version: v, TB: t})
		s.Seed(jumpservertest.DefaultOrg, host)
		u.servers = append(u.servers, s)
	}
	return u
}

func (u *upgradedServer) now() *jumpservertest.Server { return u.servers[u.at.Load()] }

// ServeHTTP implements http.Handler.
func (u *upgradedServer) ServeHTTP(w http.ResponseWriter, r *http.Request) { u.now().ServeHTTP(w, r) }

// narrowReads are the reads of a process that only handles events.
func narrowReads(t *testing.T, c *jumpserver.Client) map[string]func() (int, error) {
	return map[string]func() (int, error){
		"Assets": func() (int, error) {
			found, err := c.AssetsByID(t.Context(), []string{inventory.AssetID(inventory.Alibaba, "cn-beijing", "i-1")})
			return len(found), err
		},
		"Naming": func() (int, error) {
			found, err := c.AssetsMentioning(t.Context(), "i-1")
			return len(found), err
		},
		"Marked": func() (int, error) {
			found, err := c.AssetsByInstance(t.Context(), []string{"i-1"})
			return len(found), err
		},
		"Deactivated": func() (int, error) {
			found, _, err := c.ListDeactivated(t.Context(), time.Unix(0, 0))
			return len(found), err
		},
	}
}

// JumpServer is upgraded, or downgraded, between two events of a warm process: the next read learns
// the zone's new name, once, and succeeds.
func TestUpgradeBetweenEvents(t *testing.T) {
	t.Parallel()
	both := versions()
	back := slices.Clone(both)
	slices.Reverse(back)
	for _, order := range [][]jumpservertest.Version{both, back} {
		for _, name := range []string{"Assets", "Naming", "Marked", "Deactivated"} {
			t.Run(fmt.Sprint(name, order), func(t *testing.T) {
				t.Parallel()
				u := newUpgraded(t, order...)
				c := newClient(t, nil, func(o *jumpserver.Options) { o.Transport = handlerTransport{u} })
				read := narrowReads(t, c)[name]
				for at := range order {
					u.at.Store(int32(at))
					if n, err := read(); n != 1 || err != nil {
						t.Fatalf("%s: %d, %v", order[at], n, err)
					}
				}
				u.now().ResetCounts()
				if n, err := read(); n != 1 || err != nil || u.now().Requests() != 1 {
					t.Errorf("again: %d, %v, %v", n, err, u.now().Calls())
				}
			})
		}
	}
}

// A row without a zone on a JumpServer that was not upgraded stays an error, and is not read
// again without end.
func TestZoneMissingForGood(t *testing.T) {
	t.Parallel()
	u := newUpgraded(t, jumpservertest.V47)
	c := newClient(t, nil, func(o *jumpserver.Options) { o.Transport = handlerTransport{u} })
	read := narrowReads(t, c)["Naming"]
	if _, err := read(); err != nil {
		t.Fatal(err)
	}
	u.now().Fail(jumpservertest.MatchRequest(http.MethodGet, "search="), -1, jumpservertest.Fault{Edit: func(status int, body []byte) (int, []byte) {
		return status, bytes.ReplaceAll(body, []byte(`"domain"`), []byte(`"elsewhere"`))
	}})
	u.now().ResetCounts()
	n, err := read()
	if inventory.KindOf(err) != inventory.Incomplete || n != 0 || !strings.Contains(err.Error(), "lacks the zone") || u.now().Calls()["GET /api/v1/assets/platforms/"] != 1 {
		t.Errorf("%d, %v, %v", n, err, u.now().Calls())
	}
}

// Facts also expire for a process that never calls Read; the organisation is verified again.
func TestFactsAgeWithoutRead(t *testing.T) {
	t.Parallel()
	s := jumpservertest.New(jumpservertest.Options{TB: t})
	now := time.Now()
	c := newClient(t, s, func(o *jumpserver.Options) { o.Now = func() time.Time { return now } })
	const platforms, current = "GET /api/v1/assets/platforms/", "GET /api/v1/orgs/orgs/current/"
	for n, step := range []struct {
		pass time.Duration
		want int
	}{{0, 1}, {time.Hour, 0}, {time.Second, 1}, {time.Minute, 0}} {
		now = now.Add(step.pass)
		s.ResetCounts()
		for range 2 {
			if _, err := c.ListPlatforms(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if calls := s.Calls(); calls[platforms] != step.want || calls[current] != step.want {
			t.Errorf("step %d: %v", n, calls)
		}
	}
}
