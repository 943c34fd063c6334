package apply

import (
	"sync"

	"github.com/jms-sync/jms-sync/core/inventory"
)

// mostBarred is how many creates in a row something in front of JumpServer may refuse. It may dislike one
// host's content; a firewall that refuses all of them locks out who keeps knocking.
const mostBarred = 6

// stopper remembers an error after which no further create may be sent: the right is missing, the
// key is wrong, JumpServer's room is used up, another organisation took what we sent, or something in front
// of JumpServer lets nothing through.
type stopper struct {
	mu     sync.Mutex
	err    error
	barred int // creates that were refused in a row by something in front of JumpServer
}

func (s *stopper) see(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
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

func (s *stopper) why() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
