package aws_test

import (
	"slices"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud/aws/awstest"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// TestSecondWitness: which instances are there after all, and how many calls it takes to know it: the
// filter, the probe, one question for each answer that names instances which do not exist, and a last one.
func TestSecondWitness(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(w *world, ids []string)
		there []int
		calls int
	}{
		"all there":              {func(*world, []string) {}, []int{0, 1, 2, 3}, 1},
		"one gone":               {func(w *world, ids []string) { w.account.Forget(region, ids[1]) }, []int{0, 2, 3}, 3},
		"all gone":               {func(w *world, ids []string) { w.account.Forget(region, ids...) }, nil, 3},
		"terminated":             {func(w *world, ids []string) { w.account.Remove(region, ids[1:]...) }, []int{0}, 3},
		"terminated, and lost":   {func(w *world, ids []string) { w.account.Remove(region, ids[1]); w.Hide(region, ids[1]) }, []int{0, 2, 3}, 3},
		"lost":                   {func(w *world, ids []string) { w.Hide(region, ids[3]) }, []int{0, 1, 2, 3}, 3},
		"lost, and another gone": {func(w *world, ids []string) { w.Hide(region, ids[3]); w.account.Forget(region, ids[0], ids[1]) }, []int{2, 3}, 4},
	} {
		w := newWorld(t)
		ids := w.Fill(region, 4)
		c.spoil(w, ids)
		found, err := w.Open(t, cloudtest.InstantRetries(), nil).FindVerified(t.Context(), region, ids)
		var got []int
		for _, i := range found.Instances {
			got = append(got, slices.Index(ids, i.ID))
			if i.Status == "terminated" || i.Region != region || len(i.PrivateIPs) != 1 {
				t.Errorf("%s: %+v", name, i)
			}
		}
		if calls := w.Calls(awstest.DescribeInstances); err != nil || !slices.Equal(got, c.there) || calls != c.calls || found.Weak != nil {
			t.Errorf("%s: %v in %d calls, want %v in %d: %v", name, got, calls, c.there, c.calls, err)
		}
	}
}

// TestMalformedIDs: an id that no instance can have is told apart from those that are only unknown.
func TestMalformedIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ids := w.Fill(region, 2)
	found, err := w.Open(t, cloudtest.InstantRetries(), nil).FindVerified(t.Context(), region, append(ids, "i-odd", "odd", awstest.SampleInstance(9).ID))
	if calls := w.Calls(awstest.DescribeInstances); err != nil || len(found.Instances) != 2 || calls != 5 {
		t.Errorf("%+v in %d calls, want 5: %v", found, calls, err)
	}
}

// TestOddWitness: an answer that neither shows an instance nor says that it does not exist proves nothing.
func TestOddWitness(t *testing.T) {
	t.Parallel()
	for _, fault := range []awstest.Kind{
		awstest.LostRow, awstest.InstanceGone, awstest.Unauthorized, awstest.InternalError, awstest.NoList, awstest.NoRequestID, awstest.OtherDocument, awstest.OddError,
	} {
		w := newWorld(t)
		ids := w.Fill(region, 3)
		w.Hide(region, ids...)
		lister := w.Open(t, cloudtest.InstantRetries(), nil)
		w.Server.Break(awstest.Fault{Kind: fault, Action: awstest.DescribeInstances, After: 2}) // the filter and the probe
		found, err := lister.FindVerified(t.Context(), region, ids)
		if err == nil || found.Instances != nil || found.Weak != nil {
			t.Errorf("%s: %+v", fault, found)
			continue
		}
		if kind := inventory.KindOf(err); kind == inventory.NotFound || kind == inventory.Unknown {
			t.Errorf("%s: kind %q: %v", fault, kind, err)
		}
		checkError(t, err)
	}
}
