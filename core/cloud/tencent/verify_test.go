package tencent_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/cloud/cloudtest"
	"github.com/jms-sync/jms-sync/core/cloud/tencent"
	"github.com/jms-sync/jms-sync/core/cloud/tencent/tencenttest"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// names returns the ids of a list.
func names(list []inventory.Instance) (ids []string) {
	for _, row := range list {
		ids = append(ids, row.ID)
	}
	return ids
}

// TestFindVerifiedMany: how many calls it takes, where unknown ids are left out and where one of them
// has the whole call refused.
func TestFindVerifiedMany(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name             string
		options          tencenttest.Options
		gone             []string
		first, second    int // calls of DescribeInstances and of DescribeInstancesStatus
		firstGlanceCalls int
	}{
		{"all there", defaultOptions, nil, 3, 0, 3},
		{"one left out", defaultOptions, []string{"ins-zzzzzzzz"}, 3, 1, 3},
		{"one malformed", defaultOptions, []string{"~"}, 3 + 10, 1, 3 + 10}, // the last 31 are halved: 15|16 … 1|1
		{"one refused", tencenttest.Options{RefuseUnknown: true}, []string{"ins-zzzzzzzz"}, 3 + 10, 1, 3 + 10},
	} {
		w := newWorld(t, c.options)
		ids := w.Fill(region, 230)
		lister := w.Open(t, cloudtest.InstantRetries(), nil)
		list, err := lister.Find(t.Context(), region, slices.Concat(c.gone, ids, ids[:5]))
		if err != nil || !slices.Equal(names(list), ids) || w.Calls("") != c.firstGlanceCalls {
			t.Errorf("%s: glance: %d of 230 in %d calls: %v", c.name, len(list), w.Calls(""), err)
		}
		list, err = cloudtest.FindInstances(t.Context(), lister, region, slices.Concat(c.gone, ids)...)
		first, second := w.Calls(tencenttest.DescribeInstances)-c.firstGlanceCalls, w.Calls(tencenttest.DescribeInstancesStatus)
		if err != nil || !slices.Equal(names(list), ids) || first != c.first || second != c.second {
			t.Errorf("%s: %d of 230 in %d and %d calls, want %d and %d: %v", c.name, len(list), first, second, c.first, c.second, err)
		}
	}
}

// TestAbsenceIsProved: an instance that only one API does not know is not absent, nor is one that
// a key may not see; and without the right to the second API nothing is.
func TestAbsenceIsProved(t *testing.T) {
	t.Parallel()
	const there, gone = "ins-00000001", "ins-zzzzzzzz"
	for name, c := range map[string]struct {
		spoil     func(*world)
		ids       []string
		want      inventory.Kind
		wholeOnly bool
	}{
		"hidden":                                {func(w *world) { w.account.Hide(region, there) }, []string{there, gone}, inventory.Incomplete, false},
		"not the first right":                   {withoutPermission(tencenttest.DescribeInstances), []string{gone}, inventory.Denied, false},
		"not the second":                        {withoutPermission(tencenttest.DescribeInstancesStatus), []string{there, gone}, inventory.Denied, false},
		"not the second, but nothing is absent": {withoutPermission(tencenttest.DescribeInstancesStatus), []string{there}, "", false},
		"the second is half an answer": {func(w *world) {
			w.Server.Break(tencenttest.Fault{Kind: tencenttest.WrongTotal, Action: tencenttest.DescribeInstancesStatus})
		}, []string{gone}, inventory.Incomplete, true},
		"the first is half an answer": {func(w *world) {
			w.Server.Break(tencenttest.Fault{Kind: tencenttest.ShortPage, Action: tencenttest.DescribeInstances})
		}, []string{there}, inventory.Incomplete, false},
		"absent": {func(*world) {}, []string{gone}, "", false},
	} {
		for _, options := range []tencenttest.Options{defaultOptions, {RefuseUnknown: true}} {
			if c.wholeOnly && options.RefuseUnknown {
				continue // there is no answer then that could lack anything
			}
			w := newWorld(t, options)
			w.Fill(region, 3)
			c.spoil(w)
			list, err := cloudtest.FindInstances(t.Context(), w.Open(t, cloudtest.InstantRetries(), nil), region, c.ids...)
			if got := inventory.KindOf(err); got != c.want || err != nil && list != nil {
				t.Errorf("%s, unknown ids refused %v: %q, kind %q, want %q: %v", name, options.RefuseUnknown, names(list), got, c.want, err)
			}
			if err != nil {
				checkError(t, err)
			}
		}
	}
}

