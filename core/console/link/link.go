// Package link signs the links of cards that approve a held set without a login: each is for one set, and for an hour.
package link

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"strconv"
	"strings"
	"time"
)

// Lifetime is how long a link can be used.
const Lifetime = time.Hour

func sum(key []byte, text string) []byte {
	derived, err := hkdf.Key(sha256.New, key, nil, "jms-sync console link", sha256.Size)
	if err != nil {
		panic(err) // cannot be: the length is that of the hash
	}
	m := hmac.New(sha256.New, derived)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// New returns what stands behind # in a link that approves a set. A part behind # is sent to nobody: no proxy logs it, and no
// preview of a chat program follows it.
func New(key []byte, hash string, now time.Time) string {
	body := hash + "." + strconv.FormatInt(now.Add(Lifetime).Unix(), 10)
	return body + "." + base64.RawURLEncoding.EncodeToString(sum(key, body))
}

// Open returns the hash of the set that a link approves. genuine says that it is one of ours, and expired that it is too
// old.
func Open(key []byte, link string, now time.Time) (hash string, genuine, expired bool) {
	at := strings.LastIndexByte(link, '.')
	if at < 0 {
		return "", false, false
	}
	given, err := base64.RawURLEncoding.Strict().DecodeString(link[at+1:])
	if err != nil || !hmac.Equal(given, sum(key, link[:at])) {
		return "", false, false
	}
	hash, until, _ := strings.Cut(link[:at], ".")
	end, err := strconv.ParseInt(until, 10, 64)
	return hash, err == nil, err != nil || now.Unix() >= end
}
