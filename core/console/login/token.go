package login

import (
	"crypto/rand"
	"crypto/subtle"
	"sync"
)

// Token is what signs in who started serve. It serves once; then there is another one.
type Token struct {
	mu    sync.Mutex
	text  string
	renew func(next string)
}

// NewToken returns a token. renew is told the next one when it was used.
func NewToken(renew func(next string)) *Token { return &Token{text: rand.Text(), renew: renew} }

// Text returns the token that can be used now.
func (t *Token) Text() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text
}

// Use reports whether a text is the token, which is then used up.
func (t *Token) Use(given string) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	if subtle.ConstantTimeCompare([]byte(given), []byte(t.text)) != 1 {
		return false
	}
	t.text = rand.Text()
	if t.renew != nil {
		t.renew(t.text)
	}
	return true
}
