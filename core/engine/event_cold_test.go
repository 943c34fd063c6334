package engine_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestColdEventCalls: a function that has just started makes few calls of JumpServer for one event. What
// limits requests there (180 a minute before v4.10.17) is shared by timer, events and people.
func TestColdEventCalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		given func(*eventWorld)
		event string
		most  int
	}{
		"create": {func(h *eventWorld) {
			h.editClouds(cloudEdit{Put: []instance{{ID: "i-new", Name: "new", IP: "10.0.0.77"}}})
		}, "i-new Running", 6},
		"release":       {releasing("i-b1"), "i-b1 Deleted", 6},
		"nothing to do": {func(*eventWorld) {}, "i-b1 Running", 6},
		// Only here the sizes of scope and place are asked for: whatever they are, three may go in a day.
		"release after three": {func(h *eventWorld) {
			var made []instance
			for n := range 20 {
				made = append(made, instance{ID: fmt.Sprintf("i-m%02d", n), Name: fmt.Sprintf("m-%d", n), IP: fmt.Sprintf("10.0.5.%d", n)})
			}
			h.editClouds(cloudEdit{Put: made})
			h.runFull()
			releasing("i-b2", "i-b3", "i-m00")(h)
			h.handleEvents(stateEvent("i-b2 Deleted"), stateEvent("i-b3 Deleted"), stateEvent("i-m00 Deleted"))
			h.expectMessages(1)
			releasing("i-b1")(h)
			h.client = nil
		}, "i-b1 Deleted", 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newEventWorld(t, nil)
			h.client = nil // as a new process
			c.given(h)
			var seen sync.Mutex
			var requests []string
			h.jumpserver.OnRequest(func(r *http.Request) {
				seen.Lock()
				defer seen.Unlock()
				requests = append(requests, r.Method+" "+r.URL.RequestURI())
			})
			h.handleEvents(stateEvent(c.event))
			counted := slices.ContainsFunc(requests, func(r string) bool { return strings.Contains(r, "is_active=true") })
			if len(requests) > c.most || len(requests) == 0 || counted != (c.most > 6) {
				t.Errorf("%d calls, want at most %d: %q", len(requests), c.most, requests)
			}
			h.expectMessages(map[bool]int{true: 0, false: 1}[name == "nothing to do"])
			h.close()
		})
	}
}
