package engine_test

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/access"
	"github.com/jms-sync/jms-sync/core/engine"
	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/report"
)

// accessReader is JumpServer's client with one rule on every node.
type accessReader struct {
	engine.Bastion
	fails error
	slow  time.Duration // of each answer
	asked []string      // ids of nodes
}

func (r *accessReader) AccessRulesOfNode(ctx context.Context, nodeID string) ([]inventory.AccessRule, error) {
	r.asked = append(r.asked, nodeID)
	select {
	case <-time.After(r.slow):
		return []inventory.AccessRule{{ID: "r-1", Name: "ops", Users: 1}}, r.fails
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (r *accessReader) AccessGrants(context.Context) ([]inventory.AccessGrant, error) {
	return nil, &inventory.Error{Kind: inventory.Unsupported, Message: "few nodes are asked for one by one"}
}

func (r *accessReader) MembersOfAccessRule(context.Context, inventory.AccessRule) (inventory.AccessMembers, error) {
	return inventory.AccessMembers{Users: []inventory.Member{{ID: "u-1", Name: "ann"}}}, nil
}

// runWithAccess makes a run that asks a reader who gains and who loses hosts.
func (w *nodeWorld) runWithAccess(ctx context.Context, r *accessReader, req engine.Request) report.Report {
	e := w.NewEngine()
	r.Bastion, e.Access = e.Bastion, r
	return e.Run(ctx, req).Report
}

// accessText returns what a report's document says of access.
func accessText(r report.Report) string {
	var lines []string
	for _, line := range strings.Split(report.Summary(r, "en"), "\n") {
		line, is := strings.CutPrefix(strings.TrimSpace(line), "access: ")
		if is {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n")
}

// TestAccessOfRuns: a dry run says who will gain hosts, the run who gained them, and a run that writes nothing asks nobody.
func TestAccessOfRuns(t *testing.T) {
	t.Parallel()
	eachNodeWorld(t, false, func(w *nodeWorld) {
		const gained = "/DEFAULT/阿里云/aliyun-prod (new node): 1 host more; gain access: ann"
		r := &accessReader{}
		for _, dry := range []bool{true, false} {
			rep := w.runWithAccess(t.Context(), r, engine.Request{DryRun: dry})
			if got := accessText(rep); got != gained {
				t.Errorf("dry %v: %s", dry, got)
			}
			if known := rep.Access.Nodes[0].ID != ""; known == dry {
				t.Errorf("dry %v: %+v", dry, rep.Access.Nodes)
			}
		}
		if len(r.asked) != 2 {
			t.Errorf("asked %d times", len(r.asked))
		}
		if rep := w.runWithAccess(t.Context(), r, engine.Request{}); rep.Access != nil || len(r.asked) != 2 {
			t.Errorf("a run that wrote nothing: %+v", rep.Access)
		}
	})
}

// TestAccessAfterRemovals: who loses hosts is asked after the removals, and said.
func TestAccessAfterRemovals(t *testing.T) {
	t.Parallel()
	eachNodeWorld(t, false, func(w *nodeWorld) {
		for range 4 {
			w.addInstance()
		}
		w.runWithAccess(t.Context(), &accessReader{}, engine.Request{})
		w.EditCloud(enginetest.CloudEdit{Remove: []string{"i-b1"}})
		r := &accessReader{}
		rep := w.runWithAccess(t.Context(), r, engine.Request{})
		if got := accessText(rep); got != "aliyun-prod: 1 host fewer; lose access: ann" || rep.Deactivated != 1 {
			t.Errorf("%d deactivated: %s", rep.Deactivated, got)
		}
	})
}

// TestAccessNeverStopsARun: whatever becomes of the questions, the run did its work and ends as it would without them.
func TestAccessNeverStopsARun(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		reader accessReader
		says   string
	}{
		"no right":     {accessReader{fails: &inventory.Error{Kind: inventory.Denied, Message: "403"}}, "lacks perms.view_assetpermission"},
		"an error":     {accessReader{fails: &inventory.Error{Kind: inventory.Temporary, Message: "502 of a proxy"}}, "502 of a proxy"},
		"slow answers": {accessReader{slow: time.Hour}, "1 host more was not looked at"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			eachNodeWorld(t, false, func(w *nodeWorld) {
				ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
				defer cancel()
				began := time.Now()
				r := c.reader
				rep := w.runWithAccess(ctx, &r, engine.Request{})
				if rep.Outcome != report.OK || rep.Created != 1 || !strings.Contains(report.Summary(rep, "en"), c.says) {
					t.Errorf("%s, %d created: %s", rep.Outcome, rep.Created, report.Summary(rep, "en"))
				}
				if took := time.Since(began); took > 8*time.Second {
					t.Errorf("it took %s of ten seconds", took)
				}
			})
		})
	}
}

// TestWithoutAReaderNobodyIsAsked: a session without mapping rules has none.
func TestWithoutAReaderNobodyIsAsked(t *testing.T) {
	t.Parallel()
	eachNodeWorld(t, false, func(w *nodeWorld) {
		if rep := w.NewEngine().Run(t.Context(), engine.Request{}).Report; rep.Access != nil {
			t.Errorf("%+v", rep.Access)
		}
	})
}

var _ access.Reader = (*accessReader)(nil)

// TestAccessOfWhatWasDone: a host that was not made gives nobody anything.
func TestAccessOfWhatWasDone(t *testing.T) {
	t.Parallel()
	eachNodeWorld(t, false, func(w *nodeWorld) {
		w.addInstance()
		refused := 0
		w.JumpServer.Fail(func(r *http.Request) bool {
			if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/hosts/") {
				return false
			}
			refused++
			return refused == 1
		}, 1, jumpservertest.Fault{Status: http.StatusBadRequest, Body: `{"comment":["no"]}`})
		rep := w.runWithAccess(t.Context(), &accessReader{}, engine.Request{})
		if got := accessText(rep); rep.Created != 1 || got != "/DEFAULT/阿里云/aliyun-prod (new node): 1 host more; gain access: ann" {
			t.Errorf("%d created: %s", rep.Created, got)
		}
	})
}

// TestAccessOfWhatIsHeld: who would lose the hosts of held removals is said apart, as they are not removed.
func TestAccessOfWhatIsHeld(t *testing.T) {
	t.Parallel()
	eachNodeWorld(t, false, func(w *nodeWorld) {
		for range 9 {
			w.addInstance()
		}
		w.runWithAccess(t.Context(), &accessReader{}, engine.Request{})
		w.EditCloud(enginetest.CloudEdit{Remove: []string{"i-b1", "i-b2", "i-b3", "i-b4", "i-b5", "i-b6"}})
		rep := w.runWithAccess(t.Context(), &accessReader{}, engine.Request{})
		if got := accessText(rep); got != "(once what is held is approved) aliyun-prod: 6 hosts fewer; lose access: ann" || rep.Held != 6 {
			t.Errorf("%d held: %s", rep.Held, got)
		}
	})
}

// TestAccessByRealAnswers: JumpServer's client asks each version who reaches the hosts: users by groups, not by rules that
// are expired, switched off or without accounts.
func TestAccessByRealAnswers(t *testing.T) {
	t.Parallel()
	eachNodeWorld(t, false, func(w *nodeWorld) {
		org, s := jumpservertest.DefaultOrg, w.JumpServer
		s.Seed(org, jumpservertest.Host{Name: "by hand", Address: "192.0.2.1", Nodes: []string{"/DEFAULT/阿里云"}})
		ann, bob, cat := s.SeedUser("", "ann"), s.SeedUser("", "bob"), s.SeedUser("", "cat")
		ops := s.SeedGroup(org, "ops", ann, bob)
		on := []string{"/DEFAULT/阿里云"}
		s.SeedRule(org, jumpservertest.AccessRule{Name: "ops", Groups: []string{ops}, Nodes: on})
		s.SeedRule(org, jumpservertest.AccessRule{Name: "bob", Users: []string{bob}, Nodes: []string{"/DEFAULT"}})
		s.SeedRule(org, jumpservertest.AccessRule{Name: "expired", Users: []string{cat}, Nodes: on, Expired: true})
		s.SeedRule(org, jumpservertest.AccessRule{Name: "off", Users: []string{cat}, Nodes: on, Inactive: true})
		s.SeedRule(org, jumpservertest.AccessRule{Name: "no accounts", Users: []string{cat}, Nodes: on, Accounts: []string{}})
		e := w.NewEngine()
		e.Access = w.Client
		for _, dry := range []bool{true, false} {
			rep := e.Run(t.Context(), engine.Request{DryRun: dry}).Report
			const want = "/DEFAULT/阿里云/aliyun-prod (new node): 1 host more; gain access: group ops, bob(bob); 2 users in all"
			if got := accessText(rep); got != want {
				t.Errorf("dry %v: %s\n%s", dry, got, report.Summary(rep, "en"))
			}
		}
	})
}
