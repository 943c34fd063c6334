package apply

import (
	"errors"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// mostBarred is how many creates in a row something in front of JumpServer may refuse. It may dislike one
// host's content; a firewall that refuses all of them locks out who keeps knocking.
const mostBarred = 6

// mostSilent is how many creates in a row may have no answer, each after several tries.
const mostSilent = 3

// stopper remembers an error after which no further create may be sent: the right is missing, the
// key is wrong, JumpServer's room is used up, another organisation took what we sent, something in front
// of JumpServer lets nothing through, or no answer comes.
type stopper struct {
	mu     sync.Mutex
	err    error
	barred int // creates that were refused in a row by something in front of JumpServer
	silent int // creates in a row that had no answer
}

func (s *stopper) see(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hears(err)
	switch inventory.KindOf(err) {
	case inventory.Limit, inventory.Denied, inventory.BadCredentials, inventory.Organisation:
		s.err = err
	case inventory.Front:
		if inventory.Passing(err) { // it is down for a while, and says nothing of what was sent
			return
		}
		if s.barred++; s.barred >= mostBarred || inventory.Hopeless(err) {
			s.err = err
		}
	default:
		s.barred = 0
	}
}

// hears counts creates without an answer; the lock is held.
func (s *stopper) hears(err error) {
	switch {
	case err == nil:
		s.silent = 0
	case lostAnswer(err):
		s.silent++
		if s.silent >= mostSilent && s.err == nil {
			s.err = notSent(err)
		}
	}
}

// lostAnswer reports whether an error is about a write that had no answer.
func lostAnswer(err error) bool {
	var e *inventory.Error
	for ; errors.As(err, &e); err = e.Err {
		if e.Kind == inventory.Unanswered {
			return true
		}
	}
	return false
}

func (s *stopper) why() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
