package login

import "github.com/jms-sync/jms-sync/core/console/link"

// NewLink returns a link that approves a set without a login, see package link.
func (s *Sessions) NewLink(hash string) string { return link.New(s.key, hash, s.now()) }

// OpenLink returns the hash of the set that a link approves, see package link.
func (s *Sessions) OpenLink(text string) (hash string, genuine, expired bool) {
	return link.Open(s.key, text, s.now())
}
