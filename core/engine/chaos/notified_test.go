package chaos

import (
	"fmt"
	"slices"
	"strings"

	"github.com/jms-sync/jms-sync/core/engine/enginetest"
	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// notifiedCheck is what people were told of removals, and what spoils the count.
type notifiedCheck struct {
	removals  int  // deactivations and deletions that JumpServer carried out
	mayRepeat bool // a card may have been taken although its answer was lost, or what is to be told not be forgotten
	mayMiss   bool // the store, the clock or a person took away by what it is known that something was not told
}

// count counts the removals that a request made.
func (n *notifiedCheck) count(watch *enginetest.HostWatch, did enginetest.Write) {
	now := map[string]jumpservertest.Host{}
	for _, h := range did.After {
		now[h.ID] = h
	}
	for _, was := range did.Before {
		h, there := now[was.ID]
		if watch.MachineOf(was) != nil && (!there || enginetest.IsGone(h) && !enginetest.IsGone(was) || was.Active && !h.Active && enginetest.IsRuledOff(h)) {
			n.removals++
		}
	}
}

// noteFault notes a fault after which it cannot be counted what was told.
func (w *world) noteFault(f *fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	peer := peerOf(f.peerLine)
	switch {
	case f.kind == clockJump, peer == stateStore:
		w.notified.mayMiss = true
	case peer == dingTalk, f.kind == killed, f.kind == killedAfter: // a note that the dead process left is told too, although another run told it
		w.notified.mayRepeat = true
	}
}

// checkNotified: with a store that can keep a lease, and that works, every removal was told by one card.
func (w *world) checkNotified() {
	if w.root == nil || !w.canLease || slices.ContainsFunc(w.sites, func(s *site) bool { return s.store == nil }) || w.notified.mayMiss {
		return
	}
	told := 0
	for _, m := range w.robot.Messages() {
		for _, row := range []string{"停用资产", "删除资产", "Deactivated", "Deleted"} {
			var n int
			if _, after, found := strings.Cut(m.Text, "| "+row+" | "); found {
				_, _ = fmt.Sscan(after, &n)
			}
			told += n
		}
	}
	w.counters.countNotified(told)
	if told < w.notified.removals || told > w.notified.removals && !w.notified.mayRepeat {
		w.Errorf("%d removals were made, and %d told (some may be told twice: %t)", w.notified.removals, told, w.notified.mayRepeat)
	}
}
