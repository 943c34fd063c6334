package apply_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/apply"
	"github.com/jms-sync/jms-sync/core/inventory"
	"github.com/jms-sync/jms-sync/core/reason"
)

// unansweredServer is a bastion whose writes have no answer, as the script says, with one entry for each request:
// after how long the request is carried out, or never. Later requests are carried out and answered.
type unansweredServer struct {
	*fakeBastion
	script     []time.Duration
	retryAfter time.Duration // how long a request without an answer may still be carried out
	requests   []int         // number of rows of each
	failErr    error         // of the next requests, in place of the script; nothing is carried out
	failCount  int
}

// Other entries: never carried out, or carried out and answered.
const never, answered = time.Duration(-1), time.Duration(-2)

func (s *unansweredServer) nextAnswer(rows int) (after time.Duration, lost bool, err error) {
	s.requests = append(s.requests, rows)
	if s.failCount > 0 {
		s.failCount--
		return never, false, s.failErr
	}
	if len(s.script) == 0 {
		return 0, false, nil
	}
	after, s.script = s.script[0], s.script[1:]
	if after == answered {
		return 0, false, nil
	}
	return after, true, &inventory.Error{Kind: inventory.Unanswered, Message: "no answer", RetryAfter: s.retryAfter}
}

func (s *unansweredServer) Update(ctx context.Context, patches []inventory.Patch, still func([]int) []int) []error {
	after, lost, err := s.nextAnswer(len(patches))
	return s.carryOut(len(patches), after, lost, err, func() []error { return s.fakeBastion.Update(ctx, patches, still) })
}

func (s *unansweredServer) Remove(_ context.Context, ids []string, still func(inventory.Asset) bool) []error {
	after, lost, err := s.nextAnswer(len(ids))
	due := s.readStillDue(ids, still)
	return s.carryOut(len(ids), after, lost, err, func() []error {
		s.remove(due)
		return make([]error, len(ids))
	})
}

func (s *unansweredServer) carryOut(rows int, after time.Duration, lost bool, err error, work func() []error) []error {
	if !lost && err == nil {
		return work()
	}
	if after >= 0 {
		go func() {
			time.Sleep(after)
			work()
		}()
	}
	if after == 0 {
		synctest.Wait()
	}
	return slices.Repeat([]error{err}, rows)
}

// TestLostAnswers: what becomes of a removal whose answer gets lost. It is sent again only if JumpServer did not
// carry it out in time, and only if nobody changed the asset meanwhile.
// Invariants: 10.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	keep := func(a *inventory.Asset) { a.Labels = withLabel(a.Labels, inventory.LabelKeep, "me") }
	for name, test := range map[string]struct {
		script []time.Duration
		person func(*inventory.Asset) // four seconds after the first request
		limit  time.Duration          // of the context; 0 = none
		state  apply.ItemState
		why    reason.Code
		writes int
		late   bool // it may still be carried out
	}{
		"carried out at once":                    {script: []time.Duration{0}, state: apply.Done, writes: 1},
		"carried out while we wait":              {script: []time.Duration{19 * time.Second}, state: apply.Done, writes: 1},
		"never carried out":                      {script: []time.Duration{never}, state: apply.Done, writes: 2},
		"never carried out, twice":               {script: []time.Duration{never, never}, state: apply.Done, writes: 3},
		"never carried out, thrice":              {script: []time.Duration{never, never, never}, state: apply.Failed, writes: 3, late: true},
		"carried out after we have asked again":  {script: []time.Duration{25 * time.Second, never}, state: apply.Done, writes: 2},
		"a person keeps it meanwhile":            {script: []time.Duration{never}, person: keep, state: apply.Kept, why: reason.ChangedMeanwhile, writes: 1, late: true},
		"a person keeps it, carried out before":  {script: []time.Duration{0}, person: keep, state: apply.Done, writes: 1},
		"the time ends first":                    {script: []time.Duration{never}, limit: 10 * time.Second, state: apply.Unknown, why: reason.NotAnswered, writes: 1, late: true},
		"carried out right before the time ends": {script: []time.Duration{8500 * time.Millisecond}, limit: 10 * time.Second, state: apply.Done, writes: 1},
	} {
		for _, grace := range []time.Duration{0, time.Hour} {
			t.Run(fmt.Sprint(name, ", grace ", grace), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					w := newWorld()
					w.grace = grace
					id := w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
					s := &unansweredServer{fakeBastion: w.bastion, script: test.script, retryAfter: 20 * time.Second}
					ctx, cancel := context.WithCancel(t.Context())
					if test.limit > 0 {
						ctx, cancel = context.WithTimeout(t.Context(), test.limit)
					}
					defer cancel()
					if test.person != nil {
						time.AfterFunc(4*time.Second, func() { w.edit(id, test.person) })
					}
					r := apply.Run(ctx, s, w.approve(), options())
					i := onlyItem(t, r)
					if i.State != test.state || i.Reason.Code != test.why || i.MaybeWritten != test.late || len(s.requests) != test.writes {
						t.Errorf("%s %q, late %t, after %d writes: %v", i.State, i.Reason.Code, i.MaybeWritten, len(s.requests), i.Err)
					}
					if ctx.Err() != nil {
						t.Error("it took longer than it might")
					}
					a, there := w.asset(id)
					if gone := !there || !a.Active; gone != (test.state == apply.Done) {
						t.Errorf("the asset: %+v", a)
					}
					told := len(r.Problems) == 1 && inventory.KindOf(r.Problems[0]) == inventory.Unanswered
					if told != (test.state == apply.Unknown) {
						t.Errorf("problems %v", r.Problems)
					}
				})
			})
		}
	}
}

