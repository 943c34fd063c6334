// Package login knows who asks: it signs people in by a token, by OpenID Connect, DingTalk or Feishu, keeps their sessions
// in signed cookies, and limits how often one address may ask. Nothing of it is kept by the server, apart from the numbers
// of the limits: an instance of a function shares no memory with another one.
package login

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// MinKey is how many bytes a key of cookies has at least.
const MinKey = 32

// sealer signs values for one purpose. A value that was signed for another purpose is no value.
type sealer struct{ key []byte }

func newSealer(key []byte, purpose string) sealer {
	derived, err := hkdf.Key(sha256.New, key, nil, "jms-sync console "+purpose, sha256.Size)
	if err != nil {
		panic(err) // cannot be: the length is that of the hash
	}
	return sealer{derived}
}

func (s sealer) sum(text string) []byte {
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(text))
	return m.Sum(nil)
}

// seal returns a value as text with its signature.
func (s sealer) seal(value any) string {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // cannot be: all of it is texts and numbers
	}
	body := base64.RawURLEncoding.EncodeToString(text)
	return body + "." + base64.RawURLEncoding.EncodeToString(s.sum(body))
}

// open fills value from what seal returned, and reports whether it was signed with this key for this purpose.
func (s sealer) open(text string, value any) bool {
	body, signature, found := strings.Cut(text, ".")
	given, err := base64.RawURLEncoding.Strict().DecodeString(signature)
	if !found || err != nil || !hmac.Equal(given, s.sum(body)) {
		return false
	}
	data, err := base64.RawURLEncoding.Strict().DecodeString(body)
	return err == nil && json.Unmarshal(data, value) == nil
}
