package chaos

import (
	"fmt"
	"strings"

	"github.com/jms-sync/jms-sync/core/jumpserver/jumpservertest"
)

// telling is what people were told of removals, and what spoils the count.
type telling struct {
	made  int  // deactivations and deletions that JumpServer carried out
	twice bool // a card may have been taken although its answer was lost, so that it is sent again
	lost  bool // the store, the clock or a person took away by what it is known that something was not told
}

// carried counts the removals that a request made; w.mu is not held.
func (w *world) carried(before []jumpservertest.Host, now map[string]jumpservertest.Host) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, was := range before {
		h, there := now[was.ID]
		switch {
		case w.machineOf(was) == nil:
		case !there, gone(h) && !gone(was):
			w.telling.made++
		}
	}
}

// spoils notes a fault after which it cannot be counted what was told.
func (w *world) spoils(f *fault) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch peer := peerOf(f.line); {
	case f.kind == clockJump, peer == store:
		w.telling.lost = true
	case peer == dingTalk:
		w.telling.twice = true
	}
}

// checkTold: with a store that can keep a lease, and that works, every removal was told by one card.
func (w *world) checkTold() {
	if w.store == nil || !w.leases || w.telling.lost {
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
	w.seen.told(told)
	if told < w.telling.made || told > w.telling.made && !w.telling.twice {
		w.Errorf("%d removals were made, and %d told (some may be told twice: %t)", w.telling.made, told, w.telling.twice)
	}
}
