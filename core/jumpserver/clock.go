package jumpserver

import (
	"net/http"
	"time"
)

// Skew returns how far this machine's clock was ahead of JumpServer's (negative: behind) at the last answer that
// had a Date; 0 = they agree, or there was none.
func (c *Client) Skew() time.Duration { return time.Duration(c.skew.Load()) }

// recordSkew compares an answer's Date, which has whole seconds, with when its request was sent and the answer received.
func (c *Client) recordSkew(h http.Header, sent time.Time) {
	date, err := http.ParseTime(h.Get("Date"))
	if err != nil || h.Get("Age") != "" {
		return
	}
	skew, received := time.Duration(0), c.now()
	latest := date.Add(time.Second)
	switch {
	case latest.Before(sent):
		skew = sent.Sub(latest)
	case date.After(received):
		skew = received.Sub(date)
	}
	c.skew.Store(int64(skew))
}
