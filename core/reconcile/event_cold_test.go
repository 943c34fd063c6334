package reconcile_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jms-sync/jms-sync/core/engine/enginetest"
)

// TestColdEventCalls: a function that has just started makes few calls of JumpServer for one event. What
// limits requests there (180 a minute before v4.10.17) is shared by timer, events and people.
func TestColdEventCalls(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		given func(*enginetest.EventWorld)
		event string
		most  int
	}{
		"create": {func(h *enginetest.EventWorld) {
			h.EditClouds(enginetest.CloudEdit{Put: []enginetest.Instance{{ID: "i-new", Name: "new", IP: "10.0.0.77"}}})
		}, "i-new Running", 6},
		"release":       {enginetest.Releasing("i-b1"), "i-b1 Deleted", 6},
		"nothing to do": {func(*enginetest.EventWorld) {}, "i-b1 Running", 6},
		// Only here the sizes of scope and place are asked for: whatever they are, three may go in a day.
		"release after three": {func(h *enginetest.EventWorld) {
			var made []enginetest.Instance
			for n := range 20 {
				made = append(made, enginetest.Instance{ID: fmt.Sprintf("i-m%02d", n), Name: fmt.Sprintf("m-%d", n), IP: fmt.Sprintf("10.0.5.%d", n)})
			}
			h.EditClouds(enginetest.CloudEdit{Put: made})
			h.RunFull()
			enginetest.Releasing("i-b2", "i-b3", "i-m00")(h)
			h.HandleEvents(enginetest.StateEvent("i-b2 Deleted"), enginetest.StateEvent("i-b3 Deleted"), enginetest.StateEvent("i-m00 Deleted"))
			h.ExpectMessages(1)
			enginetest.Releasing("i-b1")(h)
			h.Client = nil
		}, "i-b1 Deleted", 8},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := enginetest.NewEventWorld(t, nil)
			h.Client = nil // as a new process
			c.given(h)
			var seen sync.Mutex
			var requests []string
			h.JumpServer.OnRequest(func(r *http.Request) {
				seen.Lock()
				defer seen.Unlock()
				requests = append(requests, r.Method+" "+r.URL.RequestURI())
			})
			h.HandleEvents(enginetest.StateEvent(c.event))
			counted := slices.ContainsFunc(requests, func(r string) bool { return strings.Contains(r, "is_active=true") })
			if len(requests) > c.most || len(requests) == 0 || counted != (c.most > 6) {
				t.Errorf("%d calls, want at most %d: %q", len(requests), c.most, requests)
			}
			h.ExpectMessages(map[bool]int{true: 0, false: 1}[name == "nothing to do"])
			h.Close()
		})
	}
}
