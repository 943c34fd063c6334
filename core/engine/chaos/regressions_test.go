package chaos

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/plan"
)

// TestKeyChangesInTheMiddle: the account's key opens another account from the first page of a list
// on, after it was asked whose it is. The campaign found that, where the guard's limits let it
// pass, a living instance was taken for released: it was neither listed nor found by its id, and
// the other account's key had every right.
func TestKeyChangesInTheMiddle(t *testing.T) {
	t.Parallel()
	for seed := range uint64(8) {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(seed, newCounters())
			w.limits = plan.Limits{Percent: 100, Min: 100, Fleet: plan.Share{Percent: 100}, PerRun: 100, AllowEmpty: true}
			s := w.sites[0]
			s.store = nil
			_, calls := w.runWithFaults(s, nil, 10*time.Minute)
			f := &fault{peerLine: firstLineOf(w.accounts[0], calls), times: 1, kind: otherKey}
			time.Sleep(time.Hour)
			out, _ := w.runWithFaults(s, []*fault{f}, 10*time.Minute)
			if !f.hit || out.Err != nil || len(w.Violations()) > 0 {
				t.Errorf("seed %d: hit %t, %v\n%s\n%s", seed, f.hit, out.Err, strings.Join(w.Violations(), "\n"), w.Text())
			}
		})
	}
}

// firstLineOf returns the line on which a run listed an account.
func firstLineOf(a *account, calls map[string]int) string {
	for _, line := range sortedKeys(calls) {
		if strings.HasPrefix(line, a.lineName(a.correct.regions[0])) || a.own.cloud.cloud != alibabaCSP && strings.HasPrefix(line, a.lineName("")) {
			return line
		}
	}
	return ""
}
