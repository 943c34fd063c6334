package tencenttest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// maxSkew is how far a request's timestamp may be from the server's time.
const maxSkew = 5 * time.Minute

// authorizationPattern matches the header of signature v3:
// https://cloud.tencent.com/document/api/213/30654
var authorizationPattern = regexp.MustCompile(
	`^TC3-HMAC-SHA256 Credential=([^/ ,]+)/(\d{4}-\d\d-\d\d)/(\w+)/tc3_request, SignedHeaders=([a-z;-]+), Signature=([0-9a-f]{64})$`)

// authenticate checks key, token, time and signature, and finds the account.
func (s *Server) authenticate(c *call) (key string, refused *apiError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	parts := authorizationPattern.FindStringSubmatch(c.r.Header.Get("Authorization"))
	if parts == nil {
		return "", &apiError{"AuthFailure.InvalidAuthorization", "The Authorization in the header is not valid."}
	}
	key, date, scope, signed, signature := parts[1], parts[2], parts[3], parts[4], parts[5]
	account := s.accounts[key]
	if account == nil {
		return key, &apiError{"AuthFailure.SecretIdNotFound", "The SecretId is not found, please ensure that your SecretId is correct."}
	}
	if c.r.Header.Get("X-TC-Token") != account.token {
		return key, &apiError{"AuthFailure.TokenFailure", "The token is invalid. Please ensure that your token is correct."}
	}
	if !account.expires.IsZero() && s.Now().After(account.expires) {
		return key, &apiError{"AuthFailure.TokenFailure", "The token is expired."}
	}
	stamp, err := strconv.ParseInt(c.r.Header.Get("X-TC-Timestamp"), 10, 64)
	at := time.Unix(stamp, 0).UTC()
	if err != nil || s.Now().Sub(at).Abs() > maxSkew || at.Format(time.DateOnly) != date {
		return key, &apiError{"AuthFailure.SignatureExpire", "The provided signature has expired."}
	}
	if service, _, _ := actionParams(c.action); scope != service || !hmac.Equal([]byte(signatureOf(c, at, scope, signed, account.secret)), []byte(signature)) {
		return key, &apiError{"AuthFailure.SignatureFailure", "The provided credentials could not be validated. Please check your signature is correct."}
	}
	c.account = account
	return key, nil
}

// signatureOf returns the signature that a request should have.
func signatureOf(c *call, at time.Time, service, signedHeaders, secret string) string {
	headers := ""
	for _, name := range strings.Split(signedHeaders, ";") {
		value := c.r.Header.Get(name)
		if name == "host" {
			value = c.r.Host
		}
		headers += name + ":" + strings.ToLower(strings.TrimSpace(value)) + "\n"
	}
	request := strings.Join([]string{c.r.Method, "/", c.r.URL.RawQuery, headers, signedHeaders, hashSHA256(c.body)}, "\n")
	date := at.Format(time.DateOnly)
	text := fmt.Sprintf("TC3-HMAC-SHA256\n%d\n%s/%s/tc3_request\n%s", at.Unix(), date, service, hashSHA256([]byte(request)))
	derived := hmacSHA256(hmacSHA256(hmacSHA256([]byte("TC3"+secret), date), service), "tc3_request")
	return hex.EncodeToString(hmacSHA256(derived, text))
}

func hashSHA256(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}
