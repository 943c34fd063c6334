package engine_test

import (
	"testing"
	"time"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
)

// TestWeakAbsenceIsAskedAgain: with a state store, too, a run comes back to an absence that one kind of question
// alone shows, though the list has not changed.
func TestWeakAbsenceIsAskedAgain(t *testing.T) {
	t.Parallel()
	r := newRemembering(t)
	r.once()
	r.cloud.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstanceAttribute})
	r.releases(0, 1)
	for _, c := range []struct {
		after             time.Duration
		held, deactivated int
	}{{0, 1, 0}, {5 * time.Minute, 1, 0}, {6 * time.Minute, 0, 1}} {
		r.run.advance(c.after)
		if rep, calls := r.once(); rep.Held != c.held || rep.Deactivated != c.deactivated || calls == 0 {
			t.Errorf("after %s more: %d calls, %+v", c.after, calls, rep)
		}
	}
}
