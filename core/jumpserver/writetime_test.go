package jumpserver

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// Batches follow the time per row: down at once, up by at most twice.
func TestBatchFollowsTheTime(t *testing.T) {
	t.Parallel()
	c := newStub(t).client()
	step := func(perRow time.Duration, want int) {
		t.Helper()
		rows := c.UpdateBatchSize(t.Context(), true)
		c.writeTimes.recordAnswered(writeSize{labelPatches, rows}, perRow*time.Duration(rows))
		if got := c.UpdateBatchSize(t.Context(), true); got != want {
			t.Errorf("after %d rows of %v: %d, want %d", rows, perRow, got, want)
		}
	}
	if labels, plain, deletes := c.UpdateBatchSize(t.Context(), true), c.UpdateBatchSize(t.Context(), false), c.RemoveBatchSize(t.Context()); labels != 15 || plain != 50 || deletes != 50 {
		t.Errorf("at first %d, %d and %d", labels, plain, deletes)
	}
	step(200*time.Millisecond, 15)
	step(time.Second, 3)
	step(30*time.Millisecond, 5)
	step(30*time.Millisecond, 11)
	step(30*time.Millisecond, 19)
	step(30*time.Millisecond, 33)
	step(time.Millisecond, 65)
	step(time.Millisecond, 100) // as configured
	step(time.Hour, 1)
	if c.UpdateBatchSize(t.Context(), false) != 50 {
		t.Error("patches without labels learn from those with them")
	}
	c.writeTimes.recordTimeout(writeSize{plainPatches, 50}, 10*time.Second)
	if got := c.UpdateBatchSize(t.Context(), false); got != 15 {
		t.Errorf("after a list without an answer: %d", got)
	}
	c.writeTimes.recordTimeout(writeSize{plainPatches, 15}, time.Second)
	if got := c.UpdateBatchSize(t.Context(), false); got != 15 {
		t.Errorf("after one that was cut early: %d", got)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	if got := c.RemoveBatchSize(ctx); got < 14 || got > 16 {
		t.Errorf("with two seconds left: %d", got)
	}
}

// labelled returns n patches that set a label.
func labelled(n int) (patches []inventory.Patch) {
	for i := range n {
		patches = append(patches, inventory.Patch{ID: testID(i), Labels: []inventory.Label{{Name: "k", Value: "v"}}})
	}
	return patches
}

// A list may take several times what its rows are expected to take, or the configured time if that is more.
func TestTimeoutFollowsTheRows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ setting, takes, cut time.Duration }{
		{time.Second, 11 * time.Second, 0},
		{time.Second, time.Minute, 12 * time.Second},
		{time.Minute, 50 * time.Second, 0},
		{20 * time.Second, time.Minute, 20 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newStub(t)
			s.on("PATCH "+apiHosts, func(w http.ResponseWriter, r *http.Request) {
				select {
				case <-time.After(test.takes):
				case <-r.Context().Done():
					return
				}
				answers := ""
				for i := range 15 {
					answers += "," + hostJSON(testID(i), fmt.Sprint("h", i), "k:v")
				}
				reply(w, 200, "["+answers[1:]+"]")
			})
			c := s.client(realSleep, func(o *Options) { o.RequestTimeout = test.setting })
			begun := time.Now()
			errs := c.Update(t.Context(), labelled(15), nil)
			took := time.Since(begun)
			if test.cut == 0 {
				if errs[0] != nil || took != test.takes {
					t.Errorf("%+v: after %v: %v", test, took, errs[0])
				}
				return
			}
			wantKind(t, errs[0], inventory.Unanswered, "may have been carried out", "did not answer in time")
			if took != test.cut || retryAfterOf(errs[0]) < test.cut || len(s.requests("PATCH")) != 1 {
				t.Errorf("%+v: after %v, and %v more", test, took, retryAfterOf(errs[0]))
			}
		})
	}
}

func retryAfterOf(err error) time.Duration { return err.(*inventory.Error).RetryAfter }

// No write starts that is not expected to end in time.
func TestTooLittleTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newStub(t)
		c := s.client()
		c.writeTimes.recordAnswered(writeSize{labelPatches, 1}, 2*time.Second)
		c.writeTimes.recordAnswered(writeSize{creations, 1}, 2*time.Second)
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		for _, err := range c.Update(ctx, labelled(1), nil) {
			wantKind(t, err, inventory.Deadline, "too little time")
		}
		_, err := c.Create(ctx, newAsset())
		wantKind(t, err, inventory.Deadline, "too little time")
		if n := len(s.requests("PATCH")) + len(s.requests("POST "+apiHosts)); n != 0 {
			t.Errorf("%d writes", n)
		}
	})
}

