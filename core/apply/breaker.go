package apply

import (
	"errors"
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// maxRefused is how many creates in a row something in front of JumpServer may refuse. It may refuse one host's
// content; a firewall that refuses all may lock out a client that goes on.
const maxRefused = 6

// maxUnanswered is how many creates in a row may have no answer, each after several tries.
const maxUnanswered = 3

// circuitBreaker keeps an error after which no further create may be sent: a permission is missing, the key is
// wrong, JumpServer's limit is used up, another organisation answered, something in front of JumpServer lets
// nothing through, or no answer comes.
type circuitBreaker struct {
	mu         sync.Mutex
	err        error
	refused    int // in a row, by something in front of JumpServer
	unanswered int // in a row
}

func (s *circuitBreaker) record(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.countUnanswered(err)
	switch inventory.KindOf(err) {
	case inventory.Limit, inventory.Denied, inventory.BadCredentials, inventory.Organisation:
		s.err = err
	case inventory.Front:
		if inventory.IsTransient(err) { // it is down for a while, which says nothing about what was sent
			return
		}
		s.refused++
		if s.refused >= maxRefused || inventory.IsPermanentFront(err) {
			s.err = err
		}
	default:
		s.refused = 0
	}
}

// countUnanswered counts creates without an answer. The lock is held.
func (s *circuitBreaker) countUnanswered(err error) {
	switch {
	case err == nil:
		s.unanswered = 0
	case isUnanswered(err):
		s.unanswered++
		if s.unanswered >= maxUnanswered && s.err == nil {
			s.err = notSentError(err)
		}
	}
}

// isUnanswered reports whether an error is about a write that had no answer.
func isUnanswered(err error) bool {
	var e *inventory.Error
	for ; errors.As(err, &e); err = e.Err {
		if e.Kind == inventory.Unanswered {
			return true
		}
	}
	return false
}

func (s *circuitBreaker) tripError() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
