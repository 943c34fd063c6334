package jumpserver

import (
	"net/http"
	"time"

	"github.com/jms-sync/jms-sync/core/httpx"
)

// Skew returns how far this machine's clock was ahead of JumpServer's (behind it, if < 0) at its last answer that
// had a Date; 0 = they agree, or there was none.
func (c *Client) Skew() time.Duration { return time.Duration(c.skew.Load()) }

// recordSkew compares an answer's Date with when its request was sent.
func (c *Client) recordSkew(h http.Header, sent time.Time) {
	if ahead, known := httpx.ClockSkew(h, sent, c.now()); known {
		c.skew.Store(int64(ahead))
	}
}
