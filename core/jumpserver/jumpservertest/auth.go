package jumpservertest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
)

// Key is an access key of one user.
type Key struct {
	ID, Secret string
	Token      string // also accepted as "Authorization: Token …"; "" = none
	User       string // "" = admin
	NoRole     bool   // its user has no role in any organisation: 403 for everything that needs a right
	OrgAdmin   bool   // its user administers the organisation, but is no super user
	Disabled   bool   // switched off: 401

	// Permissions are those of its user besides what everybody has; nil = all, as recorded of a super
	// user. Without a permission the answer is 403.
	Permissions []string
	// HidesPermissions makes the server hide the user's permissions, as an unknown version might.
	HidesPermissions bool
}

// AddKey adds an access key.
func (s *Server) AddKey(k Key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.addKey(k)
}

func (s *Server) addKey(k Key) {
	if k.User == "" {
		k.User = "admin"
	}
	s.keys[k.ID] = k
}

// parameterPattern matches the parameters of a Signature header.
var parameterPattern = regexp.MustCompile(`(\w+)="([^"]*)"`)

// authenticate returns the key of a request, by its signature over "(request-target) accept date"
// or its token, as recorded (auth.json, permissions.json). Like the real server it does not check a date's
// age. Where ok is false the reply is the answer.
func (s *Server) authenticate(r *http.Request) (key Key, refused reply, ok bool) {
	header := r.Header.Get("Authorization")
	kind, value, _ := strings.Cut(header, " ")
	switch kind {
	case "":
		s.recordUnexpected("%s %s: not signed", r.Method, r.URL.Path)
		return Key{}, s.unauthorized("Authentication credentials were not provided.", "not_authenticated"), false
	case "Bearer":
		return Key{}, s.unauthorized("Invalid token or cache refreshed.", "authentication_failed"), false
	case "Token":
		for _, k := range s.keys {
			if k.Token != "" && k.Token == value && !k.Disabled {
				return k, reply{}, true
			}
		}
		return Key{}, s.unauthorized("Invalid token.", "authentication_failed"), false
	}
	return s.checkSignature(r, kind, value)
}

func (s *Server) checkSignature(r *http.Request, kind, value string) (Key, reply, bool) {
	fields := map[string]string{}
	for _, m := range parameterPattern.FindAllStringSubmatch(value, -1) {
		fields[m[1]] = m[2]
	}
	wrong := s.unauthorized("Invalid signature.", "authentication_failed")
	key, known := s.keys[fields["keyId"]]
	switch {
	case kind != "Signature" || fields["keyId"] == "":
		return Key{}, wrong, false
	case uuid.Validate(fields["keyId"]) != nil:
		return Key{}, htmlReply(http.StatusInternalServerError), false
	case fields["headers"] != "(request-target) accept date":
		return Key{}, htmlReply(http.StatusInternalServerError), false
	case !known || key.Disabled || fields["algorithm"] != "hmac-sha256":
		return Key{}, wrong, false
	}
	text := fmt.Sprintf("(request-target): %s %s\naccept: %s\ndate: %s",
		strings.ToLower(r.Method), r.URL.RequestURI(), r.Header.Get("Accept"), r.Header.Get("Date"))
	mac := hmac.New(sha256.New, []byte(key.Secret))
	mac.Write([]byte(text))
	if !hmac.Equal([]byte(base64.StdEncoding.EncodeToString(mac.Sum(nil))), []byte(fields["signature"])) {
		return Key{}, wrong, false
	}
	return key, reply{}, true
}

func (s *Server) unauthorized(text, code string) reply {
	out := detailReply(http.StatusUnauthorized, text, code)
	out.header = map[string]string{"WWW-Authenticate": "Bearer"}
	if s.options.Version.isSince(V410) {
		out.header["WWW-Authenticate"] = `Signature realm="api",headers="(request-target) date"`
	}
	return out
}

// checkThrottle answers 429 once a user's requests of the last window are used up, as v4.10.16 does
// after 180 in a minute. As in Django REST framework the window slides, and refused requests
// do not count.
func (s *Server) checkThrottle(user string) (reply, bool) {
	if s.options.MaxRequests == 0 {
		return reply{}, false
	}
	now := s.options.Now()
	past := s.history[user]
	for len(past) > 0 && now.Sub(past[0]) >= s.options.Window {
		past = past[1:]
	}
	if len(past) < s.options.MaxRequests {
		s.history[user] = append(past, now)
		return reply{}, false
	}
	s.history[user] = past
	wait := int(math.Ceil((s.options.Window - now.Sub(past[0])).Seconds()))
	out := detailReply(http.StatusTooManyRequests,
		fmt.Sprintf("Request was throttled. Expected available in %d seconds.", wait), "throttled")
	out.header = map[string]string{"Retry-After": fmt.Sprint(wait)}
	return out, true
}

// defaultWindow is the window in which requests are counted.
const defaultWindow = time.Minute