// TestPersonAfterLostAnswerWins: what a person changes after our write was carried out stays, and our write counts
// as done.
func TestPersonAfterLostAnswerWins(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*inventory.Asset){
		"switched on again": func(a *inventory.Asset) { a.Active = true },
		"one label more":    func(a *inventory.Asset) { a.Labels = withLabel(a.Labels, "team", "x") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				id := w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
				s := &unansweredServer{fakeBastion: w.bastion, script: []time.Duration{time.Second}, retryAfter: 20 * time.Second}
				time.AfterFunc(2*time.Second, func() { w.edit(id, edit) })
				if i := onlyItem(t, apply.Run(t.Context(), s, w.approve(), options())); i.State != apply.Done || len(s.requests) != 1 {
					t.Errorf("%+v after %d writes", i, len(s.requests))
				}
				want, _ := w.asset(id)
				edit(&want)
				if got, _ := w.asset(id); got.Active != want.Active {
					t.Errorf("it is %+v", got)
				}
			})
		})
	}
}

// TestCancelledAfterLostAnswer: a cancelled run reports at once what it does not know.
func TestCancelledAfterLostAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
		s := &unansweredServer{fakeBastion: w.bastion, script: []time.Duration{never}, retryAfter: 20 * time.Second}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		time.AfterFunc(time.Second, cancel)
		begun := time.Now()
		i := onlyItem(t, apply.Run(ctx, s, w.approve(), options()))
		if took := time.Since(begun); i.State != apply.Unknown || !i.MaybeWritten || took > time.Second {
			t.Errorf("%+v after %v", i, took)
		}
	})
}

// TestLostAnswerAndNoReading: a write that cannot be read back is unknown; one that cannot be read before it is
// sent again is not sent.
func TestLostAnswerAndNoReading(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
		s := &unansweredServer{fakeBastion: w.bastion, script: []time.Duration{never}, retryAfter: 20 * time.Second}
		reads := 0
		w.bastion.onRead = func(b *fakeBastion) {
			if reads++; reads > 1 {
				b.failRead = &inventory.Error{Kind: inventory.Temporary, Message: "away"}
			}
		}
		if i := onlyItem(t, apply.Run(t.Context(), s, w.approve(), options())); i.State != apply.Unknown || len(s.requests) != 1 {
			t.Errorf("%+v after %d writes", i, len(s.requests))
		}
	})
}

// TestCarriedOutAtTheLastMoment: a write that is carried out just when it is read again is done, and not sent
// again.
func TestCarriedOutAtTheLastMoment(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.grace = 0
		id := w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
		s := &unansweredServer{fakeBastion: w.bastion, script: []time.Duration{never}, retryAfter: 20 * time.Second}
		begun := time.Now()
		reads := 0
		w.bastion.onRead = func(b *fakeBastion) {
			if reads++; time.Since(begun) == s.retryAfter && reads == 6 { // the one after the last look
				delete(b.assets, id)
			}
		}
		if i := onlyItem(t, apply.Run(t.Context(), s, w.approve(), options())); i.State != apply.Done || len(s.requests) != 1 || reads != 6 {
			t.Errorf("%+v after %d writes, %d reads", i, len(s.requests), reads)
		}
	})
}

// TestFailedAnswerOnceMore: after an answer that nothing was changed the write is sent again, after the asset was
// read again.
func TestFailedAnswerOnceMore(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fails, writes int
		keeps         bool
		state         apply.ItemState
	}{{1, 2, false, apply.Done}, {2, 2, false, apply.Failed}, {1, 1, true, apply.Kept}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			id := w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
			s := &unansweredServer{fakeBastion: w.bastion, failCount: test.fails, failErr: &inventory.Error{Kind: inventory.Temporary, Message: "500"}}
			if test.keeps {
				time.AfterFunc(100*time.Millisecond, func() {
					w.edit(id, func(a *inventory.Asset) { a.Labels = withLabel(a.Labels, inventory.LabelKeep, "me") })
				})
			}
			i := onlyItem(t, apply.Run(t.Context(), s, w.approve(), options()))
			if i.State != test.state || i.MaybeWritten || len(s.requests) != test.writes {
				t.Errorf("%+v: %+v after %d writes", test, i, len(s.requests))
			}
		})
	}
}

