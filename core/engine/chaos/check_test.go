package chaos

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Errorf notes a violation. It makes a world what emulators need of a test.
func (w *world) Errorf(format string, args ...any) {
	if len(args) > 0 && strings.HasSuffix(fmt.Sprintf(format, args...), missingZonesPath) {
		return
	}
	w.Diary.Errorf(format, args...)
}

// missingZonesPath is what a client does that could not read the schema which says whether there are
// zones or domains, as of v4.7 there is no such path.
const missingZonesPath = "GET /api/v1/assets/zones/: no such path"

// serveChecked lets an emulator answer, and checks what a write to JumpServer did. The lock of the
// emulators is held.
func (w *world) serveChecked(r *http.Request, answer func()) {
	if r.URL.Host != jumpServer {
		answer()
		return
	}
	did := w.watch.Serve(r, answer)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.notified.count(w.watch, did)
	for _, removal := range did.Removed {
		if removal.Machine != nil {
			w.removed = append(w.removed, removal)
			w.counters.countClosed(!removal.Deleted)
		}
	}
}

// converge ends all faults: the first run puts right what they left, the second writes nothing,
// and then JumpServer is as the clouds are, but for what is held or left alone, and told.
func (w *world) converge() {
	w.healAll()
	time.Sleep(3 * time.Hour)
	mending, _ := w.runWithFaults(nil, 10*time.Minute)
	if mending.Err != nil || mending.Report.Failures > 0 {
		w.Errorf("a clean run fails: %v %+v", mending.Err, mending.Report.Errors)
	}
	w.checkNotified()
	held := mending.Report.Held
	w.store = nil // what it remembers must hide nothing
	time.Sleep(2 * time.Minute)
	out, _ := w.runWithFaults(nil, 10*time.Minute)
	// What is held for its share of a scope passes when the run that held it made the scope larger.
	for n := 0; held > 0 && w.jumpserver.Writes() > 0 && n < 3; n++ {
		held = out.Report.Held
		time.Sleep(2 * time.Minute)
		out, _ = w.runWithFaults(nil, 10*time.Minute)
	}
	if n := w.jumpserver.Writes(); n > 0 {
		w.Errorf("the last clean run makes %d writes: %v", n, w.jumpserver.Calls())
	}
	w.counters.countHeld(w.watch.CheckConverged(out, w.rules.Lang))
}
