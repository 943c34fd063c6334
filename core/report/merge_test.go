package report_test

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/report"
)

func newScope(region string, instances int, kind inventory.Kind) report.Scope {
	return report.Scope{
		Cloud: inventory.Alibaba, Account: "prod", Region: region, Instances: instances, Complete: kind == "",
		Error: report.ScopeError{Kind: kind},
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 23, 1, 2, 3, 0, time.UTC)
	first := report.Build(report.Input{Started: at, Environment: "TESTING"})
	first.Created, first.Held, first.Outcome = 2, 1, report.Held
	first.Scopes = []report.Scope{newScope("a", 2, ""), newScope("b", 1, "")}
	first.Changes = []report.Change{{Name: "one"}, {Name: "two"}}
	second := report.Build(report.Input{Started: at.Add(time.Minute)})
	second.Created, second.Failures, second.Outcome = 1, 1, report.Partial
	second.Scopes = []report.Scope{newScope("a", 1, ""), newScope("b", 0, inventory.Denied), newScope("c", 4, "")}
	second.Changes = []report.Change{{Name: "three"}}
	second.Errors = []report.ErrorEntry{{Kind: inventory.Denied, Message: "no"}}

	m := report.Merge([]report.Report{first, second})
	if m.Created != 3 || m.Held != 1 || m.Failures != 1 || m.Outcome != report.Partial || m.StartedAt != first.StartedAt {
		t.Errorf("%+v", m)
	}
	if len(m.Changes) != 3 || len(m.Errors) != 1 || len(m.Scopes) != 3 {
		t.Fatalf("%+v", m)
	}
	for n, want := range []report.Scope{newScope("a", 3, ""), newScope("b", 0, inventory.Denied), newScope("c", 4, "")} {
		if m.Scopes[n] != want {
			t.Errorf("scope %d is %+v, want %+v", n, m.Scopes[n], want)
		}
	}
	if alone := report.Merge([]report.Report{first}); alone.Created != 2 || alone.Outcome != report.Held {
		t.Errorf("one alone: %+v", alone)
	}
	if m := report.Merge([]report.Report{second, first}); m.Outcome != report.Partial {
		t.Errorf("the worst outcome does not depend on the order: %s", m.Outcome)
	}
}

func TestBusyIsASuccessThatSaysSo(t *testing.T) {
	t.Parallel()
	r := report.NewBusyReport(time.Now(), "another one works")
	if r.Outcome != report.OK || len(r.Errors) != 1 || r.Errors[0].Message != "another one works" || r.NeedsAttention() || r.HasChanges() {
		t.Errorf("%+v", r)
	}
}