// After a lost answer the host is looked up before it is sent again.
func TestCreateThatComesLate(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		comes  time.Duration // after the first POST; 0 = never
		broken bool          // it cannot be looked up
		limit  time.Duration
		posts  int
		kind   inventory.Kind
	}{
		"while we wait":       {comes: 20 * time.Second, posts: 1},
		"with the second one": {comes: 35 * time.Second, posts: 2},
		"never":               {posts: 3, kind: inventory.Temporary},
		"nobody knows":        {broken: true, posts: 1, kind: inventory.Unanswered},
		"too little time":     {limit: 12 * time.Second, posts: 1, kind: inventory.Unanswered},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := newStub(t)
				begun := time.Now()
				s.on("POST "+apiHosts, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
				s.on("GET "+apiHosts, func(w http.ResponseWriter, _ *http.Request) {
					switch {
					case test.broken:
						reply(w, 502, "")
					case test.comes > 0 && time.Since(begun) >= test.comes:
						reply(w, 200, pageJSON(1, createdJSON(newAsset())))
					default:
						reply(w, 200, pageJSON(0))
					}
				})
				ctx, cancel := context.WithCancel(t.Context())
				if test.limit > 0 {
					ctx, cancel = context.WithTimeout(t.Context(), test.limit)
				}
				defer cancel()
				c := s.client(realSleep, func(o *Options) { o.RequestTimeout = 10 * time.Second })
				existed, err := c.Create(ctx, newAsset())
				wantKind(t, err, test.kind)
				if n := len(s.requests("POST " + apiHosts)); existed || n != test.posts {
					t.Errorf("%d POSTs, existed %t", n, existed)
				}
				if test.limit > 0 && time.Since(begun) > test.limit {
					t.Error("it waited longer than it might")
				}
			})
		})
	}
}

// Before each request but the first the caller decides which rows are still to be written.
func TestUpdateAsksAgain(t *testing.T) {
	t.Parallel()
	for name, refuse := range map[string]bool{"lists": false, "halves": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStub(t)
			p, patches := renames(60)
			p.t = t
			p.serve(s)
			if refuse {
				p.bad[testID(0)] = 400
			}
			asked := 0
			s.client(quick).Update(t.Context(), patches, func(rows []int) []int {
				asked++
				if len(rows) == 0 {
					t.Error("asked about nothing")
				}
				return slices.DeleteFunc(slices.Clone(rows), func(n int) bool { return n == 59 || n == 30 })
			})
			if want := len(s.requests("PATCH")) - 1; asked < want {
				t.Errorf("asked %d times for %d further requests", asked, want)
			}
			if p.names[testID(59)] != "old-59" || p.names[testID(58)] != "new-58" {
				t.Error("what was left out was written, or the rest was not")
			}
			if refuse && p.names[testID(30)] != "old-30" {
				t.Error("what was left out of a half was written")
			}
		})
	}
}

// A write that had to wait for its turn after its assets were read is not sent: they must be read again first. Renames,
// which need no reading, and creates just wait.
func TestTooLongAgo(t *testing.T) {
	t.Parallel()
	for _, wait := range []string{"5", "30"} {
		synctest.Test(t, func(t *testing.T) {
			s := newStub(t)
			limited := func(w http.ResponseWriter, _ *http.Request) {
				w.Header().Set("Retry-After", wait)
				reply(w, 429, `{"detail":"Request was throttled.","code":"throttled"}`)
			}
			id := testID(0)
			s.script("PATCH "+apiHosts+id+"/", limited, answer(200, hostJSON(id, "h", "k:v")))
			c := s.client(realSleep)
			err := c.Update(t.Context(), labelled(1), nil)[0]
			if sent := len(s.requests("PATCH")); wait == "5" && (err != nil || sent != 2) || wait == "30" && (!errors.Is(err, inventory.ErrStaleRead) || sent != 1) {
				t.Errorf("after %s seconds: %v, %d PATCHes", wait, err, sent)
			}
			name := "h"
			s.script("PATCH "+apiHosts+id+"/", limited, answer(200, hostJSON(id, name)))
			if err := c.Update(t.Context(), []inventory.Patch{{ID: id, Name: &name}}, nil)[0]; err != nil {
				t.Errorf("a rename: %v", err)
			}
			v := &removableStub{hosts: hostIDs(1)}
			v.serve(s)
			s.script("DELETE "+apiHosts, limited, answer(204, ""))
			err = s.client(realSleep).Remove(t.Context(), hostIDs(1), nil)[0]
			if errors.Is(err, inventory.ErrStaleRead) != (wait == "30") {
				t.Errorf("a removal after %s seconds: %v", wait, err)
			}
		})
	}
}
