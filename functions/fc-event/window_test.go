package main

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/jms-sync/jms-sync/core/notify/dingtalk/dingtalktest"
	"github.com/jms-sync/jms-sync/core/reconcile"
	"github.com/jms-sync/jms-sync/functions/runtimetest"
)

// stop stops the instance as the platform announces it.
func (w *world) stop() {
	w.Helper()
	if a := w.send("", runtimetest.Options{Kind: runtimetest.PreStop}); !a.OK {
		w.Fatalf("PreStop: %s\n%s", a.ErrorMessage, w.OutputTail())
	}
}

// wantInCards wants the new assets of the instances 0 … n-1 in the cards, each in exactly one.
func (w *world) wantInCards(n int) {
	w.Helper()
	for i := range n {
		cards := 0
		for _, m := range w.Robot.Messages() {
			if strings.Contains(m.Text, fmt.Sprintf("web-%05d", i)) {
				cards++
			}
		}
		if cards != 1 {
			w.Errorf("web-%05d is in %d cards: %+v", i, cards, w.Robot.Messages())
		}
	}
}

// sendCreates sends one create event after another.
func (w *world) sendCreates(from, to int) {
	w.Helper()
	for i := from; i < to; i++ {
		w.createAsset(i, fmt.Sprintf("i-%d", i))
	}
}

// testWindow: the card of the first event goes out at once, and one card holds the four of the window after it when the
// instance stops.
func testWindow(w *world) {
	w.start()
	w.sendCreates(0, 1)
	if n := len(w.Robot.Messages()); n != 1 {
		w.Errorf("%d cards after the first event", n)
	}
	w.sendCreates(1, 5)
	if n := len(w.Robot.Messages()); n != 1 {
		w.Errorf("%d cards within the window", n)
	}
	w.stop()
	if n := len(w.Robot.Messages()); n != 2 {
		w.Errorf("%d cards after the stop", n)
	}
	w.wantInCards(5)
	w.stop()
	if n := len(w.Robot.Messages()); n != 2 {
		w.Errorf("%d cards after another stop", n)
	}
}

// testSharedWindow has two processes and one store: events of the second one within the window of the first wait in the
// store, also when both are stopped.
func testSharedWindow(w *world) {
	folder := w.TempDir()
	w.Env["STATE"], w.Env["NOTIFICATION_WINDOW"] = "file://"+folder, "10m"
	w.start()
	w.sendCreates(0, 1)
	w.stop()
	w.Process.Stop()
	w.start()
	w.sendCreates(1, 3)
	w.stop()
	if n := len(w.Robot.Messages()); n != 1 {
		w.Errorf("%d cards", n)
	}
	w.wantInCards(1)
	queued, err := filepath.Glob(filepath.Join(folder, "servers", "*", "window", "*", "*.json"))
	if err != nil || len(queued) != 2 {
		w.Errorf("kept are %q, %v", queued, err)
	}
}

func testNoWindow(w *world) {
	w.Env["NOTIFICATION_WINDOW"] = "0s"
	w.start()
	w.sendCreates(0, 3)
	if n := len(w.Robot.Messages()); n != 3 {
		w.Errorf("%d cards", n)
	}
	w.sendEvent(newStateChange("i-0", "Stopped"), shortInvocation, reconcile.EventDone)
	w.stop()
	if n := len(w.Robot.Messages()); n != 3 {
		w.Errorf("%d cards, though nothing more was changed", n)
	}
	w.wantInCards(3)
}

// testRobotDown: a refused card goes out with the next one.
func testRobotDown(w *world) {
	w.Env["NOTIFICATION_WINDOW"] = "0s"
	w.Robot.QueueFaults(dingtalktest.AnswerFaults(1, "keywords")...)
	w.start()
	w.sendCreates(0, 2)
	if !strings.Contains(w.Process.Stdout(), "notification failed") {
		w.Errorf("the log does not tell: %s", w.Process.Stdout())
	}
	if n := len(w.Robot.Messages()); n != 1 {
		w.Errorf("%d cards", n)
	}
	w.wantInCards(2)
}

// testStopBeforeEvents stops an instance that has seen no event.
func testStopBeforeEvents(w *world) {
	w.start()
	if cost := w.countCalls(w.stop); cost != (callCounts{}) {
		w.Errorf("cost %+v", cost)
	}
}