func withoutPermission(action string) func(*world) {
	return func(w *world) { w.Server.Break(tencenttest.Fault{Kind: tencenttest.Unauthorized, Action: action}) }
}

// TestEmptyRegionIsProved: a region in which only the first API shows nothing is not empty.
func TestEmptyRegionIsProved(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		spoil func(*world)
		want  inventory.Kind
	}{
		"empty":          {func(*world) {}, ""},
		"hidden":         {func(w *world) { w.account.Hide(region, w.Fill(region, 1)...) }, inventory.Incomplete},
		"not the second": {withoutPermission(tencenttest.DescribeInstancesStatus), inventory.Denied},
		"the second has no list": {func(w *world) {
			w.Server.Break(tencenttest.Fault{Kind: tencenttest.NullSet, Action: tencenttest.DescribeInstancesStatus})
		}, inventory.Incomplete},
	} {
		w := newWorld(t, defaultOptions)
		c.spoil(w)
		list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
		if got := inventory.KindOf(err); got != c.want || len(list) > 0 {
			t.Errorf("%s: %q, kind %q, want %q: %v", name, names(list), got, c.want, err)
		}
		if err != nil {
			checkError(t, err)
		}
	}
}

// TestFindVerifiedAnswersOther: rows that nobody asked for are no answer.
func TestFindVerifiedAnswersOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, defaultOptions)
	w.account.Put(region, tencenttest.Instance{ID: "ins-00000001", Raw: []byte(`{"InstanceId":"ins-00000002"}`)})
	lister := w.Open(t, cloudtest.InstantRetries(), nil)
	for _, ids := range [][]string{{"ins-00000001"}, {""}} {
		if list, err := cloudtest.FindInstances(t.Context(), lister, region, ids...); err == nil || list != nil {
			t.Errorf("%q: %v, %v", ids, list, err)
		}
	}
}

// TestRegionsAreWhole: regions that are not available are left out, and a list that is not whole
// is refused.
func TestRegionsAreWhole(t *testing.T) {
	t.Parallel()
	w := newWorld(t, tencenttest.Options{Regions: []string{"ap-shanghai", "ap-beijing"}})
	got, err := w.Open(t, cloudtest.InstantRetries(), nil).Regions(t.Context())
	if err != nil || !slices.Equal(got, []string{"ap-beijing", "ap-shanghai"}) {
		t.Errorf("%q, %v", got, err)
	}
}

// TestFleetChanges: a fleet of 350 that changes between the pages. Each list that comes out has
// every machine that was there all the time.
func TestFleetChanges(t *testing.T) {
	t.Parallel()
	const machines, worlds = 350, 10
	again, failed := 0, 0
	for seed := range uint64(worlds) {
		random := rand.New(rand.NewPCG(seed, 7))
		removed := map[string]bool{}
		var w *world
		created, pages := 0, 0
		w = newWorld(t, tencenttest.Options{AfterPage: func(region string, _ int) {
			if pages++; pages > 1+int(seed)%9 {
				return // then the fleet is steady again
			}
			for range 1 + random.IntN(2) { // as many go as come
				id := tencenttest.SampleInstance(random.IntN(machines)).ID
				if removed[id] {
					continue
				}
				removed[id] = true
				w.account.Remove(region, id)
				w.account.Put(region, tencenttest.Instance{ID: fmt.Sprintf("ins-new%05d", created)})
				created++
			}
		}})
		ids := w.Fill(region, machines)
		list, err := w.Open(t, cloudtest.InstantRetries(), nil).List(t.Context(), region)
		switch {
		case err != nil:
			if failed++; inventory.KindOf(err) != inventory.Incomplete || list != nil {
				t.Errorf("seed %d: %d rows, %v", seed, len(list), err)
			}
			continue
		case pages > 4:
			again++
		}
		got := names(list)
		for _, id := range ids {
			if _, there := slices.BinarySearch(got, id); !there && !removed[id] {
				t.Errorf("seed %d: %s is lost", seed, id)
			}
		}
	}
	t.Logf("of %d lists: read again %d, failed %d", worlds, again, failed)
	if again == 0 {
		t.Error("no list was read again: the test shows nothing")
	}
}

// TestEvents: Tencent has no event source.
func TestEvents(t *testing.T) {
	t.Parallel()
	if p := tencent.Provider(cloud.RetryPolicy{}); p.Cloud != "tencent" || p.Events != nil || p.Open == nil {
		t.Errorf("%+v", p)
	}
}
