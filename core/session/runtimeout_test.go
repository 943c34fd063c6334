package session

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/config"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
	"github.com/jms-sync/jms-sync/core/operator"
	"github.com/jms-sync/jms-sync/core/report"
	"github.com/jms-sync/jms-sync/core/secret"
)

// TestRunTimeout: a run that nobody bounds ends at timeout.run; a platform's deadline stays as it is.
func TestRunTimeout(t *testing.T) {
	t.Parallel()
	s, bounded := newWholeSession(t)
	ctx, cancel := s.WithRunTimeout(t.Context())
	defer cancel()
	if end, is := ctx.Deadline(); !is || time.Until(end) > 15*time.Minute || time.Until(end) < 14*time.Minute {
		t.Errorf("it ends at %v", end)
	}
	ctx, cancel = s.WithRunTimeout(bounded)
	defer cancel()
	was, _ := bounded.Deadline()
	if end, _ := ctx.Deadline(); !end.Equal(was) {
		t.Errorf("the platform's deadline %v became %v", was, end)
	}
}

// TestHungRunEnds: a run, a plan, and an operator's action that a cloud leaves without an answer end in time, with the
// scope failed, and the next one finds the lease free.
func TestHungRunEnds(t *testing.T) {
	t.Parallel()
	s, ecs := newHangingSession(t)
	for name, run := range map[string]func(context.Context) error{
		"sync": func(ctx context.Context) error { return scopeError(s.Sync(ctx, Request{}).Report.Scopes) },
		"plan": func(ctx context.Context) error { return scopeError(s.Plan(ctx, PlanRequest{}).Report.Scopes) },
		"adopt": func(ctx context.Context) error {
			out, err := s.Adopt(ctx, operator.Action{Write: true})
			if err != nil {
				return err
			}
			return scopeError(out.Report.Scopes)
		},
	} {
		calls, began := ecs.Calls(alibabatest.DescribeInstances), time.Now()
		ctx, cancel := context.WithCancel(t.Context())
		patience := time.AfterFunc(10*time.Second, cancel) // no deadline: the run has to have its own
		err := run(ctx)
		patience.Stop()
		cancel()
		took := time.Since(began)
		if inventory.KindOf(err) != inventory.Deadline || took > 8*time.Second || ecs.Calls(alibabatest.DescribeInstances) == calls {
			t.Errorf("%s: %v after %v", name, err, took)
		}
	}
}

// newHangingSession returns a session with a short timeout.run and one region, which never answers.
func newHangingSession(t *testing.T) (*Session, *alibabatest.Server) {
	t.Helper()
	ecs := alibabatest.New(alibabatest.Options{Reporter: t})
	ecs.AddAccount(alibabatest.Key{AccountID: "1234567890123456", AccessKeyID: "LTAI5tHangs", AccessKeySecret: "word"})
	ecs.Break(alibabatest.Fault{Kind: "hang", Action: alibabatest.DescribeInstances})
	web, jms := httptest.NewServer(ecs), httptest.NewServer(jumpservertest.New(jumpservertest.Options{TB: t}))
	t.Cleanup(func() {
		ecs.Close()
		web.Close()
		jms.Close()
	})
	cfg := config.Default()
	cfg.Timeout.Request, cfg.Timeout.Run = time.Hour, 2*time.Second
	cfg.JumpServer.URL, cfg.JumpServer.AccessKeySecret = jms.URL, secret.New(jumpservertest.KeySecret)
	account := config.DefaultCloud()
	account.Cloud, account.Name, account.Endpoint, account.Regions = inventory.Alibaba, "prod", web.URL, []string{"cn-beijing"}
	account.AccessKeyID, account.AccessKeySecret = secret.New("LTAI5tHangs"), secret.New("word")
	cfg.Clouds = []config.Cloud{account}
	return newStoreSession(t, cfg, "test"), ecs
}

// scopeError returns the error of the only scope of a report.
func scopeError(scopes []report.Scope) error {
	if len(scopes) != 1 {
		return fmt.Errorf("%d scopes", len(scopes))
	}
	return &inventory.Error{Kind: scopes[0].Error.Kind, Message: scopes[0].Error.Message}
}