// TestReadAgainAfterAWait: what had to wait long is read again before it is sent, and not sent if a person keeps it
// by then.
func TestReadAgainAfterAWait(t *testing.T) {
	t.Parallel()
	for _, keeps := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			id := w.addAsset(instance("i-3", "gone", "10.0.0.3"), nil)
			s := &unansweredServer{fakeBastion: w.bastion, failCount: 2, failErr: &inventory.Error{Kind: inventory.Temporary, Err: inventory.ErrStaleRead}}
			state, requests := apply.Done, 3
			if keeps {
				state, requests = apply.Kept, 1
				w.bastion.onRead = func(b *fakeBastion) {
					if a := b.assets[id]; len(s.requests) > 0 && a.LabelCount(inventory.LabelKeep) == 0 {
						a.Labels = withLabel(a.Labels, inventory.LabelKeep, "me")
						b.assets[id] = a
					}
				}
			}
			if i := onlyItem(t, apply.Run(t.Context(), s, w.approve(), options())); i.State != state || i.MaybeWritten || len(s.requests) != requests {
				t.Errorf("%s, late %t, after %d writes", i.State, i.MaybeWritten, len(s.requests))
			}
		})
	}
}

// TestSilentServerIsLeftAlone: a JumpServer that carries nothing out is left alone; what was not sent has failed,
// and is not in doubt.
func TestSilentServerIsLeftAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		for n := range 30 {
			w.addAsset(instance(fmt.Sprintf("i-%02d", n), fmt.Sprint("n", n), "10.0.0.1"), nil)
		}
		w.bastion.batch = 4
		s := &unansweredServer{fakeBastion: w.bastion, script: slices.Repeat([]time.Duration{never}, 100), retryAfter: 20 * time.Second}
		r := apply.Run(t.Context(), s, w.approve(), options())
		want(t, r, map[string]int{"deactivate failed": 30})
		if len(s.requests) != 3 {
			t.Errorf("%d writes", len(s.requests))
		}
		if late := slices.DeleteFunc(r.Items, func(i apply.Item) bool { return !i.MaybeWritten }); len(late) != 4 {
			t.Errorf("of %d it is not sure that they are not carried out later", len(late))
		}
	})
}

// TestPartsAreReadAgain: a refused batch is sent in parts, and right before each part its assets are read again.
func TestPartsAreReadAgain(t *testing.T) {
	t.Parallel()
	w := newWorld()
	for n := range 4 {
		w.addAsset(instance(fmt.Sprintf("i-%02d", n), fmt.Sprint("n", n), "10.0.0.1"), nil)
	}
	s := &partialUpdates{fakeBastion: w.bastion, between: func(first bool) {
		if !first {
			w.edit(inventory.AssetID(inventory.Alibaba, "cn-beijing", "i-03"), func(a *inventory.Asset) { a.Labels = withLabel(a.Labels, inventory.LabelKeep, "me") })
		}
	}}
	r := apply.Run(t.Context(), s, w.approve(), options())
	want(t, r, map[string]int{"deactivate done": 3, "deactivate kept": 1})
	if a, _ := w.asset(inventory.AssetID(inventory.Alibaba, "cn-beijing", "i-03")); !a.Active {
		t.Error("what a person kept was switched off")
	}
}

// partialUpdates is a bastion that takes half batches only.
type partialUpdates struct {
	*fakeBastion
	between func(first bool)
}

func (p *partialUpdates) Update(ctx context.Context, patches []inventory.Patch, still func([]int) []int) []error {
	errs := make([]error, len(patches))
	half := len(patches) / 2
	for n, rows := range [][]int{numbers(0, half), numbers(half, len(patches))} {
		p.between(n == 0)
		for _, at := range still(rows) {
			errs[at] = p.fakeBastion.Update(ctx, patches[at:at+1], nil)[0]
		}
	}
	return errs
}

func numbers(from, to int) (all []int) {
	for n := from; n < to; n++ {
		all = append(all, n)
	}
	return all
}

func withLabel(labels []inventory.Label, name, value string) []inventory.Label {
	return append(slices.Clone(labels), inventory.Label{Name: name, Value: value})
}

func onlyItem(t *testing.T, r apply.Result) apply.Item {
	t.Helper()
	if len(r.Items) != 1 {
		t.Fatalf("items %+v", r.Items)
	}
	return r.Items[0]
}

// edit changes an asset as a person does.
func (w *world) edit(id string, change func(*inventory.Asset)) {
	w.bastion.mu.Lock()
	defer w.bastion.mu.Unlock()
	if a, there := w.bastion.assets[id]; there {
		change(&a)
		w.bastion.assets[id] = a
	}
}

func (w *world) asset(id string) (inventory.Asset, bool) {
	w.bastion.mu.Lock()
	defer w.bastion.mu.Unlock()
	a, there := w.bastion.assets[id]
	return a, there
}
