package login

import (
	"encoding/base64"
	"strconv"
	"strings"
	"time"

	"crypto/hmac"
)

// LinkLifetime is how long a link that approves can be used.
const LinkLifetime = time.Hour

// NewLink returns what stands behind # in a link that approves a set without a login. A part behind # is sent to nobody: no
// proxy logs it, and no preview of a chat program follows it.
func (s *Sessions) NewLink(hash string) string {
	body := hash + "." + strconv.FormatInt(s.now().Add(LinkLifetime).Unix(), 10)
	return body + "." + base64.RawURLEncoding.EncodeToString(s.links.sum(body))
}

// OpenLink returns the hash of the set that a link approves. genuine says that it is one of ours, and expired that it is too
// old.
func (s *Sessions) OpenLink(link string) (hash string, genuine, expired bool) {
	at := strings.LastIndexByte(link, '.')
	if at < 0 {
		return "", false, false
	}
	given, err := base64.RawURLEncoding.Strict().DecodeString(link[at+1:])
	if err != nil || !hmac.Equal(given, s.links.sum(link[:at])) {
		return "", false, false
	}
	hash, until, _ := strings.Cut(link[:at], ".")
	end, err := strconv.ParseInt(until, 10, 64)
	return hash, err == nil, err != nil || s.now().Unix() >= end
}
