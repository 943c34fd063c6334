package alibaba_test

import (
	"fmt"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/alibaba/alibabatest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestWithoutTheSecondRight: a key that may not ask for single instances at all gives weak absences, by
// two questions for any number of them.
func TestWithoutTheSecondRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 5)
	w.account.Remove(region, ids[:3]...)
	w.Server.Break(alibabatest.Fault{Kind: alibabatest.Forbidden, Action: alibabatest.DescribeInstanceAttribute})
	found, err := w.Open(t, cloudtest.Instant(), nil).Lookup(t.Context(), region, ids)
	if err != nil || len(found.Instances) != 2 || len(found.Weak) != 3 || w.Calls(alibabatest.DescribeInstanceAttribute) != 2 {
		t.Errorf("%+v after %d questions: %v", found, w.Calls(alibabatest.DescribeInstanceAttribute), err)
	}
	for _, id := range ids[:3] {
		clean(t, found.Weak[id])
		if inventory.KindOf(found.Weak[id]) != inventory.Denied {
			t.Errorf("%s: %v", id, found.Weak[id])
		}
	}
}

// TestWithheld: an instance that a policy withholds from the key is left out of the answer by ids, and
// is not absent, wherever it stands among those that are.
func TestWithheld(t *testing.T) {
	t.Parallel()
	for at := range 3 {
		w := newWorld(t)
		ids := w.Fill(region, 3)
		w.account.Withhold(ids[at])
		w.account.Remove(region, ids[(at+1)%3], ids[(at+2)%3])
		found, err := w.Open(t, cloudtest.Instant(), nil).Lookup(t.Context(), region, ids)
		if inventory.KindOf(err) != inventory.Denied || found.Instances != nil || found.Weak != nil {
			t.Errorf("%d: %+v, %v", at, found, err)
		}
		clean(t, err)
	}
}

// TestOddWitness: an answer about another instance, or about none, proves nothing.
func TestOddWitness(t *testing.T) {
	t.Parallel()
	for _, fault := range []alibabatest.Kind{alibabatest.NoRequestID, alibabatest.NoList, alibabatest.Truncated} {
		w := newWorld(t)
		ids := w.Fill(region, 2)
		w.account.Hide(region, ids...)
		w.Server.Break(alibabatest.Fault{Kind: fault, Action: alibabatest.DescribeInstanceAttribute})
		found, err := w.Open(t, cloudtest.Instant(), nil).Lookup(t.Context(), region, ids)
		if inventory.KindOf(err) != inventory.Incomplete || fmt.Sprint(found) != "{[] map[] []}" {
			t.Errorf("%s: %+v, %v", fault, found, err)
		}
		clean(t, err)
	}
}
